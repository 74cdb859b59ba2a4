"""A chain of pictures to walk between."""

from __future__ import annotations

import numpy as np

from vj.errors import Fault
from vj.frame import Frame
from vj.sources import Setting
from vj.sources.image import read_picture
from vj.sources.pace import Pace


class Walk:
    """`walk:A.jpg,B.jpg,C.jpg`; drawn pictures too: `walk:drawn:meadow,drawn:harbour`. Every frame brings the whole chain; where on the
    way the picture stands is decided frame by frame with the parameters walk/*, in the model's own space."""

    live = False

    def __init__(self, rest: str, setting: Setting) -> None:
        """Raises Fault with fewer than two pictures."""
        self._names = [name.strip() for name in rest.split(",") if name.strip()]
        if len(self._names) < 2:
            raise Fault(f"walk:{rest}: a walk goes between two pictures or more: walk:A.jpg,B.jpg,C.jpg")
        self._setting = setting
        self._pace = Pace(setting)
        self._pictures: tuple[np.ndarray, ...] = ()

    def open(self) -> None:
        """Raises Fault for a file that is missing or no picture."""
        pictures = []
        for name in self._names:
            kind, _, rest = name.partition(":")
            if kind == "drawn":
                from vj.sources.drawn import still

                pictures.append(still(rest, self._setting.size))
            else:
                pictures.append(read_picture(name.removeprefix("image:"), "walk"))
        self._pictures = tuple(pictures)
        self._pace.start()

    def read(self) -> Frame | None:
        """The chain, at the next frame's time."""
        if not self._pictures:
            raise Fault(f"walk:{','.join(self._names)} is not open")
        number, captured = self._pace.next()
        return Frame(self._pictures[0], number, captured, chain=self._pictures)

    def close(self) -> None:
        self._pictures = ()
