"""A picture in the byte order in which it is sent: it came so from a card, and its RGB is made when
first somebody asks for it."""

from __future__ import annotations

import threading
from typing import TypeAlias

import cv2
import numpy as np


class Packed:
    """bgrx: (H, W, 4) uint8, blue, green, red, 255; nobody writes into it, and whoever reads it
    holds it: memory from which a card's pictures are sent is used again once nobody does."""

    __slots__ = ("_lock", "_rgb", "bgrx")

    def __init__(self, bgrx: np.ndarray) -> None:
        self.bgrx = bgrx
        self._rgb: np.ndarray | None = None
        self._lock = threading.Lock()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, 3): of its RGB."""
        return self.bgrx.shape[0], self.bgrx.shape[1], 3

    @property
    def rgb(self) -> np.ndarray:
        """(H, W, 3) uint8, every time the same array. From any thread; exact."""
        with self._lock:
            if self._rgb is None:
                self._rgb = cv2.cvtColor(self.bgrx, cv2.COLOR_BGRA2RGB)
            return self._rgb

    @property
    def unpacked(self) -> bool:
        """Somebody has asked for its RGB."""
        return self._rgb is not None


Pixels: TypeAlias = "np.ndarray | Packed"
"""(H, W, 3) or (H, W, 4) uint8, or packed."""


def rgb_of(picture: Pixels) -> np.ndarray:
    """As an array, of what came packed too."""
    return picture.rgb if isinstance(picture, Packed) else picture
