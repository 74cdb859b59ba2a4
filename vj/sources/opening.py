"""Opening a source in the background, with a timeout."""

from __future__ import annotations

import threading
import time

from vj.core.errors import Fault
from vj.sources import Awaited, Source

PATIENCE = 60.0
"""Seconds that a source gets to open in a rendering: there are pictures that are decoded all at
once, lists of many clips, disks that have to wake up."""


def patience(source: Source) -> float | None:
    """Seconds that this one gets; None: as long as it takes."""
    found: float | None = getattr(source, "opening", PATIENCE)
    return found


class Opening:
    """A source that is being opened on a thread of its own; this may block for ever."""

    def __init__(self, name: str, source: Source) -> None:
        self.name, self.source = name, source
        self.done = threading.Event()
        self._fault: Fault | None = None
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._abandoned = False
        threading.Thread(target=self._open, name=f"opening {name}", daemon=True).start()

    def age(self) -> float:
        """Seconds since opening began."""
        return time.monotonic() - self._begun

    def wait(self, limit: float | None) -> Fault | None:
        """Why it does not open; None once it is open. limit: timeout in seconds since opening
        began, after which it is abandoned; None: no timeout."""
        if self.done.wait(None if limit is None else max(0.0, limit - self.age())):
            return self._fault
        self.abandon()
        return Awaited(f"{self.name} has not opened for {self.age():.0f} s")

    def abandon(self) -> None:
        """Close it: now, or when opening returns."""
        with self._lock:
            self._abandoned = True
            if self.done.is_set():
                self.source.close()

    def _open(self) -> None:
        try:
            self.source.open()
        except Exception as error:  # a driver's own exceptions too, or `wait` would never return
            report = f"{self.name[:120]}: {type(error).__name__}: {error}"[:300]
            self._fault = error if isinstance(error, Fault) else Fault(report)
        with self._lock:
            self.done.set()
            if self._abandoned:
                self.source.close()
