"""Weights files: looked at, opened and read. What is missing, broken or a pickle is an error of one
line that names the setting and the file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault, nearest_file
from vj.diffusion.load_errors import first_words
from vj.diffusion.model_spec import ModelSpec


def check_weights(path: Path) -> None:
    """Read a safetensors file's header, which says how long the file has to be. Raises Fault."""
    try:
        tensor_names(path)
    except Exception as error:
        raise Fault(
            f"{path}: broken or only half there ({first_words(error, 100)}); fetch it again"
        ) from None


def tensor_names(path: Path) -> list[str]:
    """The names of the tensors in a safetensors file. Raises whatever safetensors does."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return list(file.keys())


def find_weights(spec: ModelSpec, what: str, name: str) -> Path:
    """The file that a setting names, after a look at its header. what: the setting, for the error,
    like `lora`. Raises Fault."""
    path = Path(name).expanduser()
    if not path.is_file():
        raise Fault(f"{what} {name}: no such file{nearest_file(path)}")
    if path.suffix == ".safetensors":
        check_weights(path)
    elif not spec.allow_pickle:
        raise Fault(
            f"{what} {name}: {path.suffix or 'such'} files can run code when they are opened; use "
            "a .safetensors file, or set allow_pickle: true if you trust it"
        )
    return path


def weight_names(spec: ModelSpec, what: str, name: str) -> list[str]:
    """The names of the tensors in a file, by its header alone; none for a pickle, which would have
    to be read whole. Raises Fault."""
    path = find_weights(spec, what, name)
    return tensor_names(path) if path.suffix == ".safetensors" else []


def read_weights(spec: ModelSpec, what: str, name: str) -> dict[str, Any]:
    """A weights file's contents, by their names. Raises Fault."""
    from safetensors.torch import load_file

    path = find_weights(spec, what, name)
    try:
        found = (
            load_file(path)
            if path.suffix == ".safetensors"
            else torch.load(path, map_location="cpu", weights_only=True)
        )
    except Exception as error:
        raise Fault(f"{what} {name}: cannot be opened ({first_words(error, 120)})") from None
    return dict(found) if isinstance(found, Mapping) else {"": found}
