"""Debouncing of buttons over OSC: tells a press from a release and from a button that is held."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from vj.control.replies import Peer

AGAIN = 0.5
"""Seconds after which a button that has sent no release counts as pressed again. Many programs
repeat 1.0 with every frame while a button is held, many others never send the release."""
AGAIN_TAP = 0.2
"""The same for taps: a beat at the fastest tempo there is."""
BUTTONS = 1024


class Buttons:
    """The pressed buttons, by sender and parameter."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._down: OrderedDict[tuple[Peer, str], tuple[object, float]] = OrderedDict()

    def pressed(self, who: Peer, name: str, value: Any) -> bool:
        """Whether a value is a press of the trigger: neither a release, nor a repeat of a held
        button. A value that is not a number is a press."""
        key = who, name
        if not isinstance(value, int | float):
            self._down.pop(key, None)
            return True
        if not value >= 0.5:
            self._down.pop(key, None)
            return False
        return not self._is_repeat(key, True, AGAIN_TAP if name == "tempo/tap" else AGAIN)

    def held(self, who: Peer, name: str, value: object) -> bool:
        """Whether a value repeats the last one, as from a button that is held."""
        return self._is_repeat((who, name), value, AGAIN)

    def _is_repeat(self, key: tuple[Peer, str], value: object, seconds: float) -> bool:
        """Whether a value equals the last one within so many seconds."""
        now = self._clock()
        before = self._down.pop(key, None)
        self._down[key] = value, now
        while len(self._down) > BUTTONS:
            self._down.popitem(last=False)
        return before is not None and before[0] == value and now - before[1] <= seconds
