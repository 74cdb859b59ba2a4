"""No source: text to image."""

from __future__ import annotations

import numpy as np

from vj.frame import Frame
from vj.sources import Setting


class Nothing:
    """`none`. A grey picture of the show's size at the show's rate; at strength 1 the model has the noise and the words alone."""

    live = False

    def __init__(self, rest: str, setting: Setting) -> None:
        self._setting = setting
        self._pixels = np.full((setting.size.height, setting.size.width, 3), 127, np.uint8)
        self._number = 0
        self._begun = 0.0

    def open(self) -> None:
        self._number, self._begun = 0, self._setting.clock.now()

    def read(self) -> Frame | None:
        clock = self._setting.clock
        if clock.live:
            clock.wait_until(self._begun + self._number / self._setting.fps)
            self._number = max(self._number, int((clock.now() - self._begun) * self._setting.fps))
        frame = Frame(self._pixels, self._number, clock.now())
        self._number += 1
        return frame

    def close(self) -> None: ...
