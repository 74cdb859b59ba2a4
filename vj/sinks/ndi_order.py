"""The byte orders in which NDI is given pictures: BGRX or BGRA, or its own, UYVY.

libndi 6.3 makes UYVY of BGRX by cutting off what is behind the point: grey arrives with a tint,
(127, 127, 125) of 128. Made here or on a card it is rounded, and arrives as grey; a frame of a clip
at 1280x720 lay at 43 dB to the truth instead of 39.
"""

from __future__ import annotations

from typing import NamedTuple

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from vj.core.packed import Packed, Pixels, rgb_of


class Lines(NamedTuple):
    """What NDI reads. memory: (H, >= W, 2 or 4) uint8, contiguous. stride: bytes from one line to
    the next. fourcc: the end of NDI's name for it. own: to be given with a later picture."""

    memory: np.ndarray
    stride: int
    fourcc: str
    own: np.ndarray


class NdiOrder:
    """Brings pictures into an order. Belongs to one thread."""

    def __init__(self, uyvy: bool) -> None:
        self._uyvy = uyvy
        self._to_uyvy = VideoReformatter()

    def of(self, picture: Pixels, own: np.ndarray) -> Lines:
        """As NDI takes it. What a card has packed is passed on as it is. own: (h, w, 4) uint8,
        which NDI does not read now; written to where it has the picture's size."""
        height, width, channels = picture.shape
        uyvy = self._uyvy and channels == 3 and width % 2 == 0
        order = "UYVY" if uyvy else "BGRX"
        if isinstance(picture, Packed) and picture.order == order:
            return Lines(picture.data, width * picture.data.shape[2], order, own)
        pixels = rgb_of(picture)
        if uyvy:
            return self._in_uyvy(pixels, own)
        if own.shape != (height, width, 4):
            own = np.empty((height, width, 4), np.uint8)
        how = cv2.COLOR_RGBA2BGRA if channels == 4 else cv2.COLOR_RGB2BGRA
        cv2.cvtColor(pixels, how, dst=own)
        return Lines(own, width * 4, "BGRA" if channels == 4 else "BGRX", own)

    def _in_uyvy(self, pixels: np.ndarray, own: np.ndarray) -> Lines:
        """In memory of FFmpeg's, new with each; within 1 of what a card makes."""
        made = self._to_uyvy.reformat(
            av.VideoFrame.from_ndarray(pixels, format="rgb24"),
            format="uyvy422",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        plane = made.planes[0]
        lines = np.frombuffer(memoryview(plane), np.uint8).reshape(plane.height, -1, 2)
        return Lines(lines, plane.line_size, "UYVY", own)
