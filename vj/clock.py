"""The two clocks. Live, time is the wall's; offline, time is counted in frames, and nobody waits."""

from __future__ import annotations

import threading
import time
from typing import Protocol


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
        left = moment - self.now()
        if stop is not None:
            return not stop.wait(left) if left > 0 else not stop.is_set()
        if left > 0:
            time.sleep(left)
        return True


class FrameClock:
    """Offline: time stands still until the render loop moves it on by a frame."""

    live = False

    def __init__(self, fps: float) -> None:
        self.fps = fps
        self._frame = 0

    def now(self) -> float:
        return self._frame / self.fps

    def advance(self) -> None:
        """One frame has been rendered."""
        self._frame += 1

    def wait_until(self, moment: float, stop: threading.Event | None = None) -> bool:
        return stop is None or not stop.is_set()
