"""What is under way: handed over when a show is saved, and ended by panic, for good."""

from __future__ import annotations

import itertools
import random
from typing import Any

import pytest

from tests.control.harness import FPS, ControlHarness
from vj.control.build import make_engine
from vj.control.cues import MOST
from vj.core.errors import Fault
from vj.parameters.fit import fit
from vj.parameters.store import Store
from vj.parameters.table import TABLE
from vj.show.durations import Duration
from vj.show.load import check_show
from vj.show.timeline_section import CueRule

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


SEEDS = [*range(8), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(8, 25))]


def stir(controls: ControlHarness, rng: random.Random) -> None:
    """Something of all that a performer may do."""
    what = rng.randrange(12)
    if what == 0:
        controls.osc("/smooth", rng.random())
    elif what == 1:
        controls.osc("/beat", rng.random())
    elif what == 2:
        controls.osc("/pedal", float(rng.random() < 0.7))
    elif what == 3:
        controls.osc("/kick", 1.0)
    elif what == 4:
        controls.store.set("cue/fire", rng.choice(["one", "two", "home"]))
    elif what == 5:
        controls.store.fade("guidance", rng.uniform(1, 3), 4.0)
    elif what == 6:
        controls.store.set("tempo/tap", True)
    elif what == 7:
        controls.store.set("similarity", rng.random(), "a hand")
    elif what == 8:
        controls.midi("cc 21", rng.randrange(128))
    elif what == 9:
        controls.store.set("timeline/position", rng.uniform(0, 15))
    elif what == 10:
        controls.store.set(rng.choice(["timeline/pause", "timeline/play"]), True)
    else:
        controls.store.set("tempo/bpm", rng.uniform(60, 180))


def differing(controls: ControlHarness, values: dict[str, Any]) -> dict[str, Any]:
    rows = controls.store.table.rows
    return {
        name: (value, controls.store.start_of(name))
        for name, value in values.items()
        if rows[name].kind != "trigger"
        and not name.startswith("cue/")
        and value != pytest.approx(controls.store.start_of(name))
    }


@pytest.mark.parametrize("seed", SEEDS)
def test_after_panic_all_stands_at_the_start_and_stays_there(seed: int) -> None:
    rng = random.Random(seed)
    controls = ControlHarness(**EVERYTHING)
    for _ in range(rng.randrange(3, 40)):
        stir(controls, rng)
        controls.play(rng.choice([0.0, 1 / FPS, 0.3, 1.0]))
    if seed % 2:
        controls.store.set("panic", True)
    else:  # from a mapping, with more in the same frame before it
        stir(controls, rng)
        controls.osc("/back", 1.0)
        controls.play(1 / FPS)
    controls.play(0.2)  # a jump may be spread over a moment
    for frame in controls.play(8):
        assert not differing(controls, dict(frame.values))
    assert controls.engine.tempo.bpm == 120


def test_controls_go_on_after_panic_and_the_timeline_with_timeline_play() -> None:
    controls = ControlHarness(**EVERYTHING)
    controls.play(3)
    controls.store.set("panic", True)
    controls.play(4)
    assert controls.at("feedback/amount") == controls.store.start_of("feedback/amount")
    controls.osc("/plain", 0.25)
    assert controls.at("noise/hold") == 0.25
    assert controls.at("similarity") == pytest.approx(0.2), "the curve stands too"
    controls.store.set("timeline/play", True)
    controls.play(0.9)
    assert controls.engine.cues.current is None, "it goes on at 3 s"
    controls.play(0.3)
    assert controls.engine.cues.current == "one"


def test_the_next_cue_lets_the_timeline_go_on() -> None:
    controls = ControlHarness(**EVERYTHING)
    controls.play(3.5)
    controls.store.set("panic", True)
    controls.play(2)
    controls.store.set("cue/fire", "two")
    controls.play(1)
    assert controls.engine.cues.current == "one"


def test_panic_leaves_a_clock_alone() -> None:
    controls = ControlHarness(**EVERYTHING)
    for tick in range(96):
        controls.engine.on_clock("tick", controls.now)
        controls.play(1 / FPS if tick % 3 else 0)
    led = controls.engine.tempo.bpm
    assert abs(led - 120) > 5
    controls.store.set("panic", True)
    controls.play(0.1)
    assert controls.engine.tempo.bpm == pytest.approx(led)
    assert controls.at("tempo/bpm") == pytest.approx(led, abs=0.03)


# A save while everything is under way


