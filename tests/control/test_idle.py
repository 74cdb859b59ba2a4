"""Untouched for a while the piece is calm again, once, and a hand wakes it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.harness import ControlHarness
from vj.show.load import ShowFaults, check_show

CUES: list[dict[str, Any]] = [
    {"name": "calm", "fade": "1 s", "set": {"strength": 0.2}},
    {"name": "up", "set": {"strength": 0.5}},
]
FADER = [{"osc": "/fader", "to": "mix/wet"}]


def test_the_cue_is_fired_once_and_a_hand_wakes_the_piece() -> None:
    controls = ControlHarness(
        cues=CUES, mappings=FADER, idle={"after": "5 s", "cue": "calm", "wake": "up"}
    )
    controls.store.set("strength", 0.9)
    assert controls.play(4.5)[-1]["strength"] == 0.9
    controls.osc("/fader", 0.5)
    assert controls.play(4.5)[-1]["strength"] == 0.9, "a hand was there in between"
    assert controls.play(2)[-1]["strength"] == pytest.approx(0.2)
    assert len(controls.messages) == 1
    controls.store.fade("strength", 0.7, 0.0, None, controls.engine)  # as a cue would
    assert controls.play(20)[-1]["strength"] == pytest.approx(0.7), "it is fired once"
    controls.osc("/fader", 0.6)
    controls.play(0.3)
    assert controls.engine.cues.current == "up"
    controls.play(6)
    assert controls.engine.cues.current == "calm"


def test_panic_while_it_rests_leaves_everything_at_its_start() -> None:
    controls = ControlHarness(
        start={"strength": 0.9}, cues=CUES, idle={"after": "3 s", "cue": "calm", "wake": "up"}
    )
    assert controls.play(5)[-1]["strength"] == pytest.approx(0.2)
    controls.store.set("panic", True)
    controls.play(0.5)
    assert {frame["strength"] for frame in controls.play(2.4)} == {0.9}
    assert controls.play(1.5)[-1]["strength"] == pytest.approx(0.2), "nobody has played since"


def test_without_a_cue_everything_fades_to_where_it_would_be_had_nobody_played() -> None:
    controls = ControlHarness(
        cues=[{"name": "second", "set": {"similarity": 0.5}}],
        timeline=[{"at": "0:01", "cue": "second"}],
        curves=[{"to": "mix/wet", "points": [["0:00", 0], ["1:40", 1]]}],
        start={"strength": 0.3, "prompt/a": "sea"},
        idle={"after": "4 s", "fade": "2 s"},
    )
    controls.play(2)
    for name, value in {"strength": 0.9, "similarity": 0.1, "mix/wet": 0.9}.items():
        controls.store.set(name, value)
    controls.store.set("prompt/a", "fire")
    assert controls.play(3.9)[-1]["strength"] == 0.9
    under_way = controls.play(1)[-1]
    assert 0.3 < under_way["strength"] < 0.9
    last = controls.play(1.5)[-1]
    assert (last["strength"], last["prompt/a"]) == (0.3, "sea")
    assert last["similarity"] == 0.5, "the timeline has set it"
    assert last["mix/wet"] == pytest.approx(controls.now / 100, abs=0.001), "its curve leads again"
    assert controls.engine.timeline.state == "playing"


def test_modulators_curves_and_cues_are_no_hands() -> None:
    controls = ControlHarness(
        cues=CUES,
        timeline=[{"at": f"0:0{n}", "cue": "up"} for n in range(1, 5)],
        curves=[{"to": "mix/wet", "expression": "0.5 + 0.5*sin(t)"}],
        modulators=[{"lfo": "sine", "rate": "1 s", "to": "noise/hold", "depth": 0.5}],
        idle={"after": "6 s", "cue": "calm"},
    )
    controls.play(5.9)
    assert controls.engine.cues.current == "up"
    controls.play(0.3)
    assert controls.engine.cues.current == "calm"


def test_a_foot_that_stays_down_is_a_hand() -> None:
    controls = ControlHarness(
        cues=CUES,
        macros={"pedal": {"drives": {"strength": [0.3, 0.9]}}},
        mappings=[{"midi": "cc 64", "to": "pedal"}],
        idle={"after": "3 s", "cue": "calm"},
    )
    controls.midi("cc 64 ch 1", 127)
    controls.play(10)
    assert controls.engine.cues.current is None
    controls.midi("cc 64 ch 1", 0)
    controls.play(2.8)
    assert controls.engine.cues.current is None
    controls.play(0.5)
    assert controls.engine.cues.current == "calm"


def test_the_wait_begins_with_the_show() -> None:
    controls = ControlHarness(cues=CUES, idle={"after": "3 s", "cue": "calm"})
    controls.engine.timeline.waits = True
    controls.play(10)
    assert controls.engine.cues.current is None, "the model is still loading"
    controls.engine.begin(controls.now)
    controls.play(2.9)
    assert controls.engine.cues.current is None
    controls.play(0.3)
    assert controls.engine.cues.current == "calm"


def test_an_installation_repeats_exactly_by_the_frames_time() -> None:
    runs = []
    for _ in range(2):
        controls = ControlHarness(
            start={"strength": 0.9}, cues=CUES, idle={"after": "2 s", "cue": "calm"}
        )
        runs.append([frame["strength"] for frame in controls.play(4)])
    assert runs[0] == runs[1]
    assert (runs[0][0], runs[0][-1]) == (0.9, pytest.approx(0.2))


@pytest.mark.parametrize(
    ("idle", "fault"),
    [
        ({"after": "60 s", "cue": "clam"}, "clam: no such cue; did you mean calm"),
        ({"after": 0}, "for example 60 s"),
        ({"after": "2 bars"}, "for example 60 s"),
        ({"after": "60 s", "cue": "calm", "fade": "2 s"}, "cue: or fade:, not both"),
        ("off", r"'off': after how long\? idle: {after: 60 s}"),
        (60, r"60: after how long\? idle: {after: 60 s}"),
    ],
)
def test_a_faulty_section_is_told(idle: object, fault: str) -> None:
    with pytest.raises(ShowFaults, match=fault):
        check_show({"cues": CUES, "idle": idle}, "test")
