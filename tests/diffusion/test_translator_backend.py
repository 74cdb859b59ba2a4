"""A translator as a backend: strength, seeds, what it follows and what not."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from tests.diffusion.translators import (
    Easel,
    a_room,
    apart,
    entered,
    given_to,
    model_of,
    played,
    seen_by,
    walking,
)
from vj.core.frame import Frame, Size
from vj.diffusion.texture_noise import WhiteNoise
from vj.diffusion.translator_backend import SIMPLEST, TranslatorBackend
from vj.diffusion.translator_model import TranslatorModel
from vj.kernels.cv_field import FieldMaker
from vj.kernels.numpy_ride import Ride
from vj.parameters.store import Store
from vj.parameters.table import TABLE, Value
from vj.pipeline.backend import GENERATING
from vj.translator.conditions import (
    LEAST_STRENGTH,
    Conditioner,
    ConditionSettings,
    luma_of,
    unit_of,
)


@pytest.fixture(scope="module")
def lines() -> TranslatorModel:
    return model_of("lines")


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    return a_room()


# --- strength ------------------------------------------------------------------------------------


def test_strength_0_is_the_input_itself_and_more_leads_away_without_a_jump(
    lines: TranslatorModel, room: np.ndarray
) -> None:
    easel = Easel(lines, room)
    assert torch.equal(easel.paint(room, strength=0.0), entered(room))
    assert easel.backend.settled
    low = [easel.paint(room, strength=share * LEAST_STRENGTH) for share in (0.1, 0.5, 0.99, 1.01)]
    away = [apart(one, entered(room)) for one in low]
    assert away == sorted(away)
    assert away[0] < 0.15 * away[-1]
    assert apart(low[-1], low[-2]) < 0.1 * away[-1]


def test_at_strength_1_nothing_of_the_picture_itself_comes_through(
    lines: TranslatorModel, room: np.ndarray
) -> None:
    """Of two walls without a line it sees the same: blank paper."""
    red, blue = (np.full_like(room, colour) for colour in ((160, 90, 80), (70, 90, 170)))
    easel, other = Easel(lines, room), Easel(lines, room)
    assert torch.equal(easel.paint(red), other.paint(blue))
    half, other_half = easel.paint(red, strength=0.5), other.paint(blue, strength=0.5)
    assert apart(half, other_half) > 0.02


def test_the_more_strength_the_less_is_drawn(lines: TranslatorModel, room: np.ndarray) -> None:
    """Of what it is led by: the drawing is simpler, the picture itself softer and paler."""
    rng = np.random.default_rng(4)
    busy = cv2.GaussianBlur(rng.integers(0, 255, room.shape, np.uint8), (0, 0), 1.2)
    ink, detail = [], []
    for strength in (0.2, 0.6, 1.0):
        seen = seen_by(lines, busy, strength=strength)[-1]
        ink.append(float(1 - seen[..., 3].mean()))
        detail.append(float(seen[..., :3].std()))
    assert ink == sorted(ink, reverse=True)
    assert ink[0] > 1.02 * ink[-1] > 0
    assert detail == sorted(detail, reverse=True)
    assert detail[-1] < 1e-6


# --- what it follows -----------------------------------------------------------------------------


def test_a_seed_is_the_same_picture_again_and_another_one_another(
    lines: TranslatorModel, room: np.ndarray
) -> None:
    easel = Easel(lines, room, seed_a=5)
    first = easel.paint(room)
    assert easel.backend.settled
    assert torch.equal(easel.paint(room), first)
    assert apart(easel.paint(room, seed_a=6), first) > 1e-3
    assert torch.equal(easel.paint(room, seed_a=5), first)
    mixed = easel.paint(room, seed_mix=0.5)
    assert 0 < apart(mixed, first) < 1.5 * apart(easel.paint(room, seed_mix=1.0), first)


def test_noise_that_is_not_held_boils(lines: TranslatorModel, room: np.ndarray) -> None:
    easel = Easel(lines, room, noise_hold=0.0)
    assert apart(easel.paint(room), easel.paint(room)) > 1e-3
    assert not easel.backend.settled


OTHERWISE: dict[str, Value] = {
    "prompt/list": '[["gold", 1]]',
    "palette/a": "#102030 #ffffff",
    "palette/b": "#102030 #ffffff",
    "image/styles": "waves",
}
"""Values of texts that mean something."""


def test_what_it_says_it_does_not_follow_changes_nothing_and_the_rest_does(
    lines: TranslatorModel, room: np.ndarray
) -> None:
    still = Easel(lines, room, seed_mix=0.3).paint(room)
    unused = TranslatorBackend(lines, Size(88, 72), True).unused
    for name, row in TABLE.rows.items():
        if not name.startswith(GENERATING) or row.kind == "trigger":
            continue
        easel = Easel(lines, room, seed_mix=0.3)
        moved = np.full((2, 18, 22, 2), 5, np.float32)  # the noise rides on a camera's pan
        easel.ride = Ride(moved, np.zeros(moved.shape[:3], np.uint8), (1.0, 0.0))
        if name == "noise/swirl":
            easel.paint(room)  # it turns from frame to frame
        other = OTHERWISE.get(name, "gold" if row.kind == "text" else None)
        if other is None:
            other = row.high if easel.store.get(name) != row.high else row.low
        easel.store.set(name, other)
        same = torch.equal(easel.paint(room), still)
        assert same == (name in unused), f"{name} = {other}: {unused.get(name, 'followed')}"


def test_it_says_what_it_is(lines: TranslatorModel) -> None:
    backend = TranslatorBackend(lines, Size(64, 64), True)
    assert (backend.name, backend.understood) == ("kiss (cpu float32)", "kiss: lines")


def test_what_is_fed_back_leads_it_too(lines: TranslatorModel, room: np.ndarray) -> None:
    frames = walking(room, 4)
    alone = played(lines, frames, feedback_amount=0.0)
    fed = played(lines, frames, feedback_amount=0.8)
    assert np.array_equal(alone[0], fed[0])
    assert cv2.absdiff(alone[-1], fed[-1]).mean() > 1


def test_what_is_masked_or_not_wet_is_the_input(lines: TranslatorModel, room: np.ndarray) -> None:
    """The mask keeps what is bright: the wall, and not the coat of who stands before it."""
    frames = [Frame(room, number, number / 30) for number in range(3)]
    dry = played(lines, frames, mix_wet=0.0)[-1]
    assert np.array_equal(dry, room)
    masked = played(lines, frames, mask_mode="luma", mask_threshold=0.5, mask_feather=0.0)[-1]
    away = cv2.absdiff(masked, room).mean(2)
    assert away[4, 44] == 0, "the wall"
    assert away[60, 32] > 5, "the coat"


@pytest.mark.parametrize("kind", ["lines", "edges", "grey", "small", "next"])
def test_the_same_frames_give_the_same_bytes(kind: str, room: np.ndarray) -> None:
    frames = walking(room, 5)
    one, two = (played(model_of(kind), frames, noise_hold=0.7) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert cv2.absdiff(one[0], one[-1]).mean() > 0.5


def test_what_the_network_is_given_is_made_as_in_training(
    lines: TranslatorModel, room: np.ndarray
) -> None:
    seen, form = given_to(lines, room, strength=1.0)[0]
    condition = Conditioner("lines", ConditionSettings()).of(room, SIMPLEST)
    assert np.array_equal(seen[..., 3:], condition)
    assert np.allclose(seen[..., :3], 0.5, atol=1e-6)
    white = WhiteNoise(Size(88, 72)).at(Store().sample(0.0)).noise
    field = FieldMaker(72, 88, unit_of(72)).make(luma_of(condition), white)
    wanted = np.stack([field.texture, field.along_x, field.along_y])
    assert np.abs(form - wanted).mean() < 1e-3
    blank = FieldMaker(72, 88, unit_of(72)).make(np.ones((72, 88), np.float32), white)
    assert np.abs(form[0] - blank.texture).mean() > 0.05
