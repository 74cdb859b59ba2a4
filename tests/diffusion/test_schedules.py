"""Strength 0 is the input and strength 1 is all imagination, whatever schedule a model was trained
with and whatever its UNet predicts; finite at both ends, live at every strength in between."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    LCMScheduler,
    UniPCMultistepScheduler,
)
from torch import Tensor

from tests.tiny_models import make_model
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.prompts import Embedding
from vj.diffusion.stream_batch import Conditioning, Level, NoiseSchedule, StreamBatch, played_delta
from vj.diffusion.streamdiffusion_backend import StreamDiffusionBackend
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext

STABLE_DIFFUSION = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
BETAS: dict[str, dict[str, Any]] = {
    "scaled_linear": STABLE_DIFFUSION,
    "linear": {"beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "linear"},
    "squaredcos": {"beta_schedule": "squaredcos_cap_v2"},
    "trained": {"trained_betas": [0.0, 0.0, *torch.linspace(1e-4, 0.03, 498).tolist()]},
    "zero SNR": {**STABLE_DIFFUSION, "rescale_betas_zero_snr": True},
    "squaredcos to zero SNR": {
        "beta_schedule": "squaredcos_cap_v2",
        "rescale_betas_zero_snr": True,
    },
}
PREDICTIONS = ("epsilon", "v_prediction", "sample")
DREAM = 0.7
"""What is imagined: every latent is it."""
TEXT = Embedding(torch.zeros(1, 2, 4), None)


def schedule_of(betas: dict[str, Any], prediction: str, kind: Any = DDIMScheduler) -> NoiseSchedule:
    return NoiseSchedule(kind(**betas).alphas_cumprod, prediction)


class Denoiser:
    """The best UNet there is for pictures whose latents are normal, of mean DREAM and deviation 1:
    it gives their mean as far as the noise hides them."""

    def __init__(self, schedule: NoiseSchedule, prediction: str) -> None:
        self.schedule, self.prediction = schedule, prediction

    def __call__(self, x: Tensor, t: Tensor, text: Embedding, *hints: Tensor) -> Tensor:
        return torch.cat(
            [self._of(row, float(time)) for row, time in zip(x.split(1), t, strict=True)]
        )

    def _of(self, x: Tensor, t: float) -> Tensor:
        level = self.schedule.level(t)
        x = x.double()
        clean = DREAM + level.a * (x - level.a * DREAM)  # a^2 + b^2 = 1
        noise = (x - level.a * clean) / level.b
        out = {
            "sample": clean,
            "epsilon": noise,
            "v_prediction": level.a * noise - level.b * clean,
        }[self.prediction]
        return out.float()


def painted(
    schedule: NoiseSchedule,
    prediction: str,
    strength: float,
    latents: Tensor,
    steps: int = 1,
    **more: Any,
) -> Tensor:
    """What one frame becomes."""
    noise = torch.randn((steps, 4, 8, 8), generator=torch.Generator().manual_seed(2))
    given = Conditioning(schedule.plan(strength, steps), noise, TEXT, **more)
    stream = StreamBatch[None](Denoiser(schedule, prediction), prediction)
    done = stream.step((latents, given, None))
    while done is None:
        done = stream.step()
    return done.latents


def share_of_input(schedule: NoiseSchedule, prediction: str, strength: float, **more: Any) -> float:
    """How much of a change of the input comes out."""
    before, after = torch.zeros(1, 4, 8, 8), torch.ones(1, 4, 8, 8)
    one, two = (painted(schedule, prediction, strength, z, **more) for z in (before, after))
    return float((two - one).mean())


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("betas", BETAS.values(), ids=list(BETAS))
@pytest.mark.parametrize("steps", [1, 3])
def test_0_is_the_input_and_1_is_all_imagination(
    betas: dict[str, Any], prediction: str, steps: int
) -> None:
    schedule = schedule_of(betas, prediction)
    z = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    assert float((painted(schedule, prediction, 0.0, z, steps) - z).abs().max()) < 0.2
    dreamt = painted(schedule, prediction, 1.0, z, steps)
    assert float(dreamt.mean()) == pytest.approx(DREAM, abs=0.05 if steps == 1 else 0.2)
    shares = [
        share_of_input(schedule, prediction, strength / 20, steps=steps) for strength in range(21)
    ]
    assert shares[0] == pytest.approx(1, abs=0.01)
    assert abs(shares[-1]) < 0.01
    assert all(one > two for one, two in itertools.pairwise(shares)), "live everywhere in between"


@pytest.mark.parametrize("prediction", PREDICTIONS)
@pytest.mark.parametrize("betas", BETAS.values(), ids=list(BETAS))
def test_guidance_is_finite_and_bounded_at_every_strength(
    betas: dict[str, Any], prediction: str
) -> None:
    schedule = schedule_of(betas, prediction)
    z = torch.randn((1, 4, 8, 8), generator=torch.Generator().manual_seed(1))
    ends = (0.0, 1e-6, 0.001, 0.5, 0.98, 1 - 1 / schedule.last, 1 - 1e-6, 1.0)
    for strength, steps, delta, against in itertools.product(
        ends, (1, 2, 4), (0.0, 0.8, 1.0), (None, TEXT)
    ):
        out = painted(
            schedule,
            prediction,
            strength,
            z,
            steps,
            guidance=1.8,
            delta=delta,
            negative=against,
        )
        assert torch.isfinite(out).all()
        assert float(out.abs().max()) < 300, (strength, steps, delta)


def test_delta_is_played_as_it_is_given_on_stable_diffusions_own_schedule() -> None:
    schedule = schedule_of(STABLE_DIFFUSION, "epsilon")
    assert all(played_delta(0.3, schedule.level(t)) == 0.3 for t in range(1000))
    assert played_delta(0.3, Level(999, 0.0, 1.0)) == 1
    faint = [played_delta(0.3, Level(990, a, 1.0)) for a in (0.05, 0.04, 0.01, 0.0)]
    assert faint == sorted(faint)


def test_the_end_of_zero_snr_holds_nothing_of_the_input_that_could_be_seen() -> None:
    schedule = schedule_of(BETAS["zero SNR"], "v_prediction")
    assert schedule.last == 999
    assert 0 < schedule.level(999).a < 1 / 2048
    assert schedule.level(998.5).a > schedule.level(999).a
    least = schedule_of(BETAS["zero SNR"], "epsilon").level(5000)
    assert least.a >= 0.01, "what a UNet gets wrong of the noise is divided by it"
    assert least.t > 950


@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_how_a_scheduler_spaces_its_steps_changes_nothing(prediction: str) -> None:
    plain = schedule_of(STABLE_DIFFUSION, prediction).plan(0.8, 4)
    for kind, spacing, karras in itertools.product(
        (
            EulerDiscreteScheduler,
            DPMSolverMultistepScheduler,
            UniPCMultistepScheduler,
            LCMScheduler,
        ),
        ("leading", "trailing", "linspace"),
        ({}, {"use_karras_sigmas": True}, {"use_exponential_sigmas": True}),
    ):
        if kind is LCMScheduler and karras:
            continue
        spaced = {**STABLE_DIFFUSION, "timestep_spacing": spacing, **karras}
        given = schedule_of({**spaced, "prediction_type": prediction}, prediction, kind)
        assert given.plan(0.8, 4) == plain


def test_a_schedule_of_few_timesteps() -> None:
    assert NoiseSchedule(torch.tensor([0.9])).plan(1.0, 2)[0].t == 0
    assert NoiseSchedule(torch.tensor([1.0, 0.0]), "sample").level(0.5).a == pytest.approx(0.5**0.5)
    assert NoiseSchedule(torch.zeros(3)).level(1).a > 0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_model(tmp_path_factory.mktemp("models") / "tiny", "sd15")


def with_scheduler(folder: Path, scheduler: Any, **changes: Any) -> Any:
    """What loading the model gives once it has another scheduler."""
    scheduler.save_pretrained(folder / "scheduler")
    file = folder / "scheduler" / "scheduler_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))
    return load_model(ModelSpec(str(folder), vae="full", lcm_lora="off", device="cpu"))


@pytest.mark.parametrize("engine", [StreamBackend, StreamDiffusionBackend])
@pytest.mark.parametrize("prediction", PREDICTIONS)
def test_a_model_of_zero_snr_paints_by_either_engine(
    folder: Path, engine: Any, prediction: str
) -> None:
    betas = {**BETAS["zero SNR"], "timestep_spacing": "trailing"}
    model = with_scheduler(folder, DDIMScheduler(**betas, prediction_type=prediction))
    assert model.prediction == prediction
    size, image = Size(64, 64), torch.linspace(-1, 1, 3 * 64 * 64).view(1, 3, 64, 64)
    backend = engine(model, size, True)
    for strength, steps, guidance in ((1.0, 1, 1.0), (1.0, 2, 1.6), (0.5, 2, 1.6), (1.0, 4, 1.0)):
        values = {"strength": strength, "steps": steps, "guidance": guidance, "delta": 0.5}
        done = None
        while done is None:
            done = backend.paint(image, Store(values).sample(0), FrameContext.black(size))
        assert torch.isfinite(torch.as_tensor(done.picture)).all(), (strength, steps, guidance)


@pytest.mark.parametrize(
    ("scheduler", "changes", "words"),
    [
        (FlowMatchEulerDiscreteScheduler(), {}, "FlowMatchEulerDiscreteScheduler has no alphas"),
        (DDIMScheduler(), {"prediction_type": "flow_prediction"}, "predicts flow_prediction"),
        (DDIMScheduler(), {"trained_betas": [0.1, 1.5, 0.2]}, "is no noise schedule"),
        (DDIMScheduler(), {"_class_name": "OwnScheduler"}, "its scheduler is a OwnScheduler"),
        (DDIMScheduler(), {"beta_schedule": "odd"}, "scheduler: .*odd"),
    ],
)
def test_schedules_that_play_not_are_refused_at_load(
    folder: Path, scheduler: Any, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(Fault, match=words) as caught:
        with_scheduler(folder, scheduler, **changes)
    assert "\n" not in str(caught.value)
