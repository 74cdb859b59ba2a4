"""Small random models of each family, in the folder format that real ones have. Nothing is downloaded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

from vj.pocket.model import make_tokenizer

BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def _text(tokenizer: Any, width: int, kind: Any = CLIPTextModel) -> Any:
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=width,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        projection_dim=32,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    return kind(config)


def _unet(width: int, **more: Any) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=8,
        block_out_channels=(8, 16),
        layers_per_block=1,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
        up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=4,
        **{"in_channels": 4, "out_channels": 4, **more},
    )


def full_vae() -> AutoencoderKL:
    """A VAE of the large kind, 8x smaller, as every Stable Diffusion folder has one."""
    return AutoencoderKL(
        block_out_channels=(8, 8, 8, 8),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        latent_channels=4,
        norm_num_groups=4,
        layers_per_block=1,
    )


def tiny_vae() -> AutoencoderTiny:
    """A VAE of TAESD's kind."""
    return AutoencoderTiny(encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4)


def make_model(folder: Path, family: str, seed: int = 0, **unet: Any) -> Path:
    """Write a model of family sd15, sd21, turbo, lcm or sdxl into `folder`, and return it."""
    torch.manual_seed(seed)
    tokenizer = make_tokenizer(folder / "tokenizer")
    if family == "sdxl":
        pipe: Any = StableDiffusionXLPipeline(
            vae=full_vae(),
            text_encoder=_text(tokenizer, 32),
            text_encoder_2=_text(tokenizer, 32, CLIPTextModelWithProjection),
            tokenizer=tokenizer,
            tokenizer_2=tokenizer,
            unet=_unet(
                64,
                addition_embed_type="text_time",
                addition_time_embed_dim=8,
                projection_class_embeddings_input_dim=6 * 8 + 32,
                **unet,
            ),
            scheduler=EulerDiscreteScheduler(**BETAS),
        )
    else:
        width = {"sd15": 768, "lcm": 768, "sd21": 1024, "turbo": 1024}[family]
        scheduler = {
            "sd15": lambda: PNDMScheduler(**BETAS),
            "lcm": lambda: LCMScheduler(**BETAS),
            "sd21": lambda: PNDMScheduler(**BETAS, prediction_type="v_prediction"),
            "turbo": lambda: EulerDiscreteScheduler(**BETAS),
        }[family]()
        pipe = StableDiffusionPipeline(
            vae=full_vae(),
            text_encoder=_text(tokenizer, width),
            tokenizer=tokenizer,
            unet=_unet(width, **unet),
            scheduler=scheduler,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipe.save_pretrained(folder)
    return folder
