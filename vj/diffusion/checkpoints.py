"""What lies behind a model's name: its folder or file opened, checked, and its extras put in.

Whatever is missing, broken or of the wrong kind is said here in one line, before it becomes a shape
error in mid-show.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class LoraFile:
    """A LoRA, its name in the show, and the weight it starts with."""

    file: str
    name: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class EmbeddingFile:
    """A textual inversion, and the word that stands for it in prompts; None for the one in the
    file."""

    file: str
    token: str | None = None


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """What a show says about its model. vae: auto, full, taesd, or a folder or id. lcm_lora: auto,
    off, or a file or id. config: a diffusers folder describing a single-file checkpoint, so that
    nothing has to be fetched.

    What comes after it is put in by `vj.diffusion.adapters`: controlnet, t2i_adapter and
    image_encoder are folders or ids, ip_adapter is a file, image_prompts are pictures.
    """

    name: str = "pocket"
    vae: str = "auto"
    lcm_lora: str = "auto"
    device: str = "auto"
    dtype: str = "auto"
    allow_pickle: bool = False
    config: str | None = None
    loras: tuple[LoraFile, ...] = ()
    embeddings: tuple[EmbeddingFile, ...] = ()
    controlnet: str | None = None
    t2i_adapter: str | None = None
    ip_adapter: str | None = None
    image_encoder: str | None = None
    image_prompts: tuple[str, ...] = ()


TAESD = {"sd15": "madebyollin/taesd", "sd21": "madebyollin/taesd", "sdxl": "madebyollin/taesdxl"}
LCM_LORA = {
    "sd15": "latent-consistency/lcm-lora-sdv1-5",
    "sdxl": "latent-consistency/lcm-lora-sdxl",
}
FEW_STEP_NAMES = ("turbo", "lcm", "lightning", "hyper", "sdxs")


def check_available(spec: ModelSpec) -> None:
    """Raises Fault for a path at which nothing is. To be asked before diffusers is imported, which
    takes seconds."""
    path = Path(spec.name).expanduser()
    is_path = (
        spec.name.count("/") != 1
        or spec.name.startswith((".", "/", "~"))
        or path.suffix in (".safetensors", ".ckpt")
    )
    if is_path and not path.exists():
        raise Fault(
            f"model {spec.name}: no such file or folder (a model is pocket, none, a path, or a "
            "Hugging Face id like owner/name)"
        )


def open_pipeline(spec: ModelSpec, dtype: torch.dtype) -> Any:
    from diffusers import DiffusionPipeline, StableDiffusionPipeline, StableDiffusionXLPipeline

    path = Path(spec.name).expanduser()
    try:
        if path.is_file():
            return _open_single_file(spec, path, dtype)
        if path.is_dir():
            check_folder(spec, path)
            pipe = DiffusionPipeline.from_pretrained(
                str(path),
                torch_dtype=dtype,
                use_safetensors=None if spec.allow_pickle else True,
                local_files_only=True,
                **_without_checker(path),
            )
        else:
            check_available(spec)
            pipe = DiffusionPipeline.from_pretrained(
                spec.name,
                torch_dtype=dtype,
                use_safetensors=None if spec.allow_pickle else True,
                safety_checker=None,
                requires_safety_checker=False,
            )
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"model {spec.name}: {reason(spec, error)}") from error
    if not isinstance(pipe, StableDiffusionPipeline | StableDiffusionXLPipeline):
        raise Fault(
            f"model {spec.name}: is a {type(pipe).__name__}; the Stable Diffusion 1.5, 2.1, Turbo "
            "and SDXL families play here"
        )
    return pipe


def _without_checker(path: Path) -> dict[str, Any]:
    """Arguments that leave the safety checker out, for pipelines that know one; it would black out
    frames in mid-show."""
    index = json.loads((path / "model_index.json").read_text(encoding="utf-8"))
    return (
        {"safety_checker": None, "requires_safety_checker": False}
        if "safety_checker" in index
        else {}
    )


def _open_single_file(spec: ModelSpec, path: Path, dtype: torch.dtype) -> Any:
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    keys = check_single_file(spec, path)
    xl = any(key.startswith("conditioner.embedders.1.") for key in keys)
    more = {"config": spec.config, "local_files_only": True} if spec.config else {}
    kind_of = StableDiffusionXLPipeline if xl else StableDiffusionPipeline
    return kind_of.from_single_file(
        str(path), torch_dtype=dtype, **({} if xl else {"safety_checker": None}), **more
    )


def check_single_file(spec: ModelSpec, path: Path) -> list[str]:
    """Whether a file is a whole checkpoint, by its header; a pickle has to be read. Returns the
    names of its weights. Raises Fault."""
    from safetensors import safe_open

    if path.suffix != ".safetensors":
        if not spec.allow_pickle:
            raise Fault(
                f"model {path}: {path.suffix} files can run code when they are opened; use a "
                ".safetensors file, "
                "or set allow_pickle: true if you trust it"
            )
        keys: list[str] = list(
            torch.load(path, map_location="cpu", weights_only=True).get("state_dict", {})
        )
    else:
        with safe_open(path, framework="pt") as file:
            keys = list(file.keys())
    if not any(key.startswith("model.diffusion_model.") for key in keys):
        kind = "a LoRA" if any("lora" in key for key in keys) else "not a whole checkpoint"
        raise Fault(
            f"model {path}: {kind}; a single-file checkpoint holds model.diffusion_model.*, text "
            "encoder and VAE"
        )
    return keys


def check_folder(spec: ModelSpec, path: Path) -> None:
    """Log what a half-downloaded folder lacks before diffusers stumbles over it."""
    index_file = path / "model_index.json"
    if not index_file.is_file():
        raise Fault(f"model {spec.name}: no model_index.json in it, so not a diffusers folder")
    try:
        index = json.loads(index_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise Fault(
            f"{index_file}: not JSON ({error}); the download is broken, fetch it again"
        ) from None
    _check_words(spec, path, index)
    for part in ("unet", "vae", "text_encoder", "text_encoder_2"):
        if not isinstance(index.get(part), list) or index[part][0] is None:
            continue
        folder = path / part
        if not (folder / "config.json").is_file():
            raise Fault(
                f"model {spec.name}: {part}/config.json is missing; the download is incomplete, "
                "fetch it again"
            )
        for weights in sorted(folder.glob("*.safetensors")):
            check_weights(weights)
        if not any(folder.glob("*.safetensors")) and not spec.allow_pickle:
            pickles = sorted(p.name for p in [*folder.glob("*.bin"), *folder.glob("*.ckpt")])
            remedy = (
                f"only {pickles[0]}, which can run code when opened; set allow_pickle: true if "
                "you trust it"
                if pickles
                else "the download is incomplete, fetch it again"
            )
            raise Fault(f"model {spec.name}: {part} has no safetensors weights: {remedy}")


def _check_words(spec: ModelSpec, path: Path, index: dict[str, Any]) -> None:
    """Without its tokenizer a folder loads, and every prompt fails."""
    needed = {
        "tokenizer": ("vocab.json", "tokenizer.json"),
        "tokenizer_2": ("vocab.json", "tokenizer.json"),
    }
    for part, names in {**needed, "scheduler": ("scheduler_config.json",)}.items():
        listed = isinstance(index.get(part), list) and index[part][0] is not None
        if listed and not any((path / part / name).is_file() for name in names):
            raise Fault(
                f"model {spec.name}: {part}/{names[0]} is missing; the download is incomplete, "
                "fetch it again"
            )


def check_weights(path: Path) -> None:
    """Read a weights file's header, which says how long the file has to be."""
    from safetensors import safe_open

    try:
        with safe_open(path, framework="pt") as file:
            file.keys()
    except Exception as error:
        raise Fault(
            f"{path}: broken or only half there ({' '.join(str(error).split())[:100]}); fetch it "
            "again"
        ) from None


