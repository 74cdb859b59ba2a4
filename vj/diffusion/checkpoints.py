"""Whether a Stable Diffusion checkpoint, a folder or a single file, is whole, without loading it.

What is missing or broken is an error of one line here, before diffusers fails over it in its own
words.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vj.core.errors import Fault
from vj.diffusion.file_kinds import PLAYED, REFINER, FileKind, file_kind, reject_channels
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.parts import look_at, read_config
from vj.diffusion.weights import check_weights, tensor_shapes

VAE_KINDS = ("AutoencoderKL", "AutoencoderTiny")
TEXT_KINDS = ("CLIPTextModel", "CLIPTextModelWithProjection", "CLIPModel")
NEEDED = ("unet", "vae", "text_encoder", "tokenizer", "scheduler")
"""Parts of every model. Safety checkers, feature extractors and image encoders are not asked for:
nothing here uses them."""
NEEDED_XL = (*NEEDED, "text_encoder_2", "tokenizer_2")
WITH_WEIGHTS = {
    "unet": ("UNet2DConditionModel",),
    "vae": VAE_KINDS,
    "text_encoder": TEXT_KINDS,
    "text_encoder_2": TEXT_KINDS,
}
"""Parts that have weights, and the classes of which each may be one."""
PLAYED_PIPELINES = (
    "StableDiffusionPipeline",
    "StableDiffusionImg2ImgPipeline",
    "StableDiffusionPipelineSafe",
    "StableDiffusionXLPipeline",
    "StableDiffusionXLImg2ImgPipeline",
    "LatentConsistencyModelPipeline",
    "LatentConsistencyModelImg2ImgPipeline",
)
"""The classes of folders whose parts play here."""
PICKLES = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
"""Files that run code when they are opened, by their ends."""


def check_single_file(spec: ModelSpec, path: Path) -> FileKind | None:
    """What a file is, by its header; None for a pickle, which would have to be read whole. Raises
    Fault for what is no whole checkpoint."""
    if path.suffix != ".safetensors":
        if path.suffix.lower() not in PICKLES:
            raise Fault(
                f"model {path}: is no model file; a .safetensors file, a diffusers folder or the "
                "id of one would be right"
            )
        if not spec.allow_pickle:
            raise Fault(
                f"model {path}: {path.suffix} files can run code when they are opened; use a "
                ".safetensors file, or set allow_pickle: true if you trust it"
            )
    check_weights(path)
    if path.suffix != ".safetensors":
        return None
    return file_kind(f"model {path}", *tensor_shapes(path))


def check_folder(spec: ModelSpec, path: Path) -> None:
    """Whether a folder is a whole diffusers model. Raises Fault for the first file that a
    half-finished download lacks, and for a model that does not play here."""
    where = f"model {spec.name}"
    if (path / "training").is_dir():
        raise Fault(
            f"{where}: has no weights yet; its training writes the first ones within "
            "a minute, and a show takes them up"
        )
    _check_parts(where, path, lambda part: look_at_part(spec, where, path, part))


def look_at_part(spec: ModelSpec, where: str, path: Path, part: str) -> None:
    """Look at the weights of a folder's part. Raises Fault."""
    look_at(f"{where}: {part}", path / part, WITH_WEIGHTS[part], spec.allow_pickle)


def check_described(where: str, path: Path) -> None:
    """Whether a folder says of every part what it is like; its weights are not looked at. where:
    for the error, like `model FOLDER`. Raises Fault."""
    _check_parts(where, path, lambda part: None)


def _check_parts(where: str, path: Path, look: Callable[[str], None]) -> None:
    """look: at the weights of a part that has some."""
    if not (path / "model_index.json").is_file():
        raise Fault(f"{where}: {_no_index(path)}")
    index = read_index(path)
    kind = index.get("_class_name", PLAYED_PIPELINES[0])
    if lists(index, "text_encoder_2") and not lists(index, "text_encoder"):
        raise Fault(f"{where}: {REFINER}")
    if kind not in PLAYED_PIPELINES and "Inpaint" not in kind:
        raise Fault(f"{where}: is a {kind}; {PLAYED}")
    if (path / "unet" / "config.json").is_file():
        channels = read_config(f"{where}: unet", path / "unet").get("in_channels", 4)
        reject_channels(where, channels)
    if kind not in PLAYED_PIPELINES:
        raise Fault(f"{where}: is an inpainting model ({kind}), which does not play here; {PLAYED}")
    needed = sorted(NEEDED_XL if is_xl(index) else NEEDED, key=lambda part: part in WITH_WEIGHTS)
    for part in sorted(needed, key=lambda part: not lists(index, part)):
        if part.startswith("tokenizer"):
            _check_tokenizer(where, path / part)
        elif part == "scheduler":
            if not (path / part / "scheduler_config.json").is_file():
                raise _incomplete(where, f"{part}/scheduler_config.json is missing")
        elif not (path / part / "config.json").is_file():
            raise _incomplete(where, f"{part}/config.json is missing")
        else:
            look(part)


def _no_index(path: Path) -> str:
    files = sorted(file.name for file in path.glob("*.safetensors"))
    if (path / "config.json").is_file():
        return (
            "no model_index.json in it, only a config.json: it is one part of a model; name the "
            "folder of the whole model"
        )
    if files:
        return f"no model_index.json in it, so not a diffusers folder; did you mean {files[0]}?"
    return "no model_index.json in it, so not a diffusers folder"


def _check_tokenizer(where: str, folder: Path) -> None:
    """Without its tokenizer a folder loads, and every prompt fails."""
    if (folder / "tokenizer.json").is_file():
        return
    for file in ("vocab.json", "merges.txt"):
        if not (folder / file).is_file():
            raise _incomplete(where, f"{folder.name}/{file} is missing")


def read_index(path: Path) -> dict[str, Any]:
    """A diffusers folder's list of its parts. Raises Fault."""
    file = path / "model_index.json"
    try:
        index: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Fault(f"{file}: not JSON ({error}); the download is broken, fetch it again") from None
    return index


def is_xl(index: dict[str, Any]) -> bool:
    """Whether a folder is of the SDXL family."""
    return lists(index, "text_encoder_2")


def lists(index: dict[str, Any], part: str) -> bool:
    """Whether a folder says that it has a part: `["diffusers", "AutoencoderKL"]`, not null."""
    return isinstance(index.get(part), list) and index[part][0] is not None


def _incomplete(where: str, what: str) -> Fault:
    return Fault(f"{where}: {what}; the download is incomplete, fetch it again")
