"""The One-Euro filter (Casiez, Roussel and Vogel 2012): points that stand still do not tremble,
and quick ones do not lag."""

from __future__ import annotations

import math

import numpy as np


def _weight(cutoff: np.ndarray | float, seconds: float) -> np.ndarray | float:
    """Of what is new, for a low pass of this cutoff (Hz)."""
    turns = 2 * math.pi * seconds * cutoff
    return turns / (turns + 1)


class OneEuroFilter:
    """Filters the points of one thing that is followed, each by its own speed.

    The cutoff of the low pass is `least + slope * speed`, in Hz, with the speed in sizes of the
    thing a second. So a large face is filtered as a small one, whatever the frame rate.
    """

    def __init__(self, least: float, slope: float, speed_cutoff: float = 1.0) -> None:
        """speed_cutoff: Hz, of the low pass of the speed itself."""
        self._least, self._slope, self._speed_cutoff = least, slope, speed_cutoff
        self._time: float | None = None
        self._points = self._raw = self._speed = np.zeros((0, 2), np.float32)

    def __call__(self, points: np.ndarray, time: float, size: float) -> np.ndarray:
        """points: (N, 2), as found. time: seconds, of their frame. size: of the thing, in the
        points' unit. A frame of the same moment, or of one before, changes nothing."""
        if self._time is None or points.shape != self._points.shape:
            self._points, self._raw, self._speed = points, points, np.zeros_like(points)
            self._time = time
            return points
        seconds = time - self._time
        if seconds <= 0 or size <= 0:
            return self._points
        # One speed for both directions of a point: else a slow drift across a quick move lags.
        speed = (points - self._raw) / (seconds * size)
        self._speed = self._speed + _weight(self._speed_cutoff, seconds) * (speed - self._speed)
        pace = np.linalg.norm(self._speed, axis=1, keepdims=True)
        share = _weight(self._least + self._slope * pace, seconds)
        self._points = (self._points + share * (points - self._points)).astype(np.float32)
        self._raw, self._time = points, time
        return self._points
