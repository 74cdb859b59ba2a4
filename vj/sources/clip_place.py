"""Where a clip stands while it plays: for its pictures, and for whoever follows it beside them, its
sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from vj.core.picture_place import PicturePlace, PlayedPart
from vj.sources.playhead import Playhead


@dataclass(frozen=True, slots=True)
class ClipPlace:
    """At `moment`, seconds on the clock, the file stood at `place`, in seconds of the clip, and ran
    on at `velocity`: seconds of the clip in a second of the clock, negative backwards, 0 while it
    holds. low, high: the part that plays. loops: at the end it goes on from the other. zero: see
    `PictureTimes.zero`; None where it begins as the file states."""

    path: Path
    zero: float | None
    moment: float
    place: float
    velocity: float
    low: float
    high: float
    loops: bool

    def at(self, moment: float) -> float:
        """Where it stands at a moment near that one."""
        place = self.place + (moment - self.moment) * self.velocity
        if self.loops:
            return self.low + (place - self.low) % (self.high - self.low)
        return min(max(place, self.low), self.high)


def place_ahead(head: Playhead | None, moment: float) -> PicturePlace | None:
    """Where its picture will stand at a later moment, where nothing is set or sought until then;
    None where that is not known."""
    later = None if head is None else head.ahead(moment)
    return None if later is None else picture_place(later)


def picture_place(head: Playhead) -> PicturePlace:
    """Where the picture of the head's last look stands."""
    part = PlayedPart(head.low, head.high, head.loop, *head.insets)
    way = head.way if part.round > 0 else head.place - head.low
    seconds = min(max(head.exact, head.low), head.high)
    return PicturePlace(seconds, head.step, way, part, head.run)
