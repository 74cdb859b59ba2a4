"""A folder of numbered PNGs, for editors and for the next render."""

from __future__ import annotations

import math
import os
import re
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np

from vj.sinks.folder_sound import FolderSound
from vj.sinks.mark import Mark, marked_png
from vj.sound import RATE

PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
"""Measured on noisy pictures: run lengths take two thirds of the default's time and make smaller
files."""

NEAR = 0.01
"""Of a frame: moments are rounded."""


def next_number(folder: Path) -> int:
    """One more than the highest `000012.png` in the folder, 0 when there is none."""
    found = (re.fullmatch(r"(\d{6,})\.png", entry.name) for entry in folder.iterdir())
    return max((int(match[1]) + 1 for match in found if match), default=0)


class ImageSequence:
    """Writes every frame as a file of its own, at its own size, with its alpha. A file is there
    whole or not at all. Frames that come at varying times are repeated at a constant rate, since
    pictures have no times; those that are seen too shortly for one are left out."""

    def __init__(
        self, folder: Path, fps: float, timed: bool = False, live: bool = False, sound: bool = False
    ) -> None:
        """fps: says how long it plays, and the rate at which frames are repeated. timed: they come
        at varying times. live: sound is timed by the clock. sound: there will be some. Raises
        OSError when the folder can't be written to."""
        self.path = folder
        self.mark: Mark | None = None
        """Written into each picture that is added; None: nothing is."""
        self.frames = 0
        self.bytes = 0
        self.seconds = 0.0
        self._fps, self._timed = fps, timed
        self._first: float | None = None
        self._begun = 0.0
        """The clock at the first frame."""
        self._live, self._number = live, next_number(folder)
        self._sound = FolderSound(folder / "sound.wav") if sound else None
        probe = folder / f".{self._number:06d}.png.part"
        probe.touch()  # a read-only folder is reported when recording starts
        probe.unlink()

    def exists(self) -> bool:
        """The folder still exists."""
        return self.path.is_dir()

    def add(self, pixels: np.ndarray, moment: float, lasts: float = 0.0) -> None:
        """pixels: (H, W, 3 or 4) uint8. moment, lasts: of a timed frame, in seconds since the first
        one. Raises OSError when it cannot be written."""
        if self.frames == 0:
            self._begun = moment
        times = 1
        if self._timed:
            self._first = moment if self._first is None else self._first
            end = moment + lasts - self._first
            times = math.ceil(end * self._fps - NEAR) - self.frames
        if times <= 0:
            return
        ordered = cv2.cvtColor(
            pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
        )
        encoded = cv2.imencode(".png", ordered, PNG)[1].tobytes()
        if self.mark is not None:
            encoded = marked_png(encoded, self.mark)
        for _ in range(times):
            self._write(encoded)

    def _write(self, encoded: bytes) -> None:
        part = self.path / f".{self._number:06d}.png.part"
        try:
            with open(part, "wb") as file:
                file.write(encoded)
            os.replace(part, self.path / f"{self._number:06d}.png")
        except OSError:
            part.unlink(missing_ok=True)
            raise
        self._number += 1
        self.frames += 1
        self.bytes += len(encoded)
        self.seconds = self.frames / self._fps

    def add_sound(self, samples: np.ndarray, moment: float) -> None:
        """What is heard from `moment` on: (n, 2) float32, see `vj.sound`. The moment counts live;
        else samples follow each other. Raises OSError when it cannot be written."""
        if self._sound is not None and self.frames:
            first = round((moment - self._begun) * RATE) if self._live else None
            self._sound.put(first, samples)

    def finish(self) -> None:
        """Close its sound. Raises OSError."""
        if self._sound is not None:
            self._sound.close()

    def abandon(self) -> None:
        """The same, whatever comes of it."""
        with suppress(OSError):
            self.finish()
