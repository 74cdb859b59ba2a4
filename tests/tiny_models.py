"""Small random models of each family, in the folder format that real ones have. Nothing is
downloaded."""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    ControlNetModel,
    DEISMultistepScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    PNDMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    T2IAdapter,
    TCDScheduler,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    CLIPVisionConfig,
    CLIPVisionModelWithProjection,
)

from vj.pocket.lexicon import TECHNIQUE_WORDS

WORDS = sorted(
    {word for names in TECHNIQUE_WORDS.values() for name in names for word in name.split()}
)
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}


def make_tokenizer(folder: Path) -> CLIPTokenizer:
    """A CLIP tokenizer whose merges make one token of every one of a few words; other words fall
    apart into letters."""
    byte_pairs = Tokenizer(models.BPE(unk_token="<|endoftext|>", end_of_word_suffix="</w>"))
    byte_pairs.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)
    trainer = trainers.BpeTrainer(
        vocab_size=4000,
        end_of_word_suffix="</w>",
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    byte_pairs.train_from_iterator([[w] for w in WORDS for _ in range(8)], trainer)
    learned = json.loads(byte_pairs.to_str())["model"]
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    merges = [tuple(m) for m in learned["merges"]]
    vocabulary = dict.fromkeys(
        alphabet
        + [c + "</w>" for c in alphabet]
        + ["".join(m) for m in merges]
        + ["<|startoftext|>", "<|endoftext|>"]
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(
        json.dumps({token: i for i, token in enumerate(vocabulary)}, ensure_ascii=False),
        encoding="utf-8",
    )
    (folder / "merges.txt").write_text(
        "#version: 0.2\n" + "\n".join(" ".join(m) for m in merges) + "\n", encoding="utf-8"
    )
    tokenizer = CLIPTokenizer.from_pretrained(folder, model_max_length=77)
    tokenizer.save_pretrained(folder)
    return tokenizer


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
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=4,
        **{
            "block_out_channels": (8, 16),
            "layers_per_block": 1,
            "in_channels": 4,
            "out_channels": 4,
            "down_block_types": ("CrossAttnDownBlock2D", "DownBlock2D"),
            "up_block_types": ("UpBlock2D", "CrossAttnUpBlock2D"),
            **more,
        },
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


SDXS_BLOCKS: dict[str, Any] = {
    "block_out_channels": (8, 16, 16),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "mid_block_type": None,
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
}
"""SDXS: three levels of one layer, no middle; the autoencoder in its folder is a tiny one."""
VEGA_BLOCKS: dict[str, Any] = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "mid_block_type": "UNetMidBlock2D",
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
    "layers_per_block": 2,
    "transformer_layers_per_block": [1, [2, 2]],
    "reverse_transformer_layers_per_block": [[1, 1, 2], 1],
}
SSD_BLOCKS = {
    **VEGA_BLOCKS,
    "transformer_layers_per_block": [1, [4, 4]],
    "reverse_transformer_layers_per_block": [[4, 4, 10], 1],
}
"""SSD-1B and Vega: SDXL with layers taken out, another number going up than down, and a middle
without attention. With their real widths they have the 1331 and 745 million numbers of those."""
XL_FAMILIES: dict[str, tuple[dict[str, Any], str]] = {
    "sdxl": ({}, "epsilon"),
    "sdxl-turbo": ({}, "epsilon"),
    "sdxl-lightning-4step": ({}, "epsilon"),
    "sdxl-lightning-1step": ({}, "sample"),
    "ssd-1b": (SSD_BLOCKS, "epsilon"),
    "vega": (VEGA_BLOCKS, "epsilon"),
}
"""What is particular in the UNet, and what it predicts."""
FAMILIES = (
    *("sd15", "sd21", "turbo", "lcm", "dreamshaper", "hyper"),
    *("sdxs-512-0.9", "sdxs-512-dreamshaper", *XL_FAMILIES),
)


_MADE: dict[str, tuple[Path, torch.Tensor]] = {}
"""The models that have been made, each with the state of torch's random numbers after it."""


def make_model(folder: Path, family: str, seed: int = 0, **unet: Any) -> Path:
    """Write a model of one of `FAMILIES` into `folder`, and return it. Each is made once, and then
    copied."""
    kind = repr((family, seed, sorted(unet.items())))
    if kind not in _MADE:
        made = Path(tempfile.mkdtemp(prefix="vj-tests-"))
        atexit.register(shutil.rmtree, made, ignore_errors=True)
        _make(made, family, seed, unet)
        _MADE[kind] = made, torch.get_rng_state()
    made, after = _MADE[kind]
    shutil.copytree(made, folder, dirs_exist_ok=True)
    torch.set_rng_state(after)
    return folder


def _make(folder: Path, family: str, seed: int, unet: dict[str, Any]) -> None:
    torch.manual_seed(seed)
    tokenizer = make_tokenizer(folder / "tokenizer")
    if family in XL_FAMILIES:
        shape, prediction = XL_FAMILIES[family]
        unet = {**shape, **unet}
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
            scheduler=EulerDiscreteScheduler(
                **BETAS, timestep_spacing="trailing", prediction_type=prediction
            ),
        )
    else:
        width = {"sd21": 1024, "turbo": 1024, "sdxs-512-0.9": 1024}.get(family, 768)
        unet = {**(SDXS_BLOCKS if family.startswith("sdxs") else {}), **unet}
        scheduler = {
            "hyper": lambda: TCDScheduler(**BETAS),
            "dreamshaper": lambda: DEISMultistepScheduler(**BETAS),
            "sdxs-512-0.9": lambda: DEISMultistepScheduler(**BETAS),
            "sdxs-512-dreamshaper": lambda: DEISMultistepScheduler(**BETAS),
            "sd15": lambda: PNDMScheduler(**BETAS),
            "lcm": lambda: LCMScheduler(**BETAS),
            "sd21": lambda: PNDMScheduler(**BETAS, prediction_type="v_prediction"),
            "turbo": lambda: EulerDiscreteScheduler(**BETAS),
        }[family]()
        pipe = StableDiffusionPipeline(
            vae=tiny_vae() if family.startswith("sdxs") else full_vae(),
            text_encoder=_text(tokenizer, width),
            tokenizer=tokenizer,
            unet=_unet(width, **unet),
            scheduler=scheduler,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
        )
    pipe.save_pretrained(folder)


