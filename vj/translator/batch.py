"""What a translator's network is given in training, and what it should give."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(slots=True)
class TranslatorBatch:
    """What the network is given and what it should give. x: (B, 3, H, W), 0..1. condition:
    (B, C, H, W), 0..1. form: (B, 3, H, W), see `Network.forward`. style: (B, 4), see
    `conditions.style_numbers`. target: (B, 3, H, W), 0..1. All float32."""

    x: Tensor
    condition: Tensor
    form: Tensor
    style: Tensor
    target: Tensor

    @property
    def picture(self) -> Tensor:
        """(B, 3 + C, H, W): x and the condition, as the network takes them."""
        return torch.cat([self.x, self.condition], 1)

    def to(self, device: torch.device) -> TranslatorBatch:
        """The same on another device."""
        return TranslatorBatch(*(getattr(self, name).to(device) for name in self.__slots__))


@dataclass(slots=True)
class Example:
    """One, (H, W, C) float32 each but for the style."""

    x: np.ndarray
    condition: np.ndarray
    form: np.ndarray
    style: list[float]
    target: np.ndarray


def stacked(examples: Sequence[Example]) -> TranslatorBatch:
    """Examples as a batch, channels last in memory."""

    def planes(name: str) -> Tensor:
        # Laid out by NumPy: torch's own threads would wait for each other over a few kilobytes.
        whole = np.stack([getattr(one, name) for one in examples]).astype(np.float32, copy=False)
        return torch.from_numpy(whole).permute(0, 3, 1, 2)

    style = torch.tensor([one.style for one in examples], dtype=torch.float32)
    return TranslatorBatch(
        planes("x"), planes("condition"), planes("form"), style, planes("target")
    )
