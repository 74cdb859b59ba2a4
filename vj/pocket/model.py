"""The built-in model's parts: shapes, tokenizer, and the folder they are saved in."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from vj.pocket.patterns import NOISES
from vj.pocket.vocabulary import words

PICTURES = 16
"""Channels of the latents that hold the picture."""
LATENTS = PICTURES + NOISES
SCALE = 5.0
"""How large latents are beside the noise. At 1, as in Stable Diffusion, faces drown at strength 0.3; at 5 they carry to 0.7."""
TEXT_WIDTH = 96
TEXT_LENGTH = 77


def make_autoencoder() -> AutoencoderTiny:
    """8x smaller. Few blocks at full size, where they cost; more at the bottom, where they are free."""
    return AutoencoderTiny(
        latent_channels=LATENTS,
        encoder_block_out_channels=(32,) * 4,
        decoder_block_out_channels=(32,) * 4,
        num_encoder_blocks=(0, 1, 3, 4),
        num_decoder_blocks=(4, 3, 1, 0),
        scaling_factor=SCALE,
    )


@torch.no_grad()
def keep_noise_apart(autoencoder: AutoencoderTiny) -> None:
    """The last channels are written as zeros and never read, so that there the noised latents are noise alone."""
    last, first = autoencoder.encoder.layers[-1], next(m for m in autoencoder.decoder.layers if isinstance(m, torch.nn.Conv2d))
    last.weight[PICTURES:] = 0
    last.bias[PICTURES:] = 0
    first.weight[:, PICTURES:] = 0


def make_unet() -> UNet2DConditionModel:
    """Three levels. The words are the same for the whole picture, so they enter beside the time, as scale and shift of every block
    (Perez et al. 2018), and there is no attention to pay for. Predicts the clean latents."""
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=LATENTS,
        out_channels=LATENTS,
        block_out_channels=(64, 96, 128),
        layers_per_block=2,
        down_block_types=("DownBlock2D",) * 3,
        mid_block_type="UNetMidBlock2D",
        up_block_types=("UpBlock2D",) * 3,
        cross_attention_dim=TEXT_WIDTH,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


def make_tokenizer(folder: Path) -> CLIPTokenizer:
    """A CLIP tokenizer whose merges make one token of every word of the vocabulary; other words fall apart into letters."""
    byte_pairs = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    byte_pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    trainer = trainers.BpeTrainer(
        vocab_size=4000, end_of_word_suffix="</w>", initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    byte_pairs.train_from_iterator([[w] for w in words() for _ in range(8)], trainer)
    learned = json.loads(byte_pairs.to_str())["model"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [tuple(m) for m in learned["merges"]]
    vocabulary = dict.fromkeys(
        alphabet + [c + "</w>" for c in alphabet] + ["".join(m) for m in merges] + ["<|startoftext|>", "<|endoftext|>"]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(vocabulary)}, ensure_ascii=False), encoding="utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(m) for m in merges) + "\n", encoding="utf-8")
    tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=TEXT_LENGTH)
    tokenizer.save_pretrained(folder)
    return tokenizer


def make_text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Two small layers: enough to read words in any order."""
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=TEXT_WIDTH,
            intermediate_size=2 * TEXT_WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=TEXT_LENGTH,
            projection_dim=TEXT_WIDTH,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def make_scheduler() -> DDIMScheduler:
    """Stable Diffusion's noise schedule, so that strength means what it means there; the UNet predicts the clean sample."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="sample",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def save_model(folder: Path, autoencoder: AutoencoderTiny, unet: UNet2DConditionModel, text_encoder: CLIPTextModel) -> None:
    """Write the folder `StableDiffusionPipeline.from_pretrained` reads, fp16 safetensors. The tokenizer is already there."""
    for part, name in ((autoencoder, "vae"), (unet, "unet"), (text_encoder, "text_encoder")):
        floats = {k: v.dtype for k, v in part.state_dict().items() if v.is_floating_point()}
        part.to(torch.float16).save_pretrained(folder / name, safe_serialization=True)
        part.to(next(iter(floats.values())))
    make_scheduler().save_pretrained(folder / "scheduler")
    index = {
        "_class_name": "StableDiffusionPipeline",
        "_diffusers_version": "0.42.1",
        "feature_extractor": [None, None],
        "image_encoder": [None, None],
        "requires_safety_checker": False,
        "safety_checker": [None, None],
        "scheduler": ["diffusers", "DDIMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderTiny"],
    }
    (folder / "model_index.json").write_text(json.dumps(index, indent=2) + "\n", encoding="utf-8")
