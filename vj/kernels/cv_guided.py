"""`numpy_guided.guided` on a CPU, fast: the local model on a small grid, then a few passes over the
large picture, in strips.

The generated image's part is upscaled by a cubic; the guide's detail and the sharpening are made on
luma, once, and not for each channel.
"""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.smoothstep import smoothstep
from vj.kernels.numpy_guided import (
    NOISE,
    RADIUS,
    SHARPEN,
    STEEPEST,
    TRUST_FROM,
    TRUST_FULL,
    fade,
    grid,
    replaced,
    sharpened,
)

_WINDOW = (2 * RADIUS + 1, 2 * RADIUS + 1)
_NOISE = float(NOISE) * 255**2
_ONES = np.ones((1, 3), np.float32)
_AROUND = np.ones((3, 3), np.uint8)
_UNIT = 256
"""A slope of 1 as a whole number. OpenCV multiplies 16 bits in float: nothing runs over."""
STRIP_BYTES = 400_000
"""Of 16-bit RGB; three of them are in use at once, and shall stay in a core's cache."""


def _box(picture: np.ndarray) -> np.ndarray:
    out: np.ndarray = cv2.blur(picture, _WINDOW, borderType=cv2.BORDER_REFLECT_101)
    return out


def _three(light: np.ndarray) -> np.ndarray:
    """(h, w) float32 -> (h, w, 3): the same number for all channels; half the time of `merge`."""
    return cv2.cvtColor(light, cv2.COLOR_GRAY2RGB)


def _three16(light: np.ndarray, dst: np.ndarray) -> np.ndarray:
    """The same for int16, into `dst`."""
    cv2.cvtColor(light.view(np.uint16), cv2.COLOR_GRAY2RGB, dst=dst.view(np.uint16))
    return dst


def _sum(picture: np.ndarray) -> np.ndarray:
    """Of the three channels."""
    out: np.ndarray = cv2.transform(picture, _ONES)
    return out


