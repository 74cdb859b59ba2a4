"""Where a clip stands while it plays, for whoever follows it beside its pictures: its sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


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
