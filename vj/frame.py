"""A picture on its way through the instrument, and the sizes pictures have."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np


class Size(NamedTuple):
    """Width and height in pixels."""

    width: int
    height: int

    def __str__(self) -> str:
        return f"{self.width}x{self.height}"

    @classmethod
    def parse(cls, text: str) -> Size:
        """`"512x512"` -> Size. Raises ValueError with what would be right."""
        found = re.fullmatch(r"\s*(\d{1,5})\s*[xX×]\s*(\d{1,5})\s*", text)
        if not found:
            raise ValueError(f"{text!r} is not a size; write it as WIDTHxHEIGHT, for example 512x512")
        size = cls(int(found[1]), int(found[2]))
        if not (16 <= size.width <= 8192 and 16 <= size.height <= 8192):
            raise ValueError(f"{text!r}: width and height lie between 16 and 8192")
        return size

    def rounded(self, step: int = 8) -> Size:
        """The nearest size whose sides are multiples of `step`, which diffusion needs."""
        return Size(*(max(step, step * round(side / step)) for side in self))


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture.

    pixels: (H, W, 3) RGB or (H, W, 4) RGBA, uint8, C-contiguous; nobody writes into it once it is in a Frame.
    number: counts from 0 at the source. captured: seconds on the show's clock when the picture was taken.
    """

    pixels: np.ndarray
    number: int
    captured: float

    @property
    def size(self) -> Size:
        return Size(self.pixels.shape[1], self.pixels.shape[0])
