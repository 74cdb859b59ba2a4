"""What a show adds to its model: LoRAs whose weights are played, words of its own, pictures
that lead ControlNets and T2I-Adapters, pictures as prompts.

What belongs to a frame travels with it: its guides and their amounts in the `Conditioning`, its
image prompt and the amount of that in the `Embedding`. A LoRA's weight cannot: it is a setting of
the UNet, which computes several frames at once, so a change reaches those in flight too. The part
of a LoRA that changes the text encoder stays at the weight the show starts with: texts are encoded
once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from vj.diffusion.guides import ControlNets, Hints, T2IAdapters
from vj.diffusion.ip_adapter import ImagePrompts, with_amount
from vj.diffusion.lora_scales import LoraScales
from vj.diffusion.prompts import Embedding
from vj.parameters.store import Snapshot
from vj.parameters.table import Value

SMALL = 1e-4
"""Changes of a LoRA's weight below this are left out."""


@dataclass
class Adapters:
    """What was added to one model. Used by the loader's thread while it loads, then by the render
    thread alone."""

    weights: dict[str, float] = field(default_factory=dict)
    """The LoRAs, in the order of the show, and the weights they stand at."""
    tokens: tuple[str, ...] = ()
    """Words that textual inversions have brought."""
    controlnet: ControlNets | None = None
    t2i_adapter: T2IAdapters | None = None
    guides: tuple[str, ...] = ()
    """Kinds of pictures that lead these, in the order of a frame's hints."""
    image_prompts: ImagePrompts | None = None
    _scales: LoraScales | None = None

    @property
    def in_unet(self) -> bool:
        """The UNet takes more than its file holds, or something that may change with every
        frame."""
        return bool(self.weights) or bool(self.guides) or self.image_prompts is not None

    def describe(self) -> str:
        """`, lora ink, <cat-toy>, controlnet`; empty without any."""
        parts = [*(f"lora {name}" for name in self.weights), *self.tokens]
        for word, part in (("controlnet", self.controlnet), ("t2i_adapter", self.t2i_adapter)):
            if part is not None:
                led_by = [self.guides[place] for place in part.guides]
                parts.append(word if led_by == ["lines"] else f"{word} {' '.join(led_by)}")
        return "".join(
            f", {part}"
            for part in (*parts, *(["ip_adapter"] if self.image_prompts is not None else []))
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Compute there, in that type."""
        for part in (self.controlnet, self.t2i_adapter):
            if part is not None:
                moved: Any = part
                moved.to(device, dtype, memory_format=torch.channels_last)
                part.eval().requires_grad_(False)
        if self.image_prompts is not None:
            self.image_prompts.to(device, dtype if device.type != "cpu" else torch.float32)

    def follow(self, unet: Any, values: Mapping[str, Value]) -> None:
        """Bring the LoRAs to the weights of a frame, `lora/NAME` in its values. Does nothing while
        they stand still.

        Sets the scales of the LoRA layers, remembered from the first frame: 0.1 ms in SD 1.5, 0.5
        ms in SDXL for two LoRAs, where `set_adapters` looks through the whole UNet for 6 and 30 ms.
        A LoRA at 0 still costs its computing.
        """
        fresh = self._scales is None or self._scales.unet is not unet
        if self._scales is None or fresh:  # tuning puts a copy of the UNet in
            self._scales = LoraScales(unet)
        wanted = {
            name: float(values.get(f"lora/{name}", weight)) for name, weight in self.weights.items()
        }
        moved = {
            name
            for name, weight in wanted.items()
            if abs(weight - self.weights[name]) > SMALL or (fresh and self._scales.in_memory)
        }
        if not moved:
            return
        for slot, (name, weight) in enumerate(wanted.items()):
            if name in moved:
                self.weights[name] = weight
                self._scales.set(slot_name(slot), weight)

    def residuals(
        self,
        x: Tensor,
        t: Tensor,
        tokens: Tensor,
        added: dict[str, Any],
        hints: Hints,
        amount: float | Tensor,
    ) -> dict[str, Any]:
        """The residuals that ControlNets and T2I-Adapters add to the UNet, as its arguments; empty
        without them or without a hint. x, t, tokens, added: as the UNet gets them. hints: see
        `Hints`. amount: their weight, for all, or (B, hints)."""
        if not self.guides or all(hint is None for hint in hints):
            return {}
        hints = tuple(None if hint is None else hint.to(x.device, x.dtype) for hint in hints)
        amounts = torch.as_tensor(amount, dtype=x.dtype, device=x.device)
        amounts = amounts if amounts.ndim == 2 else amounts.reshape(-1, 1).expand(-1, len(hints))
        more: dict[str, Any] = {}
        if self.controlnet is not None:
            more |= self.controlnet(x, t, tokens, added, hints, amounts)
        if self.t2i_adapter is not None:
            more |= self.t2i_adapter(hints, amounts)
        return more

    def image_tokens(self, given: Tensor | None, batch: int) -> Tensor:
        """What a UNet with an IP-Adapter gets for a batch: the tokens given and their amounts,
        zeros where there are none. (B, N, D + 1)."""
        assert self.image_prompts is not None
        if given is not None:
            return given
        blank = self.image_prompts.blank
        return blank.new_zeros(batch, blank.shape[1], blank.shape[2] + 1)

    def with_image_prompt(
        self,
        text: Embedding,
        snapshot: Snapshot,
        walked: Tensor | None = None,
        against: bool = False,
    ) -> Embedding:
        """A frame's embedding with its image prompt. walked: the tokens of a walk's pictures, or of
        one that was taken while the show plays, which replace the show's own. against: it is a
        negative prompt, which gets the tokens of no picture."""
        if (
            self.image_prompts is None
            or snapshot["image/amount"] == 0
            or (walked is None and not self.image_prompts.shown)
        ):
            return text
        tokens = self.image_prompts.at(snapshot["image/mix"]) if walked is None else walked
        if against:
            tokens = self.image_prompts.blank
        return replace(text, image=with_amount(tokens, snapshot["image/amount"]))


def slot_name(number: int) -> str:
    """A LoRA's name inside peft, where names like "train" or "my_lora_2" would break something."""
    return f"slot{number}"
