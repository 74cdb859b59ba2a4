"""The package's own engine asks a card nothing about its timesteps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from tests.diffusion.adapter_parts import SIZE, load
from tests.pretended_card import PretendedCard
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend


@pytest.fixture
def card() -> Iterator[PretendedCard]:
    with PretendedCard().inserted() as card:
        yield card


def backend_of(parts: Path, prediction: str) -> StreamDiffusionBackend:
    pytest.importorskip("streamdiffusion")
    model = load(parts, "turbo")
    model.prediction = prediction
    backend = StreamDiffusionBackend(model, SIZE, wait=True)
    backend.model = SimpleNamespace(  # type: ignore[assignment]
        unet=lambda x, t, text: 0.5 * x, prediction=prediction, schedule=model.schedule
    )
    return backend


@pytest.mark.parametrize("prediction", ["sample", "v_prediction"])
def test_noise_is_of_the_level_of_each_row(parts: Path, prediction: str) -> None:
    backend = backend_of(parts, prediction)
    x, steps = torch.ones(3, 4, 2, 2), [999, 519, 19]
    made = backend._as_noise(x, torch.tensor(steps), torch.zeros(3, 1, 1))[0]
    for row, step in zip(made, steps, strict=True):
        level = backend.model.schedule.level(float(step))
        known = 0.5 * level.a + level.b
        if prediction == "sample":
            known = (1 - 0.5 * level.a) / level.b
        assert torch.allclose(row, torch.full_like(row, known), rtol=1e-5)


def test_nothing_waits_for_its_timesteps(parts: Path, card: PretendedCard) -> None:
    backend = backend_of(parts, "v_prediction")
    backend._levels = card.fake(backend._levels)
    x, t = card.fake(torch.ones(2, 4, 2, 2)), card.fake(torch.tensor([999, 19]))
    assert backend._as_noise(x, t, x)[0].shape == x.shape
    assert not card.log.waits
    assert not card.log.up
