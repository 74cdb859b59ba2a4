"""A control's messages become values of a parameter: ranges, curves, takeover, encoders, notes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests.control.harness import FPS, ControlHarness
from vj.control.engine import ControlEngine
from vj.parameters.store import Snapshot
from vj.show.midi_controls import Control, control


def test_a_fader_plays_its_range_along_its_curve() -> None:
    controls = ControlHarness(
        mappings=[{"osc": "/1/fader1", "to": "noise/hold", "range": [0.2, 0.6], "curve": 2.0}]
    )
    controls.osc("/1/fader1", 0.5)
    assert controls.at("noise/hold") == pytest.approx(0.2 + 0.25 * 0.4)
    controls.osc("/1/fader1", 7.0)
    assert controls.at("noise/hold") == pytest.approx(0.6), "the range is kept"


def test_invert_input_range_and_values_of_a_pad() -> None:
    controls = ControlHarness(
        mappings=[
            {"osc": "/xy", "to": "noise/hold", "invert": True},
            {"osc": "/xy", "to": "similarity", "take": 1, "in": [0, 10]},
        ]
    )
    controls.osc("/xy", 0.25, 5)
    frame = controls.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (0.75, 0.5)
    controls.osc("/xy", 1.0)
    frame = controls.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (0.0, 0.5), (
        "a value that did not come changes nothing"
    )


def test_smoothing_takes_the_seconds_it_names() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0}, mappings=[{"osc": "/f", "to": "noise/hold", "smooth": "1 s"}]
    )
    controls.play(0.1)
    controls.osc("/f", 1.0)
    values = [frame["noise/hold"] for frame in controls.play(2)]
    assert np.all(np.diff(values) >= 0)
    assert values[0] < 0.2
    assert values[FPS - 1] == pytest.approx(0.95, abs=0.02)
    assert values[-1] == pytest.approx(1.0, abs=0.003)


def test_a_control_on_the_parameter_ends_another_ones_smoothing() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0}, mappings=[{"osc": "/f", "to": "noise/hold", "smooth": "2 s"}]
    )
    controls.osc("/f", 1.0)
    controls.play(0.3)
    controls.store.set("noise/hold", 0.4, "another hand")
    assert [frame["noise/hold"] for frame in controls.play(1)][1:] == [0.4] * (FPS - 1), (
        "the latest wins, and stays"
    )


def test_soft_takeover_picks_up_when_the_control_crosses_the_value_and_not_before() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.5}, mappings=[{"midi": "cc 7", "to": "noise/hold"}]
    )
    for raw in (0, 20, 50):
        controls.midi("cc 7 ch 1", raw)
        assert controls.at("noise/hold") == 0.5, raw
    controls.midi("cc 7 ch 1", 70)
    assert controls.at("noise/hold") == pytest.approx(70 / 127), "it crossed 0.5"
    controls.midi("cc 7 ch 1", 20)
    assert controls.at("noise/hold") == pytest.approx(20 / 127), "and holds it"
    controls.store.set("noise/hold", 0.9)
    controls.midi("cc 7 ch 1", 30)
    assert controls.at("noise/hold") == 0.9, "somebody else moved it: the control has lost it"


def test_takeover_can_be_switched_off() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.5},
        mappings=[{"midi": "cc 7", "to": "noise/hold", "takeover": False}],
    )
    controls.midi("cc 7 ch 1", 0)
    assert controls.at("noise/hold") == 0


@pytest.mark.parametrize(
    ("coding", "up", "down"), [("twos", 1, 127), ("offset", 65, 63), ("sign", 1, 65)]
)
def test_endless_encoders_of_the_three_codings(coding: str, up: int, down: int) -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.5},
        mappings=[{"midi": "cc 9", "to": "noise/hold", "relative": coding, "step": 0.1}],
    )
    controls.midi("cc 9 ch 1", up)
    controls.midi("cc 9 ch 1", up)
    assert controls.at("noise/hold") == pytest.approx(0.7)
    controls.midi("cc 9 ch 1", down)
    assert controls.at("noise/hold") == pytest.approx(0.6)


def test_notes_as_momentary_toggle_trigger_and_velocity() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0, "similarity": 0},
        mappings=[
            {"midi": "note 1", "to": "output/freeze", "as": "momentary"},
            {"midi": "note 2", "to": "output/freeze", "as": "toggle"},
            {"midi": "note 3", "to": "similarity", "as": "velocity"},
            {"midi": "note 4", "to": "panic"},
            {"midi": "note 5", "to": "prompt/a", "value": "deep ocean"},
        ],
    )

    def note(number: int, velocity: int) -> Snapshot:
        controls.midi(f"note {number} ch 1", velocity)
        return controls.play(1 / FPS)[0]

    assert note(1, 100)["output/freeze"] is True
    assert note(1, 0)["output/freeze"] is False
    assert note(2, 100)["output/freeze"] is True
    assert note(2, 0)["output/freeze"] is True, "a toggle stays when the key is let go"
    assert note(2, 90)["output/freeze"] is False
    assert note(3, 127)["similarity"] == 1.0
    assert note(3, 0)["similarity"] == 1.0
    assert note(5, 0)["prompt/a"] == ""
    assert note(5, 1)["prompt/a"] == "deep ocean", "the softest touch is a press"


def test_hysteresis_keeps_a_switch_from_chattering() -> None:
    controls = ControlHarness(mappings=[{"osc": "/s", "to": "output/freeze", "hysteresis": 0.4}])
    seen = []
    for value in (0.45, 0.65, 0.71, 0.5, 0.35, 0.29, 0.5):
        controls.osc("/s", value)
        seen.append(controls.at("output/freeze"))
    assert seen == [False, False, True, True, True, False, False]


def test_channels_and_devices_are_distinguished() -> None:
    controls = ControlHarness(
        start={"noise/hold": 0.5, "similarity": 0.5},
        mappings=[
            {"midi": "cc 1 ch 2", "to": "noise/hold", "takeover": False},
            {"midi": "cc 1", "device": "MIDImix", "to": "similarity", "takeover": False},
        ],
    )
    controls.midi("cc 1 ch 1", 127, "nanoKONTROL2")
    frame = controls.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (0.5, 0.5)
    controls.midi("cc 1 ch 2", 127, "Akai midimix port 1")
    frame = controls.play(1 / FPS)[0]
    assert (frame["noise/hold"], frame["similarity"]) == (1.0, 1.0)


def test_quantised_changes_land_on_the_beat_on_screen() -> None:
    controls = ControlHarness(
        tempo=120,
        mappings=[{"osc": "/f", "to": "noise/hold", "quantise": "bar", "ahead": "100 ms"}],
    )
    controls.latency = 0.1
    controls.play(0.3)
    controls.osc("/f", 0.25)
    frames = controls.play(3)
    first = next(frame.time for frame in frames if frame["noise/hold"] == 0.25)
    assert first == pytest.approx(2.0 - 0.2, abs=1.01 / FPS), (
        "the bar of 2 s, less latency and what is asked for"
    )


def test_many_events_in_one_frame_are_one_change() -> None:
    controls = ControlHarness(mappings=[{"osc": "/f", "to": "noise/hold"}])
    heard: list[float] = []
    controls.store.listeners.append(lambda name, value, origin: heard.append(float(value)))
    for i in range(1000):
        controls.osc("/f", i / 1000)
    assert controls.at("noise/hold") == pytest.approx(0.999)
    assert heard == [pytest.approx(0.999)]


def test_a_control_engine_reads_strange_raw_values_without_harm() -> None:
    controls = ControlHarness(
        mappings=[
            {"osc": "/f", "to": "noise/hold"},
            {"osc": "/j", "to": "seed/a", "take": "json 0 0", "as": "raw"},
        ]
    )
    for values in ((math.nan,), (math.inf,), ("text",), (b"blob",), (None,), (), ([1, 2],)):
        controls.osc("/f", *values)
        controls.osc("/j", *values)
        assert 0 <= controls.at("noise/hold") <= 1
    controls.osc("/j", "[[7, 1.0]]")
    assert controls.at("seed/a") == 7
    assert isinstance(controls.engine, ControlEngine)
    assert Control("cc", 1) == control("cc 1")


def test_a_knob_with_a_range_chooses_among_names_and_each_but_once() -> None:
    played = ControlHarness(
        midi="off",
        source="testcard",
        sources={name: f"drawn:{name}" for name in ("kiss", "drive", "fox")},
        mappings=[{"midi": "cc 3", "to": "source", "range": [0, 2]}],
    )
    chosen = []
    for raw in (0, 40, 60, 70, 127, 127):
        played.midi("cc 3", raw)
        played.play(1 / FPS)
        chosen.append((played.at("source"), played.at("source/start")))
    names = [name for name, _ in chosen]
    assert names == ["kiss", "drive", "drive", "drive", "fox", "fox"]
    assert len({starts for _, starts in chosen}) == 1, "none is begun again by a knob that trembles"
