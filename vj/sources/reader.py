"""One source on a thread of its own: whatever its driver, its disk or its network does, nobody else
waits for it."""

from __future__ import annotations

import threading
from collections.abc import Callable

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, Size
from vj.core.supervisor import Supervisor
from vj.sources import Awaited, EndOfSource, Source, SourceSettings
from vj.sources.missing import may_begin_anew

GRACE = 1.0
"""Seconds that a source gets for its first picture before the next one of the list is opened."""

PATIENCE = 3.0
"""Seconds for which the last picture stands when a source gives none; then the next one of the list
plays."""

RETRY = (0.5, 1.0, 2.0, 3.0)
"""Seconds between attempts to open a source again; the last one repeats."""


class Reader:
    """Opens a source, reads it, and opens it again when it is lost, until it is stopped. Plays
    once: after `stop` another one is made.

    Opening may take for ever (a pipe that nobody writes into, a share that does not answer, a
    driver that hangs): the thread is left to itself then, and closes the source should it ever come
    back.
    """

    def __init__(
        self,
        uri: str,
        make: Callable[[str, SourceSettings], Source],
        setting: SourceSettings,
        hear: Callable[[Reader, Frame], None],
        lose: Callable[[Reader, str], None],
        supervisor: Supervisor,
    ) -> None:
        """make: gives the source, not yet open. hear: gets every frame, on this thread. lose: is
        told once, when the source can't be opened, or is lost, and why."""
        self.uri, self.setting = uri, setting
        self._make, self._hear, self._lose, self._supervisor = make, hear, lose, supervisor
        self.latest: Frame | None = None
        self.frames = 0
        self.faults = 0
        self.ended = False
        """A clip played once has come to its end."""
        self.trouble = ""
        """Why there are no pictures."""
        self.rejected: Exception | None = None
        """Why it never was there and does not look as if it would come: a name that is wrong, a
        library that is missing."""
        self.size: Size | None = None
        self.missed = self.passed = False
        """Has been said to be missing; and what plays instead. Left to whoever says so."""
        self.may_begin_anew = False
        """It can be opened once more and has a first picture. Found out here, since a disk may be
        asked for it."""
        self.source: Source | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._open = False
        self._begun = self._heard = self._next_try = 0.0
        self._tries = 0

    def start(self) -> None:
        self._begun = self.setting.clock.now()
        self._thread = self._supervisor.start(f"source {self.uri}", self._run, self._stop.is_set)

    def end(self) -> None:
        """Close the source as soon as it lets itself be closed. Does not wait, and nothing is heard
        of it any more."""
        self._stop.set()

    def stop(self, timeout: float) -> bool:
        """The same, and wait. False when it hangs for longer than that, in seconds."""
        self._stop.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(timeout)
        return self._thread is None or not self._thread.is_alive()

    @property
    def opened(self) -> bool:
        """It is open, with or without pictures."""
        return self._open

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    def there(self, now: float) -> bool:
        """It gives pictures, or did a moment ago. now: seconds on the clock."""
        return self.latest is not None and (self.ended or now - self._heard <= PATIENCE)

    def pending(self, now: float) -> bool:
        """It has had no time yet to show whether it is there."""
        return self.frames == 0 and self._tries == 0 and now - self._begun < GRACE

    @property
    def hopeless(self) -> bool:
        """It is not tried again: what it needs does not come by itself."""
        return isinstance(self.rejected, Unavailable)

    def _run(self) -> None:
        while not (self._stop.is_set() or self.ended or self.hopeless):
            frame = self._read() if self._open or self._try() else None
            if frame is not None and not self._stop.is_set():
                self._take(frame)
            elif not self._open:
                self._stop.wait(0.05)
        self._close()

    def _try(self) -> bool:
        """Open the source when it is time; True when that worked."""
        if self.setting.clock.now() < self._next_try:
            return False
        try:
            if self.source is None:
                self.source = self._make(self.uri, self.setting)
            elif self._tries or self.frames:
                self.source.close()
            self.source.open()
        except Exception as error:  # whatever a driver throws, the others play on
            self._fail(error)
            return False
        self._open, self.may_begin_anew = True, may_begin_anew(self.uri)
        return True

    def _read(self) -> Frame | None:
        assert self.source is not None
        try:
            frame = self.source.read()
        except EndOfSource:
            self.ended = True
            return None
        except Exception as error:  # as above
            self._fail(error)
            return None
        if frame is None and not self.source.live and self.frames:
            self._heard = self.setting.clock.now()  # a clip's next picture is not due yet
        return frame

    def _take(self, frame: Frame) -> None:
        self._heard = self.setting.clock.now()
        self._tries, self.trouble, self.rejected = 0, "", None
        self.latest = frame
        self.frames += 1
        self._hear(self, frame)

    def _fail(self, error: Exception) -> None:
        self._open = False
        self.faults += 1
        report = (
            str(error)
            if isinstance(error, Fault)
            else f"{self.uri[:120]}: {type(error).__name__}: {error}"[:300]
        )
        wrong = self.frames == 0 and isinstance(error, Fault) and not isinstance(error, Awaited)
        if wrong or isinstance(error, Unavailable):
            self.rejected = error
        first, self.trouble = self._tries == 0, report
        self._next_try = self.setting.clock.now() + RETRY[min(self._tries, len(RETRY) - 1)]
        self._tries += 1
        if first and not self._stop.is_set():
            self._lose(self, report)

    def _close(self) -> None:
        if self.source is None:
            return
        try:
            self.source.close()
        except Exception as error:  # a driver's last word
            self.setting.log(f"{self.uri} at closing: {type(error).__name__}: {error}")