def reason(spec: ModelSpec, error: Exception) -> str:
    """One line out of the pages that libraries write."""
    text = " ".join(str(error).split())
    kind = type(error).__name__
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return (
            "does not fit into the GPU's memory; close other programs, or use a smaller size "
            "or model"
        )
    if (
        "safetensor" in kind.lower()
        or "header" in text.lower()
        or "incomplete metadata" in text.lower()
    ):
        return f"a weights file is broken or only half there ({text[:120]}); fetch it again"
    if (
        any(
            word in text
            for word in (
                "couldn't connect",
                "Max retries",
                "LocalEntryNotFound",
                "offline",
                "resolve",
                "not a local folder",
                "not fully cached",
            )
        )
        or "Hub" in kind
        or "HTTP" in kind
        or "Connect" in kind
    ):
        return (
            "not on this machine, and Hugging Face could not be reached or has no such model "
            f"({kind}); "
            "download it where there is a network, and name the folder"
        )
    if "size mismatch" in text or "shape" in text:
        return f"weights and config do not fit together ({text[:160]})"
    return f"{kind}: {text[:200]}"


def check_fit(name: str, pipe: Any) -> None:
    """Parts that cannot work together are said at once, not as a shape error in mid-show."""
    channels, latents = pipe.unet.config.in_channels, pipe.vae.config.latent_channels
    if channels != latents:
        hint = {
            9: "an inpainting model",
            8: "an instruct-pix2pix model",
            5: "a depth model",
            7: "an upscaler",
        }.get(channels, "not an img2img model")
        raise Fault(
            f"model {name}: its UNet takes {channels} channels and its VAE gives {latents}: "
            f"{hint}, which does not play here"
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


def family_of(pipe: Any) -> str:
    if getattr(pipe, "text_encoder_2", None) is not None:
        return "sdxl"
    width = pipe.unet.config.cross_attention_dim
    if (
        width < 512
    ):  # no Stable Diffusion is so narrow: a small model in its layout, trained or made on the spot
        return "small"
    return "sd21" if width == 1024 else "sd15"


def choose_vae(
    spec: ModelSpec,
    pipe: Any,
    family: str,
    device: torch.device,
    dtype: torch.dtype,
    progress: Progress,
) -> None:
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
        folder = Path(name).expanduser()
        tiny = not (folder / "config.json").is_file() or "Tiny" in json.loads(
            (folder / "config.json").read_text(encoding="utf-8")
        ).get("_class_name", "")
        progress(f"loading the autoencoder {name}")
        # `auto` must not hang on the network: it takes TAESD when it is at hand or quickly fetched,
        # else the model's own.
        kind = AutoencoderTiny if tiny else AutoencoderKL
        pipe.register_modules(
            vae=kind.from_pretrained(name, torch_dtype=dtype, use_safetensors=True)
        )
    except Exception as error:
        if wish != "auto":
            raise Fault(f"vae {wish}: {reason(spec, error)}") from error
        progress(
            f"TAESD ({name}) is not at hand, so the model's own, slower autoencoder plays; name a "
            "folder with vae: to change that"
        )


def fuse_lcm(spec: ModelSpec, pipe: Any, family: str, progress: Progress) -> None:
    """Make a model of few steps out of one of many."""
    few_steps = (
        any(word in spec.name.lower() for word in FEW_STEP_NAMES)
        or "LCM" in type(pipe.scheduler).__name__
    )
    if spec.lcm_lora == "off" or family == "small" or (spec.lcm_lora == "auto" and few_steps):
        return
    name = LCM_LORA.get(family) if spec.lcm_lora == "auto" else spec.lcm_lora
    if name is None:
        progress(
            f"{spec.name} was not made for few steps and there is no LCM-LoRA for its family: "
            "expect rough pictures (a Turbo model does better)"
        )
        return
    try:
        progress(f"fusing {name}")
        path = Path(name).expanduser()
        where = (str(path.parent), path.name) if path.is_file() else (name, None)
        pipe.load_lora_weights(where[0], **({"weight_name": where[1]} if where[1] else {}))
        pipe.fuse_lora()
        pipe.unload_lora_weights()
    except Exception as error:
        if spec.lcm_lora != "auto":
            raise Fault(f"lcm_lora {spec.lcm_lora}: {reason(spec, error)}") from error
        progress(
            f"LCM-LoRA ({name}) is not at hand: {spec.name} was made for many steps, so expect "
            "rough pictures"
        )
