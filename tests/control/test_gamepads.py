"""Gamepads of this machine: GLFW's answers, which a pretended GLFW gives since no machine that
tests has a pad, and the process that reads them."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import Any

import pytest

from tests.waiting import PATIENCE, until
from vj.control.gamepad_process import PadLook
from vj.control.gamepads import Gamepads
from vj.control.pads import Pads
from vj.core.supervisor import Supervisor


class Glfw:
    """Pads by their places: (name, known to GLFW, axes, buttons)."""

    def __init__(self) -> None:
        self.pads: dict[int, tuple[str, bool, list[float], list[int]]] = {}

    def joystick_present(self, place: int) -> bool:
        return place in self.pads

    def joystick_is_gamepad(self, place: int) -> bool:
        return self.pads[place][1]

    def get_joystick_name(self, place: int) -> bytes:
        return self.pads[place][0].encode()

    def get_joystick_axes(self, place: int) -> tuple[list[float], int]:
        return self.pads[place][2], len(self.pads[place][2])

    def get_joystick_buttons(self, place: int) -> tuple[list[int], int]:
        return self.pads[place][3], len(self.pads[place][3])

    def get_gamepad_state(self, place: int) -> Any:
        return SimpleNamespace(axes=self.pads[place][2], buttons=self.pads[place][3])


def test_a_pad_that_glfw_knows_is_numbered_as_a_browser_does() -> None:
    glfw, said = Glfw(), []
    pads = PadLook(glfw, said.append)
    axes, buttons = [0.0, 0, 0, 0, -1, -1], [0] * 15
    glfw.pads[2] = "Xbox", True, axes, buttons
    pads.look()
    axes[1], axes[5] = -0.5, 0.0  # left stick up, right trigger half way
    buttons[6] = buttons[11] = buttons[14] = 1  # back, up and left of the cross
    pads.look()
    pads.look()
    del glfw.pads[2]
    pads.look()
    moved = {"axis 1": -0.5, "button 7": 0.5, "button 8": 1.0, "button 12": 1.0, "button 14": 1.0}
    assert said == [
        {"pad": "Xbox", "moved": {}},
        {"pad": "Xbox", "moved": moved},
        {"pad": "Xbox", "gone": True},
    ]


def test_any_other_as_its_driver_numbers_it_and_two_alike_have_two_names() -> None:
    glfw, said = Glfw(), []
    pads = PadLook(glfw, said.append)
    glfw.pads = {0: ("Pedals", False, [0.25], [0]), 1: ("Pedals", False, [0.0], [1])}
    pads.look()
    assert said[1] == {"pad": "Pedals", "moved": {"axis 0": 0.25}}
    assert said[-1] == {"pad": "Pedals (2)", "moved": {"button 0": 1.0}}


def test_the_process_is_read_and_what_it_held_is_let_go_when_it_ends() -> None:
    script = (
        "import json, sys\n"
        "for line in ({'pad': 'Xbox', 'moved': {'button 3': 1}}, 'nonsense', {'pad': 3}):\n"
        "    print(json.dumps(line), flush=True)\n"
        "sys.stdin.read()\n"
    )
    moved: list[tuple[str, float]] = []
    messages: list[str] = []
    pads = Pads(lambda control, value, device: moved.append((str(control), value)))
    reader = Gamepads(
        pads, messages.append, Supervisor(messages.append), [sys.executable, "-c", script]
    )
    until(lambda: moved == [("button 3", 1.0)])
    reader.stop(PATIENCE)
    assert moved == [("button 3", 1.0), ("button 3", 0.0)]
    assert messages == ["gamepad Xbox"]


def test_why_they_cannot_be_read_is_said_once() -> None:
    messages: list[str] = []
    script = 'print(\'{"fault": "GLFW finds no desktop"}\')'
    pads = Pads(lambda control, value, device: None)
    reader = Gamepads(
        pads, messages.append, Supervisor(messages.append), [sys.executable, "-c", script]
    )
    until(lambda: bool(messages))
    reader.stop()
    assert messages == [
        "gamepads of this machine: GLFW finds no desktop; a gamepad at a page plays"
    ]


@pytest.mark.long
def test_the_real_process_starts_and_ends_with_this_one() -> None:
    pytest.importorskip("glfw")
    messages: list[str] = []
    pads = Pads(lambda control, value, device: None)
    reader = Gamepads(pads, messages.append, Supervisor(messages.append))
    reader.stop(60)
    assert all("gamepad" in message for message in messages)
