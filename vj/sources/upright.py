"""A decoded frame as the picture that a player shows: upright, of square pixels, in RGB."""

from __future__ import annotations

import threading
from fractions import Fraction
from typing import Any

import cv2
import numpy as np

_of_thread = threading.local()
"""`scaler`: for all pictures of a thread. One that a picture makes for itself starts threads, and
has them for as long as the picture is kept."""


def upright(picture: Any, pixel_shape: Fraction | None) -> np.ndarray:
    """A decoded frame -> (H, W, 3) uint8 RGB, turned as its rotation tag says, its pixels square.
    Pictures of 720 lines and more that do not name their colours are taken for BT.709, as players
    do."""
    from av.video.reformatter import Colorspace, VideoReformatter

    if not hasattr(_of_thread, "scaler"):
        _of_thread.scaler = VideoReformatter()
    unnamed = int(picture.colorspace) == 2
    colours = {"src_colorspace": Colorspace.ITU709} if unnamed and picture.height >= 720 else {}
    pixels = _of_thread.scaler.reformat(picture, format="rgb24", threads=1, **colours).to_ndarray()
    if pixel_shape and pixel_shape != 1 and 0.1 < pixel_shape < 10:
        width = max(1, round(pixels.shape[1] * pixel_shape))
        pixels = cv2.resize(pixels, (width, pixels.shape[0]), interpolation=cv2.INTER_LINEAR)
    turns = round((picture.rotation or 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
