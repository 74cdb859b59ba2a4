"""Weights files, and folders of a model of its own, opened after a look at what they are."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.checkpoints import ModelSpec, check_weights, reason


def open_file(spec: ModelSpec, what: str, name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        raise Fault(f"{what} {name}: no such file")
    if path.suffix == ".safetensors":
        check_weights(path)
    elif not spec.allow_pickle:
        raise Fault(
            f"{what} {name}: {path.suffix or 'such'} files can run code when they are opened; use "
            "a .safetensors file, "
            "or set allow_pickle: true if you trust it"
        )
    return path


def read_weights(spec: ModelSpec, what: str, name: str) -> dict[str, Any]:
    """A weights file's contents. Raises Fault."""
    from safetensors.torch import load_file

    path = open_file(spec, what, name)
    try:
        found = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except Exception as error:
        raise Fault(
            f"{what} {name}: cannot be opened ({' '.join(str(error).split())[:120]})"
        ) from None
    return dict(found) if isinstance(found, Mapping) else {"": found}


def check_part(spec: ModelSpec, what: str, name: str, kind: str) -> bool:
    """Whether a folder holds a model of a kind, a class's name. False for a Hugging Face id, of
    which nothing is known. Raises Fault."""
    folder = Path(name).expanduser()
    if folder.is_file():
        raise Fault(f"{what} {name}: is a file; name a folder, with config.json and weights in it")
    if folder.is_dir():
        try:
            called = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        except (OSError, ValueError):
            raise Fault(
                f"{what} {name}: has no config.json that can be read; the download is incomplete, "
                "fetch it again"
            ) from None
        called = called.get("_class_name") or (called.get("architectures") or [kind])[0]
        if called != kind:
            raise Fault(f"{what} {name}: is a {called}; a {kind} is wanted here")
        for weights in folder.glob("*.safetensors"):
            check_weights(weights)
        if not any(folder.glob("*.safetensors")) and not (
            spec.allow_pickle and any(folder.glob("*.bin"))
        ):
            raise Fault(
                f"{what} {name}: has no safetensors weights; fetch them, or set allow_pickle: "
                "true if you trust its .bin files"
            )
        return True
    if name.count("/") != 1 or name.startswith((".", "/", "~")):
        raise Fault(f"{what} {name}: no such folder (or a Hugging Face id like owner/name)")
    return False


def open_part(spec: ModelSpec, what: str, name: str, kind: Any, dtype: torch.dtype) -> Any:
    """A model of its own, from a folder or a Hugging Face id. Raises Fault."""
    folder = Path(name).expanduser()
    check_part(spec, what, name, kind.__name__)
    number = {"torch_dtype" if kind.__module__.startswith("diffusers") else "dtype": dtype}
    try:
        return kind.from_pretrained(
            str(folder) if folder.is_dir() else name,
            use_safetensors=None if spec.allow_pickle else True,
            **number,
        )
    except Exception as error:
        raise Fault(f"{what} {name}: {reason(spec, error)}") from None
