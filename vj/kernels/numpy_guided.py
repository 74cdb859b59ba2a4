"""Guided upscaling, led by the edges of the real input, written to be read: joint upsampling by a
local linear model (the fast guided filter: He and Sun, arXiv 1505.00996, 2015; after He, Sun and
Tang, "Guided Image Filtering", 2010).

In every small window of the generated image each channel is fitted as `slope * luma + offset` of
the input there. Where that explains the generated image, the generated image is replaced by what
the fit says, and what the input's luma has beyond the painted size is added, times the slope. Where
it explains little (a painted edge that the input lacks, or the reverse), `trust` is 0 and all stays
as the plain upscaling has it.

cv_guided.py (CPU) and guided_body.py (GPU) do the same, fast, and are tested against this. Pictures
are (H, W, 3) RGB uint8, lumas (H, W) uint8, everything between them float32 of 0..1.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from vj.core.smoothstep import smoothstep
from vj.kernels.numpy_ops import to_float
from vj.kernels.numpy_upscale import place

RADIUS = 1
"""Of the square windows on the grid that is fitted, which has half the generated image's sides (the
fast guided filter): 3x3 there, 6x6 pixels painted. Larger ones agree better with the input's edges
and lie further from its colours."""
NOISE = np.float32((4 / 255) ** 2)
"""Variance of luma that counts as none: a camera's noise on a wall shall not be painted."""
STEEPEST = np.float32(4)
"""Bound of a slope's size: a faint edge in the input does not draw a hard one. With 2, colours that
differ little in luma bled into each other."""
TRUST_FROM, TRUST_FULL = np.float32(0.4), np.float32(0.9)
"""Share of the generated image's variance that luma explains, below which the fit is not believed,
and from which on it is. (A random texture reaches .1 in 25 pixels by chance.)"""
FADE_FROM, FADE_TO = 0.3, 0.8
"""Strengths between which the guide fades out."""
REPLACED_FROM = 0.3
"""Strength from which on the generated image is replaced by the fit as far as that is believed."""
SHARPEN = np.float32(1.6)
"""Weight of the unsharp mask where the guide is not believed: edges as steep as cv_upscale's."""


class Fit(NamedTuple):
    """The local model on its grid, each number a mean over the windows that cover the place, those
    weighted by their trust: the explained part of the generated image is `slope * luma +
    offset`."""

    slope: np.ndarray
    """(h, w, 3)"""
    offset: np.ndarray
    """(h, w, 3)"""
    trust: np.ndarray
    """(h, w), 0..1"""


def fade(strength: float) -> float:
    """How much the guide counts at a strength: 1 near the input, 0 where nothing is left of it."""
    return 1 - float(_step(np.float32(FADE_FROM), np.float32(FADE_TO), np.float32(strength)))


def _step(low: np.floating, high: np.floating, value: Any) -> Any:
    """0 below `low`, 1 above `high`, an S between."""
    return smoothstep(np.clip((value - low) / (high - low), np.float32(0), np.float32(1)))


def luma(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W) uint8, Rec. 601 in 14 bits, as OpenCV rounds it."""
    r, g, b = (picture[..., c].astype(np.int32) for c in range(3))
    return ((4899 * r + 9617 * g + 1868 * b + 8192) >> 14).astype(np.uint8)


def _taken(picture: np.ndarray, row: np.ndarray, column: np.ndarray) -> np.ndarray:
    rows, columns = np.clip(row, 0, len(picture) - 1), np.clip(column, 0, picture.shape[1] - 1)
    return picture[rows[:, None], columns]


def bilinear(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w) or (h, w, C) float -> (height, width, ...); the border is repeated."""
    row, down = place(height, picture.shape[0])
    column, across = place(width, picture.shape[1])
    extra = (1,) * (picture.ndim - 2)
    down, across = down.reshape(-1, 1, *extra), across.reshape(1, -1, *extra)
    upper, lower = (
        (1 - across) * _taken(picture, row + y, column)
        + across * _taken(picture, row + y, column + 1)
        for y in (0, 1)
    )
    out: np.ndarray = (1 - down) * upper + down * lower
    return out


def cubic_weights(share: np.ndarray) -> list[np.ndarray]:
    """Of the four pixels around a place (Keys 1981, with OpenCV's a = -0.75); they add up to 1."""
    a = np.float32(-0.75)
    near = [((a + 2) * x - (a + 3)) * x * x + 1 for x in (share, 1 - share)]
    far = [((a * x - 5 * a) * x + 8 * a) * x - 4 * a for x in (share + 1, 2 - share)]
    return [far[0], near[0], near[1], far[1]]


