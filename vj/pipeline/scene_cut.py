"""Hard cuts: where two scenes meet, nothing that was made of the one before is right for the next.

Whether it is one says the picture that is painted, whatever it comes from: where much has changed,
its forms are looked for in the picture before, along the optical flow. Brightness and contrast are
made alike first, so that a flash or a strobe is no cut; a picture without contrast is no scene, so
that a blackout is none. Where a clip was sought or came round, or another source or deck plays,
less has to be new: two rooms with somebody before a plain wall are much alike. A jump within a room
that stays the same is no cut, and a loop without a seam is none.
"""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Frame, Size
from vj.core.picture_place import PicturePlace
from vj.pipeline.flow_backends import make_flow

SIDE = 64
"""Pixels of the longer side of the copies that are compared."""
CHANGE = 0.05
"""Mean difference (0..1) that pictures of two scenes have at least."""
FOUND, FOUND_AFTER_A_JUMP = 0.5, 0.75
"""Share of a picture's forms that are found in the one before, below which it is another scene: one
that came by playing, and one that was jumped to. Of seven clips every fourth picture finds .64 and
more, from one to another it is .26 to .73, and after a jump within one mostly .85."""
ALIKE = 0.08
"""Difference of brightness (0..1) at which what is found counts for 1/e."""
FLAT = 0.03
"""Contrast (0..1) below which a picture says nothing."""
MOST = 3.0
"""So many times the contrast may change, and so many times less, for light alone."""


class SceneCuts:
    """Says of every frame whether it begins another scene. Belongs to the render thread. 0.1 ms a
    frame at 256x256, and 2 ms in one that has changed much."""

    def __init__(self) -> None:
        self.scene = 0
        """How many cuts there have been."""
        self._flow = make_flow()
        self._last: np.ndarray | None = None
        """Of the last picture with contrast: (h, w) float32 0..1."""
        self._from: tuple[int, Size, PicturePlace | None] | None = None
        """Of which deck it was most: that, its pictures' size, and where in its clip it stood."""

    def begins(
        self, image: np.ndarray | None, frame: Frame, other: Frame | None, share: float
    ) -> bool:
        """image: as it is painted, (H, W, 3) uint8; None where no input leads. frame, other, share:
        of the decks that it was mixed from, see `vj.pipeline.decks`. To be called with every
        frame."""
        if image is None:
            self._last = None
            return False
        here = _small(image)
        if float(here.std()) < FLAT:
            return False
        shown = frame if other is None or share <= 0.5 else other
        comes = int(shown is other), shown.size, shown.place
        last, before = self._last, self._from
        self._last, self._from = here, comes
        if last is None or before is None or last.shape != here.shape:
            return False
        if float(cv2.absdiff(here, last).mean()) < CHANGE:
            return False
        jumped = comes[:2] != before[:2] or not _plays_on(comes[2], before[2])
        cut = self._found(here, last) < (FOUND_AFTER_A_JUMP if jumped else FOUND)
        self.scene += cut
        return cut

    def _found(self, here: np.ndarray, there: np.ndarray) -> float:
        """The share of a picture's forms that are in the other, wherever they are there, 0..1."""
        gain = float(here.std() / max(float(there.std()), 1e-6))
        gain = min(MOST, max(1 / MOST, gain))
        lit = np.clip((there - there.mean()) * gain + here.mean(), 0, 1)
        one, two = (cv2.convertScaleAbs(picture, alpha=255) for picture in (here, lit))
        way_x, way_y = cv2.split(self._flow(one, two))
        rows, columns = one.shape
        way_x = way_x + np.arange(columns, dtype=np.float32)
        way_y = way_y + np.arange(rows, dtype=np.float32)[:, None]
        seen = cv2.remap(two, way_x, way_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        off = cv2.absdiff(one, seen).astype(np.float32) / 255
        inside = (way_x > -1) & (way_x < columns) & (way_y > -1) & (way_y < rows)
        forms, others, found = map(_forms, (one, two, seen))
        weight = cv2.GaussianBlur(np.abs(forms) + np.abs(others), (0, 0), 1) + np.float32(1e-4)
        looks = float((np.exp(-((off / ALIKE) ** 2)) * inside * weight).sum() / weight.sum())
        # what is blown out looks like nothing, but its forms are where they were
        length = float(np.sqrt((forms**2).sum() * (found**2).sum()))
        return max(looks, float((forms * found).sum()) / max(length, 1e-6))


def has_contrast(image: np.ndarray) -> bool:
    """A picture as it is painted, (H, W, 3) uint8, is one that later ones are compared with."""
    return float(_small(image).std()) >= FLAT


def _forms(grey: np.ndarray) -> np.ndarray:
    """(h, w) float32: what there is to be seen at a place; a plain wall is like any other."""
    picture = grey.astype(np.float32) / 255
    out: np.ndarray = picture - cv2.GaussianBlur(picture, (0, 0), 4)
    return out


def _plays_on(place: PicturePlace | None, before: PicturePlace | None) -> bool:
    if place is None or before is None:
        return place is before
    return place.joins(before) and place.rounds == before.rounds


def _small(image: np.ndarray) -> np.ndarray:
    height, width = image.shape[:2]
    scale = SIDE / max(height, width)
    size = max(16, round(width * scale)), max(16, round(height * scale))
    grey = cv2.cvtColor(cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    out: np.ndarray = grey.astype(np.float32) / 255
    return out
