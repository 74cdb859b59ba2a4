"""From whatever a source gives to the size that is painted: cropped or padded, never stretched."""

from __future__ import annotations

from typing import Literal

import cv2
import numpy as np

from vj.frame import Size

Fit = Literal["crop", "pad"]


def prepare(pixels: np.ndarray, size: Size, fit: Fit = "crop") -> np.ndarray:
    """(H, W, 3 or 4) uint8 -> (size.height, size.width, 3) uint8 RGB, C-contiguous.

    crop fills the size and cuts what hangs over on both sides alike; pad shows the whole picture with black beside it. What is
    transparent lies over black. The same size comes back untouched.
    """
    if pixels.shape[2] == 4:
        pixels = _over_black(pixels)
    height, width = pixels.shape[:2]
    if (width, height) == size:
        return pixels
    choose = max if fit == "crop" else min
    scale = choose(size.width / width, size.height / height)
    how = cv2.INTER_AREA if scale < 0.6 else cv2.INTER_LINEAR
    if fit == "crop":
        across, down = min(width, round(size.width / scale)), min(height, round(size.height / scale))
        left, top = (width - across) // 2, (height - down) // 2
        return cv2.resize(pixels[top : top + down, left : left + across], size, interpolation=how)
    inner = Size(min(size.width, max(1, round(width * scale))), min(size.height, max(1, round(height * scale))))
    out = np.zeros((size.height, size.width, 3), np.uint8)
    left, top = (size.width - inner.width) // 2, (size.height - inner.height) // 2
    out[top : top + inner.height, left : left + inner.width] = cv2.resize(pixels, inner, interpolation=how)
    return out


def lost(came: Size, size: Size, fit: Fit) -> str:
    """What a person should know about a picture's way into the painted size; empty when nothing of it is lost and nothing added."""
    share = (came.width * size.height) / (came.height * size.width)
    if 0.98 < share < 1.02:
        return ""
    percent = round(100 * (1 - min(share, 1 / share)))
    sides = "left and right" if share > 1 else "top and bottom"
    if fit == "pad":
        return f"the input is {came}, painted {size}: black {'above and below' if share > 1 else 'beside it'}, {percent} % of the picture"
    return f"the input is {came}, painted {size}: {percent} % of it is cut off at {sides} (fit: pad shows all, another size: fits better)"


def _over_black(pixels: np.ndarray) -> np.ndarray:
    alpha = cv2.cvtColor(pixels[:, :, 3], cv2.COLOR_GRAY2RGB)
    return cv2.multiply(cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB), alpha, scale=1 / 255)
