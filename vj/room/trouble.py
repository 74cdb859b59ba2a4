"""A piece that does not start: what it says of that is told once, and it is tried again when a file
is saved that may be why."""

from __future__ import annotations

import itertools
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

MOST, LINES = 32, 256
"""Files that are looked at, and lines that are kept, at most."""
_LINE = re.compile(r":\d+$")
_PLACE = re.compile(r":\d+: ")
_ENDING = re.compile(r"[.][A-Za-z0-9]{1,12}$")

Stamp = tuple[int, int] | None


class Trouble:
    """Of one piece. From any thread."""

    def __init__(self, files: Callable[[], Iterable[Path]] = tuple) -> None:
        """files: what the piece is started with, such as its show's file. Those that it names when
        it ends are looked at besides."""
        self._files = files
        self._lock = threading.Lock()
        self._said: list[str] = []
        self._told: frozenset[str] = frozenset()
        self._new = False
        self._how = ""
        self._stamps: dict[Path, Stamp] = {}

    def begin(self) -> None:
        """Another process is started."""
        with self._lock:
            self._said, self._new = [], False
            self._stamps = {path: stamp_of(path) for path in self._files()}

    def is_news(self, words: str) -> bool:
        """Whether a line that it says is told: one that it said the last time, too, is not."""
        with self._lock:
            news = words not in self._told
            self._new = self._new or news
            if len(self._said) < LINES:
                self._said.append(words)
            return news

    def ended(self, why: str) -> bool:
        """It has ended before it played. why: how. Returns whether there is something new to
        tell."""
        with self._lock:
            news = self._new or why not in self._told
            self._how = why
            self._told = frozenset((*self._said, why))
            folders = [Path(), *(path.parent for path in self._stamps)]
            named = (path for line in self._said for path in named_files(line, folders))
            # as they are now: one that it wrote itself is no reason to try again
            for path in itertools.islice(named, MOST):
                self._stamps.setdefault(path, stamp_of(path))
            return news

    def fault(self) -> str:
        """What it said that names a line of a file, or said last; how it ended where it said
        nothing."""
        with self._lock:
            placed = (line for line in self._said if _PLACE.search(line))
            return next(placed, self._said[-1] if self._said else self._how)

    def over(self) -> bool:
        """It plays, or somebody asks for it: whatever it says is news. Returns whether there was
        trouble."""
        with self._lock:
            was, self._told = bool(self._told), frozenset()
            return was

    def saved(self) -> bool:
        """Whether one of the files is another than when it was started last."""
        with self._lock:
            return any(stamp_of(path) != stamp for path, stamp in self._stamps.items())


def named_files(line: str, folders: Iterable[Path]) -> Iterator[Path]:
    """The files that a message may mean, in any of the folders: `club.yaml:14: source: clip.mp4: no
    such file`."""
    for word in line.split(": "):
        name = _LINE.sub("", word.strip())
        if _ENDING.search(name) and "://" not in name and len(name) < 300:
            for folder in folders:
                yield folder / name


def stamp_of(path: Path) -> Stamp:
    """None where there is no such file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size
