"""Somebody's body brought to the place and size of the trained one: who dances far from the camera
moves a body that was filmed near it. Proportions stay theirs; movement stays whole, from their own
running mean.

Points are in the units of `vj.translator.face_place`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from vj.pipeline.landmarks.body import Body
from vj.pipeline.landmarks.connections import SHOULDERS
from vj.translator.face_place import GONE, LONGEST, to_pixels, to_units

HIPS = (23, 24)
SEEN = 0.5
"""How visible a point has to be."""
TRUNK = 1.4
"""Lengths of the shoulders in that of a trunk: who turns aside has narrow shoulders."""
SMALLEST, LARGEST = 0.25, 4.0
"""How much smaller or larger somebody is drawn, at most."""


class Stature(NamedTuple):
    """The middle of the shoulders, and how wide they are, seen from the front."""

    x: float
    y: float
    size: float


def stature(points: np.ndarray, visible: np.ndarray) -> Stature | None:
    """Of a body (33, 2), (33,); None where its shoulders are not in the picture."""
    if visible[list(SHOULDERS)].min() < SEEN:
        return None
    one, two = points[list(SHOULDERS)]
    middle, size = (one + two) / 2, float(np.linalg.norm(one - two))
    if visible[list(HIPS)].min() >= SEEN:
        trunk = float(np.linalg.norm(points[list(HIPS)].mean(0) - middle))
        size = max(size, trunk / TRUNK)
    return Stature(float(middle[0]), float(middle[1]), size) if size > 1e-3 else None


def mean_stature(bodies: Sequence[tuple[np.ndarray, np.ndarray]]) -> Stature | None:
    """Of bodies, each points and how visible they are; None where there are none."""
    found = [one for points, visible in bodies if (one := stature(points, visible)) is not None]
    if not found:
        return None
    size = math.exp(float(np.mean([math.log(one.size) for one in found])))
    x, y = (float(np.mean([one[axis] for one in found])) for axis in (0, 1))
    return Stature(x, y, size)


class BodyPlace:
    """Follows one body from frame to frame. Belongs to one thread."""

    def __init__(self, trained: Stature) -> None:
        """trained: of `mean_stature`."""
        self._trained = trained
        self._mean: Stature | None = None
        self._known = 0.0
        """Seconds for which the mean stands."""
        self._time = -math.inf

    def of(self, body: Body, shape: tuple[int, ...], time: float) -> Body:
        """A body in a picture (H, W, ...) where the trained one would be. time: seconds, of the
        frame; after a second without anybody, or going back, it begins anew. Without shoulders in
        the picture it stays where it is until there have been some."""
        points = to_units(body.points, shape)
        passed = time - self._time
        if not 0 <= passed <= GONE:
            self._mean, self._known, passed = None, 0.0, 1 / 30
        self._time = time
        now = stature(points, body.visible)
        if now is not None:
            self._learn(now, passed)
        mean = self._mean
        if mean is None:
            return body
        scale = min(LARGEST, max(SMALLEST, self._trained.size / mean.size))
        moved = (points - (mean.x, mean.y)) * scale + (self._trained.x, self._trained.y)
        return body._replace(points=to_pixels(moved, shape))

    def _learn(self, now: Stature, seconds: float) -> None:
        old = self._mean or now
        share = seconds / max(1e-9, self._known + seconds)
        self._mean = Stature(
            old.x + share * (now.x - old.x),
            old.y + share * (now.y - old.y),
            old.size * (now.size / old.size) ** share,
        )
        self._known = min(LONGEST, self._known + seconds)
