"""A picture in the byte order in which it is sent: it came so from a card, and its RGB is made when
first somebody asks for it."""

from __future__ import annotations

import threading
from typing import Literal, NamedTuple, TypeAlias

import cv2
import numpy as np

Order: TypeAlias = Literal["BGRX", "UYVY"]
"""BGRX: (H, W, 4) uint8, blue, green, red, 255. UYVY: (H, W, 2) uint8, W even, two pixels with the
mean of their colours, by BT.709 in 16..235 and 16..240; see `vj.kernels.numpy_pack`."""

_OF_YUV = np.array(
    [
        [255 / 219, 0, 1.5748 * 255 / 224],
        [255 / 219, -0.1873 * 255 / 224, -0.4681 * 255 / 224],
        [255 / 219, 1.8556 * 255 / 224, 0],
    ]
)
FROM_UYVY = np.column_stack([_OF_YUV, -_OF_YUV @ np.array([16, 128, 128])])
"""(3, 4): R, G and B of Y, U, V and 1."""


class Packing(NamedTuple):
    """How a picture is packed. rgb: its RGB comes along, where the order cannot hold it: somebody
    takes that."""

    order: Order = "BGRX"
    rgb: bool = False


class Packed:
    """A picture in one of the orders. Nobody writes into it, and whoever reads it holds it: memory
    from which a card's pictures are sent is used again once nobody does."""

    __slots__ = ("_lock", "_rgb", "data", "order")

    def __init__(
        self, data: np.ndarray, order: Order = "BGRX", rgb: np.ndarray | None = None
    ) -> None:
        """rgb: the same picture, where it came along."""
        self.data, self.order, self._rgb = data, order, rgb
        self._lock = threading.Lock()

    @property
    def shape(self) -> tuple[int, int, int]:
        """(H, W, 3): of its RGB."""
        return self.data.shape[0], self.data.shape[1], 3

    @property
    def rgb(self) -> np.ndarray:
        """(H, W, 3) uint8, every time the same array. From any thread. Exact, but for one of UYVY
        that came without: its colours have half the width."""
        with self._lock:
            if self._rgb is None:
                self._rgb = _unpacked(self.data, self.order)
            return self._rgb

    @property
    def unpacked(self) -> bool:
        """Its RGB is there."""
        return self._rgb is not None


Pixels: TypeAlias = "np.ndarray | Packed"
"""(H, W, 3) or (H, W, 4) uint8, or packed."""


def rgb_of(picture: Pixels) -> np.ndarray:
    """As an array, of what came packed too."""
    return picture.rgb if isinstance(picture, Packed) else picture


def _unpacked(data: np.ndarray, order: Order) -> np.ndarray:
    if order == "BGRX":
        return cv2.cvtColor(data, cv2.COLOR_BGRA2RGB)
    height, width = data.shape[:2]
    colours = np.ascontiguousarray(data[..., 0]).reshape(height, width // 2, 2)
    u, v = cv2.split(cv2.resize(colours, (width, height), interpolation=cv2.INTER_LINEAR))
    yuv = cv2.merge([np.ascontiguousarray(data[..., 1]), u, v])
    return cv2.transform(yuv, FROM_UYVY)
