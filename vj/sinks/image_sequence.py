"""A folder of numbered PNGs, for editors and for the next render."""

from __future__ import annotations

import os
import re
from pathlib import Path

import cv2
import numpy as np

from vj.sinks.mark import Mark, marked_png

PNG = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_RLE]
"""Measured on noisy pictures: run lengths take two thirds of the default's time and make smaller
files."""


def next_number(folder: Path) -> int:
    """One more than the highest `000012.png` in the folder, 0 when there is none."""
    found = (re.fullmatch(r"(\d{6,})\.png", entry.name) for entry in folder.iterdir())
    return max((int(match[1]) + 1 for match in found if match), default=0)


class ImageSequence:
    """Writes every frame as a file of its own, at its own size, with its alpha. A file is there
    whole or not at all."""

    def __init__(self, folder: Path, fps: float) -> None:
        """fps: only to say how long it plays. Raises OSError when the folder can't be written
        to."""
        self.path = folder
        self.mark: Mark | None = None
        """Written into each picture that is added; None: nothing is."""
        self.frames = 0
        self.bytes = 0
        self.seconds = 0.0
        self._fps = fps
        self._number = next_number(folder)
        probe = folder / f".{self._number:06d}.png.part"
        probe.touch()  # a read-only folder is reported when recording starts
        probe.unlink()

    def exists(self) -> bool:
        """The folder still exists."""
        return self.path.is_dir()

    def add(self, pixels: np.ndarray, moment: float) -> None:
        """pixels: (H, W, 3 or 4) uint8. Raises OSError when it cannot be written."""
        ordered = cv2.cvtColor(
            pixels, cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
        )
        encoded = cv2.imencode(".png", ordered, PNG)[1].tobytes()
        if self.mark is not None:
            encoded = marked_png(encoded, self.mark)
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

    def finish(self) -> None:
        """Nothing is left to do."""

    def abandon(self) -> None:
        """Nothing is left to do."""
