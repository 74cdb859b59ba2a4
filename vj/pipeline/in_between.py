"""The picture at a moment between two others, of what both have of it: no ghosts.

Each picture's things are moved along their way to the moment (forward, as in softmax splatting,
Niklaus and Liu 2020: where several come to one place, those win whose way is sure, since what is
hidden in the other picture is not). Where both sides then show the same thing, they are mixed by
their nearness to the moment. Where they do not, one of them is seen: the one that anything comes to
at all, as the ground that something has left is only in the other; else the surer one; else the
nearer one in time. That is decided for whole places and not for pixels, so that a hand whose way
nobody knows is in one place, and not half in two.
"""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from vj.pipeline.flow_backends import careful_flow
from vj.pipeline.optical_flow import FlowFinder
from vj.pipeline.rife import Network

SURE, KNOWN = 0.5, 0.35
"""Confidence below which neither side is surer; and below which a way is taken from around."""
SURER = 0.3
"""By how much one is surer than the other."""
AROUND, HOLE = 8.0, 4.0
"""Standard deviations on the flow's grid: of what is around an unknown way, and around a hole."""
EMPTY, FULL = 0.3, 0.6
"""How much comes to a place, in pixels of the grid, where nothing does, and where something does.
"""
ALIKE = 14
"""Levels of 255 by which two sides may differ that show the same thing."""
_NOTHING = np.float32(1e-4)


def picture_maker(
    network: Network | None = None,
) -> Callable[[np.ndarray, np.ndarray], Callable[[float], np.ndarray] | None]:
    """For a clip, see `vj.sources.between_pictures.Making`. network: makes pictures without
    transparency in place of the flow, which still tells cuts."""
    finder = FlowFinder(careful_flow())

    def of(old: np.ndarray, new: np.ndarray) -> Callable[[float], np.ndarray] | None:
        one, two = (np.ascontiguousarray(picture[..., :3]) for picture in (old, new))
        back, forth = finder.find(two, one), finder.find(one, two)
        size = old.shape[1], old.shape[0]
        if back.cut:
            return None
        if network is not None and old.shape[2] == 3:
            return lambda share: network(old, new, share)
        return lambda share: InBetween(back.grid, forth.grid, share, size).picture(old, new)

    return of


class InBetween:
    """The ways to one moment between two pictures; gives the picture of any two that move so."""

    def __init__(
        self, back: np.ndarray, forth: np.ndarray, share: float, size: tuple[int, int]
    ) -> None:
        """back: the flow from new to old, forth: from old to new, (h, w, 3) float32 as
        `vj.pipeline.optical_flow` finds them. share: 0..1, the moment. size: width and height of
        the pictures, in whose pixels the flows are."""
        self._share, self._size = share, size
        self._sides = _Side(forth, share, size), _Side(back, 1 - share, size)
        soft = cv2.resize(self._choice(), size, interpolation=cv2.INTER_LINEAR)
        self._chosen = cv2.threshold(soft, 127, 255, cv2.THRESH_BINARY)[1]

    def picture(self, old: np.ndarray, new: np.ndarray) -> np.ndarray:
        """Of two (H, W, 3) uint8."""
        one, two = (
            side.seen(picture) for side, picture in zip(self._sides, (old, new), strict=True)
        )
        apart = cv2.absdiff(one, two)
        most = apart[..., 0]
        for channel in range(1, apart.shape[2]):
            most = cv2.max(most, apart[..., channel])
        most = cv2.blur(cv2.dilate(most, np.ones((5, 5), np.uint8)), (3, 3))
        differs = cv2.threshold(most, ALIKE - 1, 255, cv2.THRESH_BINARY)[1]
        out = cv2.addWeighted(one, 1 - self._share, two, self._share, 0)
        out = cv2.copyTo(one, cv2.bitwise_and(differs, self._chosen), out)
        return cv2.copyTo(two, cv2.bitwise_and(differs, cv2.bitwise_not(self._chosen)), out)

    def _choice(self) -> np.ndarray:
        """(h, w) uint8, 255 where the old picture is seen, 0 where the new one."""
        old, new = self._sides
        surer = _soft(old.confidence, 2.0) - _soft(new.confidence, 2.0)
        unsure = _soft(np.maximum(old.confidence, new.confidence), 2.0) < SURE
        nearer = self._share <= 0.5
        choice = np.where(unsure | (np.abs(surer) < SURER), nearer, surer > 0).astype(np.uint8)
        choice[(old.comes < EMPTY) & (new.comes > FULL)] = 0
        choice[(new.comes < EMPTY) & (old.comes > FULL)] = 1
        return _soft(cv2.medianBlur(255 * choice, 5), 1.0)


