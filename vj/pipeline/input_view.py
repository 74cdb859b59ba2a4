"""The input's own frame: mirrored, zoomed, panned and turned on its way to the painted size, before
everything else sees it.

A view is one resampling of the source's own pixels: what is zoomed into is as sharp as the camera
was. A neutral view is `prepare`, byte for byte.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np

from vj.core.frame import Size
from vj.core.smoothstep import smoothstep
from vj.parameters.rows.view import SEAMED
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
    zoom: times larger than without. mirror: see the parameter. seam: where the mirror's upright
    line lies, -1 at the picture's left edge, 1 at its right one. soft: share of the picture's width
    over which its two sides melt."""

    mirror: str = "none"
    zoom: float = 1.0
    rotate: float = 0.0
    x: float = 0.0
    y: float = 0.0
    seam: float = 0.0
    soft: float = 0.0

    @classmethod
    def of(cls, snapshot: Snapshot) -> View:
        """As the parameters say."""
        seamed = snapshot["input/mirror"] in SEAMED
        return cls(
            snapshot["input/mirror"],
            snapshot["input/zoom"],
            snapshot["input/rotate"],
            snapshot["input/x"],
            snapshot["input/y"],
            snapshot["input/seam"] if seamed else 0.0,
            snapshot["input/seam/soft"] if seamed else 0.0,
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

    def to_input(self, came: Size) -> np.ndarray | None:
        """(2, 3) float64: from a painted column and row to those of an input of a size; None where
        a mirror shows a part of it more than once."""
        if self.view.mirror in SEAMED:
            return None
        return _Place(came, self.painted, self.fit, self.view, self.painted).matrix(1.0)

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
            across, down = _folded_about(wanted, place.line) if view.seam else _folded(wanted)
            x, y = (
                cv2.addWeighted(across, float(row[0]), down, float(row[1]), float(row[2]))
                for row in matrix
            )
            return cv2.remap(pixels, x, y, how, borderMode=border)
        flags = how | cv2.WARP_INVERSE_MAP
        if view.seam == view.soft == 0:
            out = cv2.warpAffine(pixels, matrix, wanted, flags=flags, borderMode=border)
            return _halved(out, view.mirror)

        def seen(first: int, last: int, mirrored: bool) -> np.ndarray:
            """Columns first to last - 1 of the picture, or of what the mirror shows there."""
            part = matrix.copy()
            if mirrored:
                part[:, 2] += part[:, 0] * (2 * place.line - 1)
                part[:, 0] *= -1
            part[:, 2] += part[:, 0] * first
            size = last - first, wanted.height
            return cv2.warpAffine(pixels, part, size, flags=flags, borderMode=border)

        width = view.soft * place.width
        out = _joined(seen, wanted.width, place.line, width, view.mirror == "right")
        return _lower_half_mirrored(out) if view.mirror == "quarters" else out


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
        self.width = painted.width * wanted.width / part.width
        """Of the painted picture, in pixels of what is wanted."""
        self.line = (1 + view.seam) / 2 * self.width - part.left * wanted.width / part.width
        """Where the mirror's upright line lies, in pixels from the left edge of what is wanted."""

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
    """The left half mirrored on the right, or the reverse; for `quarters` then the upper half
    below. Writes into the picture."""
    half = picture.shape[1] // 2
    if mirror in ("left", "quarters"):
        picture[:, picture.shape[1] - half :] = picture[:, :half][:, ::-1]
    if mirror == "right":
        picture[:, :half] = picture[:, picture.shape[1] - half :][:, ::-1]
    return _lower_half_mirrored(picture) if mirror == "quarters" else picture


def _lower_half_mirrored(picture: np.ndarray) -> np.ndarray:
    half = picture.shape[0] // 2
    picture[picture.shape[0] - half :] = picture[:half][::-1]
    return picture


def _joined(
    seen: Callable[[int, int, bool], np.ndarray],
    columns: int,
    line: float,
    width: float,
    mirrored_left: bool,
) -> np.ndarray:
    """A picture and what a mirror shows of it, beside each other: hard at the line, or melting into
    each other over `width` columns about it, alike on both sides. seen: (first column, last + 1,
    mirrored) -> the picture's columns."""
    first = min(columns, max(0, round(line - width / 2)))
    last = min(columns, max(first, round(line + width / 2)))
    parts = []
    if first > 0:
        parts.append(seen(0, first, mirrored_left))
    if last > first:
        one, two = (seen(first, last, side) for side in (mirrored_left, not mirrored_left))
        place = (np.arange(first, last, dtype=np.float32) + 0.5 - (line - width / 2)) / width
        share = smoothstep(np.clip(place, 0, 1)).reshape(1, -1, *[1] * (one.ndim - 2))
        mixed = one + (two.astype(np.float32) - one) * share
        parts.append(np.rint(mixed).astype(np.uint8))
    if last < columns:
        parts.append(seen(last, columns, not mirrored_left))
    return np.concatenate(parts, axis=1)


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


def _folded_about(size: Size, line: float) -> tuple[np.ndarray, np.ndarray]:
    """The same with the middle `line` pixels from the left, to the pixel: the seam may move in
    every frame, and a wider one is kept for all of them."""
    across, down = _folded(Size(2 * size.width, size.height))
    first = min(size.width, max(0, round(size.width - line)))
    part = slice(first, first + size.width)
    return across[:, part] - np.float32(first), down[:, part]


def viewed(pixels: np.ndarray, size: Size, fit: Fit, view: View = NEUTRAL) -> np.ndarray:
    """(H, W, 3 or 4) uint8 -> (size.height, size.width, 3) uint8 RGB, C-contiguous, as `prepare`
    does, seen by a view."""
    if view == NEUTRAL:
        return prepare(pixels, size, fit)
    if pixels.shape[2] == 4:
        pixels = over_black(pixels)
    return PlacedView(view, size, fit)(pixels, size)
