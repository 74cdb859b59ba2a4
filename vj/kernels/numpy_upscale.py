"""Small pictures made large, written to be read: AMD's FidelityFX Super Resolution 1.0 (MIT, 2021),
its two passes in our own words.

`easu` upscales, `rcas` sharpens what was upscaled. upscale_body.py is the same for the GPU and is
tested against this; cv_upscale.py is a relative of it that a CPU can play. Pictures are (H, W, 3)
RGB, sRGB values: uint8 0..255, or float32 0..1 (clamped on the way in).
"""

from __future__ import annotations

import numpy as np

from vj.kernels.numpy_ops import to_float

LOBE_LIMIT = np.float32(0.25 - 1 / 16)
"""The strongest weight of a neighbour in `rcas`; beyond it pictures look unnatural (AMD's
limit)."""
FLAT = np.float32(1 / 32768)
"""A squared gradient (of `brightness`) below which a place has no direction."""
TINY = np.float32(1e-6)
"""Instead of a division by nothing."""

NEAR = ((0, 0), (1, 0), (0, 1), (1, 1))
"""The four pixels around a place, x and y from the upper left one. Each has a cross of neighbours,
from which its gradient is taken."""
TAPS = (
    (0, -1),
    (1, -1),
    (-1, 0),
    (0, 0),
    (1, 0),
    (2, 0),
    (-1, 1),
    (0, 1),
    (1, 1),
    (2, 1),
    (0, 2),
    (1, 2),
)
"""The twelve pixels that are mixed: 4x4 without its corners."""


def place(count: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """For each of `count` output pixels, where its middle lies between the middles of `size` input
    pixels: the index of the one before (-1 at the edge) and the share of the way to the next, 0..1
    float32. In whole numbers, so that every machine takes the same pixel."""
    ahead = (2 * np.arange(count, dtype=np.int64) + 1) * size - count
    before = ahead // (2 * count)
    return before, (ahead - before * 2 * count).astype(np.float32) / np.float32(2 * count)


def brightness(picture: np.ndarray) -> np.ndarray:
    """(..., 3) -> (...): twice something like luma, as cheap as can be; 0..2."""
    return picture[..., 2] * np.float32(0.5) + (picture[..., 0] * np.float32(0.5) + picture[..., 1])


def slope(before: np.ndarray, here: np.ndarray, after: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Along one axis: the gradient, and how much of an edge it is, 1 for a ramp, 0 for a line or a
    point (the gradient turns back)."""
    gradient = after - before
    steepest = np.maximum(np.abs(after - here), np.abs(here - before))
    edge = np.minimum(np.abs(gradient) / np.maximum(steepest, TINY), np.float32(1))
    return gradient, edge * edge


def easu(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """Edge-adaptive spatial upsampling: (h, w, 3) uint8 or float -> (height, width, 3) float32
    0..1.

    Each output pixel mixes twelve input pixels by a Lanczos-like kernel, which is turned along the
    local gradient and drawn out along the edge the clearer that is; so slanted lines come out as
    lines and not as stairs. The mixture is held between the least and the most of the four nearest
    pixels, so nothing rings. Made for up to twice the width; beyond that it blurs, it does not
    fail. Pixels beyond the border are those of the border.
    """
    source = to_float(picture)
    column, across = place(width, source.shape[1])
    row, down = place(height, source.shape[0])
    across, down = np.broadcast_arrays(across, down[:, None])
    light = brightness(source)

    def at(image: np.ndarray, x: int, y: int) -> np.ndarray:
        rows, columns = (
            np.clip(index + step, 0, size - 1)
            for index, step, size in zip((row, column), (y, x), image.shape, strict=False)
        )
        return image[rows[:, None], columns]

    # The gradient and how much of an edge there is: of the four nearest, by their bilinear shares.
    toward_x: np.ndarray
    toward_y: np.ndarray
    toward_x, toward_y, edge = (np.zeros((height, width), np.float32) for _ in range(3))
    for x, y in NEAR:
        share = (across if x else 1 - across) * (down if y else 1 - down)
        here = at(light, x, y)
        gradient, clear = slope(at(light, x - 1, y), here, at(light, x + 1, y))
        toward_x, edge = toward_x + gradient * share, edge + clear * share
        gradient, clear = slope(at(light, x, y - 1), here, at(light, x, y + 1))
        toward_y, edge = toward_y + gradient * share, edge + clear * share
    squared = toward_x * toward_x + toward_y * toward_y
    none = squared < FLAT
    scale = 1 / np.sqrt(np.where(none, np.float32(1), squared))
    toward_x, toward_y = np.where(none, np.float32(1), toward_x) * scale, toward_y * scale
    edge = np.float32(0.5) * edge
    edge = edge * edge

    # The kernel: across the edge 1 (on a diagonal up to sqrt 2, where pixels lie further apart),
    # along it down to one half, that is twice as long; its window reaches from sqrt 2 to a little
    # over 2 pixels.
    stretch = (toward_x * toward_x + toward_y * toward_y) / np.maximum(
        np.abs(toward_x), np.abs(toward_y)
    )
    narrow, long = 1 + (stretch - 1) * edge, 1 - np.float32(0.5) * edge
    window = np.float32(0.5) - np.float32(0.29) * edge
    reach = 1 / window

    total, weights = np.zeros((height, width, 3), np.float32), np.zeros((height, width), np.float32)
    for x, y in TAPS:
        off_x, off_y = x - across, y - down
        over = (off_x * toward_x + off_y * toward_y) * narrow
        beside = (off_y * toward_x - off_x * toward_y) * long
        far = np.minimum(over * over + beside * beside, reach)
        base, ending = np.float32(0.4) * far - 1, window * far - 1
        weight = (np.float32(25 / 16) * (base * base) - np.float32(9 / 16)) * (ending * ending)
        total, weights = total + at(source, x, y) * weight[..., None], weights + weight
    nearest = np.stack([at(source, x, y) for x, y in NEAR])
    return np.clip(total / weights[..., None], nearest.min(0), nearest.max(0))


def rcas(picture: np.ndarray, sharpness: float) -> np.ndarray:
    """Robust contrast-adaptive sharpening: (H, W, 3) uint8 or float -> the same size, float32 0..1.

    sharpness: 0..1; 0 changes nothing, 1 is AMD's strongest. Each pixel moves away from its four
    neighbours. By how much is bounded by the least and the most of the five, so that no channel
    would leave 0..1, and by `LOBE_LIMIT`; all channels go alike, so hues stay. Values outside 0..1
    would make it divide by nothing (NaN): they are clamped first.
    """
    here = to_float(picture)
    if sharpness == 0:
        return here
    wide = np.pad(here, ((1, 1), (1, 1), (0, 0)), mode="edge")
    up, down, left, right = wide[:-2, 1:-1], wide[2:, 1:-1], wide[1:-1, :-2], wide[1:-1, 2:]
    least = np.minimum(np.minimum(np.minimum(up, down), np.minimum(left, right)), here)
    most = np.maximum(np.maximum(np.maximum(up, down), np.maximum(left, right)), here)
    room = np.minimum(
        least / np.maximum(4 * most, TINY), (1 - most) / np.maximum(4 - 4 * least, TINY)
    )
    lobe = -np.minimum(room.min(-1, keepdims=True), LOBE_LIMIT) * np.float32(sharpness)
    return np.clip((lobe * (up + down + left + right) + here) / (4 * lobe + 1), 0, 1)
