"""Somebody's face brought to the place, scale and proportions of the trained one, so that it is
moved by them and looks like itself.

A translator knows its own face's points where they were in its clip. Another's are somewhere else,
larger or smaller, with another mouth and other eyes. What is theirs is told from what they do by
time: their running mean is who they are, and how they differ from it at the moment is what they do.
The trained face's mean takes the place of theirs, and does the same: it moves by as much of its own
size, turns by as much, and its eyes close and its mouth opens by as much of their own size.

All points here are in units of the picture's shorter side, from the middle of a square of that
side, whose corner is 0 and whose other corner is 1.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

RIGID = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 98, 327, 2, 127, 356, 10)
"""Points that no expression moves much: the eyes' corners, the nose, temples and forehead."""
REGIONS: dict[str, tuple[int, ...]] = {
    "left eye": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    "right eye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "left brow": (276, 283, 282, 295, 285, 300, 293, 334, 296, 336),
    "right brow": (46, 53, 52, 65, 55, 70, 63, 105, 66, 107),
    "mouth": (
        *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40),
        *(185, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81),
        *(80, 191),
    ),
}
"""What moves by its own size; everything else by the face's."""
FEW, MANY = 0.5, 2.0
"""By how much at most a movement is made smaller or larger for the size of what moves."""
FIRST, LONGEST = 1.5, 20.0
"""Seconds. How long somebody's own proportions stand for an expression, at the beginning; and over
how long their mean is taken."""
GONE = 1.0
"""Seconds after which whoever comes is somebody else."""
FAR = 0.8
"""Sizes of a face: who is so far from the place a frame before is somebody else, too."""
POINTS = 468


class FacePose(NamedTuple):
    """Where one shape lies as another: turned (radians) and scaled about `centre`, which lies at
    x, y."""

    x: float
    y: float
    scale: float
    turn: float


def pose(shape: np.ndarray, points: np.ndarray) -> FacePose:
    """How `shape` (468, 2) is to be moved, scaled and turned to lie on `points` (least squares of
    the rigid ones)."""
    chosen = list(RIGID)
    of, to = shape[chosen], points[chosen]
    middle = to.mean(0)
    from_centre, there = of - of.mean(0), to - middle
    total = max(1e-12, float((from_centre**2).sum()))
    along = float((from_centre * there).sum()) / total
    across = float((from_centre[:, 0] * there[:, 1] - from_centre[:, 1] * there[:, 0]).sum())
    across /= total
    scale = max(1e-6, math.hypot(along, across))
    return FacePose(float(middle[0]), float(middle[1]), scale, math.atan2(across, along))


def placed(shape: np.ndarray, centre: np.ndarray, where: FacePose) -> np.ndarray:
    """A shape (468, 2) whose centre is given, in a pose."""
    return np.asarray((shape - centre) @ _turned(where) + (where.x, where.y))


def unplaced(points: np.ndarray, centre: np.ndarray, where: FacePose) -> np.ndarray:
    """The shape that lies at points in a pose."""
    back = _turned(where).T / where.scale**2
    return np.asarray((points - (where.x, where.y)) @ back + centre)


def _turned(where: FacePose) -> np.ndarray:
    cos, sin = where.scale * math.cos(where.turn), where.scale * math.sin(where.turn)
    return np.array([[cos, sin], [-sin, cos]])


def centre_of(shape: np.ndarray) -> np.ndarray:
    """(468, 2) -> (2,), of its rigid points."""
    return np.asarray(shape[list(RIGID)].mean(0))


def mean_face(faces: Sequence[np.ndarray]) -> np.ndarray:
    """The mean shape of faces (468, 2), in their mean place, scale and angle."""
    mean = np.mean(faces, axis=0)
    for _ in range(3):
        centre = centre_of(mean)
        poses = [pose(mean, face) for face in faces]
        shape = np.mean(
            [unplaced(face, centre, one) for face, one in zip(faces, poses, strict=True)], axis=0
        )
        where = FacePose(
            float(np.mean([one.x for one in poses])),
            float(np.mean([one.y for one in poses])),
            math.exp(float(np.mean([math.log(one.scale) for one in poses]))),
            float(np.mean([one.turn for one in poses])),
        )
        mean = placed(shape, centre_of(shape), where)
    return mean


