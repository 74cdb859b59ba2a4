"""Which module of a model a LoRA's file means, in each spelling that trainers use.

All spellings are made from the model that is played, block by block, so that one with fewer blocks
(SSD-1B, SDXS) is numbered as its own trainers number it, and what it has not is known.
"""

from __future__ import annotations

import re
from typing import Any

from torch import nn

PARTS = (
    ("text_encoder_2", r"(lora|lycoris)_te2[_.]|(base_model\.model\.)?text_encoder_2\."),
    ("text_encoder_2", r"(text_encoders\.)?clip_g\.(transformer\.)?|conditioner\.embedders\.1\."),
    ("text_encoder", r"(lora|lycoris)_te1?[_.]|(base_model\.model\.)?text_encoder(_1)?\."),
    ("text_encoder", r"(text_encoders\.)?clip_l\.(transformer\.)?|conditioner\.embedders\.0\."),
    ("text_encoder", r"(base_model\.model\.)?(?=text_model\.)"),
    ("unet", r"lora_unet[_.]|lycoris_(unet_)?"),
    ("unet", r"(base_model\.model\.)?unet\.|(model\.)?diffusion_model\."),
    ("unet", r"(base_model\.model\.)?"),
)
"""The parts of a model, by how a name begins."""
_PARTS = [(part, re.compile(pattern)) for part, pattern in PARTS]
_INNER = re.compile(r"(base_model\.model\.|transformer\.(?=text_model\.))")

RESNET = {
    "conv1": "in_layers_2",
    "conv2": "out_layers_3",
    "time_emb_proj": "emb_layers_1",
    "conv_shortcut": "skip_connection",
}
"""A module of a UNet's resnet, and its name in the original code."""


def split_part(name: str) -> tuple[str, str]:
    """A module's name in a file -> the part of the model and the rest, without dots."""
    for part, look in _PARTS:
        if match := look.match(name):
            rest = _INNER.sub("", name[match.end() :], count=1).replace(".", "_")
            return part, rest.replace("_processor_", "_")
    raise AssertionError("the last pattern fits all")


def spellings(pipe: Any) -> dict[str, dict[str, str]]:
    """By part of a pipeline: each spelling of a module, without dots, and its name in the part."""
    found = {"unet": _unet(pipe.unet)}
    for part in ("text_encoder", "text_encoder_2"):
        encoder = getattr(pipe, part, None)
        if encoder is not None:
            found[part] = _text(encoder)
    return found


def _adapted(part: nn.Module) -> list[str]:
    """The modules that a LoRA can change. Those that have one already are seen as they were."""
    seen = {
        name.removesuffix(".base_layer")
        for name, module in part.named_modules()
        if isinstance(module, nn.Linear | nn.Conv2d)
    }
    return [name for name in seen if not re.search(r"\.lora_[AB]\.", name)]


def _text(encoder: nn.Module) -> dict[str, str]:
    """Newer transformers have no `text_model.` in front, which files have."""
    found: dict[str, str] = {}
    for name in _adapted(encoder):
        bare = name.removeprefix("text_model.").replace(".", "_")
        early = re.sub("_(q|k|v|out)_proj$", r"_to_\1", bare)  # the first ones of diffusers
        for one in (bare, early):
            found |= {one: name, f"text_model_{one}": name}
    return found


def _unet(unet: Any) -> dict[str, str]:
    original = _original_blocks(unet)
    found: dict[str, str] = {}
    for name in _adapted(unet):
        flat = name.replace(".", "_")
        named = [flat]
        for block, theirs in original.items():
            if name == block:
                named.append(theirs)
            elif name.startswith(f"{block}."):
                inner = name.removeprefix(f"{block}.")
                inner = RESNET.get(inner, inner.replace(".", "_"))
                named.append(f"{theirs}_{inner}")
        for one in named:
            found[one] = name
            if one.endswith("_to_out_0"):  # the processors of earlier diffusers have no number
                found[one.removesuffix("_0")] = name
    return found


def _original_blocks(unet: Any) -> dict[str, str]:
    """Blocks of a UNet of diffusers, and their numbers in the original code."""
    names = {
        "conv_in": "input_blocks_0_0",
        "conv_out": "out_2",
        "time_embedding.linear_1": "time_embed_0",
        "time_embedding.linear_2": "time_embed_2",
        "add_embedding.linear_1": "label_emb_0_0",
        "add_embedding.linear_2": "label_emb_0_2",
        "mid_block.resnets.0": "middle_block_0",
        "mid_block.attentions.0": "middle_block_1",
        "mid_block.resnets.1": "middle_block_2",
    }
    number = 1
    for i, block in enumerate(unet.down_blocks):
        for j in range(len(block.resnets)):
            names[f"down_blocks.{i}.resnets.{j}"] = f"input_blocks_{number}_0"
            names[f"down_blocks.{i}.attentions.{j}"] = f"input_blocks_{number}_1"
            number += 1
        if getattr(block, "downsamplers", None):
            names[f"down_blocks.{i}.downsamplers.0.conv"] = f"input_blocks_{number}_0_op"
            number += 1
    number = 0
    for i, block in enumerate(unet.up_blocks):
        for j in range(len(block.resnets)):
            names[f"up_blocks.{i}.resnets.{j}"] = f"output_blocks_{number}_0"
            names[f"up_blocks.{i}.attentions.{j}"] = f"output_blocks_{number}_1"
            number += 1
        if getattr(block, "upsamplers", None):
            place = 2 if getattr(block, "attentions", None) else 1
            name = f"up_blocks.{i}.upsamplers.0.conv"
            names[name] = f"output_blocks_{number - 1}_{place}_conv"
    return names
