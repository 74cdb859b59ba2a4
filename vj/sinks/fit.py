"""Fits frames to the size with which a recording or a virtual camera was opened."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Size


def opaque(pixels: np.ndarray) -> np.ndarray:
    """(H, W, 3 or 4) uint8 -> (H, W, 3): alpha is left out, for formats that have none. RGB comes
    back untouched, not copied."""
    return pixels if pixels.shape[2] == 3 else cv2.cvtColor(pixels, cv2.COLOR_RGBA2RGB)


def fitted(pixels: np.ndarray, size: Size) -> np.ndarray:
    """(H, W, 3 or 4) uint8 RGB(A) -> (size.height, size.width, 3 or 4).

    The same size comes back untouched. One missing row or column (an odd size made even) repeats
    the edge, so that nothing is resampled. Anything else is scaled whole into the middle, with
    black, transparent where there is alpha, beside or above and below.
    """
    height, width = pixels.shape[:2]
    across, down = size.width - width, size.height - height
    if across == 0 and down == 0:
        return pixels
    if across in (0, 1) and down in (0, 1):
        return cv2.copyMakeBorder(pixels, 0, down, 0, across, cv2.BORDER_REPLICATE)
    scale = min(size.width / width, size.height / height)
    inner = Size(max(1, round(width * scale)), max(1, round(height * scale)))
    scaled = cv2.resize(
        pixels, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    )
    canvas = np.zeros((size.height, size.width, pixels.shape[2]), np.uint8)
    top, left = (size.height - inner.height) // 2, (size.width - inner.width) // 2
    canvas[top : top + inner.height, left : left + inner.width] = scaled
    return canvas
