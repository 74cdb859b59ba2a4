"""A picture that the compositor has made, which may still be on its way from a card, and what
becomes of it there before it comes down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from vj.core.frame import Guide
from vj.core.packed import Packing, Pixels, rgb_of

if TYPE_CHECKING:
    from torch import Tensor


class UpscalerOnCard(Protocol):
    """Makes pictures that are on a card larger, there. Belongs to the render thread."""

    def takes(self, shape: tuple[int, ...], guide: Guide | None) -> bool:
        """Whether pictures of this shape, (h, w, 3), are what it was made for, and there is time
        for the guide."""

    def makes(self, shape: tuple[int, ...]) -> bool:
        """Whether what it makes has this shape, (H, W, 3)."""

    def waited(self, seconds: float) -> None:
        """So long the render thread waited for the card at the end of a frame."""

    def of(self, picture: Tensor, guide: Guide | None) -> Tensor:
        """(h, w, 3) uint8 -> (H, W, 3) uint8, both on the card; overwritten by the next one.
        Nothing waits for it. guide: see `vj.pipeline.upscale.Upscaler`."""


@dataclass(frozen=True, slots=True, eq=False)
class WayOut:
    """How a picture leaves a card. upscaler: makes it as large as it is sent; None where that is
    not done there. guide: leads it. packed: how, where it comes down as it is sent. failed: told of
    an upscaler that raised; the picture comes down as it was painted."""

    upscaler: UpscalerOnCard | None = None
    guide: Guide | None = None
    packed: Packing | None = None
    failed: Callable[[Exception], None] = lambda error: None


AS_PAINTED = WayOut()


@dataclass(frozen=True, slots=True, eq=False)
class Arrived:
    """picture: (H, W, 3) uint8, or packed. sent: the same at the size of the output, where a card
    has made it so."""

    picture: Pixels
    sent: Pixels | None = None


class ComingPicture(Protocol):
    """A picture that may still be on its way from a card."""

    def arrived(self) -> Arrived | None:
        """The picture once it has come; None when the model gave NaN."""

    def result(self) -> np.ndarray | None:
        """The same as it was painted, (H, W, 3) uint8."""


class Here:
    """One that has come."""

    def __init__(self, picture: np.ndarray | None) -> None:
        self._picture = picture

    def arrived(self) -> Arrived | None:
        return None if self._picture is None else Arrived(self._picture)

    def result(self) -> np.ndarray | None:
        return self._picture


def picture_of(arrived: Arrived | None) -> np.ndarray | None:
    """As it was painted, (H, W, 3) uint8."""
    return None if arrived is None else rgb_of(arrived.picture)