class GuidedUpscaler:
    """Upscales pictures of one size to one size. Belongs to one thread; its buffers are kept, what
    it returns is a new picture."""

    def __init__(self, height: int, width: int, out_height: int, out_width: int) -> None:
        self._shape, self._large = (height, width), (out_width, out_height)
        self._grid = grid(height, width)
        self._between = sharpened(height, width, out_height, out_width)[::-1]
        self._slope = np.empty((out_height, out_width, 3), np.int16)
        self._guide = np.empty((out_height, out_width), np.uint8)
        self._sharpening = np.empty((out_height, out_width), np.int16)
        rows = max(8, STRIP_BYTES // (6 * out_width))
        self._strips = [
            slice(top, min(out_height, top + rows)) for top in range(0, out_height, rows)
        ]
        self._line = np.empty((rows, out_width), np.int16)
        self._detail, self._total = (np.empty((rows, out_width, 3), np.int16) for _ in range(2))

    def _fit(
        self, painted: np.ndarray, light: np.ndarray, amount: float, mask: np.ndarray | None
    ) -> tuple[np.ndarray, ...]:
        """See `numpy_guided.fit`; all of it float32, in levels of 0..255. Slope and offset
        (h, w, 3), trust (h, w)."""
        size = (self._grid[1], self._grid[0])
        painted, light = (
            cv2.resize(part, size, interpolation=cv2.INTER_LINEAR) for part in (painted, light)
        )
        mean, mean_light = _box(painted), _box(light)
        mean_light3 = _three(mean_light)
        variance = np.maximum(_box(light * light) - mean_light * mean_light, 0) + np.float32(_NOISE)
        shared = cv2.subtract(
            _box(cv2.multiply(painted, _three(light))), cv2.multiply(mean, mean_light3)
        )
        squares = _box(_sum(cv2.multiply(painted, painted))) - _sum(cv2.multiply(mean, mean))
        own = np.maximum(squares, 0) + np.float32(_NOISE)
        variance3 = _three(variance)
        slope = cv2.divide(shared, variance3)
        np.clip(slope, -STEEPEST, STEEPEST, out=slope)
        twice = cv2.subtract(cv2.add(shared, shared), cv2.multiply(slope, variance3, dst=variance3))
        explained = _sum(cv2.multiply(slope, twice)) / own
        t = np.clip(
            (explained - TRUST_FROM) / (TRUST_FULL - TRUST_FROM), np.float32(0), np.float32(1)
        )
        trust = smoothstep(t)
        offset = cv2.subtract(mean, cv2.multiply(slope, mean_light3))
        weight = _three(trust)
        parts = _box(cv2.multiply(slope, weight)), _box(cv2.multiply(offset, weight)), _box(trust)
        if mask is not None:
            mask = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR)
            counts = 1 - mask.astype(np.float32) * np.float32((1 - amount) / 255)
            counts3 = _three(counts)
            return (
                cv2.multiply(parts[0], counts3),
                cv2.multiply(parts[1], counts3),
                parts[2] * counts,
            )
        return tuple(part * np.float32(amount) for part in parts) if amount < 1 else parts

    def _led(
        self, painted: np.ndarray, light: np.ndarray, parts: tuple[np.ndarray, ...], share: float
    ) -> np.ndarray:
        """See `numpy_guided.led`."""
        if share < 1:
            parts = tuple(part * np.float32(share) for part in parts)
        size = (self._shape[1], self._shape[0])
        slope, offset, trust = (
            cv2.resize(part, size, interpolation=cv2.INTER_LINEAR) for part in parts
        )
        explained = cv2.add(cv2.multiply(slope, _three(light), dst=slope), offset, dst=offset)
        own = cv2.multiply(painted, _three(np.subtract(1, trust, out=trust)), dst=slope)
        cv2.add(explained, own, dst=explained)
        # convertScaleAbs would turn what is below 0 bright again
        cv2.threshold(explained, 0, 0, cv2.THRESH_TOZERO, dst=explained)
        return cv2.convertScaleAbs(explained)

    def upscale(
        self,
        picture: np.ndarray,
        guide: np.ndarray,
        large_guide: np.ndarray,
        strength: float,
        mask: np.ndarray | None = None,
    ) -> np.ndarray:
        """See `numpy_guided.guided`. Raises ValueError for sizes other than those of the start."""
        if (
            picture.shape[:2] != self._shape
            or guide.shape != self._shape
            or large_guide.shape[::-1] != self._large
        ):
            came = f"{picture.shape}, {guide.shape}, {large_guide.shape}"
            right = f"{self._shape} and {self._large[::-1]}"
            raise ValueError(f"picture, guide, large guide: {came} came, {right} would be right")
        painted, light = picture.astype(np.float32), guide.astype(np.float32)
        parts = self._fit(painted, light, fade(strength), mask)
        share = replaced(strength)
        lead = self._led(painted, light, parts, share) if share > 0 else picture
        cv2.resize(
            np.rint(parts[0] * np.float32(_UNIT)).astype(np.int16),
            self._large,
            dst=self._slope,
            interpolation=cv2.INTER_LINEAR,
        )
        cv2.resize(guide, self._large, dst=self._guide, interpolation=cv2.INTER_CUBIC)
        out: np.ndarray = cv2.resize(lead, self._large, interpolation=cv2.INTER_CUBIC)
        self._sharpen(cv2.cvtColor(lead, cv2.COLOR_RGB2GRAY), parts[2])
        for rows in self._strips:
            count = rows.stop - rows.start
            line, detail, total = self._line[:count], self._detail[:count], self._total[:count]
            np.subtract(large_guide[rows], self._guide[rows], out=line, dtype=np.int16)
            cv2.multiply(_three16(line, detail), self._slope[rows], dst=detail, scale=1 / _UNIT)
            np.copyto(total, out[rows])
            cv2.add(total, detail, dst=total)
            cv2.add(total, _three16(self._sharpening[rows], detail), dst=total)
            np.clip(total, 0, 255, out=total)
            np.copyto(out[rows], total, casting="unsafe")
        return out

    def _sharpen(self, light: np.ndarray, trust: np.ndarray) -> None:
        """What is added to the luma where the guide is not believed: see
        `numpy_guided.bounded_sharpening`."""
        large = cv2.resize(light, self._between, interpolation=cv2.INTER_CUBIC)
        least = cv2.resize(cv2.erode(light, _AROUND), self._between, interpolation=cv2.INTER_LINEAR)
        most = cv2.resize(cv2.dilate(light, _AROUND), self._between, interpolation=cv2.INTER_LINEAR)
        sharp = cv2.blur(large, (3, 3))
        cv2.addWeighted(large, 1 + float(SHARPEN), sharp, -float(SHARPEN), 0, dst=sharp)
        cv2.min(sharp, most, dst=sharp)
        cv2.max(sharp, least, dst=sharp)
        doubt = cv2.resize(
            ((1 - trust) * np.float32(_UNIT)).astype(np.int16),
            self._between,
            interpolation=cv2.INTER_LINEAR,
        )
        more = np.subtract(sharp, large, dtype=np.int16)
        cv2.multiply(more, doubt, dst=more, scale=1 / _UNIT)
        cv2.resize(more, self._large, dst=self._sharpening, interpolation=cv2.INTER_LINEAR)
