"""The room without whoever is in front of it, learned while they move: each place from the frames
in which nobody covered it, and what nobody has uncovered yet filled in from around it."""

from __future__ import annotations

import cv2
import numpy as np

RATE = 0.06
"""How much of a place that is uncovered is taken from the newest frame."""
OFTEN = 10
"""Frames in which a place has to be uncovered before it is known: a mask may lose somebody for a
moment."""
CLEAR = 0.03
"""Share of the height about a subject in which the room is not believed: its shadow, its edge."""
SMALL = 96
"""The longer side of the copy on which is filled in what nobody has seen."""
AGAIN = 0.002
"""Share of the picture that has to be uncovered before the rest is filled in anew."""


class RoomPlate:
    """Of one show's frames. Belongs to the render thread."""

    def __init__(self) -> None:
        self._mean: np.ndarray | None = None
        self._count: np.ndarray = np.zeros((0, 0), np.uint8)
        """In how many frames each place was uncovered, `OFTEN` at most."""
        self._filled: np.ndarray | None = None
        """The room with the rest filled in, when it was done last."""
        self._missing = 0
        """Places that nobody had seen then."""

    def forget(self) -> None:
        """Another room, another size."""
        self._mean = self._filled = None

    def begin(self, plate: np.ndarray) -> None:
        """Begin with an empty room that is known, (H, W, 3) uint8."""
        if self._mean is None or self._mean.shape != plate.shape:
            self._mean = plate.astype(np.float32)
            self._count, self._filled = np.full(plate.shape[:2], OFTEN, np.uint8), None

    def observe(self, image: np.ndarray, subject: np.ndarray) -> None:
        """A frame, (H, W, 3) uint8, and where its subject is, (H, W) float32 0..1."""
        if self._mean is None or self._mean.shape != image.shape:
            self._mean = image.astype(np.float32)
            self._count, self._filled = np.zeros(image.shape[:2], np.uint8), None
        reach = 2 * max(2, round(CLEAR * image.shape[0])) + 1
        kernel = np.ones((reach, reach), np.uint8)
        covered = cv2.dilate(cv2.convertScaleAbs(subject, alpha=255), kernel)
        free = _where(covered < 13)
        fresh = _where((covered < 13) & (self._count == 0))
        cv2.accumulateWeighted(image, self._mean, RATE, mask=free)
        cv2.copyTo(image.astype(np.float32), fresh, self._mean)
        self._count = np.minimum(self._count + (free & 1), np.uint8(OFTEN))

    @property
    def known(self) -> np.ndarray | None:
        """(H, W) uint8, 255 where the room has been seen often; None before the first frame."""
        return None if self._mean is None else _where(self._count >= OFTEN)

    def plain(self) -> np.ndarray | None:
        """The room, (H, W, 3) uint8, right where it is known; None before the first frame."""
        return None if self._mean is None else cv2.convertScaleAbs(self._mean)

    def picture(self) -> np.ndarray | None:
        """The room, (H, W, 3) uint8, all of it; None before the first frame."""
        if self._mean is None:
            return None
        seen = _where(self._count > 0)
        room = cv2.convertScaleAbs(self._mean)
        missing = seen.size - cv2.countNonZero(seen)
        if not missing:
            return room
        if self._filled is None or self._missing - missing > AGAIN * seen.size:
            self._filled, self._missing = _filled(room, seen), missing
        # over a soft edge, so that what is seen first does not come as a patch
        side = max(3, round(0.02 * room.shape[0])) | 1
        share = cv2.blur(cv2.erode(seen, np.ones((side, side), np.uint8)), (side, side))
        share3 = cv2.merge([share] * 3)
        known = cv2.multiply(room, share3, scale=1 / 255)
        return cv2.add(known, cv2.multiply(self._filled, cv2.bitwise_not(share3), scale=1 / 255))


def _where(true: np.ndarray) -> np.ndarray:
    """(H, W) bool -> uint8, 255 where it is true."""
    return true.astype(np.uint8) * np.uint8(255)


def _filled(room: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """The room with what has not been seen painted in from around it, softly (Telea 2004)."""
    height, width = seen.shape
    scale = min(1.0, SMALL / max(height, width))
    size = max(8, round(width * scale)), max(8, round(height * scale))
    if not seen.any():
        grey = cv2.mean(room)[:3]
        return np.full_like(room, grey)
    there = (seen > 0).astype(np.float32)
    share = cv2.resize(there, size, interpolation=cv2.INTER_AREA)
    light = cv2.resize(room * there[..., None], size, interpolation=cv2.INTER_AREA)
    small = cv2.convertScaleAbs(light / np.maximum(share, np.float32(1e-3))[..., None])
    holes = np.where(share < 0.5, np.uint8(255), np.uint8(0))
    made = cv2.inpaint(small, holes, 5, cv2.INPAINT_TELEA)
    soft = cv2.blur(cv2.blur(made, (5, 5)), (5, 5))
    cv2.copyTo(soft, cv2.dilate(holes, np.ones((3, 3), np.uint8)), made)
    return cv2.resize(made, (width, height), interpolation=cv2.INTER_CUBIC)
