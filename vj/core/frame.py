"""A picture on its way through the instrument, and the sizes pictures have."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from vj.core.packed import Pixels, rgb_of
from vj.core.picture_place import PicturePlace


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
            raise ValueError(
                f"{text!r} is not a size; write it as WIDTHxHEIGHT, for example 512x512"
            )
        size = cls(int(found[1]), int(found[2]))
        if not (16 <= size.width <= 8192 and 16 <= size.height <= 8192):
            raise ValueError(f"{text!r}: width and height lie between 16 and 8192")
        return size

    def rounded(self, step: int = 8) -> Size:
        """The nearest size whose sides are multiples of `step`, which diffusion needs."""
        return Size(*(max(step, step * round(side / step)) for side in self))


class Aspect(NamedTuple):
    """The shape of a picture whose size is chosen for the model that paints it."""

    across: int
    down: int

    def __str__(self) -> str:
        return f"{self.across}:{self.down}"

    @classmethod
    def parse(cls, text: str) -> Aspect | None:
        """`"16:9"` or `"square"` -> Aspect; None for what has not this form. Raises ValueError for
        shapes beyond 4:1."""
        found = re.fullmatch(
            r"\s*(\d{1,3})\s*:\s*(\d{1,3})\s*", "1:1" if text.strip() == "square" else text
        )
        if not found:
            return None
        aspect = cls(int(found[1]), int(found[2]))
        if not (aspect.across and aspect.down and 0.25 <= aspect.across / aspect.down <= 4):
            raise ValueError(f"{text!r}: an aspect lies between 1:4 and 4:1")
        return aspect

    def size(self, side: int, step: int = 64) -> Size:
        """Sides in multiples of `step` whose shape is nearest to this one, and whose area is near
        side * side."""
        wanted = self.across / self.down
        sides = range(step, 4 * side + 1, step)
        choices = [Size(w, h) for w in sides for h in sides if 0.5 < w * h / side**2 < 1.5]
        return min(
            choices,
            key=lambda s: (
                4 * abs(math.log(s.width / s.height / wanted))
                + abs(math.log(s.width * s.height / side**2))
            ),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Guide:
    """The real input of a generated image, which travels with it: its edges lead the upscaling
    (`vj.pipeline.upscale_guide`).

    pixels: (H, W, 3 or 4) uint8 as they came from the source, cropped or padded to the painted size
    as `fit` says. image: the same prepared, (h, w, 3) uint8. strength: how far the generated image
    has left it, 0..1. mask: (h, w) uint8, 0 where the generated image does not show. flow: the
    generated image has been moved on along it by `share`, and so has the input to be; see
    `vj.pipeline.optical_flow`. view: gives what is seen of pixels at a size; None where they are
    only cropped or padded. Equal ones see the same.
    """

    pixels: np.ndarray
    image: np.ndarray
    fit: str
    strength: float
    mask: np.ndarray | None = None
    flow: np.ndarray | None = None
    share: float = 0.0
    view: Callable[[np.ndarray, Size], np.ndarray] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture.

    picture: (H, W, 3) RGB or (H, W, 4) RGBA, uint8, C-contiguous, which nobody writes into once it
    is in a Frame; or as a card has packed it. number: counts from 0 at the source. captured:
    seconds on the show's clock when the picture was taken. place: where in its clip it stands; None
    where it has no such place. faces: points of the faces in it, (468, 2) float32 each, in pixels,
    the largest first, where whoever drew it knows them; None where they have to be found.
    """

    picture: Pixels
    number: int
    captured: float
    place: PicturePlace | None = field(default=None, kw_only=True)
    faces: tuple[np.ndarray, ...] | None = field(default=None, kw_only=True)

    @property
    def pixels(self) -> np.ndarray:
        """The picture as RGB or RGBA; of what came packed it is made when first asked for."""
        return rgb_of(self.picture)

    @property
    def size(self) -> Size:
        return Size(self.picture.shape[1], self.picture.shape[0])


@dataclass(frozen=True, slots=True, eq=False)
class WalkFrame(Frame):
    """From a walk between pictures. chain: all of them, the same arrays in every frame; `pixels` is
    the first."""

    chain: tuple[np.ndarray, ...]


class BlankFrame(Frame):
    """There is no input: the words alone make the picture. `pixels` is grey."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, eq=False)
class OutputFrame(Frame):
    """A picture on its way out. guide: its real input; None where there is none, or it has no more
    to show than the picture. motion: (h, w, 3) float32, the flow that led to it, see
    `vj.pipeline.optical_flow`; None when it is not known. views: other pictures of the same frame,
    by their names in `VIEWS`, (H, W, 3) uint8 of the same size: those that somebody wants.
    shows: the number of the source's picture; -1 where it is not known. sent: the picture as large
    as it leaves, where a card has made it so. after: seconds by which it leaves later than the
    picture that it was made of, by moving it on."""

    guide: Guide | None = None
    motion: np.ndarray | None = None
    views: Mapping[str, np.ndarray] = field(default_factory=dict)
    shows: int = -1
    sent: Pixels | None = None
    after: float = 0.0


VIEWS = ("input", "generated", "mask", "lines", "depth")
"""Pictures that a frame may bring besides the final one: its input as prepared; the generated image
before wet/dry, mask and colour; the mask, white where the generated image shows, all white where
there is none; the lines, white on black."""
