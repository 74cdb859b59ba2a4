"""Faces, followed from frame to frame: MediaPipe's 468 points (Kartynnik et al. 2019).

A face that is found is looked for where its last points were: only a new one needs the detector.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from vj.pipeline.landmarks.face_detection import AROUND, FaceDetection, LandmarkNetwork
from vj.pipeline.landmarks.one_euro import OneEuroFilter
from vj.pipeline.landmarks.regions import Region, angle_between

SIDE = 192
"""Of the square that the network takes."""
POINTS = 468
MOST = 2
"""Faces that are followed at once."""
AGAIN = 10
"""Frames after which another face is looked for, while there is one."""
NEW, STILL = 5.0, 0.0
"""How sure it has to be that a face is there, as a logit, to begin with and from then on. Of real
faces it is near 20; a skull printed on a shirt came to 2."""
OUTER_RIGHT, OUTER_LEFT = 33, 263
"""The eyes' outer corners, which say how the face is turned."""
LEAST_CUTOFF, SLOPE = 0.05, 40.0
"""Hz, and Hz by region sides a second, see `OneEuroFilter`. MediaPipe's own slope is 80: of a still
face in a noisy picture half as much trembles at 40, and a head that moves lags .6 % of its size."""


@dataclass(slots=True)
class _Followed:
    """One face, and where it was in the last frame."""

    region: Region
    smooth: OneEuroFilter = field(default_factory=lambda: OneEuroFilter(LEAST_CUTOFF, SLOPE))
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), np.float32))

    def hides(self, other: Region) -> bool:
        """A face found there is this one."""
        near = math.hypot(self.region.x - other.x, self.region.y - other.y)
        return near < 0.4 * max(self.region.side, other.side)


class FaceFinder:
    """Belongs to one thread."""

    def __init__(self, detector: LandmarkNetwork, network: LandmarkNetwork) -> None:
        """detector: face_detection_short_range.tflite. network: face_landmark.tflite."""
        self._detection, self._network = FaceDetection(detector), network
        self._followed: list[_Followed] = []
        self._shape: tuple[int, ...] = ()
        self._places: list[Region] = []
        self._looked = self._frames = 0

    def find(self, image: np.ndarray, time: float) -> list[np.ndarray]:
        """(H, W, 3) uint8 -> points of each face there is, (468, 2) float32 in pixels, the largest
        first. time: seconds, of the frame. To be called with every frame. Raises whatever the
        networks do."""
        if image.shape != self._shape:
            self._shape, self._followed = image.shape, []
            self._places, self._looked = search_order(image.shape[1], image.shape[0]), 0
        self._frames += 1
        followed: list[_Followed] = []
        for face in self._followed:
            if self._follow(face, image, time) and not _known(face.region, followed):
                followed.append(face)
        if len(followed) < MOST and (not followed or self._frames % AGAIN == 0):
            for region in self._look(image, 1 if followed else 2):
                face = _Followed(region)
                if len(followed) < MOST and not _known(region, followed):
                    # Once more from its own points: the detector's region is a rough one.
                    if self._locate(face, image, NEW) is None or not self._follow(
                        face, image, time, NEW
                    ):
                        continue
                    if not _known(face.region, followed):
                        followed.append(face)
        self._followed = sorted(followed, key=lambda face: -face.region.side)
        return [face.points for face in self._followed]

    def _look(self, image: np.ndarray, places: int) -> list[Region]:
        """Where faces are, the surest first, in the whole picture and a part of it, in turn."""
        found = []
        for _ in range(places):
            found += self._detection.find(image, self._places[self._looked % len(self._places)])
            self._looked += 1
        return [region for _, region in sorted(found, key=lambda one: -one[0])]

    def _follow(
        self, face: _Followed, image: np.ndarray, time: float, least: float = STILL
    ) -> bool:
        """Find its points in another frame. False where it is no more."""
        points = self._locate(face, image, least)
        if points is not None:
            face.points = face.smooth(points, time, face.region.side)
        return points is not None

    def _locate(self, face: _Followed, image: np.ndarray, least: float) -> np.ndarray | None:
        if not face.region.playable:
            return None
        out = self._network.run(face.region.cut(image, SIDE)[None])
        logit = float(out["conv2d_31"].reshape(-1)[0])
        raw = out["conv2d_21"].reshape(POINTS, 3)[:, :2]
        if not logit > least or not np.isfinite(raw).all():
            return None
        points = face.region.to_picture(raw / SIDE)
        angle = angle_between(points[OUTER_RIGHT], points[OUTER_LEFT])
        region = Region.around(points, angle, AROUND)
        height, width = image.shape[:2]
        if not (0 <= region.x < width and 0 <= region.y < height and region.playable):
            return None
        face.region = region
        return points


def _known(region: Region, followed: list[_Followed]) -> bool:
    return any(face.hides(region) for face in followed)


def search_order(width: int, height: int) -> list[Region]:
    """Where faces are looked for: every other time in the whole picture, between these in the
    parts of it in which a face of an eighth of the height is large enough for the detector."""
    whole = Region(width / 2, height / 2, max(width, height))
    order: list[Region] = []
    for share in (1.0, 0.5):
        side = share * min(width, height)
        for y in _middles(height, side):
            for x in _middles(width, side):
                order += [whole, Region(x, y, side)]
    return order


def _middles(length: float, side: float) -> list[float]:
    """Of parts of a length that lie over each other by half at most."""
    steps = math.ceil((length - side) / (side / 2) - 1e-6)
    return [side / 2 + (length - side) * step / max(1, steps) for step in range(steps + 1)]
