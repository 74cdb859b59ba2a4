"""Where in its clip a picture stands: it travels with the frame, so that whatever follows the clip
(curves, cues, marks) follows the picture that is painted, however it came there."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple

NEAR = 1e-6
"""Seconds by which a place may be off that was computed."""
LEAST = 0.005
"""Seconds that are the same place, at least: OSC rounds its numbers."""


class PlayedPart(NamedTuple):
    """The part of a clip that plays, and what comes at its end. low, high: seconds of the clip.
    loop: one of `vj.core.kinds.CLIP_LOOPS`. first, last: seconds at both ends that the way back of
    a ping-pong leaves out."""

    low: float
    high: float
    loop: str
    first: float = 0.0
    last: float = 0.0

    @property
    def round(self) -> float:
        """Seconds of the way after which it comes to the same place, in the same direction; 0
        where it never does."""
        if self.loop == "loop":
            return self.high - self.low
        if self.loop == "ping-pong":
            return max(2 * (self.high - self.low) - self.first - self.last, self.high - self.low)
        return 0.0

    def ways_to(self, place: float) -> list[float]:
        """The ways, within a round, on which a place comes by."""
        way, span = place - self.low, self.high - self.low
        if not -NEAR <= way < span - NEAR:
            return []
        back = self.round + self.first - way
        return [way, back] if self.loop == "ping-pong" and span <= back < self.round else [way]


@dataclass(frozen=True, slots=True, eq=False)
class PicturePlace:
    """seconds: of the clip, counted as the clip itself does, whatever its speed. step: seconds that
    a picture lasts there. way: seconds that it has come from the beginning of the part that plays,
    counted on over the rounds of a loop; less and less where it runs backwards. part: which that
    is. run: one and the same for all places that are joined by playing; another after each seek and
    for each clip. uri: the source. clip: of several in one source, the one that plays, as the
    source writes it."""

    seconds: float
    step: float
    way: float
    part: PlayedPart
    run: object = field(default_factory=object)
    uri: str = ""
    clip: str = ""

    @property
    def rounds(self) -> int:
        """How many times it has come round."""
        return math.floor((self.way + NEAR) / self.part.round) if self.part.round > 0 else 0

    def is_at(self, at: float) -> bool:
        """Its picture is the one at this place: half a picture is the most that it may be off."""
        return abs(at - self.seconds) <= self.reach

    @property
    def reach(self) -> float:
        """Seconds from it that still are the same place."""
        return max(LEAST, self.step / 2)

    def joins(self, before: PicturePlace | None) -> bool:
        """It has been played to from the other place; not sought, and not cut to."""
        return before is not None and before.run is self.run

    def passes(self, at: float, before: PicturePlace) -> float | None:
        """The share of the way from a place that it joins, 0..1, at which the clip came to `at`
        (seconds of it) in either direction; None where it did not."""
        if before.part == self.part:
            old, new = before.way, self.way
            ways, again = self.part.ways_to(at), self.part.round
        else:  # another part plays: the two places are all that is known
            old, new, ways, again = before.seconds, self.seconds, [at], 0.0
        shares = [share for way in ways if (share := _met(way, old, new, again)) is not None]
        return min(shares, default=None)


def _met(way: float, old: float, new: float, again: float) -> float | None:
    """The share of the way from `old`, which is left, to `new` at which `way`, or that and whole
    rounds of `again`, is met first; None where it is not."""
    if abs(new - old) <= NEAR:
        return None
    if again > 0 and new > old:
        way += again * (math.floor((old + NEAR - way) / again) + 1)
    elif again > 0:
        way += again * (math.ceil((old - NEAR - way) / again) - 1)
    met = old + NEAR < way <= new + NEAR if new > old else new - NEAR <= way < old - NEAR
    return min(1.0, (way - old) / (new - old)) if met else None
