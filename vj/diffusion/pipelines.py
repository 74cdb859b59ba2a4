"""Stable Diffusion pipelines of diffusers: opened from a file, a folder or a Hugging Face id,
checked, and given the LCM-LoRA that the show wants.

`pipe` below is a StableDiffusionPipeline or StableDiffusionXLPipeline. diffusers is imported inside
the functions: it takes seconds, and shows with the built-in model need none of it.
"""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.assembly import described_part, folder_parts, opened_part, put_together
from vj.diffusion.checkpoints import NEEDED_XL, WITH_WEIGHTS, check_folder, read_index
from vj.diffusion.hub import hub_file, hub_folder, part_files
from vj.diffusion.library_words import told_once
from vj.diffusion.load_errors import reason
from vj.diffusion.lora_layers import add_lora
from vj.diffusion.model_names import CHECKPOINT_SUFFIXES, FoundModel, is_hub_id
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.single_file import open_single_file

LCM_LORA = {
    "sd15": "latent-consistency/lcm-lora-sdv1-5",
    "sdxl": "latent-consistency/lcm-lora-sdxl",
    "ssd-1b": "latent-consistency/lcm-lora-ssd-1b",
    "vega": "segmind/Segmind-VegaRT",
}
"""By family; the two that are SDXL with layers taken out have LoRAs of their own."""
PREDICTIONS = ("epsilon", "v_prediction", "sample")
"""What a UNet may return."""
LORA_FILE = "pytorch_lora_weights.safetensors"
"""What diffusers calls a LoRA's file."""
FEW_STEP_NAMES = ("turbo", "lcm", "lightning", "hyper", "sdxs")
SMALL_WIDTH = 512
"""No Stable Diffusion has fewer numbers a token: a small model in its layout, made for a test."""

Progress = Callable[[str], None]


def open_pipeline(spec: ModelSpec, found: FoundModel, dtype: torch.dtype) -> Any:
    """A pipeline from a file, a folder or an id. Raises Fault with one line that says what is
    missing or does not fit."""
    opened = {"file": open_single_file, "folder": open_folder, "id": open_hub_id}[found.kind]
    try:
        return opened(spec, found.path, dtype)
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"model {spec.name}: {reason(error)}") from error


def open_folder(spec: ModelSpec, path: Path, dtype: torch.dtype) -> Any:
    """A folder in the layout of diffusers. Nothing is fetched."""
    check_folder(spec, path)
    index, where = read_index(path), f"model {spec.name}"
    parts = {
        part: opened_part(f"{where}: {part}", path, part, dtype, spec.allow_pickle)
        if part in WITH_WEIGHTS
        else described_part(where, path, part)
        for part in folder_parts(index)
    }
    return put_together(parts, index)


def open_hub_id(spec: ModelSpec, path: Path, dtype: torch.dtype) -> Any:
    """A model of Hugging Face, fetched unless it was before. path: unused, nothing is at it."""

    def wanted(names: Sequence[str]) -> list[str]:
        if "model_index.json" not in names:
            files = [name for name in names if name.endswith(CHECKPOINT_SUFFIXES)]
            instead = f"; download {files[0]} and name the file" if files else ""
            raise Fault(f"model {spec.name}: is no diffusers folder{instead}")
        chosen = ["model_index.json"]
        for part in NEEDED_XL:
            chosen += part_files(names, part, spec.allow_pickle)
        return chosen

    where = f"model {spec.name}"
    folder = hub_folder(where, spec.name, wanted, lambda there: check_folder(spec, there))
    return open_folder(spec, folder, dtype)


def quieten_libraries() -> None:
    """Have diffusers and transformers log nothing: a performer's terminal is not the place, and
    what diffusers logs as an error it raises too."""
    import diffusers
    import transformers

    diffusers.utils.logging.set_verbosity(logging.CRITICAL)
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", category=FutureWarning, module="diffusers")
    warnings.filterwarnings("ignore", category=UserWarning, module="peft")


def family_of(pipe: Any) -> str:
    """sd15, sd21, sdxl, or small for one too narrow to be any of them."""
    if getattr(pipe, "text_encoder_2", None) is not None:
        return "sdxl"
    width = pipe.unet.config.cross_attention_dim
    if width < SMALL_WIDTH:
        return "small"
    return "sd21" if width == 1024 else "sd15"


def built_as(family: str, pipe: Any) -> str:
    """The family; ssd-1b or vega for one that is built as those are: SDXL's UNet with a middle
    without attention, and four or two layers of it at the lowest level where SDXL has ten."""
    if family != "sdxl" or pipe.unet.config.mid_block_type != "UNetMidBlock2D":
        return family
    lowest = pipe.unet.config.transformer_layers_per_block[-1]
    return (
        "vega" if max(lowest if isinstance(lowest, list | tuple) else [lowest]) <= 2 else "ssd-1b"
    )


