"""One picture becoming another along the optical flow between them: things that both have move to
their new places, the rest is blended.

Two pictures that do not follow each other have no flow in the strict sense. What is looked for is
which form lies where in the other one: on small, softened copies whose contrast is everywhere the
same, so that a dark head may become a bright one, and smoothly (Farneback 2003). Where the way
there and the way back do not agree, nothing moves.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

SIDE = 64
"""Pixels of the longer side of the copy that is looked at. 96 takes two and a half times as long,
and things go no further."""
SOFTENED = 1.5
"""Pixels of the copy over which it is softened: finer forms have no counterpart."""
AROUND, CONTRAST, LEAST_CONTRAST = 10.0, 50, 8.0
"""Contrast is brought to so many levels over so many pixels around; what has fewer levels is taken
for even."""
WINDOW = 17
"""Pixels that move alike."""
ASTRAY = 3.0
"""Pixels by which the way there and back may end beside its beginning."""
LEADS = 4.0
"""Pixels around itself in which what was found with confidence leads."""
ENOUGH = 0.15
"""Mean confidence around a place from which it moves in full."""
SETTLING = 0.2
"""Seconds in which a flow that is found anew takes the place of the one before: two films have
another flow between them in every frame, and what it moves would tremble."""


class Morph:
    """Belongs to one thread. Remembers the flow of the frame before."""

    def __init__(self) -> None:
        self._ways: tuple[np.ndarray, np.ndarray] | None = None
        self._pair: tuple[np.ndarray, np.ndarray] | None = None
        self._time = -math.inf
        self._places: np.ndarray = np.zeros((0, 0, 2), np.float32)

    def between(
        self, one: np.ndarray, two: np.ndarray, share: float, time: float
    ) -> tuple[np.ndarray, np.ndarray]:
        """Both pictures, (H, W, 3) uint8, moved to where they are at a share (0..1) of the way from
        one to two. time: seconds, of this frame."""
        back, forth = self._at(one, two, time)
        return self._moved(one, back, share), self._moved(two, forth, 1 - share)

    def _at(self, one: np.ndarray, two: np.ndarray, time: float) -> tuple[np.ndarray, np.ndarray]:
        """The way from two to one and the way from one to two, settled."""
        passed, self._time = time - self._time, time
        before, pair = self._ways, self._pair
        if before is not None and pair is not None and pair[0] is one and pair[1] is two:
            return before
        found = ways_between(one, two)
        if before is not None and before[0].shape == found[0].shape and 0 <= passed < 1:
            keep = math.exp(-passed / SETTLING)
            found = (
                cv2.addWeighted(before[0], keep, found[0], 1 - keep, 0),
                cv2.addWeighted(before[1], keep, found[1], 1 - keep, 0),
            )
        self._ways, self._pair = found, (one, two)
        return found

    def _moved(self, picture: np.ndarray, way: np.ndarray, far: float) -> np.ndarray:
        height, width = picture.shape[:2]
        if self._places.shape[:2] != (height, width):
            column, row = np.meshgrid(
                np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
            )
            self._places = cv2.merge([column, row])
        scale = np.array([far * width / way.shape[1], far * height / way.shape[0]], np.float32)
        places = cv2.resize(way * scale, (width, height), interpolation=cv2.INTER_LINEAR)
        cv2.add(places, self._places, dst=places)
        return cv2.remap(  # type: ignore[call-overload,no-any-return]
            picture, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )


def ways_between(one: np.ndarray, two: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Two pictures (H, W, 3) uint8 of one size -> where in `one` lies what is seen in `two`, and
    where in `two` what is seen in `one`: (h, w, 2) float32, dx and dy in pixels of the small
    copy."""
    here, there = _form(two), _form(one)
    back, forth = _flow(here, there), _flow(there, here)
    return (
        _smooth(back, _agreed(back, forth)),
        _smooth(forth, _agreed(forth, back)),
    )


def _form(picture: np.ndarray) -> np.ndarray:
    """(H, W, 3) uint8 -> (h, w) uint8, small, soft, its contrast everywhere the same."""
    height, width = picture.shape[:2]
    scale = min(1.0, SIDE / max(height, width))
    size = max(16, round(width * scale)), max(16, round(height * scale))
    small = cv2.cvtColor(
        cv2.resize(picture, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    )
    soft = cv2.GaussianBlur(small.astype(np.float32), (0, 0), SOFTENED)
    off = soft - cv2.GaussianBlur(soft, (0, 0), AROUND)
    spread = np.sqrt(cv2.GaussianBlur(off * off, (0, 0), AROUND)) + np.float32(LEAST_CONTRAST)
    out: np.ndarray = np.clip(128 + CONTRAST * off / spread, 0, 255).astype(np.uint8)
    return out


def _flow(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    return cv2.calcOpticalFlowFarneback(  # type: ignore[call-overload,no-any-return]
        one, two, None, 0.6, 4, WINDOW, 3, 7, 1.5, cv2.OPTFLOW_FARNEBACK_GAUSSIAN
    )


def _agreed(way: np.ndarray, back: np.ndarray) -> np.ndarray:
    """(h, w) float32, 0..1: how near going there and back ends to where it began."""
    height, width = way.shape[:2]
    column, row = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    x, y = column + way[..., 0], row + way[..., 1]
    missed = way + cv2.remap(back, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    out: np.ndarray = np.exp((missed * missed).sum(-1) * np.float32(-1 / ASTRAY**2))
    return out


def _smooth(way: np.ndarray, sure: np.ndarray) -> np.ndarray:
    """A way led by what is sure around each place, and none where nothing is; (h, w, 2)."""
    weighted = cv2.merge([way[..., 0] * sure, way[..., 1] * sure, sure])
    wide = cv2.GaussianBlur(weighted, (0, 0), LEADS, borderType=cv2.BORDER_REPLICATE)
    around = wide[..., 2]
    whole = np.minimum(1, around / np.float32(ENOUGH)) / (around + np.float32(1e-4))
    out: np.ndarray = wide[..., :2] * whole[..., None]
    return out
