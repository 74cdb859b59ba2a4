"""Waiting for something to become true, and a clock that moves only when a test moves it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

PATIENCE = 60.0
"""Seconds after which a test gives up on what should have happened long ago. No verdict depends on
this figure: it only keeps a broken program from holding up the tests, so it may be far too long."""
LOOK = 0.002


def until(
    true: Callable[[], object], seen: Callable[[], object] = str, seconds: float = PATIENCE
) -> None:
    """Wait until `true()` holds. seen: what the failure shows of the state it hung in. Raises
    AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not happen: {seen()}"
        time.sleep(LOOK)


class ManualClock:
    """A live clock (see `vj.core.clock.Clock`) that stands still until a test moves it. A thread
    that waits for a moment sleeps until the test has come that far."""

    live = True

    def __init__(self) -> None:
        self._now = 0.0
        self._moved = threading.Condition()
        self._waiting: dict[int, float] = {}
        self._released = False

    def now(self) -> float:
        return self._now

    def wait_until(self, moment: float, stop: threading.Event | None = None) -> bool:
        """False when `stop` was set meanwhile, or before."""
        me = threading.get_ident()
        with self._moved:
            try:
                self._waiting[me] = moment
                while self._now < moment and not self._released:
                    if stop is not None and stop.is_set():
                        return False
                    self._moved.wait(0.01)  # `stop` wakes nobody
            finally:
                self._waiting.pop(me, None)
        if self._released:
            self._now = max(self._now, moment)  # what waits in steps comes to its end, too
            time.sleep(0.01)  # what nobody stops shall not take the next test's time
        return stop is None or not stop.is_set()

    def advance(self, seconds: float) -> None:
        """Move on, and wake the threads whose moment has come."""
        with self._moved:
            self._now += seconds
            self._moved.notify_all()

    def release(self) -> None:
        """The test is over: nobody waits any more. A source that has been stopped would wait for
        its next frame for ever."""
        with self._moved:
            self._released = True
            self._moved.notify_all()

    def asleep(self, thread: threading.Thread | None) -> bool:
        """Whether this thread waits for a moment that is still to come."""
        with self._moved:
            moment = self._waiting.get(thread.ident or 0) if thread is not None else None
            return moment is not None and moment > self._now


class JumpingClock:
    """A live clock on which nobody waits: a wait for a moment moves it on to that moment. For code
    on one thread."""

    live = True

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def wait_until(self, moment: float, stop: threading.Event | None = None) -> bool:
        self._now = max(self._now, moment)
        return stop is None or not stop.is_set()


class Stopwatch:
    """Stands in for the module `time` where code times what it calls: `sleep` takes as long as it
    says, at once, and whatever else is computed takes a tick."""

    TICK = 1e-4

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += self.TICK
        return self.now

    monotonic = perf_counter

    def sleep(self, seconds: float) -> None:
        self.now += seconds
