"""What the config.json files of a diffusers folder say of a model, without loading it."""

from __future__ import annotations

import json
from pathlib import Path

from vj.diffusion.model_names import find_model
from vj.diffusion.model_spec import ModelSpec


def text_widths(spec: ModelSpec) -> dict[str, int]:
    """How many numbers a token has, by text encoder; empty where no folder says it."""
    found = {}
    for part in ("text_encoder", "text_encoder_2"):
        width = _number(spec, part, "hidden_size")
        if width is not None:
            found[part] = width
    return found


def family_of_folder(spec: ModelSpec) -> str | None:
    """As `vj.diffusion.pipelines.family_of` says it of a pipeline; None where no folder says it."""
    width = _number(spec, "unet", "cross_attention_dim")
    if "text_encoder_2" in text_widths(spec):
        return "sdxl"
    return {768: "sd15", 1024: "sd21"}.get(width or 0)


def _number(spec: ModelSpec, part: str, key: str) -> int | None:
    found = find_model(spec.name)
    if found.kind != "folder":
        return None
    try:
        text = (Path(found.path) / part / "config.json").read_text(encoding="utf-8")
        value = json.loads(text).get(key)
    except (OSError, ValueError, AttributeError):
        return None
    return value if isinstance(value, int) else None
