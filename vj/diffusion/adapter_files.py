"""LoRAs, textual inversions, ControlNets and T2I-Adapters: looked at, opened, put into a pipeline.

`add_adapters` opens the files and raises a Fault for what does not fit the model; what a header
alone says: `vj.diffusion.lora_layers.check_lora`, `vj.diffusion.embedding_file.check_embedding`.
IP-Adapters are in `vj.diffusion.ip_adapter`.
"""

from __future__ import annotations

from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.adapters import Adapters, slot_name
from vj.diffusion.embedding_file import add_embedding
from vj.diffusion.guides import ControlNets, T2IAdapters
from vj.diffusion.ip_adapter import open_ip_adapter
from vj.diffusion.library_words import told_once
from vj.diffusion.load_errors import reason
from vj.diffusion.lora_layers import add_lora
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.parts import open_part
from vj.diffusion.pipelines import Progress


def add_adapters(
    spec: ModelSpec, pipe: Any, family: str, dtype: torch.dtype, on_message: Progress
) -> Adapters:
    """Open what a show adds to its model, and put it into a pipeline that has just been opened.
    Raises Fault with one line that names the file."""
    added = Adapters()
    if spec.embeddings:
        added.tokens = _add_embeddings(spec, pipe, family, on_message)
        on_message(f"prompts may say {', '.join(added.tokens)}")
    if spec.loras:
        added.weights = _add_loras(spec, pipe, family, on_message)
    led = (*spec.controlnet, *spec.t2i_adapter)
    guides = added.guides = tuple(dict.fromkeys(part.guide for part in led))
    if spec.controlnet:
        nets = []
        for part in spec.controlnet:
            on_message(f"loading the ControlNet {part.model}")
            nets.append(_open_controlnet(spec, part.model, pipe, dtype))
        added.controlnet = ControlNets(nets, [guides.index(one.guide) for one in spec.controlnet])
    if spec.t2i_adapter:
        nets = []
        for part in spec.t2i_adapter:
            on_message(f"loading the T2I-Adapter {part.model}")
            nets.append(_open_t2i_adapter(spec, part.model, pipe, family, dtype))
        added.t2i_adapter = T2IAdapters(nets, [guides.index(one.guide) for one in spec.t2i_adapter])
    if spec.ip_adapter is not None:
        on_message(f"loading the IP-Adapter {spec.ip_adapter}")
        added.image_prompts = open_ip_adapter(spec, spec.ip_adapter, pipe, family, dtype)
    elif spec.image_prompts:
        raise Fault(
            "image_prompts: need an ip_adapter and its image_encoder, which turn pictures into "
            "prompts"
        )
    return added


def _add_embeddings(
    spec: ModelSpec, pipe: Any, family: str, on_message: Progress
) -> tuple[str, ...]:
    """Give the text encoders the words of the textual inversions. Returns them."""
    tokens: list[str] = []
    for given in spec.embeddings:
        try:
            with told_once(f"embedding {given.file}", on_message):
                tokens += add_embedding(spec, pipe, family, given)
        except Fault:
            raise
        except Exception as error:
            raise Fault(f"embedding {given.file}: {reason(error)}") from None
    return tuple(tokens)


def _add_loras(spec: ModelSpec, pipe: Any, family: str, on_message: Progress) -> dict[str, float]:
    """Load the LoRAs into the pipeline and set their first weights. Returns those by name."""
    for number, lora in enumerate(spec.loras):
        on_message(f"loading the LoRA {lora.name}")
        try:
            with told_once(f"lora {lora.file}", on_message):
                add_lora(spec, pipe, family, "lora", lora.file, slot_name(number), on_message)
        except Fault:
            raise
        except Exception as error:
            raise Fault(f"lora {lora.file}: {reason(error)}") from None
    slots = [slot_name(number) for number in range(len(spec.loras))]
    pipe.set_adapters(slots, [lora.weight for lora in spec.loras])
    return {lora.name: lora.weight for lora in spec.loras}


def _open_controlnet(spec: ModelSpec, name: str, pipe: Any, dtype: torch.dtype) -> Any:
    from diffusers import ControlNetModel

    made = open_part(spec, "controlnet", name, ControlNetModel, dtype)
    for key in ("cross_attention_dim", "in_channels", "block_out_channels", "addition_embed_type"):
        one, two = (
            list(value) if isinstance(value, list | tuple) else value
            for value in (made.config[key], pipe.unet.config[key])
        )
        if one != two:
            raise Fault(
                f"controlnet {name}: was made for another family of models (its {key} is {one}, "
                f"that of {spec.name} {two})"
            )
    layers = [_layers(config) for config in (made.config, pipe.unet.config)]
    if layers[0] != layers[1]:
        raise Fault(
            f"controlnet {name}: was made for another family of models (its blocks have "
            f"{layers[0]} layers, those of {spec.name} {layers[1]})"
        )
    _takes_pictures("controlnet", name, made.config.conditioning_channels, (3,))
    return made


def _layers(config: Any) -> list[int]:
    """Of each block on the way down."""
    layers = config.layers_per_block
    count = len(config.block_out_channels)
    return list(layers) if isinstance(layers, list | tuple) else [layers] * count


def _takes_pictures(what: str, name: str, channels: int, right: tuple[int, ...]) -> None:
    """A guide is a picture. Raises Fault."""
    if channels not in right:
        known = " or ".join(map(str, right))
        raise Fault(
            f"{what} {name}: takes {channels} channels; those of {known}, a picture's, play"
        )


def _open_t2i_adapter(
    spec: ModelSpec, name: str, pipe: Any, family: str, dtype: torch.dtype
) -> Any:
    from diffusers import T2IAdapter

    made = open_part(spec, "t2i_adapter", name, T2IAdapter, dtype)
    one, two = list(made.config.channels), list(pipe.unet.config.block_out_channels)
    count = min(len(one), len(two))
    if one[:count] != two[:count] or (made.config.adapter_type == "full_adapter_xl") != (
        family == "sdxl"
    ):
        kind = f"{made.config.adapter_type} of {one} channels, and {spec.name} is {family} of {two}"
        raise Fault(f"t2i_adapter {name}: was made for another family of models (a {kind})")
    _takes_pictures("t2i_adapter", name, made.config.in_channels, (1, 3))
    return made
