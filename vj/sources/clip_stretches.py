"""What of a clip goes by in the next moments, for its sound: its pictures are found one by one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from vj.sources.playhead import Playhead

LEAST = 1e-9
"""Seconds: what is shorter is left out."""
MOST = 1000
"""Stretches, at most: a part that plays may be as short as a frame."""


class Stretch(NamedTuple):
    """For `seconds` of the clock a clip runs from `place`, in its seconds, at `velocity`: seconds
    of the clip in a second of the clock, negative backwards, 0 while it stands. joins: it goes on
    from the stretch before, over the seam of a loop; False where it jumps or turns."""

    place: float
    velocity: float
    seconds: float
    joins: bool = True


@dataclass(frozen=True, slots=True)
class Stretches:
    """What goes by of the clip `path`. zero: see `PictureTimes.zero`. span: seconds of the part
    that plays, where it loops; None where it does not. slack: seconds of the clip by which a place
    may lie beside where the one before led to, and goes on from it. since: seconds of the clock
    since the clip began."""

    path: Path
    zero: float
    parts: tuple[Stretch, ...]
    span: float | None
    slack: float
    since: float


def stretches(head: Playhead, seconds: float) -> tuple[Stretch, ...]:
    """From the moment of the head's last look on, as its transport stands. They last `seconds`
    together."""
    found: list[Stretch] = []
    place, velocity, turned, joins = head.exact, head.velocity, head.turned, True
    while seconds > LEAST and len(found) < MOST:
        first, last = head.insets if turned else (0.0, 0.0)
        end = head.high - last if velocity > 0 else head.low + first
        lasts = min(seconds, max(0.0, (end - place) / velocity)) if velocity else seconds
        if lasts > LEAST:
            found.append(Stretch(place, velocity, lasts, joins))
        seconds -= lasts
        joins = head.loop == "loop"
        if joins:
            place = head.low if velocity > 0 else head.high
        elif head.loop == "ping-pong":
            turned = not turned
            velocity = -velocity
            first, last = head.insets if turned else (0.0, 0.0)
            place = head.high - last if velocity < 0 else head.low + first
        else:
            velocity = 0.0
    return tuple(found)
