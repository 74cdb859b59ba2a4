"""Models of published architectures with random weights, which take exactly as long as trained
ones. They are made where they compute; nothing is downloaded.

The UNets are those of the published configs: stabilityai/sd-turbo (866 M parameters), IDKiro's
sdxs-512 (.32 B: one layer a block, no middle block, none of the attention at full size),
Stable Diffusion 1.5 (860 M; an LCM-LoRA fused in changes no shape) and stabilityai/sdxl-turbo
(2.57 B). The autoencoder is TAESD, as vj plays them.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vj.diffusion.pipelines import quieten_libraries

Numbers = Mapping[str, Any]

_OPEN_CLIP_H: Numbers = {
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_hidden_layers": 23,
    "num_attention_heads": 16,
    "hidden_act": "gelu",
}
_CLIP_L: Numbers = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
}
_CLIP_BIG_G: Numbers = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "num_hidden_layers": 32,
    "num_attention_heads": 20,
    "projection_dim": 1280,
    "hidden_act": "gelu",
}
_THREE: Numbers = {
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "attention_head_dim": [5, 10, 20],
    "use_linear_projection": True,
}
_FOUR: Numbers = {"block_out_channels": (320, 640, 1280, 1280)}


@dataclass(frozen=True)
class Architecture:
    """title: as it is known. texts: of its text encoders, two of SDXL's kind. vae: of an
    AutoencoderTiny."""

    title: str
    family: str
    unet: Numbers
    texts: tuple[Numbers, ...]
    vae: Numbers


ARCHITECTURES = {
    "sd-turbo": Architecture(
        "SD-Turbo",
        "sd21",
        {
            **_FOUR,
            "attention_head_dim": [5, 10, 20, 20],
            "cross_attention_dim": 1024,
            "use_linear_projection": True,
        },
        (_OPEN_CLIP_H,),
        {},
    ),
    "sdxs": Architecture(
        "SDXS-512",
        "sd21",
        {**_THREE, "layers_per_block": 1, "mid_block_type": None, "cross_attention_dim": 1024},
        (_OPEN_CLIP_H,),
        {},
    ),
    "sd15-lcm": Architecture(
        "SD 1.5 + LCM",
        "sd15",
        {**_FOUR, "attention_head_dim": 8, "cross_attention_dim": 768},
        (_CLIP_L,),
        {},
    ),
    "sdxl-turbo": Architecture(
        "SDXL-Turbo",
        "sdxl",
        {
            **_THREE,
            "transformer_layers_per_block": [1, 2, 10],
            "cross_attention_dim": 2048,
            "addition_embed_type": "text_time",
            "addition_time_embed_dim": 256,
            "projection_class_embeddings_input_dim": 6 * 256 + 1280,
        },
        (_CLIP_L, _CLIP_BIG_G),
        {},
    ),
    "tiny": Architecture(
        "a tiny model",
        "sd21",
        {
            "block_out_channels": (8, 16),
            "layers_per_block": 1,
            "cross_attention_dim": 1024,
            "attention_head_dim": 4,
            "norm_num_groups": 4,
            "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
        },
        (
            {
                "hidden_size": 1024,
                "intermediate_size": 32,
                "num_hidden_layers": 1,
                "num_attention_heads": 4,
            },
        ),
        {"encoder_block_out_channels": (8,) * 4, "decoder_block_out_channels": (8,) * 4},
    ),
}
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def random_pipe(name: str, device: torch.device, dtype: torch.dtype) -> Any:
    """A diffusers pipeline of one of `ARCHITECTURES`."""
    from diffusers import (
        AutoencoderTiny,
        EulerDiscreteScheduler,
        LCMScheduler,
        StableDiffusionPipeline,
        StableDiffusionXLPipeline,
        UNet2DConditionModel,
    )
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    quieten_libraries()
    wanted = ARCHITECTURES[name]
    tokenizer = _tokenizer()
    small = name == "tiny"
    ends = {
        "vocab_size": len(tokenizer) if small else 49408,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.pad_token_id,
    }
    kinds = (CLIPTextModel, CLIPTextModelWithProjection)
    torch.manual_seed(0)
    with _made_on(device, dtype):
        texts = [
            kind(CLIPTextConfig(**{"projection_dim": 512, **shape, **ends}))
            for kind, shape in zip(kinds, wanted.texts, strict=False)
        ]
        unet = UNet2DConditionModel(sample_size=8 if small else 64, **wanted.unet)
        vae = AutoencoderTiny(**wanted.vae)
    scheduler = LCMScheduler if name == "sd15-lcm" else EulerDiscreteScheduler
    parts = {
        "vae": vae,
        "text_encoder": texts[0],
        "tokenizer": tokenizer,
        "unet": unet,
        "scheduler": scheduler(**BETAS, steps_offset=1),
    }
    if wanted.family == "sdxl":
        pipe = StableDiffusionXLPipeline(**parts, text_encoder_2=texts[1], tokenizer_2=tokenizer)
    else:
        pipe = StableDiffusionPipeline(
            **parts, safety_checker=None, feature_extractor=None, requires_safety_checker=False
        )
    pipe.to(device, dtype)
    return pipe


@contextmanager
def _made_on(device: torch.device, dtype: torch.dtype) -> Iterator[None]:
    """Weights are made there at once, in this type: SDXL's would take 13 GB on their way."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device(device):
            yield
    finally:
        torch.set_default_dtype(before)


def _tokenizer() -> Any:
    """CLIP's, which knows letters only: as many tokens go into the network."""
    from tokenizers import pre_tokenizers
    from transformers import CLIPTokenizer

    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    words = [*letters, *(f"{one}</w>" for one in letters), "<|startoftext|>", "<|endoftext|>"]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        known = json.dumps({word: number for number, word in enumerate(words)})
        (folder / "vocab.json").write_text(known, encoding="utf-8")
        (folder / "merges.txt").write_text("#version: 0.2\n", encoding="utf-8")
        return CLIPTokenizer.from_pretrained(folder, model_max_length=77)
