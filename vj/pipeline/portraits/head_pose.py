"""How a head is held, and what its face does besides.

A head is its points in its own frame, in distances of its eyes; a pose turns, scales and shifts it
(weak perspective). Which pose a picture shows is found by least squares of the points that no
expression moves much, so a nose that leaves the middle is a turn and not an expression.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

RIGID = (33, 133, 362, 263, 168, 6, 197, 195, 5, 4, 98, 327, 2, 127, 356, 10, 234, 454)
"""Points that no expression moves much: the eyes' corners, the nose, temples and forehead."""


class HeadPose(NamedTuple):
    """x, y: of the middle between the eyes, and scale: of the distance of the eyes, in pixels.
    tilt: clockwise, turn: to the right of the picture, nod: downwards, in radians."""

    x: float
    y: float
    scale: float
    tilt: float = 0.0
    turn: float = 0.0
    nod: float = 0.0

    @property
    def axes(self) -> np.ndarray:
        """(2, 3): pixels by distance of the eyes, of each axis of the head."""
        (ct, st), (cn, sn), (ci, si) = (
            (math.cos(angle), math.sin(angle)) for angle in (self.turn, self.nod, self.tilt)
        )
        seen = np.array([[ct, 0.0, st], [-st * sn, cn, ct * sn]])
        return np.asarray(np.array([[ci, -si], [si, ci]]) @ seen * self.scale)


def placed(head: np.ndarray, pose: HeadPose) -> np.ndarray:
    """(N, 3), of a head -> (N, 2) float64, pixels."""
    return np.asarray(head @ pose.axes.T + (pose.x, pose.y))


def in_head(points: np.ndarray, depth: np.ndarray, pose: HeadPose) -> np.ndarray:
    """(N, 2), pixels, and their depths (N,) in the head -> (N, 2): where they are in the head.
    `placed` of these gives the points again."""
    axes = pose.axes
    flat = points - (pose.x, pose.y) - depth[:, None] * axes[:, 2]
    return np.asarray(flat @ np.linalg.inv(axes[:, :2]).T)


def pose_of(head: np.ndarray, points: np.ndarray) -> HeadPose:
    """The pose in which a head (468, 3) looks most like points (468, 2)."""
    chosen = list(RIGID)
    known = np.column_stack([head[chosen], np.ones(len(chosen))])
    found = np.linalg.lstsq(known, points[chosen].astype(np.float64), rcond=None)[0].T
    left, sizes, right = np.linalg.svd(found[:, :3], full_matrices=False)
    first, second = rows = left @ right
    scale = max(1e-6, float(sizes.mean()))
    third = np.cross(first, second)
    # The rows are tilt, then nod, then turn: undone from the last.
    nod = math.asin(max(-1.0, min(1.0, float(third[1]) * -1)))
    turn = math.atan2(-float(third[0]), float(third[2]))
    tilt = math.atan2(float(-rows[0, 1]), float(rows[1, 1]))
    shift = points[chosen].mean(axis=0) - scale * head[chosen].mean(axis=0) @ rows.T
    return HeadPose(float(shift[0]), float(shift[1]), scale, tilt, turn, nod)
