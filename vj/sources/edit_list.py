"""Where an MP4's edit list ends, which is when its last picture does. FFmpeg takes the lengths of
pictures in the order in which they are stored, and so may lose that of the last one seen."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MOST = 1.1
"""Times the length of what is stored that an edit list may last and be believed. More than once the
same is hardly ever shown."""

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
                nothing, length = (part / ticks for part in _lengths(edits))
                believed = 0 < length < MOST * _media_length(trak)
                return nothing + length if believed else None
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


def _lengths(edits: bytes) -> tuple[int, int]:
    """Of the empty edits, and of the others, in ticks of the movie."""
    count = struct.unpack_from(">I", edits, 4)[0]
    entry = ">Qqi" if edits[0] else ">Iii"
    size = struct.calcsize(entry)
    found = [struct.unpack_from(entry, edits, 8 + size * n) for n in range(min(count, 10_000))]
    return (
        sum(lasts for lasts, begins, _ in found if begins == -1),
        sum(lasts for lasts, begins, _ in found if begins != -1),
    )


def _media_length(trak: bytes) -> float:
    """Seconds of what is stored of a track."""
    head = next(_boxes(next(_boxes(trak, b"mdia")), b"mdhd"))
    ticks, lasts = struct.unpack_from(">IQ" if head[0] else ">II", head, 20 if head[0] else 12)
    return float(lasts / ticks)
