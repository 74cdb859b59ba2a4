"""A chain of pictures to walk between."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Frame, WalkFrame
from vj.sources import SourceSettings
from vj.sources.image import read_picture
from vj.sources.pacing import Pace


class Walk:
    """`walk:A.jpg,B.jpg,C.jpg`; drawn pictures too: `walk:drawn:meadow,drawn:harbour`. Every frame
    brings the whole chain; where on the way the picture stands is decided frame by frame with the
    parameters walk/*, in the model's own space."""

    live = False

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        """Raises Fault with fewer than two pictures."""
        self._names = [name.strip() for name in rest.split(",") if name.strip()]
        if len(self._names) < 2:
            raise Fault(
                f"walk:{rest}: a walk goes between two pictures or more: walk:A.jpg,B.jpg,C.jpg"
            )
        self._settings = settings
        self._pace = Pace(settings)
        self._pictures: tuple[np.ndarray, ...] = ()

    def open(self) -> None:
        """Raises Fault for a file that is missing or no picture."""
        pictures = []
        for name in self._names:
            kind, _, rest = name.partition(":")
            if kind == "drawn":
                from vj.sources.drawn import still

                pictures.append(still(rest, self._settings.size))
            else:
                pictures.append(read_picture(name.removeprefix("image:"), "walk"))
        self._pictures = tuple(self._enough(picture) for picture in pictures)
        self._pace.start()

    def _enough(self, picture: np.ndarray) -> np.ndarray:
        """As large as it can be seen: the render thread shall not carry a camera's 24
        megapixels."""
        scale = 2 * max(self._settings.size) / min(picture.shape[:2])
        if scale >= 1:
            return picture
        size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
        out: np.ndarray = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
        return out

    def read(self) -> Frame | None:
        """The chain, at the next frame's time."""
        if not self._pictures:
            raise Fault(f"walk:{','.join(self._names)} is not open")
        number, captured = self._pace.next()
        return WalkFrame(self._pictures[0], number, captured, self._pictures)

    def close(self) -> None:
        self._pictures = ()
