"""A single picture."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from vj.errors import Fault
from vj.frame import Frame
from vj.sources import Setting


class Image:
    """`image:PATH`. The same picture again and again, at the show's rate. Turned as its EXIF tag says; what is transparent stays so."""

    live = False

    def __init__(self, rest: str, setting: Setting) -> None:
        self.path = Path(rest).expanduser()
        self._setting = setting
        self._pixels: np.ndarray | None = None
        self._number = 0
        self._begun = 0.0

    def open(self) -> None:
        """Raises Fault for a file that is missing or no picture."""
        try:
            data = np.frombuffer(self.path.read_bytes(), np.uint8)
        except OSError as error:
            raise Fault(f"image:{self.path}: cannot be read ({error.strerror})") from None
        found = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
        if found is None:
            raise Fault(f"image:{self.path}: is not a picture OpenCV can read (png, jpg, webp, bmp, tif)")
        plain = cv2.imdecode(data, cv2.IMREAD_UNCHANGED)
        if plain is not None and plain.ndim == 3 and plain.shape[2] == 4 and plain.dtype == np.uint8:
            self._pixels = cv2.cvtColor(plain, cv2.COLOR_BGRA2RGBA)
        else:
            self._pixels = cv2.cvtColor(found, cv2.COLOR_BGR2RGB)
        self._number, self._begun = 0, self._setting.clock.now()

    def read(self) -> Frame | None:
        """The picture, at the next frame's time."""
        if self._pixels is None:
            raise Fault(f"image:{self.path} is not open")
        clock = self._setting.clock
        if clock.live:
            clock.wait_until(self._begun + self._number / self._setting.fps)
            self._number = max(self._number, int((clock.now() - self._begun) * self._setting.fps))
        frame = Frame(self._pixels, self._number, clock.now())
        self._number += 1
        return frame

    def close(self) -> None:
        self._pixels = None
