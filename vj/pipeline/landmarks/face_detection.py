"""Where faces are: MediaPipe's short-range detector (BlazeFace, Bazarevsky et al. 2019), which
sees faces from about a seventh of the square that it looks at."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

import cv2
import numpy as np

from vj.pipeline.landmarks.regions import Region, angle_between

SIDE = 128
"""Of the square that the network takes."""
GRIDS = ((16, 2), (8, 6))
"""Cells a side, and anchors a cell: strides 8, and three times 16."""
SURE = 0.5
"""The least confidence of a face."""
SAME = 0.3
"""How much of two boxes' union both hold, from which on they are one face."""
AROUND = 1.5
"""Side of a face's region over that of its box."""
RIGHT_EYE, LEFT_EYE = 0, 1
"""Of the six points that the detector gives with each face; right and left are the person's."""


class LandmarkNetwork(Protocol):
    """As `vj.pipeline.tflite.TfliteNetwork`."""

    def run(self, picture: np.ndarray) -> dict[str, np.ndarray]: ...


def _anchors() -> np.ndarray:
    """(896, 2) float32: where each cell's anchors stand, 0..1."""
    places = []
    for cells, each in GRIDS:
        x, y = np.meshgrid(np.arange(cells), np.arange(cells))
        middles = (np.stack([x, y], -1).reshape(-1, 1, 2) + 0.5) / cells
        places.append(np.repeat(middles, each, 1).reshape(-1, 2))
    return np.concatenate(places).astype(np.float32)


ANCHORS = _anchors()


class FaceDetection:
    """Belongs to one thread."""

    def __init__(self, network: LandmarkNetwork) -> None:
        """network: face_detection_short_range.tflite."""
        self._network = network

    def find(self, image: np.ndarray, where: Region) -> list[tuple[float, Region]]:
        """(H, W, 3) uint8 -> faces in a part of it, the surest first: how sure, 0..1, and the
        region in which the points of the face are to be looked for."""
        square = where.cut(image, SIDE, cv2.BORDER_CONSTANT)
        out = self._network.run(2 * square[None] - 1)
        logits = np.clip(out["classificators"].reshape(-1), -80, 80)
        sure = 1 / (1 + np.exp(-logits))
        kept = np.flatnonzero(sure >= SURE)
        if not len(kept):
            return []
        raw = out["regressors"].reshape(-1, 8, 2)[kept] / SIDE
        # Middle, then width and height, then six points, all but the size from the anchor.
        places = raw + ANCHORS[kept, None]
        places[:, 1] = raw[:, 1]
        finite = np.isfinite(places).all(axis=(1, 2))
        return [
            (confidence, _region(place, where))
            for confidence, place in _merged(sure[kept][finite], places[finite])
        ]


def _region(place: np.ndarray, where: Region) -> Region:
    middle, *points = where.to_picture(np.delete(place, 1, axis=0))
    angle = angle_between(points[RIGHT_EYE], points[LEFT_EYE])
    side = AROUND * float(place[1].max()) * where.side
    return Region(float(middle[0]), float(middle[1]), side, angle)


def _merged(sure: np.ndarray, places: np.ndarray) -> Iterator[tuple[float, np.ndarray]]:
    """Boxes of one face as one, their mean by confidence: steadier than the surest alone."""
    left = np.argsort(-sure)
    while len(left):
        best = left[0]
        same = _overlap(places[best], places[left]) > SAME
        same[0] = True
        chosen = left[same]
        yield float(sure[best]), np.average(places[chosen], axis=0, weights=sure[chosen])
        left = left[~same]


def _overlap(one: np.ndarray, many: np.ndarray) -> np.ndarray:
    """Intersection over union of a box with others."""
    low = np.maximum(one[0] - one[1] / 2, many[:, 0] - many[:, 1] / 2)
    high = np.minimum(one[0] + one[1] / 2, many[:, 0] + many[:, 1] / 2)
    both = np.prod(np.clip(high - low, 0, None), axis=1)
    union = np.prod(one[1]) + np.prod(many[:, 1], axis=1) - both
    return np.asarray(both / np.maximum(union, 1e-9))
