"""The texture field on a CPU: white noise smeared along the edges of the picture it will paint.

Painters follow form. The smoothed edge tangents of a picture (Kang, Lee and Chui 2007; Kyprianidis
and Kang 2011) lead a line integral convolution of white noise (Cabral and Leedom 1993), done by
doubling: every pass composes the displacement with itself. Tangents and displacements are at half
size, where they are as good and a quarter of the work. `numpy_field` is the same, to be read.

All lengths are in units of 1/256 of the picture's height, times the stroke size, so that 512 rows
look like 256, sharper.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np

from vj.kernels.cv_ride import Rider
from vj.kernels.numpy_field import (
    CALM,
    CLEAR,
    CUT,
    GRAIN,
    NARROW,
    PASSES,
    QUIET,
    SOFT,
    SWIRL_TURN,
    TENSOR,
    Field,
    swirl_cells,
)
from vj.kernels.numpy_ride import Ride

SIGN = np.uint32(0x80000000)
"""The sign bit of a float32."""
HOW: dict[str, Any] = {"interpolation": cv2.INTER_LINEAR, "borderMode": cv2.BORDER_REFLECT_101}


def blurred(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Gaussian blur; nothing below a sigma of NARROW, where the kernel would be one pixel wide."""
    if sigma < NARROW:
        return picture
    side = 2 * max(1, math.ceil(2.5 * sigma)) + 1
    border = cv2.BORDER_REFLECT_101
    out: np.ndarray = cv2.GaussianBlur(picture, (side, side), sigma, borderType=border)
    return out


