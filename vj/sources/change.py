"""Another list of sources for a running show: opened beside the present one, then switched to or
discarded."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from vj.core.clock import Clock, pause
from vj.core.errors import Fault
from vj.sources.reader import Reader

WANTED_TIMEOUT = 2.5
"""Seconds that a source for which no other is good enough gets for its first frame, while the
present one plays on."""


@dataclass(slots=True, eq=False)
class SourceSlot:
    """A source's place in the list. reader: None while it is not needed."""

    uri: str
    reader: Reader | None = None
    suspended: bool = False
    """Its source was closed so that another one can open the device."""


class SourceChange:
    """Another list of sources, ready to play: call `switch` or `drop`."""

    def __init__(
        self,
        slots: list[SourceSlot],
        suspended: list[SourceSlot],
        begin: Callable[[str], Reader],
        switch: Callable[[], None],
        clock: Clock,
    ) -> None:
        """slots: of the new list. suspended: of the old one, whose sources are closed for it.
        begin: makes a started reader. switch: adopts the new list."""
        self._slots, self._suspended, self._begin, self._clock = slots, suspended, begin, clock
        self.switch = switch
        self._new = [slot for slot in slots if slot.reader is None]
        """Slots without a reader so far; some of them may be in the old list, too."""

    def open(
        self, seconds: float, wanted: str = "", still: Callable[[], bool] = lambda: True
    ) -> None:
        """Open the sources up to the first available one; see `Capture.prepare`."""
        for slot in self._suspended:
            if slot.reader is not None:
                slot.reader.stop(2.0)
        clock = self._clock
        end = clock.now() + seconds
        for slot in self._slots:
            reader = slot.reader or self._begin(slot.uri)
            slot.reader = reader
            patience = clock.now() + WANTED_TIMEOUT if slot.uri == wanted else end
            while (
                (reader.is_pending(clock.now()) or (slot.uri == wanted and reader.untried))
                and not reader.is_available(clock.now())
                and not reader.stopped
                and clock.now() < patience
                and still()
            ):
                pause(0.005)
            if reader.is_available(clock.now()) or clock.now() >= end or not still():
                break
        fault = open_fault([slot for slot in self._slots if slot.uri == wanted] or self._slots)
        if fault is not None:
            raise fault

    def drop(self) -> None:
        """Close what was opened; what was suspended for it is opened again."""
        for slot in self._new:
            if slot.reader is not None:
                slot.reader.request_stop()
        for slot in self._suspended:
            slot.suspended = False


def open_fault(slots: Sequence[SourceSlot]) -> Fault | None:
    """Why none of the sources looks as if it would ever be available; None when one does."""
    faults = [
        slot.reader.rejected
        for slot in slots
        if slot.reader is not None and slot.reader.rejected is not None
    ]
    if len(faults) < len(slots):
        return None
    return Fault(
        str(faults[0]) if len(faults) == 1 else "no source opens: " + "; ".join(map(str, faults))
    )


def with_readers(
    uris: Sequence[str], present: Sequence[SourceSlot], anew: Collection[str]
) -> list[SourceSlot]:
    """The slots of a list of sources: the present ones where there are any with a reader, except
    for those of `anew`. A place without a reader gets a new one: one opened in the present list,
    after the source that plays, would be closed at once."""
    kept = {slot.uri: slot for slot in present if slot.reader is not None and slot.uri not in anew}
    return [kept.get(uri) or SourceSlot(uri) for uri in dict.fromkeys(uris)]


def wait_for_one(
    slots: Callable[[], Sequence[SourceSlot]],
    clock: Clock,
    seconds: float,
    over: Callable[[], bool],
) -> None:
    """Wait until a source is open, or all were tried, `seconds` at most and not once it is `over`.
    Raises Fault when none looks as if it would ever appear."""
    end = clock.now() + seconds
    while clock.now() < end and not over():
        readers = [slot.reader for slot in slots()]
        fault = open_fault(slots())
        if fault is not None:
            raise fault
        if any(reader is not None and reader.opened for reader in readers) or all(
            reader is not None and reader.fault_text for reader in readers
        ):
            break
        pause(0.005)
