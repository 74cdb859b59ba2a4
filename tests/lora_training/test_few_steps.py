"""A model that paints in one step still does when a LoRA has been trained for it: with a network
that paints points of the plane."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from diffusers import ConfigMixin, ModelMixin
from diffusers.configuration_utils import register_to_config
from diffusers.loaders import PeftAdapterMixin
from torch import Tensor, nn

from vj.lora_training.adapters import LEARNED, TRAINING_ADAPTER, add_loras
from vj.lora_training.examples import Examples
from vj.lora_training.lora_file import LoraFacts
from vj.lora_training.run import LoraRun
from vj.lora_training.settings import LoraSettings

POINTS = 6
BETAS = torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2
ALPHAS = torch.cumprod(1 - BETAS, 0)
NO_TEXT = torch.zeros(1, 1, 1)


def ring(turn: float, radius: float, middle: tuple[float, float]) -> Tensor:
    angles = torch.arange(POINTS) * 2 * math.pi / POINTS + turn
    return radius * torch.stack([angles.cos(), angles.sin()], 1) + torch.tensor(middle)


OLD, NEW = ring(0.0, 1.2, (0.0, 0.0)), ring(0.35, 1.6, (0.5, 0.3))
"""What the network paints, and what the clip shows."""


class PointUNet(ModelMixin, ConfigMixin, PeftAdapterMixin):
    """In the place of a UNet: latents (B, 2, 1, 1) and timesteps -> v."""

    @register_to_config
    def __init__(self, width: int = 128) -> None:
        super().__init__()
        self.to_q, self.to_k = nn.Linear(34, width), nn.Linear(width, width)
        self.to_v, self.to_out = nn.Linear(width, width), nn.ModuleList([nn.Linear(width, 2)])

    def forward(self, x: Tensor, t: Tensor, text: Tensor, return_dict: bool = True) -> Any:
        waves = t[:, None].float() * torch.exp(torch.linspace(0, -6, 16))
        inside = torch.cat([x.flatten(1), waves.sin(), waves.cos()], 1)
        for layer in (self.to_q, self.to_k, self.to_v):
            inside = F.silu(layer(inside))
        return (self.to_out[0](inside)[:, :, None, None],)


def painted(unet: PointUNet) -> tuple[Tensor, Tensor]:
    """512 noises, and the points that one step makes of them."""
    noise = torch.randn(512, 2, 1, 1, generator=torch.Generator().manual_seed(9))
    t = torch.full((512,), 999)
    a, b = ALPHAS[999].sqrt(), (1 - ALPHAS[999]).sqrt()
    with torch.no_grad():
        return noise, a * noise - b * unet(noise, t, NO_TEXT)[0]


def distance(unet: PointUNet, points: Tensor) -> float:
    """From what it paints to the nearest point, in the mean."""
    return float(torch.cdist(painted(unet)[1].flatten(1), points).min(1).values.mean())


def one_step_network() -> PointUNet:
    """It paints the old point in whose direction its noise lies."""
    random = torch.Generator().manual_seed(0)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        unet = PointUNet()
    optimizer = torch.optim.AdamW(unet.parameters(), lr=3e-3)
    for step in range(1500):
        noise = torch.randn(128, 2, 1, 1, generator=random)
        t = torch.randint(1000, (128,), generator=random)
        t[:96] = torch.tensor([999, 999, 749, 499]).repeat(24)
        angle = torch.atan2(noise[:, 1, 0, 0], noise[:, 0, 0, 0])
        number = (angle / (2 * math.pi / POINTS)).round().long() % POINTS
        clean = OLD[number][:, :, None, None]
        a, b = (share[t].sqrt().view(-1, 1, 1, 1) for share in (ALPHAS, 1 - ALPHAS))
        loss = F.mse_loss(unet(a * clean + b * noise, t, NO_TEXT)[0], a * noise - b * clean)
        optimizer.param_groups[0]["lr"] = 3e-3 * (1 - step / 1500)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return unet.requires_grad_(False)


@pytest.mark.timeout(300)
@pytest.mark.long
def test_what_is_learned_does_not_blur_a_model_of_one_step(tmp_path: Path) -> None:
    weights = one_step_network().state_dict()
    seen: dict[bool, float] = {}
    for with_adapter in (True, False):
        unet = PointUNet()
        unet.load_state_dict(weights)
        unet.requires_grad_(False)
        before = distance(unet, NEW)
        assert distance(unet, OLD) < 0.15
        model: Any = SimpleNamespace(
            name="points",
            prediction="v_prediction",
            dtype=torch.float32,
            device=torch.device("cpu"),
            pipe=SimpleNamespace(unet=unet, scheduler=SimpleNamespace(alphas_cumprod=ALPHAS)),
        )
        own = Examples(painted(unet)[1], NO_TEXT, False, NO_TEXT, model, 0)
        clip = Examples(NEW[:, :, None, None], NO_TEXT, False, NO_TEXT, model, 0)
        on = [LEARNED, TRAINING_ADAPTER] if with_adapter else [LEARNED]
        add_loras(unet, on, 4, 0)
        work = tmp_path / str(with_adapter)
        work.mkdir()
        run = LoraRun(
            model,
            LoraSettings(steps=250, rate=1e-3, batch=64),
            work,
            on_progress=lambda progress: None,
            on_message=lambda text: None,
            stop=lambda: False,
        )
        if with_adapter:
            run.train_adapter(lambda own=own: own)  # type: ignore[misc]
        facts = LoraFacts("kiss", "points", "small", "v_prediction", "gold", 4, 8, 6, 0)
        run.train_clip(on, clip, clip.spread(2), facts, work / "kiss.safetensors")
        unet.set_adapters([LEARNED])  # as it is played: the training adapter is thrown away
        seen[with_adapter] = distance(unet, NEW)
    assert seen[False] > 1.0 > before, "without, it paints the mean of all"
    assert seen[True] < 0.75, "with an adapter it still paints one point or another"
