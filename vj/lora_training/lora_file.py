"""A LoRA as a file that others read: one .safetensors with the names of kohya's trainers, which
diffusers (`load_lora_weights`), a show's `loras:`, ComfyUI and the web UIs take."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

import vj
from vj.training.checkpoint import write_whole

ARCHITECTURES = {
    "sd15": ("sd_v1", "stable-diffusion-v1/lora"),
    "sd21": ("sd_v2", "stable-diffusion-v2-512/lora"),
}
"""By family: what kohya's trainers and the model specification of Stability AI call it."""


@dataclass(frozen=True, slots=True)
class LoraFacts:
    """What is written beside the weights. base: the model's name. family: sd15 or sd21.
    prediction: what its UNet predicts. frames: of the clip. steps: of training, so far."""

    name: str
    base: str
    family: str
    prediction: str
    word: str
    rank: int
    size: int
    frames: int
    seed: int
    steps: int = 0

    def asked(self) -> dict[str, str | int]:
        """What a run was asked for, by name: two runs with the same are the same run."""
        return {name: value for name, value in asdict(self).items() if name != "steps"}

    def metadata(self) -> dict[str, str]:
        """For the header, under the names that kohya's trainers and ModelSpec use."""
        version, architecture = ARCHITECTURES.get(self.family, (self.family, f"{self.family}/lora"))
        if self.family == "sd21" and self.prediction == "v_prediction":
            version, architecture = "sd_v2_v", "stable-diffusion-v2-768-v/lora"
        return {
            "format": "pt",
            "ss_output_name": self.name,
            "ss_sd_model_name": self.base,
            "ss_base_model_version": version,
            "ss_v2": str(self.family == "sd21"),
            "ss_network_module": "networks.lora",
            "ss_network_dim": str(self.rank),
            "ss_network_alpha": str(self.rank),
            "ss_resolution": f"({self.size}, {self.size})",
            "ss_steps": str(self.steps),
            "ss_num_train_images": str(self.frames),
            "ss_seed": str(self.seed),
            "ss_tag_frequency": json.dumps({"clip": {self.word: self.frames}}),
            "modelspec.sai_model_spec": "1.0.0",
            "modelspec.architecture": architecture,
            "modelspec.implementation": "diffusers",
            "modelspec.title": self.name,
            "modelspec.trigger_phrase": self.word,
            "modelspec.prediction_type": self.prediction.removesuffix("_prediction"),
            "modelspec.resolution": f"{self.size}x{self.size}",
            "vj.version": vj.__version__,
        }


def save_lora(path: Path, weights: Mapping[str, Tensor], facts: LoraFacts) -> None:
    """Write a LoRA, in half precision, whole or not at all. weights: of the UNet's modules, by
    peft's names (`mid_block...to_q.lora_A.weight`). Raises OSError."""
    from diffusers.utils.state_dict_utils import convert_state_dict_to_kohya
    from safetensors.torch import save

    named = convert_state_dict_to_kohya({f"unet.{name}": one for name, one in weights.items()})
    state = {
        name: one.detach().to("cpu", torch.float16).contiguous() for name, one in named.items()
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, save(state, facts.metadata()))
