"""How strongly the LoRAs of a UNet count, played.

On a card each layer's scale lies in the card's memory and is written in place, all of a LoRA's by
one small kernel: a CUDA graph follows it. Elsewhere it is a number in the layer.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vj.diffusion.devices import sent


class LoraScales:
    """Of one UNet, as it is while this is there. Belongs to the thread that computes."""

    def __init__(self, unet: Any, in_memory: bool | None = None) -> None:
        """in_memory: the scales are tensors; None for where the UNet is on a card."""
        from peft.tuners.tuners_utils import BaseTunerLayer

        self.unet = unet
        self._layers = [one for one in unet.modules() if isinstance(one, BaseTunerLayer)]
        self._device = next(unet.parameters()).device
        self.in_memory = self._device.type == "cuda" if in_memory is None else in_memory
        self._there: dict[str, tuple[Tensor, Tensor]] = {}
        """Of each LoRA the scales at weight 1, and those that are played, one for each layer."""

    def set(self, slot: str, weight: float) -> None:
        """A LoRA counts so much, by its name inside peft."""
        if not self.in_memory:
            for layer in self._layers:
                layer.set_scale(slot, weight)
            return
        if slot not in self._there:
            self._there[slot] = self._laid_out(slot)
        whole, played = self._there[slot]
        torch.mul(whole, weight, out=played)

    def _laid_out(self, slot: str) -> tuple[Tensor, Tensor]:
        layers = [layer for layer in self._layers if slot in layer.scaling]
        for layer in layers:
            layer.set_scale(slot, 1.0)
        numbers = torch.tensor([layer.scaling[slot] for layer in layers], dtype=torch.float32)
        whole = sent(numbers, self._device)
        played = torch.empty_like(whole)
        for index, layer in enumerate(layers):
            layer.scaling[slot] = played[index]
        return whole, played
