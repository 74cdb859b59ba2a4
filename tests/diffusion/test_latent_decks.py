"""Two decks mixed in the latent space of a small model."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from tests.tiny_models import make_model
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.backends import StreamBackend
from vj.diffusion.loading import load_model
from vj.diffusion.making import make_backend
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Snapshot, Store
from vj.pipeline.decks import DeckMixer
from vj.pipeline.frame_pipeline import FramePipeline

SIZE = Size(64, 64)
CALM = {"feedback/amount": 0, "blend/smoothing": 0, "deck/space": "latent", "strength": 0.5}


def picture(seed: int) -> np.ndarray:
    noise = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), np.uint8)
    return cv2.resize(noise, SIZE, interpolation=cv2.INTER_LINEAR)


A, B = picture(1), picture(2)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    folder = make_model(tmp_path_factory.mktemp("models") / "lcm", "lcm")
    loaded = load_model(ModelSpec(str(folder), vae="full", lcm_lora="off", device="cpu"))
    assert isinstance(loaded, Model)
    return loaded


class Rig:
    """A pipeline with the model."""

    def __init__(self, model: Model, **start: Any) -> None:
        self.store = Store({**CALM, **{k.replace("__", "/"): v for k, v in start.items()}})
        self.backend = StreamBackend(model, SIZE, wait=True)
        self.pipeline = FramePipeline(SIZE, "crop", Metrics(), print)
        self.pipeline.swap(self.backend)
        self._count = 0

    def show(self, one: np.ndarray, two: np.ndarray | None, mix: float = 0.0) -> np.ndarray:
        frame, snapshot, other = self._next(one, two, mix)
        return self.pipeline.process(frame, snapshot, other).picture

    def latents(self, one: np.ndarray, two: np.ndarray | None, mix: float = 0.0) -> Tensor:
        """What the model starts from."""
        frame, snapshot, other = self._next(one, two, mix)
        context = self.pipeline.preparation.of(frame, snapshot, self.backend, other)
        entered = self.backend.compositor.preprocess(context.model_input, snapshot)
        assert isinstance(entered, Tensor)
        return self.backend._latents.of(entered, snapshot, context)

    def _next(
        self, one: np.ndarray, two: np.ndarray | None, mix: float
    ) -> tuple[Frame, Snapshot, Frame | None]:
        time = self._count / 25
        self._count += 1
        self.store.place("deck/mix", mix)
        other = None if two is None else Frame(two, 0, time)
        return Frame(one, 0, time), self.store.sample(time), other


def norms(latents: Tensor) -> Tensor:
    return latents.norm(dim=1)


def test_half_way_the_latents_lie_between_and_keep_their_norm(model: Model) -> None:
    rig = Rig(model)
    one, between, two = (rig.latents(A, B, mix) for mix in (0.0, 0.5, 1.0))
    wanted = (norms(one) + norms(two)) / 2
    assert torch.allclose(norms(between), wanted, rtol=1e-3)
    assert (norms((one + two) / 2) < 0.95 * wanted).any(), "a plain mean would not"
    direction = torch.nn.functional.cosine_similarity(between, one + two, dim=1)
    assert direction.min() > 0.999


def test_at_the_ends_the_input_is_taken_as_it_would_be_alone(model: Model) -> None:
    mixed, alone = Rig(model), Rig(model)
    for one, two, mix, wanted in ((A, B, 0.0, A), (A, B, 1.0, B)):
        assert torch.equal(mixed.latents(one, two, mix), alone.latents(wanted, None))
        assert np.array_equal(mixed.show(one, two, mix), alone.show(wanted, None))


def test_it_is_no_mix_of_the_pixels(model: Model) -> None:
    latent, pixels = Rig(model), Rig(model, deck__space="picture")
    assert (latent.latents(A, B, 0.5) - pixels.latents(A, B, 0.5)).abs().max() > 1e-2


def test_the_fader_goes_through_it_without_a_jump(model: Model) -> None:
    rig = Rig(model)
    seen = [rig.latents(A, B, float(mix)) for mix in np.linspace(0, 1, 21)]
    steps = [float((one - two).norm()) for one, two in pairwise(seen)]
    assert max(steps) < 4 * float(np.mean(steps))


def test_feedback_reaches_it_and_the_same_frames_give_the_same_bytes(model: Model) -> None:
    def play(amount: float) -> np.ndarray:
        rig = Rig(model, feedback__amount=amount, steps=2)
        return [rig.show(A, B, 0.4) for _ in range(4)][-1]

    once = play(0.5)
    assert np.array_equal(once, play(0.5))
    assert not np.array_equal(once, play(0.0))


def test_a_still_deck_is_encoded_once(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    rig = Rig(model)
    encoded: list[Tensor] = []
    encode = model.encode

    def counted(image: Tensor) -> Tensor:
        encoded.append(image)
        return encode(image)

    monkeypatch.setattr(model, "encode", counted)
    for number in range(4):
        rig.latents(A, picture(10 + number), 0.4)
    assert len(encoded) == 1 + 4


def test_the_built_in_model_has_no_latent_space_and_says_so() -> None:
    said: list[str] = []
    store = Store({**CALM, "deck/mix": 0.5})
    pipeline = FramePipeline(SIZE, "crop", Metrics(), said.append)
    made = make_backend(ModelSpec("drawn"), "stream", SIZE, store.ahead(0), False, said.append)
    pipeline.swap(made)
    for number in range(2):
        time = number / 25
        pipeline.process(Frame(A, number, time), store.sample(time), Frame(B, number, time))
    context = pipeline.preparation.of(
        Frame(A, 0, 0.0), store.sample(0.0), pipeline.backend, Frame(B, 0, 0.0)
    )
    pipeline.close()
    assert [text for text in said if text.startswith("deck/space")] == [
        f"deck/space latent: {made.name} has no latent space; the pictures morph along the flow "
        "instead"
    ]
    assert np.array_equal(context.image, DeckMixer().mixed(A, B, 0.5, flow=True))
