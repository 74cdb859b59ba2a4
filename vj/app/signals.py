"""How a show is ended from outside: signals, and a process that is gone when it says so."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from typing import Any

from vj.control.keyboard import leave_terminal

LIMIT = 1.9
"""Seconds from a signal to the end of a live show, whatever does not come to its end by itself."""
AT_ONCE = 130
"""The exit code of a process that was ended on the spot."""
NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


class Signals:
    """Ctrl-C, Ctrl-Break, SIGTERM and a terminal that is closed (SIGHUP) set `stop`; a second one
    ends the process on the spot. A recording is whole up to its last second even then. What the
    program was started to ignore (SIGHUP under nohup) it goes on ignoring."""

    def __init__(self, stop: threading.Event, limit: float | None = None) -> None:
        """limit: seconds after which the process is ended on the spot all the same; None waits."""
        self._stop, self._limit = stop, limit
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        for name in NAMES:
            number = getattr(signal, name, None)
            if number is None or (name == "SIGHUP" and signal.getsignal(number) is signal.SIG_IGN):
                continue
            with contextlib.suppress(ValueError):  # not on the main thread: whoever runs it ends it
                self._before[number] = signal.signal(number, self._caught)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _caught(self, number: int, _frame: object) -> None:
        if self._stop.is_set():
            at_once()
        self._stop.set()
        if self._limit is not None:
            ending = threading.Timer(self._limit, at_once)
            ending.daemon = True
            ending.start()
        more = "; Ctrl-C once more ends it at once" if number == signal.SIGINT else ""
        report(f"\nstopping{more}\n" if more else "stopping\n")


def report(text: str) -> None:
    """A few words at once, from a thread of their own: the terminal may have gone, or be held."""

    def write() -> None:
        with contextlib.suppress(OSError):
            os.write(2, text.encode())

    threading.Thread(target=write, daemon=True).start()


def at_once() -> None:
    """End the process on the spot, the terminal as it was."""
    with contextlib.suppress(Exception):  # whatever it is, the process ends
        leave_terminal()
    os._exit(AT_ONCE)


def leave(code: int) -> None:
    """End the process now. All that was opened is closed; what libraries still take down by
    themselves can take seconds, and would hold a terminal, or a supervisor that counts them, for as
    long. A terminal that nobody reads is not waited for."""

    def flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it
                stream.flush()

    flushing = threading.Thread(target=flush, daemon=True)
    flushing.start()
    flushing.join(0.3)
    os._exit(code)
