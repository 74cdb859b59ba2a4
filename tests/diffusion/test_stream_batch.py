"""The stream batch against two references: the package at constant settings, and a frame denoised
alone when everything changes."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.tiny_models import make_model
from vj.diffusion.loading import load_model
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Conditioning, Level, Noise, NoiseSchedule, StreamBatch
from vj.diffusion.streamdiffusion_backend import t_index_list


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = make_model(tmp_path_factory.mktemp("models") / "lcm", "lcm")
    return load_model(ModelSpec(str(folder), vae="full", lcm_lora="off", device="cpu"))


def latents(count: int, seed: int = 5) -> list[Tensor]:
    return list(torch.randn((count, 1, 4, 8, 8), generator=torch.Generator().manual_seed(seed)))


def package(model: Model, indices: list[int], cfg: str, guidance: float, delta: float) -> Any:
    from streamdiffusion import StreamDiffusion

    stream = StreamDiffusion(model.pipe, indices, torch.float32, 64, 64, cfg_type=cfg)
    stream.prepare(
        "molten gold",
        num_inference_steps=50,
        guidance_scale=guidance,
        delta=delta,
        generator=torch.Generator(),
        seed=2,
    )
    return stream


@pytest.mark.parametrize(
    "indices", [[20], [16, 32], [8, 20, 30, 42]], ids=["1 step", "2 steps", "4 steps"]
)
@pytest.mark.parametrize(
    ("cfg", "guidance", "delta"), [("none", 1.0, 1.0), ("self", 1.4, 0.8)], ids=["none", "self"]
)
def test_stream_paints_what_the_package_paints(
    model: Model, indices: list[int], cfg: str, guidance: float, delta: float
) -> None:
    theirs = package(model, indices, cfg, guidance, delta)
    steps = len(indices)
    schedule = NoiseSchedule(model.pipe.scheduler.alphas_cumprod)
    levels = [schedule.level(float(t)) for t in theirs.sub_timesteps]
    ours = StreamBatch(model.unet)
    text = model.encode_text("molten gold")
    apart, compared = [], 0
    for number, z in enumerate(latents(2 * steps + 4)):
        if (
            steps == 1
            # with one step its residual noise is never renewed and grows without bound: a fault of
            # its own
        ):
            theirs.stock_noise = theirs.init_noise.clone()
        expected = theirs.predict_x0_batch(theirs.add_noise(z, theirs.init_noise[0], 0))
        done = ours.step(
            (z, Conditioning(levels, theirs.init_noise, text, guidance, delta), number)
        )
        assert (done is None) == (number < steps - 1), "a frame takes as many calls as it has steps"
        if done is not None:
            assert done.payload == number - steps + 1, (
                "what comes out is the frame that came in steps - 1 calls before"
            )
            # The package's buffers start at zero; frames whose residual went through them differ
            # until they have left.
            if number >= 2 * steps - 1:
                apart.append(float((done.latents - expected).abs().max() / expected.abs().max()))
                compared += 1
    assert compared >= 4
    assert max(apart) < 1e-4


def alone(
    model: Model, z: Tensor, conditioning: Conditioning, prediction: str = "epsilon"
) -> Tensor:
    """One frame denoised by itself, step by step, written from the paper and not from the code
    under test."""
    x = conditioning.levels[0].a * z + conditioning.levels[0].b * conditioning.noise[:1]
    stock = conditioning.noise[:1]
    for index, level in enumerate(conditioning.levels):
        out = model.unet(x, torch.tensor([level.t]), conditioning.text)
        epsilon = {
            "epsilon": out,
            "sample": (x - level.a * out) / level.b,
            "v_prediction": level.a * out + level.b * x,
        }[prediction]
        if conditioning.guidance > 1:
            if index == 0 and conditioning.negative is not None:
                stock = model.unet(x, torch.tensor([level.t]), conditioning.negative)
            epsilon = conditioning.delta * stock + conditioning.guidance * (
                epsilon - conditioning.delta * stock
            )
        clean = (x - level.b * epsilon) / level.a
        if index + 1 < len(conditioning.levels):
            after = conditioning.levels[index + 1]
            fresh = conditioning.noise[index + 1 : index + 2]
            residual = (level.b * stock - level.b * epsilon) / level.a
            stock = fresh + after.a * residual / after.b
            x = after.a * clean + after.b * fresh
    return clean


GUIDED = {"no guidance": (1.0, False), "self": (1.3, False), "negative": (1.6, True)}
OFTEN = ((1, "self"), (2, "no guidance"), (3, "negative"), (4, "self"))
"""Every number of steps and every guidance; the long tests try each with each."""


@pytest.mark.parametrize(
    ("steps", "guided"),
    [
        pair if pair in OFTEN else pytest.param(*pair, marks=pytest.mark.long)
        for pair in itertools.product((1, 2, 3, 4), GUIDED)
    ],
)
def test_each_frame_comes_out_as_if_denoised_alone_while_everything_changes(
    model: Model, steps: int, guided: str
) -> None:
    guidance, negative = GUIDED[guided]
    schedule = model.schedule
    texts = [model.encode_text("molten gold"), model.encode_text("deep ocean")]
    against = model.encode_text("fire") if negative else None
    stream = StreamBatch(model.unet)
    noise = torch.randn((9, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    sent: dict[int, tuple[Tensor, Conditioning]] = {}
    arrived = 0
    for number, z in enumerate(latents(12)):
        strength = 0.35 + 0.4 * math.sin(number) ** 2
        conditioning = Conditioning(
            schedule.plan(strength, steps),
            noise[number % 5 :][:4],
            texts[number > 6],
            guidance,
            0.9,
            against,
        )
        sent[number] = (z, conditioning)
        done = stream.step((z, conditioning, number))
        if done is not None:
            expected = alone(model, *sent[done.payload])
            assert float((done.latents - expected).abs().max() / expected.abs().max()) < 1e-4
            arrived += 1
    assert arrived == 12 - (steps - 1)


@pytest.mark.parametrize("prediction", ["sample", "v_prediction"])
def test_other_predictions_are_translated(model: Model, prediction: str) -> None:
    stream = StreamBatch(model.unet, prediction)
    z = latents(1)[0]
    noise = torch.randn((3, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    conditioning = Conditioning(model.schedule.plan(0.6, 2), noise, model.encode_text("gold"))
    assert stream.step((z, conditioning, None)) is None
    done = stream.step((z, conditioning, None))
    assert done is not None
    assert torch.allclose(done.latents, alone(model, z, conditioning, prediction), atol=1e-4)


def test_fewer_steps_give_the_newest_frame_and_forget_the_overtaken(model: Model) -> None:
    stream = StreamBatch(model.unet)
    text = model.encode_text("")
    noise = torch.randn((4, 4, 8, 8))
    frames = latents(6)
    for number in range(3):
        assert (
            stream.step(
                (frames[number], Conditioning(model.schedule.plan(0.5, 4), noise, text), number)
            )
            is None
        )
    done = stream.step((frames[3], Conditioning(model.schedule.plan(0.5, 1), noise, text), 3))
    assert done is not None
    assert done.payload == 3
    assert stream.rows == []


def test_draining_gives_what_is_under_way_in_order(model: Model) -> None:
    stream = StreamBatch(model.unet)
    text, noise = model.encode_text(""), torch.randn((4, 4, 8, 8))
    for number, z in enumerate(latents(3)):
        assert (
            stream.step((z, Conditioning(model.schedule.plan(0.5, 4), noise, text), number)) is None
        )
    order = []
    while stream.rows:
        done = stream.step()
        if done is not None:
            order.append(done.payload)
    assert order == [0, 1, 2]


def test_levels_are_exact_at_whole_timesteps_and_continuous_between() -> None:
    cumulative = torch.cumprod(1 - torch.linspace(0.00085**0.5, 0.012**0.5, 1000) ** 2, 0)
    schedule = NoiseSchedule(cumulative)
    for t in (0, 1, 500, 998, 999):
        level = schedule.level(t)
        assert level.a == pytest.approx(float(cumulative[t].sqrt()), abs=1e-6)
        assert level.a**2 + level.b**2 == pytest.approx(1)
    fine = [schedule.level(500 + i / 100).b for i in range(101)]
    rises = [b - a for a, b in itertools.pairwise(fine)]
    assert min(rises) > 0
    assert max(rises) < 2 * min(rises), "no jump anywhere between two timesteps"
    assert schedule.level(-5).t == 0
    assert schedule.level(5000).t == 999


def test_plan_goes_down_from_strength_in_equal_steps() -> None:
    schedule = NoiseSchedule(torch.linspace(0.999, 0.005, 1000))
    assert [round(level.t, 2) for level in schedule.plan(0.8, 4)] == [799.2, 599.4, 399.6, 199.8]
    assert isinstance(schedule.plan(0.3, 1)[0], Level)


def test_strength_in_the_packages_coin() -> None:
    assert t_index_list(1.0, 1) == [0]
    assert t_index_list(0.6, 2) == [20, 35]
    assert all(
        0 <= index <= 49
        for strength in (0.0, 0.03, 0.5, 1.0)
        for index in t_index_list(strength, 4)
    )


def test_noise_keeps_its_variance_between_seeds_and_while_boiling() -> None:
    noise = Noise((4, 32, 32), torch.device("cpu"), torch.float32)
    for mix in (0.0, 0.25, 0.5, 0.9, 1.0):
        assert float(noise.sample(2, 3, mix, 1.0, 4).std()) == pytest.approx(1, abs=0.03)
    for _ in range(60):
        boiled = noise.sample(2, 3, 0.0, 0.9, 1)
    assert float(boiled.std()) == pytest.approx(1, abs=0.05)


def test_held_noise_stands_still_and_seeds_repeat() -> None:
    noise = Noise((4, 8, 8), torch.device("cpu"), torch.float32)
    first = noise.sample(7, 8, 0.3, 1.0, 2).clone()
    assert torch.equal(first, noise.sample(7, 8, 0.3, 1.0, 2))
    assert torch.equal(
        first, Noise((4, 8, 8), torch.device("cpu"), torch.float32).sample(7, 8, 0.3, 1.0, 2)
    )
    assert not torch.equal(first, noise.sample(8, 8, 0.3, 1.0, 2))
    assert not torch.equal(noise.sample(7, 8, 0.3, 0.5, 2), noise.sample(7, 8, 0.3, 0.5, 2)), (
        "below 1 it boils"
    )


def test_embeddings_stack_into_a_batch() -> None:
    pair = Embedding.stack(
        [
            Embedding(torch.zeros(1, 3, 2), torch.zeros(1, 5)),
            Embedding(torch.ones(1, 3, 2), torch.ones(1, 5)),
        ]
    )
    assert pair.tokens.shape == (2, 3, 2)
    assert pair.pooled is not None
    assert pair.pooled.shape == (2, 5)
