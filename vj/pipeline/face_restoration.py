"""Faces restored in a picture: each is found, turned and scaled to where the network expects it,
restored, and put back with a soft edge.

Only the difference that the network makes is put back, so a face larger than the network's picture
keeps what it has beyond that, and what is not a face is left as it is, to the bit. From frame to
frame a face keeps its place in the network's picture: a crop that trembles is restored otherwise
each time, and what is restored would boil.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import cv2
import numpy as np

from vj.core.smoothstep import smoothstep
from vj.pipeline.landmarks.connections import EYES, OVAL
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.landmarks.one_euro import OneEuroFilter
from vj.pipeline.model_files import ModelCall

SIDE = 512
"""Of the square that GFPGAN, RestoreFormer and their like take and give."""
TEMPLATE = np.array(
    ((192.98, 239.95), (318.9, 240.19), (256.63, 314.02), (201.26, 371.41), (313.09, 371.15)),
    np.float32,
)
"""Where a face's eyes, the tip of its nose and the corners of its mouth are in it: those of FFHQ
(Karras et al. 2019), on which they were trained."""
NOSE, CORNERS = 4, (61, 291)
LEAST_CUTOFF, SLOPE = 0.2, 8.0
"""Hz, and Hz by sizes a second, of the place in the network's picture, see `OneEuroFilter`."""
LARGER, SOFT = 1.12, 0.05
"""Of the place that is put back: how much larger than a face's oval, and how soft, in sides."""
EDGE = 24
"""Pixels at the square's edge that are not put back."""
NEAR = 0.6
"""Sizes of a face: what is so near to where one was is the same."""


@dataclass(slots=True)
class _Face:
    """One that was there in the last frame."""

    middle: np.ndarray
    smooth: OneEuroFilter = field(default_factory=lambda: OneEuroFilter(LEAST_CUTOFF, SLOPE))


