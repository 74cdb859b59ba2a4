"""`latent/morph`: what stands still grows calm, what moves leaves nothing behind, and nothing is
paler for it."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.diffusion.adapter_parts import load
from tests.diffusion.card_models import OnCard
from tests.pretended_card import PretendedCard
from tests.scenes import Scene
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.packed import rgb_of
from vj.diffusion.backends import StreamBackend
from vj.diffusion.latent_morph import LatentMorph
from vj.diffusion.model import Model
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline

SHAPE = (4, 12, 16)
SIZE, SMALL = Size(128, 96), Size(64, 48)
STILL = Scene(3, SIZE).at(0)


def context(image: np.ndarray, scene: int = 0) -> FrameContext:
    return FrameContext(image, 0, 0.0, image, scene=scene)


def boiling(count: int) -> list[Tensor]:
    """One and the same, and noise on it that is new in every frame."""
    draw = torch.Generator().manual_seed(1)
    same = torch.randn((1, *SHAPE), generator=draw)
    return [0.8 * same + 0.6 * torch.randn((1, *SHAPE), generator=draw) for _ in range(count)]


def went(latents: list[Tensor], window: float, images: list[np.ndarray], fps: int = 30) -> Tensor:
    """(n, C, h, w): what is decoded of each."""
    morph = LatentMorph(SHAPE)
    return torch.cat(
        [
            morph.of(one, window, number / fps, context(image))
            for number, (one, image) in enumerate(zip(latents, images, strict=True))
        ]
    )


@pytest.mark.parametrize("window", [66.0, 133.0, 233.0])
def test_what_stands_still_grows_calmer_with_the_window_and_keeps_its_norm(window: float) -> None:
    latents = boiling(60)
    made, plain = went(latents, window, [STILL] * 60)[10:], torch.cat(latents)[10:]
    frames = window / 1000 * 30
    calmer = (made[1:] - made[:-1]).std() / (plain[1:] - plain[:-1]).std()
    # neighbours of a mean over n frames differ by two of its n, where they differed by all of two
    assert calmer == pytest.approx(1 / frames, rel=0.45)
    assert made.norm() / plain.norm() == pytest.approx(1, abs=0.02)


def test_what_moves_is_as_it_is_generated_and_leaves_nothing_behind() -> None:
    latents = boiling(12)
    images = []
    for number in range(12):
        image = np.full((SIZE.height, SIZE.width, 3), 90, np.uint8)
        image[32:64, 8 * number : 8 * number + 24] = 220
        images.append(image)
    made = went(latents, 1000.0, images)
    for number in range(1, 12):
        came, left = number, number + 2  # the cells of its edges: covered and uncovered
        for column in (came - 1, left):
            same = torch.equal(made[number][:, 4:8, column], latents[number][0][:, 4:8, column])
            assert same, (number, column)
    away = (made[-1] - latents[-1][0])[:, :3].abs().mean()
    assert away > 0.1, "the wall has its mean"


def test_it_goes_by_time_and_not_by_frames() -> None:
    one, other = boiling(2)
    shares = []
    for fps in (15, 30, 60):
        frames = fps // 5
        made = went([one] + [other] * frames, 400.0, [STILL] * (frames + 1), fps)[-1]
        way = (other - one)[0]
        shares.append(float(((made - one[0]) * way).sum() / (way**2).sum()))
    assert shares == pytest.approx([1 - np.exp(-1)] * 3, abs=0.06)


def test_a_cut_a_gap_and_0_begin_anew() -> None:
    first, second, third = boiling(3)
    morph = LatentMorph(SHAPE)
    assert morph.of(first, 300, 0.0, context(STILL)) is first
    assert not torch.equal(morph.of(second, 300, 0.03, context(STILL)), second)
    assert morph.of(third, 300, 0.07, context(STILL, scene=1)) is third
    assert morph.of(first, 300, 5.0, context(STILL, scene=1)) is first
    assert morph.of(second, 0, 5.03, context(STILL, scene=1)) is second
    assert morph.of(third, 300, 5.07, context(STILL, scene=1)) is third


@pytest.fixture(scope="module")
def model(parts: Path) -> Model:
    return load(parts)


def played(model: Model, frames: int, **more: Value) -> list[np.ndarray]:
    """A still input through a real pipeline, in boiling noise."""
    backend = StreamBackend(model, SMALL, True)
    pipeline = FramePipeline(SMALL, "crop", Metrics(), print)
    pipeline.exchange(backend)
    store = Store(
        {
            "strength": 0.8,
            "noise/hold": 0.0,
            "feedback/amount": 0.0,
            "blend/smoothing": 0.0,
            **{name.replace("_", "/"): value for name, value in more.items()},
        }
    )
    out = []
    for number in range(frames):
        shown = pipeline.process(Frame(STILL, number, number / 30), store.sample(number / 30))
        if not shown.waiting:
            out.append(rgb_of(shown.picture))
    pipeline.close()
    return out


def unrest(pictures: list[np.ndarray]) -> float:
    return float(np.mean([np.abs(a.astype(int) - b).mean() for a, b in pairwise(pictures)]))


@pytest.mark.parametrize("steps", [1, 2])
def test_a_still_flickers_less_through_a_real_model(model: Model, steps: int) -> None:
    plain, morphed = (played(model, 12, steps=steps, latent_morph=ms)[4:] for ms in (0, 233))
    assert unrest(morphed) < 0.5 * unrest(plain)


def test_at_0_nothing_is_kept(model: Model) -> None:
    backend = StreamBackend(model, SMALL, True)
    backend.warm(Store({}).sample(0.0))
    assert backend._morph._mean is None
    backend.close()


def test_on_a_card_nothing_waits_for_it(parts: Path) -> None:
    with PretendedCard().inserted() as card:
        played = OnCard(card, load(parts), torch.float16, **{"latent/morph": 133.0})
        for _ in range(3):
            log = played.steps()
        asked = [one for one in log.up if one.where.startswith("LatentMorph")]
        assert len(asked) == 1
        assert all(one.later for one in log.up)
        assert played.backend._morph._mean is not None