RESNET_NAMES = {
    "norm1": "in_layers.0",
    "conv1": "in_layers.2",
    "norm2": "out_layers.0",
    "conv2": "out_layers.3",
    "time_emb_proj": "emb_layers.1",
    "conv_shortcut": "skip_connection",
}
UNET_NAMES = {
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
    **{
        f"encoder.down_blocks.{i}.downsamplers.0.": f"encoder.down.{i}.downsample."
        for i in range(4)
    },
    **{
        f"decoder.up_blocks.{i}.resnets.{j}.": f"decoder.up.{3 - i}.block.{j}."
        for i in range(4)
        for j in range(2)
    },
    **{f"decoder.up_blocks.{i}.upsamplers.0.": f"decoder.up.{3 - i}.upsample." for i in range(4)},
    **{
        f"{side}.mid_block.resnets.{j}.": f"{side}.mid.block_{j + 1}."
        for side in ("encoder", "decoder")
        for j in range(2)
    },
    **{f"{side}.mid_block.attentions.0.": f"{side}.mid.attn_1." for side in ("encoder", "decoder")},
    "conv_shortcut": "nin_shortcut",
    "conv_norm_out": "norm_out",
    "group_norm": "norm",
    "to_q": "q",
    "to_k": "k",
    "to_v": "v",
    "to_out.0": "proj_out",
}


def _renamed(
    state: dict[str, torch.Tensor], names: dict[str, str], prefix: str
) -> dict[str, torch.Tensor]:
    out = {}
    for key, value in state.items():
        new = key
        for theirs, original in names.items():
            new = new.replace(theirs, original)
        if ".resnets." in key and prefix.startswith("model."):
            for theirs, original in RESNET_NAMES.items():
                new = new.replace(theirs, original)
        out[prefix + new] = value.contiguous()
    return out


def one_file(folder: Path, path: Path) -> Path:
    """Write a Stable Diffusion 1.5 folder of `make_model` as one file, under the names of the
    original checkpoints."""
    parts = {
        part: load_file(next((folder / part).glob("*.safetensors")))
        for part in ("unet", "vae", "text_encoder")
    }
    save_file(
        _renamed(parts["unet"], UNET_NAMES, "model.diffusion_model.")
        | _renamed(parts["vae"], _VAE, "first_stage_model.")
        | _renamed(parts["text_encoder"], {}, "cond_stage_model.transformer.text_model."),
        path,
    )
    return path


def make_lora(
    folder: Path, path: Path, seed: int = 1, text: bool = False, kohya: bool = False
) -> Path:
    """A LoRA for the model in `folder`, as diffusers writes it or as the trainers of kohya do.
    text: for its text encoder too."""
    from peft import LoraConfig
    from peft.utils import get_peft_model_state_dict

    torch.manual_seed(seed)
    kind = (
        StableDiffusionXLPipeline
        if (folder / "text_encoder_2").is_dir()
        else StableDiffusionPipeline
    )
    pipe = kind.from_pretrained(folder)
    layers = {}
    for part, module, targets in (
        ("unet", pipe.unet, ["to_q", "to_v"]),
        ("text_encoder", pipe.text_encoder, ["q_proj", "v_proj"]),
    ):
        if part == "unet" or text:
            module.add_adapter(LoraConfig(r=2, init_lora_weights=False, target_modules=targets))
            layers[part] = get_peft_model_state_dict(module)
    if kohya:
        state = {}
        for key, value in layers["unet"].items():
            name, _, side = key.removesuffix(".weight").rpartition(".lora_")
            state[
                f"lora_unet_{name.replace('.', '_')}.lora_{'down' if side == 'A' else 'up'}.weight"
            ] = value.contiguous()
            state[f"lora_unet_{name.replace('.', '_')}.alpha"] = torch.tensor(2.0)
        save_file(state, path)
    else:
        kind.save_lora_weights(
            path.parent,
            **{f"{part}_lora_layers": given for part, given in layers.items()},
            weight_name=path.name,
        )
    return path


