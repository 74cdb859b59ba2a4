"""A moving picture is put together from cut-outs, as on an animator's table: painted once, laid
down anew for each frame."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import Point, ShadedCanvas

TICKS = 6000
"""Moments in a second. Time is counted in them, so that a moment and the same moment a period later
give the same picture."""


def phase(seconds: float, period: float) -> float:
    """Seconds since the period last began."""
    return round(seconds * TICKS) % round(period * TICKS) / TICKS


def ease(at: float, begin: float = 0.0, end: float = 1.0) -> float:
    """0 before `begin`, 1 after `end`, with no jerk between."""
    place = min(1.0, max(0.0, (at - begin) / (end - begin)))
    return place * place * place * (place * (6 * place - 15) + 10)


def wave(at: float, period: float, shift: float = 0.0) -> float:
    """-1 .. 1, once up and down in a period. shift: part of the period."""
    return math.sin(2 * math.pi * (at / period + shift))


@dataclass(frozen=True, slots=True)
class Stage:
    """Where things stand in a picture of one size: units are the shorter side, counted from the
    middle, y down."""

    size: Size

    @property
    def unit(self) -> int:
        return min(self.size)

    @property
    def wide(self) -> float:
        """Units from the middle to the right edge."""
        return self.size.width / self.unit / 2

    @property
    def tall(self) -> float:
        """Units from the middle to the lower edge."""
        return self.size.height / self.unit / 2

    @property
    def fine(self) -> int:
        return 2 if self.unit <= 600 else 1

    def backdrop(self) -> ShadedCanvas:
        """A canvas of the picture's size."""
        return ShadedCanvas(
            self.size.width, self.size.height, (-self.wide, -self.tall), self.unit, self.fine
        )

    def canvas(
        self, left: float, top: float, right: float, bottom: float, grain: float = 1.0
    ) -> ShadedCanvas:
        """A canvas for a part. Its own units are `grain` of the picture's."""
        scale = self.unit * grain
        return ShadedCanvas(
            math.ceil((right - left) * scale) + 2,
            math.ceil((bottom - top) * scale) + 2,
            (left, top),
            scale,
            self.fine,
        )

    def pixel(self, x: float, y: float) -> tuple[float, float]:
        return self.size.width / 2 + x * self.unit, self.size.height / 2 + y * self.unit


@dataclass(slots=True)
class Cutout:
    """A cut-out. pixels: (h, w, 4) uint8, colours multiplied by coverage; where coverage is 0 a
    colour is light to be added. corner: the upper left corner in its own units from its pin. scale:
    pixels to its own unit. grain: its unit in the picture's."""

    pixels: np.ndarray
    corner: Point
    scale: float
    grain: float = 1.0
    smaller: list[Cutout] = field(default_factory=list)

    @classmethod
    def of(cls, canvas: ShadedCanvas, stage: Stage) -> Cutout:
        scale = canvas.grain / canvas.fine
        pixels = canvas.cutout()
        pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1] = 0, 0, 0, 0
        return cls(pixels, canvas.corner, scale, scale / stage.unit)

    @classmethod
    def glow(
        cls, stage: Stage, radius: float, colour: tuple[float, float, float], power: float = 2.0
    ) -> Cutout:
        """Light to be added: brightest in the middle."""
        count = 2 * max(3, round(radius * stage.unit)) + 2
        place = (np.arange(count, dtype=np.float32) + 0.5) / count * 2 - 1
        far = np.sqrt(place[None, :] ** 2 + place[:, None] ** 2)
        light = np.clip(1 - far, 0, 1)[..., None] ** power * np.asarray(colour, np.float32)
        pixels = np.dstack([light, np.zeros((count, count), np.float32)])
        return cls(
            np.clip(np.round(pixels), 0, 255).astype(np.uint8),
            (-radius, -radius),
            count / (2 * radius),
        )

    def with_smaller(self, count: int = 4) -> Cutout:
        """Keeps halved copies too, for parts that are shown much smaller."""
        part = self
        for _ in range(count):
            height, width = (max(2, side // 2) for side in part.pixels.shape[:2])
            less = cv2.resize(part.pixels, (width, height), interpolation=cv2.INTER_AREA)
            part = Cutout(less, self.corner, self.scale * width / self.pixels.shape[1], self.grain)
            self.smaller.append(part)
        return self

    def mirrored(self) -> Cutout:
        right = -(self.corner[0] + self.pixels.shape[1] / self.scale)
        return Cutout(
            np.ascontiguousarray(self.pixels[:, ::-1]),
            (right, self.corner[1]),
            self.scale,
            self.grain,
        )

    def place(
        self, at: Point, degrees: float, own: Point, stretch: tuple[float, float] = (1.0, 1.0)
    ) -> Point:
        """Where the point `own` of the part comes to lie in the picture, in units."""
        c, s = (
            math.cos(math.radians(degrees)) * self.grain,
            math.sin(math.radians(degrees)) * self.grain,
        )
        x, y = own[0] * stretch[0], own[1] * stretch[1]
        return at[0] + c * x - s * y, at[1] + s * x + c * y

    def onto(
        self,
        picture: np.ndarray,
        stage: Stage,
        at: Point,
        degrees: float = 0.0,
        stretch: tuple[float, float] = (1.0, 1.0),
        opacity: float = 1.0,
    ) -> None:
        """Lay the part down with its pin `at` units, turned clockwise about the pin, first
        stretched."""
        part = self
        for smaller in self.smaller:
            if max(stretch) * self.grain * stage.unit < 1.1 * smaller.scale:
                part = smaller
        unit = stage.unit
        c, s = (
            math.cos(math.radians(degrees)) * self.grain * unit,
            math.sin(math.radians(degrees)) * self.grain * unit,
        )
        turn = np.array([[c * stretch[0], -s * stretch[1]], [s * stretch[0], c * stretch[1]]])
        middle = np.array(stage.pixel(*at))
        height, width = part.pixels.shape[:2]
        corners = (
            np.array([(0, 0), (width, 0), (0, height), (width, height)]) / part.scale + part.corner
        )
        found = corners @ turn.T + middle
        left, top = np.maximum(np.floor(found.min(0)).astype(int), 0).tolist()
        right, bottom = np.minimum(np.ceil(found.max(0)).astype(int), stage.size).tolist()
        if right <= left or bottom <= top or opacity <= 0.002:
            return
        shift = middle + turn @ (np.array(part.corner) + 0.5 / part.scale) - 0.5 - (left, top)
        matrix = np.column_stack([turn / part.scale, shift])
        laid = cv2.warpAffine(
            part.pixels, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR
        )
        if opacity < 1:
            laid = cv2.convertScaleAbs(laid, alpha=opacity)
        keep = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(laid, 3)), cv2.COLOR_GRAY2RGB)
        there = picture[top:bottom, left:right]
        cv2.add(
            cv2.multiply(there, keep, scale=1 / 255),
            cv2.cvtColor(laid, cv2.COLOR_RGBA2RGB),
            dst=there,
        )
