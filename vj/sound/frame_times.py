"""Where the frames of a file's sound begin, whatever has become of some of their times."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

FAR = 1.0
"""Seconds from the end of the frame before beyond which a time may be torn."""
FEW = 16
"""Frames that are looked at to find out: one torn time counts for all that were sent with it."""


def placed(
    frames: Iterator[Any], place: Callable[[Any], int], rate: int
) -> Iterator[tuple[int, Any]]:
    """Each frame, and the sample at which it begins. A few that lie far away, and after which the
    others go on as before, follow what came before them: a weak signal or a disk tore their times.
    place: that sample as a frame's own time says. rate: samples a second."""
    ahead: deque[Any] = deque()
    coming: int | None = None

    def is_far(frame: Any) -> bool:
        far = frame.pts is not None and coming is not None
        return far and abs(place(frame) - (coming or 0)) > FAR * rate

    def is_torn() -> bool:
        while len(ahead) < FEW and (frame := next(frames, None)) is not None:
            ahead.append(frame)
        return not all(map(is_far, ahead))

    while (frame := ahead.popleft() if ahead else next(frames, None)) is not None:
        begins = coming or 0
        if frame.pts is not None and not (is_far(frame) and is_torn()):
            begins = place(frame)
        coming = begins + frame.samples
        yield begins, frame
