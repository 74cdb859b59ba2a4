"""The file a movie is written into, which never breaks what it already holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path


class OutputFile:
    """A new file that takes whole pieces. When a piece does not fit, it is taken back off the end
    and nothing more is accepted.

    PyAV writes through `write`, `seek` and `tell`. `closed` set to True before PyAV closes its
    container keeps it from writing a last index: that index goes over the file's beginning, which
    must not happen when its end could not be written. Nothing is fsynced: the page cache survives a
    killed program, and a slow disk would cost frames.
    """

    def __init__(self, path: Path) -> None:
        """Raises FileExistsError when `path` is there already, also when it is empty: it may be a
        recording that has not written yet, as a WebP until its end. OSError when it can't be
        made."""
        self._descriptor = os.open(
            path, os.O_RDWR | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666
        )
        self.path = path
        self.size = 0
        """Bytes in the file."""
        self.closed = False
        """Nothing more is accepted."""

    def write(self, piece: bytes) -> int:
        """All of `piece`, or none of it and OSError."""
        if self.closed:
            raise OSError("the recording has ended")
        start = self.tell()
        left = memoryview(piece)
        try:
            while left:
                left = left[self._write(left) :]
        except OSError:
            self.closed = True
            if start == self.size:
                os.ftruncate(self._descriptor, start)
            raise
        self.size = max(self.size, self.tell())
        return len(piece)

    def _write(self, piece: memoryview) -> int:
        return os.write(self._descriptor, piece)

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return os.lseek(self._descriptor, offset, whence)

    def tell(self) -> int:
        return os.lseek(self._descriptor, 0, os.SEEK_CUR)

    def flush(self) -> None:
        """Nothing waits."""

    def exists(self) -> bool:
        """The file still exists at its path. Writing into a file whose folder was deleted, or whose
        disk was unplugged, raises no error."""
        try:
            return os.path.samestat(os.stat(self.path), os.fstat(self._descriptor))
        except OSError:
            return False

    def release(self) -> None:
        """Close the file itself. May be called twice."""
        self.closed = True
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def create_unused(path: Path) -> OutputFile:
    """A file at `path`, or at `out-2.mp4`, `out-3.mp4`, ... when something is there already. Raises
    OSError."""
    for name in _names(path):
        try:
            return OutputFile(name)
        except FileExistsError:
            continue
    raise AssertionError("there is always another number")


def _names(path: Path) -> Iterator[Path]:
    yield path
    yield from (path.with_stem(f"{path.stem}-{number}") for number in count(2))


def part_of(path: Path) -> Path:
    """Where a file is written that gets its name when it is whole: `.film.part.mkv` beside it."""
    return path.with_name(f".{path.stem}.part{path.suffix}")


def give_name(part: Path, path: Path) -> Path:
    """Name a whole file `path`, or `film-2.mkv`, ... when something is there already; first the
    disk holds it. Returns its name. Raises OSError."""
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    for name in _names(path):
        try:
            _rename(part, name)
        except FileExistsError:
            continue
        return name
    raise AssertionError("there is always another number")


def _rename(part: Path, name: Path) -> None:
    """Raises FileExistsError where there is something."""
    if sys.platform == "win32":
        os.rename(part, name)  # which replaces nothing there
        return
    try:
        os.link(part, name)
    except FileExistsError:
        raise
    except OSError:  # a disk without links
        if name.exists():
            raise FileExistsError(name) from None
        os.rename(part, name)
    else:
        part.unlink()