class FieldMaker:
    """Makes fields for pictures of one size. Belongs to one thread: buffers are kept from call to
    call, but what is returned is new each time and may be kept."""

    def __init__(self, height: int, width: int, unit: float | None = None) -> None:
        """unit: pixels in a unit, height / 256 unless given (crops of larger pictures)."""
        self.height, self.width = height, width
        self.unit = height / 256 if unit is None else unit
        self._half = (max(1, width // 2), max(1, height // 2))
        self._grow = width / self._half[0], height / self._half[1]
        self._x, self._y = _places(height, width)
        self._half_x, self._half_y = _places(self._half[1], self._half[0])
        self._buffers = [np.empty((height, width), np.float32) for _ in range(7)]
        self._half_buffers = [np.empty_like(self._half_x) for _ in range(5)]
        self._white: np.ndarray | None = None
        self._size = self._turn = math.nan
        self._own = self._grain = self._x
        self._lean = self._half_x
        self._swirl: tuple[np.ndarray, np.ndarray] = (self._lean, self._lean)
        self._rider: Rider | None = None

    def make(
        self,
        luma: np.ndarray,
        white: np.ndarray,
        size: float = 1.0,
        turn: float = 0.0,
        ride: Ride | None = None,
        amount: float = 0.0,
    ) -> Field:
        """luma: (H, W), uint8 or float32 0..1, of what the model sees. white: (H, W) float32,
        N(0, 1); the same array object is taken to hold the same numbers. size: of the strokes.
        turn: radians by which the swirl has turned. ride, amount: what noise and swirl ride on,
        and how much of them does."""
        rides = ride is not None and amount > 0
        reach = GRAIN * self.unit * size
        if white is not self._white or size != self._size:
            self._own = blurred(white, reach)
        self._grain = self._own
        self._take(white, size, turn)
        if rides:
            assert ride is not None
            if self._rider is None:
                self._rider = Rider(self.height, self.width)
            self._grain = self._rider.grain(self._own, reach, ride, amount)
            leaning = 2 * (self._rider.plane(self._lean, ride, amount) + np.float32(turn))
            self._swirl = (np.cos(leaning), np.sin(leaning))
            self._turn = math.nan  # the swirl is not what the white noise makes
        cos, sin, x, y = self.directions(luma, size)
        texture = self._smear(*self._steps(x, y, size))
        full = (self.width, self.height)
        return Field(
            texture,
            cv2.resize(cos, full, interpolation=cv2.INTER_LINEAR),
            cv2.resize(sin, full, interpolation=cv2.INTER_LINEAR),
        )

    def follow(
        self, noise: np.ndarray, luma: np.ndarray, size: float = 1.0, turn: float = 0.0
    ) -> np.ndarray:
        """Noise of many channels on the half-size grid, for models that paint on a coarse grid of
        their own: (h, w, C) float32 -> the same, new, smeared by the same steps in every channel
        and summed, so its variance is not 1. luma: (H, W) of any size. The first channel turns the
        swirl."""
        self._take(np.ascontiguousarray(noise[..., 0]), size, turn)
        _, _, x, y = self.directions(luma, size)
        ahead = self._steps(x, y, size)
        behind = -ahead[0], -ahead[1]
        here_x, here_y = np.empty_like(ahead[0]), np.empty_like(ahead[0])
        fours = [np.ascontiguousarray(noise[..., c : c + 4]) for c in range(0, noise.shape[2], 4)]
        ends: list[list[np.ndarray]] = []
        for x, y in (ahead, behind):
            smeared = fours
            for doubling in range(PASSES):
                if doubling:
                    self._compose(x, y)
                np.add(self._half_x, x, out=here_x)
                np.add(self._half_y, y, out=here_y)
                seen = [cv2.remap(four, here_x, here_y, **HOW) for four in smeared]
                smeared = [a + b.reshape(a.shape) for a, b in zip(smeared, seen, strict=True)]
            ends.append(smeared)
        return np.dstack([forth + back for forth, back in zip(*ends, strict=True)])

    def _take(self, white: np.ndarray, size: float, turn: float) -> None:
        """Keep what depends on the noise alone."""
        if white is not self._white:
            down, across = swirl_cells(self.height, self.width, self.unit)
            coarse: np.ndarray = cv2.resize(white, (across, down), interpolation=cv2.INTER_AREA)
            coarse *= SWIRL_TURN * math.sqrt(white.size / (across * down))
            self._lean = cv2.resize(coarse, self._half, interpolation=cv2.INTER_CUBIC)
        if white is not self._white or turn != self._turn:
            leaning = 2 * (self._lean + np.float32(turn))
            self._swirl = (np.cos(leaning), np.sin(leaning))
        self._white, self._size, self._turn = white, size, turn

    def directions(self, luma: np.ndarray, size: float) -> tuple[np.ndarray, ...]:
        """At half size: the tangents' double angle (cosine, sine) scaled by their confidence, and
        the direction that leads the noise, in which the swirl fills the rest."""
        small: np.ndarray = cv2.resize(luma, self._half, interpolation=cv2.INTER_AREA)
        small = small.astype(np.float32) / 255 if luma.dtype == np.uint8 else small
        half = 0.5 * self.unit * size
        small = blurred(small, SOFT * half)
        dx = cv2.Sobel(small, cv2.CV_32F, 1, 0, borderType=cv2.BORDER_REFLECT_101)
        dy = cv2.Sobel(small, cv2.CV_32F, 0, 1, borderType=cv2.BORDER_REFLECT_101)
        xx, yy, xy = (blurred(product, TENSOR * half) for product in (dx * dx, dy * dy, dx * dy))
        power = xx + yy
        gate: np.ndarray = cv2.sqrt(power, dst=dy)
        gate *= np.float32(self.unit)
        gate -= np.float32(QUIET)
        gate *= np.float32(1 / (CLEAR - QUIET))
        np.clip(gate, 0, 1, out=gate)
        gate *= gate * (3 - 2 * gate)  # smoothstep, in place
        power += np.float32(1e-6)
        gate /= power
        cos = (yy - xx) * gate
        sin = cv2.multiply(xy, gate, scale=-2)
        # Not cv2.magnitude: its last bit depends on where the arrays lie in memory.
        rest = 1 - np.minimum(np.sqrt(cos * cos + sin * sin), 1)
        x = blurred(cos + rest * self._swirl[0], CALM * half)
        y = blurred(sin + rest * self._swirl[1], CALM * half)
        return cos, sin, x, y

    def _steps(self, x: np.ndarray, y: np.ndarray, size: float) -> tuple[np.ndarray, np.ndarray]:
        """A step of one unit along the direction whose double angle is (x, y), in pixels at half
        size. New arrays."""
        angle = cv2.phase(
            cv2.addWeighted(x, math.cos(CUT), y, -math.sin(CUT), 0),
            cv2.addWeighted(x, math.sin(CUT), y, math.cos(CUT), 0),
        )
        cv2.addWeighted(angle, 0.5, angle, 0, -0.5 * CUT, dst=angle)
        along_x, along_y = cv2.polarToCart(np.full_like(angle, 0.5 * self.unit * size), angle)
        return along_x, along_y

    def _smear(self, along_x: np.ndarray, along_y: np.ndarray) -> np.ndarray:
        """along_x, along_y: (h, w) float32, the steps at half size, spent afterwards. Returns a new
        (H, W) float32 of mean 0 and variance 1."""
        full, (grow_x, grow_y) = (self.width, self.height), self._grow
        step_x, step_y, there_x, there_y, *spare = self._buffers
        cv2.resize(along_x, full, dst=step_x, interpolation=cv2.INTER_LINEAR)
        cv2.resize(along_y, full, dst=step_y, interpolation=cv2.INTER_LINEAR)
        behind = -along_x, -along_y
        ends: list[np.ndarray] = []
        for sign, (x, y) in ((1, (along_x, along_y)), (-1, behind)):
            smeared = self._grain
            for doubling in range(PASSES):
                if doubling == 0:  # both ways share the upscaled step
                    cv2.scaleAdd(step_x, sign * grow_x, self._x, dst=there_x)
                    cv2.scaleAdd(step_y, sign * grow_y, self._y, dst=there_y)
                else:
                    self._compose(x, y)
                    cv2.resize(x, full, dst=there_x, interpolation=cv2.INTER_LINEAR)
                    cv2.resize(y, full, dst=there_y, interpolation=cv2.INTER_LINEAR)
                    cv2.scaleAdd(there_x, grow_x, self._x, dst=there_x)
                    cv2.scaleAdd(there_y, grow_y, self._y, dst=there_y)
                seen = cv2.remap(smeared, there_x, there_y, dst=spare.pop(), **HOW)
                seen += smeared
                if doubling:
                    spare.append(smeared)
                smeared = seen
            ends.append(smeared)
        total = ends[0] + ends[1]
        mean = cv2.sumElems(total)[0] / total.size
        variance = cv2.norm(total) ** 2 / total.size - mean * mean
        scale = 1 / math.sqrt(max(variance, 1e-12))
        cv2.addWeighted(total, scale, total, 0, -mean * scale, dst=total)
        return total

    def _compose(self, x: np.ndarray, y: np.ndarray) -> None:
        """The displacement followed by itself, in place. Tangents have no sign of their own: what
        lies there is taken in the direction one comes in."""
        here_x, here_y, on_x, on_y, same = self._half_buffers
        np.add(self._half_x, x, out=here_x)
        np.add(self._half_y, y, out=here_y)
        cv2.remap(x, here_x, here_y, dst=on_x, **HOW)
        cv2.remap(y, here_x, here_y, dst=on_y, **HOW)
        np.multiply(on_x, x, out=same)
        same += np.multiply(on_y, y, out=here_y)
        # The sign of the agreement, carried over bit by bit: a third of the time of a product.
        flip = np.bitwise_and(same.view(np.uint32), SIGN)
        for along, on in ((x, on_x), (y, on_y)):
            np.bitwise_xor(on.view(np.uint32), flip, out=on.view(np.uint32))
            along += on


def _places(height: int, width: int) -> tuple[np.ndarray, np.ndarray]:
    """Every pixel's own x and y, (height, width) float32 each."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    return np.ascontiguousarray(x), np.ascontiguousarray(y)
