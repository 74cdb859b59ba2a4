"""One source on a thread of its own: its driver, disk or network may block, and nothing else waits
for it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, Size
from vj.core.supervisor import Supervisor
from vj.sources import Awaited, EndOfSource, Source, SourceSettings
from vj.sources.clip_start import ClipStart
from vj.sources.missing import can_restart
from vj.sources.network import without_password
from vj.sources.transport import Place, Transport, TransportControl

FIRST_FRAME_TIMEOUT = 1.0
"""Seconds that a source gets for its first frame before the next one of the list is opened."""

LOST_TIMEOUT = 3.0
"""Seconds without a frame, during which the last one stays, after which the next source of the list
plays."""

LOOK_AGAIN = 0.5
"""Seconds until a clip that stands by goes to where the part that plays begins now."""

PATIENCE = 0.05
"""Seconds for which one that stands by waits for others before it looks whether it is wanted."""

_finding = threading.Lock()
"""Those that stand by and are to begin elsewhere find their pictures one after the other: what
plays needs the processor, too."""

RETRY_DELAYS = (0.5, 1.0, 2.0, 3.0)
"""Seconds between attempts to open a source again; the last one repeats."""

UNSTEADY = 10.0
"""Seconds in which a source that is lost for the third time comes and goes: which is said once."""


class Reader:
    """Opens a source, reads it, and retries when it is lost, until it is stopped. Used once: after
    `stop` another one is made. One that stands by is opened, holds the picture it begins with, and
    goes on when told to; a device, whose pictures come at their own pace, is read on meanwhile.

    Opening may block for ever (a pipe without a writer, a share that does not answer, a driver that
    hangs): the thread is abandoned then, and closes the source should the call ever return.
    """

    def __init__(
        self,
        uri: str,
        make: Callable[[str, SourceSettings], Source],
        settings: SourceSettings,
        on_frame: Callable[[Reader, Frame], None],
        on_lost: Callable[[Reader, str], None],
        supervisor: Supervisor,
        on_end: Callable[[Reader], None] = lambda reader: None,
        stands_by: bool = False,
    ) -> None:
        """make: makes the source, not yet open. on_frame: called with every frame, on the reader's
        thread. on_lost: called once, with the reason, when the source can't be opened or is lost.
        on_end: called when a clip has come to its end and is to make way for the next one."""
        self.uri, self.settings = uri, settings
        self._make, self._supervisor = make, supervisor
        self._on_frame, self._on_lost, self._on_end = on_frame, on_lost, on_end
        self._stands_by = stands_by
        self.latest: Frame | None = None
        self.frames = 0
        self.faults = 0
        self.control = settings.transport
        self._beginning = ClipStart(settings.transport)
        self.at_end = False
        """It is a clip that makes way for the next one, and has come to its end."""
        self.ended = False
        """A clip that does not loop is at its end."""
        self.fault_text = ""
        """Why there are no frames; empty while there are."""
        self.rejected: Exception | None = None
        """Why it was never available and does not look as if it would be: a wrong name, a missing
        library."""
        self.size: Size | None = None
        self.again = False
        """It was playing and is opened once more: its last picture stays as a lost one's does."""
        self.reported_missing = self.reported_skipped = False
        """Set by `Capture`: it has logged that the source is missing, and what plays instead."""
        self.unsteady = False
        """It comes and goes, which was said."""
        self._losses: list[float] = []
        """Of the last `UNSTEADY` seconds, on the clock."""
        self.can_restart = False
        """See `missing.can_restart`. Found out on this thread, since it may access the disk."""
        self.source: Source | None = None
        self._stop = threading.Event()
        self._go = threading.Event()
        """It stands by no longer, or has to stop."""
        self.thread: threading.Thread | None = None
        self._open = False
        self._started_at = self._last_frame_at = self._next_try = 0.0
        self._tries = 0

    def start(self) -> None:
        self._started_at = self.settings.clock.now()
        self.thread = self._supervisor.start(
            f"source {without_password(self.uri)}", self._run, self._stop.is_set
        )

    def request_stop(self) -> None:
        """Close the source as soon as possible. Does not wait; no callback is called any more."""
        for event in (self._stop, self._go, self._beginning.told):
            event.set()

    def go(
        self,
        on_frame: Callable[[Reader, Frame], None],
        on_lost: Callable[[Reader, str], None],
        on_end: Callable[[Reader], None],
    ) -> None:
        """Stand by no longer: `latest` is as if it had come now, and the rest follows. The
        callbacks take the place of those that it was made with. Does not wait."""
        self._on_frame, self._on_lost, self._on_end = on_frame, on_lost, on_end
        if self.latest is not None:
            self._last_frame_at = now = self.settings.clock.now()
            self.latest = replace(self.latest, captured=now)
        if self.control is not None:
            self.control.share = 1.0
        if self._stands_by:
            self._beginning.seek()
        self._stands_by = False
        self._go.set()
        self._beginning.told.set()

    def begin_at(self, position: Place | None, transport: Callable[[], Transport]) -> None:
        """One that stands by shall begin there, or where the part that plays does; it is played by
        these controls. Does not wait: see `ready`."""
        self._beginning.tell(position, transport)

    def start_again(self) -> bool:
        """Go on from where the part that plays begins. False for what is not played by controls.
        Does not wait."""
        if self.control is None or self.place is None:
            return False
        self.control.restart()
        return True

    def stand_by(self) -> None:
        """It is played no longer, and its pictures go nowhere: a device is read on, a clip goes to
        where it is to begin next."""
        self._on_frame, self._on_lost, self._on_end = to_nobody, to_nobody, lambda reader: None
        self._beginning.anew()
        self._go.clear()
        self._stands_by = True

    def stop(self, timeout: float) -> bool:
        """The same, and wait up to `timeout` seconds. False when it hangs for longer."""
        self.request_stop()
        if self.thread is not None and self.thread is not threading.current_thread():
            self.thread.join(timeout)
        return self.thread is None or not self.thread.is_alive()

    def tell_loss(self, report: str) -> str:
        """What is to be said of a loss; empty where it comes and goes, which has been said."""
        now = self.settings.clock.now()
        self._losses = [at for at in (*self._losses, now) if now - at < UNSTEADY]
        known, self.unsteady = self.unsteady, len(self._losses) > 2
        if not self.unsteady:
            return f"{report}; trying again"
        return "" if known else f"{report}; it comes and goes, and is tried again each time"

    @property
    def opened(self) -> bool:
        """It is open, with or without frames."""
        return self._open

    @property
    def stopped(self) -> bool:
        return self._stop.is_set()

    @property
    def place(self) -> tuple[float, float] | None:
        """Where a clip stands, as a share of it, and its length in seconds; None for what has no
        length."""
        source = self.source
        position = getattr(source, "position", None) if self._open else None
        share = None if position is None else position()
        return None if share is None else (share, float(getattr(source, "length", 0.0)))

    def is_available(self, now: float) -> bool:
        """It gives frames, or did within `LOST_TIMEOUT`. now: seconds on the clock."""
        return self.latest is not None and (self.ended or now - self._last_frame_at <= LOST_TIMEOUT)

    @property
    def ready(self) -> bool:
        """It stands by, and has the picture that it is to begin with."""
        if self.latest is None or self.ended or self.stopped or self.fault_text:
            return False
        if self.source is not None and self.source.live:
            return self.is_available(self.settings.clock.now())
        return self._beginning.ready

    def is_pending(self, now: float) -> bool:
        """It is being opened for the first time, and its time for the first frame is not over."""
        limit = LOST_TIMEOUT if self.again else FIRST_FRAME_TIMEOUT
        return self.untried and now - self._started_at < limit

    @property
    def untried(self) -> bool:
        """It is being opened for the first time, however long that takes."""
        return self.frames == 0 and self._tries == 0

    @property
    def failed_for_good(self) -> bool:
        """It is not retried: what it needs will not appear by itself."""
        return isinstance(self.rejected, Unavailable)

    def _run(self) -> None:
        while not (self._stop.is_set() or self.ended or self.failed_for_good):
            frame = self._read() if self._open or self._try_open() else None
            if frame is not None and not self._stop.is_set():
                self._deliver(frame)
            elif not self._open:
                self._stop.wait(0.05)
            if self._stands_by and self._open and self.frames and not self._stop.is_set():
                self._stand()
        self._close()

    def _stand(self) -> None:
        """Hold the picture that it is to begin with until it is time to go."""
        beginning = self._beginning
        if self.source is None or self.source.live:
            return
        if beginning.fresh:
            beginning.stand(beginning.first)
        while not self._go.is_set():
            place = beginning.place
            if not beginning.stands_at(place) and self.place is not None:
                frame = self._found()
                if not self._open:
                    return
                if frame is None:
                    continue
                self.latest = frame
            beginning.stand(place)
            beginning.told.wait(LOOK_AGAIN)
            beginning.told.clear()
        beginning.stand(None)

    def _found(self) -> Frame | None:
        """The picture where it is to begin; after those of others, as long as nobody waits."""
        waited = False
        while not (waited or self._beginning.wanted or self._go.is_set()):
            waited = _finding.acquire(timeout=PATIENCE)
        try:
            self._beginning.seek()
            return self._read()
        finally:
            if waited:
                _finding.release()

    def _try_open(self) -> bool:
        """Open the source when the next retry is due; True when that worked."""
        if self.settings.clock.now() < self._next_try:
            return False
        try:
            if self.source is None:
                self.source = self._make(self.uri, self.settings)
            elif self._tries or self.frames:
                self.source.close()
            self.source.open()
        except Exception as error:  # whatever a driver raises, the other sources go on
            self._fail(error)
            return False
        self._open, self.can_restart = True, can_restart(self.uri)
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
            self._last_frame_at = self.settings.clock.now()  # a clip's next picture is not due yet
        self._look_for_end()
        return frame

    def _look_for_end(self) -> None:
        """A clip that makes way for the next one at its end has come there."""
        control = self.control
        if control is None:
            return
        over = control.over is not None and control.now().loop == "next"
        if over and not self.at_end and not self._stop.is_set():
            self._on_end(self)
        self.at_end = over

    def _deliver(self, frame: Frame) -> None:
        self._last_frame_at = self.settings.clock.now()
        self._tries, self.fault_text, self.rejected = 0, "", None
        if frame.place is not None:
            frame = replace(frame, place=replace(frame.place, uri=self.uri))
        self.latest = frame
        self.frames += 1
        self._on_frame(self, frame)

    def _fail(self, error: Exception) -> None:
        self._open = False
        self.faults += 1
        report = (
            str(error)
            if isinstance(error, Fault)
            else f"{self.uri[:120]}: {type(error).__name__}: {error}"[:300]
        )
        wrong = self.frames == 0 and isinstance(error, Fault) and not isinstance(error, Awaited)
        self.rejected = error if wrong or isinstance(error, Unavailable) else self.rejected
        first, self.fault_text = self._tries == 0, report
        asked = error.retry if isinstance(error, Awaited) else None
        delay = RETRY_DELAYS[min(self._tries, len(RETRY_DELAYS) - 1)] if asked is None else asked
        self._next_try = self.settings.clock.now() + delay
        self._tries += 1
        if first and not self._stop.is_set():
            self._on_lost(self, report)

    def _close(self) -> None:
        if self.source is None:
            return
        try:
            self.source.close()
        except Exception as error:  # a driver's own exceptions
            self.settings.log(f"{self.uri} at closing: {type(error).__name__}: {error}")


def with_transport(
    settings: SourceSettings, transport: Callable[[], Transport] | None
) -> SourceSettings:
    """Settings of one source, which has controls of its own, so that a seek is not that of the one
    before. None: it is played without."""
    if transport is None:
        return settings
    return replace(settings, transport=TransportControl(transport))


def to_nobody(reader: Reader, what: object) -> None:
    """A callback of one that stands by."""
