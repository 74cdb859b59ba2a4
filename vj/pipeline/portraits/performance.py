"""What a performer's face does, told from how it is when it does nothing.

Their own face is learned from its first second: how it is shaped, and how it is held. From then on
a frame is a pose against that one, and what every point does besides, both in distances of the
eyes, so that another face can do the same whatever its size and shape.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vj.core.mean_face import LIDS, POINTS, mean_face
from vj.pipeline.portraits.head_pose import HeadPose, in_head, pose_of

SECONDS = 1.0
"""For which a face that has just come is taken to do nothing."""
GONE = 1.0
"""Seconds without a face after which whoever comes is somebody else."""
FAR = 1.6
"""Distances of the eyes: who is so far from the place a frame before is somebody else, too."""
EYES = ((33, 133), (362, 263))
"""The corners of the eye at the left of the picture, and of the other one."""
LIPS = 61, 291
"""The corners of the mouth."""


@dataclass(frozen=True, slots=True)
class Doing:
    """x, y: distances of the eyes by which the head has moved; nearer: the logarithm of how much
    larger it is; tilt, turn, nod: radians. face: (468, 2), what each point does in the head. lids:
    how open each eye is, 1 as when nothing is done. mouth: how broad it is, then."""

    x: float = 0.0
    y: float = 0.0
    nearer: float = 0.0
    tilt: float = 0.0
    turn: float = 0.0
    nod: float = 0.0
    face: np.ndarray | None = None
    lids: tuple[float, float] = (1.0, 1.0)
    mouth: float = 1.0


NOTHING = Doing()


class FacePerformance:
    """Follows one performer from frame to frame. Belongs to one thread."""

    def __init__(self) -> None:
        self._time: float | None = None
        self._last = HeadPose(0.0, 0.0, 1.0)
        self.relearn()

    def relearn(self) -> None:
        """Take what comes in the next second for a face that does nothing."""
        self._shape = np.zeros((POINTS, 2))
        self._held = np.zeros(6)
        self._learned = 0.0
        """Seconds that the means are of."""
        self._open = np.ones(2)

    @property
    def learns(self) -> bool:
        return self._learned < SECONDS

    def of(self, points: np.ndarray, time: float) -> Doing:
        """(468, 2) float32, pixels -> what is done. time: seconds, of the frame; going back begins
        anew."""
        points = points.astype(np.float64)
        rest = mean_face()[0]
        depth = rest[:, 2]
        now = pose_of(rest, points)
        apart = math.hypot(now.x - self._last.x, now.y - self._last.y)
        passed = 0.0 if self._time is None else time - self._time
        if self._time is not None and (not 0 <= passed <= GONE or apart > FAR * self._last.scale):
            self.relearn()
        if self._learned:
            now = pose_of(np.column_stack([self._shape, depth]), points)
        if self.learns:
            self._learn(in_head(points, depth, now), now, max(passed, 1e-3))
        self._time, self._last = time, now
        return self._told(points, depth, now)

    def _learn(self, shape: np.ndarray, now: HeadPose, seconds: float) -> None:
        held = np.array([now.x, now.y, math.log(now.scale), now.tilt, now.turn, now.nod])
        share = seconds / (self._learned + seconds)
        self._shape = self._shape + share * (shape - self._shape)
        self._held = self._held + share * (held - self._held)
        self._learned += seconds
        self._open = np.maximum(opened(self._shape), 0.02)

    def _told(self, points: np.ndarray, depth: np.ndarray, now: HeadPose) -> Doing:
        shape = in_head(points, depth, now)
        x, y, size, tilt, turn, nod = self._held
        unit = math.exp(size)
        left, right = opened(shape) / self._open
        return Doing(
            float(now.x - x) / unit,
            float(now.y - y) / unit,
            math.log(now.scale) - float(size),
            math.remainder(now.tilt - float(tilt), math.tau),
            now.turn - float(turn),
            now.nod - float(nod),
            shape - self._shape,
            (float(left), float(right)),
            float(np.linalg.norm(self._shape[LIPS[0]] - self._shape[LIPS[1]])),
        )


def opened(shape: np.ndarray) -> np.ndarray:
    """(468, 2) of a head -> (2,): how far the lids of each eye are apart, by its width."""
    gaps = []
    for (upper, lower), corners in zip(LIDS, EYES, strict=True):
        across = shape[corners[1]] - shape[corners[0]]
        width = max(1e-6, float(np.linalg.norm(across)))
        down = np.array([-across[1], across[0]]) / width
        gap = (shape[list(lower[2:5])] - shape[list(upper[2:5])]) @ down
        gaps.append(max(0.0, float(gap.mean())) / width)
    return np.array(gaps)


def still(
    points: np.ndarray, flatter: float = 1.0, farthest: float = -9.0
) -> tuple[np.ndarray, HeadPose]:
    """(468, 2), pixels, of a picture -> its head, (468, 3), and how it is held there. `placed` of
    them gives the points. flatter, farthest: of the head's depth."""
    rest = mean_face()[0]
    pose = pose_of(rest, points)
    depth = np.maximum(flatter * rest[:, 2], farthest)
    return np.column_stack([in_head(points.astype(np.float64), depth, pose), depth]), pose
