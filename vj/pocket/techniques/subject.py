"""What a technique is given, what it gives back, and the few brushes that all of them share.

A technique is a function of a `Subject` that returns a `Painted`. It is what the network is taught:
deterministic, local (nothing farther than about 24 units away counts, and no statistics of the
whole picture, since crops have to teach it), and everything random in it is read from the texture
field and the patterns, which the network sees too. Lengths are in units, `subject.one` pixels each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import numpy as np

from vj.core.smoothstep import smoothstep
from vj.kernels.cv_field import HOW, Field, FieldMaker, blurred
from vj.pocket import patterns as lattice

LUMA = np.array([0.299, 0.587, 0.114], np.float32)


@dataclass(slots=True)
class Subject:
    """A picture to be painted. image: (H, W, 3) float32 0..1, sRGB. form: the texture field and the
    directions of the picture. patterns: (C, H, W), see `lattice.CHANNELS`. one: pixels in a unit,
    the stroke size in it. relief: 0..2, how deep paint and metal stand out, 1 as designed."""

    image: np.ndarray
    form: Field
    patterns: np.ndarray
    one: float = 1.0
    relief: float = 1.0
    _kept: dict[str, np.ndarray] = field(default_factory=dict)

    def pattern(self, name: str) -> np.ndarray:
        """(H, W) of `lattice.CHANNELS`."""
        out: np.ndarray = self.patterns[lattice.CHANNELS.index(name)]
        return out

    @property
    def texture(self) -> np.ndarray:
        """(H, W): noise of mean 0 and variance 1, drawn out along the form."""
        return self.form.texture

    @property
    def luma(self) -> np.ndarray:
        """(H, W) 0..1."""
        if "luma" not in self._kept:
            self._kept["luma"] = self.image @ LUMA
        return self._kept["luma"]

    @property
    def tangents(self) -> tuple[np.ndarray, np.ndarray]:
        """Unit vectors along the form, x and y, (H, W) each, their sign arbitrary; where the
        picture has no direction they are (1, 0), as far as `confidence` is 0."""
        if "x" not in self._kept:
            angle = 0.5 * cv2.phase(self.form.along_x, self.form.along_y)
            self._kept["x"], self._kept["y"] = np.cos(angle), np.sin(angle)
        return self._kept["x"], self._kept["y"]

    @property
    def confidence(self) -> np.ndarray:
        """(H, W) 0..1: how clear the direction of the form is."""
        if "confidence" not in self._kept:
            # Not cv2.magnitude: its last bit depends on where the arrays lie in memory.
            x, y = self.form.along_x, self.form.along_y
            self._kept["confidence"] = np.minimum(1, np.sqrt(x * x + y * y))
        return self._kept["confidence"]

    def blur(self, picture: np.ndarray, units: float) -> np.ndarray:
        """Gaussian blur of so many units."""
        return blurred(picture, units * self.one)

    def slope(self, height: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives to the right and down, per unit."""
        scale = self.one / 8
        return (
            cv2.Sobel(height, cv2.CV_32F, 1, 0, scale=scale, borderType=cv2.BORDER_REFLECT_101),
            cv2.Sobel(height, cv2.CV_32F, 0, 1, scale=scale, borderType=cv2.BORDER_REFLECT_101),
        )

    def normals(self, height: np.ndarray, depth: float) -> np.ndarray:
        """(H, W, 3): unit normals x right, y down, z to the eye of a surface of this height times
        depth units; the relief is in it."""
        across, down = self.slope(height)
        scale = -depth * self.relief
        out = np.dstack([scale * across, scale * down, np.ones_like(across)])
        out /= np.sqrt((out * out).sum(2, keepdims=True))
        return out

    def smear(self, picture: np.ndarray, units: float) -> np.ndarray:
        """A picture, (H, W) or (H, W, 3), averaged along the form over so many units each way."""
        x, y = self.tangents
        height, width = x.shape
        here_x, here_y = np.meshgrid(
            np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        )
        total = picture.copy()
        for share in (-1.0, -0.5, 0.5, 1.0):
            reach = np.float32(share * units * self.one)
            total += cv2.remap(picture, here_x + reach * x, here_y + reach * y, **HOW)
        return total / 5

    def edges(self, units: float = 1.0) -> np.ndarray:
        """(H, W): the slope of the luma, blurred by so many units, 0..about 1."""
        across, down = self.slope(self.blur(self.luma, units))
        return np.minimum(1, 4 * np.hypot(across, down))


@dataclass(slots=True)
class Painted:
    """What a technique gives. tone: (H, W), 0 the darkest colour of a palette, 1 its brightest, up
    to 1.25 a white glint. colour: (H, W, 3) 0..1, the same painting without a palette, in colours
    that come from the picture (or, for neon and the like, from the technique)."""

    tone: np.ndarray
    colour: np.ndarray


Technique = Callable[[Subject], Painted]


def step(low: float, high: float, x: np.ndarray) -> np.ndarray:
    """Smooth step from 0 at low to 1 at high."""
    return smoothstep(np.clip((x - low) / (high - low), 0, 1))


def in_own_colours(
    subject: Subject, tone: np.ndarray, blur: float = 0.0, chroma: float = 1.0
) -> np.ndarray:
    """A tone with the picture's own colours: its colour differences, blurred by so many units."""
    apart = subject.image - subject.luma[..., None]
    apart = subject.blur(apart, blur) if blur else apart
    return np.clip(np.minimum(tone, 1)[..., None] + chroma * apart, 0, 1)


def make_subject(
    image: np.ndarray,
    white: np.ndarray,
    patterns: np.ndarray | None = None,
    unit: float | None = None,
    size: float = 1.0,
    relief: float = 1.0,
    maker: FieldMaker | None = None,
) -> Subject:
    """A subject from (H, W, 3) uint8 or float 0..1 and white noise (H, W)."""
    if image.dtype == np.uint8:
        image = image.astype(np.float32) / 255
    height, width = image.shape[:2]
    maker = maker or FieldMaker(height, width, unit)
    made = maker.make(np.ascontiguousarray(image @ LUMA), white, size)
    if patterns is None:
        patterns = lattice.draw(white, maker.unit, size)
    return Subject(image, made, patterns, maker.unit * size, relief)
