"""What in a clip's frames is the subject, and what lies around it: by the person mask where that
has been fetched and finds somebody, else by what moves before a camera that stands still."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.spread import spread
from vj.pipeline.selfie_segmentation import SelfieSegmentation
from vj.translator.footage import Footage

TRIED = 24
"""Frames by which it is decided how the subject is found."""
SOMEBODY = (0.02, 0.9)
"""Share of the picture that a subject covers."""
OFTEN = 0.7
"""Share of the frames in which there has to be one."""
MOVED, STILL = 28.0, 7.0
"""Steps of 255 by which what moves differs from the empty place; by which that itself does at
most, or the camera moves."""
COARSE = 64
"""Rows at which motion is measured."""


class Subjects:
    """Belongs to one thread. Masks are found when they are first asked for, and kept."""

    how: str
    """drawn where scenes say it, person, motion, or none where no subject can be told from its
    surroundings."""

    def __init__(self, footage: Footage) -> None:
        self._footage = footage
        self._kept: dict[int, np.ndarray] = {}
        self._people = SelfieSegmentation()
        self._empty: np.ndarray | None = None
        if footage.drawn is not None and footage.drawn.subject(0) is not None:
            self.how = "drawn"
            return
        tried = spread(len(footage), TRIED)
        self.how = "person" if SelfieSegmentation.there() else "motion"
        if self.how == "person" and not self._fits(tried):
            self.how = "motion"
        if self.how == "motion":
            coarse = np.stack([_coarse(footage.frames[number]) for number in tried])
            self._empty = np.median(coarse, axis=0).astype(np.float32)
            away = np.median(np.abs(coarse - self._empty), axis=(1, 2, 3))
            if float(np.mean(away)) > STILL or not self._fits(tried):
                self.how = "none"

    def mask(self, number: int) -> np.ndarray | None:
        """Of a frame: (h, w) uint8, 255 where the subject is; None where there is none to be
        told."""
        if self.how == "none":
            return None
        mask = self._kept.get(number)
        if mask is None:
            told = self._footage.drawn.subject(number) if self._footage.drawn else None
            if told is None and self.how == "drawn":
                return None
            mask = self._found(self._footage.frames[number]) if told is None else told
            self._kept[number] = mask
        return mask

    def _fits(self, tried: list[int]) -> bool:
        """There is a subject in most of the frames tried."""
        try:
            shares = [float((self._found(self._footage.frames[n]) > 127).mean()) for n in tried]
        except Fault:  # a broken file of the person mask
            return False
        low, high = SOMEBODY
        return float(np.mean([low < share < high for share in shares])) >= OFTEN

    def _found(self, frame: np.ndarray) -> np.ndarray:
        if self.how == "person":
            sure = self._people.find(frame)
            small = cv2.resize(sure, (2 * COARSE, 2 * COARSE), interpolation=cv2.INTER_AREA)
            return cv2.convertScaleAbs(np.clip(3 * small - 1, 0, 1), alpha=255)
        assert self._empty is not None
        apart = np.abs(_coarse(frame) - self._empty).max(axis=2)
        solid = (cv2.GaussianBlur(apart, (0, 0), 1.2) > MOVED).astype(np.uint8)
        closed = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, np.ones((7, 7), np.uint8))
        grown = cv2.dilate(closed, np.ones((3, 3), np.uint8))
        out: np.ndarray = cv2.GaussianBlur(255 * grown, (0, 0), 0.8)
        return out


def _coarse(frame: np.ndarray) -> np.ndarray:
    out: np.ndarray = cv2.resize(frame, (COARSE, COARSE), interpolation=cv2.INTER_AREA)
    return out.astype(np.float32)


def surroundings(frame: np.ndarray, subject: np.ndarray) -> np.ndarray:
    """The colours around the subject, without what is there: from the top to the bottom, the same
    all across, since paper without lines says no more. (H, W, 3) float32, 0..1.

    frame: (H, W, 3) float32, 0..1. subject: (H, W) float32, 0..1.
    """
    side, rows = len(frame), 16
    outside = (1 - subject)[..., None]
    band = (1, rows)
    colours = cv2.resize(
        (frame * outside).mean(1, keepdims=True), band, interpolation=cv2.INTER_AREA
    )
    weights = cv2.resize(outside.mean(1), band, interpolation=cv2.INTER_AREA)
    mean = colours.sum((0, 1)) / max(1e-3, float(weights.sum()))
    total = cv2.GaussianBlur(colours, (1, 15), 2.5) + np.float32(0.05) * mean
    weight = cv2.GaussianBlur(weights, (1, 15), 2.5)[..., None] + np.float32(0.05)
    even = (total / weight).astype(np.float32)
    column = cv2.resize(even, (1, side), interpolation=cv2.INTER_CUBIC).reshape(side, 1, 3)
    return np.repeat(np.clip(column, 0, 1), frame.shape[1], axis=1)
