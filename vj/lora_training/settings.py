"""What a LoRA's training is told, and what it tells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from vj.core.errors import Fault
from vj.training.length import Length

STEPS = 1500
"""Where neither steps nor minutes are asked for."""
HIGHEST_RANK = 128


@dataclass(frozen=True, slots=True)
class LoraSettings:
    """How a LoRA is trained. steps: of the LoRA itself. minutes: of everything once the frames are
    encoded; with both given, steps count. size: None for what the model was trained at. batch: None
    for 4, on a CPU 1."""

    steps: int | None = None
    minutes: float | None = None
    rank: int = 8
    size: int | None = None
    batch: int | None = None
    rate: float = 1e-4
    seed: int = 0
    device: str = "auto"
    dtype: torch.dtype | None = None
    """Of the model's own weights; None for the best there is."""
    checkpointing: bool | None = None
    """Compute parts of the UNet twice instead of keeping them, in a third of the memory; None for
    on a card."""
    own_pictures: int = 96
    """That a model of few steps paints for its training adapter."""
    every: int = 10
    """Steps from one report of progress, and one line of the log, to the next."""

    def check(self) -> None:
        """Raises Fault for a number that cannot be."""
        if self.steps is not None and self.steps < 1:
            raise Fault(f"steps {self.steps}: at least 1; {STEPS} where it is left out")
        if self.minutes is not None and not 0 < self.minutes < float("inf"):
            raise Fault(f"minutes {self.minutes:g}: more than 0, like 30")
        if not 1 <= self.rank <= HIGHEST_RANK:
            raise Fault(f"rank {self.rank}: 1 to {HIGHEST_RANK}; 8 does for a clip")

    def length(self, share: float) -> Length:
        """Of the run of the LoRA itself, which is `share` of everything."""
        if self.steps is None and self.minutes is not None:
            return Length(seconds=60 * self.minutes * share)
        return Length(steps=STEPS if self.steps is None else self.steps)

    def length_before(self, share: float) -> Length:
        """Of what comes before it, the first `share` of everything."""
        whole = self.length(share)
        if whole.steps is None:
            return whole
        return Length(steps=max(1, round(whole.steps * share / (1 - share))))


@dataclass(frozen=True, slots=True)
class LoraProgress:
    """Where a run is. doing: `adapter` while the training adapter of a model of few steps is
    trained, then `clip`. step: of that. share: of everything, 0..1. left: seconds to go. loss: its
    running mean. held_out: the loss of frames that are not learned, as last measured."""

    doing: str
    step: int
    share: float
    left: float
    loss: float
    held_out: float | None


OnProgress = Callable[[LoraProgress], None]


@dataclass(frozen=True, slots=True)
class TrainedLora:
    """The file, and how far it came. whole: not stopped before its end."""

    path: Path
    steps: int
    loss: float
    held_out: float
    whole: bool
