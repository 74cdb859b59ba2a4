"""The model that a LoRA is trained for: opened, or refused in one line."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import torch

from vj.core.errors import Fault
from vj.diffusion.checkpoints import read_index
from vj.diffusion.loading import OnMessage, load_stable_diffusion
from vj.diffusion.model import Model
from vj.diffusion.model_names import find_model, is_built_in, no_such_model
from vj.diffusion.model_spec import ModelSpec

SHORT_NAMES = {"sd-turbo": "stabilityai/sd-turbo"}
"""Names of models that are so well known that people leave the owner out."""


def spec_of(base: ModelSpec | str | Path, device: str = "auto") -> ModelSpec:
    """What is opened for a name, a path, or a show's model section: the model with its own
    autoencoder, exact, without what a show adds to it, for the frames are to be learned by the
    model itself."""
    given = base if isinstance(base, ModelSpec) else ModelSpec(str(base), device=device)
    name = given.name
    if find_model(name).kind == "missing":
        name = SHORT_NAMES.get(name, name)
    return ModelSpec(
        name,
        vae="full",
        lcm_lora="off",
        device=given.device,
        dtype="float32",
        allow_pickle=given.allow_pickle,
        config=given.config,
    )


def open_base(spec: ModelSpec, on_message: OnMessage) -> Model:
    """Load a model to train for. Raises Fault for what is not there, and for models that LoRAs are
    not trained for here."""
    found = find_model(spec.name)
    if found.kind == "none" or is_built_in(spec.name):
        raise Fault(
            f"lora {spec.name}: LoRAs are for Stable Diffusion models, like --lora sd-turbo; "
            "without --lora a translator of your clip's own is trained"
        )
    if found.kind == "missing":
        raise no_such_model(spec.name)
    if (found.kind == "id" and "xl" in spec.name.lower()) or (
        found.kind == "folder"
        and (found.path / "model_index.json").is_file()
        and "XL" in str(read_index(found.path).get("_class_name"))
    ):
        raise no_xl(spec.name)  # before gigabytes are fetched or read
    model = load_stable_diffusion(replace(spec), found, on_message)
    if model.family == "sdxl":
        raise no_xl(spec.name)
    return model


def no_xl(name: str) -> Fault:
    """The error for a model of the SDXL family."""
    return Fault(
        f"lora {name}: is an SDXL model, for which no LoRA is trained here; take one of the "
        "Stable Diffusion 1.5, 2.1 and Turbo families, like --lora sd-turbo"
    )


def training_dtype(device: torch.device) -> torch.dtype:
    """The type of the model's own weights while a LoRA is trained; those of the LoRA are float32.

    bfloat16 on a card that computes in it, which keeps float32's range, so that no gradient is lost
    for being small. float16 would lose them; cards before 2020, processors and Apple's take
    float32.
    """
    if device.type == "cuda" and torch.cuda.is_bf16_supported(including_emulation=False):
        return torch.bfloat16
    return torch.float32