def saved(controls: ControlHarness, **changed: Any) -> None:
    """As `ControlSession.adopt` does it."""
    show = check_show({**EVERYTHING, **changed}, "saved")
    controls.store.adopt({"tempo/bpm": show.tempo.bpm, **show.start}, show.table())
    made, _ = make_engine(
        show, controls.store, live=False, log=controls.messages.append, now=lambda: controls.now
    )
    made.take_over(controls.engine)
    controls.store.listeners[:] = [made.changed]
    controls.store.automation = controls.engine = made


@pytest.mark.parametrize("seed", SEEDS)
def test_a_save_at_any_moment_changes_nothing_that_is_under_way(seed: int) -> None:
    rng = random.Random(100 + seed)
    with_save, without = ControlHarness(**EVERYTHING), ControlHarness(**EVERYTHING)
    more = [*EVERYTHING["cues"], {"name": "new", "set": {"steps": 2}}]
    for step in range(rng.randrange(10, 40)):
        again = rng.random()
        for controls in (with_save, without):
            stir(controls, random.Random(again))
        if rng.random() < 0.3:  # also between what is heard and the frame that plays it
            saved(with_save, cues=more if step % 2 else EVERYTHING["cues"])
        seconds = rng.choice([0.0, 1 / FPS, 0.4])
        for ours, theirs in zip(with_save.play(seconds), without.play(seconds), strict=True):
            assert dict(ours.values) == pytest.approx(dict(theirs.values)), step
    for ours, theirs in zip(with_save.play(12), without.play(12), strict=True):
        assert dict(ours.values) == pytest.approx(dict(theirs.values))


def test_a_stored_cue_outlives_a_save() -> None:
    controls = ControlHarness(**EVERYTHING)
    controls.store.set("strength", 0.77)
    controls.play(0.2)
    controls.store.set("cue/store", "mine")
    controls.play(0.1)
    saved(controls)
    assert controls.engine.cues.cues["mine"].set["strength"] == pytest.approx(0.77)
    assert list(controls.engine.cues.stored) == ["mine"]


def test_a_mapping_whose_range_was_saved_keeps_its_hold() -> None:
    controls = ControlHarness(**EVERYTHING)
    for raw in (0, 127, 90):
        controls.midi("cc 21", raw)
        controls.play(0.1)
    held = controls.at("delta")
    wider = [dict(m, range=[0, 0.9]) if m["to"] == "delta" else m for m in EVERYTHING["mappings"]]
    saved(controls, mappings=wider)
    controls.midi("cc 21", 80)
    controls.play(0.2)
    assert controls.at("delta") == pytest.approx(0.9 * 80 / 127, abs=1e-3) != held


def test_a_timeline_that_panic_has_stopped_stands_after_a_save_too() -> None:
    controls = ControlHarness(**EVERYTHING)
    controls.play(3)
    controls.store.set("panic", True)
    controls.play(0.2)
    saved(controls, cues=EVERYTHING["cues"][:2])
    controls.play(4)
    assert controls.engine.cues.current is None


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
    controls = ControlHarness(tempo=120, modulators=[lfo], **shown)
    controls.play(0.2)
    values = [frame["picture/brightness"] for frame in controls.play(8)]
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
    controls = ControlHarness(
        curves=[{"to": "similarity", "points": [[0, 0.1], [2, 0.5]], "loop": True}]
    )
    controls.play(0.5)
    controls.store.set("similarity", 0.9, "a hand")
    controls.play(0.3)
    assert controls.at("similarity") == 0.9
    controls.play(1.5)
    assert controls.at("similarity") < 0.5


def test_listeners_are_called_before_the_next_frame() -> None:
    controls = ControlHarness(curves=[{"to": "similarity", "points": [[0, 0], [100, 1]]}])
    controls.play(0.5)
    frames: list[float] = []
    sampled = controls.store.listeners[0]

    def slow(name: str, value: object, origin: object) -> None:
        import threading

        thread = threading.Thread(target=lambda: frames.append(controls.at("similarity")))
        thread.start()
        thread.join(0.2)
        sampled(name, value, origin)  # type: ignore[arg-type]
        waiting.append(thread)

    waiting: list[Any] = []
    controls.store.listeners[:] = [slow]
    controls.store.set("similarity", 0.9, "a hand")
    waiting[0].join(60)
    controls.store.listeners[:] = [sampled]
    assert frames == [0.9]
    assert controls.at("similarity") == 0.9


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
    thread.join(60)
    assert not torn


def test_words_fade_on_through_a_cue_without_words_and_are_cut_by_fade_0() -> None:
    cues = [
        {"name": "words", "fade": "8 s", "set": {"prompt/a": "deep ocean"}},
        {"name": "numbers", "fade": "1 s", "set": {"delta": 0.5}},
        {"name": "cut", "fade": 0, "set": {"prompt/a": "fire"}},
    ]
    controls = ControlHarness(cues=cues)
    controls.store.set("cue/fire", "words")
    assert controls.at("prompt/travel") == 8
    controls.store.set("cue/fire", "numbers")
    assert controls.at("prompt/travel") == 8
    controls.store.set("cue/fire", "cut")
    assert controls.at("prompt/travel") == 0


