"""LoRA layers in a UNet, and their weights alone as a network for the training loop.

A model of few steps (Turbo, LCM) gets two LoRAs. Trained as any diffusion model it unlearns its few
steps: the loss asks for the mean of all that could lie under much noise, at its four timesteps as
at any other, and it comes to answer with that, so that its pictures blur. So a first LoRA, the
training adapter, is trained on pictures that the model has painted itself, which takes the few
steps away and leaves what it knows; the second learns the clip while the first is on; then the
first is thrown away, and the few steps are back. The field trains so for models of few steps
(ostris/zimage_turbo_training_adapter, 2025, which calls it a hack that holds for runs of usual
length); others train for the model that the quick one was made from (Stable Diffusion 2.1 for
SD-Turbo) and play it on the quick one, which works here too: name that model as the base.

Measured with a network that paints one of six points of the plane in one step, by its noise alone,
and a clip of six others (a shorter run of it: tests/lora_training/test_few_steps.py), means of
three and four seeds: what it paints lay .60 from the nearest of the others before; after 600 steps
1.39, around their mean, and .61 with an adapter of 400 steps, where 4.7 of the six were met in
place of none. At half its learning rate the adapter leaves .66 and 3.3. SD-Turbo itself has not
been tried: that takes a card.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

LEARNED, TRAINING_ADAPTER = "clip", "training_adapter"
TARGETS = ("to_q", "to_k", "to_v", "to_out.0")
"""The layers of the UNet's attention."""


class LoraWeights(nn.Module):
    """The weights of one LoRA in a UNet: the same tensors, under peft's names, without the UNet
    around them. Copied, they are numbers that are in no UNet."""

    def __init__(self, unet: nn.Module, adapter: str) -> None:
        super().__init__()
        mark = f".{adapter}.weight"
        found = {
            name.removesuffix(mark).replace(".", "/"): weight
            for name, weight in unet.named_parameters()
            if name.endswith(mark)
        }
        self.weights = nn.ParameterDict(found)

    def by_name(self) -> dict[str, Tensor]:
        """`mid_block...to_q.lora_A.weight` and the like."""
        return {f"{name.replace('/', '.')}.weight": one for name, one in self.weights.items()}

    @torch.no_grad()
    def take(self, other: LoraWeights) -> None:
        """Become like another."""
        for name, weight in self.weights.items():
            weight.copy_(other.weights[name])


def add_loras(unet: Any, names: Sequence[str], rank: int, seed: int) -> None:
    """Put LoRAs that change nothing yet into a UNet. Their weights are float32, whatever its own
    are."""
    from diffusers.training_utils import cast_training_params
    from peft import LoraConfig

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for name in names:
            config = LoraConfig(r=rank, lora_alpha=rank, target_modules=list(TARGETS))
            unet.add_adapter(config, adapter_name=name)
    cast_training_params(unet, torch.float32)


def train_only(unet: Any, adapter: str, on: Sequence[str]) -> None:
    """on: the LoRAs that the UNet computes with. adapter: the one that learns."""
    unet.set_adapters(list(on))
    for name, weight in unet.named_parameters():
        weight.requires_grad_(name.endswith(f".{adapter}.weight"))
