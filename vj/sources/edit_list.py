"""Where an MP4's edit list ends, which is when its last picture does. FFmpeg takes the lengths of
pictures in the order in which they are stored, and so may lose that of the last one seen."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

LARGEST = 64 * 2**20
"""Bytes of an index (`moov`) that is read."""


def edit_list_end(path: Path, track: int) -> float | None:
    """Seconds at which a track ends, in the file's own time. track: its number in the file. None
    where there is no edit list that says so, as in fragmented files."""
    try:
        with open(path, "rb") as file:
            index = _index(file)
        if index is None:
            return None
        head = next(_boxes(index, b"mvhd"))
        ticks = struct.unpack_from(">I", head, 20 if head[0] else 12)[0]
        for trak in _boxes(index, b"trak"):
            head = next(_boxes(trak, b"tkhd"))
            if struct.unpack_from(">I", head, 20 if head[0] else 12)[0] == track:
                edits = next(_boxes(next(_boxes(trak, b"edts")), b"elst"))
                return _length(edits) / ticks or None
    except (OSError, struct.error, IndexError, StopIteration, ZeroDivisionError):
        pass
    return None


def _index(file: BinaryIO) -> bytes | None:
    """What is in `moov`; None where there is none, or too large a one."""
    while len(head := file.read(8)) == 8:
        size, kind = struct.unpack(">I4s", head)
        rest = size - 8
        if size == 1:
            rest = struct.unpack(">Q", file.read(8))[0] - 16
        if kind == b"moov":
            return file.read(rest) if rest <= LARGEST else None
        if rest < 0:
            return None  # the last box, up to the end of the file
        file.seek(rest, 1)
    return None


def _boxes(inside: bytes, kind: bytes) -> Iterator[bytes]:
    """What is in the boxes of a kind, in their order."""
    at = 0
    while at + 8 <= len(inside):
        size, name = struct.unpack_from(">I4s", inside, at)
        if size < 8:
            return
        if name == kind:
            yield inside[at + 8 : at + size]
        at += size


def _length(edits: bytes) -> int:
    """Of all edits, the empty ones included, in ticks of the movie."""
    count = struct.unpack_from(">I", edits, 4)[0]
    entry = ">Qqi" if edits[0] else ">Iii"
    size = struct.calcsize(entry)
    return sum(struct.unpack_from(entry, edits, 8 + size * n)[0] for n in range(min(count, 10_000)))
