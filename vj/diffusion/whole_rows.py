"""The rows of a stream batch for a frame that is one function of tensors: what each takes along as
tensors and numbers, and where they have come to after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from vj.diffusion.attention_banks import NUMBERS
from vj.diffusion.guides import Hints, stacked_hints
from vj.diffusion.prompts import Embedding
from vj.diffusion.row_memory import AGAINST, Row
from vj.diffusion.stream_batch import BatchRow, Conditioning, played_delta

OF_A_ROW = 8
"""Numbers of each row beside its timestep, its hints' amounts and its memory."""


def one_at_each_level(rows: Sequence[BatchRow[Any]], steps: int) -> bool:
    """With a frame of so many steps that enters there is one row at each, and one frame arrives."""
    return len(rows) == steps - 1 and all(
        row.step == place and len(row.conditioning.levels) == steps
        for place, row in enumerate(rows, 1)
    )


def joined(parts: Sequence[Tensor]) -> Tensor:
    """As one batch, of one layout: a graph is for one."""
    return (parts[0] if len(parts) == 1 else torch.cat(list(parts))).contiguous()


@dataclass(frozen=True, slots=True, eq=False)
class Numbers:
    """What a frame's numbers say, on the device; n rows, a call of B for the UNet, H hints. told:
    (B, `NUMBERS`), of the memory. t: (B,). amounts: (B, H). The next ones are (n, 1, 1, 1): the
    level's a, b and 1/a, guidance and its delta, a and b of the next level, and how much of its
    error a row's residual noise takes on there. share: (1,)."""

    told: Tensor
    t: Tensor
    amounts: Tensor
    a: Tensor
    b: Tensor
    one_over_a: Tensor
    guidance: Tensor
    delta: Tensor
    a_after: Tensor
    b_after: Tensor
    error: Tensor
    share: Tensor

    @classmethod
    def of(cls, flat: Tensor, rows: int, batch: int, hints: int) -> Numbers:
        """See `EnteringRows.numbers`."""
        told, t, amounts, levels, share = flat.split(
            (batch * NUMBERS, batch, batch * hints, rows * OF_A_ROW, 1)
        )
        by_row = levels.view(OF_A_ROW, rows, 1, 1, 1).unbind()
        made = [told.view(batch, NUMBERS), t, amounts.view(batch, hints), *by_row, share]
        return cls(*made)


class EnteringRows:
    """A frame that enters and the rows in flight before it, newest first, and last what its
    negative prompt says of it, where it has one."""

    def __init__(self, played: Conditioning, rows: Sequence[BatchRow[Any]]) -> None:
        self._played, self._rows = played, rows
        self._frames = [(played, 0), *((row.conditioning, row.step) for row in rows)]
        self._against = played.negative if played.guidance > 1 else None
        fresh = [] if self._against is None else [(played, 0)]
        self._batch = [*self._frames, *fresh]

    @property
    def remembered(self) -> list[Row]:
        """Of each row of the UNet's call, see `RowMemory`."""
        known: list[Row] = [(step, frame.memory) for frame, step in self._frames]
        return known if self._against is None else [*known, (AGAINST, self._played.memory)]

    def numbers(self, told: Sequence[Sequence[float]], share: float) -> np.ndarray:
        """All that is told, flat: see `Numbers`. told: of each row, of its memory."""
        flat = [number for row in told for number in row]
        flat += [frame.levels[step].t for frame, step in self._batch]
        for frame, _ in self._batch:
            led = zip(frame.hints, frame.hint_amounts, strict=True)
            flat += [0.0 if hint is None else amount for hint, amount in led]
        columns = zip(*(self._of_row(frame, step) for frame, step in self._frames), strict=True)
        flat += [number for column in columns for number in column]
        return np.array([*flat, share], np.float32)

    def _of_row(self, frame: Conditioning, step: int) -> tuple[float, ...]:
        level, after = frame.levels[step], (0.0, 0.0, 0.0)
        if step + 1 < len(frame.levels):
            to = frame.levels[step + 1]
            after = to.a, to.b, to.a * (level.b / level.a) / to.b
        delta = played_delta(frame.delta, level)
        return level.a, level.b, float(1 / np.float32(level.a)), frame.guidance, delta, *after

    @property
    def noise(self) -> Tensor:
        """(n, C, h, w): that with which the frame enters, and those with which rows move on."""
        first, frames = self._played.noise[:1], self._frames[:-1]
        return joined([first, *(frame.noise[step + 1 : step + 2] for frame, step in frames)])

    @property
    def waiting(self) -> Tensor | None:
        """(n - 1, C, h, w): where the rows in flight are."""
        return joined([row.x for row in self._rows]) if self._rows else None

    @property
    def stock(self) -> Tensor | None:
        """(n, C, h, w): the residual noises; None where no row is guided."""
        if all(frame.guidance <= 1 for frame, _ in self._frames):
            return None
        return joined([self._played.noise[:1], *(row.stock for row in self._rows)])

    @property
    def text(self) -> Embedding:
        """Of the UNet's call."""
        texts = [frame.text for frame, _ in self._frames]
        texts += [] if self._against is None else [self._against]
        return texts[0] if len(texts) == 1 else Embedding.stack(texts)

    @property
    def hints(self) -> Hints:
        """(B, 3, H, W) each."""
        if len(self._batch) == 1:
            return self._played.hints
        return stacked_hints([frame.hints for frame, _ in self._batch])


def moved_on(
    rows: list[BatchRow[Any]],
    played: Conditioning,
    payload: object,
    x: Tensor | None,
    stock: Tensor | None,
) -> None:
    """The frame has entered, the last row has arrived, and each other is at its next level. x,
    stock: (n - 1, C, h, w), what a whole frame has handed back; stock None where none is guided."""
    if x is None:
        return
    rows.insert(0, BatchRow(played, x, played.noise[:1], payload))
    rows.pop()
    for place, row in enumerate(rows):
        row.step, row.x = place + 1, x[place : place + 1]
        if stock is not None:
            row.stock = stock[place : place + 1]