class FacePlace:
    """Follows one face from frame to frame. Belongs to one thread."""

    def __init__(self, trained: np.ndarray) -> None:
        """trained: (468, 2), of `mean_face`."""
        self._trained = np.asarray(trained, np.float64)
        self._centre = centre_of(self._trained)
        self._sizes = _sizes(self._trained)
        self._mean = self._trained
        self._pose = self._last = FacePose(0.5, 0.5, 1.0, 0.0)
        self._time: float | None = None
        self._known = self._placed = 0.0
        """Seconds for which the mean of their shape, and of their place, stands."""

    def of(self, points: np.ndarray, time: float) -> np.ndarray:
        """(468, 2), of somebody -> of the trained face doing the same. time: seconds, of the
        frame; going back begins anew."""
        now = pose(self._trained, points)
        apart = math.hypot(now.x - self._last.x, now.y - self._last.y)
        size = now.scale * float(np.ptp(self._trained, axis=0).max())
        if self._time is None or not 0 <= time - self._time <= GONE or apart > FAR * size:
            self._mean, self._known, self._placed = self._trained, FIRST, 0.0
            seconds = 1 / 30
        else:
            seconds = time - self._time
        self._time, self._last = time, now
        shape = unplaced(points, self._centre, now)
        self._learn(shape, now, seconds)
        does = (shape - self._mean) * self._shares()
        base = self._pose
        cos, sin = math.cos(base.turn), math.sin(base.turn)
        x, y = (now.x - base.x) / base.scale, (now.y - base.y) / base.scale
        # Upright for whoever is filmed by a camera that is not.
        where = FacePose(
            float(self._centre[0]) + x * cos + y * sin,
            float(self._centre[1]) - x * sin + y * cos,
            now.scale / base.scale,
            now.turn - base.turn,
        )
        return placed(self._trained + does, self._centre, where).astype(np.float32)

    def _learn(self, shape: np.ndarray, now: FacePose, seconds: float) -> None:
        """Take a frame into the means."""
        share = seconds / max(1e-9, self._known + seconds)
        self._mean = self._mean + share * (shape - self._mean)
        share = seconds / max(1e-9, self._placed + seconds)
        old = self._pose
        turn = math.remainder(now.turn - old.turn, math.tau)
        self._pose = FacePose(
            old.x + share * (now.x - old.x),
            old.y + share * (now.y - old.y),
            math.exp(math.log(old.scale) + share * math.log(now.scale / old.scale)),
            old.turn + share * turn,
        )
        self._known = min(LONGEST, self._known + seconds)
        self._placed = min(LONGEST, self._placed + seconds)

    def _shares(self) -> np.ndarray:
        """(468, 2): by how much each point moves for one that moves by 1 of theirs."""
        shares = np.ones((POINTS, 2))
        theirs = _sizes(self._mean)
        for name, points in REGIONS.items():
            ratio = np.clip(self._sizes[name] / np.maximum(theirs[name], 1e-6), FEW, MANY)
            shares[list(points)] = ratio
        return shares


def _sizes(shape: np.ndarray) -> dict[str, np.ndarray]:
    """Width and height of every region, (2,)."""
    return {name: np.ptp(shape[list(points)], axis=0) for name, points in REGIONS.items()}


def to_units(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Points in pixels of a picture (H, W, ...) -> in the units of this module."""
    return (points - (shape[1] / 2, shape[0] / 2)) / min(shape[:2]) + 0.5


def to_pixels(points: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The other way."""
    out = (points - 0.5) * min(shape[:2]) + (shape[1] / 2, shape[0] / 2)
    return np.asarray(out, np.float32)
