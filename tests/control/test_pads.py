"""Gamepads: sticks with a dead zone and soft takeover, buttons, what is unplugged, learning."""

from __future__ import annotations

from typing import Any

import pytest

from tests.control.harness import ControlHarness
from vj.control.learning import LearnListener
from vj.control.pads import DEAD, SILENCE, Pads, calmed
from vj.core.errors import Fault
from vj.parameters.table import TABLE
from vj.show.load import ShowFaults, check_show
from vj.show.midi_controls import Control


class Rig:
    """A show, and a pad whose controls the test moves."""

    def __init__(self, *mappings: dict[str, Any], **show: Any) -> None:
        self.now = 0.0
        self.controls = ControlHarness(mappings=list(mappings), **show)
        self.pads = Pads(self.controls.engine.on_midi, lambda: self.now)

    def move(self, owner: object = None, **values: float) -> None:
        named = {name.replace("_", " "): value for name, value in values.items()}
        self.pads.moved("Xbox", named, owner)

    def at(self, name: str) -> Any:
        return self.controls.play(0.2)[-1][name]


def test_a_stick_at_rest_is_still_and_reaches_both_ends() -> None:
    assert [calmed(value) for value in (0.0, 0.1, -0.11, 1.0, -1.0, 1.2)] == [0, 0, 0, 1, -1, 1]
    assert 0 < calmed(DEAD + 0.01) < 0.02, "no jump where the dead zone ends"
    sent: list[float] = []
    pads = Pads(lambda control, value, device: sent.append(value))
    for value in (0.02, -0.05, 0.08, 0.0):
        pads.moved("Xbox", {"axis 0": value})
    assert sent == []
    for value in (0.5, 0.501, 1.0, 0.0):
        pads.moved("Xbox", {"axis 0": value})
    assert [round(value, 2) for value in sent] == [0.43, 1.0, 0.0]


def test_a_stick_plays_its_whole_way_and_a_trigger_a_macro() -> None:
    rig = Rig(
        {"pad": "axis 0", "to": "feedback/rotate", "range": [-10, 10]},
        {"pad": "button 7", "to": "pedal"},
        macros={"pedal": {"drives": {"strength": [0.5, 0.9]}}},
    )
    for place, turned in ((-1, -10), (0, 0), (1, 10)):
        rig.move(axis_0=place)
        assert rig.at("feedback/rotate") == pytest.approx(turned)
    rig.move(button_7=0.5)
    assert rig.at("strength") == pytest.approx(0.7)


def test_a_stick_picks_up_its_parameter_as_a_fader_does() -> None:
    rig = Rig({"pad": "axis 1", "to": "mix/wet", "in": [0, 1]}, start={"mix/wet": 0.8})
    rig.move(axis_1=0.3)
    assert rig.at("mix/wet") == 0.8
    rig.move(axis_1=0.9)
    assert rig.at("mix/wet") == pytest.approx(calmed(0.9))


def test_a_button_is_held_and_let_go_when_its_pad_is_unplugged() -> None:
    rig = Rig(
        {"pad": "button 3", "to": "output/freeze", "as": "momentary"},
        {"pad": "button 0", "to": "mix/wet", "as": "toggle"},
        {"pad": "axis 2", "to": "output/blackout", "as": "momentary"},
    )
    rig.move(button_3=1, button_0=1, axis_2=0.3)
    assert rig.at("output/freeze") is True
    assert rig.at("mix/wet") == 0.0
    assert rig.at("output/blackout") == 0.0, "a stick is pressed from half its way on"
    rig.pads.gone("Xbox")
    assert rig.at("output/freeze") is False
    assert rig.at("mix/wet") == 0.0, "a toggle stays"
    rig.move(button_3=1)
    assert rig.at("output/freeze") is True, "and it may be plugged in again"


def test_the_pad_of_a_page_that_says_no_more_is_let_go() -> None:
    rig = Rig({"pad": "button 3", "to": "output/freeze", "as": "momentary"})
    rig.move(owner=7, button_3=1)
    for _ in range(5):
        rig.now += SILENCE / 2
        rig.move(owner=7, button_3=1)
        rig.pads.let_go()
        assert rig.at("output/freeze") is True
    rig.now += SILENCE
    rig.pads.let_go()
    assert rig.at("output/freeze") is False
    rig.move(button_3=1)
    rig.now += 100
    rig.pads.let_go()
    assert rig.at("output/freeze") is True, "a pad of this machine says when it goes"


def test_one_pad_seen_by_vj_and_by_a_page_on_the_same_machine_presses_once() -> None:
    rig = Rig({"pad": "button 0", "to": "mix/wet", "as": "toggle"})
    rig.move(button_0=1)
    rig.pads.moved("Xbox Wireless", {"button 0": 1}, 7, here=True)
    assert rig.at("mix/wet") == 0.0
    rig.pads.moved("another", {"button 0": 1}, 8, here=False)
    assert rig.at("mix/wet") == 1.0


def test_a_moved_stick_and_a_pressed_button_are_learned() -> None:
    learned = []
    for moves in (
        [(Control("axis", 1), place) for place in (0.1, 0.5, 0.9)],
        [(Control("button", 5), 1.0)],
        [(Control("bit", 9), 1.0)],
    ):
        listener = LearnListener(TABLE.find("strength"))
        for control, value in moves:
            listener.on_midi(control, value, "Foot")
        learned.append(listener.found.get_nowait())
    assert learned == [
        {"pad": "axis 1"},
        {"pad": "button 5"},
        {"hid": "bit 9", "device": "Foot"},
    ]


@pytest.mark.parametrize(
    ("mapping", "fault"),
    [
        ({"pad": "axes 0"}, "no such control; did you mean axis"),
        ({"pad": "button"}, "axis 0 or button 3 would be right"),
        ({"hid": "bit 9999", "device": "VEC"}, "9999 is above 511"),
        ({"hid": "bit 9"}, "of which device"),
        ({"pad": "axis 0", "key": "c"}, "a mapping has one control"),
    ],
)
def test_a_faulty_control_is_told_with_what_would_be_right(
    mapping: dict[str, Any], fault: str
) -> None:
    with pytest.raises(ShowFaults, match=fault):
        check_show({"mappings": [{**mapping, "to": "strength"}]}, "test")


def test_what_is_no_number_is_answered() -> None:
    with pytest.raises(Fault, match="is no number"):
        Pads(lambda *moved: None).moved("Xbox", {"axis 0": float("nan")})
