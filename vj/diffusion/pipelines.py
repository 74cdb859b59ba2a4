"""Stable Diffusion pipelines of diffusers: opened from a file, a folder or a Hugging Face id,
checked, and given the autoencoder and the LCM-LoRA that the show wants.

`pipe` below is a StableDiffusionPipeline or StableDiffusionXLPipeline. diffusers is imported inside
the functions: it takes seconds, and shows with the built-in model need none of it.
"""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.checkpoints import check_folder, check_single_file, read_index
from vj.diffusion.load_errors import reason
from vj.diffusion.model_names import FoundModel
from vj.diffusion.model_spec import ModelSpec

TAESD = {"sd15": "madebyollin/taesd", "sd21": "madebyollin/taesd", "sdxl": "madebyollin/taesdxl"}
LCM_LORA = {
    "sd15": "latent-consistency/lcm-lora-sdv1-5",
    "sdxl": "latent-consistency/lcm-lora-sdxl",
    "ssd-1b": "latent-consistency/lcm-lora-ssd-1b",
    "vega": "segmind/Segmind-VegaRT",
}
"""By family; the two that are SDXL with layers taken out have LoRAs of their own."""
FEW_STEP_NAMES = ("turbo", "lcm", "lightning", "hyper", "sdxs")
OTHER_UNETS = {
    9: "an inpainting model",
    8: "an instruct-pix2pix model",
    5: "a depth model",
    7: "an upscaler",
}
"""Models that do not play here, by how many channels their UNet takes."""
SMALL_WIDTH = 512
"""No Stable Diffusion has fewer numbers a token: a small model in its layout, made for a test."""

Progress = Callable[[str], None]


def open_pipeline(spec: ModelSpec, found: FoundModel, dtype: torch.dtype) -> Any:
    """A pipeline from a file, a folder or an id. Raises Fault with one line that says what is
    missing or does not fit."""
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    opened = {"file": open_single_file, "folder": open_folder, "id": open_hub_id}[found.kind]
    try:
        pipe = opened(spec, found.path, dtype)
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"model {spec.name}: {reason(error)}") from error
    if not isinstance(pipe, StableDiffusionPipeline | StableDiffusionXLPipeline):
        raise Fault(
            f"model {spec.name}: is a {type(pipe).__name__}; the Stable Diffusion 1.5, 2.1, Turbo "
            "and SDXL families play here"
        )
    return pipe


def open_single_file(spec: ModelSpec, path: Path, dtype: torch.dtype) -> Any:
    """A single-file checkpoint. What its parts look like diffusers fetches from Hugging Face, or
    reads in the folder `spec.config`."""
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    names = check_single_file(spec, path)
    xl = any(name.startswith("conditioner.embedders.1.") for name in names)
    config = {"config": spec.config, "local_files_only": True} if spec.config else {}
    kind = StableDiffusionXLPipeline if xl else StableDiffusionPipeline
    no_checker = {} if xl else {"safety_checker": None}
    return kind.from_single_file(str(path), torch_dtype=dtype, **no_checker, **config)


def open_folder(spec: ModelSpec, path: Path, dtype: torch.dtype) -> Any:
    """A folder in the layout of diffusers. Nothing is fetched."""
    from diffusers import DiffusionPipeline

    check_folder(spec, path)
    # The safety checker would black out frames in mid-show. Only pipelines that know one take the
    # argument.
    has_checker = "safety_checker" in read_index(path)
    no_checker = {"safety_checker": None, "requires_safety_checker": False} if has_checker else {}
    return DiffusionPipeline.from_pretrained(
        str(path),
        torch_dtype=dtype,
        use_safetensors=None if spec.allow_pickle else True,
        local_files_only=True,
        **no_checker,
    )


def open_hub_id(spec: ModelSpec, path: Path, dtype: torch.dtype) -> Any:
    """A model of Hugging Face, fetched unless it was before. path: unused, nothing is at it."""
    from diffusers import DiffusionPipeline

    return DiffusionPipeline.from_pretrained(
        spec.name,
        torch_dtype=dtype,
        use_safetensors=None if spec.allow_pickle else True,
        safety_checker=None,
        requires_safety_checker=False,
    )


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
            f"model {name}: its UNet takes {channels} channels and its VAE gives {latents}: "
            f"{OTHER_UNETS.get(channels, 'not an img2img model')}, which does not play here"
        )
    width = pipe.text_encoder.config.hidden_size + (
        pipe.text_encoder_2.config.hidden_size if getattr(pipe, "text_encoder_2", None) else 0
    )
    if pipe.unet.config.cross_attention_dim not in (width, None):
        raise Fault(
            f"model {name}: its text encoder gives {width} numbers a token and its UNet takes "
            f"{pipe.unet.config.cross_attention_dim}; they belong to different models"
        )
    if not hasattr(pipe.scheduler, "alphas_cumprod"):
        raise Fault(
            f"model {name}: its scheduler {type(pipe.scheduler).__name__} has no alphas_cumprod; "
            "the Stable Diffusion families play here"
        )


def choose_vae(
    spec: ModelSpec, pipe: Any, family: str, dtype: torch.dtype, on_message: Progress
) -> None:
    """Put in the autoencoder that the show wants. For auto that is TAESD, the quick one; where it
    is neither here nor quickly fetched the model's own stays, so that auto does not fail without a
    network. Raises Fault for any other that cannot be had."""
    from diffusers import AutoencoderKL, AutoencoderTiny

    wish = spec.vae
    if (
        wish == "full"
        or family == "small"
        or (wish == "auto" and isinstance(pipe.vae, AutoencoderTiny))
    ):
        return
    name = TAESD[family] if wish in ("auto", "taesd") else wish
    try:
        config = Path(name).expanduser() / "config.json"
        tiny = not config.is_file() or "Tiny" in json.loads(config.read_text(encoding="utf-8")).get(
            "_class_name", ""
        )
        on_message(f"loading the autoencoder {name}")
        kind = AutoencoderTiny if tiny else AutoencoderKL
        pipe.register_modules(
            vae=kind.from_pretrained(name, torch_dtype=dtype, use_safetensors=True)
        )
    except Exception as error:
        if wish != "auto":
            raise Fault(f"vae {wish}: {reason(error)}") from error
        on_message(
            f"TAESD ({name}) is not at hand, so the model's own, slower autoencoder plays; name a "
            "folder with vae: to change that"
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
    try:
        on_message(f"fusing {name}")
        path = Path(name).expanduser()
        if path.is_file():
            pipe.load_lora_weights(str(path.parent), weight_name=path.name)
        else:
            pipe.load_lora_weights(name)
        pipe.fuse_lora()
        pipe.unload_lora_weights()
    except Exception as error:
        if spec.lcm_lora != "auto":
            raise Fault(f"lcm_lora {spec.lcm_lora}: {reason(error)}") from error
        on_message(
            f"LCM-LoRA ({name}) is not at hand: {spec.name} was made for many steps, so expect "
            "rough pictures"
        )
