"""What a show says about its model: names, files and choices, nothing looked up yet. No torch."""

from __future__ import annotations

from dataclasses import dataclass

from vj.core.errors import Fault


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
class GuidedPart:
    """A ControlNet or T2I-Adapter, a folder or Hugging Face id, and the kind of pictures that lead
    it, one of `vj.core.kinds.GUIDES`."""

    model: str
    guide: str = "lines"


@dataclass(frozen=True, slots=True)
class ModelSpec:
    """A show's model section. What its name may be: see `vj.diffusion.model_names`."""

    name: str = "pocket"
    vae: str = "auto"
    """auto, full, taesd, or a folder or Hugging Face id."""
    lcm_lora: str = "auto"
    """auto, off, or a file or Hugging Face id."""
    device: str = "auto"
    dtype: str = "auto"
    """auto, float32, float16 or bfloat16."""
    speed: str = "auto"
    """auto, eager, graph, compile or tensorrt, see `vj.diffusion.speed`."""
    allow_pickle: bool = False
    """Files other than .safetensors may be opened. They can run code."""
    config: str | None = None
    """A diffusers folder that describes a single-file checkpoint, so that nothing is fetched."""
    loras: tuple[LoraFile, ...] = ()
    embeddings: tuple[EmbeddingFile, ...] = ()
    controlnet: tuple[GuidedPart, ...] = ()
    t2i_adapter: tuple[GuidedPart, ...] = ()
    ip_adapter: str | None = None
    """A file. It needs image_encoder too."""
    image_encoder: str | None = None
    """A folder or Hugging Face id."""
    image_prompts: tuple[str, ...] = ()
    """Picture files."""
    style_pictures: tuple[str, ...] = ()
    """Picture files, and folders of them, of the model `picture`."""
    pictures_folder: str = ""
    """A folder of the user's own pictures, which it takes by name too; it need not exist."""


STABLE_DIFFUSION_ONLY = ("loras", "embeddings", "controlnet", "t2i_adapter", "ip_adapter")


def reject_adapters(spec: ModelSpec) -> None:
    """Raises Fault for what only Stable Diffusion models take."""
    asked = [name for name in STABLE_DIFFUSION_ONLY if getattr(spec, name, None)]
    if asked:
        these = ", ".join(asked)
        raise Fault(f"model {spec.name}: takes no {these}; those are for Stable Diffusion models")
