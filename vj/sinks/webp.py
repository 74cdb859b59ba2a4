"""Animated WebP, which is written as a whole at its end: its header holds its length."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

import av
import numpy as np

from vj.core.frame import Size
from vj.sinks.mark import Mark, marked_webp

TICK = 1000
"""WebP counts milliseconds."""
OPTIONS = {"quality": "88", "compression_level": "2", "threads": "1"}
"""One thread: the same bytes on every machine. 15 ms a picture at 480x480."""
LENGTH_AT = 8 + 12
"""Bytes from the beginning of an `ANMF` chunk to its picture's length, which is three bytes."""


class WebpWriter:
    """Takes pictures, and gives the file at the end; until then they wait in memory, compressed."""

    def __init__(
        self, size: Size, write: Callable[[bytes], object], mark: Mark | None, rate: float
    ) -> None:
        """write: takes the file. rate: about how many pictures a second."""
        self._write, self._mark = write, mark
        context = av.CodecContext.create("libwebp_anim", "w")
        context.width, context.height, context.pix_fmt = size.width, size.height, "bgra"
        context.time_base = Fraction(1, TICK)
        context.framerate = Fraction(rate).limit_denominator(1001)
        context.options = OPTIONS
        self._context = context
        self._last: tuple[av.VideoFrame, int] | None = None

    def add(self, pixels: np.ndarray, seconds: float) -> None:
        """A picture (H, W, 3 or 4) uint8 that is shown from `seconds` on."""
        tick = round(seconds * TICK)
        self._let_go(tick)
        form = "rgba" if pixels.shape[2] == 4 else "rgb24"
        picture = av.VideoFrame.from_ndarray(pixels, format=form).reformat(format="bgra")
        self._last = picture, tick

    def end(self, seconds: float) -> None:
        """The last picture is shown until then. The file is given now."""
        tick = round(seconds * TICK)
        self._let_go(tick)
        made = b"".join(bytes(packet) for packet in self._context.encode(None))
        made = lasting(made, tick)
        self._write(made if self._mark is None else marked_webp(made, self._mark))

    def _let_go(self, tick: int) -> None:
        if self._last is None:
            return
        picture, begun = self._last
        self._last = None
        picture.pts, picture.time_base = begun, Fraction(1, TICK)
        picture.duration = max(1, tick - begun)
        self._context.encode(picture)


def lasting(made: bytes, ticks: int) -> bytes:
    """The file, lasting as long as it should: its last picture as long as is left for it. libwebp
    takes the mean of the others, and makes one of pictures that are the same."""
    at, place, whole = 12, 0, 0  # after RIFF, the size and WEBP
    while at + 8 <= len(made):
        if made[at : at + 4] == b"ANMF":
            place = at + LENGTH_AT
            last = int.from_bytes(made[place : place + 3], "little")
            whole += last
        size = int.from_bytes(made[at + 4 : at + 8], "little")
        at += 8 + size + size % 2
    if not place or abs(whole - ticks) <= 1:
        return made
    length = min(max(last + ticks - whole, 1), 2**24 - 1)
    return made[:place] + length.to_bytes(3, "little") + made[place + 3 :]
