"""The input's own frame: mirrored, zoomed, panned and turned on its way to the painted size, before
everything else sees it.

A view is one resampling of the source's own pixels: what is zoomed into is as sharp as the camera
was. A neutral view is `prepare`, byte for byte.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from vj.core.frame import Size
from vj.parameters.store import Snapshot
from vj.pipeline.preprocess import Fit, over_black, part_of, placed, prepare

WEDGES = 6
"""Of the kaleidoscope, each the mirror image of the next."""
SHRINK = 1.6
"""Pixels of the input that one pixel of the picture may stand for. Of more than that the mean of
each two by two is taken first, or fine patterns shimmer when the view moves. By halves, since that
takes OpenCV a twentieth of the time of any other share."""
FINE = 0.75
"""Where a pixel of the picture is less than that of the input, it is enlarged with a cubic, which
is sharper and takes three times as long."""


@dataclass(frozen=True, slots=True)
class View:
    """What of the input is painted, and how it lies. x, y: where it looks, -1 at the input's left
    and upper edge, 1 at the right and lower one. rotate: degrees, the picture turns clockwise.
    zoom: times larger than without. mirror: see the parameter."""

    mirror: str = "none"
    zoom: float = 1.0
    rotate: float = 0.0
    x: float = 0.0
    y: float = 0.0

    @classmethod
    def of(cls, snapshot: Snapshot) -> View:
        """As the parameters say."""
        return cls(
            snapshot["input/mirror"],
            snapshot["input/zoom"],
            snapshot["input/rotate"],
            snapshot["input/x"],
            snapshot["input/y"],
        )

    def moved(self, zoom: float, x: float, y: float) -> View:
        """The same with another zoom that looks elsewhere."""
        return replace(self, zoom=zoom, x=x, y=y)


NEUTRAL = View()


@dataclass(frozen=True, slots=True)
class PlacedView:
    """A view of pictures that are painted at a size. Equal ones show the same of the same
    pixels."""

    view: View
    painted: Size
    fit: Fit

    def __call__(self, pixels: np.ndarray, wanted: Size) -> np.ndarray:
        """(H, W) or (H, W, 3) uint8 as the source gave it -> what is seen of it, at `wanted`: the
        middle part of the painted size that has that shape. C-contiguous."""
        view = self.view
        height, width = pixels.shape[:2]
        place = _Place(Size(width, height), self.painted, self.fit, view, wanted)
        share = 1.0
        while place.step * share > SHRINK and min(pixels.shape[:2]) > 1:
            pixels = _half(pixels)
            share /= 2
        matrix = place.matrix(share)
        how = cv2.INTER_LINEAR if place.step >= FINE else cv2.INTER_CUBIC
        # `fit: pad` has black beside the input at zoom 1, so it has further out too.
        border = cv2.BORDER_REFLECT if self.fit == "crop" else cv2.BORDER_CONSTANT
        if view.mirror == "kaleidoscope":
            across, down = _folded(wanted)
            x, y = (
                cv2.addWeighted(across, float(row[0]), down, float(row[1]), float(row[2]))
                for row in matrix
            )
            return cv2.remap(pixels, x, y, how, borderMode=border)
        flags = how | cv2.WARP_INVERSE_MAP
        out = cv2.warpAffine(pixels, matrix, wanted, flags=flags, borderMode=border)
        return _halved(out, view.mirror)


class _Place:
    """The way from a pixel of what is wanted to the input's, with whole numbers between pixels."""

    def __init__(self, came: Size, painted: Size, fit: Fit, view: View, wanted: Size) -> None:
        cut, inner = placed(came, painted, fit)
        part = part_of(painted, wanted)
        scale_x, scale_y = cut.width / inner.width, cut.height / inner.height
        self._came = came
        middle_x = cut.left + (painted.width / 2 - inner.left) * scale_x
        middle_y = cut.top + (painted.height / 2 - inner.top) * scale_y
        self._middle = middle_x + view.x * came.width / 2, middle_y + view.y * came.height / 2
        # Of a pixel of what is wanted, in pixels of the input.
        step = part.width / wanted.width / view.zoom
        angle = math.radians(view.rotate)
        cos, sin = math.cos(angle), math.sin(angle)
        self._turn = np.array([[cos, sin], [-sin, cos]]) * step
        self._turn *= np.array([[scale_x], [scale_y]])
        self.step = max(scale_x, scale_y) * step
        # From the painted picture's middle to the first pixel of what is wanted.
        self._first = (
            (part.left + part.width / 2 - painted.width / 2) * wanted.width / part.width,
            (part.top + part.height / 2 - painted.height / 2) * wanted.height / part.height,
        )
        self._wanted = wanted
        self._view = view

    def matrix(self, share: float) -> np.ndarray:
        """(2, 3) float64, from the column and row of what is wanted to those of the input, which
        has been made smaller by `share`."""
        across, down = self._first
        start = np.array(
            [across - (self._wanted.width - 1) / 2, down - (self._wanted.height - 1) / 2]
        )
        origin = np.array(self._middle) + self._turn @ start
        turn = self._turn.copy()
        mirror = self._view.mirror
        for axis, flipped in enumerate((mirror in ("across", "both"), mirror in ("down", "both"))):
            if flipped:
                turn[axis] *= -1
                origin[axis] = self._came[axis] - origin[axis]
        return np.column_stack([turn * share, origin * share - 0.5])


def _half(pixels: np.ndarray) -> np.ndarray:
    """Half as large. A last odd row or column is left out."""
    height, width = (side // 2 for side in pixels.shape[:2])
    even = pixels[: 2 * height, : 2 * width]
    return cv2.resize(even, (width, height), interpolation=cv2.INTER_AREA)


def _halved(picture: np.ndarray, mirror: str) -> np.ndarray:
    """The left half mirrored on the right, for `quarters` then the upper half below. Writes into
    the picture."""
    if mirror in ("halves", "quarters"):
        half = picture.shape[1] // 2
        picture[:, picture.shape[1] - half :] = picture[:, :half][:, ::-1]
    if mirror == "quarters":
        half = picture.shape[0] // 2
        picture[picture.shape[0] - half :] = picture[:half][::-1]
    return picture


@lru_cache(8)
def _folded(size: Size) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows, (H, W) float32, that each pixel of a kaleidoscope takes its picture from:
    the wedge beside the upright line over the middle."""
    middle_x, middle_y = (size.width - 1) / 2, (size.height - 1) / 2
    y, x = np.mgrid[0 : size.height, 0 : size.width].astype(np.float64)
    x, y = x - middle_x, y - middle_y
    wide = 2 * np.pi / WEDGES
    angle = np.abs((np.arctan2(x, -y) + wide) % (2 * wide) - wide)
    far = np.hypot(x, y)
    made = far * np.sin(angle) + middle_x, middle_y - far * np.cos(angle)
    return made[0].astype(np.float32), made[1].astype(np.float32)


def viewed(pixels: np.ndarray, size: Size, fit: Fit, view: View = NEUTRAL) -> np.ndarray:
    """(H, W, 3 or 4) uint8 -> (size.height, size.width, 3) uint8 RGB, C-contiguous, as `prepare`
    does, seen by a view."""
    if view == NEUTRAL:
        return prepare(pixels, size, fit)
    if pixels.shape[2] == 4:
        pixels = over_black(pixels)
    return PlacedView(view, size, fit)(pixels, size)
