"""How long a video file really is, and at which rate."""

from __future__ import annotations

from collections.abc import Sequence
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

GUESSED = "mpeg"
"""The format in which pictures need not have times: MPEG program streams (.mpg, .vob)."""

MOST_COUNTED = 3000
"""Pictures of such a film that are counted; of longer ones the guesses are taken."""

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
    take that rate, or count its pictures where its times begin anew, or are FFmpeg's guesses."""
    if file.format in JOINED and not file.times.counted and file.path.stat().st_size <= SCANNED:
        moments = [moment for moment, _ in file.packets(0.0)]
        anew = _begins_anew(moments)
        if anew or (file.format == GUESSED and _are_guesses(moments, file.step)):
            file.count(anew)
    packets: list[tuple[float | None, float]] = []
    found: list[tuple[float, float]] = []
    for begin in (file.stated_length - SURELY_BEFORE, 0.0):
        packets = list(file.packets(begin))
        found = sorted((begins, lasts) for begins, lasts in packets if begins is not None)
        if found and file.times.timed:
            break
    file.rewind()
    fps = file.fps
    if len(found) > FEW and file.times.timed and (fps is None or fps > PLAUSIBLE):
        seen = (len(found) - 1) / max(found[-1][0] - found[0][0], 1e-3)
        fps = seen if fps is None or seen < fps / 2 else fps
    elif fps is not None and fps > PLAUSIBLE and len(found) < 2:
        fps = None  # of a single picture it means nothing
    file.fps = fps
    step = file.step
    length = len(packets) * step
    if found and file.times.timed:
        begins, lasts = found[-1]
        length = begins + lasting(file, lasts, packets[-1][0] == begins)
        whole = begins + 2 * step >= file.stated_length  # not cut off
        stated = edit_list_end(file.path, file.track) if whole and file.format == MP4 else None
        end = 0.0 if stated is None else stated - file.times.zero
        length = end if end > begins + SHORTEST else length
    even = max(1, round(length / step)) * step
    near = abs(even - length) < min(step / 8, ROUNDED)
    length = even if near else max(length, 1e-3)
    last = length - found[-1][0] if found and file.times.timed else step
    first = _first(file)
    ends = (end if abs(end - step) > step / 4 else step for end in (first, last))
    return Measured(length, fps, (next(ends), next(ends)))


def _begins_anew(moments: Sequence[float | None]) -> bool:
    """Whether times of pictures, as stored, go back: the file was joined of several, or a receiver
    lost its way."""
    latest = 0.0
    for moment in moments:
        if moment is not None:
            if moment < latest - BACK:
                return True
            latest = max(latest, moment)
    return False


def _are_guesses(moments: Sequence[float | None], step: float) -> bool:
    """Whether times of pictures, as stored, are beside a constant rate at which there are as many
    pictures: of several that lie in one packet of the file only one has its time, as of black ones.
    Those that are sought in by counting are not to be many."""
    found = sorted(moment for moment in moments if moment is not None)
    if not FEW < len(moments) <= MOST_COUNTED or not found:
        return False
    if len(found) < len(moments) / 2:
        return True
    beside = [moment - number * step for number, moment in enumerate(found)]
    missing = (found[-1] - found[0]) / step + 1 - len(moments)
    return max(beside) - min(beside) > 0.9 * step and abs(missing) < 4


def _first(file: VideoFile) -> float:
    """Seconds that the first picture is seen."""
    begins = (moment for moment, _ in islice(file.packets(0.0), AHEAD) if moment is not None)
    found = min((moment for moment in begins if moment > 0), default=file.step)
    file.rewind()
    return found if file.times.timed else file.step
