"""Scenes for tests: something before a wall, drawn from a seed, over which the camera pans."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Size


class Scene:
    """Seeds look nothing alike."""

    def __init__(self, seed: int, size: Size = Size(96, 64)) -> None:
        self._size = size
        rng = np.random.default_rng(seed)
        wide = 2 * size.width
        sheet = np.full((size.height, wide, 3), rng.integers(40, 210, 3), np.uint8)
        for _ in range(24):
            x, y = rng.integers(0, wide), rng.integers(0, size.height)
            colour = tuple(map(int, rng.integers(0, 255, 3)))
            sides = tuple(map(int, rng.integers(4, 16, 2)))
            turned = float(rng.integers(180))
            cv2.ellipse(sheet, (int(x), int(y)), sides, turned, 0, 360, colour, -1)
        self._sheet = cv2.GaussianBlur(sheet, (0, 0), 0.8)

    def at(self, number: int) -> np.ndarray:
        """Frame 0 and those after it, (H, W, 3) uint8: a pixel further to the left each."""
        left = number % self._size.width
        return np.ascontiguousarray(self._sheet[:, left : left + self._size.width])
