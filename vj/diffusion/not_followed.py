"""Parameters that a model played through the stream batch does not follow, each with the reason."""

from __future__ import annotations

from vj.diffusion.protocols import DiffusionModel
from vj.pipeline.backend import (
    BUILT_IN_ONLY,
    MEMORY,
    NO_FILM,
    NO_IMAGE_PROMPTS,
    NO_MEMORY,
)
from vj.pipeline.guides import unled

POCKET = ("pocket/size", "pocket/relief", "palette/a", "palette/b")
"""Parameters of the built-in model."""
IMAGE_PROMPTS = ("image/amount", "image/mix")
ONE_STEP = "the model paints in one step, from noise"
LIVE_PICTURES = ("image/from", "image/every", "image/grab")


def not_followed(model: DiffusionModel, remembers: bool) -> dict[str, str]:
    """Of a Stable Diffusion model; name -> reason. remembers: its attention can look at earlier
    frames."""
    has = model.adapters.image_prompts is not None
    return {
        **dict.fromkeys(POCKET, BUILT_IN_ONLY),
        "film/begin": NO_FILM,
        **unled(model.guides),
        **({"steps": ONE_STEP} if model.from_noise else {}),
        **({} if remembers else dict.fromkeys(MEMORY, NO_MEMORY)),
        **({} if has else dict.fromkeys((*IMAGE_PROMPTS, *LIVE_PICTURES), NO_IMAGE_PROMPTS)),
    }
