"""How long a video file really is, and at which rate."""

from __future__ import annotations

from typing import NamedTuple

from vj.sources.video_file import VideoFile

SURELY_BEFORE = 2.0
"""Seconds: the last picture is not always in the last packet, nor does a seek always lead to one
before it, and the times of packets right after a seek may be guesses."""

PLAUSIBLE = 120.0
"""Frames a second. What browsers record states 1000, since its times are milliseconds."""

FEW = 3
"""Pictures that say too little about a rate."""


class Measured(NamedTuple):
    """length: seconds from the first picture to the end of the last one. fps: on average; None
    where the file does not say and does not show."""

    length: float
    fps: float | None


def measure(file: VideoFile) -> Measured:
    """Of an open file, by its last packets, or all of one that has no index. Rewinds it."""
    found: list[tuple[float, float]] = []
    count = 0
    for begin in (file.stated_length - SURELY_BEFORE, 0.0):
        packets = list(file.packets(begin))
        found = sorted((begins, lasts) for begins, lasts in packets if begins is not None)
        count = len(packets)
        if found and file.timed:
            break
    file.rewind()
    fps = file.fps
    if len(found) > FEW and file.timed and (fps is None or fps > PLAUSIBLE):
        seen = (len(found) - 1) / max(found[-1][0] - found[0][0], 1e-3)
        fps = seen if fps is None or seen < fps / 2 else fps
    step = file.step if fps is None else 1 / fps
    if found and file.timed:
        begins, lasts = found[-1]
        # As long as the others where the file's figure is a rounded one, or none.
        length = begins + (lasts if lasts > 1.25 * step else step)
    else:
        length = count * step
    whole = max(1, round(length / step)) * step
    return Measured(whole if abs(whole - length) < step / 8 else max(length, step), fps)
