"""Wipes from one picture to another: which places of the second come first, and the soft edge
between the two."""

from __future__ import annotations

import cv2
import numpy as np

SOFT = {"clock": 0.03, "blinds": 0.25, "luma": 0.2}
"""Width of the edge as a share of the whole way; of the others `EDGE`."""
EDGE = 0.06
SLATS = 8
"""Of blinds."""
SPARSE = 4
"""Of so many pixels across and down one is counted, to know how much of a picture is darker."""


def order_of(mode: str, height: int, width: int) -> np.ndarray:
    """When each place shows the second picture, (height, width) float32, 0 first and 1 last. mode:
    one of `vj.core.kinds.WIPES` but for luma, which goes by the picture."""
    x = (np.arange(width, dtype=np.float32) + np.float32(0.5)) / np.float32(width)
    y = (np.arange(height, dtype=np.float32) + np.float32(0.5)) / np.float32(height)
    if mode in ("iris", "clock"):
        across, down = np.meshgrid((x - 0.5) * width, (y - 0.5) * height)
        if mode == "iris":
            far = np.hypot(across, down)
            order = far / far.max()
        else:
            order = (np.arctan2(across, -down) / (2 * np.pi)) % 1
    else:
        along = {
            "wipe-right": x,
            "wipe-left": 1 - x,
            "wipe-down": y[:, None],
            "wipe-up": 1 - y[:, None],
            "blinds": (y[:, None] * SLATS) % 1,
        }[mode]
        order = np.broadcast_to(along, (height, width))
    return np.ascontiguousarray(order, np.float32)


class Wipes:
    """Belongs to one thread; the orders of one size are kept."""

    def __init__(self) -> None:
        self._orders: dict[str, np.ndarray] = {}

    def between(self, one: np.ndarray, two: np.ndarray, share: float, mode: str) -> np.ndarray:
        """(H, W, 3) uint8, a new array; share: 0 is all of one, 1 all of two."""
        return covered(one, two, self.cover(one, share, mode))

    def cover(self, one: np.ndarray, share: float, mode: str) -> np.ndarray:
        """(H, W) uint8, 255 where the second picture alone is seen. one: the first, (H, W, 3)
        uint8."""
        soft = SOFT.get(mode, EDGE)
        begun = 255 * share * (1 + soft) / soft
        if mode == "luma":
            return _dark_first(one, begun, soft)
        height, width = one.shape[:2]
        order = self._orders.get(mode)
        if order is None or order.shape != (height, width):
            order = self._orders[mode] = order_of(mode, height, width)
        cover: np.ndarray = cv2.addWeighted(order, -255 / soft, order, 0, begun, dtype=cv2.CV_8U)
        return cover


def _dark_first(picture: np.ndarray, begun: float, soft: float) -> np.ndarray:
    """What `covered` takes for `luma`: each brightness of the picture is covered as late as much of
    it is darker."""
    grey = cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)
    counts = np.bincount(grey[::SPARSE, ::SPARSE].ravel(), minlength=256)
    darker = np.concatenate([[0], np.cumsum(counts)[:-1]])
    brightest = counts[np.flatnonzero(counts)[-1]]
    order = np.minimum(1, darker / max(1, counts.sum() - brightest))
    return cv2.LUT(grey, np.clip(begun - 255 / soft * order, 0, 255).astype(np.uint8))


def covered(one: np.ndarray, two: np.ndarray, cover: np.ndarray) -> np.ndarray:
    """`two` over `one`, (H, W, 3) uint8. cover: (H, W) uint8, 255 where two alone is seen."""
    much = cv2.cvtColor(cover, cv2.COLOR_GRAY2RGB)
    over = cv2.multiply(two, much, scale=1 / 255)
    cv2.bitwise_not(much, dst=much)
    under = cv2.multiply(one, much, dst=much, scale=1 / 255)
    return cv2.add(over, under, dst=over)
