"""Which frames of a rendering are painted, and which of those are written: all of them, a part, or
none, where only the show is looked through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.pipeline.frame_context import FrameContext

RUN_IN = 8
"""Frames painted before a part begins, of which none is written: as many as may be on their way in
a model of four steps, and those in which its first pictures fade in."""
NONE = 1 << 62
"""A number that no frame has."""

Look = Callable[[int, Snapshot, FrameContext, Backend], None]
"""(number, parameters, what was made of it, who would paint it), of a frame that passes by."""


@dataclass(frozen=True, slots=True)
class FrameRange:
    """The frames from `begins` on, before `ends`, of the same rendering: they are numbered and
    timed as there. Frames before `paints` pass by: they are read and prepared, the control engine
    runs, and what goes by its own time goes on; only nothing is painted. With slow motion they are
    the frames that are painted; those made after each belong to it."""

    begins: int = 0
    ends: int | None = None
    """None: to the end."""
    paints: int = 0
    """The first frame that is painted; not after `begins`."""
    forgets: int = 0
    """A hard cut, after which nothing is left of what was found in frames that pass by before it:
    nobody is looked for in them."""
    look: Look | None = None
    """Told of each frame that passes by."""
    unseen: int = 0
    """Nothing is left of the pictures of frames before this one, which pass by: a clip's are not
    decoded."""

    @property
    def whole(self) -> bool:
        """Everything is painted and written."""
        return self.begins == self.paints == 0 and self.ends is None

    def passes(self, number: int) -> bool:
        """This frame passes by."""
        return number < self.paints

    def looks(self, number: int) -> bool:
        """What is found in this frame, which passes by, may be of use later."""
        return number >= self.forgets and self.sees(number)

    def sees(self, number: int) -> bool:
        """This frame, which passes by, has a picture."""
        return number >= self.unseen

    def writes(self, number: int, slow: int = 1) -> bool:
        """A picture that is made, by its number, is written. slow: how many for each frame."""
        return self.begins * slow <= number and not self.over(number, slow)

    def over(self, number: int, slow: int = 1) -> bool:
        """Nothing is written from this picture on."""
        return self.ends is not None and number >= self.ends * slow


WHOLE = FrameRange()


def part(begins: int, ends: int | None, paints: int | None = None, forgets: int = 0) -> FrameRange:
    """A part of a rendering. paints: where nothing of the past is left (see `vj.pipeline.past`), at
    or before `begins`, which it is where it is not said. forgets: the last hard cut
    till there."""
    first = begins if paints is None else paints
    return FrameRange(begins, ends, max(0, first - RUN_IN), forgets)


def looked_through(look: Look) -> FrameRange:
    """Nothing is painted."""
    return FrameRange(NONE, None, NONE, NONE, look)
