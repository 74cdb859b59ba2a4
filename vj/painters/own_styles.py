"""Two paintings drawn by code, which the picture model takes as its style where a show names no
picture: it paints at once."""

from __future__ import annotations

from functools import cache

import numpy as np

SIDE = 256


@cache
def own_styles() -> dict[str, np.ndarray]:
    """Name -> (256, 256, 3) uint8 RGB; the same everywhere. Not to be written to."""
    return {"stained glass": _glass(), "ink waves": _waves()}


def _glass() -> np.ndarray:
    """Cells of strong colours with dark lead between."""
    rng = np.random.default_rng(5)
    points = rng.uniform(0, SIDE, (90, 2))
    colours = np.array(
        [(214, 40, 40), (247, 127, 0), (252, 191, 73), (0, 119, 182), (0, 180, 216), (20, 110, 60),
         (114, 9, 183), (234, 226, 183)],
        np.float32,
    )[rng.integers(0, 8, 90)]  # fmt: skip
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    far = np.stack([(x - px) ** 2 + (y - py) ** 2 for px, py in points])
    first, second = np.sqrt(np.partition(far, 1, axis=0)[:2])
    light = 0.75 + 0.25 * np.sin(x / 3.1 + y / 5.3)
    made = colours[far.argmin(0)] * light[..., None]
    return (made * np.clip((second - first - 2) / 3, 0, 1)[..., None]).astype(np.uint8)


def _waves() -> np.ndarray:
    """Broad waves of ink on warm paper."""
    y, x = np.mgrid[0:SIDE, 0:SIDE].astype(np.float32)
    wave = np.sin(y / 7 + 5 * np.sin(x / 31) + 2 * np.sin(x / 11 + y / 23))
    ink = np.clip(wave * 2.5 + 0.5, 0, 1)[..., None]
    paper = np.array((240, 225, 190), np.float32)
    return (paper * ink + np.array((24, 44, 92), np.float32) * (1 - ink)).astype(np.uint8)
