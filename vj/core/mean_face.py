"""The mean face: where MediaPipe's 468 points are in a face that looks ahead and does nothing.

mean_face.npz was measured on the project's own drawing: MediaPipe's points (x, y and depth) of the
one who dances in `drawn:dancer`, on 92 frames in which she looks ahead with her mouth closed, laid
upon each other (least squares of the points that no expression moves) and averaged with their
mirror image. `jaw` is how 19 frames with an open mouth differ from these.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

FILE = Path(__file__).with_name("mean_face.npz")
POINTS = 468
JAW = 0.42
"""Between the lips of a mouth that is wide open, in distances of the eyes."""
LIDS = (
    ((246, 161, 160, 159, 158, 157, 173), (7, 163, 144, 145, 153, 154, 155)),
    ((466, 388, 387, 386, 385, 384, 398), (249, 390, 373, 374, 380, 381, 382)),
)
"""Upper and lower lid of the eye at the left of the picture, and of the other one."""


@lru_cache(1)
def mean_face() -> tuple[np.ndarray, np.ndarray]:
    """The points, (468, 3) float64: x to the right of the picture, y down, and towards the viewer,
    in distances of the eyes from the middle between them; and how far each goes as the lips part by
    1. Not to be written to."""
    with np.load(FILE) as file:
        rest, jaw = file["rest"].astype(np.float64), file["jaw"].astype(np.float64)
    for points in (rest, jaw):
        points.setflags(write=False)
    return rest, jaw


@lru_cache(1)
def mirror_order() -> np.ndarray:
    """(468,) int: the point of the other half of the face for each; itself in the middle."""
    rest = mean_face()[0]
    mirrored = rest[:, :2] * (-1, 1)
    apart = np.linalg.norm(rest[:, None, :2] - mirrored[None], axis=2)
    return np.asarray(apart.argmin(axis=1))
