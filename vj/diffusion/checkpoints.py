"""Whether a Stable Diffusion checkpoint, a folder or a single file, is whole, without loading it.

What is missing or broken is an error of one line here, before diffusers fails over it in its own
words.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.weights import check_weights, tensor_names

WITH_WEIGHTS = ("unet", "vae", "text_encoder", "text_encoder_2")
WITHOUT_WEIGHTS = {
    "tokenizer": ("vocab.json", "tokenizer.json"),
    "tokenizer_2": ("vocab.json", "tokenizer.json"),
    "scheduler": ("scheduler_config.json",),
}
"""Parts of a folder, and the files of which one has to be in each. Without its tokenizer a folder
loads, and every prompt fails."""


PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
"""Files that run code when they are opened, by their ends."""


def check_single_file(spec: ModelSpec, path: Path) -> list[str]:
    """Whether a file is a whole checkpoint, by its header; a pickle has to be read. Returns the
    names of its tensors. Raises Fault."""
    if path.suffix == ".safetensors":
        names = tensor_names(path)
    elif spec.allow_pickle:
        state = torch.load(path, map_location="cpu", weights_only=True)
        names = list(state.get("state_dict", {}))
    elif path.suffix.lower() not in PICKLES:
        raise Fault(
            f"model {path}: is no model file; a .safetensors file, a diffusers folder or the id of "
            "one would be right"
        )
    else:
        raise Fault(
            f"model {path}: {path.suffix} files can run code when they are opened; use a "
            ".safetensors file, or set allow_pickle: true if you trust it"
        )
    if not any(name.startswith("model.diffusion_model.") for name in names):
        kind = "a LoRA" if any("lora" in name for name in names) else "not a whole checkpoint"
        raise Fault(
            f"model {path}: {kind}; a single-file checkpoint holds model.diffusion_model.*, text "
            "encoder and VAE"
        )
    return names


def check_folder(spec: ModelSpec, path: Path) -> None:
    """Whether a folder is a whole diffusers model. Raises Fault for the first file that a
    half-finished download lacks."""
    if (path / "training").is_dir():
        raise Fault(
            f"model {spec.name}: has no weights yet; its training writes the first ones within "
            "a minute, and a show takes them up"
        )
    if not (path / "model_index.json").is_file():
        raise Fault(f"model {spec.name}: no model_index.json in it, so not a diffusers folder")
    index = read_index(path)
    for part, files in WITHOUT_WEIGHTS.items():
        if _lists(index, part) and not any((path / part / file).is_file() for file in files):
            raise _incomplete(spec, f"{part}/{files[0]} is missing")
    for part in WITH_WEIGHTS:
        if _lists(index, part):
            _check_weights_of(spec, path, part)


def read_index(path: Path) -> dict[str, Any]:
    """A diffusers folder's list of its parts. Raises Fault."""
    file = path / "model_index.json"
    try:
        index: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Fault(f"{file}: not JSON ({error}); the download is broken, fetch it again") from None
    return index


def _lists(index: dict[str, Any], part: str) -> bool:
    """Whether a folder says that it has a part: `["diffusers", "AutoencoderKL"]`, not null."""
    return isinstance(index.get(part), list) and index[part][0] is not None


def _check_weights_of(spec: ModelSpec, path: Path, part: str) -> None:
    folder = path / part
    if not (folder / "config.json").is_file():
        raise _incomplete(spec, f"{part}/config.json is missing")
    weights = sorted(folder.glob("*.safetensors"))
    for file in weights:
        check_weights(file)
    if weights or spec.allow_pickle:
        return
    pickles = sorted(p.name for p in [*folder.glob("*.bin"), *folder.glob("*.ckpt")])
    remedy = (
        f"only {pickles[0]}, which can run code when opened; set allow_pickle: true if you trust it"
        if pickles
        else "the download is incomplete, fetch it again"
    )
    raise Fault(f"model {spec.name}: {part} has no safetensors weights: {remedy}")


def _incomplete(spec: ModelSpec, what: str) -> Fault:
    return Fault(f"model {spec.name}: {what}; the download is incomplete, fetch it again")
