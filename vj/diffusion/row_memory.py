"""What the stream batch knows of a memory of frames, see `vj.diffusion.attention_memory`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

from vj.diffusion.guides import Hints
from vj.diffusion.prompts import Embedding


@dataclass(frozen=True, slots=True)
class Remembered:
    """What a frame is told of its memory (`memory/*`). number: of the frame. place: in which it is
    kept, 0 for none."""

    number: int
    place: int
    amount: float
    match: float
    threshold: float


AGAINST = -1
"""In place of the step of a row that a negative prompt has."""
Row = tuple[int, Remembered | None]
"""The step that a row is at, or `AGAINST`, and its frame's memory."""


class RowMemory(Protocol):
    """What the rows of a stream batch remember."""

    def numbers(self, rows: Sequence[Row]) -> list[list[float]]:
        """What the device is told of each row, as many numbers for each. To be called once for each
        call of the UNet, before it."""

    def unet(
        self,
        rows: Sequence[Row],
        numbers: Tensor,
        x: Tensor,
        t: Tensor,
        text: Embedding,
        hints: Hints = (),
        amount: Tensor | None = None,
    ) -> Tensor:
        """The prediction of rows that look back, as `vj.diffusion.model.Model.unet` makes it.
        numbers: those, (B, N) float32 on the device."""

    def leave(self) -> None:
        """A call is made in which nothing is remembered."""
