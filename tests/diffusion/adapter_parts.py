"""Models with adapters, and one frame through them: what the tests of adapters share."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from vj.core.frame import Size
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import GuidedPart, LoraFile, ModelSpec
from vj.diffusion.prompts import Embedding
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

SIZE = Size(64, 64)


def guided(value: Any) -> Any:
    """A folder, or several with the kind of guide of each, as a model's spec has them."""
    if isinstance(value, str):
        return (GuidedPart(value),)
    return tuple(GuidedPart(*part) for part in value)


def load(parts: Path, family: str = "lcm", **more: Any) -> Model:
    for setting in {"controlnet", "t2i_adapter"} & more.keys():
        more[setting] = guided(more[setting])
    spec = ModelSpec(
        str(parts / family), **{"vae": "full", "lcm_lora": "off", "device": "cpu", **more}
    )
    return load_model(spec)


def lora(parts: Path, name: str, weight: float = 1.0, called: str = "") -> LoraFile:
    return LoraFile(str(parts / f"{name}.safetensors"), called or name, weight)


def pictured(parts: Path, **more: Any) -> dict[str, Any]:
    shown = tuple(str(parts / f"{name}.png") for name in "abc")
    encoder = str(parts / "encoder")
    return {
        "ip_adapter": str(parts / "ip.safetensors"),
        "image_encoder": encoder,
        "image_prompts": shown,
        **more,
    }


X, T = (
    torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(4)),
    torch.tensor([600.0, 300.0]),
)


def apart(one: Tensor, two: Tensor) -> float:
    return float((one - two).abs().max())


def guess(model: Model, embedding: Embedding | None = None, *lines: Any) -> Tensor:
    """The UNet's prediction for two rows."""
    embedding = model.encode_text("gold") if embedding is None else embedding
    return model.unet(X, T, Embedding.stack([embedding, embedding]), *lines)


def at(**weights: float) -> Any:
    return SimpleNamespace(values={f"lora/{name}": weight for name, weight in weights.items()})


def picture(number: int = 0) -> Tensor:
    return torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64).roll(number * 7, -1)


def paint(backend: StreamBackend, drawn: np.ndarray | None = None, **values: Any) -> Tensor:
    """One frame through a backend of one step, with a show's values. drawn: lines that lead it."""
    names = {key.replace("__", "/"): value for key, value in values.items()}
    snapshot = Store({"prompt/a": "gold"}).sample(0)
    generated = backend.paint(
        picture(),
        replace(snapshot, values={**snapshot.values, **names}),
        replace(FrameContext.black(SIZE), lines=drawn),
    )
    assert generated is not None
    return torch.as_tensor(generated.picture).clone()


def lines(kind: int = 0) -> np.ndarray:
    drawn = np.zeros((64, 64, 3), np.uint8)
    return (
        cv2.circle(drawn, (32, 32), 20, (255, 255, 255), 2)
        if kind == 0
        else cv2.line(drawn, (0, 50), (63, 9), (255, 255, 255), 3)
    )


def hint(kind: int = 0) -> Tensor:
    return torch.from_numpy(lines(kind)).permute(2, 0, 1)[None].float() / 255
