"""What is near and what is far in a show's frames: found by a depth model beside the picture (live)
or on the spot (offline), brought to 0..1, its edges laid on the picture's own."""

from __future__ import annotations

import math
from collections.abc import Callable

import cv2
import numpy as np

from vj.core.errors import told
from vj.core.seldom import SeldomLog
from vj.core.smoothstep import smoothstep
from vj.parameters.store import Snapshot
from vj.pipeline.guided_filter import guided

FindDepth = Callable[[np.ndarray], np.ndarray | None]
"""(H, W, 3) uint8 -> (h, w) float32, the larger the nearer; None while nothing is known yet."""
NO_DEPTH = "the show names no depth model (depth: FILE.onnx, such as Depth Anything V2 small)"
NO_MASK = f"mask/mode depth: {NO_DEPTH}; everything is painted"
ENDS = (1.0, 99.0)
"""Percentiles that become 0 and 1: one bright speck shall not push all else away."""
EACH = 4
"""Of so many pixels in either direction one is counted for them."""
SECONDS = 0.7
"""In which the range follows by 63 %: what comes near would else push the whole room away at
once."""
CUT = 0.15
"""A range that has less than this share in common with the one before is another scene's: it is
taken at once."""
FLAT = 1e-3
"""Less difference than this share of its numbers is none: everything is far."""


class DepthRange:
    """The range of what a model finds, followed over time."""

    def __init__(self) -> None:
        self._ends: tuple[float, float] | None = None
        self._time = 0.0

    def of(self, found: np.ndarray, time: float) -> np.ndarray:
        """(h, w) float32 -> the same as 0..1. time: of the frame, in seconds."""
        low, high = (float(one) for one in np.percentile(found[::EACH, ::EACH], ENDS))
        if self._ends is not None:
            before, after = self._ends
            common = min(high, after) - max(low, before)
            share = 1 - math.exp(-max(0.0, time - self._time) / SECONDS)
            if common >= CUT * (max(high, after) - min(low, before)):
                low, high = before + share * (low - before), after + share * (high - after)
        self._ends, self._time = (low, high), time
        span = high - low
        if span <= FLAT * max(abs(low), abs(high)):
            return np.zeros_like(found)
        return np.clip((found - np.float32(low)) / np.float32(span), 0, 1)

    def forget(self) -> None:
        self._ends = None


class Depth:
    """Of one show's frames. Belongs to the render thread."""

    def __init__(self, on_message: Callable[[str], None]) -> None:
        self.find: FindDepth | None = None
        """What finds it; None without a depth model."""
        self._range = DepthRange()
        self._say = SeldomLog(on_message)

    def cut(self) -> None:
        """Another scene begins, with a range of its own."""
        self._range.forget()

    def of(self, image: np.ndarray, time: float, wanted: bool) -> np.ndarray | None:
        """(H, W, 3) uint8 -> (H, W) float32, 0 the furthest, 1 the nearest; None where nobody
        wants it or nothing is known. time: of the frame, in seconds."""
        if not wanted or self.find is None:
            self._range.forget()
            return None
        try:
            found = self.find(image)
        except Exception as error:  # a foreign model: the picture goes on
            self._say(f"depth: {told(error)}; nothing is known to be near", time)
            return None
        if found is None:
            return None
        near = guided(self._range.of(found, time), image)
        return np.clip(near, 0, 1, out=near)


def between(depth: np.ndarray, snapshot: Snapshot) -> np.ndarray:
    """(H, W) float32, 1 where a depth lies between mask/near and mask/far, with soft ends of
    mask/soft. depth: (H, W) float32, 1 is nearest. At near 0 nothing is too near, at far 1 nothing
    too far."""
    away = 1 - np.arange(256, dtype=np.float32) / 255
    soft = max(1e-3, snapshot["mask/soft"])
    near, far = sorted((snapshot["mask/near"], snapshot["mask/far"]))
    inside = _beyond(away, near, soft) * (1 - _beyond(away, far, soft))
    out: np.ndarray = cv2.LUT(cv2.convertScaleAbs(depth, alpha=255), inside)
    return out


def _beyond(away: np.ndarray, bound: float, soft: float) -> np.ndarray:
    """0 well before a bound, 1 well behind it, an S of width `soft` between. At 0 all is behind it,
    at 1 nothing."""
    middle = (bound - 0.5) * (1 + soft) + 0.5
    return smoothstep(np.clip((away - np.float32(middle - soft / 2)) / np.float32(soft), 0, 1))


def as_guide(depth: np.ndarray) -> np.ndarray:
    """(H, W) float32 0..1 -> (H, W, 3) uint8, as depth ControlNets are trained: the nearer the
    lighter."""
    out: np.ndarray = cv2.cvtColor(cv2.convertScaleAbs(depth, alpha=255), cv2.COLOR_GRAY2RGB)
    return out
