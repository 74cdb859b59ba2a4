"""The 468 points of a face, and how they move: for drawn faces in which MediaPipe's networks, which
know people, find none. What they do is done to `vj.core.mean_face`."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vj.core.mean_face import JAW, LIDS, mean_face

BROWS = (
    (46, 53, 52, 65, 55, 70, 63, 105, 66, 107),
    (276, 283, 282, 295, 285, 300, 293, 334, 296, 336),
)
MOUTH = (
    *(61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40),
    *(185, 78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81),
    *(80, 191),
)
CLOSED = 0.65
"""Of an eye's height, by which its points close: the networks see no eye shut altogether."""
RAISED = 0.2
WIDER, HIGHER = 0.14, 0.16
"""How far a smile takes the corners of the mouth."""


@dataclass(frozen=True, slots=True)
class FaceLook:
    """What a face does. turn, nod: radians, to the right of the picture and downwards. tilt:
    degrees, clockwise. x, y: of the place between its eyes, in the picture's units; size: distance
    of the eyes in these. jaw, smile: 0 shut .. 1. eyes: how far the one at the left of the picture
    and the other one are closed, 0 .. 1. brows: how far they are raised, -1 .. 1."""

    turn: float = 0.0
    nod: float = 0.0
    tilt: float = 0.0
    x: float = 0.0
    y: float = 0.0
    size: float = 0.2
    jaw: float = 0.0
    smile: float = 0.0
    eyes: tuple[float, float] = (0.0, 0.0)
    brows: float = 0.0


def shape_of(pose: FaceLook) -> np.ndarray:
    """(468, 3): the face's points without its place: x, y and towards the viewer, in distances of
    the eyes from the middle between them."""
    rest, jaw = mean_face()
    points = rest + JAW * pose.jaw * jaw
    for (upper, lower), closed in zip(LIDS, pose.eyes, strict=True):
        above, below = points[list(upper)], points[list(lower)]
        gap = CLOSED * closed * (below - above)
        points[list(upper)] = above + 0.85 * gap
        points[list(lower)] = below - 0.15 * gap
    for brow in BROWS:
        points[list(brow), 1] -= RAISED * pose.brows
    lips = list(MOUTH)
    aside = points[lips, 0] / np.abs(rest[lips, 0]).max()
    points[lips, 0] += WIDER * pose.smile * aside
    points[lips, 1] -= HIGHER * pose.smile * aside * aside
    return points


def turned(points: np.ndarray, turn: float, nod: float) -> np.ndarray:
    """Points (N, 3) as they are seen after a turn and a nod, see `FaceLook`: (N, 3)."""
    cos, sin = math.cos(turn), math.sin(turn)
    x, y, z = points.T
    x, z = x * cos + z * sin, z * cos - x * sin
    cos, sin = math.cos(nod), math.sin(nod)
    return np.stack([x, y * cos + z * sin, z * cos - y * sin], -1)


def laid(points: np.ndarray, pose: FaceLook) -> np.ndarray:
    """Points (N, 3) in distances of the eyes -> (N, 2), in the picture's units."""
    seen = turned(points, pose.turn, pose.nod)[:, :2] * pose.size
    cos, sin = math.cos(math.radians(pose.tilt)), math.sin(math.radians(pose.tilt))
    return np.asarray(seen @ np.array([[cos, sin], [-sin, cos]]) + (pose.x, pose.y))


def face_points(pose: FaceLook) -> np.ndarray:
    """(468, 2), in the picture's units."""
    return laid(shape_of(pose), pose)