class FaceRestorer:
    """Belongs to one thread."""

    def __init__(self, restore: ModelCall, finder: FaceFinder) -> None:
        """restore: (512, 512, 3) uint8 -> the same, or larger."""
        self._restore, self._finder = restore, finder
        self._known: list[_Face] = []

    def of(self, picture: np.ndarray, time: float) -> np.ndarray:
        """(H, W, 3) uint8 -> the same with its faces restored, new; the picture itself where there
        is none. time: seconds, of the frame. Raises whatever the networks do."""
        faces = self._finder.find(picture, time)
        out, known = picture, list[_Face]()
        for points in faces:
            five = five_points(points)
            size = float(np.ptp(points, axis=0).max())
            face = self._same(points.mean(axis=0), size)
            known.append(face)
            five = face.smooth(five, time, size)
            out = self._restored(out, points, five)
        self._known = known
        return out

    def _same(self, middle: np.ndarray, size: float) -> _Face:
        for face in self._known:
            if float(np.linalg.norm(face.middle - middle)) < NEAR * size:
                face.middle = middle
                self._known = [one for one in self._known if one is not face]
                return face
        return _Face(middle)

    def _restored(self, picture: np.ndarray, points: np.ndarray, five: np.ndarray) -> np.ndarray:
        to_square = aligned(five)
        if to_square is None:
            return picture
        square = _cut(picture, to_square)
        made = self._restore(square)
        if made.shape != square.shape:
            made = cv2.resize(made, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        cover = _cover(points @ to_square[:, :2].T.astype(np.float32) + to_square[:, 2])
        change = cv2.subtract(made, square, dtype=cv2.CV_32F) * cover[..., None]
        corners = np.array([(0, 0), (SIDE, 0), (SIDE, SIDE), (0, SIDE)], np.float64)
        back = cv2.invertAffineTransform(to_square)
        there = corners @ back[:, :2].T + back[:, 2]
        low = np.maximum(np.floor(there.min(axis=0)).astype(int), 0)
        high = np.minimum(np.ceil(there.max(axis=0)).astype(int) + 1, picture.shape[1::-1])
        if (high - low < 2).any():
            return picture
        (left, top), (right, bottom) = low.tolist(), high.tolist()
        change = _laid(change, back, (left, top, right, bottom))
        out = picture.copy()
        part = out[top:bottom, left:right]
        part[:] = np.rint(np.clip(part + change, 0, 255)).astype(np.uint8)
        return out


def five_points(points: np.ndarray) -> np.ndarray:
    """(468, 2) -> (5, 2) float32: the eyes, left and right in the picture, the tip of the nose, the
    corners of the mouth."""
    left, right = (points[list(eye)].mean(axis=0) for eye in (EYES[1], EYES[0]))
    return np.array([left, right, points[NOSE], *points[list(CORNERS)]], np.float32)


def aligned(five: np.ndarray) -> np.ndarray | None:
    """(2, 3) float64: the similarity that lays five points on `TEMPLATE` (least squares); None for
    points that are one."""
    middle, goal = five.mean(axis=0, dtype=np.float64), TEMPLATE.mean(axis=0, dtype=np.float64)
    here, there = five - middle, TEMPLATE - goal
    total = float((here**2).sum())
    if total < 1e-6:
        return None
    along = float((here * there).sum()) / total
    across = float((here[:, 0] * there[:, 1] - here[:, 1] * there[:, 0]).sum()) / total
    turn = np.array([[along, -across], [across, along]])
    return np.column_stack([turn, goal - turn @ middle])


def _cut(picture: np.ndarray, to_square: np.ndarray) -> np.ndarray:
    """(512, 512, 3) uint8: the face where the network expects it."""
    scale = float(np.sqrt(abs(np.linalg.det(to_square[:, :2]))))
    matrix = to_square.copy()
    if scale < 0.6:  # each pixel shall see all that it covers, or the face flickers
        share = max(scale, 0.05)
        size = [max(1, round(length * share)) for length in picture.shape[1::-1]]
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        matrix[:, :2] /= share
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5  # places are counted from a pixel's edge
    return cv2.warpAffine(
        picture, matrix, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
    )


def _laid(change: np.ndarray, back: np.ndarray, where: tuple[int, int, int, int]) -> np.ndarray:
    """(512, 512, 3) float32 in a rectangle of the picture, nothing beyond the square."""
    left, top, right, bottom = where
    scale = float(np.sqrt(abs(np.linalg.det(back[:, :2]))))
    matrix, share = back.copy(), 1.0
    if scale < 0.6:
        share = max(scale, 0.05)
        side = max(1, round(SIDE * share))
        share = side / SIDE
        change = cv2.resize(change, (side, side), interpolation=cv2.INTER_AREA)
        matrix[:, :2] /= share
    matrix[:, 2] += matrix[:, :2] @ (0.5, 0.5) - 0.5
    matrix[:, 2] -= left, top
    return cv2.warpAffine(change, matrix, (right - left, bottom - top), flags=cv2.INTER_LINEAR)


def _cover(points: np.ndarray) -> np.ndarray:
    """(512, 512) float32, 0..1: where a face with these points, (468, 2) in the square, is put
    back."""
    oval = points[list(OVAL)]
    middle = oval.mean(axis=0)
    grown = middle + LARGER * (oval - middle)
    sheet = np.zeros((SIDE, SIDE), np.uint8)
    cv2.fillPoly(sheet, [np.rint(grown * 16).astype(np.int32)], 255, cv2.LINE_8, 4)
    sheet[:EDGE], sheet[-EDGE:], sheet[:, :EDGE], sheet[:, -EDGE:] = 0, 0, 0, 0
    side = round(SOFT * SIDE) | 1
    soft = cv2.blur(
        cv2.blur(cv2.erode(sheet, np.ones((side, side), np.uint8)), (side, side)), (9, 9)
    )
    return smoothstep(soft.astype(np.float32) / np.float32(255))