def test_a_quantised_press_while_the_beat_stands_is_played_when_it_goes_on() -> None:
    controls = ControlHarness(mappings=[{"osc": "/q", "to": "mix/wet", "quantise": "beat"}])
    controls.play(0.2)
    controls.engine.on_clock("stop", controls.now)
    controls.play(0.2)
    controls.osc("/q", 0.25)
    controls.play(2)
    assert controls.at("mix/wet") == 1
    controls.engine.on_clock("continue", controls.now)
    controls.play(1)
    assert controls.at("mix/wet") == pytest.approx(0.25)


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
    controls = ControlHarness(
        cues=[{"name": "a", "set": {"delta": 0.1}}, {"name": "b", "set": {"delta": 0.9}}]
    )
    controls.store.set("cue/fire", 1)
    controls.play(0.2)
    assert controls.at("delta") == pytest.approx(0.9)
    controls.store.set("cue/fire", "²")
    controls.play(0.1)
    assert "no such cue" in controls.messages[-1]


def test_a_message_without_a_value_moves_no_fader_and_presses_a_button() -> None:
    maps = [
        {"osc": "/t", "to": "strength"},
        {"osc": "/t", "to": "steps", "take": "count", "as": "raw"},
        {"osc": "/b", "to": "output/freeze", "as": "toggle"},
    ]
    controls = ControlHarness(mappings=maps, start={"steps": 3})
    controls.play(0.1)
    controls.osc("/t")
    controls.osc("/b")
    frame = controls.play(0.5)[-1]
    assert (frame["strength"], frame["steps"], frame["output/freeze"]) == (0.5, 3, True)


def test_one_automation_that_fails_is_switched_off_and_named() -> None:
    class Broken:
        def at(self, time: float, tempo: object) -> float:
            raise ZeroDivisionError("one by nothing")

    controls = ControlHarness(
        modulators=[
            {"lfo": "sine", "name": "bad", "rate": "1 s", "to": "delta", "depth": 0.1},
            {"lfo": "saw", "name": "good", "rate": "2 s", "to": "picture/brightness", "depth": 0.4},
        ]
    )
    controls.engine.modulations._all[0].source = Broken()
    values = {frame["picture/brightness"] for frame in controls.play(1)}
    assert len(values) > 10
    assert sum("mod/bad" in line and "switched off" in line for line in controls.messages) == 1


def test_stored_cues_are_bounded() -> None:
    controls = ControlHarness()
    for number in range(MOST):
        controls.engine.cues.cues[f"c{number}"] = CueRule(name=f"c{number}", fade=Duration(0))
    with pytest.raises(Fault, match="999 cues"):
        controls.engine.cues.store("one more", {})
    controls.engine.cues.store("c5", {"delta": 0.5})


# What a save does to what is heard meanwhile


def test_a_fader_whose_macro_is_saved_away_meanwhile_stops_no_frame() -> None:
    import threading

    controls = ControlHarness(**EVERYTHING)
    controls.play(0.1)
    show = check_show({**EVERYTHING, "macros": {}, "mappings": [], "start": {}}, "saved")
    refused: list[str] = []

    def move() -> None:
        try:
            controls.store.set("macro/pedal", 0.5)
        except Fault as fault:
            refused.append(str(fault))

    with controls.store.together():
        mover = threading.Thread(target=move)
        mover.start()
        mover.join(0.1)
        controls.store.adopt({**show.start}, show.table())
    mover.join(60)
    controls.store.automation = None
    assert "macro/pedal" not in controls.store.sample(1.0).values
    assert "macro/pedal" not in controls.store.base()
    assert refused
    assert "no such parameter" in refused[0]


def test_events_for_the_old_engine_are_processed_by_the_new_one() -> None:
    controls = ControlHarness(**EVERYTHING)
    controls.play(0.1)
    old = controls.engine
    saved(controls)
    assert old.on_osc("/plain", (0.125,))
    assert controls.at("noise/hold") == 0.125


def test_a_panic_that_waits_for_a_beat_drops_what_waits_for_a_later_one() -> None:
    maps = [
        {"osc": "/a", "to": "mix/wet", "quantise": "bar"},
        {"osc": "/p", "to": "panic", "quantise": "beat"},
    ]
    controls = ControlHarness(mappings=maps)
    controls.play(0.2)
    controls.osc("/a", 0.9)
    controls.play(1 / FPS)
    controls.osc("/p", 1.0)
    controls.play(4)
    assert controls.at("mix/wet") == 1


