"""Faces and bodies as line drawings, in the manner of the sketches that led the face pieces made
with pix2pix: contours through the points, nothing else."""

from __future__ import annotations

from collections.abc import Sequence

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
FINE_SIDE, MOST_FINE = 1024, 4
"""The lines are drawn larger and then reduced, so that their width has no steps: to about this
longer side, so many times at most."""
_SHIFT = 4


class _FineSheet:
    """A sheet on which lines of any width are drawn, in pixels of the picture."""

    def __init__(self, height: int, width: int) -> None:
        self._size = width, height
        self._scale = max(2, min(MOST_FINE, FINE_SIDE // max(height, width)))
        self._fine = np.zeros((height * self._scale, width * self._scale), np.uint8)

    def draw(self, points: np.ndarray, closed: bool, width: float, ink: float = 1.0) -> None:
        """A line through points (N, 2). ink: 0..1."""
        places = np.clip(points * self._scale - 0.5, -8000, 8000) * (1 << _SHIFT)
        thick = max(1, round(width * self._scale))
        cv2.polylines(
            self._fine,
            [np.rint(places).astype(np.int32)],
            closed,
            round(255 * ink),
            thick,
            cv2.LINE_AA,
            _SHIFT,
        )

    def finished(self) -> np.ndarray:
        """(H, W) uint8."""
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
    for line in FACE_CLOSED:
        sheet.draw(points[list(line)], True, broad)
    for line in FACE_OPEN:
        sheet.draw(points[list(line)], False, broad)
    for eye in EYES:
        _iris(sheet, points[list(eye)], broad)


def _iris(sheet: _FineSheet, eye: np.ndarray, broad: float) -> None:
    """Guessed in the middle of an open eye: there are no points of it."""
    outer, inner, upper, lower = eye
    long, high = float(np.linalg.norm(outer - inner)), float(np.linalg.norm(upper - lower))
    radius = min(0.2 * long, 0.5 * high)
    if radius > 1.5 * broad and high > 0.18 * long:
        sheet.draw(_oval(eye.mean(axis=0), np.array([radius, 0.0]), radius), True, broad)


def _body(sheet: _FineSheet, body: Body, broad: float) -> None:
    for line, closed in BODY:
        ends = line[1:] + line[:1] if closed else line[1:]
        for start, end in zip(line, ends, strict=False):
            _part(sheet, body, (start, end), body.points[[start, end]], broad)
    ears, eyes, mouth = (body.points[list(pair)] for pair in (EARS, EYES_OF_BODY, MOUTH))
    # Seen from the side the ears lie one behind the other, but eyes and mouth are as far apart.
    down = mouth.mean(axis=0) - eyes.mean(axis=0)
    drop = float(np.linalg.norm(down))
    half = max(float(np.linalg.norm(ears[0] - ears[1])) / 2, 1.1 * drop)
    if drop < 1e-3:
        return
    down = down / drop
    middle = (ears.mean(axis=0) + eyes.mean(axis=0)) / 2
    head = (*EARS, *EYES_OF_BODY)
    _part(sheet, body, head, _oval(middle, 1.35 * half * down, half), broad, closed=True)
    neck = np.stack([body.points[list(SHOULDERS)].mean(axis=0), middle + 1.35 * half * down])
    _part(sheet, body, (*SHOULDERS, *head), neck, broad)


def _part(
    sheet: _FineSheet,
    body: Body,
    of: Sequence[int],
    points: np.ndarray,
    broad: float,
    closed: bool = False,
) -> None:
    """A line as clear as the least visible of the points that it belongs to."""
    clear = (float(body.visible[list(of)].min()) - FAINT) / (CLEAR - FAINT)
    if clear > 0:
        sheet.draw(points, closed, broad, min(1.0, clear))


def _oval(middle: np.ndarray, half_axis: np.ndarray, other: float) -> np.ndarray:
    """(32, 2): an oval with one half axis as a vector, the other as a length across it."""
    turn = np.linspace(0, 2 * np.pi, 32, endpoint=False)
    length = max(1e-6, float(np.linalg.norm(half_axis)))
    across = np.array([-half_axis[1], half_axis[0]]) * (other / length)
    return np.asarray(middle + np.cos(turn)[:, None] * half_axis + np.sin(turn)[:, None] * across)
