"""No source: text to image."""

from __future__ import annotations

import numpy as np

from vj.core.frame import BlankFrame, Frame
from vj.sources import SourceSettings
from vj.sources.pacing import Pace


class Nothing:
    """`none`. A grey picture of the show's size at the show's rate; at strength 1 the model has the
    noise and the words alone."""

    live = False

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self._pace = Pace(settings)
        self._pixels = np.full((settings.size.height, settings.size.width, 3), 127, np.uint8)

    def open(self) -> None:
        self._pace.start()

    def read(self) -> Frame | None:
        return BlankFrame(self._pixels, *self._pace.next())

    def close(self) -> None: ...
