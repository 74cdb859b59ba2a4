"""Files of pictures that move; animated WebP as a movie, since this FFmpeg does not decode it."""

from __future__ import annotations

import io
import struct
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.sources import picture_file

LARGEST = 2**30
"""Bytes of the decoded pictures of a WebP; they are all decoded at once."""

KEPT = 2
"""WebPs that stay decoded, packed without loss: a clip opens its file more than once."""

TICKS = 1000
"""A WebP counts milliseconds."""

SOONEST, USUAL = 10, 100
"""Milliseconds: a picture that is seen no longer than the first is seen for the second, as browsers
do it."""

HEAD = 2**16
"""Bytes at the beginning of a file within which it says that it moves; a colour profile may come
first."""


def moves(path: Path | str) -> bool:
    """Whether a file is a picture that moves. False for one that cannot be read."""
    try:
        where = Path(path).expanduser()
        if not where.is_file():  # a pipe would be waited for, and what is read of it is lost
            return False
        with open(where, "rb") as file:
            return picture_file.moves(file.read(HEAD))
    except (OSError, ValueError, RuntimeError):  # also a home folder of nobody
        return False


def as_movie(path: Path) -> io.BytesIO | None:
    """An animated WebP as a movie in memory, each picture with its time and its length, its alpha
    kept; None for any other file. Raises Fault for one that cannot be read, or is too large."""
    try:
        if not path.is_file():
            return None  # a pipe, of which nothing may be missing
        with open(path, "rb") as file:
            head = file.read(HEAD)
        if head[:4] != b"RIFF" or not picture_file.moves(head):
            return None
        known = path.stat()
        return io.BytesIO(_movie(path, known.st_mtime_ns, known.st_size))
    except OSError as error:
        raise Fault(f"video:{path}: cannot be read ({error.strerror or error})") from None


@lru_cache(maxsize=KEPT)
def _movie(path: Path, changed: int, length: int) -> bytes:
    stored = path.read_bytes()
    width, height, count, end = _extent(stored)
    if width * height * 4 * count > LARGEST:
        raise Fault(
            f"video:{path}: {count} pictures of {width}x{height} are too many to be decoded at "
            "once; make a video of them: an MP4 or a WebM"
        )
    whole = stored[:4] + struct.pack("<I", end - 8) + stored[8:end]  # it may be cut off
    done, animation = cv2.imdecodeanimation(np.frombuffer(whole, np.uint8))
    if not done or not animation.frames:
        raise Fault(f"video:{path}: no picture in it could be decoded; it is broken or cut off")
    return _packed(animation.frames, [int(lasts) for lasts in animation.durations])


def _extent(stored: bytes) -> tuple[int, int, int, int]:
    """Width, height, the number of whole pictures, and the place where the last of them ends."""
    width, height = (1 + int.from_bytes(stored[at : at + 3], "little") for at in (24, 27))
    at, count = 12, 0
    while at + 8 <= len(stored):
        name, size = struct.unpack_from("<4sI", stored, at)
        end = at + 8 + size + size % 2
        if end > len(stored):
            break
        count += name == b"ANMF"
        at = end
    return width, height, count, at


def _packed(pictures: Any, durations: list[int]) -> bytes:
    """pictures: (H, W, 3 or 4) uint8, BGR. durations: milliseconds."""
    import av

    target = io.BytesIO()
    ticks = Fraction(1, TICKS)
    seen = [stated if stated > SOONEST else USUAL for stated in durations[: len(pictures)]]
    with av.open(target, "w", format="matroska") as movie:
        track: Any = movie.add_stream("ffv1", rate=len(seen) * TICKS / Fraction(sum(seen)))
        height, width = pictures[0].shape[:2]
        track.width, track.height, track.pix_fmt = width, height, "bgra"
        track.codec_context.time_base = ticks
        begins = 0
        lengths: dict[int, int] = {}
        packets: list[Any] = []
        for picture, lasts in zip(pictures, seen, strict=False):
            if picture.shape[2] == 3:
                picture = cv2.cvtColor(picture, cv2.COLOR_BGR2BGRA)
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgra")
            frame.pts, frame.time_base = begins, ticks
            lengths[begins] = lasts
            begins += lasts
            packets += track.encode(frame)
        for packet in (*packets, *track.encode(None)):
            packet.duration = lengths[packet.pts]
            movie.mux(packet)
    return target.getvalue()
