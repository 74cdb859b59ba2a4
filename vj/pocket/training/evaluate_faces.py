"""Is a painted face still that face? A mesh of 468 points is laid on the input and on the painting.

A development tool: the models are MediaPipe's, read from files that are given as arguments (see
docs/third-party.md for the package that carries them), by the OpenCV that is here anyway. Nothing
of it is used when a show is played.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vj.training.measures import points_apart, unit_range

LANDMARKS, DETECTOR = "face_landmark.tflite", "face_detection_short_range.tflite"
SIDE = 192
"""Pixels of the crop that the mesh is laid on."""
SEEK = 128
"""Pixels of the picture that faces are sought in."""
ROOM = 1.5
"""The crop's side over the face's larger side."""
LARGE = 80
"""Pixels; smaller faces are not measured."""


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """points: (468, 3), x and y in pixels of the picture, z in the same scale. crop: (2, 3), takes
    the picture's pixels to the crop's. confidence: 0..1, whether that is a face at all."""

    points: np.ndarray
    crop: np.ndarray
    confidence: float

    @property
    def width(self) -> float:
        """Pixels between the outermost points."""
        return float(np.ptp(self.points[:, 0]))


def _anchors() -> np.ndarray:
    """(896, 2): the middles of the detector's boxes, 0..1; two each on a grid of 16, six on one of
    8 (SSD; MediaPipe, face_detection_short_range)."""
    found = []
    for cells, each in ((16, 2), (8, 6)):
        y, x = np.mgrid[0:cells, 0:cells]
        middles = np.stack([x.ravel() + 0.5, y.ravel() + 0.5], 1) / cells
        found.append(np.repeat(middles, each, 0))
    return np.concatenate(found)


def _crop(x: float, y: float, side: float, angle: float) -> np.ndarray:
    """(2, 3): takes a square about (x, y), turned by so many radians, to the crop."""
    scale = SIDE / side
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    half = SIDE / 2
    return np.array(
        [[cos, sin, half - cos * x - sin * y], [-sin, cos, half + sin * x - cos * y]], np.float64
    )


class FaceMesh:
    """Finds the largest face of a picture and lays the mesh on it."""

    def __init__(self, landmarks: Path, detector: Path) -> None:
        """Paths of MediaPipe's face_landmark.tflite and face_detection_short_range.tflite."""
        # The new engine returns one output only.
        engine = cv2.dnn.ENGINE_CLASSIC
        self._mesh = cv2.dnn.readNetFromTFLite(str(landmarks), engine)
        self._detector = cv2.dnn.readNetFromTFLite(str(detector), engine)
        self._middles = _anchors()

    def find(self, picture: np.ndarray) -> tuple[float, float, float, float] | None:
        """x and y of the surest face's middle, its side in pixels, and how far its eyes slant, in
        radians; None where there is no face. picture: (H, W, 3), RGB."""
        height, width = picture.shape[:2]
        scale = SEEK / max(height, width)
        small = cv2.resize(
            unit_range(picture),
            (round(width * scale), round(height * scale)),
            interpolation=cv2.INTER_AREA,
        )
        square = np.full((SEEK, SEEK, 3), 0.5, np.float32)
        top, left = (SEEK - small.shape[0]) // 2, (SEEK - small.shape[1]) // 2
        square[top : top + small.shape[0], left : left + small.shape[1]] = small
        self._detector.setInput(cv2.dnn.blobFromImage(2 * square - 1))
        scores, boxes = self._detector.forward(["classificators", "regressors"])
        scores = 1 / (1 + np.exp(-np.clip(scores.reshape(-1), -50, 50)))
        best = int(scores.argmax())
        if scores[best] < 0.5:
            return None
        box = boxes.reshape(-1, 16)[best] / SEEK
        x, y = (self._middles[best] + box[:2]) * SEEK
        eyes = box[4:8].reshape(2, 2)
        slant = float(np.arctan2(*(eyes[1] - eyes[0])[::-1]))
        side = float(max(box[2], box[3])) * SEEK / scale
        return float(x - left) / scale, float(y - top) / scale, side, slant

    def lay(self, picture: np.ndarray, crop: np.ndarray) -> Face:
        """The mesh on a crop of the picture."""
        piece = cv2.warpAffine(
            unit_range(picture), crop, (SIDE, SIDE), flags=cv2.INTER_LINEAR, borderValue=(0, 0, 0)
        )
        self._mesh.setInput(cv2.dnn.blobFromImage(piece))
        flag, points = self._mesh.forward(["conv2d_31", "conv2d_21"])
        points = points.reshape(-1, 3).astype(np.float64)
        back = cv2.invertAffineTransform(crop)
        scale = float(np.hypot(back[0, 0], back[0, 1]))
        places = points[:, :2] @ back[:, :2].T + back[:, 2]
        confidence = 1 / (1 + np.exp(-float(flag.reshape(-1)[0])))
        return Face(np.column_stack([places, scale * points[:, 2]]), crop, confidence)

    def face(self, picture: np.ndarray) -> Face | None:
        """The surest face of a picture, laid twice so that the crop fits it; None without one."""
        found = self.find(picture)
        if found is None:
            return None
        x, y, side, slant = found
        laid = self.lay(picture, _crop(x, y, ROOM * side, slant))
        low, high = laid.points[:, :2].min(0), laid.points[:, :2].max(0)
        middle, side = (low + high) / 2, float((high - low).max())
        laid = self.lay(picture, _crop(middle[0], middle[1], ROOM * side, slant))
        return laid if laid.confidence > 0.5 else None

    def apart(self, face: Face, painting: np.ndarray) -> float:
        """How far the painting's face lies from the input's: the mean distance of the points as a
        share of the face's width, laid on the same crop, since one looks where the face was."""
        return points_apart(face.points, self.lay(painting, face.crop).points)


def load_mesh(folder: Path) -> FaceMesh:
    """The mesh from a folder that holds both files. Raises FileNotFoundError with their names."""
    missing = [name for name in (LANDMARKS, DETECTOR) if not (folder / name).exists()]
    if missing:
        raise FileNotFoundError(f"{folder} lacks {' and '.join(missing)}")
    return FaceMesh(folder / LANDMARKS, folder / DETECTOR)
