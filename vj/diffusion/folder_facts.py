"""What the config.json files of a diffusers folder, or a file's header, say of a model, without
loading it."""

from __future__ import annotations

import json
from pathlib import Path

from vj.diffusion.checkpoints import check_single_file
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
    """As `vj.diffusion.pipelines.family_of` says it of a pipeline; None where neither a folder nor
    a file's header says it."""
    found = find_model(spec.name)
    if found.kind == "file":
        return _family_of_file(spec, Path(found.path))
    width = _number(spec, "unet", "cross_attention_dim")
    if "text_encoder_2" in text_widths(spec):
        return "sdxl"
    return {768: "sd15", 1024: "sd21"}.get(width or 0)


def _family_of_file(spec: ModelSpec, path: Path) -> str | None:
    try:
        kind = check_single_file(spec, path)
    except Exception:  # it is told where the model itself is looked at
        return None
    return None if kind is None else {"v1": "sd15", "v2": "sd21", "xl": "sdxl"}[kind.family]


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
