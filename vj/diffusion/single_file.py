"""A model in a single file: a checkpoint under the names of the original code, or a UNet alone
under those of diffusers.

A file holds weights. What its parts are like, and its tokenizer, which is no weights, lie in a
diffusers folder: the one that `config:` names, or one of Hugging Face, fetched once without its
weights. What a file leaves out (a UNet alone, a checkpoint without its autoencoder) comes from the
same folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.assembly import (
    Parts,
    described_part,
    folder_parts,
    opened_part,
    put_together,
)
from vj.diffusion.checkpoints import check_described, check_single_file, is_xl, read_index
from vj.diffusion.file_kinds import VAES, FileKind, file_kind
from vj.diffusion.hub import DESCRIBED, hub_folder
from vj.diffusion.load_errors import first_words, reason
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.parts import raise_missing
from vj.diffusion.weights import read_tensors

DESCRIPTIONS = {
    "v1": ("stable-diffusion-v1-5/stable-diffusion-v1-5", "CompVis/stable-diffusion-v1-4"),
    "v2": ("stabilityai/stable-diffusion-2-1", "stabilityai/sd-turbo"),
    "xl": ("stabilityai/stable-diffusion-xl-base-1.0", "stabilityai/sdxl-turbo"),
}
"""The models whose configuration a file of a family has; the first one that can be had is taken."""
FAMILIES = {"v1": "SD 1.5", "v2": "SD 2.1", "xl": "SDXL"}
EPSILON_NAMES = ("turbo", "base", "512")
"""Files of SD 2 whose UNet predicts the noise; the other ones predict v."""

NAMES = {
    "unet": ("model.diffusion_model.",),
    "vae": VAES,
    "text_encoder": ("cond_stage_model.", "conditioner.embedders.0."),
    "text_encoder_2": ("conditioner.embedders.1.",),
}
"""How the names of a part's tensors begin."""

Tensors = Mapping[str, torch.Tensor]


def open_single_file(spec: ModelSpec, path: Path, dtype: torch.dtype) -> Any:
    """A pipeline from a file. Raises Fault, or whatever a library throws at its weights."""
    where = f"model {spec.name}"
    kind = check_single_file(spec, path)
    state = read_tensors(spec, "model", str(path))
    if kind is None:
        kind = file_kind(where, {name: tuple(value.shape) for name, value in state.items()}, {})
    folder = description(spec, kind)
    index = read_index(folder)
    if is_xl(index) != (kind.family == "xl"):
        raise Fault(
            f"config {folder}: is of another family than {path.name}, which is "
            f"{FAMILIES[kind.family]}"
        )
    parts = _parts(spec, kind, state, folder, dtype)
    prediction = kind.prediction or _by_name(spec, kind, path)
    changes: dict[str, Any] = {"prediction_type": prediction} if prediction else {}
    if kind.zero_snr:
        changes["rescale_betas_zero_snr"] = True
    if changes:
        scheduler = parts["scheduler"]
        parts["scheduler"] = type(scheduler).from_config({**scheduler.config, **changes})
    return put_together(parts, index)


def _by_name(spec: ModelSpec, kind: FileKind, path: Path) -> str | None:
    """What a UNet predicts, of which tensors say nothing, by its file's name; of SD 2 only where no
    folder was named that says it."""
    if "_x0" in path.name.lower():  # SDXL-Lightning of one step
        return "sample"
    if kind.family != "v2" or spec.config is not None:
        return None
    epsilon = any(word in path.name.lower() for word in EPSILON_NAMES)
    return "epsilon" if epsilon else "v_prediction"


def description(spec: ModelSpec, kind: FileKind) -> Path:
    """The diffusers folder that says what a file's parts are like. Raises Fault."""
    if spec.config is not None:
        folder = Path(spec.config).expanduser()
        if not folder.is_dir():
            raise Fault(f"config {spec.config}: no such folder")
        check_described(f"config {spec.config}", folder)
        return folder
    where = f"model {spec.name}"

    def wanted(names: Sequence[str]) -> list[str]:
        return [name for name in names if name.endswith(DESCRIBED)]

    def check(folder: Path) -> None:
        check_described(where, folder)

    faults = []
    for online in (False, True):
        for hub_id in DESCRIPTIONS[kind.family]:
            try:
                return hub_folder(where, hub_id, wanted, check, online)
            except Fault as fault:
                faults.append(fault)
    raise Fault(
        f"{where}: a file does not say what its parts are like and holds no tokenizer; both are "
        f"fetched once from {DESCRIPTIONS[kind.family][0]} on Hugging Face, which could not be "
        f"had. Set config: to a diffusers folder of an {FAMILIES[kind.family]} model (it needs no "
        "weights), or play it once where there is a network"
    )


def _parts(
    spec: ModelSpec, kind: FileKind, state: Tensors, folder: Path, dtype: torch.dtype
) -> Parts:
    """The parts that a file has by its own weights, the others by those of the folder."""
    has = {"unet": True, "vae": kind.vae, "text_encoder": kind.text, "text_encoder_2": kind.text}
    lacking = [part for part, there in has.items() if not there]
    parts: Parts = {}
    for part in folder_parts(read_index(folder)):
        if part not in has:
            parts[part] = described_part(f"config {folder}", folder, part)
        elif part in lacking:
            parts[part] = _from_folder(spec, folder, part, dtype)
        else:
            parts[part] = _converted(spec, part, state, folder, dtype)
    return parts


def _from_folder(spec: ModelSpec, folder: Path, part: str, dtype: torch.dtype) -> Any:
    where = f"model {spec.name}: has no {part}, which was looked for in {folder}: {part}"
    if spec.config is None:
        raise Fault(
            f"model {spec.name}: has no {part}; set config: to a diffusers folder that has one, "
            "with its weights"
        )
    return opened_part(where, folder, part, dtype, spec.allow_pickle)


def _converted(spec: ModelSpec, part: str, state: Tensors, folder: Path, dtype: torch.dtype) -> Any:
    """A part by the file's weights, which diffusers translates into its own names. Raises Fault."""
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from diffusers.loaders import single_file_utils
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    where = f"model {spec.name}: {part}:"
    try:
        if part in ("unet", "vae"):
            kind: Any = UNet2DConditionModel if part == "unet" else AutoencoderKL
            given = _only(part, state)
            made = kind.from_single_file(
                given, config=str(folder), subfolder=part, torch_dtype=dtype, local_files_only=True
            )
        else:
            kind = CLIPTextModel if part == "text_encoder" else CLIPTextModelWithProjection
            made = single_file_utils.create_diffusers_clip_model_from_ldm(
                kind,
                _only(part, state),
                subfolder=part,
                config=str(folder),
                torch_dtype=dtype,
                local_files_only=True,
            )
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"{where} {_told(error, folder)}") from None
    raise_missing(where, [name for name, one in made.named_parameters() if one.is_meta])
    return made


def _only(part: str, state: Tensors) -> dict[str, torch.Tensor]:
    """The tensors of a part, for a UNet alone all of them."""
    own = {name: value for name, value in state.items() if name.startswith(NAMES[part])}
    return own or dict(state)


def _told(error: Exception, folder: Path) -> str:
    said = reason(error)
    if "do not fit" in said or isinstance(error, KeyError | ValueError):
        return (
            f"its weights and {folder} do not fit together ({first_words(error, 120)}); set "
            "config: to a diffusers folder of its own family"
        )
    return said
