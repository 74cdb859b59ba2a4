"""The sources of a show, in order of preference: the first one that is available plays, the others
are fallbacks."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.core.supervisor import Supervisor
from vj.sources import Source, SourceSettings, capture_status, make_source
from vj.sources.change import SourceChange, SourceSlot, open_fault
from vj.sources.fade import SourceFade
from vj.sources.fallback_card import TEST_CARD, FallbackCard
from vj.sources.reader import FIRST_FRAME_TIMEOUT, Reader

CROSSFADE = 0.5
"""Seconds of the crossfade from one source to another, where nobody says otherwise."""

POLL_PERIOD = 0.04
"""Seconds between two checks of which sources are available."""

Make = Callable[[str, SourceSettings], Source]


class Capture:
    """Puts the newest frame of the first available source into a mailbox.

    When a source is lost, its last picture stays; after `LOST_TIMEOUT` the next of the list plays,
    after the last one the test card. All sources listed before the one that plays are retried all
    the while, and fade in when they appear; those after it are closed. Frames are numbered here, so
    that the numbers rise through all of that.
    """

    def __init__(
        self,
        uris: Sequence[str],
        inbox: Mailbox[Frame],
        settings: SourceSettings,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
        make: Make = make_source,
        crossfade: Callable[[], float] = lambda: CROSSFADE,
    ) -> None:
        """on_message: takes messages for the user, from any thread. supervisor: restarts the
        threads should they end. make: makes sources, not yet open. crossfade: seconds that the next
        crossfade lasts, 0 for a cut; must not block."""
        self._supervisor = supervisor or Supervisor(on_message)
        self.settings = settings
        """For sources that are opened from now on."""
        self.frames = 0
        self.faults = 0
        """How often a source could not be opened or was lost."""
        self._inbox, self._log, self._make = inbox, on_message, make
        self._slots = [SourceSlot(uri) for uri in dict.fromkeys(uris)]
        self._playing: Reader | None = None
        self._fade, self._crossfade = SourceFade(), crossfade
        self._shown: Frame | None = None
        self._put_at = 0.0
        self._card: Reader | None = None
        self._restarted: Reader | None = None
        """Was restarted, and has given no frame yet."""
        self._retiring: list[Reader] = []
        """No longer in the list, read on until another source plays."""
        self._settled = True
        """`settle` is over, or was not called: from then on sources that look wrong are retried,
        too."""
        self._pending_lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        """Messages, logged without holding the lock: a terminal may block, and frames must not wait
        for it."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()

    def start(self) -> None:
        """Begin to open the sources. Does not wait; call `settle` next."""
        self._settled = False
        self._thread = self._supervisor.start("sources", self._run, self._stop.is_set)

    def settle(self, seconds: float) -> None:
        """Wait until a source is open, `seconds` at most. Raises Fault when none looks as if it
        would ever appear."""
        end = self.settings.clock.now() + seconds
        while self.settings.clock.now() < end and not self._stop.is_set():
            readers = [slot.reader for slot in self._slots]
            tried = all(reader is not None and reader.fault_text for reader in readers)
            fault = open_fault(self._slots)
            if fault is not None:
                raise fault
            if tried or any(reader is not None and reader.opened for reader in readers):
                break
            self._stop.wait(0.005)
        self._settled = True

    def stop(self, timeout: float = 2.0) -> bool:
        """Stop, and close the sources. False when one hangs for longer than `timeout` seconds; it
        closes when its driver returns."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        with self._lock:
            readers = self._readers()
        for reader in readers:
            reader.request_stop()
        end = self.settings.clock.now() + timeout
        stopped = [reader.stop(max(0.0, end - self.settings.clock.now())) for reader in readers]
        return all(stopped)

    def restart(self) -> bool:
        """Go back to the first picture of the source that plays, if it is a clip or the like. False
        if it is not."""
        with self._lock:
            old = self._playing
            slot = next(
                (slot for slot in self._slots if old is not None and slot.reader is old), None
            )
            if old is None or slot is None or not old.can_restart:
                return False
            self._restarted = self._playing = slot.reader = self._begin(slot.uri, self._make)
            self._fade.end()
            old.request_stop()
            return True

    @property
    def restarting(self) -> bool:
        """`restart` was called, and the first picture is not in the mailbox yet."""
        return self._restarted is not None

    @property
    def uri(self) -> str:
        """The source that plays; the first of the list while none does."""
        playing = self._playing
        return (
            playing.uri if playing is not None and playing.uri != TEST_CARD else self._slots[0].uri
        )

    @property
    def ended(self) -> bool:
        """A clip played once has come to its end."""
        playing = self._playing
        return playing is not None and playing.ended

    @property
    def awaited(self) -> list[str]:
        """See `capture_status.awaited`."""
        return capture_status.awaited(self._slots, self._playing, self.settings.clock.now())

    def state(self) -> str:
        """See `capture_status.in_words`."""
        return capture_status.in_words(self._slots, self._playing, self.settings.clock.now())

    # Which source plays.

    def _run(self) -> None:
        while not self._stop.wait(POLL_PERIOD):
            self.update()
            self._report()

    def update(self) -> None:
        """Check which sources are available, and switch to the right one. Called periodically."""
        with self._lock:
            now = self.settings.clock.now()
            best, waiting = self._first_available(now)
            playing = self._playing
            if best is not None:
                if best is not playing:
                    self._switch_to(best, now)
            elif not waiting and (playing is None or not playing.is_available(now)):
                self._show_test_card(now)
            self._continue_fade(now)
            self._close_unused(best, now)

    def _report(self) -> None:
        while not self._pending_lines.empty():
            self._log(self._pending_lines.get())

    def _first_available(self, now: float) -> tuple[Reader | None, bool]:
        """The first available source, while all before it are being opened; and True if one that is
        still being opened has to be waited for instead."""
        for index, slot in enumerate(self._slots):
            if slot.suspended:
                return None, True
            reader = slot.reader
            if reader is None or reader.stopped:
                reader = slot.reader = self._begin(slot.uri, self._make)
            if reader.is_available(now):
                return reader, False
            if reader.is_pending(now):
                return None, True
            if not reader.reported_skipped and (self._settled or open_fault(self._slots) is None):
                self._skip(index, reader)
        return None, False

    def _skip(self, index: int, reader: Reader) -> None:
        """Log that a source is not available, and what plays instead."""
        reader.reported_missing = reader.reported_skipped = True
        following = next(iter(capture_status.hoped_for(self._slots[index + 1 :])), "")
        if not following and not self.frames:  # logged together with all others that are awaited
            if reader.fault_text:
                self._pending_lines.put(reader.fault_text)
            return
        self._pending_lines.put(capture_status.passed_over(reader, following))

    def _begin(self, uri: str, make: Make, settings: SourceSettings | None = None) -> Reader:
        reader = Reader(
            uri, make, settings or self.settings, self._on_frame, self._on_lost, self._supervisor
        )
        reader.start()
        return reader

    def _show_test_card(self, now: float) -> None:
        """Switch to the test card: no source is available."""
        if not self._settled:
            return  # the show may not begin at all
        if self._card is None:
            awaited = capture_status.hoped_for(self._slots)
            if self._playing is None and awaited:
                self._pending_lines.put(capture_status.none_there(awaited))
            missing = awaited[0] if awaited else self._slots[0].uri
            self._card = self._begin(
                TEST_CARD, lambda _, settings: FallbackCard(f"no picture from {missing}", settings)
            )
        elif self._card.is_available(now) and self._card is not self._playing:
            self._switch_to(self._card, now)

    def _switch_to(self, reader: Reader, now: float) -> None:
        """Start the crossfade to a source."""
        before, self._playing = self._playing, reader
        self._fade.begin(before, self._shown, now, self._crossfade())
        if before is not None and self._fade.old is None and reader.latest is not None:  # a cut
            self._put(reader.latest)

    def _continue_fade(self, now: float) -> None:
        """Go on with the crossfade when the new source gives too few frames for it, and end it with
        its latest frame."""
        reader = self._playing
        if reader is None or self._fade.old is None or reader.latest is None:
            return
        over = self._fade.is_over(now)
        if over or now - self._put_at >= POLL_PERIOD:
            self._put(self._fade.of(reader.latest, now))
        if over:
            self._fade.end()

    def _close_unused(self, best: Reader | None, now: float) -> None:
        """Close sources that are not needed: those after the one that plays, and those no longer in
        the list, once they are not visible any more."""
        needed = (self._playing, self._fade.old)
        fine = best is not None or (self._playing is not None and self._playing.is_available(now))
        if self._card is not None and self._card not in needed and fine:
            self._card.request_stop()
            self._card = None
        after = False
        for slot in self._slots:
            if after and slot.reader is not None and slot.reader not in needed:
                slot.reader.request_stop()
                slot.reader = None
            after = after or (best is not None and slot.reader is best)
        for reader in [reader for reader in self._retiring if reader not in needed]:
            reader.request_stop()
            self._retiring.remove(reader)

    # Called on the readers' threads.

    def _on_frame(self, reader: Reader, frame: Frame) -> None:
        """A frame has arrived."""
        with self._lock:
            if reader.reported_missing:
                reader.reported_missing = reader.reported_skipped = False
                self._pending_lines.put(
                    f"{reader.uri} is {'back' if reader.frames > 1 else 'there'}"
                )
            if self._playing is None and reader.uri != TEST_CARD:
                self.update()  # the very first frame does not wait for the next check
            if reader is not self._playing:
                return
            if reader.size is not None and frame.size != reader.size:
                self._pending_lines.put(f"{reader.uri} is {frame.size} now, was {reader.size}")
            reader.size = frame.size
            self._put(self._fade.of(frame, self.settings.clock.now()))
            if reader is self._restarted:
                self._restarted = None

    def _on_lost(self, reader: Reader, report: str) -> None:
        """The source could not be opened, or gives no more frames; it is retried."""
        with self._lock:
            self.faults += 1
            if not reader.frames:
                return  # logged together with what plays instead
            reader.reported_missing = True
            self._pending_lines.put(f"{report}; trying again")

    def _put(self, frame: Frame) -> None:
        if self._stop.is_set():
            return
        self._put_at, self._shown = self.settings.clock.now(), frame
        self._inbox.put(replace(frame, number=self.frames))
        self.frames += 1

    def _readers(self) -> list[Reader]:
        slots = [slot.reader for slot in self._slots]
        return [reader for reader in [*slots, self._card, *self._retiring] if reader is not None]

    # Changing the list.

    def prepare(
        self,
        uris: Sequence[str],
        settings: SourceSettings,
        reopen: Collection[str] = (),
        conflicting: Collection[str] = (),
        seconds: float = FIRST_FRAME_TIMEOUT,
        wanted: str = "",
    ) -> SourceChange:
        """Open the sources of another list while this one plays, as far as they are needed. reopen:
        those that have to be opened once more, though they play. conflicting: those that have to
        be closed before. seconds: timeout for the new ones; those not available by then are retried
        later, and the present source goes on until one is. wanted: one for which no other is good
        enough. Raises Fault when that one, or every one, looks as if it would never appear."""
        with self._lock:
            # A place without a reader gets a new one: one opened in the present list, after the
            # source that plays, would be closed at once.
            kept = {
                slot.uri: slot
                for slot in self._slots
                if slot.reader is not None
                and slot.uri not in reopen
                and slot.uri not in conflicting
            }
            slots = [kept.get(uri) or SourceSlot(uri) for uri in dict.fromkeys(uris)]
            suspended = [
                slot for slot in self._slots if slot.uri in conflicting and slot.reader is not None
            ]
            for slot in suspended:
                slot.suspended = True

        def begin(uri: str) -> Reader:
            return self._begin(uri, self._make, settings)

        change = SourceChange(
            slots, suspended, begin, lambda: self._adopt(slots, settings), settings.clock
        )
        try:
            change.open(seconds, wanted)
        except Exception:
            change.drop()
            raise
        return change

    def _adopt(self, slots: list[SourceSlot], settings: SourceSettings) -> None:
        """Switch to another list; a source that plays and is not in it goes on until one of it is
        available."""
        with self._lock:
            gone = [
                slot.reader for slot in self._slots if slot not in slots and slot.reader is not None
            ]
            for reader in gone:
                if reader in (self._playing, self._fade.old):
                    self._retiring.append(reader)
                else:
                    reader.request_stop()
            self._slots, self.settings = slots, settings
