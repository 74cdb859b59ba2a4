"""What is learned of a masked picture for laying its subject before another place: the clean edge,
the subject's own colours there, and the room without it."""

from __future__ import annotations

import cv2
import numpy as np

from vj.parameters.store import Snapshot
from vj.pipeline.matte import Matte, cleaned
from vj.pipeline.room_plate import RoomPlate

SAME = 10
"""Levels by which a place may differ from the room while it is nothing else."""
NEAR = 0.15
"""Share of the height from its edge within which a mask may have room in it: who wears the wall's
colour gets no holes."""
EXACT = ("alpha", "drawn")
"""Masks that say themselves how much of each pixel is meant."""


class MaskEdges:
    """Of one show's frames. Belongs to the render thread."""

    def __init__(self) -> None:
        self.room = RoomPlate()
        """Learned while somebody asks for it: `background/source: plate`, and clean edges."""
        self.foreground: np.ndarray | None = None
        """Of the newest frame: what is seen where the generated image is not, (H, W, 3) uint8, in
        its own colours; None where it is the input itself."""
        self._matte: Matte | None = None

    def clean(
        self, image: np.ndarray, subject: np.ndarray, snapshot: Snapshot, empty: np.ndarray | None
    ) -> np.ndarray:
        """image: (H, W, 3) uint8. subject: (H, W) float32 0..1, a mask as it was found -> the same
        with its edge where the picture has it, as far as mask/clean says. empty: (H, W, 3) uint8,
        the room, where the clean plate knows it."""
        self._matte = None
        exact = snapshot["mask/mode"] in EXACT
        amount = 0.0 if exact else snapshot["mask/clean"]
        if amount > 0 or snapshot["background/source"] == "plate":
            if empty is not None:
                self.room.begin(empty)
            self.room.observe(image, subject)
        if amount <= 0:
            return subject
        inverted = bool(snapshot["mask/invert"])
        if inverted:
            matte = self._matte = cleaned(image, 1 - subject)
        else:
            room, known = self.room.plain(), self.room.known
            if room is not None and known is not None:
                subject = without_room(image, subject, room, known)
            matte = self._matte = cleaned(image, subject, room, known)
        if matte is None:
            return subject
        found = 1 - matte.alpha if inverted else matte.alpha
        return cv2.addWeighted(subject, 1 - amount, found, amount, 0)

    def finish(self, image: np.ndarray, shown: np.ndarray | None, snapshot: Snapshot) -> None:
        """shown: (H, W) uint8, 255 where the generated image shows, as it will be used."""
        if self._matte is None or shown is None:
            self.foreground = None
            return
        own, amount = self._matte.foreground(image, shown), snapshot["mask/clean"]
        if amount < 1:
            own = cv2.addWeighted(image, 1 - amount, own, amount, 0)
        self.foreground = own


def without_room(
    image: np.ndarray, subject: np.ndarray, room: np.ndarray, known: np.ndarray
) -> np.ndarray:
    """A mask without the parts at its edge in which nothing is seen but the room: what lies between
    an arm and a body. subject: (H, W) float32. image, room: (H, W, 3) uint8. known: (H, W) uint8,
    255 where the room is known."""
    red, green, blue = cv2.split(cv2.absdiff(image, room))
    off = cv2.blur(cv2.max(cv2.max(red, green), blue), (5, 5))
    same: np.ndarray = ((off < SAME) & (known > 0)).astype(np.uint8)
    same = cv2.morphologyEx(same, cv2.MORPH_OPEN, np.ones((3, 3), np.uint8))
    far = cv2.distanceTransform((subject > 0.5).astype(np.uint8), cv2.DIST_L2, 3)
    return np.where((same > 0) & (far < NEAR * len(image)), np.float32(0), subject)
