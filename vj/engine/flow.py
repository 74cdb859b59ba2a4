"""Where everything in the input was a moment ago: dense optical flow on a small copy, beside the model, with how sure it is.

A flow is (h, w, 3) float32 on a grid smaller than the picture: dx, dy in pixels of the picture, from where a thing is to where it was in
the picture before, and how sure that is, 0..1. Sure means: going there and back ends near where it began (Sundaram et al. 2010), and
what is found there looks the same.
"""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

LEAST_SIDE, MOST_SIDE = 128, 256
"""Bounds of the longer side of the copy that flow is found on, otherwise a third of the picture's. Of a performer at 256x256, there and
back, beside a careful search at full size: 128 takes 2.0 ms and is .25 pixels off, 192 takes 4.6 ms and is .20 off."""
ALIKE = 0.06
"""Difference of brightness (0..1) at which what is found counts for 1/e."""
CUT_CHANGE, CUT_SURE = 0.05, 0.3
"""A hard cut: the pictures differ by so much in the mean, and so little of the second is found in the first."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The flow from one prepared input to the one before. cut: they are different scenes."""

    grid: np.ndarray
    cut: bool

    def followed(self, amount: float) -> np.ndarray | None:
        """The grid, followed so far (0..1): less moves less and doubts less. None for not at all. After a cut nothing is sure."""
        if self.cut:
            return np.zeros_like(self.grid)
        if amount <= 0:
            return None
        if amount >= 1:
            return self.grid
        grid = self.grid * np.float32(amount)
        grid[..., 2] += np.float32(1 - amount)
        return grid


def _small(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> grey, (h, w) uint8."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    scale = min(1.0, min(MOST_SIDE, max(LEAST_SIDE, longer / 3)) / longer)
    size = max(16, round(width * scale)), max(16, round(height * scale))
    return cv2.cvtColor(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)


def _seen(picture: np.ndarray, where: np.ndarray) -> np.ndarray:
    """A picture at the places in a map (H, W, 2) of its own coordinates."""
    out: np.ndarray = cv2.remap(picture, where[..., 0], where[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out


class FlowFinder:
    """OpenCV's DIS (Kroeger et al. 2016), both ways. Belongs to one thread."""

    def __init__(self) -> None:
        self._dis = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_FAST)

    def find(self, new: np.ndarray, old: np.ndarray) -> Motion:
        """new, old: (H, W, 3) uint8 of one size."""
        here, there = _small(new), _small(old)
        height, width = here.shape
        change = float(cv2.absdiff(here, there).mean()) / 255
        if change == 0:
            grid = np.zeros((height, width, 3), np.float32)
            grid[..., 2] = 1
            return Motion(grid, False)
        still = np.zeros((2, height, width, 2), np.float32)
        back = self._dis.calc(here, there, still[0])
        forth = self._dis.calc(there, here, still[1])
        sure = self._sureness(here, there, back, forth)
        grid = np.empty((height, width, 3), np.float32)
        grid[..., 0] = back[..., 0] * (new.shape[1] / width)
        grid[..., 1] = back[..., 1] * (new.shape[0] / height)
        grid[..., 2] = sure
        return Motion(grid, change > CUT_CHANGE and float(sure.mean()) < CUT_SURE)

    @staticmethod
    def _sureness(here: np.ndarray, there: np.ndarray, back: np.ndarray, forth: np.ndarray) -> np.ndarray:
        height, width = here.shape
        column, row = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
        where = back + np.dstack([column, row])
        returned = _seen(forth, where)
        missed = ((back + returned) ** 2).sum(2)
        allowed = 0.01 * ((back**2).sum(2) + (returned**2).sum(2)) + 0.5
        found = _seen(there, where)
        differs = cv2.absdiff(found, here).astype(np.float32) / np.float32(255 * ALIKE)
        inside = (where[..., 0] > -1) & (where[..., 0] < width) & (where[..., 1] > -1) & (where[..., 1] < height)
        sure = np.where((missed <= allowed) & inside, np.exp(-(differs**2)), np.float32(0))
        blurred: np.ndarray = cv2.blur(sure.astype(np.float32), (5, 5))
        return np.clip(blurred, 0, 1)


class FlowThread:
    """Finds flows on a thread of its own, while the caller goes on; each pair of pictures once."""

    def __init__(self) -> None:
        self._finder = FlowFinder()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="flow")
        self._known: tuple[np.ndarray, np.ndarray, Future[Motion]] | None = None

    def ask(self, new: np.ndarray, old: np.ndarray) -> Future[Motion]:
        """Begin to find it. The pictures must not be written to any more."""
        if self._known is None or self._known[0] is not new or self._known[1] is not old:
            self._known = new, old, self._pool.submit(self._finder.find, new, old)
        return self._known[2]

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
