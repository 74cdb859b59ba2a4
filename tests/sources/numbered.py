"""Clips whose frames have their number drawn into them, so that it can be read off whatever is
shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from vj.core.frame import Frame, Size

SIZE = Size(96, 64)
BITS, SIDE = 12, 16


def numbered(number: int) -> np.ndarray:
    """(64, 96, 3) uint8 RGB: twelve squares, white for a bit that is set, and something that
    moves."""
    pixels = np.full((SIZE.height, SIZE.width, 3), 60, np.uint8)
    for bit in range(BITS):
        y, x = SIDE * (bit // 6), SIDE * (bit % 6)
        pixels[y : y + SIDE, x : x + SIDE] = 255 if number >> bit & 1 else 0
    at = 3 * number % (SIZE.width - SIDE)
    pixels[38:60, at : at + SIDE] = 200, 80, 30
    return pixels


def number_of(frame: Frame | None) -> int:
    """Of a frame that shows one."""
    assert frame is not None
    squares = (
        frame.pixels[SIDE * (b // 6) + 4 :, SIDE * (b % 6) + 4 :][:8, :8] for b in range(BITS)
    )
    return sum(int(square.mean() > 128) << bit for bit, square in enumerate(squares))


def numbered_clip(
    path: Path,
    frames: int = 40,
    codec: str = "libx264",
    rate: int = 30,
    options: Mapping[str, str] | None = None,
    pixels: str = "yuv420p",
    milliseconds: Sequence[int] | None = None,
    container: str | None = None,
    first: int = 0,
) -> Path:
    """first: the number of its first frame. milliseconds: when each frame begins; None: at `rate`.
    container: in place of the path's ending."""
    ticks = Fraction(1, 1000 if milliseconds else rate)
    with av.open(str(path), "w", format=container) as file:
        track: Any = file.add_stream(codec, rate=rate, options=dict(options or {}))
        track.width, track.height, track.pix_fmt = *SIZE, pixels
        track.codec_context.time_base = ticks
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(numbered(first + number), format="rgb24")
            frame.time_base = ticks
            frame.pts = milliseconds[number] if milliseconds else number
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path
