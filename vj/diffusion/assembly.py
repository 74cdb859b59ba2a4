"""A pipeline of diffusers put together from its parts, each opened by itself: a folder whose
optional parts are not there plays like one that has them.

`pipe` is a StableDiffusionPipeline or StableDiffusionXLPipeline, whatever class the folder was
saved from: only their parts are used. diffusers is imported inside the functions: it takes seconds.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.checkpoints import NEEDED, NEEDED_XL, TEXT_KINDS, is_xl
from vj.diffusion.file_kinds import PLAYED
from vj.diffusion.load_errors import reason
from vj.diffusion.parts import open_folder_part

Parts = dict[str, Any]
GUIDANCE_OF_LCM = 7.5
"""The guidance that a UNet of LCM is asked to have learned."""


def folder_parts(index: dict[str, Any]) -> tuple[str, ...]:
    """The names of the parts that a pipeline is put together from."""
    return NEEDED_XL if is_xl(index) else NEEDED


def opened_part(where: str, folder: Path, part: str, dtype: torch.dtype, allow_pickle: bool) -> Any:
    """A part with weights, from a whole model's folder. Raises Fault."""
    from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
    from transformers import CLIPTextModel, CLIPTextModelWithProjection

    kinds: dict[str, tuple[Any, ...]] = {
        "unet": (UNet2DConditionModel,),
        "vae": (AutoencoderKL, AutoencoderTiny),
        "text_encoder": (CLIPTextModel,),
        "text_encoder_2": (CLIPTextModelWithProjection,),
    }
    named = TEXT_KINDS if part.startswith("text_encoder") else ()
    return open_folder_part(where, folder / part, kinds[part], dtype, allow_pickle, named)


def described_part(where: str, folder: Path, part: str) -> Any:
    """A tokenizer or scheduler, which have no weights. Raises Fault."""
    import diffusers
    from transformers import CLIPTokenizer

    try:
        if part.startswith("tokenizer"):
            return CLIPTokenizer.from_pretrained(str(folder / part), local_files_only=True)
        file = folder / part / "scheduler_config.json"
        config = json.loads(file.read_text(encoding="utf-8"))
        kind = getattr(diffusers, str(config.get("_class_name")), None)
        if kind is None:
            raise Fault(f"{where}: its {part} is a {config.get('_class_name')}; {PLAYED}")
        return kind.from_config(config)
    except Fault:
        raise
    except Exception as error:
        raise Fault(f"{where}: {part}: {reason(error)}") from None


def put_together(parts: Parts, index: dict[str, Any]) -> Any:
    """A pipeline of its parts. index: of its folder."""
    from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

    fold_guidance(parts["unet"])
    if "text_encoder_2" in parts:
        return StableDiffusionXLPipeline(
            **parts,
            force_zeros_for_empty_prompt=index.get("force_zeros_for_empty_prompt", True),
            add_watermarker=False,
        )
    # The safety checker would black out frames in mid-show.
    return StableDiffusionPipeline(
        **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
    )


def fold_guidance(unet: Any) -> None:
    """A UNet of LCM (arXiv 2310.04378) is told beside the time how much guidance it shall stand
    for. That is always the same here, so what comes of it becomes a part of the layer's bias."""
    from diffusers import LatentConsistencyModelPipeline

    embedding = unet.time_embedding
    if getattr(embedding, "cond_proj", None) is None:
        return
    asked = torch.tensor([GUIDANCE_OF_LCM - 1])
    told = LatentConsistencyModelPipeline.get_guidance_scale_embedding(
        None, asked, embedding_dim=embedding.cond_proj.in_features
    )
    with torch.no_grad():
        added = embedding.cond_proj.float()(told) @ embedding.linear_1.weight.float().T
        embedding.linear_1.bias += added[0].to(embedding.linear_1.bias.dtype)
    embedding.cond_proj = None
