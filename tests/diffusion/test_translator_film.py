"""`next`: the frame after the last two painted ones, again and again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from tests.diffusion.translators import Easel, a_room, bytes_of, model_of, played, seen_by
from vj.core.frame import BlankFrame, Frame
from vj.diffusion.translator_model import TranslatorModel
from vj.parameters.table import Value


@pytest.fixture(scope="module")
def film() -> TranslatorModel:
    return model_of("next")


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    return a_room()


def test_a_film_goes_on_from_its_own_frames(film: TranslatorModel, room: np.ndarray) -> None:
    """It begins with the input, and from then on sees what it has painted, the newest last."""
    shown: list[np.ndarray] = seen_by(film, room, room, room, room)
    easel = Easel(film, room)
    painted = [bytes_of(easel.paint(room)) for _ in range(4)]
    assert not np.array_equal(painted[1], painted[2])
    wanted = [(room, room), (painted[0], painted[0]), (painted[0], painted[1]), painted[1:3]]
    for seen, frames in zip(shown, wanted, strict=True):
        for channels, frame in zip((seen[..., 3:6], seen[..., 6:]), frames, strict=True):
            assert np.array_equal(np.rint(channels * 255), frame)
    assert not easel.backend.settled


def test_strength_0_for_a_moment_takes_a_new_moment_of_the_input(
    film: TranslatorModel, room: np.ndarray
) -> None:
    night = cv2.convertScaleAbs(room, alpha=0.3)
    fresh = Easel(film, room)
    fresh.paint(night, strength=0.0)
    fresh.paint(night)
    wanted = fresh.paint(night, strength=1.0)
    easel = Easel(film, room)
    for _ in range(5):
        easel.paint(room)
    astray = easel.paint(night)
    easel.paint(night, strength=0.0)
    easel.paint(night)
    assert torch.equal(easel.paint(night, strength=1.0), wanted)
    assert not torch.equal(astray, wanted)


def test_without_an_input_a_film_goes_on_by_itself(film: TranslatorModel, room: np.ndarray) -> None:
    """A moment of the room, then `source: none`."""
    grey = np.full_like(room, 127)
    frames: list[Frame] = [Frame(room, 0, 0.0)]
    frames += [BlankFrame(grey, index, index / 30) for index in range(1, 12)]
    alone: dict[str, Value] = {"blend_smoothing": 0.0, "feedback_amount": 0.0}
    out = played(film, frames, **alone)
    assert np.array_equal(played(film, frames, **alone)[-1], out[-1])
    other = [Frame(255 - room, 0, 0.0), *frames[1:]]
    elsewhere = played(film, other, **alone)
    assert cv2.absdiff(elsewhere[1], out[1]).mean() > 0.3, "it began elsewhere"


def test_a_film_cannot_blow_up_however_wild_its_network_is(room: np.ndarray) -> None:
    wild = model_of("next")
    wild.network.head.conv.weight.mul_(20)
    small = cv2.resize(room, (32, 32))
    easel = Easel(wild, small)
    last = [float(easel.paint(small).abs().max()) for _ in range(40)]
    assert max(last[20:]) < 1.5 * max(last[:20]) < 1e4
