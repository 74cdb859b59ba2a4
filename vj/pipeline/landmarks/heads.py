"""Where the head of whoever is in the picture is: by the face that is seen, and while none is, by
the upper end of the person."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.fetched import fetched, lacking
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.selfie_segmentation import SQUARE, WIDE, SelfieSegmentation
from vj.pipeline.tflite import Engine, TfliteNetwork

FILES = ("face_detection_short_range.tflite", "face_landmark.tflite", SQUARE, WIDE)
"""What finding heads needs, by the names of `vj.core.fetched`."""
LARGEST = 640
"""Pixels of the longer side of what is looked at: enough for a face of an eighth of the height."""
FACE_TO_HEAD, RAISED = 1.45, 0.14
"""Height of a head by that of the points of its face, which end at the brows' upper edge and the
chin; and how far its middle lies above theirs, in its own heights."""
SURE = 0.5
"""Confidence from which a place belongs to a person."""
LEAST_SHARE = 0.004
"""Of the picture that a person covers, at least."""
ROUND = 0.65
"""How deep below its upper end a head is as wide as it gets, in its widths there: the first row of
a person that is so deep is the middle of the head, whatever the size."""
WIDTH_TO_HEIGHT, THIN = 1.3, 0.15
"""What is thinner, in widths of the person, is a hair or a wrong spot, and no head."""


class Head(NamedTuple):
    """x, y: its middle, height: from chin to hair; shares of the picture's width and height."""

    x: float
    y: float
    height: float


def missing() -> str:
    """Why heads cannot be found, with the command that brings what is missing; else nothing."""
    return lacking("person", FILES)


class HeadFinder:
    """Belongs to one thread. The networks are loaded when they are first asked for."""

    def __init__(self, engine: Engine | None = None) -> None:
        """engine: None for the quickest there is."""
        self._engine = engine
        self._faces: FaceFinder | None = None
        self._people = SelfieSegmentation()

    def find(self, image: np.ndarray, time: float) -> Head | None:
        """(H, W, 3) uint8 of any size -> the largest head, None where there is nobody. time:
        seconds, of the frame. To be called with every frame. Raises whatever the networks do."""
        if self._faces is None:
            detector, points = (self._load(name) for name in FILES[:2])
            self._faces = FaceFinder(detector, points)
        height, width = image.shape[:2]
        shrink = min(1.0, LARGEST / max(height, width))
        if shrink < 1:
            size = max(1, round(width * shrink)), max(1, round(height * shrink))
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        faces = self._faces.find(image, time)
        if faces:
            return head_of_face(faces[0], image.shape)
        return head_of_person(self._people.find(image), image.shape)

    def _load(self, name: str) -> TfliteNetwork:
        path = fetched(name)
        if path is None:
            raise Fault(lacking("person", (name,)))
        return TfliteNetwork(path, engine=self._engine)


def head_of_face(points: np.ndarray, shape: tuple[int, ...]) -> Head:
    """points: (N, 2), in pixels of a picture of this shape."""
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = (low + high) / 2
    tall = FACE_TO_HEAD * float(max(high - low))
    return Head(
        float(x) / shape[1], (float(y) - RAISED * tall) / shape[0], min(1.0, tall / shape[0])
    )


def head_of_person(mask: np.ndarray, shape: tuple[int, ...]) -> Head | None:
    """mask: (h, w) float32, the confidence that a place belongs to a person. shape: of the picture,
    which may have another shape than the mask."""
    height, width = mask.shape
    stretch = shape[1] * height / (shape[0] * width)
    found = (mask > SURE).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(found)
    if count < 2:
        return None
    largest = 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax())
    if stats[largest, cv2.CC_STAT_AREA] < LEAST_SHARE * mask.size:
        return None
    person = labels == largest
    top = int(stats[largest, cv2.CC_STAT_TOP])
    below = person[top : top + int(stats[largest, cv2.CC_STAT_HEIGHT])]
    widths = below.sum(axis=1) * stretch
    deep = np.flatnonzero(
        (np.arange(len(widths)) + 0.5 >= ROUND * widths) & (widths >= THIN * widths.max())
    )
    row = int(deep[0]) if len(deep) else len(widths) - 1
    # A person whose upper end is beyond the picture has no round end in it.
    tall = WIDTH_TO_HEIGHT * float(widths[row])
    middle = top + tall / 2
    columns = below[: max(1, round(tall))].sum(axis=0)
    x = float(np.average(np.arange(width) + 0.5, weights=columns))
    return Head(x / width, middle / height, min(1.0, tall / height))
