"""The gamepads of this machine, read by GLFW in a process of its own: GLFW belongs to a process's
main thread. `python -m vj.control.gamepad_process` writes a line of JSON for what moves:
{"pad": name, "moved": {"axis 0": 0.5, "button 3": 1}}, {"pad": name, "gone": true} or
{"fault": why}.

It ends when what it reads from ends.
"""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

PERIOD = 0.008
"""Seconds between two looks: pads report 125 to 1000 times a second."""
PADS = 16
STANDARD = (0, 1, 2, 3, 4, 5, None, None, 6, 7, 9, 10, 11, 13, 14, 12, 8)
"""GLFW's button for each of the browser's standard layout (W3C Gamepad, section 9): a mapping plays
the same whoever reads the pad. 6 and 7 are triggers, which are axes 4 and 5 of GLFW's."""
TRIGGERS = {6: 4, 7: 5}
STEP = 1 / 256


def standing(glfw: Any, place: int) -> dict[str, float]:
    """How the controls of a pad stand: in the standard layout where GLFW knows the pad, else as its
    driver numbers them."""
    if glfw.joystick_is_gamepad(place):
        state = glfw.get_gamepad_state(place)
        found = {f"axis {axis}": float(state.axes[axis]) for axis in range(4)}
        for button, own in enumerate(STANDARD):
            value = (state.axes[TRIGGERS[button]] + 1) / 2 if own is None else state.buttons[own]
            found[f"button {button}"] = float(value)
        return found
    found = {}
    for word, (values, count) in (
        ("axis", glfw.get_joystick_axes(place)),
        ("button", glfw.get_joystick_buttons(place)),
    ):
        found |= {f"{word} {number}": float(values[number]) for number in range(count)}
    return found


class PadLook:
    """One look after another at all pads."""

    def __init__(self, glfw: Any, say: Callable[[dict[str, Any]], None]) -> None:
        self._glfw, self._say = glfw, say
        self._known: dict[int, tuple[str, dict[str, float]]] = {}

    def look(self) -> None:
        """Say what has moved, come and gone."""
        for place in range(PADS):
            if not self._glfw.joystick_present(place):
                if place in self._known:
                    self._say({"pad": self._known.pop(place)[0], "gone": True})
                continue
            if place not in self._known:
                name = text_of(self._glfw.get_joystick_name(place)) or "gamepad"
                same = [one for one, _ in self._known.values() if one.startswith(name)]
                self._known[place] = f"{name} ({len(same) + 1})" if same else name, {}
                self._say({"pad": self._known[place][0], "moved": {}})
            name, last = self._known[place]
            moved = {
                control: round(value, 4)
                for control, value in standing(self._glfw, place).items()
                if abs(value - last.get(control, 0.0)) >= STEP
                or (value != last.get(control, 0.0) and value in (0.0, 1.0, -1.0))
            }
            last |= moved
            if moved:
                self._say({"pad": name, "moved": moved})


def text_of(name: Any) -> str:
    return name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name or "")


def main() -> int:
    """Read until the other end of stdin is closed."""

    def say(message: dict[str, Any]) -> None:
        print(json.dumps(message), flush=True)

    def leave() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=leave, daemon=True).start()
    if os.environ.get("DISPLAY"):
        os.environ.setdefault("PYGLFW_LIBRARY_VARIANT", "x11")
    try:
        import glfw
    except ImportError as error:
        say({"fault": f"GLFW is missing ({error}): python3 launch.py add display"})
        return 1
    glfw.ERROR_REPORTING = "ignore"
    glfw.init_hint(glfw.JOYSTICK_HAT_BUTTONS, glfw.FALSE)
    if sys.platform == "darwin":
        glfw.init_hint(glfw.COCOA_CHDIR_RESOURCES, glfw.FALSE)
    if not glfw.init():
        say({"fault": "GLFW finds no desktop"})
        return 1
    pads = PadLook(glfw, say)
    while True:
        glfw.poll_events()  # pads that come and go
        pads.look()
        time.sleep(PERIOD)


if __name__ == "__main__":
    sys.exit(main())
