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
from safetensors.torch import load_file, save_file
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


_RESNET = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
_UNET = {
    "conv_in.": "input_blocks.0.0.",
    "down_blocks.0.resnets.0.": "input_blocks.1.0.",
    "down_blocks.0.attentions.0.": "input_blocks.1.1.",
    "down_blocks.0.downsamplers.0.conv.": "input_blocks.2.0.op.",
    "down_blocks.1.resnets.0.": "input_blocks.3.0.",
    "mid_block.resnets.0.": "middle_block.0.",
    "mid_block.attentions.0.": "middle_block.1.",
    "mid_block.resnets.1.": "middle_block.2.",
    "up_blocks.0.resnets.0.": "output_blocks.0.0.",
    "up_blocks.0.resnets.1.": "output_blocks.1.0.",
    "up_blocks.0.upsamplers.0.conv.": "output_blocks.1.1.conv.",
    "up_blocks.1.resnets.0.": "output_blocks.2.0.",
    "up_blocks.1.attentions.0.": "output_blocks.2.1.",
    "up_blocks.1.resnets.1.": "output_blocks.3.0.",
    "up_blocks.1.attentions.1.": "output_blocks.3.1.",
    "conv_norm_out.": "out.0.",
    "conv_out.": "out.2.",
    "time_embedding.linear_1.": "time_embed.0.",
    "time_embedding.linear_2.": "time_embed.2.",
}
_VAE = {
    **{f"encoder.down_blocks.{i}.resnets.0.": f"encoder.down.{i}.block.0." for i in range(4)},
    **{f"encoder.down_blocks.{i}.downsamplers.0.": f"encoder.down.{i}.downsample." for i in range(4)},
    **{f"decoder.up_blocks.{i}.resnets.{j}.": f"decoder.up.{3 - i}.block.{j}." for i in range(4) for j in range(2)},
    **{f"decoder.up_blocks.{i}.upsamplers.0.": f"decoder.up.{3 - i}.upsample." for i in range(4)},
    **{f"{side}.mid_block.resnets.{j}.": f"{side}.mid.block_{j + 1}." for side in ("encoder", "decoder") for j in range(2)},
    **{f"{side}.mid_block.attentions.0.": f"{side}.mid.attn_1." for side in ("encoder", "decoder")},
    "conv_shortcut": "nin_shortcut",
    "conv_norm_out": "norm_out",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def _renamed(state: dict[str, torch.Tensor], names: dict[str, str], prefix: str) -> dict[str, torch.Tensor]:
    out = {}
    for key, value in state.items():
        new = key
        for theirs, original in names.items():
            new = new.replace(theirs, original)
        if ".resnets." in key and prefix.startswith("model."):
            for theirs, original in _RESNET.items():
                new = new.replace(theirs, original)
        out[prefix + new] = value.contiguous()
    return out


def one_file(folder: Path, path: Path) -> Path:
    """Write a Stable Diffusion 1.5 folder of `make_model` as one file, under the names of the original checkpoints."""
    parts = {part: load_file(next((folder / part).glob("*.safetensors"))) for part in ("unet", "vae", "text_encoder")}
    save_file(
        _renamed(parts["unet"], _UNET, "model.diffusion_model.")
        | _renamed(parts["vae"], _VAE, "first_stage_model.")
        | _renamed(parts["text_encoder"], {}, "cond_stage_model.transformer.text_model."),
        path,
    )
    return path
