"""Ending a show from outside: signals, and the end of the process within a fixed time."""

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
            with contextlib.suppress(ValueError):  # not on the main thread
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
    """Write a few words to stderr, on a thread of its own: the terminal may be closed or held."""

    def write() -> None:
        with contextlib.suppress(OSError):
            os.write(2, text.encode())

    threading.Thread(target=write, daemon=True).start()


def at_once() -> None:
    """End the process at once, with the terminal's settings restored."""
    with contextlib.suppress(Exception):  # whatever it is, the process ends
        leave_terminal()
    os._exit(AT_ONCE)


def leave(code: int) -> None:
    """End the process now. Everything was closed; what libraries do at exit can take seconds, and
    would hold up a terminal, or a supervisor that counts them. Nothing waits for a terminal that is
    held."""

    def flush() -> None:
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):  # closed, or nobody reads it
                stream.flush()

    flushing = threading.Thread(target=flush, daemon=True)
    flushing.start()
    flushing.join(0.3)
    os._exit(code)
