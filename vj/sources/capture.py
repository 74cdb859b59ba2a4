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
from vj.sources import SourceSettings, capture_status, make_source
from vj.sources.change import (
    SourceChange,
    SourceSlot,
    wait_for_one,
    with_readers,
)
from vj.sources.fade import SourceFade
from vj.sources.fallback_card import TEST_CARD, FallbackCard
from vj.sources.reader import FIRST_FRAME_TIMEOUT, Reader, with_transport
from vj.sources.shared import Make
from vj.sources.source_list import SourceList
from vj.sources.transport import Transport

CROSSFADE = 0.5
"""Seconds of the crossfade from one source to another, where nobody says otherwise."""

POLL_PERIOD = 0.04
"""Seconds between two checks of which sources are available."""


class Capture:
    """Puts the newest frame of the first available source into a mailbox.

    When a source is lost, its last picture stays; after `LOST_TIMEOUT` the next of the list plays,
    after the last one the test card. All sources listed before the one that plays are retried all
    the while, and fade in when they appear; those after it are closed. Frames are numbered here.
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
        transport: Callable[[], Transport] | None = None,
        test_card: bool = True,
        name: str = "sources",
    ) -> None:
        """on_message: takes messages for the user, from any thread. supervisor: restarts the
        threads should they end. make: makes sources, not yet open. crossfade: seconds that the next
        crossfade lasts, 0 for a cut; transport: how clips are played; neither may block. test_card:
        it plays when no source is available; else the last picture stays. name: of the thread."""
        self._supervisor = supervisor or Supervisor(on_message)
        self.settings = settings
        """For sources that are opened from now on."""
        self.frames = 0
        self.faults = 0
        """How often a source could not be opened or was lost."""
        self.inbox, self._log, self._make = inbox, on_message, make
        self._playing: Reader | None = None
        self._fade, self._crossfade = SourceFade(), crossfade
        self._shown: Frame | None = None
        self._put_at = 0.0
        self._transport, self._may_card, self._name = transport, test_card, name
        self.on_next: Callable[[], None] = lambda: None
        """Called when the clip that plays is at its end and the next source is to follow; on a
        thread of its own, which it may hold up for a moment."""
        self.keep: Callable[[Reader], bool] = lambda reader: False
        """Asked before a source that is no longer needed is closed: True where somebody else goes
        on with it. Must not block."""
        self._restarted: Reader | None = None
        """Was restarted, and has given no frame yet."""
        self._pending_lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        """Messages, logged without holding the lock: a terminal may block, and frames must not wait
        for it."""
        self._list = SourceList(
            uris,
            lambda uri: self._begin(uri, self._make),
            lambda text: self._begin(TEST_CARD, lambda _, settings: FallbackCard(text, settings)),
            lambda reader: self.keep(reader),
            self._pending_lines.put,
        )
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._lock = threading.RLock()

    def start(self) -> None:
        """Begin to open the sources. Does not wait; call `settle` next."""
        self._list.settled = False
        self._thread = self._supervisor.start(self._name, self._run, self._stop.is_set)

    def settle(self, seconds: float, still: Callable[[], bool] = lambda: True) -> None:
        """Wait until a source is open, `seconds` at most and while `still`. Raises Fault when none
        looks as if it would ever appear."""

        def over() -> bool:
            return self._stop.is_set() or not still()

        wait_for_one(lambda: self._list.slots, self.settings.clock, seconds, over)
        self._list.settled = True

    def stop(self, timeout: float = 2.0) -> bool:
        """Stop, and close the sources. False when one hangs for longer than `timeout` seconds; it
        closes when its driver returns."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        with self._lock:
            readers = self._list.readers
        readers = [reader for reader in readers if not self.keep(reader)]
        for reader in readers:
            reader.request_stop()
        end = self.settings.clock.now() + timeout
        stopped = [reader.stop(max(0.0, end - self.settings.clock.now())) for reader in readers]
        return all(stopped)

    def restart(self) -> bool:
        """Go back to the first picture of the source that plays, if it is a clip or the like, by
        opening it again. False if it is not."""
        with self._lock:
            old = self._playing
            slot = self._list.slot_of(old)
            if old is None or slot is None or not old.can_restart:
                return False
            self._restarted = self._playing = slot.reader = self._begin(slot.uri, self._make)
            self._playing.again = True
            self._fade.end()
            old.request_stop()
            return True

    def start_again(self) -> None:
        """The clip that plays goes on from where the part that plays begins. Does not wait."""
        reader = self._playing
        if reader is None or not reader.start_again():
            self.restart()

    @property
    def playing(self) -> Reader | None:
        """What plays, the test card too."""
        return self._playing

    @property
    def restarting(self) -> bool:
        """`restart` was called, and the first picture is not in the mailbox yet."""
        return self._restarted is not None

    @property
    def uri(self) -> str:
        """The source that plays; the first of the list while none does."""
        playing = self._playing
        if playing is not None and playing.uri != TEST_CARD:
            return playing.uri
        return self.first

    @property
    def first(self) -> str:
        """The URI of the source that is preferred to all others."""
        return self._list.slots[0].uri

    def has(self, uri: str) -> bool:
        """It is open, or being opened."""
        return any(slot.uri == uri and slot.reader is not None for slot in self._list.slots)

    @property
    def ended(self) -> bool:
        """A clip played once has come to its end."""
        playing = self._playing
        return playing is not None and playing.ended

    @property
    def awaited(self) -> list[str]:
        """See `capture_status.awaited`."""
        return capture_status.awaited(self._list.slots, self._playing, self.settings.clock.now())

    def state(self) -> str:
        """See `capture_status.in_words`."""
        return capture_status.in_words(self._list.slots, self._playing, self.settings.clock.now())

    def _run(self) -> None:
        while not self._stop.wait(POLL_PERIOD):
            self.update()
            self._report()

    def update(self) -> None:
        """Check which sources are available, and switch to the right one. Called periodically."""
        with self._lock:
            now = self.settings.clock.now()
            playing = self._playing
            best, waiting = self._list.first_available(now, not self.frames, playing)
            if best is not None:
                if best is not playing:
                    self._switch_to(best, now)
            elif not waiting and (playing is None or not playing.is_available(now)):
                self._stand_in(now)
            self._continue_fade(now)
            self._close_unused(best, now)

    def _report(self) -> None:
        while not self._pending_lines.empty():
            self._log(self._pending_lines.get())

    def _begin(self, uri: str, make: Make, settings: SourceSettings | None = None) -> Reader:
        reader = Reader(
            uri,
            make,
            with_transport(settings or self.settings, self._transport),
            self._on_frame,
            self._on_lost,
            self._supervisor,
            self._on_end,
        )
        reader.start()
        return reader

    def _stand_in(self, now: float) -> None:
        """Switch to the test card: no source is available."""
        if not (self._list.settled and self._may_card):
            return  # the show may not begin at all, or another deck plays
        card = self._list.test_card(now, self._playing is None)
        if card is not None and card is not self._playing:
            self._switch_to(card, now)

    def _switch_to(self, reader: Reader, now: float) -> None:
        """Start the crossfade to a source."""
        before, self._playing = self._playing, reader
        self._fade.begin(before, self._shown, now, self._crossfade())
        if before is not None and self._fade.old is None and reader.latest is not None:  # a cut
            self._put(reader.latest)

    def _continue_fade(self, now: float) -> None:
        """Go on with the crossfade when the new source gives too few frames for it, and end it with
        its latest frame."""
        latest = self._playing.latest if self._playing is not None else None
        if latest is not None and (mixed := self._fade.go_on(latest, now, self._put_at)):
            self._put(mixed)

    def _close_unused(self, best: Reader | None, now: float) -> None:
        """Close sources that are neither needed nor visible any more."""
        needed = (self._playing, self._fade.old)
        fine = best is not None or (self._playing is not None and self._playing.is_available(now))
        self._list.close_unused(best, needed, fine)

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
            # without a frame it is logged together with what plays instead
            if reader.frames and (words := reader.tell_loss(report)):
                reader.reported_missing = not reader.unsteady
                self._pending_lines.put(words)

    def _on_end(self, reader: Reader) -> None:
        """A clip is at its end, and its last picture stands until another source plays."""
        if reader is self._playing:
            self.on_next()

    def _put(self, frame: Frame) -> None:
        if self._stop.is_set():
            return
        self._put_at, self._shown = self.settings.clock.now(), frame
        self.inbox.put(replace(frame, number=self.frames))
        self.frames += 1

    def prepare(
        self,
        uris: Sequence[str],
        settings: SourceSettings,
        reopen: Collection[str] = (),
        conflicting: Collection[str] = (),
        seconds: float = FIRST_FRAME_TIMEOUT,
        wanted: str = "",
        still: Callable[[], bool] = lambda: True,
    ) -> SourceChange:
        """Open the sources of another list while this one plays, as far as they are needed. reopen:
        those that have to be opened once more, though they play. conflicting: those that have to
        be closed before. seconds: timeout for the new ones; those not available by then are retried
        later, and the present source goes on until one is. wanted: one for which no other is good
        enough. still: False ends the waiting: another list is wanted by now. Raises Fault when the
        wanted one, or every one, looks as if it would never appear."""
        with self._lock:
            slots = with_readers(uris, self._list.slots, [*reopen, *conflicting])
            present = self._list.slots
            suspended = [slot for slot in present if slot.uri in conflicting and slot.reader]
            for slot in suspended:
                slot.suspended = True

        def begin(uri: str) -> Reader:
            return self._begin(uri, self._make, settings)

        def switch() -> None:
            self._adopt(slots, settings)
            self.update()

        change = SourceChange(slots, suspended, begin, switch, settings.clock)
        try:
            change.open(seconds, wanted, still)
        except Exception:
            change.drop()
            raise
        return change

    def cut(self, uris: Sequence[str], settings: SourceSettings, reader: Reader) -> None:
        """Play another list of sources at once: its picture is in the mailbox as this returns, or
        begins to fade in. reader: of the first of the list; it stands by, ready. Does not wait for
        a source."""
        with self._lock:
            slots = with_readers(uris, self._list.slots, [reader.uri])
            slots[0].reader = reader
            self._adopt(slots, settings)
            reader.go(self._on_frame, self._on_lost, self._on_end)
            before = self._playing
            self._switch_to(reader, self.settings.clock.now())
            if before is None and reader.latest is not None:
                self._put(reader.latest)
            self._close_unused(reader, self.settings.clock.now())

    def _adopt(self, slots: list[SourceSlot], settings: SourceSettings) -> None:
        """Switch to another list; a source that plays and is not in it goes on until one of it is
        available."""
        with self._lock:
            self._list.adopt(slots, (self._playing, self._fade.old))
            self.settings = settings
