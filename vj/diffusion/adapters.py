"""What a show adds to its model: LoRAs with weights that are played, words of its own, lines that
lead, pictures as prompts.

What belongs to a frame travels with it: its lines and their amount in the `Conditioning`, its image
prompt and the amount of that in the `Embedding`. A LoRA's weight cannot: it is a setting of the
UNet, which computes several frames at once, so a change reaches those in flight too. The part of a
LoRA that changes the text encoder stays at the weight the show starts with: texts are encoded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from vj.core.errors import Fault
from vj.diffusion.checkpoints import EmbeddingFile, LoraFile, ModelSpec, Progress, reason
from vj.diffusion.ip_adapter import ImagePrompts, open_ip_adapter, weighed
from vj.diffusion.prompts import Embedding
from vj.diffusion.weights import open_file, open_part, read_weights
from vj.parameters.store import Snapshot
from vj.parameters.table import Value

SMALL = 1e-4
"""Changes of a LoRA's weight below this are not heard."""


@dataclass
class Adapters:
    """What one model has been given. Belongs to whoever computes with the model: the loader, then
    the render thread."""

    weights: dict[str, float] = field(default_factory=dict)
    """The LoRAs, in the order of the show, and the weights they stand at."""
    tokens: tuple[str, ...] = ()
    """Words that textual inversions have brought."""
    controlnet: Any = None
    t2i_adapter: Any = None
    pictures: ImagePrompts | None = None
    _layers: tuple[Any, list[Any]] = (None, [])

    @property
    def wants_lines(self) -> bool:
        """The model can be led by a line drawing."""
        return self.controlnet is not None or self.t2i_adapter is not None

    @property
    def in_unet(self) -> bool:
        """The UNet computes with more than what its file holds, and with what may change from frame
        to frame."""
        return bool(self.weights) or self.wants_lines or self.pictures is not None

    def describe(self) -> str:
        """`, lora ink, <cat-toy>, controlnet`; empty without any."""
        parts = [*(f"lora {name}" for name in self.weights), *self.tokens]
        parts += [
            word
            for word, part in (("controlnet", self.controlnet), ("t2i_adapter", self.t2i_adapter))
            if part is not None
        ]
        return "".join(
            f", {part}" for part in (*parts, *(["ip_adapter"] if self.pictures is not None else []))
        )

    def to(self, device: torch.device, dtype: torch.dtype) -> None:
        """Compute there, in that type."""
        for part in (self.controlnet, self.t2i_adapter):
            if part is not None:
                part.to(device, dtype, memory_format=torch.channels_last).eval().requires_grad_(
                    False
                )
        if self.pictures is not None:
            self.pictures.to(device, dtype if device.type != "cpu" else torch.float32)

    def follow(self, unet: Any, values: Mapping[str, Value]) -> None:
        """Bring the LoRAs to the weights of a frame, `lora/NAME` in its values. Does nothing while
        they stand still.

        Sets the scales of the LoRA layers, remembered from the first frame: 0.1 ms in SD 1.5, 0.5
        ms in SDXL for two LoRAs, where `set_adapters` looks through the whole UNet for 6 and 30 ms.
        A LoRA at 0 still costs its computing.
        """
        if self._layers[0] is not unet:  # tuning puts a fresh copy of the UNet in
            from peft.tuners.tuners_utils import BaseTunerLayer

            self._layers = (
                unet,
                [module for module in unet.modules() if isinstance(module, BaseTunerLayer)],
            )
        wanted = {
            name: float(values.get(f"lora/{name}", weight)) for name, weight in self.weights.items()
        }
        moved = {
            name for name, weight in wanted.items() if abs(weight - self.weights[name]) > SMALL
        }
        if not moved:
            return
        for slot, (name, weight) in enumerate(wanted.items()):
            if name in moved:
                self.weights[name] = weight
                for layer in self._layers[1]:
                    layer.set_scale(_slot(slot), weight)

    def lead(
        self,
        x: Tensor,
        t: Tensor,
        tokens: Tensor,
        added: dict[str, Any],
        hint: Tensor | None,
        amount: float | Tensor,
    ) -> dict[str, Any]:
        """What the UNet is told by lines. x, tokens: as the UNet gets them. hint: (B, 3, H, W)
        0..1. amount: for all, or (B,)."""
        if hint is None or not self.wants_lines:
            return {}
        hint = hint.to(x.device, x.dtype)
        share = torch.as_tensor(amount, dtype=x.dtype, device=x.device).reshape(-1, 1, 1, 1)
        more: dict[str, Any] = {}
        if self.controlnet is not None:
            down, middle = self.controlnet(
                x, t, tokens, controlnet_cond=hint, added_cond_kwargs=added, return_dict=False
            )
            more["down_block_additional_residuals"] = tuple(share * part for part in down)
            more["mid_block_additional_residual"] = share * middle
        if self.t2i_adapter is not None:
            step = self.t2i_adapter.downscale_factor
            height, width = (-(-side // step) * step for side in hint.shape[-2:])
            if (height, width) != tuple(hint.shape[-2:]):  # SDXL's wants sides in multiples of 16
                hint = F.interpolate(hint, (height, width), mode="bilinear")
            drawn = hint[
                :, : self.t2i_adapter.config.in_channels
            ]  # some are of one channel: the lines are grey
            more["down_intrablock_additional_residuals"] = [
                share * part for part in self.t2i_adapter(drawn)
            ]
        return more

    def picture_tokens(self, text: Embedding, batch: int) -> Tensor:
        """What a UNet with an IP-Adapter gets for a batch: its tokens and their amounts, zeros
        where a row has none. (B, N, D + 1)."""
        assert self.pictures is not None
        if text.image is not None:
            return text.image
        blank = self.pictures.blank
        return blank.new_zeros(batch, blank.shape[1], blank.shape[2] + 1)

    def with_picture(
        self,
        text: Embedding,
        snapshot: Snapshot,
        walked: Tensor | None = None,
        against: bool = False,
    ) -> Embedding:
        """A frame's embedding with its image prompt. walked: the tokens of a walk's pictures, which
        go before the show's own. against: it is a negative prompt, which goes with no picture at
        all."""
        if (
            self.pictures is None
            or snapshot["image/amount"] == 0
            or (walked is None and not self.pictures.shown)
        ):
            return text
        tokens = self.pictures.at(snapshot["image/mix"]) if walked is None else walked
        if against:
            tokens = self.pictures.blank
        return replace(text, image=weighed(tokens, snapshot["image/amount"]))


def add_adapters(
    spec: ModelSpec, pipe: Any, family: str, dtype: torch.dtype, progress: Progress
) -> Adapters:
    """Put in what a show names, into a pipeline that has just been opened. Raises Fault with one
    line that names the file."""
    made = Adapters()
    if spec.embeddings:
        made.tokens = tuple(_add_words(spec, pipe, family, given) for given in spec.embeddings)
        progress(f"prompts may say {', '.join(made.tokens)}")
    if spec.loras:
        made.weights = _add_loras(spec, pipe, progress)
    if spec.controlnet is not None:
        progress(f"loading the ControlNet {spec.controlnet}")
        made.controlnet = _controlnet(spec, spec.controlnet, pipe, dtype)
    if spec.t2i_adapter is not None:
        progress(f"loading the T2I-Adapter {spec.t2i_adapter}")
        made.t2i_adapter = _t2i_adapter(spec, spec.t2i_adapter, pipe, family, dtype)
    if spec.ip_adapter is not None:
        progress(f"loading the IP-Adapter {spec.ip_adapter}")
        made.pictures = open_ip_adapter(spec, spec.ip_adapter, pipe, family, dtype)
    elif spec.image_prompts:
        raise Fault(
            "image_prompts: need an ip_adapter and its image_encoder, which turn pictures into "
            "prompts"
        )
    return made


def _slot(number: int) -> str:
    """A LoRA's name inside peft, where names like "train" or "my_lora_2" would break something."""
    return f"slot{number}"


def _add_loras(spec: ModelSpec, pipe: Any, progress: Progress) -> dict[str, float]:
    def load(slot: str, lora: LoraFile) -> None:
        path = open_file(spec, "lora", lora.file)
        try:
            pipe.load_lora_weights(str(path.parent), weight_name=path.name, adapter_name=slot)
        except Exception as error:
            text = " ".join(str(error).split())
            if "size mismatch" in text or "shape" in text or "Target modules" in text:
                raise Fault(
                    f"lora {lora.file}: does not fit {spec.name}; it was made for another family "
                    "of models"
                ) from None
            what = "is no LoRA" if "Invalid LoRA" in text else reason(spec, error)
            raise Fault(f"lora {lora.file}: {what}") from None
        if not any(slot in names for names in pipe.get_list_adapters().values()):
            raise Fault(
                f"lora {lora.file}: holds nothing that {spec.name} has; it is no LoRA, or one of "
                "another family of models"
            )

    for number, lora in enumerate(spec.loras):
        progress(f"loading the LoRA {lora.name}")
        load(_slot(number), lora)
    slots = [_slot(number) for number in range(len(spec.loras))]
    pipe.set_adapters(slots, [lora.weight for lora in spec.loras])
    return {lora.name: lora.weight for lora in spec.loras}


def _add_words(spec: ModelSpec, pipe: Any, family: str, given: EmbeddingFile) -> str:
    """Teach the text encoders a word, and return it. SDXL has two, and files for it hold a part for
    each (clip_l and clip_g)."""
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
        raise Fault(
            f"embedding {given.file}: is no textual inversion; one holds a single word, or clip_l "
            "and clip_g for SDXL"
        )
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


def _controlnet(spec: ModelSpec, name: str, pipe: Any, dtype: torch.dtype) -> Any:
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


def _t2i_adapter(spec: ModelSpec, name: str, pipe: Any, family: str, dtype: torch.dtype) -> Any:
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
