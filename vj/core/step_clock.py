"""A live clock that can be held, and moved on step by step: for who renders frame by frame through
a live show."""

from __future__ import annotations

import threading
import time

from vj.core.clock import WallClock, pause

SLOW = 0.1
"""Seconds between two looks at `stop` while it is held."""


class StepClock(WallClock):
    """The wall's, until it is held. Who waits for a moment while it is held sleeps until it moves,
    and has to look whether the moment has come; who waits already is let through at the wall's
    time, and then has to."""

    def __init__(self) -> None:
        super().__init__()
        self._held: float | None = None
        self._moved = threading.Condition()
        self._waiting: dict[int, float] = {}
        """Threads that wait, and the moment at which it stood as they began to."""

    @property
    def held(self) -> bool:
        return self._held is not None

    def now(self) -> float:
        held = self._held
        return time.perf_counter() - self._start if held is None else held

    def wait_until(self, moment: float, stop: threading.Event | None = None) -> bool:
        if self._held is None:
            return pause(moment - self.now(), stop)
        me = threading.get_ident()
        with self._moved:
            at = self._held
            if at is not None and at < moment:
                self._waiting[me] = at
                while self._held == at and not (stop is not None and stop.is_set()):
                    self._moved.wait(SLOW)
                del self._waiting[me]
        return stop is None or not stop.is_set()

    def hold(self) -> None:
        """Stand still at the present moment."""
        with self._moved:
            if self._held is None:
                self._held = time.perf_counter() - self._start

    def step(self, seconds: float) -> None:
        """Move on by so much, while it is held."""
        with self._moved:
            if self._held is not None:
                self._held += seconds
                self._moved.notify_all()

    def go(self) -> None:
        """Go on with the wall's, from where it stands."""
        with self._moved:
            if self._held is not None:
                self._start, self._held = time.perf_counter() - self._held, None
                self._moved.notify_all()

    def rests(self, thread: threading.Thread | None) -> bool:
        """It is held, and this thread has seen the moment at which it stands and waits for a later
        one."""
        with self._moved:
            if self._held is None or thread is None:
                return False
            return self._waiting.get(thread.ident or 0) == self._held
