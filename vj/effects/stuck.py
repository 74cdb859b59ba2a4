"""Calls of an effect on a thread of its own, so that one that does not end does not hold up the
picture for ever.

Python is ended: an exception is raised in the thread. What waits inside a library (a socket, a
lock, `time.sleep`) or computes there is not reached by that: its thread is left behind, and the
picture goes on without it. Nothing helps against C that keeps Python's own lock.

Handing a frame over and back takes 0.03 ms (median), and 0.1 ms of processor time where it is
512x512; on two cores that ten other programs want, an effect waits twice for its turn.
"""

from __future__ import annotations

import ctypes
import linecache
import sys
import threading
import weakref
from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any, TypeVar

LIMIT = 3.0
"""Seconds after which a call that does not end is ended."""
GRACE = 1.0
"""Seconds that it has then, until its thread is left behind."""
TRIAL = 20.0
"""`LIMIT` while an effect is tried beside the picture, in which it may import what is large."""

Made = TypeVar("Made")


class EffectStuck(Exception):
    """Raised in the thread that is stuck, wherever it is; and for a call that is left behind."""

    def __str__(self) -> str:
        return " ".join(map(str, self.args)) or "it did not end, and was ended"


class EffectThread:
    """Runs calls one after the other, and waits for each. Belongs to the thread that calls; the
    thread of its own begins with the first call, and ends with this object."""

    def __init__(self, name: str = "effect") -> None:
        self._name = name
        self._turns: _Turns | None = None
        self._left: list[_Turns] = []
        self.stuck = False
        """The last call was ended, or left behind."""

    @property
    def waits(self) -> bool:
        """Whether a call that was left behind has still not come back."""
        self._left = [turns for turns in self._left if turns.busy]
        return bool(self._left)

    def call(self, work: Callable[[], Made], limit: float = LIMIT, file: str = "") -> Made:
        """Returns what the work does, or raises it: EffectStuck too, which is raised in it, or for
        it. file: whose line is named of one that is left behind."""
        self.stuck = False
        turns = self._turns
        if turns is None:
            turns = self._turns = _Turns(self._name)
            weakref.finalize(self, turns.end)
        result = turns.take(work, limit)
        if result is None:
            self.stuck = True
            turns.interrupt()
            result = turns.wait(GRACE)
        if result is None:
            turns.end()
            self._turns = None
            self._left.append(turns)
            where = _place(turns.thread.ident, file)
            raise EffectStuck(f"{where[0]}: has not ended after {limit + GRACE:g} s{where[1]}")
        made, error = result
        if error is not None:
            raise error
        return made  # type: ignore[no-any-return]


class _Turns:
    """One thread and its calls."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], Any] | None] = SimpleQueue()
        self._results: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()
        self._lock = threading.Lock()
        self.busy = False
        """A call runs."""
        self._interrupted = False
        self.thread = threading.Thread(target=self._run, name=name, daemon=True)
        self.thread.start()

    def take(
        self, work: Callable[[], Any], limit: float
    ) -> tuple[Any, BaseException | None] | None:
        """Run it: (what it returns, what it raises); None where it has not ended by then."""
        self.busy = True
        self._calls.put(work)
        return self.wait(limit)

    def wait(self, seconds: float) -> tuple[Any, BaseException | None] | None:
        """Wait for the call that runs."""
        try:
            return self._results.get(timeout=seconds)
        except Empty:
            return None

    def interrupt(self) -> None:
        """Have EffectStuck raised in the call, with its next line of Python."""
        with self._lock:
            if self.busy:
                self._interrupted = True
                _raise_in(self.thread.ident, EffectStuck)

    def end(self) -> None:
        """Have the thread end, once its call has."""
        self._calls.put(None)

    def _run(self) -> None:
        while (work := self._calls.get()) is not None:
            made, error = None, None
            try:
                try:
                    made = work()
                except BaseException as raised:  # for the thread that waits
                    error = raised
                self._over()
            except EffectStuck as late:  # it came when the call had just ended
                error = late
                self._over()
            work = None
            self._results.put((made, error))
            made = error = None  # a frame would be kept until the next one

    def _over(self) -> None:
        with self._lock:
            self.busy = False
            if self._interrupted:  # and it may not have been raised yet
                self._interrupted = False
                _raise_in(self.thread.ident, None)


def ended_in_time(work: Callable[[], Made], limit: float = TRIAL, file: str = "") -> Made:
    """A single call. Raises what the work does; EffectStuck where it does not end."""
    return EffectThread("an effect tried").call(work, limit, file=file)


def _place(thread: int | None, file: str) -> tuple[str, str]:
    """Which line of a file a thread is in: `trails.py:12`, and `: ` with the text of the line."""
    frame = sys._current_frames().get(thread or 0)
    while frame is not None and frame.f_code.co_filename != file:
        frame = frame.f_back
    if frame is None:
        return file or "it", ""
    text = linecache.getline(file, frame.f_lineno).strip()
    return f"{file}:{frame.f_lineno}", f": {text:.80}" if text else ""


def _raise_in(thread: int | None, error: type[Exception] | None) -> None:
    """Have a thread raise this with its next line of Python; with None nothing that was asked for
    before."""
    what = ctypes.py_object() if error is None else ctypes.py_object(error)
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread or 0), what)
