"""What is under way: handed over when a show is saved, and ended by panic, for good."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.control.test_engine import FPS, Stage
from vj.control.build import make_engine
from vj.control.cues import MOST
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.parameters.table import TABLE, fit
from vj.show.control_sections import CueRule
from vj.show.durations import Duration
from vj.show.load import check_show

EVERYTHING: dict[str, Any] = {
    "tempo": 120,
    "start": {"similarity": 0.2, "macro/pedal": 0.0},
    "mappings": [
        {"osc": "/smooth", "to": "strength", "smooth": "1 s"},
        {"osc": "/beat", "to": "mix/wet", "quantise": "bar"},
        {"osc": "/pedal", "to": "pedal"},
        {"osc": "/plain", "to": "noise/hold"},
        {"osc": "/toggle", "to": "mask/invert", "as": "toggle"},
        {"midi": "cc 21", "to": "delta"},
        {"osc": "/back", "to": "panic"},
    ],
    "macros": {
        "pedal": {"attack": "1 s", "release": "3 s", "drives": {"blend/motion": [0.8, 0.1]}}
    },
    "modulators": [
        {
            "envelope": "osc /kick",
            "name": "kick",
            "to": "picture/contrast",
            "depth": 0.5,
            "decay": "2 s",
        }
    ],
    "cues": [
        {
            "name": "one",
            "fade": "2 s",
            "set": {"feedback/amount": 0.9},
            "follow": "3 s",
            "then": "two",
        },
        {"name": "two", "fade": "1 s", "set": {"feedback/amount": 0.1, "prompt/a": "neon"}},
        {"name": "home", "fade": "6 s", "set": {"strength": 0.5, "tempo/bpm": 90}},
    ],
    "timeline": [{"at": "0:04", "cue": "one"}, {"at": "0:09", "cue": "two"}],
    "curves": [{"to": "similarity", "points": [[0, 0.2], [5, 0.9], [12, 0.2]]}],
}


def stir(stage: Stage, rng: random.Random) -> None:
    """Something of all that a performer may do."""
    what = rng.randrange(10)
    if what == 0:
        stage.osc("/smooth", rng.random())
    elif what == 1:
        stage.osc("/beat", rng.random())
    elif what == 2:
        stage.osc("/pedal", float(rng.random() < 0.7))
    elif what == 3:
        stage.osc("/kick", 1.0)
    elif what == 4:
        stage.store.set("cue/fire", rng.choice(["one", "two", "home"]))
    elif what == 5:
        stage.store.fade("guidance", rng.uniform(1, 3), 4.0)
    elif what == 6:
        stage.store.set("tempo/tap", True)
    elif what == 7:
        stage.store.set("similarity", rng.random(), "a hand")
    elif what == 8:
        stage.midi("cc 21", rng.randrange(128))
    else:
        stage.store.set("tempo/bpm", rng.uniform(60, 180))


def differing(stage: Stage, values: dict[str, Any]) -> dict[str, Any]:
    rows = stage.store.table.rows
    return {
        name: (value, stage.store.start_of(name))
        for name, value in values.items()
        if rows[name].kind != "trigger"
        and not name.startswith("cue/")
        and value != pytest.approx(stage.store.start_of(name))
    }


@pytest.mark.parametrize("seed", range(25))
def test_after_panic_all_stands_at_the_start_and_stays_there(seed: int) -> None:
    rng = random.Random(seed)
    stage = Stage(**EVERYTHING)
    for _ in range(rng.randrange(3, 40)):
        stir(stage, rng)
        stage.play(rng.choice([0.0, 1 / FPS, 0.3, 1.0]))
    if seed % 2:
        stage.store.set("panic", True)
    else:  # from a mapping, with more in the same frame before it
        stir(stage, rng)
        stage.osc("/back", 1.0)
        stage.play(1 / FPS)
    stage.play(0.2)  # a jump may be spread over a moment
    for frame in stage.play(8):
        assert not differing(stage, dict(frame.values))
    assert stage.engine.tempo.bpm == 120


def test_controls_go_on_after_panic_and_the_timeline_with_timeline_play() -> None:
    stage = Stage(**EVERYTHING)
    stage.play(3)
    stage.store.set("panic", True)
    stage.play(4)
    assert stage.at("feedback/amount") == stage.store.start_of("feedback/amount")
    stage.osc("/plain", 0.25)
    assert stage.at("noise/hold") == 0.25
    assert stage.at("similarity") == pytest.approx(0.2), "the curve stands too"
    stage.store.set("timeline/play", True)
    stage.play(0.9)
    assert stage.engine.cues.current is None, "it goes on at 3 s"
    stage.play(0.3)
    assert stage.engine.cues.current == "one"


def test_the_next_cue_lets_the_timeline_go_on() -> None:
    stage = Stage(**EVERYTHING)
    stage.play(3.5)
    stage.store.set("panic", True)
    stage.play(2)
    stage.store.set("cue/fire", "two")
    stage.play(1)
    assert stage.engine.cues.current == "one"


def test_panic_leaves_a_clock_alone() -> None:
    stage = Stage(**EVERYTHING)
    for tick in range(96):
        stage.engine.on_clock("tick", stage.now)
        stage.play(1 / FPS if tick % 3 else 0)
    led = stage.engine.tempo.bpm
    assert abs(led - 120) > 5
    stage.store.set("panic", True)
    stage.play(0.1)
    assert stage.engine.tempo.bpm == pytest.approx(led)
    assert stage.at("tempo/bpm") == pytest.approx(led, abs=0.03)


# A save while everything is under way


def saved(stage: Stage, **changed: Any) -> None:
    """As `ControlSession.adopt` does it."""
    show = check_show({**EVERYTHING, **changed}, "saved")
    stage.store.adopt({"tempo/bpm": show.tempo.bpm, **show.start}, show.table())
    made, _ = make_engine(
        show, stage.store, live=False, log=stage.said.append, now=lambda: stage.now
    )
    made.take_over(stage.engine)
    stage.store.listeners[:] = [made.changed]
    stage.store.automation = stage.engine = made


@pytest.mark.parametrize("seed", range(25))
def test_a_save_at_any_moment_changes_nothing_that_is_under_way(seed: int) -> None:
    rng = random.Random(100 + seed)
    with_save, without = Stage(**EVERYTHING), Stage(**EVERYTHING)
    more = [*EVERYTHING["cues"], {"name": "new", "set": {"steps": 2}}]
    for step in range(rng.randrange(10, 40)):
        again = rng.random()
        for stage in (with_save, without):
            stir(stage, random.Random(again))
        if rng.random() < 0.3:  # also between what is heard and the frame that plays it
            saved(with_save, cues=more if step % 2 else EVERYTHING["cues"])
        seconds = rng.choice([0.0, 1 / FPS, 0.4])
        for ours, theirs in zip(with_save.play(seconds), without.play(seconds), strict=True):
            assert dict(ours.values) == pytest.approx(dict(theirs.values)), step
    for ours, theirs in zip(with_save.play(12), without.play(12), strict=True):
        assert dict(ours.values) == pytest.approx(dict(theirs.values))


def test_a_stored_cue_outlives_a_save() -> None:
    stage = Stage(**EVERYTHING)
    stage.store.set("strength", 0.77)
    stage.play(0.2)
    stage.store.set("cue/store", "mine")
    stage.play(0.1)
    saved(stage)
    assert stage.engine.cues.cues["mine"].set["strength"] == pytest.approx(0.77)
    assert list(stage.engine.cues.stored) == ["mine"]


def test_a_mapping_whose_range_was_saved_keeps_its_hold() -> None:
    stage = Stage(**EVERYTHING)
    for raw in (0, 127, 90):
        stage.midi("cc 21", raw)
        stage.play(0.1)
    held = stage.at("delta")
    wider = [dict(m, range=[0, 0.9]) if m["to"] == "delta" else m for m in EVERYTHING["mappings"]]
    saved(stage, mappings=wider)
    stage.midi("cc 21", 80)
    stage.play(0.2)
    assert stage.at("delta") == pytest.approx(0.9 * 80 / 127, abs=1e-3) != held


def test_a_timeline_that_panic_has_stopped_stands_after_a_save_too() -> None:
    stage = Stage(**EVERYTHING)
    stage.play(3)
    stage.store.set("panic", True)
    stage.play(0.2)
    saved(stage, cues=EVERYTHING["cues"][:2])
    stage.play(4)
    assert stage.engine.cues.current is None


# Whoever moves by itself is told


@pytest.mark.parametrize(
    "shown",
    [
        {"start": {"tempo/bpm": 75}},
        {"curves": [{"to": "tempo/bpm", "points": [[0, 75], [60, 75]]}]},
        {
            "cues": [{"name": "slow", "set": {"tempo/bpm": 75}}],
            "timeline": [{"at": 0, "cue": "slow"}],
        },
    ],
)
def test_the_beat_follows_whoever_sets_the_tempo(shown: dict[str, Any]) -> None:
    lfo = {"lfo": "saw", "rate": "1 beat", "to": "picture/brightness", "range": [0, 1]}
    stage = Stage(tempo=120, modulators=[lfo], **shown)
    stage.play(0.2)
    values = [frame["picture/brightness"] for frame in stage.play(8)]
    falls = sum(new < old - 0.5 for old, new in itertools.pairwise(values))
    assert falls == 10


def test_setting_the_value_a_fade_is_heading_for_ends_the_fade() -> None:
    store = Store()
    store.fade("mask/feather", 1.0, 10.0)
    store.sample(0.0)
    store.sample(1.0)
    store.set("mask/feather", 1.0)
    store.sample(1.1)
    assert store.sample(1.4)["mask/feather"] == 1.0


def test_a_looped_curve_takes_its_parameter_back_with_the_next_round() -> None:
    stage = Stage(curves=[{"to": "similarity", "points": [[0, 0.1], [2, 0.5]], "loop": True}])
    stage.play(0.5)
    stage.store.set("similarity", 0.9, "a hand")
    stage.play(0.3)
    assert stage.at("similarity") == 0.9
    stage.play(1.5)
    assert stage.at("similarity") < 0.5


def test_listeners_are_called_before_the_next_frame() -> None:
    stage = Stage(curves=[{"to": "similarity", "points": [[0, 0], [100, 1]]}])
    stage.play(0.5)
    frames: list[float] = []
    sampled = stage.store.listeners[0]

    def slow(name: str, value: object, origin: object) -> None:
        import threading

        thread = threading.Thread(target=lambda: frames.append(stage.at("similarity")))
        thread.start()
        thread.join(0.2)
        sampled(name, value, origin)  # type: ignore[arg-type]
        waiting.append(thread)

    waiting: list[Any] = []
    stage.store.listeners[:] = [slow]
    stage.store.set("similarity", 0.9, "a hand")
    waiting[0].join(2)
    stage.store.listeners[:] = [sampled]
    assert frames == [0.9]
    assert stage.at("similarity") == 0.9


def test_what_is_set_together_stands_in_one_frame() -> None:
    import threading

    store, torn, done = Store(), [], threading.Event()

    def frames() -> None:
        moment = 0.0
        while not done.is_set():
            moment += 1.0
            frame = store.sample(moment)
            if frame["prompt/a"] != frame["prompt/b"]:
                torn.append((frame["prompt/a"], frame["prompt/b"]))

    thread = threading.Thread(target=frames)
    thread.start()
    for number in range(300):
        with store.together():
            store.set("prompt/a", str(number))
            store.set("prompt/b", str(number))
    done.set()
    thread.join(5)
    assert not torn


def test_words_fade_on_through_a_cue_without_words_and_are_cut_by_fade_0() -> None:
    cues = [
        {"name": "words", "fade": "8 s", "set": {"prompt/a": "deep ocean"}},
        {"name": "numbers", "fade": "1 s", "set": {"delta": 0.5}},
        {"name": "cut", "fade": 0, "set": {"prompt/a": "fire"}},
    ]
    stage = Stage(cues=cues)
    stage.store.set("cue/fire", "words")
    assert stage.at("prompt/travel") == 8
    stage.store.set("cue/fire", "numbers")
    assert stage.at("prompt/travel") == 8
    stage.store.set("cue/fire", "cut")
    assert stage.at("prompt/travel") == 0


def test_a_quantised_press_while_the_beat_stands_is_played_when_it_goes_on() -> None:
    stage = Stage(mappings=[{"osc": "/q", "to": "mix/wet", "quantise": "beat"}])
    stage.play(0.2)
    stage.engine.on_clock("stop", stage.now)
    stage.play(0.2)
    stage.osc("/q", 0.25)
    stage.play(2)
    assert stage.at("mix/wet") == 1
    stage.engine.on_clock("continue", stage.now)
    stage.play(1)
    assert stage.at("mix/wet") == pytest.approx(0.25)


# Numbers that are none


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strength", "nan"),
        ("strength", "-inf"),
        ("strength", 10**400),
        ("steps", "1e999"),
        ("mix/mode", float("inf")),
        ("mix/mode", float("nan")),
        ("output/freeze", float("nan")),
        ("prompt/list", '[["x", 1' + "0" * 400 + "]]"),
        ("prompt/list", '[["x", 1e308], ["y", 1e308]]'),
        ("prompt/list", "[" * 100_000),
        ("cue/fire", 1.5),
    ],
)
def test_a_number_that_is_none_is_refused(name: str, value: object) -> None:
    with pytest.raises(Fault, match=name):
        fit(TABLE.find(name), value)


def test_texts_are_whole_letters_and_not_endless() -> None:
    value, remark = fit(TABLE.find("prompt/a"), "a\ud83dcat" + "x" * 20_000)
    assert str(value).startswith("a?cat")
    assert len(str(value)) == 10_000
    assert "cut to 10000" in remark


def test_a_cue_is_fired_by_a_number_but_not_by_a_raised_one() -> None:
    stage = Stage(cues=[{"name": "a", "set": {"delta": 0.1}}, {"name": "b", "set": {"delta": 0.9}}])
    stage.store.set("cue/fire", 1)
    stage.play(0.2)
    assert stage.at("delta") == pytest.approx(0.9)
    stage.store.set("cue/fire", "²")
    stage.play(0.1)
    assert "no such cue" in stage.said[-1]


def test_a_message_without_a_value_moves_no_fader_and_presses_a_button() -> None:
    maps = [
        {"osc": "/t", "to": "strength"},
        {"osc": "/t", "to": "steps", "take": "count", "as": "raw"},
        {"osc": "/b", "to": "output/freeze", "as": "toggle"},
    ]
    stage = Stage(mappings=maps, start={"steps": 3})
    stage.play(0.1)
    stage.osc("/t")
    stage.osc("/b")
    frame = stage.play(0.5)[-1]
    assert (frame["strength"], frame["steps"], frame["output/freeze"]) == (0.5, 3, True)


def test_one_automation_that_fails_is_switched_off_and_named() -> None:
    class Broken:
        def at(self, time: float, tempo: object) -> float:
            raise ZeroDivisionError("one by nothing")

    stage = Stage(
        modulators=[
            {"lfo": "sine", "name": "bad", "rate": "1 s", "to": "delta", "depth": 0.1},
            {"lfo": "saw", "name": "good", "rate": "2 s", "to": "picture/brightness", "depth": 0.4},
        ]
    )
    stage.engine.modulations._all[0].source = Broken()
    values = {frame["picture/brightness"] for frame in stage.play(1)}
    assert len(values) > 10
    assert sum("mod/bad" in line and "switched off" in line for line in stage.said) == 1


def test_stored_cues_are_bounded() -> None:
    stage = Stage()
    for number in range(MOST):
        stage.engine.cues.cues[f"c{number}"] = CueRule(name=f"c{number}", fade=Duration(0))
    with pytest.raises(Fault, match="999 cues"):
        stage.engine.cues.store("one more", {})
    stage.engine.cues.store("c5", {"delta": 0.5})


# What a save does to what is heard meanwhile


def test_a_fader_whose_macro_is_saved_away_meanwhile_stops_no_frame() -> None:
    import threading

    stage = Stage(**EVERYTHING)
    stage.play(0.1)
    show = check_show({**EVERYTHING, "macros": {}, "mappings": [], "start": {}}, "saved")
    refused: list[str] = []

    def move() -> None:
        try:
            stage.store.set("macro/pedal", 0.5)
        except Fault as fault:
            refused.append(str(fault))

    with stage.store.together():
        mover = threading.Thread(target=move)
        mover.start()
        mover.join(0.1)
        stage.store.adopt({**show.start}, show.table())
    mover.join(2)
    stage.store.automation = None
    assert "macro/pedal" not in stage.store.sample(1.0).values
    assert "macro/pedal" not in stage.store.base()
    assert refused
    assert "no such parameter" in refused[0]


def test_events_for_the_old_engine_are_processed_by_the_new_one() -> None:
    stage = Stage(**EVERYTHING)
    stage.play(0.1)
    old = stage.engine
    saved(stage)
    assert old.on_osc("/plain", (0.125,))
    assert stage.at("noise/hold") == 0.125


def test_a_panic_that_waits_for_a_beat_drops_what_waits_for_a_later_one() -> None:
    maps = [
        {"osc": "/a", "to": "mix/wet", "quantise": "bar"},
        {"osc": "/p", "to": "panic", "quantise": "beat"},
    ]
    stage = Stage(mappings=maps)
    stage.play(0.2)
    stage.osc("/a", 0.9)
    stage.play(1 / FPS)
    stage.osc("/p", 1.0)
    stage.play(4)
    assert stage.at("mix/wet") == 1


def test_panic_swallows_no_clock() -> None:
    stage = Stage(**EVERYTHING)
    stage.play(1)
    for tick in range(240):
        stage.engine.on_clock("tick", stage.now)
        if tick % 40 == 7:
            stage.store.set("panic", True)
        stage.play(1 / FPS)
    beats = stage.engine.tempo.beat(stage.now)
    assert beats == pytest.approx(2 + 240 / 24, abs=0.1)
    stage.engine.on_clock("start", stage.now)
    stage.store.set("panic", True)
    stage.play(1 / FPS)
    assert stage.engine.tempo.beat(stage.now) < 0.2


@pytest.mark.parametrize("sent", ["nan", "inf", "1e400", 10**400, -(10**400)])
def test_an_odd_number_switches_no_mapping_off(sent: object) -> None:
    stage = Stage(mappings=[{"osc": "/f", "to": "strength", "smooth": "0.1 s"}])
    stage.play(0.1)
    stage.osc("/f", sent)
    stage.play(0.1)
    stage.osc("/f", 0.9)
    stage.play(1)
    assert stage.at("strength") == pytest.approx(0.9, abs=0.01)
    assert not stage.said


def test_a_stored_cue_leaves_out_what_a_save_has_taken_away() -> None:
    stage = Stage(**EVERYTHING)
    stage.store.set("delta", 0.3)
    stage.play(0.5)
    stage.store.set("cue/store", "mine")
    stage.play(0.1)
    mine = stage.engine.cues.cues["mine"].set
    assert "macro/pedal" in mine
    saved(stage, macros={}, mappings=[], start={})
    stage.store.set("delta", 0.9)
    stage.store.set("cue/fire", "mine")
    stage.play(2)
    assert stage.at("delta") == pytest.approx(0.3)
    assert stage.engine.cues.current == "mine"


def test_a_key_whose_mapping_is_saved_away_stops_no_frame() -> None:
    stage = Stage(mappings=[{"key": "x", "to": "output/freeze", "as": "toggle"}])
    stage.play(0.1)
    assert stage.engine.on_key("x")
    show = check_show({}, "saved")
    made, _ = make_engine(show, stage.store, live=False, log=stage.said.append)
    made.take_over(stage.engine)
    stage.store.automation = made
    assert len(stage.play(0.1)) == 3


def test_an_entry_put_into_the_timeline_whose_moment_has_passed_does_not_happen() -> None:
    stage = Stage(**{**EVERYTHING, "timeline": []})
    stage.play(5)
    saved(stage)
    stage.play(0.5)
    assert stage.engine.cues.current is None
    stage.play(4)
    assert stage.engine.cues.current == "two"


def test_short_names_in_a_sequence_mean_what_long_ones_mean() -> None:
    stage = Stage(
        cues=[{"name": "words", "fade": "4 s", "set": {"prompt": "deep ocean"}}],
        curves=[{"to": "seed", "points": [[0, 5], [10, 5]]}],
        macros={"m": {"drives": {"seed": [0, 100]}}},
        start={"macro/m": 1.0},
    )
    stage.store.set("cue/fire", "words")
    frame = stage.play(0.1)[-1]
    assert frame["prompt/travel"] == 4
    assert frame["seed/a"] == 105
    assert not stage.said


def test_two_hundred_other_mappings_are_taken_over_in_a_moment() -> None:
    import time

    def maps(first: int) -> list[dict[str, Any]]:
        return [
            {"osc": f"/m/{n}", "to": "delta", "smooth": "1 s"} for n in range(first, first + 200)
        ]

    stage = Stage(mappings=maps(0))
    show = check_show({"mappings": maps(1000)}, "saved")
    made, _ = make_engine(show, stage.store, live=False, log=print)
    begun = time.process_time()
    made.take_over(stage.engine)
    assert time.process_time() - begun < 0.05


def test_a_beat_that_a_clock_has_stopped_runs_again_when_a_control_taps() -> None:
    stage = Stage(tempo=120)
    stage.engine.on_clock("tick", stage.now)
    stage.engine.on_clock("stop", stage.now)
    stage.play(2)
    assert not stage.engine.tempo.running
    stage.store.set("tempo/tap", True)
    stage.play(0.5)
    stage.store.set("tempo/tap", True)
    stage.play(0.1)
    assert stage.engine.tempo.running
    assert stage.engine.tempo.bpm == pytest.approx(120, abs=6)
