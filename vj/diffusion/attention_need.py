"""How much memory a model takes to look at earlier frames (`memory/*`), found out from its files
alone. No torch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vj.core.frame import Size
from vj.diffusion.memory_need import HEADER, fetched
from vj.diffusion.model_names import FoundModel, find_model
from vj.diffusion.model_spec import ModelSpec

SCALE = 8
"""Pixels of a latent's side."""
LED = 2
"""The first up blocks, in which tokens are kept, too (`vj.diffusion.attention_banks.LEADING`)."""
SD: Mapping[str, Any] = {
    "block_out_channels": (320, 640, 1280, 1280),
    "layers_per_block": 2,
    "transformer_layers_per_block": 1,
    "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
    "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
}
SDXL: Mapping[str, Any] = {
    "block_out_channels": (320, 640, 1280),
    "layers_per_block": 2,
    "transformer_layers_per_block": (1, 2, 10),
    "down_block_types": ("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 2,
    "up_block_types": ("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",),
}
"""UNets of models in one file, which say nothing of themselves."""
OF_SDXL = b'"model.diffusion_model.label_emb.'
"""A name in the header of a safetensors file that only SDXL has."""


@dataclass(frozen=True, slots=True)
class AttentionShape:
    """Of one self-attention: how many tokens it has, how wide they are, and whether these are
    kept."""

    tokens: int
    width: int
    leads: bool

    @property
    def numbers(self) -> int:
        """That are kept of one frame: keys and values, and tokens."""
        return self.tokens * self.width * (3 if self.leads else 2)


def attention_need(
    spec: ModelSpec, size: Size, frames: int, steps: int = 1, device: str = "cpu"
) -> int:
    """Bytes for so many earlier frames of each step; 0 for a model that has no self-attention, or
    whose files are not here."""
    found = find_model(spec.name)
    if found.kind not in ("file", "folder", "id"):
        return 0
    on_card = device not in ("cpu", "")
    wide = 2 if spec.dtype in ("float16", "bfloat16") or (spec.dtype == "auto" and on_card) else 4
    shapes = attention_shapes(_config(spec, found), size.height // SCALE, size.width // SCALE)
    return wide * steps * (frames + 1) * sum(shape.numbers for shape in shapes)


def attention_shapes(
    config: Mapping[str, Any], height: int, width: int
) -> Iterator[AttentionShape]:
    """Those of a UNet by its config.json, for latents of height x width."""
    widths = config["block_out_channels"]
    levels = len(widths)
    each = _for_each(config["layers_per_block"], levels)
    deep = _for_each(config.get("transformer_layers_per_block") or 1, levels)
    up = config.get("reverse_transformer_layers_per_block") or list(reversed(deep))

    def at(level: int, count: int, leads: bool) -> Iterator[AttentionShape]:
        step = 1 << level
        tokens = -(-height // step) * -(-width // step)
        yield from [AttentionShape(tokens, widths[level], leads)] * count

    for level, kind in enumerate(config["down_block_types"]):
        if "CrossAttn" in kind:
            yield from at(level, _in_all(deep[level], each[level]), False)
    if "CrossAttn" in str(config.get("mid_block_type", "UNetMidBlock2DCrossAttn")):
        yield from at(levels - 1, _in_all(deep[-1], 1), True)
    for block, kind in enumerate(config["up_block_types"]):
        level = levels - 1 - block
        if "CrossAttn" in kind:
            yield from at(level, _in_all(up[block], each[level] + 1), block < LED)


def _for_each(given: Any, levels: int) -> list[Any]:
    return [given] * levels if isinstance(given, int) else list(given)


def _in_all(given: Any, layers: int) -> int:
    """Of as many layers; given: in each, or a list of what is in which."""
    return given * layers if isinstance(given, int) else sum(given[:layers])


def _header(file: Path) -> bytes:
    """Of a safetensors file; empty for another. Raises OSError."""
    if file.suffix != ".safetensors":
        return b""
    with file.open("rb") as opened:
        return opened.read(min(HEADER, int.from_bytes(opened.read(8), "little")))


def _config(spec: ModelSpec, found: FoundModel) -> Mapping[str, Any]:
    """A model's UNet in words; that of its family where it does not say."""
    folder = found.path if found.kind == "folder" else fetched(spec.name)
    try:
        if found.kind == "file":
            return SDXL if OF_SDXL in _header(found.path) else SD
        read: Mapping[str, Any] = json.loads(
            ((folder or Path()) / "unet" / "config.json").read_text(encoding="utf-8")
        )
    except (OSError, ValueError):
        return SD
    return read if "down_block_types" in read else SD