def check_fit(name: str, pipe: Any) -> None:
    """Raises Fault for parts that cannot work together, instead of a shape error in mid-show."""
    channels, latents = pipe.unet.config.in_channels, pipe.vae.config.latent_channels
    if channels != latents:
        raise Fault(
            f"model {name}: its UNet takes {channels} channels and its VAE gives {latents}; they "
            "belong to different models"
        )
    width = pipe.text_encoder.config.hidden_size + (
        pipe.text_encoder_2.config.hidden_size if getattr(pipe, "text_encoder_2", None) else 0
    )
    if pipe.unet.config.cross_attention_dim not in (width, None):
        raise Fault(
            f"model {name}: its text encoder gives {width} numbers a token and its UNet takes "
            f"{pipe.unet.config.cross_attention_dim}; they belong to different models"
        )
    for one, text in (("tokenizer", "text_encoder"), ("tokenizer_2", "text_encoder_2")):
        tokenizer: Any = getattr(pipe, one, None)
        encoder: Any = getattr(pipe, text, None)
        if tokenizer is not None and len(tokenizer) > encoder.config.vocab_size:
            raise Fault(
                f"model {name}: its {one} knows {len(tokenizer)} tokens and its {text} "
                f"{encoder.config.vocab_size}; they belong to different models"
            )
        if tokenizer is not None:  # without a tokenizer_config.json it knows of no end
            longest = encoder.config.max_position_embeddings
            tokenizer.model_max_length = min(tokenizer.model_max_length, longest)
    scale = pipe.vae.config.scaling_factor
    if not isinstance(scale, int | float) or not scale > 0:
        raise Fault(
            f"model {name}: its vae says scaling_factor: {scale}; a number above 0 is right"
        )
    kind, alphas = type(pipe.scheduler).__name__, getattr(pipe.scheduler, "alphas_cumprod", None)
    if alphas is None:
        raise Fault(
            f"model {name}: its scheduler {kind} has no alphas_cumprod; the Stable Diffusion "
            "families play here"
        )
    predicts = pipe.scheduler.config.get("prediction_type", "epsilon")
    if predicts not in PREDICTIONS:
        raise Fault(f"model {name}: its UNet predicts {predicts}; {', '.join(PREDICTIONS)} play")
    if not bool(((alphas >= 0) & (alphas <= 1)).all()):
        raise Fault(f"model {name}: its {kind} is no noise schedule (its betas are not 0 to 1)")


def check_numbers(name: str, pipe: Any) -> None:
    """Raises Fault for weights that are not numbers, or too large for their type: every picture
    would be lost."""
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        module = getattr(pipe, part, None)
        if module is None:
            continue
        weights = {
            name: one
            for name, one in module.named_parameters()
            if one.numel() and one.is_floating_point()
        }
        # in one pass each, half as long as isfinite and all: the largest is NaN or infinite, too
        largest = [torch.linalg.vector_norm(weight, math.inf) for weight in weights.values()]
        good = torch.stack(largest).isfinite().tolist()
        bad = [one for one, fine in zip(weights, good, strict=True) if not fine]
        if bad:
            raise Fault(
                f"model {name}: {len(bad)} of the {len(weights)} tensors of its {part} hold NaN or "
                f"infinity, {bad[0]} first; fetch it again, or try dtype: float32"
            )


def made_for_few_steps(name: str, pipe: Any) -> bool:
    """Whether a model paints in one to eight steps, by its name and its scheduler."""
    return (
        any(word in name.lower() for word in FEW_STEP_NAMES)
        or "LCM" in type(pipe.scheduler).__name__
    )


def fuse_lcm_lora(spec: ModelSpec, pipe: Any, family: str, on_message: Progress) -> None:
    """Make a model of few steps out of one of many. For auto a model that was made for few is left
    alone, and a LoRA that cannot be had is reported. Raises Fault for a named one that cannot."""
    few_steps = made_for_few_steps(spec.name, pipe)
    if spec.lcm_lora == "off" or family == "small" or (spec.lcm_lora == "auto" and few_steps):
        return
    name = LCM_LORA.get(built_as(family, pipe)) if spec.lcm_lora == "auto" else spec.lcm_lora
    if name is None:
        on_message(
            f"{spec.name} was not made for few steps and there is no LCM-LoRA for its family: "
            "expect rough pictures (a Turbo model does better)"
        )
        return
    on_message(f"fusing {name}")
    try:
        named = Path(name).expanduser().is_file() or not is_hub_id(name)
        file = name if named else str(hub_file(f"lcm_lora {name}", name, LORA_FILE))
    except Fault:
        if spec.lcm_lora != "auto":
            raise
        on_message(
            f"LCM-LoRA ({name}) is not at hand: {spec.name} was made for many steps, so expect "
            "rough pictures"
        )
        return
    try:
        with told_once(f"lcm_lora {name}", on_message):
            add_lora(spec, pipe, family, "lcm_lora", file, "fused", on_message)
            pipe.fuse_lora()
            pipe.unload_lora_weights()
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"lcm_lora {name}: {reason(error)}") from error
