"""A canvas with soft shapes, light and shade, in units from the middle of the picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

Point = tuple[float, float]
Colour = tuple[float, float, float]
_SHIFT = 4
"""Fractional bits of coordinates."""


@dataclass(frozen=True, slots=True)
class Mask:
    """How much of each pixel a shape covers, within a rectangle. values: (h, w) float32, 0 .. 1.
    top, left: pixels of the canvas."""

    top: int
    left: int
    values: np.ndarray

    @property
    def place(self) -> tuple[slice, slice]:
        return slice(self.top, self.top + self.values.shape[0]), slice(
            self.left, self.left + self.values.shape[1]
        )

    def __and__(self, other: Mask) -> Mask:
        """What lies in both."""
        top, left = max(self.top, other.top), max(self.left, other.left)
        bottom = max(top, min(self.top + self.values.shape[0], other.top + other.values.shape[0]))
        right = max(left, min(self.left + self.values.shape[1], other.left + other.values.shape[1]))
        mine = self.values[top - self.top : bottom - self.top, left - self.left : right - self.left]
        theirs = other.values[
            top - other.top : bottom - other.top, left - other.left : right - other.left
        ]
        return Mask(top, left, mine * theirs)

    def __mul__(self, amount: float) -> Mask:
        return Mask(self.top, self.left, self.values * np.float32(amount))


def smooth(points: Sequence[Point], closed: bool = True, per: int = 10) -> np.ndarray:
    """A curve through all points (Catmull and Rom 1974): (n, 2) float."""
    given = np.asarray(points, float)
    if closed:
        padded = np.concatenate([given[-1:], given, given[:2]])
    else:
        padded = np.concatenate([2 * given[:1] - given[1:2], given, 2 * given[-1:] - given[-2:-1]])
    at = np.linspace(0, 1, per, endpoint=False)[None, :, None]
    a, b, c, d = (padded[i : len(padded) - 3 + i][:, None] for i in range(4))
    curve = 0.5 * (
        2 * b + (c - a) * at + (2 * a - 5 * b + 4 * c - d) * at**2 + (3 * b - a - 3 * c + d) * at**3
    )
    curve = curve.reshape(-1, 2)
    return curve if closed else np.concatenate([curve, given[-1:]])


def ramp(place: np.ndarray, *stops: tuple[float, Colour]) -> np.ndarray:
    """Colours along `place`: (..., 3) float32 for stops of (position, RGB), positions rising."""
    at = [stop[0] for stop in stops]
    return np.stack(
        [np.interp(place, at, [stop[1][band] for stop in stops]) for band in range(3)], -1
    ).astype(np.float32)


def blur(picture: np.ndarray, pixels: float) -> np.ndarray:
    """A Gaussian blur; a wide one is done on a smaller copy."""
    if pixels <= 0.3:
        return picture
    height, width = picture.shape[:2]
    small = max(1, int(pixels / 3))
    if small > 1 and min(height, width) > 2 * small:
        less = cv2.resize(
            picture, (max(2, width // small), max(2, height // small)), interpolation=cv2.INTER_AREA
        )
        return cv2.resize(
            cv2.GaussianBlur(less, (0, 0), pixels / small),
            (width, height),
            interpolation=cv2.INTER_LINEAR,
        )
    return cv2.GaussianBlur(picture, (0, 0), pixels)


class ShadedCanvas:
    """A rectangle of `width` x `height` pixels whose upper left corner lies at `corner` units;
    `scale` pixels make a unit.

    Painted `fine` times as large and reduced at the end. colour: (h, w, 3) float32, 0 .. 255.
    cover: (h, w) float32, 0 .. 1.
    """

    def __init__(self, width: int, height: int, corner: Point, scale: float, fine: int = 2) -> None:
        self.width, self.height, self.corner, self.fine = width, height, corner, fine
        self.grain = scale * fine
        self.colour = np.zeros((height * fine, width * fine, 3), np.float32)
        self.cover = np.zeros((height * fine, width * fine), np.float32)
        self.x = (corner[0] + (np.arange(width * fine, dtype=np.float32) + 0.5) / self.grain)[
            None, :
        ]
        self.y = (corner[1] + (np.arange(height * fine, dtype=np.float32) + 0.5) / self.grain)[
            :, None
        ]

    def _pixels(self, points: np.ndarray) -> np.ndarray:
        return (np.asarray(points, float) - self.corner) * self.grain - 0.5

    def _blank(self, points: np.ndarray, margin: float) -> tuple[np.ndarray, np.ndarray, int, int]:
        """An empty raster around pixels `points`; the points on it in fixed-point pixels; its top
        and its left."""
        rows, columns = self.cover.shape
        low, high = points.min(0) - margin, points.max(0) + margin
        left, top = max(0, math.floor(low[0])), max(0, math.floor(low[1]))
        right, bottom = min(columns, math.ceil(high[0]) + 1), min(rows, math.ceil(high[1]) + 1)
        raster = np.zeros((max(0, bottom - top), max(0, right - left)), np.uint8)
        return raster, np.round((points - (left, top)) * (1 << _SHIFT)).astype(np.int32), top, left

    def _mask(self, raster: np.ndarray, top: int, left: int, soft: float) -> Mask:
        values = raster.astype(np.float32) / 255
        return Mask(top, left, blur(values, soft * self.grain) if values.size else values)

    def shape(
        self, points: Sequence[Point] | np.ndarray, soft: float = 0.0, curved: bool = True
    ) -> Mask:
        """The inside of an outline. soft: units over which its edge fades."""
        pixels = self._pixels(smooth(points) if curved else np.asarray(points, float))  # type: ignore[arg-type]
        raster, fixed, top, left = self._blank(pixels, 2 + 3 * soft * self.grain)
        if raster.size:
            cv2.fillPoly(raster, [fixed], 255, cv2.LINE_AA, _SHIFT)
        return self._mask(raster, top, left, soft)

    def disc(
        self,
        x: float,
        y: float,
        across: float,
        down: float | None = None,
        soft: float = 0.0,
        degrees: float = 0.0,
    ) -> Mask:
        """An ellipse of radii `across` and `down`, turned clockwise."""
        turn = np.linspace(0, 2 * np.pi, 72, endpoint=False)
        there = np.stack(
            [across * np.cos(turn), (across if down is None else down) * np.sin(turn)], -1
        )
        c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        return self.shape(there @ np.array([[c, s], [-s, c]]) + (x, y), soft, curved=False)

    def stroke(self, points: Sequence[Point], *widths: float, soft: float = 0.0) -> Mask:
        """A curved line whose width goes through `widths` from its beginning to its end."""
        curve = (
            smooth(points, closed=False, per=8) if len(points) > 2 else np.asarray(points, float)
        )
        pixels = self._pixels(curve)
        wide = (
            np.interp(np.linspace(0, 1, len(curve)), np.linspace(0, 1, len(widths)), widths)
            * self.grain
            / 2
        )
        raster, fixed, top, left = self._blank(
            pixels, 2 + float(wide.max()) + 3 * soft * self.grain
        )
        if raster.size:
            along = np.gradient(pixels, axis=0)
            across = (
                np.stack([-along[:, 1], along[:, 0]], -1)
                / np.maximum(np.hypot(*along.T), 1e-6)[:, None]
            )
            aside = np.round(across * wide[:, None] * (1 << _SHIFT)).astype(np.int32)
            for i in range(len(curve) - 1):
                quad = np.stack(
                    [
                        fixed[i] + aside[i],
                        fixed[i + 1] + aside[i + 1],
                        fixed[i + 1] - aside[i + 1],
                        fixed[i] - aside[i],
                    ]
                )
                cv2.fillConvexPoly(raster, quad, 255, cv2.LINE_AA, _SHIFT)
            for i in range(len(curve)) if wide.max() > 3 else (0, len(curve) - 1):
                cv2.circle(
                    raster,
                    fixed[i].tolist(),
                    round(wide[i] * (1 << _SHIFT)),
                    255,
                    -1,
                    cv2.LINE_AA,
                    _SHIFT,
                )
        return self._mask(raster, top, left, soft)

    def everything(self) -> Mask:
        return Mask(0, 0, np.ones_like(self.cover))

    def covered(self) -> Mask:
        """What has been painted so far."""
        return Mask(0, 0, self.cover.copy())

    def paint(
        self,
        mask: Mask,
        colour: Colour | tuple[float, ...] | np.ndarray,
        amount: float = 1.0,
        inside: bool = False,
    ) -> None:
        """Paint `colour` (RGB, or colours of the mask's or the canvas's size) over what is there.
        inside: only where paint is."""
        if not mask.values.size:
            return
        strength = mask.values * np.float32(amount) if amount != 1 else mask.values
        paint = np.asarray(colour, np.float32)
        if paint.ndim == 3 and paint.shape[:2] == self.cover.shape:
            paint = paint[mask.place]
        cover, colours = self.cover[mask.place], self.colour[mask.place]
        if inside:
            colours += strength[..., None] * (paint - colours)
            return
        whole = strength + cover * (1 - strength)
        colours += (strength / np.maximum(whole, 1e-6))[..., None] * (paint - colours)
        cover[:] = whole

    def add_light(self, mask: Mask, colour: Colour, amount: float = 1.0) -> None:
        """Add light where paint is."""
        self.colour[mask.place] += (mask.values * np.float32(amount))[..., None] * np.asarray(
            colour, np.float32
        )

    def multiply(self, mask: Mask, colour: Colour, amount: float = 1.0) -> None:
        """Multiply by `colour` (1 keeps), as a glaze or a shadow does."""
        self.colour[mask.place] *= 1 + (mask.values * np.float32(amount))[..., None] * (
            np.asarray(colour, np.float32) - 1
        )

    def shading(self, mask: Mask, depth: float, light: tuple[float, float, float]) -> np.ndarray:
        """Light on the shape as if blown up like a cushion: (h, w) float32, 0 away from the light
        .. 1 towards it.

        depth: units from the edge to where the top is flat. light: where it comes from (right,
        down, towards the viewer)."""
        if not mask.values.size:
            return mask.values
        deep = max(1.5, depth * self.grain)
        inside = cv2.copyMakeBorder(
            (mask.values > 0.5).astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_REPLICATE
        )
        away = np.minimum(cv2.distanceTransform(inside, cv2.DIST_L2, 5)[1:-1, 1:-1] / deep, 1)
        height = blur(np.sqrt(1 - (1 - away) ** 2) * deep, deep * 0.22)
        right, down = (
            cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=1 / 8),
            cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=1 / 8),
        )
        towards = np.asarray(light, np.float32) / np.linalg.norm(light)
        lit = (-right * towards[0] - down * towards[1] + towards[2]) / np.sqrt(
            1 + right**2 + down**2
        )
        return np.clip(0.5 + 0.5 * lit, 0, 1) ** 1.5

    def paint_rounded(
        self,
        mask: Mask,
        dark: Colour,
        middle: Colour,
        bright: Colour,
        depth: float,
        light: tuple[float, float, float],
        inside: bool = False,
    ) -> None:
        """Paint a rounded shape in three colours, from its shadow to its light."""
        lit = self.shading(mask, depth, light)
        self.paint(mask, ramp(lit, (0.1, dark), (0.55, middle), (1.0, bright)), inside=inside)

    def noise(self, length: float, seed: int, across: float | None = None) -> np.ndarray:
        """Smooth random numbers of the canvas's size, about 0, mostly within -1 .. 1. length,
        across: units between two of them, downwards and sideways; the pattern hangs on the middle
        of the picture."""
        wide, tall = across or length, length
        rows, columns = self.cover.shape
        grid = np.random.default_rng(seed).normal(0, 0.5, (128, 128)).astype(np.float32)
        to_x = np.broadcast_to(self.x / wide + 64, (rows, columns)).astype(np.float32) % 128
        to_y = np.broadcast_to(self.y / tall + 64, (rows, columns)).astype(np.float32) % 128
        return cv2.remap(grid, to_x, to_y, cv2.INTER_CUBIC, borderMode=cv2.BORDER_WRAP)

    def picture(self) -> np.ndarray:
        """(height, width, 3) uint8 RGB; what is not covered is black."""
        less = cv2.resize(
            self.colour * self.cover[..., None],
            (self.width, self.height),
            interpolation=cv2.INTER_AREA,
        )
        return np.clip(np.round(less), 0, 255).astype(np.uint8)

    def cutout(self) -> np.ndarray:
        """(height, width, 4) uint8 RGB and coverage, the colours multiplied by it."""
        whole = np.dstack([np.clip(self.colour, 0, 255) * self.cover[..., None], self.cover * 255])
        return np.clip(
            np.round(cv2.resize(whole, (self.width, self.height), interpolation=cv2.INTER_AREA)),
            0,
            255,
        ).astype(np.uint8)
