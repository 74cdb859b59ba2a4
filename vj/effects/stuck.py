"""Python that does not end, ended from another thread: an effect that loops for ever must not hold
up the picture for ever.

What waits inside a library (a socket, `time.sleep`) is not reached; the watchdog names it.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Callable
from typing import TypeVar

LIMIT = 3.0
"""Seconds after which a call that does not end is ended."""
TRIAL = 20.0
"""The same while an effect is tried beside the picture, in which it may import what is large."""
LOOK = 0.25
"""Seconds between two looks."""

Made = TypeVar("Made")


class EffectStuck(Exception):
    """Raised in the thread that is stuck, wherever it is."""

    def __str__(self) -> str:
        return "it did not end, and was ended"


class Interrupter:
    """Watches the calls of one thread at a time. `look` is called now and then by another."""

    def __init__(self, limit: float = LIMIT, now: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._now = limit, now
        self._lock = threading.Lock()
        self._running: tuple[int, float] | None = None
        """The thread, and since when."""
        self.fired = False
        """The last call was ended."""

    def call(self, work: Callable[[], Made]) -> Made:
        """Raises what the work does; EffectStuck too, which is raised in it."""
        self.fired = False
        with self._lock:
            self._running = threading.get_ident(), self._now()
        try:
            return work()
        finally:
            self._leave()

    def _leave(self) -> None:
        with self._lock:
            self._running = None
            if self.fired:  # and has not been raised yet
                _raise_in(threading.get_ident(), None)

    def look(self) -> None:
        """End a call that has taken too long; once."""
        with self._lock:
            running = self._running
            if running is None or self.fired or self._now() - running[1] < self._limit:
                return
            self.fired = True
            _raise_in(running[0], EffectStuck)


def ended_in_time(work: Callable[[], Made], limit: float = TRIAL) -> Made:
    """The same on a thread of its own, and waited for. Raises what the work does; TimeoutError
    where it does not end even so."""
    interrupter = Interrupter(limit)
    found: list[Made] = []
    raised: list[Exception] = []

    def run() -> None:
        try:
            found.append(interrupter.call(work))
        except Exception as error:  # for the thread that waits
            raised.append(error)

    thread = threading.Thread(target=run, name="an effect tried", daemon=True)
    thread.start()
    thread.join(limit)
    interrupter.look()
    thread.join(1.0)
    if raised:
        raise raised[0]
    if not found:
        raise TimeoutError
    return found[0]


def _raise_in(thread: int, error: type[Exception] | None) -> None:
    """Have a thread raise this with its next line of Python; with None nothing that was asked for
    before."""
    what = ctypes.py_object() if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), what)
