"""A small model whose autoencoder is the mean colour of 8x8 pixels, so that what its latents move
to can be seen in its pictures; a clip; and a frame through the model as a show plays it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from diffusers import AutoencoderTiny
from torch import Tensor, nn

from tests.tiny_models import make_model, tiny_vae
from vj.core.frame import Size
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import LoraFile, ModelSpec
from vj.lora_training.settings import TrainedLora
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

SIZE = 64
RED, BLUE = (230, 60, 20), (20, 40, 200)


def colour_vae() -> AutoencoderTiny:
    """Latents are the mean colour of 8x8 pixels, -1..1, and a fourth channel of nothing; decoded,
    they are squares of that colour."""
    vae = tiny_vae()
    for layer in vae.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.zeros_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
            inside = layer.in_channels == layer.out_channels == 8
            if inside and layer.stride == (2, 2):
                _each(layer, 1.0, mean=True)
            elif inside and layer.bias is None:
                _each(layer, 1.0)  # after what doubles the size
    encoder, decoder = list(vae.encoder.layers), list(vae.decoder.layers)
    _each(encoder[0], 1.0)
    _each(encoder[-1], 2.0, -1.0)
    _each(decoder[0], 0.5, 0.5)
    _each(decoder[-1], 1.0)
    return vae


@torch.no_grad()
def _each(layer: nn.Conv2d, weight: float, bias: float = 0.0, mean: bool = False) -> None:
    """Have three channels go through a layer, or their mean of 2x2."""
    for channel in range(3):
        if mean:
            layer.weight[channel, channel, 1:, 1:] = weight / 4
        else:
            layer.weight[channel, channel, 1, 1] = weight
        if layer.bias is not None:
            layer.bias[channel] = bias


def make_base(folder: Path, family: str) -> Path:
    """A model of a family of `make_model`, with that autoencoder."""
    make_model(folder, family)
    shutil.rmtree(folder / "vae")
    colour_vae().save_pretrained(folder / "vae")
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    index["vae"] = ["diffusers", "AutoencoderTiny"]
    (folder / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
    return folder


def clip(count: int = 16, width: int = SIZE, height: int = SIZE) -> list[np.ndarray]:
    """A blue square that falls through red."""
    frames = []
    for number in range(count):
        frame = np.full((height, width, 3), RED, np.uint8)
        frame[8 + number : 28 + number, 16:40] = BLUE
        frames.append(frame)
    return frames


class Trained(NamedTuple):
    """What came of a training, and the running mean of its loss after each step."""

    lora: TrainedLora
    losses: list[float]


def opened(base: Path, *loras: LoraFile) -> Model:
    spec = ModelSpec(str(base), vae="full", lcm_lora="off", device="cpu", loras=loras)
    model = load_model(spec)
    assert isinstance(model, Model)
    return model


def mean_colour(model: Model, prompt: str) -> Tensor:
    """Of what a show makes of a grey frame at nearly full strength, (3,) -1..1."""
    backend = StreamBackend(model, Size(SIZE, SIZE), wait=True)
    snapshot = Store({"prompt/a": prompt, "strength": 0.95}).sample(0)
    made = backend.paint(
        torch.zeros(1, 3, SIZE, SIZE), snapshot, FrameContext.black(Size(SIZE, SIZE))
    )
    assert made is not None
    return torch.as_tensor(made.picture).float().mean((0, 2, 3))
