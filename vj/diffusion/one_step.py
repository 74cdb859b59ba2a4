"""Models that were trained to paint a picture out of pure noise in one step, and at no other level:
SDXS (Song, Sun and Yin 2024, arXiv 2403.16627).

Asked at a lower level, as img2img does, they give mush. So they are asked at their own, whatever
the strength is, and the strength says how far the input gives way to what they paint; what leads
them is a ControlNet.
"""

from __future__ import annotations

from typing import Any

from vj.diffusion.stream_batch import Level, NoiseSchedule

NAMES = ("sdxs",)


def paints_from_noise(name: str, pipe: Any) -> bool:
    """A model is such a one: by its name, or as SDXS is built, by a UNet of three levels without a
    middle in a folder with an AutoencoderTiny. pipe: with the autoencoder that it came with."""
    if any(word in name.replace("\\", "/").rpartition("/")[2].lower() for word in NAMES):
        return True
    config = pipe.unet.config
    return (
        config.mid_block_type is None
        and config.layers_per_block == 1
        and type(pipe.vae).__name__ == "AutoencoderTiny"
    )


class OneStep:
    """The schedule of a model that knows one level, the last of its noise schedule."""

    def __init__(self, schedule: NoiseSchedule) -> None:
        self.last = schedule.last
        self._only = schedule.level(schedule.last)

    def level(self, t: float) -> Level:
        """The one there is."""
        return self._only

    def plan(self, strength: float, steps: int) -> list[Level]:
        """The one there is, whatever is asked for."""
        return [self._only]
