"""When each picture of a clip begins, and whether they come at a constant rate."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from statistics import median
from typing import NamedTuple

from vj.sources.clip_length import measure
from vj.sources.video_file import VideoFile

UNSEEN = 5e-4
"""Seconds by which pictures may be off a constant rate in any case."""

USUAL = (24.0, 25.0, 30.0, 48.0, 50.0, 60.0, 120.0)
"""Frames a second of cameras and films."""
TELEVISION, SAME = 1.001, 3e-4
"""Of television they come so many times slower, and the share by which a median may be off that."""
NEAR = 0.08
"""Share by which a median may be off a usual rate: a phone's times jitter by milliseconds."""
SLOWEST = 1.0
"""Frames a second of a clip of pictures that stand, at least."""

SAME_RATE = 1e-3
"""Share by which the rates of two clips may differ and be the same."""


class ClipTimes(NamedTuple):
    """begins: seconds from 0, of each picture in its order. length: up to the end of the last one.
    varying: not at a constant rate, rounded to the ticks of the file. fps: on average; None for no
    pictures."""

    begins: Sequence[float]
    length: float
    varying: bool

    @property
    def fps(self) -> float | None:
        return len(self.begins) / self.length if self.begins and self.length > 0 else None


def nominal_rate(clip: ClipTimes) -> float:
    """Frames a second at which most pictures of a clip come that come at varying times: by the
    median of how long they last, and where a usual rate is near, that one."""
    lasts = [two - one for one, two in pairwise((*clip.begins, clip.length)) if two > one]
    if not lasts:
        return USUAL[0]
    rate = 1 / median(lasts)
    near = min(USUAL, key=lambda usual: abs(math.log(usual / rate)))
    if abs(near / TELEVISION - rate) < SAME * rate:
        return near / TELEVISION
    return near if abs(near - rate) < NEAR * rate else min(max(rate, SLOWEST), USUAL[-1])


def times_of(file: VideoFile) -> ClipTimes:
    """Of a video file, by all its packets, which are read and not decoded. It is opened, and
    closed again. Raises Fault."""
    file.open()
    try:
        length = measure(file).length
        found = sorted({begins for begins, _ in file.packets(0.0) if begins is not None})
        begins = [moment for moment in found if moment >= 0]
        if not file.times.timed or not begins or len(begins) < len(found) / 2:
            count = max(1, round(length / file.step))
            return ClipTimes([number * file.step for number in range(count)], length, False)
        off = [moment - number * file.step for number, moment in enumerate(begins)]
        varying = max(off) - min(off) > max(1.01 * file.tick, UNSEEN)
        ends_late = abs(length - len(begins) * file.step) > file.step / 8 + file.tick
        return ClipTimes(begins, length, varying or ends_late)
    finally:
        file.close()


def one_after_another(clips: Sequence[ClipTimes]) -> ClipTimes:
    """Of a list of clips. They come at varying times where one of them does, or where their rates
    are not the same."""
    begins: list[float] = []
    length = 0.0
    for clip in clips:
        begins += [length + moment for moment in clip.begins]
        length += clip.length
    rates = [clip.fps for clip in clips if clip.fps is not None]
    differ = bool(rates) and max(rates) - min(rates) > SAME_RATE * max(rates)
    return ClipTimes(begins, length, differ or any(clip.varying for clip in clips))
