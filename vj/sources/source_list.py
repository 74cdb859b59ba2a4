"""The sources of a deck in the order of preference, each with its reader while it is needed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence

from vj.sources import capture_status
from vj.sources.change import SourceSlot, open_fault
from vj.sources.network import in_public
from vj.sources.reader import Reader


class SourceList:
    """Belongs to whoever holds the lock of `Capture`."""

    def __init__(
        self,
        uris: Sequence[str],
        begin: Callable[[str], Reader],
        begin_card: Callable[[str], Reader],
        keep: Callable[[Reader], bool],
        say: Callable[[str], None],
    ) -> None:
        """begin: makes a started reader. begin_card: one of the test card with a text. keep:
        somebody else goes on with a reader that is not needed here. say: takes a message for the
        user; must not block."""
        self._begin, self._begin_card, self._keep, self._say = begin, begin_card, keep, say
        self._card: Reader | None = None
        self.slots = [SourceSlot(uri) for uri in dict.fromkeys(uris)]
        self._retiring: list[Reader] = []
        """No longer in the list, read on until another source plays."""
        self.settled = True
        """From then on sources that look wrong are retried, too."""

    def first_available(
        self, now: float, first_ever: bool, playing: Reader | None
    ) -> tuple[Reader | None, bool]:
        """The first available source, while all before it are being opened; and True if one that is
        still being opened has to be waited for instead. first_ever: no source has given a frame
        yet. playing: what is seen now, of this list or of the one before."""
        for index, slot in enumerate(self.slots):
            if slot.suspended:
                return None, True
            reader = slot.reader
            if reader is None or reader.stopped:
                reader = slot.reader = self._begin(slot.uri)
            if reader.is_available(now):
                return reader, False
            if reader.is_pending(now):
                return None, True
            if not reader.reported_skipped and (self.settled or open_fault(self.slots) is None):
                goes_on = playing is not None and playing.is_available(now)
                self._skip(index, reader, first_ever, goes_on and playing is not self._card)
        return None, False

    def _skip(self, index: int, reader: Reader, first_ever: bool, goes_on: bool) -> None:
        """Say that a source is not available, and what plays instead."""
        reader.reported_missing = reader.reported_skipped = True
        following = next(iter(capture_status.hoped_for(self.slots[index + 1 :])), "")
        if not following and first_ever:  # said together with all others that are awaited
            if reader.fault_text:
                self._say(reader.fault_text)
            return
        self._say(capture_status.passed_over(reader, following, goes_on))

    def test_card(self, now: float, first_ever: bool) -> Reader | None:
        """The test card, which says what is missing; None until it has a picture. first_ever: no
        source was seen so far."""
        if self._card is None:
            awaited = capture_status.hoped_for(self.slots)
            if first_ever and awaited:
                self._say(capture_status.none_there(awaited))
            missing = awaited[0] if awaited else self.slots[0].uri
            self._card = self._begin_card(f"no picture from {in_public(missing)}")
        return self._card if self._card.is_available(now) else None

    def slot_of(self, reader: Reader | None) -> SourceSlot | None:
        """The place of a reader in the list."""
        return next(
            (slot for slot in self.slots if reader is not None and slot.reader is reader), None
        )

    def adopt(self, slots: list[SourceSlot], needed: Collection[Reader | None]) -> None:
        """Go on with other slots. needed: what is seen now, and goes on until another plays."""
        for slot in self.slots:
            if slot in slots or slot.reader is None:
                continue
            if slot.reader in needed:
                self._retiring.append(slot.reader)
            else:
                self._close(slot.reader)
        self.slots = slots

    def close_unused(
        self, best: Reader | None, needed: Collection[Reader | None], fine: bool
    ) -> None:
        """Close sources that are not needed: those after the one that plays, and those no longer in
        the list, once they are not visible any more; and the test card, where all is fine."""
        if self._card is not None and self._card not in needed and fine:
            self._card.request_stop()
            self._card = None
        after = False
        for slot in self.slots:
            if after and slot.reader is not None and slot.reader not in needed:
                self._close(slot.reader)
                slot.reader = None
            after = after or (best is not None and slot.reader is best)
        for reader in [reader for reader in self._retiring if reader not in needed]:
            self._close(reader)
            self._retiring.remove(reader)

    @property
    def readers(self) -> list[Reader]:
        """All there are."""
        readers = [slot.reader for slot in self.slots]
        return [one for one in [*readers, *self._retiring, self._card] if one is not None]

    def _close(self, reader: Reader) -> None:
        if not self._keep(reader):
            reader.request_stop()
