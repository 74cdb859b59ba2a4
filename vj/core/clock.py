"""The two clocks, and precise waiting. Live, time is the wall clock's; offline, time is counted in
frames, and nothing waits.

Code that paces frames waits with `pause` or `wait_for`. On Windows a wait for an event or a
condition ends with a tick of the system's timer, of which there are 64 a second: 30 frames a second
become 21. `time.sleep` does not have that fault (a high-resolution waitable timer since Python
3.11), but cannot be woken, so it is taken in slices.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Protocol

SLICE = 0.005
"""The longest sleep of `pause`, in seconds, before it checks whether to stop."""

FINE = 0.002
"""Seconds between two checks in the last tick of `wait_for`."""

TICK = 1 / 64 if sys.platform == "win32" else 0.0
"""Seconds by which the end of a wait for an event or a condition may be late on this system."""


def pause(seconds: float, stop: threading.Event | None = None) -> bool:
    """Sleep to the millisecond on every system. False when `stop` was set meanwhile, or before;
    that is seen within `SLICE`."""
    end = time.perf_counter() + seconds
    while stop is None or not stop.is_set():
        left = end - time.perf_counter()
        if left <= 0:
            return True
        time.sleep(left if stop is None else min(left, SLICE))
    return False


def wait_for(
    condition: threading.Condition, true: Callable[[], bool], timeout: float | None
) -> bool:
    """As `condition.wait_for`, with a timeout that is kept to the millisecond on every system. The
    condition is held by the caller."""
    if timeout is None or not TICK:
        return condition.wait_for(true, timeout)
    end = time.perf_counter() + timeout
    while not true():
        left = end - time.perf_counter()
        if left <= 0:
            return False
        if left > TICK:
            condition.wait(left - TICK)
            continue
        condition.release()
        try:
            time.sleep(min(left, FINE))
        finally:
            condition.acquire()
    return True


class Clock(Protocol):
    """Seconds since the show began, and a way to wait for a moment."""

    live: bool

    def now(self) -> float: ...

    def wait_until(self, moment: float, stop: threading.Event | None = None) -> bool:
        """Sleep until `moment`; offline returns at once. False when `stop` was set meanwhile."""
        ...


class WallClock:
    """Live: monotonic seconds since it was made."""

    live = True

    def __init__(self) -> None:
        self._start = time.perf_counter()

    def now(self) -> float:
        return time.perf_counter() - self._start

    def wait_until(self, moment: float, stop: threading.Event | None = None) -> bool:
        return pause(moment - self.now(), stop)


class FrameClock:
    """Offline: time stands still until the render loop moves it on by a frame: to the next of a
    constant rate, or to the moment until which a frame is seen, where they come at varying
    times."""

    live = False

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self._frame = 0
        self._moment: float | None = None
        """Where it stands since a frame has said until when it is seen."""
        self._until: float | None = None

    def now(self) -> float:
        return self._frame / self.fps if self._moment is None else self._moment

    @property
    def next(self) -> float:
        """Where the next step leads."""
        if self._until is not None:
            return self._until
        if self._moment is not None:
            return self._moment + 1 / self.fps
        return (self._frame + 1) / self.fps

    def see_until(self, moment: float) -> None:
        """The frame of now is seen until then: the next step leads there. Time does not go back."""
        self._until = max(moment, self.now())

    def advance(self) -> None:
        """One frame has been rendered."""
        if self._until is not None or self._moment is not None:
            self._moment, self._until = self.next, None
        self._frame += 1

    def wait_until(self, moment: float, stop: threading.Event | None = None) -> bool:
        return stop is None or not stop.is_set()
