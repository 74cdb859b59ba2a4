"""How long a show takes until its first generated frame: `--startup-times`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def process_age() -> float:
    """Seconds since this process began, from the kernel's table of processes; 0 on systems without
    /proc."""
    with suppress(OSError, ValueError, IndexError, AttributeError):
        fields = Path("/proc/self/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        up = float(Path("/proc/uptime").read_text(encoding="ascii").split()[0])
        return max(0.0, up - int(fields[19]) / os.sysconf("SC_CLK_TCK"))
    return 0.0


class StartupTimes:
    """Moments on the way to the first generated frame. From any thread."""

    def __init__(self, now: Callable[[], float] = time.perf_counter) -> None:
        """now: seconds."""
        self._now, self._begun = now, now() - process_age()
        self._lock = threading.Lock()
        self._moments: list[tuple[str, float]] = [("Python", now() - self._begun)]
        self._done = False

    def record(self, name: str) -> None:
        """This step is done now. After `report` nothing more is recorded."""
        with self._lock:
            if not self._done:
                self._moments.append((name, self._now() - self._begun))

    def report(self) -> list[str]:
        """A line for each step: seconds since the process began, and since the step before."""
        with self._lock:
            self._done = True
            moments = list(self._moments)
        lines = ["seconds from the start, and since the line before"]
        before = 0.0
        for name, moment in moments:
            lines.append(f"  {moment:6.2f}  {moment - before:6.2f}  {name}")
            before = moment
        return lines
