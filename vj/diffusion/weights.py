"""Weights files: looked at, opened and read. What is missing, broken or a pickle is an error of one
line that names the setting and the file."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault, nearest_file
from vj.diffusion.load_errors import first_words
from vj.diffusion.model_spec import ModelSpec

Shapes = Mapping[str, tuple[int, ...]]
"""The tensors of a file: their names and shapes."""
INSTEAD = (
    (b"version https://git-lfs", "is a git-lfs pointer; run `git lfs pull` where it was cloned"),
    (b"<!doctype html", "is a web page, as a download that needed a login leaves one"),
    (b"<html", "is a web page, as a download that needed a login leaves one"),
)
"""What lies where weights should be, by how it begins."""
HELD = ("state_dict", "model", "module")
"""The names under which a pickle may have its tensors, where they do not lie at the top."""
DEEPEST = 5
"""Names within names that are looked into: a pickle may hold itself."""
SAVED_AS = (
    "pytorch_lora_weights.safetensors",
    "adapter_model.safetensors",
    "learned_embeds.safetensors",
)
"""What diffusers and peft call what they train, where other files may lie beside it."""
WHOLE_NUMBERS = ("I8", "U8")
"""Types of a safetensors file that weights have only where they are quantised."""
ARCHIVE = b"pk"
"""How a file that PyTorch wrote begins, in lower case; by its old code it is a bare pickle."""


class Skipped:
    """Stands for whatever a checkpoint holds beside tensors, like the callbacks of PyTorch
    Lightning: nothing of theirs is run."""

    def __init__(self, *given: object, **named: object) -> None:
        pass


def check_weights(path: Path) -> None:
    """Look at a weights file's beginning: a safetensors header says how long the file has to be.
    Raises Fault."""
    try:
        with path.open("rb") as file:
            begin = file.read(64).lstrip().lower()
    except OSError as error:
        raise Fault(f"{path}: cannot be read ({error.strerror})") from None
    if not begin:
        raise Fault(f"{path}: broken or only half there (it is empty); fetch it again")
    for start, words in INSTEAD:
        if begin.startswith(start):
            raise Fault(f"{path}: {words}, and not the weights; or fetch it again")
    if path.suffix == ".safetensors":
        try:
            whole = _whole_numbers(path)
        except Exception as error:
            raise Fault(
                f"{path}: broken or only half there ({first_words(error, 100)}); fetch it again"
            ) from None
        if whole:
            raise Fault(
                f"{path}: holds weights as whole numbers ({whole}), quantised by a program that "
                "knows their scales; a file in float16 plays here"
            )
    elif begin.startswith(ARCHIVE) and not zipfile.is_zipfile(path):
        raise Fault(f"{path}: broken or only half there (its end is missing); fetch it again")


def _whole_numbers(path: Path) -> str:
    """A tensor of weights that are whole numbers, and their type; "" where there is none. Raises
    whatever safetensors does."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118
            weights = file.get_slice(name)
            if weights.get_dtype() in WHOLE_NUMBERS and len(weights.get_shape()) > 1:
                return f"{name}: {weights.get_dtype()}"
    return ""


def tensor_names(path: Path) -> list[str]:
    """The names of the tensors in a safetensors file. Raises whatever safetensors does."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        return list(file.keys())


def tensor_shapes(path: Path) -> tuple[dict[str, tuple[int, ...]], dict[str, str]]:
    """The tensors of a safetensors file, and what its header says about it otherwise. Raises
    whatever safetensors does."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        return shapes, file.metadata() or {}


def find_weights(spec: ModelSpec, what: str, name: str) -> Path:
    """The file that a setting names, after a look at its header. what: the setting, for the error,
    like `lora`. Raises Fault."""
    path = Path(name).expanduser()
    if path.is_dir():
        path = _file_in(what, name, path)
    if not path.is_file():
        raise Fault(f"{what} {name}: no such file{nearest_file(path)}")
    if path.suffix != ".safetensors" and not spec.allow_pickle:
        raise Fault(
            f"{what} {name}: {path.suffix or 'such'} files can run code when they are opened; use "
            "a .safetensors file, or set allow_pickle: true if you trust it"
        )
    check_weights(path)
    return path


def _file_in(what: str, name: str, folder: Path) -> Path:
    """The weights in a folder, as trainers leave one. Raises Fault."""
    files = sorted(path for path in folder.iterdir() if path.suffix == ".safetensors")
    known = [path for path in files if path.name in SAVED_AS]
    if len(known or files) == 1:
        return (known or files)[0]
    there = ", ".join(path.name for path in files[:3])
    raise Fault(
        f"{what} {name}: is a folder with {f'several files: {there}' if files else 'none'}; name "
        "the .safetensors file that is meant"
    )


def weight_names(spec: ModelSpec, what: str, name: str) -> list[str]:
    """The names of the tensors in a file, by its header alone; none for a pickle, which would have
    to be read whole. Raises Fault."""
    path = find_weights(spec, what, name)
    return tensor_names(path) if path.suffix == ".safetensors" else []


def weight_shapes(spec: ModelSpec, what: str, name: str) -> Shapes:
    """The shapes of the tensors in a file, by its header alone; none for a pickle. Raises Fault."""
    path = find_weights(spec, what, name)
    return tensor_shapes(path)[0] if path.suffix == ".safetensors" else {}


def read_weights(spec: ModelSpec, what: str, name: str) -> dict[str, Any]:
    """A weights file's contents, by their names. Raises Fault."""
    from safetensors.torch import load_file

    path = find_weights(spec, what, name)
    try:
        found = load_file(path) if path.suffix == ".safetensors" else _read_pickle(path)
    except Exception as error:
        raise Fault(f"{what} {name}: cannot be opened ({first_words(error, 120)})") from None
    return dict(found) if isinstance(found, Mapping) else {"": found}


def read_tensors(spec: ModelSpec, what: str, name: str) -> dict[str, torch.Tensor]:
    """The tensors of a model's file, wherever in it they lie. Raises Fault."""
    found: Mapping[str, Any] = read_weights(spec, what, name)
    for _ in range(DEEPEST):
        found = _held(found) or found
    return {str(key): value for key, value in found.items() if isinstance(value, torch.Tensor)}


def _held(found: Mapping[str, Any]) -> Mapping[str, Any] | None:
    return next((found[key] for key in HELD if isinstance(found.get(key), Mapping)), None)


def _read_pickle(path: Path) -> Any:
    """What PyTorch wrote: tensors and plain values. Whatever else is in it, which nothing here
    needs, is `Skipped`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of other pickle protocols, which are read all the same
        try:
            strangers = torch.serialization.get_unsafe_globals_in_checkpoint(path)
        except ValueError:  # written by the old code, of which no list can be had
            strangers = []
        with torch.serialization.safe_globals([(Skipped, name) for name in strangers]):
            return torch.load(path, map_location="cpu", weights_only=True)
