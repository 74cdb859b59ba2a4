"""A body, followed from frame to frame: MediaPipe's 33 points (Bazarevsky et al. 2020), each with
how visible it is.

It begins where the person mask finds somebody, and goes on from the last points.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from vj.pipeline.landmarks.face_detection import Network
from vj.pipeline.landmarks.one_euro import OneEuroFilter
from vj.pipeline.landmarks.regions import Region, angle_between

SIDE = 256
"""Of the square that the network takes, and of the one that the mask's takes."""
POINTS = 33
HIPS, REACH = 33, 34
"""After the body's own points: the middle of its hips, and a point on the circle around it."""
AROUND = 1.25
"""Side of a body's region over what it has to hold."""
PRESENT = 0.5
"""How sure it has to be that a body is there."""
LEAST_AREA = 0.004
"""Share of the picture that somebody covers at least."""
LEAST_CUTOFF, SLOPE = 0.05, 80.0
"""Hz, and Hz by region sides a second: MediaPipe's own, see `OneEuroFilter`."""


class Body(NamedTuple):
    """points: (33, 2) float32, pixels. visible: (33,) float32, 0..1, how sure it is that each point
    is in the picture and not hidden."""

    points: np.ndarray
    visible: np.ndarray


class BodyFinder:
    """Belongs to one thread."""

    def __init__(self, mask: Network, network: Network) -> None:
        """mask: selfie_segmentation.tflite. network: pose_landmark_full.tflite."""
        self._mask, self._network = mask, network
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
            region: Region | None = self._somebody(image)
            for _ in range(2):  # once more from its own points: the mask's box is a rough one
                found = None if region is None else self._locate(image, region)
                region = None if found is None else found[1]
        if found is None:
            self._region = None
            return None
        body, self._region = found
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

    def _locate(self, image: np.ndarray, region: Region) -> tuple[Body, Region] | None:
        """The body that fills a region, and where to look for it in the next frame."""
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
        return (Body(places[:POINTS], visible), follows) if follows.playable else None

    def _somebody(self, image: np.ndarray) -> Region | None:
        """Around the largest person that the mask finds."""
        small = cv2.resize(image, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
        out = self._mask.run(small[None].astype(np.float32) / np.float32(255))
        mask = next(iter(out.values())).reshape(SIDE, SIDE)
        solid = (mask > 0.5).astype(np.uint8)
        count, _, boxes, _ = cv2.connectedComponentsWithStats(solid)
        if count < 2:
            return None
        left, top, across, down, area = boxes[1 + int(np.argmax(boxes[1:, cv2.CC_STAT_AREA]))]
        if area < LEAST_AREA * SIDE * SIDE:
            return None
        wide, high = image.shape[1] / SIDE, image.shape[0] / SIDE
        side = AROUND * max(across * wide, down * high)
        return Region((left + across / 2) * wide, (top + down / 2) * high, side)


FADE = 0.1
"""Seconds, the time constant of a point's visibility."""
