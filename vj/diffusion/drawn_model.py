"""`model: drawn`: the techniques that the built-in network was taught, drawn as they are.

On a CPU it is the crisper and the quicker of the two, since a technique is a few dozen passes of
OpenCV where the network is thirty convolutions; a mixture takes the time of both of its techniques.
On a card the pictures would have to come down to be drawn.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vj.diffusion.built_in import BuiltIn, drawn
from vj.diffusion.model_spec import ModelSpec, reject_adapters
from vj.pocket.techniques import TECHNIQUES


class DrawnModel(BuiltIn):
    """Draws on the CPU, whatever else is there."""

    def __init__(self) -> None:
        super().__init__("drawn", tuple(TECHNIQUES), torch.device("cpu"))

    def lay(self, patterns: np.ndarray) -> Tensor:
        return torch.from_numpy(patterns)[None]

    def paint(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        assert self.ground is not None
        return drawn(self.techniques, picture, form, style, self.ground[0].numpy())


def load_drawn(spec: ModelSpec) -> DrawnModel:
    """Nothing has to be loaded. Raises Fault for what it does not take."""
    reject_adapters(spec)
    return DrawnModel()
