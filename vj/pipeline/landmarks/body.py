"""A body, followed from frame to frame: MediaPipe's 33 points (Bazarevsky et al. 2020), each with
how visible it is.

It begins where the person mask finds somebody, and goes on from the last points.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from vj.pipeline.landmarks.face_detection import LandmarkNetwork
from vj.pipeline.landmarks.one_euro import OneEuroFilter
from vj.pipeline.landmarks.regions import Region, angle_between

SIDE = 256
"""Of the square that the network takes."""
POINTS = 33
HIPS, REACH = 33, 34
"""After the body's own points: the middle of its hips, and a point on the circle around it."""
AROUND = 1.25
"""Side of a body's region over what it has to hold."""
PRESENT = 0.5
"""How sure it has to be that a body is there."""
FADE = 0.1
"""Seconds, the time constant of a point's visibility."""
SETTLING = 12
"""How often it is looked for before it is shown, at most; with people seen from the hips upwards
it takes 3 to 9 times."""
SETTLED = 0.02
"""Sides of its region by which a body moves that has settled."""
LEAST_AREA = 0.004
"""Share of the picture that somebody covers at least."""
LEAST_CUTOFF, SLOPE = 0.05, 80.0
"""Hz, and Hz by region sides a second: MediaPipe's own, see `OneEuroFilter`."""


FindPeople = Callable[[np.ndarray], np.ndarray]
"""(H, W, 3) uint8 -> (h, w) float32 0..1, the confidence that a place belongs to a person."""


class Body(NamedTuple):
    """points: (33, 2) float32, pixels. visible: (33,) float32, 0..1, how sure it is that each point
    is in the picture and not hidden."""

    points: np.ndarray
    visible: np.ndarray


class _Found(NamedTuple):
    """sure: that there is a body, 0..1. follows: where to look for it in the next frame."""

    sure: float
    body: Body
    follows: Region


class BodyFinder:
    """Belongs to one thread."""

    def __init__(self, find_people: FindPeople, network: LandmarkNetwork) -> None:
        """find_people: see `vj.pipeline.selfie_segmentation`. network:
        pose_landmark_full.tflite."""
        self._find_people, self._network = find_people, network
        self._region: Region | None = None
        self._smooth = OneEuroFilter(LEAST_CUTOFF, SLOPE)
        self._visible: np.ndarray | None = None
        self._time = 0.0
        self._shape: tuple[int, ...] = ()

    def find(self, image: np.ndarray, time: float) -> Body | None:
        """(H, W, 3) uint8 -> the body in it, the largest where there are several. time: seconds, of
        the frame. To be called with every frame. Raises whatever the networks do."""
        if image.shape != self._shape:
            self._shape, self._region = image.shape, None
        found = None if self._region is None else self._locate(image, self._region)
        if found is None:
            self._smooth, self._visible = OneEuroFilter(LEAST_CUTOFF, SLOPE), None
            found = self._begin(image)
        if found is None:
            self._region = None
            return None
        _, body, self._region = found
        points = self._smooth(body.points, time, self._region.side)
        return Body(points, self._steady(body.visible, time))

    def _steady(self, visible: np.ndarray, time: float) -> np.ndarray:
        """So that a limb whose visibility wavers does not come and go with every frame."""
        if self._visible is None:
            self._visible = visible
        else:
            share = 1 - math.exp(-max(0.0, time - self._time) / FADE)
            self._visible = self._visible + np.float32(share) * (visible - self._visible)
        self._time = time
        return self._visible

    def _begin(self, image: np.ndarray) -> _Found | None:
        """A body that was not followed yet. What the mask tells of its place is rough, and in a
        region that is too small the knees are looked for at the hips. So it is looked for again
        from its own points until it stays where it is."""
        first = [
            found for region in self._somebody(image) if (found := self._locate(image, region))
        ]
        if not first:
            return None
        best = max(first, key=lambda found: found.sure)
        for _ in range(SETTLING):
            found = self._locate(image, best.follows)
            if found is None:
                return None
            before, best = best, found
            if best.follows.apart(before.follows) < SETTLED:
                break
        return best

    def _locate(self, image: np.ndarray, region: Region) -> _Found | None:
        """The body that fills a region."""
        if not region.playable:
            return None
        out = self._network.run(region.cut(image, SIDE)[None])
        sure = float(out["Identity_1"].reshape(-1)[0])
        raw = out["Identity"].reshape(-1, 5)
        if not sure > PRESENT or not np.isfinite(raw).all():
            return None
        places = region.to_picture(raw[: REACH + 1, :2] / SIDE)
        logits = np.clip(raw[:POINTS, 3:], -60, 60)
        visible = (1 / (1 + np.exp(-logits))).min(axis=1)
        reach = math.dist(places[HIPS], places[REACH])
        upwards = angle_between(places[HIPS], places[REACH]) + math.pi / 2
        x, y = map(float, places[HIPS])
        follows = Region(x, y, 2 * AROUND * reach, upwards)
        return _Found(sure, Body(places[:POINTS], visible), follows) if follows.playable else None

    def _somebody(self, image: np.ndarray) -> list[Region]:
        """Where the largest person may be that the mask finds."""
        mask = self._find_people(image)
        rows, columns = mask.shape
        solid = (mask > 0.5).astype(np.uint8)
        count, _, boxes, _ = cv2.connectedComponentsWithStats(solid)
        if count < 2:
            return []
        left, top, across, down, area = boxes[1 + int(np.argmax(boxes[1:, cv2.CC_STAT_AREA]))]
        if area < LEAST_AREA * mask.size:
            return []
        wide, high = image.shape[1] / columns, image.shape[0] / rows
        x, side = (left + across / 2) * wide, max(across * wide, down * high)
        whole = Region(x, (top + down / 2) * high, AROUND * side)
        if top + down < rows - 2:
            return [whole]
        # Of a person seen from the hips upwards the network would take the elbows for the knees:
        # a region that leaves room for the legs tells it that they are below the picture.
        return [whole, Region(x, (top + down) * high, 2 * AROUND * side)]
