"""The built-in model, the translators, texts, pictures as prompts and walks on a pretended card:
what waits there, and what goes up and down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from tests.card_log import Log
from tests.diffusion.adapter_parts import SIZE, pictured
from tests.diffusion.card_models import OnCard, model_of, within
from tests.diffusion.test_pretended_card import over_budget
from tests.diffusion.translators import a_room
from tests.diffusion.translators import model_of as translator_of
from tests.pretended_card import BESIDE, CARD, PretendedCard
from vj.core.frame import Size
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import PocketModel, load_pocket
from vj.diffusion.translator_backend import TranslatorBackend
from vj.parameters.store import Store
from vj.pipeline.cuda_compositor import CudaCompositor
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.optical_flow import grid_size
from vj.pocket import FILE, WEIGHTS

UP = {
    "CudaCompositor.preprocess": 2,  # the input, the flow
    "TemporalKernels.feedback": 1,
    "CudaCompositor._finish": 3,  # the untouched input, the flow, the mask
    "TemporalKernels.blend": 1,
    "TemporalKernels.sharpen": 1,
}
NETWORK = {
    "StreamBatch._predict": 1,  # timesteps
    "PocketBackend._conditioning": 1,  # the unit and the relief
    "stacked": 1,
    "CudaTextureField.of": 1,  # the noise, while it boils
}
DRAWN = {
    "TranslatorBackend._painted": 1,  # the luma of the condition
    "TranslatorModel.paint": 2,  # picture and condition, the style
    "CudaTextureField.of": 1,
}
PLAYED = {"feedback/amount": 0.5, "blend/smoothing": 0.5, "noise/hold": 0.5, "prompt/mix": 0.4}
OUTSIDE = 160


@pytest.fixture
def card() -> Iterator[PretendedCard]:
    with PretendedCard().inserted() as card:
        yield card


def moved(card: PretendedCard, model: Any, dtype: torch.dtype) -> None:
    """A network of the built-in family goes there; its graph is a part."""
    model.device, model.dtype = CARD, dtype
    card.move(model.network, dtype)
    model.ground = model._films = None
    model.graph = within(card, "network", model._paint)
    if hasattr(model, "coloured"):
        model.coloured = within(card, "colours", model.coloured)


def frame(card: PretendedCard, backend: Any, store: Store, picture: np.ndarray, at: int) -> Log:
    """A frame in its steps, and what it did."""
    card.log = Log()
    snapshot = store.sample(at / 30)
    size = Size(picture.shape[1], picture.shape[0])
    context = replace(
        FrameContext.black(size),
        image=picture,
        model_input=picture,
        mask=picture[..., 0].copy(),
        number=at,
        captured=at / 30,
    )
    flow = np.zeros((*grid_size(size)[::-1], 3), np.float32)
    compositor = backend.compositor
    assert isinstance(compositor, CudaCompositor)
    entered = compositor.preprocess(picture, snapshot, flow, False)
    made = backend.paint(entered, snapshot, context)
    if made is None:  # of several steps the first has not arrived
        return frame(card, backend, store, picture, at + 1)
    coming = compositor.postprocess(made.picture, picture, snapshot, 0.0, flow, context.mask)
    assert coming.result() is not None
    return card.log


@pytest.fixture
def pocket() -> PocketModel:
    return load_pocket(ModelSpec("pocket"), WEIGHTS / FILE, torch.device("cpu"), torch.float32)


@pytest.mark.parametrize(
    "dtype", [torch.float16, pytest.param(torch.float32, marks=pytest.mark.long)]
)
def test_the_built_in_network_waits_at_its_end_alone(
    pocket: PocketModel, card: PretendedCard, dtype: torch.dtype
) -> None:
    moved(card, pocket, dtype)
    backend = PocketBackend(pocket, Size(64, 64), wait=True)
    store = Store({"prompt/a": "molten gold", "prompt/b": "ink", "strength": 0.6, **PLAYED})
    picture = np.zeros((64, 64, 3), np.uint8)
    for at in range(2):
        frame(card, backend, store, picture, at)
    for steps in (1, 2):
        store.set("steps", steps, "test")
        for at in range(9 * steps, 9 * steps + 2):
            log = frame(card, backend, store, picture, at)
        assert over_budget(log, UP | NETWORK, OUTSIDE) == []
        ran = {one.name for one in log.ran if one.part}
        assert "convolution" in ran
    backend.close()


@pytest.mark.parametrize("kind", ["edges", "small", "next"])
def test_a_translator_waits_for_the_picture_that_it_draws(card: PretendedCard, kind: str) -> None:
    """What it paints from is drawn on the host, of a picture that comes from the card."""
    model = translator_of(kind)
    moved(card, model, torch.float16)
    card.excused = ("_picture_of",)
    room = a_room()
    backend = TranslatorBackend(model, Size(room.shape[1], room.shape[0]), True)
    store = Store({"strength": 1.0, **PLAYED})
    for at in range(3):
        log = frame(card, backend, store, room, at)
    drawn = [one for one in log.down if one.where == "_picture_of"]
    assert len(drawn) == (2 if kind == "next" else 1)  # a film's next frame is led by this one
    assert log.waits[: len(drawn)] == [one.line for one in drawn]
    log.waits, log.down = log.waits[len(drawn) :], [one for one in log.down if one not in drawn]
    assert over_budget(log, UP | DRAWN, OUTSIDE) == []
    backend.close()


def test_a_walk_between_two_pictures_waits_for_nothing(parts: Path, card: PretendedCard) -> None:
    played = OnCard(card, model_of(parts, "lcm"), torch.float16, **PLAYED)
    one, two = (np.full((SIZE.height, SIZE.width, 3), grey, np.uint8) for grey in (60, 180))
    for share in (0.2, 0.4, 0.6):
        played.walk = WalkStep(one, two, share, (one, two))
        log = played.steps()
        first = share == 0.2
        pictures = {"WalkLatents._as_input": 3 if first else 1, "Noise.sample": int(first)}
        way = UP | pictures | {"StreamBatch._predict": 1}
        assert over_budget(log, way, OUTSIDE) == []


@pytest.mark.parametrize("family", ["lcm", "xl"])
def test_texts_are_encoded_beside_the_frames(parts: Path, card: PretendedCard, family: str) -> None:
    model = model_of(parts, family)
    model.device, model.dtype = CARD, torch.float16
    for encoder in (model.pipe.text_encoder, getattr(model.pipe, "text_encoder_2", None)):
        if encoder is not None:
            card.move(encoder, torch.float16)
    made = model.encode_text("gold")
    assert made.tokens.device == CARD
    assert made.tokens.dtype == torch.float32
    assert {one.part for one in card.log.ran} == {BESIDE}
    assert [line.partition(":")[0] for line in card.log.waits] == ["vj/diffusion/devices.py"]


def test_pictures_as_prompts_are_encoded_beside_the_frames(
    parts: Path, card: PretendedCard
) -> None:
    model = model_of(parts, "lcm", **pictured(parts))
    pictures = model.adapters.image_prompts
    assert pictures is not None
    model.device, model.dtype = CARD, torch.float16
    for part in (pictures.encoder, pictures.projection):
        card.move(part, torch.float16)
    card.log = Log()
    made = model.encode_image_prompt(np.zeros((48, 64, 3), np.uint8))
    assert made.device == CARD
    assert {one.part for one in card.log.ran} == {BESIDE}
