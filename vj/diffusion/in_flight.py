"""What goes along with a frame through a model, and which frame arrives with one that enters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from vj.diffusion.stream_batch import BatchRow
from vj.diffusion.whole_rows import one_at_each_level
from vj.pipeline.frame_context import FrameContext

FADE_BELOW = 0.05
"""Strength under which the generated image fades into the input: at 0 the input comes out as it
came."""
WHOLE = {"strength": 0.5, "noise/align": 0.0, "latent/morph": 0.0}
"""What a frame needs to be painted whole."""


@dataclass(frozen=True, slots=True, eq=False)
class InFlight:
    """What goes along with a frame through the model."""

    context: FrameContext
    strength: float
    entered: Tensor | None
    """What went in, (1, 3, H, W), where the strength is so low that it shows."""
    time: float
    morph: float
    """Milliseconds, see `vj.diffusion.latent_morph`."""


def arriving(
    rows: Sequence[BatchRow[InFlight]], steps: int, faint: bool, morphs: bool, context: FrameContext
) -> FrameContext | None:
    """The frame whose picture a whole frame would be, when that of `context` enters; None where it
    cannot be painted whole. faint: the input shows through what the model makes of it. morphs:
    `latent/morph` is played."""
    if faint or morphs or not one_at_each_level(rows, steps):
        return None
    if not rows:
        return context
    flight = rows[-1].payload
    return None if flight.entered is not None or flight.morph > 0 else flight.context
