"""Footage at the sizes that a translator is trained on: its own, and half of it.

At half the size what belongs together lies nearer, so that it is learned sooner, and a step takes a
third of the time; and what is trained plays at more sizes.
"""

from __future__ import annotations

import cv2
import numpy as np

from vj.kernels.cv_field import FieldMaker
from vj.pocket.network import MULTIPLE
from vj.translator.conditions import unit_of
from vj.translator.footage import Footage

SMALLEST = 64
"""Side, in pixels, of the squares that are worth training on."""


class SizedFootage:
    """Footage at one size. side: of its squares, in pixels. unit: see `unit_of`. seen, targets:
    (N, side, side, 3) uint8, what is to become the frames, and the frames."""

    def __init__(self, footage: Footage, side: int) -> None:
        self.side, self.unit = side, unit_of(side)
        self.targets = _shrunk(footage.frames, side)
        self.seen = self.targets if footage.inputs is None else _shrunk(footage.inputs, side)
        self.field = FieldMaker(side, side, self.unit)


def at_sizes(footage: Footage) -> list[SizedFootage]:
    """The footage as it is, and where that is large enough, at half its size."""
    side = footage.frames.shape[1]
    half = side // 2
    sides = (side, half) if half >= SMALLEST and half % MULTIPLE == 0 else (side,)
    return [SizedFootage(footage, each) for each in sides]


def _shrunk(frames: np.ndarray, side: int) -> np.ndarray:
    if frames.shape[1] == side:
        return frames
    size = side, side
    return np.stack([cv2.resize(one, size, interpolation=cv2.INTER_AREA) for one in frames])
