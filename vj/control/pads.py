"""Gamepads, of this machine and of open pages: what moves of them is passed on, at rest nothing."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Mapping

from vj.core.errors import Fault
from vj.show.device_controls import device_control
from vj.show.midi_controls import Control

DEAD = 0.12
"""How far a stick is from its middle, at most, when nobody touches it: worn ones rest at .1."""
STEP = 1 / 256
"""Less than this is no movement."""
SILENCE = 2.0
"""Seconds after which a page that says no more has gone, and its pad is let go."""
DEVICES = 64
"""Pads that are known, at most."""

Send = Callable[[Control, float, str], None]


def calmed(value: float) -> float:
    """A stick's place, -1..1, with a dead zone in the middle, beyond which it begins at 0."""
    beyond = max(0.0, min(1.0, abs(value)) - DEAD) / (1 - DEAD)
    return math.copysign(beyond, value) if beyond else 0.0


class Pads:
    """All gamepads. From any thread."""

    def __init__(self, send: Send, now: Callable[[], float] = time.monotonic) -> None:
        """send: takes a control, its value and the name of its pad, with a lock held."""
        self._send, self._now = send, now
        self._lock = threading.Lock()
        self._values: dict[tuple[object, str], dict[Control, float]] = {}
        self._heard: dict[tuple[object, str], float] = {}

    @property
    def names(self) -> list[str]:
        """Those that are known now."""
        with self._lock:
            return list(dict.fromkeys(device for _, device in self._values))

    def moved(
        self, device: str, values: Mapping[str, float], owner: object = None, here: bool = False
    ) -> None:
        """Controls of a pad, `axis 0` or `button 3`, as they stand. owner: the page that says so,
        None for this machine. here: a page on this machine; while vj itself reads a pad the two
        are one. Raises Fault."""
        controls = {
            device_control("pad", name): _number(name, value) for name, value in values.items()
        }
        with self._lock:
            if here and any(who is None for who, _ in self._values):
                return
            key = (owner, device)
            if key not in self._values and len(self._values) >= DEVICES:
                return
            known = self._values.setdefault(key, {})
            self._heard[key] = self._now()
            for control, raw in controls.items():
                value = calmed(raw) if control.kind == "axis" else min(1.0, max(0.0, raw))
                before = known.get(control, 0.0)
                ends = value != before and value in (0.0, 1.0, -1.0)
                if ends or abs(value - before) >= STEP:
                    known[control] = value
                    self._send(control, value, device)

    def gone(self, device: str, owner: object = None) -> None:
        """A pad was unplugged: what was pressed of it is let go."""
        with self._lock:
            self._release((owner, device))

    def let_go(self) -> None:
        """Let go of the pads of pages that say no more. Now and then, from any thread."""
        with self._lock:
            now = self._now()
            for key in [key for key in self._values if key[0] is not None]:
                if now - self._heard[key] >= SILENCE:
                    self._release(key)

    def _release(self, key: tuple[object, str]) -> None:
        self._heard.pop(key, None)
        for control, value in self._values.pop(key, {}).items():
            if value:
                self._send(control, 0.0, key[1])


def _number(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Fault(f"pad {name}: {value!r:.40} is no number (-1 .. 1)")
    return float(value)
