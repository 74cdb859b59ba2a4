"""Faces and bodies as line drawings, in the manner of the sketches that led the face pieces made
with pix2pix: contours through the points, nothing else."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import numpy as np

from vj.pipeline.landmarks.body import Body
from vj.pipeline.landmarks.connections import (
    BODY,
    EARS,
    EYES,
    EYES_OF_BODY,
    FACE_CLOSED,
    FACE_OPEN,
    MOUTH,
    SHOULDERS,
)

BROADER = 2.6
"""Pixels of a line at `lines/width` 1 in a picture 256 high: as broad as `line_art.xdog` draws an
edge."""
FINEST_PART = 30
"""A line is no broader than this part of a face, or a small face would be a blot."""
FAINT, CLEAR = 0.35, 0.65
"""A part of a body less visible than the first is not drawn; it fades in up to the second."""
FINE_SIDE = 640
"""Up to this longer side of the picture its lines are drawn twice as large and then reduced: so
fine ones are smooth, too."""
FAR = 8000.0
"""Points lie no further out than this, in pixels, which OpenCV can count."""
_SHIFT = 4
"""Bits after the point of the coordinates that OpenCV is given."""
_SOFTER = 1.36
"""Pixels by which OpenCV's smoothing makes a polygon broader. Measured."""


def _pairs(line: Sequence[int], closed: bool) -> list[tuple[int, int]]:
    return [*pairwise(line), *([(line[-1], line[0])] if closed else [])]


_FACE = np.array(
    [pair for line in FACE_CLOSED for pair in _pairs(line, True)]
    + [pair for line in FACE_OPEN for pair in _pairs(line, False)]
)
_BODY = np.array([pair for line, closed in BODY for pair in _pairs(line, closed)])
"""(N, 2): the two points of each line."""


class _FineSheet:
    """A sheet on which lines of any width are drawn. All lengths are pixels of the picture."""

    def __init__(self, height: int, width: int) -> None:
        self._size = width, height
        self._scale = 2 if max(height, width) <= FINE_SIDE else 1
        self._fine = np.zeros((height * self._scale, width * self._scale), np.uint8)

    def draw(self, starts: np.ndarray, ends: np.ndarray, width: float, ink: float = 1.0) -> None:
        """Lines from points (N, 2) to others, with round ends. ink: 0..1."""
        starts, ends = (
            np.clip(points * self._scale - 0.5, -FAR, FAR) * (1 << _SHIFT)
            for points in (starts, ends)
        )
        # OpenCV's own lines are only an odd number of pixels wide: each is filled as a polygon.
        half = max(0.1, (width * self._scale - _SOFTER) / 2)
        way = ends - starts
        way *= half * (1 << _SHIFT) / np.maximum(np.hypot(way[:, :1], way[:, 1:]), 1e-6)
        aside = way[:, ::-1] * (-1, 1)
        quads = np.stack([starts + aside, ends + aside, ends - aside, starts - aside], axis=1)
        grey = round(255 * ink)
        for quad in np.rint(quads).astype(np.int32):
            cv2.fillConvexPoly(self._fine, quad, grey, cv2.LINE_AA, _SHIFT)
        radius = round(max(0.0, half - 0.1) * (1 << _SHIFT))
        joints = {tuple(place) for place in np.rint(np.concatenate([starts, ends])).tolist()}
        for x, y in joints:
            cv2.circle(self._fine, (int(x), int(y)), radius, grey, -1, cv2.LINE_AA, _SHIFT)

    def finished(self) -> np.ndarray:
        """(H, W) uint8."""
        if self._scale == 1:
            return self._fine
        out: np.ndarray = cv2.resize(self._fine, self._size, interpolation=cv2.INTER_AREA)
        return out