XL_BLOCKS: dict[str, Any] = {
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D"),
}
"""For `make_model`: SDXL's UNet begins without attention, which its T2I-Adapters count on."""


def make_controlnet(folder: Path, width: int = 768, xl: bool = False, **shape: Any) -> Path:
    """A ControlNet for a model of `make_model` whose text has `width` numbers a token. xl: for SDXL
    with `XL_BLOCKS`. shape: what is particular in its blocks."""
    torch.manual_seed(11)
    more = {
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 8,
        "projection_class_embeddings_input_dim": 6 * 8 + 32,
    }
    first = XL_BLOCKS["down_block_types"] if xl else ("CrossAttnDownBlock2D", "DownBlock2D")
    net = ControlNetModel(
        layers_per_block=1,
        cross_attention_dim=width,
        attention_head_dim=4,
        norm_num_groups=4,
        conditioning_embedding_out_channels=(4, 4, 4, 8),
        **{"block_out_channels": (8, 16), "down_block_types": first, **shape},
        **(more if xl else {}),
    )
    for closed in (
        *net.controlnet_down_blocks,
        net.controlnet_mid_block,
        net.controlnet_cond_embedding.conv_out,
    ):
        torch.nn.init.normal_(closed.weight, std=0.3)  # untrained, they would let nothing through
    net.save_pretrained(folder)
    return folder


def make_t2i_adapter(folder: Path, channels: int = 3, xl: bool = False) -> Path:
    """A T2I-Adapter for a model of `make_model`. xl: for SDXL with `XL_BLOCKS`."""
    torch.manual_seed(12)
    kind = (
        {"adapter_type": "full_adapter_xl", "downscale_factor": 16}
        if xl
        else {"downscale_factor": 8}
    )
    T2IAdapter(in_channels=channels, channels=[8, 16], num_res_blocks=1, **kind).save_pretrained(
        folder
    )
    return folder


def make_image_encoder(folder: Path) -> Path:
    """A CLIP vision model of 32x32 pixels."""
    torch.manual_seed(13)
    shape = {
        "hidden_size": 16,
        "intermediate_size": 16,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
    }
    CLIPVisionModelWithProjection(
        CLIPVisionConfig(**shape, image_size=32, patch_size=8, projection_dim=12)
    ).save_pretrained(folder)
    CLIPImageProcessor(size=32, crop_size=32).save_pretrained(folder)
    return folder


def make_ip_adapter(folder: Path, path: Path, plus: bool = False) -> Path:
    """An IP-Adapter, plain or "plus", for the model in `folder` and the encoder of
    `make_image_encoder`."""
    unet = UNet2DConditionModel.from_pretrained(folder, subfolder="unet")
    generator = torch.Generator().manual_seed(14)

    def some(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator) * 0.3

    width, deep = unet.config.cross_attention_dim, 16
    if plus:
        sides = {
            "latents": some(1, 4, deep),
            "proj_in.weight": some(deep, 16),
            "proj_in.bias": some(deep),
        }
        sides |= {
            "proj_out.weight": some(width, deep),
            "proj_out.bias": some(width),
            "norm_out.weight": torch.ones(width),
        }
        sides["norm_out.bias"] = torch.zeros(width)
        for layer in (f"layers.{number}" for number in range(4)):
            sides |= {
                f"{layer}.0.to_q.weight": some(64, deep),
                f"{layer}.0.to_kv.weight": some(128, deep),
            }
            sides |= {
                f"{layer}.0.to_out.weight": some(deep, 64),
                f"{layer}.1.1.weight": some(4 * deep, deep),
            }
            sides |= {f"{layer}.1.3.weight": some(deep, 4 * deep)}
            for norm in ("0.norm1", "0.norm2", "1.0"):
                sides |= {
                    f"{layer}.{norm}.weight": torch.ones(deep),
                    f"{layer}.{norm}.bias": torch.zeros(deep),
                }
    else:
        sides = {
            "proj.weight": some(4 * width, 12),
            "proj.bias": some(4 * width),
            "norm.weight": torch.ones(width),
        }
        sides["norm.bias"] = torch.zeros(width)
    state = {f"image_proj.{key}": value for key, value in sides.items()}
    crossed = [name for name in unet.attn_processors if name.endswith("attn2.processor")]
    for number, name in enumerate(crossed):
        inside = unet.get_submodule(name.removesuffix(".processor")).inner_dim
        state[f"ip_adapter.{2 * number + 1}.to_k_ip.weight"] = some(inside, width)
        state[f"ip_adapter.{2 * number + 1}.to_v_ip.weight"] = some(inside, width)
    save_file(state, path)
    return path