def test_panic_swallows_no_clock() -> None:
    controls = ControlHarness(**EVERYTHING)
    controls.play(1)
    for tick in range(240):
        controls.engine.on_clock("tick", controls.now)
        if tick % 40 == 7:
            controls.store.set("panic", True)
        controls.play(1 / FPS)
    beats = controls.engine.tempo.beat(controls.now)
    assert beats == pytest.approx(2 + 240 / 24, abs=0.1)
    controls.engine.on_clock("start", controls.now)
    controls.store.set("panic", True)
    controls.play(1 / FPS)
    assert controls.engine.tempo.beat(controls.now) < 0.2


@pytest.mark.parametrize("sent", ["nan", "inf", "1e400", 10**400, -(10**400)])
def test_an_odd_number_switches_no_mapping_off(sent: object) -> None:
    controls = ControlHarness(mappings=[{"osc": "/f", "to": "strength", "smooth": "0.1 s"}])
    controls.play(0.1)
    controls.osc("/f", sent)
    controls.play(0.1)
    controls.osc("/f", 0.9)
    controls.play(1)
    assert controls.at("strength") == pytest.approx(0.9, abs=0.01)
    assert not controls.messages


def test_a_stored_cue_leaves_out_what_a_save_has_taken_away() -> None:
    controls = ControlHarness(**EVERYTHING)
    controls.store.set("delta", 0.3)
    controls.play(0.5)
    controls.store.set("cue/store", "mine")
    controls.play(0.1)
    mine = controls.engine.cues.cues["mine"].set
    assert "macro/pedal" in mine
    saved(controls, macros={}, mappings=[], start={})
    controls.store.set("delta", 0.9)
    controls.store.set("cue/fire", "mine")
    controls.play(2)
    assert controls.at("delta") == pytest.approx(0.3)
    assert controls.engine.cues.current == "mine"


def test_a_key_whose_mapping_is_saved_away_stops_no_frame() -> None:
    controls = ControlHarness(mappings=[{"key": "x", "to": "output/freeze", "as": "toggle"}])
    controls.play(0.1)
    assert controls.engine.on_key("x")
    show = check_show({}, "saved")
    made, _ = make_engine(show, controls.store, live=False, log=controls.messages.append)
    made.take_over(controls.engine)
    controls.store.automation = made
    assert len(controls.play(0.1)) == 3


def test_an_entry_put_into_the_timeline_whose_moment_has_passed_does_not_happen() -> None:
    controls = ControlHarness(**{**EVERYTHING, "timeline": []})
    controls.play(5)
    saved(controls)
    controls.play(0.5)
    assert controls.engine.cues.current is None
    controls.play(4)
    assert controls.engine.cues.current == "two"


def test_short_names_in_a_sequence_mean_what_long_ones_mean() -> None:
    controls = ControlHarness(
        cues=[{"name": "words", "fade": "4 s", "set": {"prompt": "deep ocean"}}],
        curves=[{"to": "seed", "points": [[0, 5], [10, 5]]}],
        macros={"m": {"drives": {"seed": [0, 100]}}},
        start={"macro/m": 1.0},
    )
    controls.store.set("cue/fire", "words")
    frame = controls.play(0.1)[-1]
    assert frame["prompt/travel"] == 4
    assert frame["seed/a"] == 105
    assert not controls.messages


def test_two_hundred_other_mappings_are_taken_over_in_a_moment() -> None:
    import time

    def maps(first: int) -> list[dict[str, Any]]:
        return [
            {"osc": f"/m/{n}", "to": "delta", "smooth": "1 s"} for n in range(first, first + 200)
        ]

    controls = ControlHarness(mappings=maps(0))
    show = check_show({"mappings": maps(1000)}, "saved")
    made, _ = make_engine(show, controls.store, live=False, log=print)
    begun = time.thread_time()
    made.take_over(controls.engine)
    assert time.thread_time() - begun < 0.05


def test_a_beat_that_a_clock_has_stopped_runs_again_when_a_control_taps() -> None:
    controls = ControlHarness(tempo=120)
    controls.engine.on_clock("tick", controls.now)
    controls.engine.on_clock("stop", controls.now)
    controls.play(2)
    assert not controls.engine.tempo.running
    controls.store.set("tempo/tap", True)
    controls.play(0.5)
    controls.store.set("tempo/tap", True)
    controls.play(0.1)
    assert controls.engine.tempo.running
    assert controls.engine.tempo.bpm == pytest.approx(120, abs=6)
