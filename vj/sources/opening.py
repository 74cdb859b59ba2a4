"""Opening a source without waiting for it longer than one wants."""

from __future__ import annotations

import threading
import time

from vj.core.errors import Fault
from vj.sources import Awaited, Source


class Opening:
    """A source that is being opened on a thread of its own, which may take for ever."""

    def __init__(self, name: str, source: Source) -> None:
        self.name, self.source = name, source
        self.done = threading.Event()
        self._fault: Fault | None = None
        self._begun = time.monotonic()
        self._lock = threading.Lock()
        self._left = False
        threading.Thread(target=self._open, name=f"opening {name}", daemon=True).start()

    def age(self) -> float:
        """Seconds since it was begun."""
        return time.monotonic() - self._begun

    def wait(self, limit: float | None) -> Fault | None:
        """Why it does not open; None once it is open. limit: seconds since it was begun after which
        it is left to itself."""
        if self.done.wait(None if limit is None else max(0.0, limit - self.age())):
            return self._fault
        self.leave()
        return Awaited(f"{self.name} has not opened for {self.age():.0f} s")

    def leave(self) -> None:
        """It is not wanted any more: closed now, or when it comes back from opening."""
        with self._lock:
            self._left = True
            if self.done.is_set():
                self.source.close()

    def _open(self) -> None:
        try:
            self.source.open()
        except Exception as error:  # a driver's own exceptions too: whoever waits goes on
            report = f"{self.name[:120]}: {type(error).__name__}: {error}"[:300]
            self._fault = error if isinstance(error, Fault) else Fault(report)
        with self._lock:
            self.done.set()
            if self._left:
                self.source.close()