class _Side:
    """What comes of one of the pictures to the moment. confidence: (h, w), 0..1. comes: (h, w), how
    much does, in pixels of the grid."""

    def __init__(self, way: np.ndarray, far: float, size: tuple[int, int]) -> None:
        """way: the flow to the other picture. far: how far along it the moment is, 0..1."""
        self._size, (height, width) = size, way.shape[:2]
        grid = np.array([width / size[0], height / size[1]], np.float32)
        sure = way[..., 2]
        known = np.where(sure > KNOWN, sure, 0) + np.float32(1e-6)
        flow = way[..., :2] * grid
        flow = np.where((sure > KNOWN)[..., None], flow, _around(flow, known, AROUND))
        weight = sure**4 + _NOTHING
        moved = np.dstack([weight, weight[..., None] * flow, weight * sure, np.ones_like(sure)])
        came = _splat(moved, np.float32(far) * flow)
        total = np.maximum(came[..., :1], 1e-12)
        self.comes = np.minimum(came[..., 4], 1)
        hole = self.comes < EMPTY
        self.confidence = np.where(hole, 0, came[..., 3] / total[..., 0]).astype(np.float32)
        flow = came[..., 1:3] / total
        here = (~hole).astype(np.float32) + np.float32(1e-6)
        flow = np.where(hole[..., None], _around(flow, here, HOLE), flow)
        self._off = (np.float32(far) * flow / grid).astype(np.float32)

    def seen(self, picture: np.ndarray) -> np.ndarray:
        """Its picture as it is at the moment."""
        off = cv2.resize(self._off, self._size, interpolation=cv2.INTER_LINEAR)
        column, row = (np.arange(side, dtype=np.float32) for side in self._size)
        x, y = column[None] - off[..., 0], row[:, None] - off[..., 1]
        out: np.ndarray = cv2.remap(
            picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        return out


def _soft(values: np.ndarray, sigma: float) -> np.ndarray:
    out: np.ndarray = cv2.GaussianBlur(values, (0, 0), sigma)
    return out


def _around(values: np.ndarray, weight: np.ndarray, sigma: float) -> np.ndarray:
    """(h, w, C): the mean of what is near, by (h, w) weights."""
    return _soft(values * weight[..., None], sigma) / _soft(weight, sigma)[..., None]


def _splat(values: np.ndarray, way: np.ndarray) -> np.ndarray:
    """(h, w, C) moved along (h, w, 2) pixels, summed where they come to: (h, w, C)."""
    height, width, channels = values.shape
    row, column = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = (column + way[..., 0]).ravel(), (row + way[..., 1]).ravel()
    left, top = np.floor(x).astype(np.int32), np.floor(y).astype(np.int32)
    right_share, low_share = x - left, y - top
    flat = values.reshape(-1, channels)
    out = np.zeros((channels, height * width))
    for across, wide in ((left, 1 - right_share), (left + 1, right_share)):
        for down, high in ((top, 1 - low_share), (top + 1, low_share)):
            inside = (across >= 0) & (across < width) & (down >= 0) & (down < height)
            place, share = (down * width + across)[inside], (wide * high)[inside]
            for channel in range(channels):
                out[channel] += np.bincount(
                    place, share * flat[inside, channel], minlength=height * width
                )
    return np.ascontiguousarray(out.T.reshape(height, width, channels), np.float32)


def between(
    old: np.ndarray, new: np.ndarray, back: np.ndarray, forth: np.ndarray, share: float
) -> np.ndarray:
    """The picture at a share (0..1) of the way from `old` to `new`, (H, W, 3) uint8. back, forth:
    see `InBetween`."""
    return InBetween(back, forth, share, (old.shape[1], old.shape[0])).picture(old, new)
