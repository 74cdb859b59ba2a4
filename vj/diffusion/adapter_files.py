"""LoRAs, textual inversions, ControlNets and T2I-Adapters: looked at, opened, put into a pipeline.

`check_lora` and `check_embedding` look at a file's header alone; `add_adapters` opens the files and
raises a Fault for what does not fit the model. IP-Adapters are in `vj.diffusion.ip_adapter`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from vj.core.errors import Fault
from vj.diffusion.adapters import Adapters, slot_name
from vj.diffusion.guides import ControlNets, T2IAdapters
from vj.diffusion.ip_adapter import open_ip_adapter
from vj.diffusion.load_errors import reason
from vj.diffusion.lora_layers import add_lora
from vj.diffusion.model_spec import EmbeddingFile, ModelSpec
from vj.diffusion.parts import open_part
from vj.diffusion.pipelines import Progress
from vj.diffusion.weights import read_weights, weight_names

LORA_WORDS = ("lora", "lokr", "hada", "oft", "ia3", "diff")
"""One of them is in the name of a tensor of every kind of LoRA."""


def check_lora(spec: ModelSpec, what: str, name: str) -> None:
    """Whether a file is a LoRA, by its header. what: loras or lcm_lora, as the error says it.
    Raises Fault."""
    names = weight_names(spec, what, name)
    if names and not any(word in key.lower() for key in names for word in LORA_WORDS):
        raise Fault(f"{what} {name}: is no LoRA (its weights are called {names[0]} and the like)")


def check_embedding(spec: ModelSpec, name: str) -> None:
    """Whether a file is a textual inversion, by its header. Raises Fault."""
    names = weight_names(spec, "embedding", name)
    if len(names) > 1 and not {"clip_l", "clip_g"} <= set(names):
        raise _no_textual_inversion(name)


def _no_textual_inversion(name: str) -> Fault:
    return Fault(
        f"embedding {name}: is no textual inversion; one holds a single word, or clip_l and "
        "clip_g for SDXL"
    )


def add_adapters(
    spec: ModelSpec, pipe: Any, family: str, dtype: torch.dtype, on_message: Progress
) -> Adapters:
    """Open what a show adds to its model, and put it into a pipeline that has just been opened.
    Raises Fault with one line that names the file."""
    added = Adapters()
    if spec.embeddings:
        added.tokens = tuple(_add_embedding(spec, pipe, family, given) for given in spec.embeddings)
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


def _add_loras(spec: ModelSpec, pipe: Any, family: str, on_message: Progress) -> dict[str, float]:
    """Load the LoRAs into the pipeline and set their first weights. Returns those by name."""
    for number, lora in enumerate(spec.loras):
        on_message(f"loading the LoRA {lora.name}")
        try:
            add_lora(spec, pipe, family, "lora", lora.file, slot_name(number), on_message)
        except Fault:
            raise
        except Exception as error:
            raise Fault(f"lora {lora.file}: {reason(error)}") from None
    slots = [slot_name(number) for number in range(len(spec.loras))]
    pipe.set_adapters(slots, [lora.weight for lora in spec.loras])
    return {lora.name: lora.weight for lora in spec.loras}


def _add_embedding(spec: ModelSpec, pipe: Any, family: str, given: EmbeddingFile) -> str:
    """Add a textual inversion's word to the text encoders, and return it. SDXL has two encoders,
    and files for it hold a part for each, clip_l and clip_g."""
    found = read_weights(spec, "embedding", given.file)
    own: str | None = None
    if "string_to_param" in found:  # as the web UI writes them
        own, parts = found.get("name"), {"clip_l": found["string_to_param"].get("*")}
    elif {"clip_l", "clip_g"} <= set(found):
        parts = found
    elif len(found) == 1:
        own, vectors = next(iter(found.items()))
        own, parts = (None if own in ("", "emb_params") else own), {"clip_l": vectors}
    else:
        raise _no_textual_inversion(given.file)
    token = given.token or own or Path(given.file).stem
    encoders = {"clip_l": (pipe.text_encoder, pipe.tokenizer)}
    if family == "sdxl":
        encoders["clip_g"] = (pipe.text_encoder_2, pipe.tokenizer_2)
    if set(encoders) != set(parts) & {"clip_l", "clip_g"}:
        has, wants = (
            ("two parts", "one") if len(parts) > 1 else ("one part", "two, clip_l and clip_g")
        )
        raise Fault(
            f"embedding {given.file}: has {has}, and this model's family ({family}) takes "
            f"{wants}; it belongs to another"
        )
    for part, (encoder, tokenizer) in encoders.items():
        vectors = torch.as_tensor(parts[part]).detach()
        width = encoder.get_input_embeddings().weight.shape[-1]
        if vectors.shape[-1] != width:
            raise Fault(
                f"embedding {given.file}: has {vectors.shape[-1]} numbers a token, and this "
                f"model's text encoder takes {width}; "
                "it belongs to another family of models"
            )
        try:
            pipe.load_textual_inversion(
                {token: vectors}, token=token, text_encoder=encoder, tokenizer=tokenizer
            )
        except ValueError as error:
            remedy = (
                "the model knows this word already; give it another with token:"
                if "already" in str(error)
                else str(error)
            )
            raise Fault(
                f"embedding {given.file}: {token}: {' '.join(remedy.split())[:200]}"
            ) from None
    return token


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
    return made


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
    return made
