"""Squares of a picture, turned, on which a network looks."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np


@dataclass(frozen=True, slots=True)
class Region:
    """x, y: its middle, side: its length, in pixels of the picture; a pixel's own middle lies at
    half a pixel. angle: of its upper edge, in radians, clockwise as one sees it."""

    x: float
    y: float
    side: float
    angle: float = 0.0

    @property
    def playable(self) -> bool:
        """It can be cut out."""
        sound = all(map(math.isfinite, (self.x, self.y, self.side, self.angle)))
        return sound and 2 <= self.side < 1e5 and abs(self.x) < 1e5 and abs(self.y) < 1e5

    def apart(self, other: Region) -> float:
        """How far another one is away, and how much larger or smaller, in sides of this one."""
        away = math.hypot(self.x - other.x, self.y - other.y)
        return max(away, abs(self.side - other.side)) / self.side

    def cut(self, image: np.ndarray, side: int, border: int = cv2.BORDER_REPLICATE) -> np.ndarray:
        """(H, W, 3) uint8 -> (side, side, 3) float32, 0..1. border: what lies beyond the picture,
        one of OpenCV's."""
        shrink = min(1.0, side / self.side)
        if shrink < 0.6:  # each pixel of the square shall see all that it covers, or it flickers
            size = [max(1, round(length * shrink)) for length in image.shape[1::-1]]
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        else:
            size = list(image.shape[1::-1])
            shrink = 1.0
        step = self.side * shrink / side
        across, down = step * math.cos(self.angle), step * math.sin(self.angle)
        middle = (side - 1) / 2
        x, y = self.x * shrink - 0.5, self.y * shrink - 0.5
        places = np.array(
            [
                [across, -down, x - middle * (across - down)],
                [down, across, y - middle * (across + down)],
            ]
        )
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        found = cv2.warpAffine(image, places, (side, side), flags=flags, borderMode=border)
        return found.astype(np.float32) / np.float32(255)

    def to_picture(self, points: np.ndarray) -> np.ndarray:
        """(N, 2), 0..1 of the square -> (N, 2) float32, pixels of the picture."""
        cos, sin = math.cos(self.angle), math.sin(self.angle)
        turned = (points - 0.5) @ np.array([[cos, sin], [-sin, cos]])
        out: np.ndarray = (turned * self.side + (self.x, self.y)).astype(np.float32)
        return out

    @classmethod
    def around(cls, points: np.ndarray, angle: float, scale: float) -> Region:
        """The square of an angle that holds points (N, 2), its side multiplied by `scale`."""
        cos, sin = math.cos(angle), math.sin(angle)
        back = np.array([[cos, -sin], [sin, cos]])
        upright = points @ back
        low, high = upright.min(axis=0), upright.max(axis=0)
        middle = (low + high) / 2 @ back.T
        return cls(float(middle[0]), float(middle[1]), scale * float((high - low).max()), angle)


def angle_between(start: np.ndarray, end: np.ndarray) -> float:
    """Of the way from a point to another, in radians, 0 for rightwards, clockwise as one sees
    it."""
    return math.atan2(float(end[1] - start[1]), float(end[0] - start[0]))
