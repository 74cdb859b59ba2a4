"""A decoded picture of a film, as it comes to what makes RGB of it."""

from __future__ import annotations

from typing import Any, NamedTuple


class Picture(NamedTuple):
    """begins: in seconds of the clip, see `PictureTimes.zero`; 0 of the first. decoded: an
    `av.VideoFrame`. lasts: seconds as the file says, 0 where it does not. before, after: its
    neighbours in time where it is interlaced, decoded; None at the ends of the file."""

    begins: float
    decoded: Any
    lasts: float = 0.0
    before: Any = None
    after: Any = None
