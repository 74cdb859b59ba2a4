"""GIF, written frame by frame: each with a palette of its own, the file whole up to its last frame
at every moment."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable

import numpy as np
from PIL import Image

from vj.core.frame import Size
from vj.sinks.mark import Mark, gif_blocks

TICK = 100
"""A GIF counts hundredths of a second."""
PALETTE_AT = 13
"""Where Pillow's file of one picture has its palette: after the header."""
FOR_EVER = b"\x21\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
TRAILER = b"\x3b"
LEAST_DELAY = 2
"""Ticks; players take less than that for a tenth of a second."""


class GifWriter:
    """Gives the file in pieces, each of them whole: the beginning, then one a frame, the end.

    A palette of 256 colours is chosen for each picture by an octree, which takes 2 ms at 480x480
    where FFmpeg's `palettegen` took 190 and was no nearer. No dithering: it flickers.
    """

    def __init__(self, size: Size, write: Callable[[bytes], object], mark: Mark | None) -> None:
        """write: takes the pieces. mark: stands in the first one."""
        self._write = write
        head = b"GIF89a" + struct.pack("<HHBBB", size.width, size.height, 0x70, 0, 0)
        write(head + FOR_EVER + (b"" if mark is None else gif_blocks(mark)))
        self._waiting: tuple[bytes, int] | None = None

    def add(self, pixels: np.ndarray, seconds: float) -> None:
        """A picture (H, W, 3) uint8 that is shown from `seconds` on."""
        tick = round(seconds * TICK)
        self._let_go(tick)
        self._waiting = _image_block(pixels), tick

    def end(self, seconds: float) -> None:
        """The last picture is shown until then."""
        self._let_go(round(seconds * TICK))
        self._write(TRAILER)

    def _let_go(self, tick: int) -> None:
        """Write the picture that waits to learn how long it is shown."""
        if self._waiting is None:
            return
        block, begun = self._waiting
        self._waiting = None
        delay = min(max(tick - begun, LEAST_DELAY), 65535)
        self._write(b"\x21\xf9\x04\x04" + struct.pack("<H", delay) + b"\x00\x00" + block)


def _image_block(pixels: np.ndarray) -> bytes:
    """Descriptor, palette and compressed indices, cut out of the file that Pillow makes of one
    picture."""
    few = Image.fromarray(pixels).quantize(
        256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE
    )
    file = io.BytesIO()
    few.save(file, "GIF", optimize=False, interlace=0)
    made = file.getvalue()
    bits = made[10] & 7
    palette = made[PALETTE_AT : PALETTE_AT + 3 * (2 << bits)]
    at = PALETTE_AT + len(palette)
    while made[at] == 0x21:  # an extension: label, then sub-blocks up to an empty one
        at += 2
        while made[at]:
            at += made[at] + 1
        at += 1
    descriptor = made[at : at + 9] + bytes([0x80 | bits])
    return descriptor + palette + made[at + 10 : -1]
