"""Small models to train for, and a LoRA that was trained."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from tests.lora_training.parts import Trained, clip, make_base
from vj.lora_training.settings import LoraSettings
from vj.lora_training.training import train_lora


@pytest.fixture(autouse=True, scope="package")
def one_thread() -> Iterator[None]:
    """A model this small is quicker so, and losses are the same on any machine."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="package")
def bases(tmp_path_factory: pytest.TempPathFactory, one_thread: None) -> Path:
    """A folder with an ordinary model, which predicts v, and one of few steps."""
    folder = tmp_path_factory.mktemp("bases")
    make_base(folder / "sd21", "sd21")
    make_base(folder / "turbo", "turbo")
    return folder


@pytest.fixture(scope="package")
def trained(bases: Path, tmp_path_factory: pytest.TempPathFactory) -> Trained:
    """A LoRA of 40 steps for the ordinary model."""
    losses: list[float] = []
    done = train_lora(
        bases / "sd21",
        clip(),
        "gold",
        tmp_path_factory.mktemp("lora") / "kiss.safetensors",
        LoraSettings(steps=40, rate=0.02, batch=8, device="cpu", every=1),
        lambda progress: losses.append(progress.loss),
    )
    return Trained(done, losses)
