"""Another list of sources for a show that plays: opened beside it, then taken or dropped."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vj.core.clock import Clock, pause
from vj.core.errors import Fault
from vj.sources.reader import Reader


@dataclass(slots=True, eq=False)
class SourceSlot:
    """A source's place in the list. reader: None while nobody needs it."""

    uri: str
    reader: Reader | None = None
    held: bool = False
    """Its source was closed so that another one can have the device."""


class SourceChange:
    """Another list of sources, ready to be played: `switch`, or `drop`."""

    def __init__(
        self,
        places: list[SourceSlot],
        held: list[SourceSlot],
        begin: Callable[[str], Reader],
        take: Callable[[], None],
        clock: Clock,
    ) -> None:
        """places: of the new list. held: of the old one, whose sources are closed for it. begin:
        gives a started reader. take: goes on with the new list."""
        self._places, self._held, self._begin, self._clock = places, held, begin, clock
        self.switch = take
        self._new = [place for place in places if place.reader is None]
        """Those of them that nothing else begins or ends, and some that the old list has too."""

    def open(self, seconds: float) -> None:
        """Open what comes before the first that is there; see `Capture.ready`."""
        for place in self._held:
            if place.reader is not None:
                place.reader.stop(2.0)
        clock = self._clock
        end = clock.now() + seconds
        for place in self._places:
            reader = place.reader or self._begin(place.uri)
            place.reader = reader
            while (
                reader.pending(clock.now()) and not reader.there(clock.now()) and clock.now() < end
            ):
                pause(0.005)
            if reader.there(clock.now()) or clock.now() >= end:
                break
        fault = wrong(self._places)
        if fault is not None:
            raise fault

    def drop(self) -> None:
        """Close what was opened; what was closed for it is opened again."""
        for place in self._new:
            if place.reader is not None:
                place.reader.end()
        for place in self._held:
            place.held = False


def wrong(places: Sequence[SourceSlot]) -> Fault | None:
    """Why none of the sources looks as if it would ever come; None when one does."""
    faults = [
        place.reader.rejected
        for place in places
        if place.reader is not None and place.reader.rejected is not None
    ]
    if len(faults) < len(places):
        return None
    return Fault(
        str(faults[0]) if len(faults) == 1 else "no source opens: " + "; ".join(map(str, faults))
    )
