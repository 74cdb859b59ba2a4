"""`model: drawn`: the techniques that the built-in network was taught, drawn as they are.

On a CPU it is the crisper and the quicker of the two, since a technique is a few dozen passes of
OpenCV where the network is thirty convolutions; a mixture takes the time of both of its techniques.
On a card the pictures would have to come down to be drawn.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from vj.engine.checkpoints import ModelSpec
from vj.engine.pocket_model import BuiltIn, refuse_adapters
from vj.kernels.cv_field import Field
from vj.pocket.techniques import TECHNIQUES, Subject

AUDIBLE = 1e-3
"""Techniques with less weight than this are left out of a mixture."""


class DrawnModel(BuiltIn):
    """Draws on the CPU, whatever else is there."""

    def __init__(self) -> None:
        super().__init__("drawn", tuple(TECHNIQUES), torch.device("cpu"))

    def lay(self, patterns: np.ndarray) -> Tensor:
        return torch.from_numpy(patterns)[None]

    def paint(self, picture: Tensor, form: Tensor, style: Tensor) -> Tensor:
        rows = [self._row(*row) for row in zip(picture, form, style, strict=True)]
        return torch.from_numpy(np.stack(rows))

    def _row(self, picture: Tensor, form: Tensor, style: Tensor) -> np.ndarray:
        """(4, H, W): tone and colour."""
        assert self.ground is not None
        numbers = style.tolist()
        image = np.ascontiguousarray(picture.permute(1, 2, 0).numpy())
        field = Field(*(np.ascontiguousarray(plane) for plane in form.numpy()))
        one, relief = 2 ** numbers[-2], numbers[-1] + 1
        subject = Subject(image, field, self.ground[0].numpy(), one, relief)
        out = np.zeros((4, *image.shape[:2]), np.float32)
        for technique, weight in zip(self.techniques, numbers, strict=False):
            if weight > AUDIBLE:
                made = TECHNIQUES[technique](subject)
                out[0] += np.float32(weight) * made.tone
                out[1:] += np.float32(weight) * made.colour.transpose(2, 0, 1)
        return out


def load_drawn(spec: ModelSpec) -> DrawnModel:
    """Nothing has to be loaded. Raises Fault for what it does not take."""
    refuse_adapters(spec)
    return DrawnModel()
