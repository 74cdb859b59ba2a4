"""How far a rendering is, when it will be done, and whether the disk has room for it."""

from __future__ import annotations

import os
import shutil
import time
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from vj.core.free_memory import in_words

WINDOW = 120.0
"""Seconds over which the pace is measured."""
SURE = 48
"""Frames after which what they take on the disk says what all will take."""
AGAIN = 1.3
"""What is needed may be so many times as much as it seems: a quiet beginning says little."""


class FilmPace:
    """Frames a second, and how long the rest takes."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seen: deque[tuple[float, int]] = deque()

    def words(self, done: int, total: int | None) -> str:
        """`frame 120 of 4800 (2 %), 3.1 frames/s, 25 min left`. To be called as frames are done."""
        now = self._now()
        if self._seen and done < self._seen[-1][1]:
            self._seen.clear()  # another pass over the film has begun
        self._seen.append((now, done))
        while len(self._seen) > 2 and self._seen[0][0] < now - WINDOW:
            self._seen.popleft()
        begun, first = self._seen[0]
        rate = (done - first) / (now - begun) if now > begun else 0.0
        text = f"frame {done}" + (f" of {total} ({100 * done // total} %)" if total else "")
        if rate <= 0:
            return text
        text += f", {rate:.{1 if rate < 100 else 0}f} frames/s"
        return f"{text}, {span((total - done) / rate)} left" if total and total > done else text


def span(seconds: float) -> str:
    """A time in words, as exact as anybody wants it: 40 s, 25 min, 3 h 20 min, 2 days 5 h."""
    if seconds < 90:
        return f"{round(seconds)} s"
    minutes = round(seconds / 60)
    if minutes < 90:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if hours < 10 else f"{hours} h"
    return f"{hours // 24} days {hours % 24} h"


class DiskNeed:
    """What a rendering takes, by what its first frames took. Belongs to one thread."""

    def __init__(
        self,
        folder: Path,
        copies: int = 1,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        """folder: into which it is written. copies: how many of everything are there at once."""
        self._folder, self._copies, self._free = folder, copies, free
        self._first: tuple[int, int] | None = None
        self._told = False
        self.short = False
        """There is not enough room, once it was looked at."""

    def look(self, done: int, total: int | None, size: Callable[[], int]) -> str:
        """What to say when this frame is done, once; else "". size: of what is written so far, in
        bytes."""
        if self._told or total is None:
            return ""
        if self._first is None:
            self._first = done, size()
            return ""
        frames = done - self._first[0]
        if frames < min(SURE, (total - self._first[0]) // 2) or frames < 2:
            return ""
        self._told = True
        each = (size() - self._first[1]) / frames
        if each <= 0:
            return ""
        needed = each * (total - done + (self._copies - 1) * total)
        try:
            free = self._free(self._folder)
        except OSError:
            return ""
        if needed * AGAIN <= free:
            return f"on the disk: about {in_words(needed)} more, {in_words(free)} are free"
        self.short = True
        lasts = done + int(free / (each * self._copies))
        full = f"; at this rate it is full at frame {lasts}" if needed > free else ""
        return (
            f"the disk of {self._folder} may be too small: about {in_words(needed)} more are "
            f"needed, {in_words(free)} are free{full}; free some space while it renders"
        )


def size_of(paths: Sequence[Path], without: str = "") -> int:
    """Bytes of files, and of all in folders; those that are not there count nothing. without: an
    ending of files in folders that do not count."""
    return sum(_size(path, without) for path in paths)


def _size(path: Path, without: str) -> int:
    if not os.path.isdir(path):  # that of a Path raises for a name that is too long
        return _bytes_of(path)
    return sum(
        _bytes_of(Path(folder, name))
        for folder, _, names in os.walk(path)  # passes over what workers take away meanwhile
        for name in names
        if not without or Path(name).suffix != without
    )


def _bytes_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
