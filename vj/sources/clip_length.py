"""How long a video file really is, and at which rate."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from vj.sources.edit_list import edit_list_end
from vj.sources.video_file import VideoFile

SURELY_BEFORE = 2.0
"""Seconds: the last picture is not always in the last packet, nor does a seek always lead to one
before it, and the times of packets right after a seek may be guesses."""

PLAUSIBLE = 120.0
"""Frames a second. What browsers record states 1000, since its times are milliseconds."""

ROUNDED = 0.004
"""Seconds from a whole number of frames that come of times being rounded."""

AHEAD = 20
"""Packets in which the second picture is; it may be stored after others."""

FEW = 3
"""Pictures that say too little about a rate."""

JOINED = ("mpegts", "mpeg")
"""Formats of which files are joined by putting one behind the other."""

SCANNED = 2**29
"""Bytes of such a file that is looked through for that, at most."""

BACK = 1.0
"""Seconds; no picture is stored that long after one that is seen later."""

MP4 = "mov,mp4,m4a,3gp,3g2,mj2"
STATES_LENGTHS = ("gif", "apng", MP4, "matroska,webm")
"""Formats that give each picture a length of its own. Others give all one, and FFmpeg may take a
field's for it."""

SHORTEST = 0.005
"""Seconds of a last picture: less is not its length, but none."""


class Measured(NamedTuple):
    """length: seconds from 0 to the end of the last picture. fps: on average; None where the file
    does not say and does not show. ends: seconds that the first picture is seen, and the last."""

    length: float
    fps: float | None
    ends: tuple[float, float]


def lasting(file: VideoFile, stated: float, is_last: bool) -> float:
    """Seconds that the last picture is seen. stated: by the file, 0 where it does not say. is_last:
    it is the last one in the file as well; an MP4 states the time to the next there. As long as the
    others where that is a rounded figure, or one that cannot be."""
    step = file.step
    if stated < SHORTEST or abs(stated - step) <= min(1.01 * file.tick, ROUNDED / 4):
        return step
    if file.format == MP4 and not is_last:
        return step
    return stated if file.format in STATES_LENGTHS or stated > 1.25 * step else step


def measure(file: VideoFile) -> Measured:
    """Of an open file, by its last packets, or all of one that has no index. Rewinds it, and has it
    take that rate, or count its pictures where its times begin anew."""
    if file.format in JOINED and not file.counted and _begins_anew(file):
        file.count()
    packets: list[tuple[float | None, float]] = []
    found: list[tuple[float, float]] = []
    for begin in (file.stated_length - SURELY_BEFORE, 0.0):
        packets = list(file.packets(begin))
        found = sorted((begins, lasts) for begins, lasts in packets if begins is not None)
        if found and file.timed:
            break
    file.rewind()
    fps = file.fps
    if len(found) > FEW and file.timed and (fps is None or fps > PLAUSIBLE):
        seen = (len(found) - 1) / max(found[-1][0] - found[0][0], 1e-3)
        fps = seen if fps is None or seen < fps / 2 else fps
    elif fps is not None and fps > PLAUSIBLE and len(found) < 2:
        fps = None  # of a single picture it means nothing
    file.fps = fps
    step = file.step
    length = len(packets) * step
    if found and file.timed:
        begins, lasts = found[-1]
        length = begins + lasting(file, lasts, packets[-1][0] == begins)
        whole = begins + 2 * step >= file.stated_length  # not cut off
        stated = edit_list_end(file.path, file.track) if whole and file.format == MP4 else None
        end = 0.0 if stated is None else stated - file.zero
        length = end if end > begins + SHORTEST else length
    even = max(1, round(length / step)) * step
    near = abs(even - length) < min(step / 8, ROUNDED)
    length = even if near else max(length, 1e-3)
    last = length - found[-1][0] if found and file.timed else step
    first = _first(file)
    ends = (end if abs(end - step) > step / 4 else step for end in (first, last))
    return Measured(length, fps, (next(ends), next(ends)))


def _begins_anew(file: VideoFile) -> bool:
    """Whether its times go back within it: it was joined of several, or a receiver lost its way."""
    if file.path.stat().st_size > SCANNED:
        return False
    latest = 0.0
    for begins, _ in file.packets(0.0):
        if begins is not None:
            if begins < latest - BACK:
                return True
            latest = max(latest, begins)
    return False


def _first(file: VideoFile) -> float:
    """Seconds that the first picture is seen."""
    begins = (moment for moment, _ in islice(file.packets(0.0), AHEAD) if moment is not None)
    found = min((moment for moment in begins if moment > 0), default=file.step)
    file.rewind()
    return found if file.timed else file.step
