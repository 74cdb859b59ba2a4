"""Models that are a part of another, each with a config.json of its own: a ControlNet, a
T2I-Adapter, an autoencoder, an image encoder. From a folder or a Hugging Face id."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.load_errors import reason
from vj.diffusion.model_names import is_hub_id
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.weights import check_weights


def check_part(spec: ModelSpec, what: str, name: str, kind: str) -> bool:
    """Whether a folder holds a whole part of a kind. what: the setting, for the error, like
    `controlnet`. kind: the name of its class in diffusers or transformers. False for a Hugging Face
    id, of which nothing is known. Raises Fault."""
    folder = Path(name).expanduser()
    if folder.is_file():
        raise Fault(f"{what} {name}: is a file; name a folder, with config.json and weights in it")
    if not folder.is_dir():
        if not is_hub_id(name):
            raise Fault(f"{what} {name}: no such folder (or a Hugging Face id like owner/name)")
        return False
    found = _class_in(what, name, folder, kind)
    if found != kind:
        raise Fault(f"{what} {name}: is a {found}; a {kind} is wanted here")
    weights = list(folder.glob("*.safetensors"))
    for file in weights:
        check_weights(file)
    if not weights and not (spec.allow_pickle and any(folder.glob("*.bin"))):
        raise Fault(
            f"{what} {name}: has no safetensors weights; fetch them, or set allow_pickle: "
            "true if you trust its .bin files"
        )
    return True


def _class_in(what: str, name: str, folder: Path, kind: str) -> str:
    """The class that a part's config.json names; `kind` where it names none. Raises Fault."""
    try:
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Fault(
            f"{what} {name}: has no config.json that can be read; the download is incomplete, "
            "fetch it again"
        ) from None
    found: str = config.get("_class_name") or (config.get("architectures") or [kind])[0]
    return found


def open_part(spec: ModelSpec, what: str, name: str, kind: Any, dtype: torch.dtype) -> Any:
    """Load a part. kind: its class. Raises Fault."""
    folder = Path(name).expanduser()
    check_part(spec, what, name, kind.__name__)
    dtype_argument = "torch_dtype" if kind.__module__.startswith("diffusers") else "dtype"
    try:
        return kind.from_pretrained(
            str(folder) if folder.is_dir() else name,
            use_safetensors=None if spec.allow_pickle else True,
            **{dtype_argument: dtype},
        )
    except Exception as error:
        raise Fault(f"{what} {name}: {reason(error)}") from None
