"""One LoRA written as each trainer writes it, by renaming alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from tests.tiny_models import RESNET_NAMES, UNET_NAMES

Layers = dict[str, tuple[Tensor, Tensor, float]]
"""By part and module (`unet.mid_block.resnets.0.conv1`): down, up and alpha."""

TARGETS = (
    *("attn1.to_q", "attn2.to_k", "attn2.to_v", "to_out.0", "proj_in", "proj_out"),
    *("ff.net.0.proj", "ff.net.2", "conv1", "conv2", "time_emb_proj", "conv_shortcut"),
    *("downsamplers.0.conv", "upsamplers.0.conv"),
)
ENCODERS = {"text_encoder": "clip_l", "text_encoder_2": "clip_g"}
TEXT_TARGETS = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


def draw_lora(pipe: Any, parts: tuple[str, ...] = ("unet",), attention: bool = False) -> Layers:
    """Weights for the modules of a pipeline, of ranks and alphas that differ. attention: of the
    attention's four layers alone, as early diffusers had it."""
    generator = torch.Generator().manual_seed(21)

    def some(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator) * 0.3

    found: Layers = {}
    for part in parts:
        for name, module in getattr(pipe, part).named_modules():
            ends: tuple[str, ...] = TARGETS if part == "unet" else TEXT_TARGETS
            if attention:
                ends = ("to_q", "to_k", "to_v", "to_out.0")
            if not name.endswith(ends) or not isinstance(module, nn.Linear | nn.Conv2d):
                continue
            rank = 2 + len(found) % 3
            out, into, *kernel = module.weight.shape
            ones = [1] * len(kernel)
            pair = some(rank, into, *kernel), some(out, rank, *ones)
            found[f"{part}.{name}"] = (*pair, rank * (0.5 + len(found) % 2))
    return found


def merged(pipe: Any, layers: Layers, weight: float = 1.0) -> None:
    """Add a LoRA to a pipeline's weights by hand."""
    for name, change in changes(layers).items():
        part, _, module = name.partition(".")
        getattr(pipe, part).get_submodule(module).weight.data += change * weight


def changes(layers: Layers) -> dict[str, Tensor]:
    """What a LoRA adds to each weight."""
    return {
        name: (up.flatten(1) @ down.flatten(1)).view(up.shape[0], *down.shape[1:])
        * (alpha / down.shape[0])
        for name, (down, up, alpha) in layers.items()
    }


def written(layers: Layers, spelling: str) -> dict[str, Tensor]:
    """The tensors of its file."""
    state: dict[str, Tensor] = {}
    for name, (down, up, alpha) in layers.items():
        part, _, module = name.partition(".")
        if part != "unet" and not module.startswith("text_model."):
            module = f"text_model.{module}"
        pair = _pair(spelling, part, module)
        state |= {pair[0]: down.contiguous(), pair[1]: up.contiguous(), pair[2]: _scalar(alpha)}
    return state


def _scalar(value: float) -> Tensor:
    return torch.tensor(float(value))


def _pair(spelling: str, part: str, module: str) -> tuple[str, str, str]:
    if spelling in ("kohya", "kohya sgm", "kohya te1"):
        if spelling != "kohya" and part == "unet":
            module = original(module)
        text = "lora_te_" if spelling == "kohya" else "lora_te1_"
        begin = {"unet": "lora_unet_", "text_encoder": text, "text_encoder_2": "lora_te2_"}[part]
        name = begin + module.replace(".", "_")
        return f"{name}.lora_down.weight", f"{name}.lora_up.weight", f"{name}.alpha"
    if spelling in ("comfy", "onetrainer", "lycoris"):
        name = {
            "comfy": f"diffusion_model.{original(module)}",
            "onetrainer": f"{ENCODERS.get(part, part)}.{module}",
            "lycoris": f"lycoris_{module.replace('.', '_')}",
        }[spelling]
        return f"{name}.lora_down.weight", f"{name}.lora_up.weight", f"{name}.alpha"
    if spelling == "first text" and part != "unet":
        early = re.sub(r"(q|k|v|out)_proj$", r"to_\1", module)
        name = f"{part}.{early}"
        return f"{name}_lora.down.weight", f"{name}_lora.up.weight", f"{name}.alpha"
    if spelling in ("old diffusers", "first text"):
        name = f"{part}.{module}"
        if part == "unet":
            base, _, last = name.rpartition(".attn")
            number, _, layer = last.partition(".")
            name = f"{base}.attn{number}.processor.{layer.removesuffix('.0')}_lora"
            return f"{name}.down.weight", f"{name}.up.weight", f"{name}.alpha"
        name = f"{name}.lora_linear_layer"
        return f"{name}.down.weight", f"{name}.up.weight", f"{part}.{module}.alpha"
    name, adapter = {
        "diffusers": (f"{part}.{module}", ""),
        "peft": (f"base_model.model.{part}.{module}", ""),
        "bare peft": (f"base_model.model.{module}", ""),
        "peft default": (f"{part}.base_model.model.{module}", ".default"),
    }[spelling]
    ends = f".lora_A{adapter}.weight", f".lora_B{adapter}.weight"
    return f"{name}{ends[0]}", f"{name}{ends[1]}", f"{name}.alpha"


def original(module: str) -> str:
    """A module's name in the original code, from the table that the one-file models are made by."""
    name = f"{module}."
    for theirs, own in UNET_NAMES.items():
        name = name.replace(theirs, own) if name.startswith(theirs) else name
    if ".resnets." in module:
        for theirs, own in RESNET_NAMES.items():
            name = name.replace(theirs, own)
    return name.removesuffix(".")


def apart(one: Mapping[str, Tensor], two: Mapping[str, Tensor]) -> float:
    """The largest difference of two sets of weights with the same names."""
    assert one.keys() == two.keys(), one.keys() ^ two.keys()
    return max(float((one[name] - two[name]).abs().max()) for name in one)


def played(pipe: Any, slot: str = "slot0") -> dict[str, Tensor]:
    """What the layers of a LoRA that was loaded add to each weight."""
    found = {}
    for part in ("unet", "text_encoder", "text_encoder_2"):
        for name, module in getattr(pipe, part, nn.Module()).named_modules():
            if slot in getattr(module, "lora_A", {}):
                found[f"{part}.{name}"] = module.get_delta_weight(slot).detach().float()
    return found
