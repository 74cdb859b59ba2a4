"""A round brush: points with a width become a smooth line, as coverage of pixels.

The curve goes through the middles between the points, which Chaikin's corner cutting (1974) ends
in: a quadratic piece from middle to middle, led by the point between. A piece depends on nothing
that comes later, so a line that arrives in parts is the same line as one that came at once.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from vj.core.frame import Size

FINE = 4
"""Lines are drawn so many times as large, without grey, and reduced: coverage in 16 steps that is
right where pieces overlap, which OpenCV's own anti-aliasing is not."""
_SHIFT = 4
"""Fractional bits of coordinates."""
FLAT = 0.1
"""Pixels by which the straight parts of a curve may miss it."""
LONGEST, AT_A_TIME = 24.0, 16
"""Pixels of one straight part, at most, and parts that are drawn at a time: a raster stays
small."""


class Area(NamedTuple):
    """Pixels from `left`, `top` up to, but without, `right`, `bottom`."""

    left: int
    top: int
    right: int
    bottom: int

    @property
    def place(self) -> tuple[slice, slice]:
        """Of an array, (rows, columns)."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    @property
    def empty(self) -> bool:
        return self.left >= self.right or self.top >= self.bottom

    def __or__(self, other: Area) -> Area:
        """The smallest that holds both."""
        if self.empty or other.empty:
            return other if self.empty else self
        return Area(
            min(self.left, other.left),
            min(self.top, other.top),
            max(self.right, other.right),
            max(self.bottom, other.bottom),
        )

    def __and__(self, other: Area) -> Area:
        """What lies in both."""
        return Area(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )


NOWHERE = Area(0, 0, 0, 0)


def everything(size: Size) -> Area:
    """The box of a whole picture."""
    return Area(0, 0, size.width, size.height)


def box_of(line: np.ndarray, size: Size) -> Area:
    """Where a line may cover pixels of a picture. line: (n, 3), x, y and width in pixels."""
    radius = line[:, 2].max() / 2 + 1
    low, high = line[:, :2].min(0) - radius, line[:, :2].max(0) + radius
    return everything(size) & Area(
        math.floor(low[0]), math.floor(low[1]), math.ceil(high[0]), math.ceil(high[1])
    )


def curve(points: np.ndarray, first: int = 0) -> np.ndarray:
    """The smooth line from the middle before point `first` to the middle before the last point;
    from the first point itself where `first` is 0. (n, 3) of any unit -> (m, 3); one point alone is
    itself. In pixels it is at most `FLAT` off."""
    if len(points) == 1:
        return points
    middles = (points[:-1] + points[1:]) / 2
    begin = points[:1] if first == 0 else middles[first - 1 : first]
    corners, ends = points[max(1, first) : -1], middles[max(1, first) :]
    lines = [begin] if first else [begin, middles[:1]]
    if len(corners):
        begins = middles[max(1, first) - 1 : -1]
        bend = np.abs(begins - 2 * corners + ends).max()
        count = min(16, max(1, math.ceil(math.sqrt(bend / (4 * FLAT)))))
        at = (np.arange(1, count + 1) / count)[None, :, None]
        a, b, c = begins[:, None], corners[:, None], ends[:, None]
        lines.append(((1 - at) ** 2 * a + 2 * at * (1 - at) * b + at**2 * c).reshape(-1, 3))
    return np.concatenate(lines)


def tail(points: np.ndarray) -> np.ndarray:
    """From where `curve` ends to the last point: (2, 3)."""
    return np.stack([(points[-2] + points[-1]) / 2, points[-1]]) if len(points) > 1 else points


def stamp(cover: np.ndarray, line: np.ndarray) -> Area:
    """Draw a line into a coverage, (H, W) uint8, which only grows. line: (n, 3), x, y and width in
    pixels, 0, 0 being the corner of the first pixel. Returns where."""
    size = Size(cover.shape[1], cover.shape[0])
    line, where = _short_parts(line), NOWHERE
    for begin in range(0, max(1, len(line) - 1), AT_A_TIME):
        part = line[begin : begin + AT_A_TIME + 1]
        box = box_of(part, size)
        if box.empty:
            continue
        patch = _raster(part - (box.left, box.top, 0), box)
        there = cover[box.place]
        cv2.max(there, patch, dst=patch)
        cover[box.place] = patch
        where = where | box
    return where


def _short_parts(line: np.ndarray) -> np.ndarray:
    """The same line, no part of it longer than `LONGEST`."""
    if len(line) < 2:
        return line
    lengths = np.hypot(*np.diff(line[:, :2], axis=0).T)
    counts = np.maximum(1, np.ceil(lengths / LONGEST)).astype(int)
    if counts.max() == 1:
        return line
    at = np.concatenate(
        [index + np.arange(count) / count for index, count in enumerate(counts)]
        + [np.array([len(counts)])]
    )
    given = np.arange(len(line))
    return np.stack([np.interp(at, given, line[:, axis]) for axis in range(3)], -1)


def _raster(line: np.ndarray, box: Area) -> np.ndarray:
    """The coverage within a box whose corner is the line's origin, (h, w) uint8."""
    height, width = box.bottom - box.top, box.right - box.left
    fine = np.zeros((height * FINE, width * FINE), np.uint8)
    # OpenCV draws the pixels that an outline touches too: half of one more on every side.
    radii = np.maximum(line[:, 2] / 2 * FINE - 0.5, 0.5)
    centres = line[:, :2] * FINE - 0.5
    fixed = np.round(centres * (1 << _SHIFT)).astype(int)
    for (x, y), radius in zip(fixed.tolist(), radii.tolist(), strict=True):
        cv2.circle(fine, (x, y), round(radius * (1 << _SHIFT)), 255, -1, cv2.LINE_8, _SHIFT)
    along = np.diff(centres, axis=0)
    lengths = np.hypot(along[:, 0], along[:, 1])
    across = np.stack([-along[:, 1], along[:, 0]], -1) / np.maximum(lengths, 1e-6)[:, None]
    one, two = across * radii[:-1, None], across * radii[1:, None]
    a, b = centres[:-1], centres[1:]
    quads = np.round(np.stack([a + one, b + two, b - two, a - one], 1) * (1 << _SHIFT))
    for quad in quads.astype(np.int32)[lengths > 0.5]:
        cv2.fillConvexPoly(fine, quad, 255, cv2.LINE_8, _SHIFT)
    out: np.ndarray = cv2.resize(fine, (width, height), interpolation=cv2.INTER_AREA)
    return out
