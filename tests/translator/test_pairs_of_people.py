"""Training examples that show where somebody is: a photograph, moved and scaled as footage."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from vj.translator.conditions import TRACKED, Conditioner, ConditionSettings
from vj.translator.footage import LEAST, Footage
from vj.translator.pairs import Pairs
from vj.translator.preparing import Preparing
from vj.translator.trackers import NEEDED, Found

SIDE = 192
KINDS = [pytest.param(kind, marks=needs(*NEEDED[kind])) for kind in TRACKED]


@cache
def portrait() -> np.ndarray:
    """(192, 192, 3): an astronaut's face, shoulders and arms."""
    picture = cv2.imread(str(Path(__file__).parents[1] / "pictures" / "astronaut.jpg"))
    assert picture is not None
    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(small[..., ::-1])


def shown(x: float, y: float, scale: float) -> np.ndarray:
    """The picture moved by so many pixels, and scaled about its middle."""
    matrix = cv2.getRotationMatrix2D((SIDE / 2, SIDE / 2), 0, scale)
    matrix[:, 2] += x, y
    return cv2.warpAffine(portrait(), matrix, (SIDE, SIDE), borderMode=cv2.BORDER_REPLICATE)


def footage() -> Footage:
    """Somebody who sways."""
    frames = [shown(6 * np.sin(n / 4), 3 * np.cos(n / 5), 1) for n in range(LEAST)]
    return Footage(np.stack(frames), (0,), ("portrait.mp4",))


def middle(condition: np.ndarray) -> np.ndarray:
    """Of what is drawn, (x, y) in pixels, and how large it is."""
    ink = 1 - condition
    axes = np.mgrid[: len(ink), : len(ink)]
    y, x = (float((ink * axis).sum() / ink.sum()) for axis in axes)
    across = np.sqrt(float((ink * (axes[1] - x) ** 2).sum() / ink.sum()))
    return np.array([x, y, across])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.long
def test_what_is_drawn_lies_where_somebody_is_in_the_target(kind: str) -> None:
    made = Pairs(footage(), kind, ConditionSettings(), SIDE, 1)
    apart = []
    for step in range(8):
        batch = made.batch(step, 4)
        again = made.batch(step, 4)
        assert np.array_equal(batch.condition.numpy(), again.condition.numpy())
        for strength, condition, target in zip(
            batch.style[:, 0], batch.condition, batch.target, strict=True
        ):
            if float(strength) < 1:
                continue
            picture = (target.permute(1, 2, 0).numpy() * 255).astype(np.uint8)
            truth = Conditioner(kind, ConditionSettings()).of(picture)[..., 0]
            if (1 - truth).sum() < 20:
                continue  # moved half out of the picture
            away = middle(condition[0].numpy()) - middle(truth)
            apart.append(float(np.abs(away[:2]).max()) / len(picture))
    assert len(apart) >= 8
    # Of some the lines are partly gone, or there are others.
    if kind != "body":  # of which the network finds another one in a picture that is cut otherwise
        assert float(np.quantile(apart, 0.7)) < 0.06
    held = made.held_out(2)
    assert len(held) == 2
    assert 0.002 < float((1 - held[0].condition).mean()) < 0.9


@needs(*NEEDED["face"])
def test_a_face_elsewhere_is_drawn_where_the_trained_one_was() -> None:
    settings = Pairs(footage(), "face", ConditionSettings(), SIDE, 1).settings
    assert len(settings.face) == 468
    raw, own = (Conditioner("face", one) for one in (ConditionSettings(), settings))
    trained = middle(raw.of(shown(0, 0, 1))[..., 0])
    for number in range(20):
        small = shown(-12 + number / 4, 30, 0.75)
        drawn = own.of(small, found=own.find(small, number / 25))[..., 0]
    theirs = middle(Conditioner("face", ConditionSettings()).of(small)[..., 0])
    ours = middle(drawn)
    assert np.abs(theirs - trained)[1] > 0.08 * SIDE
    assert np.abs(ours - trained)[:2].max() < 0.03 * SIDE
    assert ours[2] == pytest.approx(trained[2], rel=0.08)
    assert theirs[2] < 0.85 * trained[2]


@needs(*NEEDED["body"])
def test_a_clip_tells_where_its_body_stood() -> None:
    settings = Pairs(footage(), "body", ConditionSettings(), SIDE, 1).settings
    x, y, size = settings.body
    assert 0.3 < x < 0.7
    assert 0.3 < y < 0.8
    assert 0.2 < size < 0.8


@needs(*NEEDED["face"])
def test_a_small_face_is_told_and_trained_all_the_same() -> None:
    messages: list[str] = []
    far = Footage(np.stack([shown(n % 3, 0, 0.7) for n in range(LEAST)]), (0,), ("far.mp4",))
    made = Pairs(far, "face", ConditionSettings(), SIDE, 1, Preparing(messages.append))
    assert any("pixels high" in message for message in messages)
    assert made.batch(0, 1).condition.shape == (1, 1, SIDE, SIDE)


@needs(*NEEDED["face"])
def test_who_was_found_elsewhere_is_not_looked_for_again() -> None:
    conditioner = Conditioner("face", ConditionSettings())
    found = conditioner.find(portrait())
    assert found is not None
    assert found.face is not None
    given = conditioner.of(np.zeros_like(portrait()), found=found)
    assert (1 - given).sum() > 50
    assert conditioner.of(portrait(), found=Found()).min() == 1