def marker_lines(
    shape: tuple[int, ...], faces: Sequence[np.ndarray], body: Body | None, width: float
) -> np.ndarray:
    """(H, W) uint8, 255 where a line is; without faces and a body blank.

    shape: of the picture, (H, W, ...). faces: (468, 2) each, see `face`. width: of the lines, as
    `lines/width` has it: in pixels of a picture 256 high, as broad as those of edges.
    """
    height, across = shape[:2]
    if not len(faces) and body is None:
        return np.zeros((height, across), np.uint8)
    sheet = _FineSheet(height, across)
    broad = BROADER * width * min(height, across) / 256
    for points in faces:
        _face(sheet, points, broad)
    if body is not None:
        _body(sheet, body, broad)
    return sheet.finished()


def _face(sheet: _FineSheet, points: np.ndarray, broad: float) -> None:
    size = float(np.ptp(points, axis=0).max())
    broad = min(broad, size / FINEST_PART)
    starts, ends = points[_FACE[:, 0]], points[_FACE[:, 1]]
    sheet.draw(starts, ends, broad)
    for eye in EYES:
        _iris(sheet, points[list(eye)], broad)


def _iris(sheet: _FineSheet, eye: np.ndarray, broad: float) -> None:
    """Guessed in the middle of an open eye: there are no points of it."""
    outer, inner, upper, lower = eye
    long, high = float(np.linalg.norm(outer - inner)), float(np.linalg.norm(upper - lower))
    radius = min(0.2 * long, 0.5 * high)
    if radius > 1.5 * broad and high > 0.18 * long:
        ring = _oval(eye.mean(axis=0), np.array([radius, 0.0]), radius)
        sheet.draw(ring, np.roll(ring, 1, axis=0), broad)


def _body(sheet: _FineSheet, body: Body, broad: float) -> None:
    parts: dict[float, list[tuple[np.ndarray, np.ndarray]]] = {}

    def part(of: Sequence[int], starts: np.ndarray, ends: np.ndarray) -> None:
        """Lines as clear as the least visible of the points that they belong to."""
        clear = (float(body.visible[list(of)].min()) - FAINT) / (CLEAR - FAINT)
        if clear > 0:
            ink = (
                math.ceil(16 * min(1.0, clear)) / 16
            )  # in few steps: those of one are drawn at once
            parts.setdefault(ink, []).append((starts, ends))

    for start, end in _BODY.tolist():
        part((start, end), body.points[[start]], body.points[[end]])
    ears, eyes, mouth = (body.points[list(pair)] for pair in (EARS, EYES_OF_BODY, MOUTH))
    down = mouth.mean(axis=0) - eyes.mean(axis=0)
    drop = float(np.linalg.norm(down))
    if drop > 1e-3:
        # Seen from the side the ears lie one behind the other, but eyes and mouth are as far apart.
        half = max(float(np.linalg.norm(ears[0] - ears[1])) / 2, 1.1 * drop)
        chin = 1.35 * half / drop * down
        middle = (ears.mean(axis=0) + eyes.mean(axis=0)) / 2
        head = (*EARS, *EYES_OF_BODY)
        ring = _oval(middle, chin, half)
        part(head, ring, np.roll(ring, 1, axis=0))
        neck = body.points[list(SHOULDERS)].mean(axis=0)
        part((*SHOULDERS, *head), neck[None], (middle + chin)[None])
    for ink in sorted(parts):  # the clear over the faint
        starts, ends = (np.concatenate(points) for points in zip(*parts[ink], strict=True))
        sheet.draw(starts, ends, broad, ink)


def _oval(middle: np.ndarray, half_axis: np.ndarray, other: float) -> np.ndarray:
    """(32, 2): an oval with one half axis as a vector, the other as a length across it."""
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    length = max(1e-6, float(np.linalg.norm(half_axis)))
    across = np.array([-half_axis[1], half_axis[0]]) * (other / length)
    return np.asarray(middle + np.cos(turn)[:, None] * half_axis + np.sin(turn)[:, None] * across)