def cubic(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """(h, w) or (h, w, C) float -> (height, width, ...), not clamped; the border is repeated."""
    row, down = place(height, picture.shape[0])
    column, across = place(width, picture.shape[1])
    extra = (1,) * (picture.ndim - 2)
    rows = cubic_weights(down.reshape(-1, 1, *extra))
    columns = cubic_weights(across.reshape(1, -1, *extra))
    out = np.zeros((height, width, *picture.shape[2:]), np.float32)
    for y in range(4):
        for x in range(4):
            out += rows[y] * columns[x] * _taken(picture, row + y - 1, column + x - 1)
    return out


def box(picture: np.ndarray, radius: int = RADIUS) -> np.ndarray:
    """The mean of each square window; mirrored at the middle of the border's pixels."""
    wide = np.pad(picture, [(radius, radius)] * 2 + [(0, 0)] * (picture.ndim - 2), mode="reflect")
    height, width = picture.shape[:2]
    side = 2 * radius + 1
    total = np.zeros(picture.shape, np.float32)
    for y in range(side):
        for x in range(side):
            total += wide[y : y + height, x : x + width]
    return total / np.float32(side * side)


def grid(height: int, width: int) -> tuple[int, int]:
    """Height and width of the grid on which a generated image of this size is fitted."""
    return max(2, height // 2), max(2, width // 2)


def fit(picture: np.ndarray, guide: np.ndarray, amount: float, mask: np.ndarray | None) -> Fit:
    """picture: (h, w, 3), guide: its input's luma, (h, w), both uint8.

    amount: 0..1, what `fade` gives. mask: (h, w) uint8 or None; where it is 0 the generated image
    does not show but the input does, and the guide counts in full.
    """
    size = grid(*guide.shape)
    painted, light = (bilinear(to_float(p), *size) for p in (picture, guide))
    mean_light, mean = box(light), box(painted)
    variance = np.maximum(box(light * light) - mean_light * mean_light, 0) + NOISE
    shared = box(painted * light[..., None]) - mean * mean_light[..., None]
    own = np.maximum(box((painted * painted).sum(-1)) - (mean * mean).sum(-1), 0) + NOISE
    slope = np.clip(shared / variance[..., None], -STEEPEST, STEEPEST)
    # What is left of the generated image's variance counts with the bounded slope: a colour that
    # luma hardly shows (red beside blue) is not explained, however well the two go together.
    explained = (slope * (2 * shared - slope * variance[..., None])).sum(-1) / own
    trust = _step(TRUST_FROM, TRUST_FULL, explained)
    counts = np.full(size, amount, np.float32)
    if mask is not None:
        counts = 1 - bilinear(to_float(mask), *size) * np.float32(1 - amount)
    offset = mean - slope * mean_light[..., None]
    weight = trust[..., None]
    return Fit(
        box(slope * weight) * counts[..., None],
        box(offset * weight) * counts[..., None],
        box(trust) * counts,
    )


def replaced(strength: float) -> float:
    """How much of the explained generated image is replaced by the fit: nothing where it is the
    input itself, all once it has an own, softer, idea of an edge."""
    return min(1.0, strength / REPLACED_FROM)


def led(picture: np.ndarray, guide: np.ndarray, fitted: Fit, share: float) -> np.ndarray:
    """The generated image with its explained part put in the place of as much of itself.

    (h, w, 3) uint8 -> the same. A soft painted edge over a hard one of the input gets as hard.
    share: 0..1, what `replaced` gives.
    """
    slope, offset, trust = (bilinear(part, *guide.shape) for part in fitted)
    painted, light = to_float(picture), to_float(guide)[..., None]
    out = painted + np.float32(share) * (slope * light + offset - trust[..., None] * painted)
    return (np.clip(out, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)


def sharpened(height: int, width: int, out_height: int, out_width: int) -> tuple[int, int]:
    """Height and width at which a picture is sharpened on its way to a size: twice its own, where
    an edge has room to get steeper, but no more than half of where it goes, which costs too
    much."""
    return (
        min(2 * height, max(height, out_height // 2)),
        min(2 * width, max(width, out_width // 2)),
    )


def bounded_sharpening(light: np.ndarray, height: int, width: int) -> np.ndarray:
    """What sharpening adds to a luma on its way to (height, width). (h, w) uint8 -> float32, -1..1,
    of the size `sharpened`.

    An unsharp mask, held between the least and the most of what lay around in the small picture,
    as cv_upscale.py does it in all channels and at the large size.
    """
    size = sharpened(light.shape[0], light.shape[1], height, width)
    small = to_float(light)
    around = np.pad(small, 1, mode="edge")
    windows = [
        around[y : y + light.shape[0], x : x + light.shape[1]] for y in range(3) for x in range(3)
    ]
    least, most = (bilinear(pick(windows, axis=0), *size) for pick in (np.min, np.max))
    large = np.clip(cubic(small, *size), 0, 1)
    sharp = large + SHARPEN * (large - box(large, 1))
    return np.maximum(np.minimum(sharp, most), least) - large


def guided(
    picture: np.ndarray,
    guide: np.ndarray,
    large_guide: np.ndarray,
    strength: float,
    mask: np.ndarray | None = None,
    upscaled: np.ndarray | None = None,
) -> np.ndarray:
    """(h, w, 3) uint8 -> (H, W, 3) uint8, H and W those of `large_guide`.

    guide: the input's luma at the painted size, (h, w) uint8. large_guide: the same at the size
    that is sent, with all that the camera saw. strength: how far the generated image has left it,
    0..1; the guide fades out with it. mask: see `fit`. upscaled: (H, W, 3) uint8, the plain way's
    result, which stays where the guide is not believed; without one it is a cubic with
    `bounded_sharpening` of the luma.
    """
    size = large_guide.shape
    fitted = fit(picture, guide, fade(strength), mask)
    lead = led(picture, guide, fitted, replaced(strength))
    slope = bilinear(fitted.slope, *size)
    if upscaled is None:
        sharpening = bounded_sharpening(luma(lead), *size)
        doubted = bilinear((1 - bilinear(fitted.trust, *sharpening.shape)) * sharpening, *size)
        doubted = doubted[..., None]
    else:
        sharpening = to_float(upscaled) - np.clip(cubic(to_float(picture), *size), 0, 1)
        doubted = (1 - bilinear(fitted.trust, *size))[..., None] * sharpening
    detail = to_float(large_guide) - np.clip(cubic(to_float(guide), *size), 0, 1)
    base = np.clip(cubic(to_float(lead), *size), 0, 1)
    out = base + doubted + slope * detail[..., None]
    return (np.clip(out, 0, 1) * np.float32(255) + np.float32(0.5)).astype(np.uint8)
