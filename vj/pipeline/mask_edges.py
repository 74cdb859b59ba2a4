"""What is learned of a masked picture for laying its subject before another place: the clean edge,
the subject's own colours there, and the room without it."""

from __future__ import annotations

import cv2
import numpy as np

from vj.parameters.store import Snapshot
from vj.pipeline.matte import Matte, cleaned
from vj.pipeline.room_plate import RoomPlate

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
        kept = 1 - subject if inverted else subject
        matte = self._matte = (
            cleaned(image, kept)
            if inverted
            else cleaned(image, kept, self.room.plain(), self.room.known)
        )
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
