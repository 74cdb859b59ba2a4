"""How strongly LoRAs count, in a card's memory: what numbers in the layers make, without a new
graph."""

from __future__ import annotations

from pathlib import Path

import torch

from tests.diffusion.adapter_parts import load, lora
from vj.diffusion.adapters import slot_name
from vj.diffusion.lora_scales import LoraScales


def test_scales_in_memory_make_what_numbers_make(parts: Path) -> None:
    """Two LoRAs, each at several weights, to the bit; and the tensors stay where they are."""
    loras = (lora(parts, "ink", 0.8), lora(parts, "gold", 0.3))
    model = load(parts, "lcm", loras=loras)
    text = model.encode_text("gold")
    x, t = (
        torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(1)),
        torch.tensor([500.0]),
    )
    weights = ((0.8, 0.3), (0.0, 1.0), (2.0, 0.0), (0.123, 1.7))

    def painted(scales: LoraScales) -> list[torch.Tensor]:
        made = []
        for pair in weights:
            for slot, weight in enumerate(pair):
                scales.set(slot_name(slot), weight)
            made.append(model.unet(x, t, text))
        return made

    numbers = painted(LoraScales(model.pipe.unet))
    scales = LoraScales(model.pipe.unet, in_memory=True)
    tensors = painted(scales)
    places = [played.data_ptr() for _, played in scales._there.values()]
    assert all(torch.equal(one, two) for one, two in zip(numbers, tensors, strict=True))
    assert not torch.equal(numbers[0], numbers[1])
    painted(scales)
    assert places == [played.data_ptr() for _, played in scales._there.values()]
    back = painted(LoraScales(model.pipe.unet))
    assert all(torch.equal(one, two) for one, two in zip(numbers, back, strict=True))
