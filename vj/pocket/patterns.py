"""Patterns that stand still while the noise is held: grain, cells, a dot screen, traces, scales.

A convolution can neither count nor look far, so whatever has a period or a cell is drawn here, once
for a seed and a size, and handed to the network beside the texture field. Lengths are in units of
1/256 of the picture's height times the stroke size; patterns grow from the picture's middle.
"""

from __future__ import annotations

import math

import numpy as np

from vj.kernels.cv_field import blurred

CHANNELS = (
    "grain",
    *("border", "chance", "from_x", "from_y"),
    *("dot_border", "dot_chance", "dot_x", "dot_y"),
    *("screen", "trace", "scale"),
)
"""The patterns in the order in which the network takes them."""
CELL, DOT, SCREEN, TRACE, SCALE = 20.0, 7.0, 5.6, 12.0, 16.0
"""Units; periods of the large and the small cells, the dot screen, the traces, the scales."""
TABLE = 64
"""Numbers drawn for cells repeat after so many rows and columns."""


def draw(white: np.ndarray, unit: float, size: float = 1.0) -> np.ndarray:
    """All patterns, (C, H, W) float32, each about -1..1.

    white: (H, W) float32, N(0, 1), at least 64x64 numbers. unit: pixels in a unit. size: of the
    strokes.
    """
    height, width = white.shape
    one = unit * size
    numbers = (
        np.resize(white, (5, TABLE, TABLE))
        if white.size < 5 * TABLE**2
        else (white.ravel()[: 5 * TABLE**2].reshape(5, TABLE, TABLE))
    )
    rows = (np.arange(height, dtype=np.float32) + 0.5 - height / 2)[:, None]
    columns = (np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None]
    grain = blurred(white, 0.7 * one)
    grain = grain * np.float32(0.5 / max(float(grain.std()), 1e-6))
    a, b = (
        (rows + columns) / (SCREEN * one * math.sqrt(2)),
        (rows - columns) / (SCREEN * one * math.sqrt(2)),
    )
    screen = 0.5 * (np.cos(2 * np.pi * a) + np.cos(2 * np.pi * b))
    return np.stack(
        [
            grain,
            *_cells(rows / (CELL * one), columns / (CELL * one), numbers[:3], 0.36),
            *_cells(rows / (DOT * one), columns / (DOT * one), numbers[2:], 0.22),
            screen,
            _traces(rows / (TRACE * one), columns / (TRACE * one), numbers),
            _scales(rows / (SCALE / 2 * one), columns / (SCALE * one)),
        ]
    ).astype(np.float32)


def _cells(
    rows: np.ndarray, columns: np.ndarray, numbers: np.ndarray, jitter: float
) -> tuple[np.ndarray, ...]:
    """Cells about points of a lattice, moved by the numbers (Worley 1996).

    rows (H, 1), columns (1, W): places in cells. Returns, (H, W) each: the distance to the border
    between two cells, 0 there, in cells; a number for each cell, about -1..1; where from the cell's
    point a pixel lies, x and y in cells.
    """
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    shift_x, shift_y, chance = (np.clip(n, -1.6, 1.6) / 1.6 for n in numbers)
    shape = (rows.shape[0], columns.shape[1])
    best, second = np.full(shape, 9.0, np.float32), np.full(shape, 9.0, np.float32)
    kept = [np.zeros(shape, np.float32) for _ in range(3)]
    for down in (-1, 0, 1):
        for aside in (-1, 0, 1):
            cell = (top + down) % TABLE, (left + aside) % TABLE
            x = columns - left - aside - 0.5 - jitter * shift_x[cell]
            y = rows - top - down - 0.5 - jitter * shift_y[cell]
            far = np.hypot(x, y)
            closer = far < best
            np.minimum(second, np.where(closer, best, far), out=second)
            for old, new in zip(kept, (chance[cell], x, y), strict=True):
                np.copyto(old, new, where=closer)
            np.minimum(best, far, out=best)
    return (second - best) / 2, *kept


def _traces(rows: np.ndarray, columns: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """How far the next conductor is, 0 on it, 1 a third of a cell away: lines between some points
    of a lattice, straight and slanting, and rings where some of them end. (H, W)"""
    top, left = np.floor(rows).astype(int), np.floor(columns).astype(int)
    v, u = rows - top - 0.5, columns - left - 0.5
    here = (top % TABLE, left % TABLE)
    near = np.full((rows.shape[0], columns.shape[1]), 1.0, np.float32)
    ways = ((0, 1, 0, 0.1), (1, 0, 1, 0.1), (1, 1, 2, -1.0), (-1, 1, 3, -1.3))
    links = np.zeros((TABLE, TABLE), int)
    for down, aside, which, more in ways:
        open_ = numbers[which] + more > 0
        links += open_ + np.roll(open_, (down, aside), (0, 1))
        length = math.hypot(down, aside)
        for sign in (1, -1):  # towards the neighbour, and from the other neighbour
            cell = here if sign > 0 else ((top - down) % TABLE, (left - aside) % TABLE)
            along = (u * aside + v * down) * sign / length
            across = np.abs(u * down - v * aside) / length
            far = np.hypot(across, np.maximum(0, -along))
            near = np.where(open_[cell], np.minimum(near, far), near)
    ring = np.abs(np.hypot(u, v) - 0.21)
    ends = ((links == 1) | ((links > 2) & (numbers[4] > 0.3)))[here]
    inside = ends & (np.hypot(u, v) < 0.21)
    near = np.where(inside, ring, np.where(ends, np.minimum(near, ring), near))
    return np.minimum(1, near * 3).astype(np.float32)


def _scales(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Rows of discs, each over the next: how far from its disc's middle a pixel is, rim at 1."""
    row = np.floor(rows)
    down = (rows - row) / 2
    aside = (columns + 0.5 * (row % 2)) % 1 - 0.5
    far = np.hypot(aside, down) / 0.5
    # Beyond its own row's disc the one of the row below, half a disc aside, shows.
    below = np.hypot((columns + 0.5 * ((row + 1) % 2)) % 1 - 0.5, down - 0.5) / 0.5
    return np.where(far < 1, far, below).astype(np.float32)
