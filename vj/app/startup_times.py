"""Where the time goes until a show paints: `--startup-times`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def since_the_process_began() -> float:
    """Seconds, from the kernel's table of processes; 0 where there is none."""
    with suppress(OSError, ValueError, IndexError, AttributeError):
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return max(0.0, up - int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    return 0.0


class Startup:
    """Moments on the way to the first generated frame. From any thread."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        self._now, self._begun = now, now() - since_the_process_began()
        self._lock = threading.Lock()
        self._marks: list[tuple[str, float]] = [("Python", now() - self._begun)]
        self._done = False

    def mark(self, name: str) -> None:
        """So far it took until this was done. After `report` nothing is taken down."""
        with self._lock:
            if not self._done:
                self._marks.append((name, self._now() - self._begun))

    def report(self) -> list[str]:
        """A line for each: seconds since the process began, and since the mark before."""
        with self._lock:
            self._done = True
            marks = list(self._marks)
        lines = ["seconds from the start, and since the line before"]
        before = 0.0
        for name, moment in marks:
            lines.append(f"  {moment:6.2f}  {moment - before:6.2f}  {name}")
            before = moment
        return lines
