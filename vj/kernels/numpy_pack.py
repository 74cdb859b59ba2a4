"""A picture in the byte orders in which it is sent, written to be read. pack_body.py is the same
for the GPU and is tested against this.

Pictures are (H, W, 3) uint8 RGB, sRGB values 0..255.
"""

from __future__ import annotations

import numpy as np

BITS = 16
"""Of the fraction of a weight: everything is in whole numbers, so every machine gives the same."""
RED, BLUE = 0.2126, 0.0722
"""How much they count in luma: BT.709, by which libndi 6.3 reads and makes UYVY at every size,
small ones too (measured from 256x256 to 3840x2160)."""

ODD = "width: {} came, an even one would be right: UYVY has pixels in pairs"


def weights() -> np.ndarray:
    """(3, 3) int: of R, G and B in Y, U and V, in parts of 2**BITS, for Y in 16..235 and U, V in
    16..240. Those of U and of V sum to 0: grey has no colour, exactly."""
    scale = (1 << BITS) / 255
    green = 1 - RED - BLUE
    y = [round(219 * scale * share) for share in (RED, green, BLUE)]
    u = [round(-112 * scale * share / (1 - BLUE)) for share in (RED, green)]
    v = [round(-112 * scale * share / (1 - RED)) for share in (green, BLUE)]
    return np.array([y, [*u, -sum(u)], [-sum(v), *v]])


def bgrx(picture: np.ndarray) -> np.ndarray:
    """(H, W, 4) uint8: blue, green, red, 255. What OpenCV makes of it by COLOR_RGB2BGRA."""
    packed = np.full((*picture.shape[:2], 4), 255, np.uint8)
    packed[..., :3] = picture[..., ::-1]
    return packed


def uyvy(picture: np.ndarray) -> np.ndarray:
    """(H, W, 2) uint8, W even: U Y V Y for each pair of pixels, which share the mean of their
    colours. Raises ValueError for an odd width."""
    height, width = picture.shape[:2]
    if width % 2:
        raise ValueError(ODD.format(width))
    y, u, v = weights()
    rgb = picture.astype(np.int64)
    packed = np.empty((height, width, 2), np.uint8)
    packed[..., 1] = ((rgb @ y + (1 << BITS - 1)) >> BITS) + 16
    pairs = rgb[:, 0::2] + rgb[:, 1::2]  # twice their mean
    packed[:, 0::2, 0] = ((pairs @ u + (1 << BITS)) >> (BITS + 1)) + 128
    packed[:, 1::2, 0] = ((pairs @ v + (1 << BITS)) >> (BITS + 1)) + 128
    return packed
