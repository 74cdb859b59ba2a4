"""`next`: the frame after the last two painted ones, again and again."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from tests.diffusion.translators import (
    Easel,
    a_room,
    bytes_of,
    model_of,
    played,
    seen_by,
    walking,
)
from vj.core.frame import BlankFrame, Frame
from vj.diffusion.film import Film
from vj.diffusion.translator_model import TranslatorModel
from vj.parameters.table import Value


@pytest.fixture(scope="module")
def film() -> TranslatorModel:
    return model_of("next")


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    return a_room()


def frames_seen(shown: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two frames before, of what the network is shown, (H, W, 3) each, 0..255."""
    both = np.rint(shown * 255)
    return both[..., 3:6], both[..., 6:]


def test_a_film_goes_on_from_its_own_frames(film: TranslatorModel, room: np.ndarray) -> None:
    """It begins with the input, and from then on sees what it has painted, the newest last."""
    shown: list[np.ndarray] = seen_by(film, room, room, room, room)
    easel = Easel(film, room)
    painted = [bytes_of(easel.paint(room)) for _ in range(4)]
    assert not np.array_equal(painted[1], painted[2])
    wanted = [(room, room), (room, painted[0]), painted[0:2], painted[1:3]]
    for seen, frames in zip(shown, wanted, strict=True):
        for one, frame in zip(frames_seen(seen), frames, strict=True):
            assert np.array_equal(one, frame)
    assert not easel.backend.settled


def test_a_film_begins_anew_with_the_two_newest_frames_of_the_source(
    film: TranslatorModel, room: np.ndarray
) -> None:
    """Two that follow each other, whatever was painted: they say which way things move. What is fed
    back is not in them."""
    someone = [frame.pixels for frame in walking(room, 8)]
    fired: dict[int, dict[str, Value]] = {index: {"film_begin": True} for index in (4, 6)}
    shown = seen_by(film, *someone, each=fired, feedback_amount=0.9)
    for index in (4, 6):
        older, newest = frames_seen(shown[index])
        assert np.array_equal(older, someone[index - 1])
        assert np.array_equal(newest, someone[index])
    assert not np.array_equal(frames_seen(shown[5])[1], someone[5])
    assert np.array_equal(frames_seen(shown[7])[0], someone[6])


def test_a_frame_that_the_source_shows_twice_counts_once(room: np.ndarray) -> None:
    """A clip of 12 frames a second, in a show of 24."""
    someone = [frame.pixels for frame in walking(room, 3)]
    memory = Film()
    for number, picture in enumerate(someone):
        for _ in range(2):
            memory.before(picture, picture, number, False, 0)
            memory.remember(255 - picture)
    two = memory.before(someone[2], someone[2], 2, False, 1)
    assert np.array_equal(two[0], someone[1])
    assert np.array_equal(two[1], someone[2])


def test_without_a_source_a_film_begins_as_it_began_before(room: np.ndarray) -> None:
    someone = [frame.pixels for frame in walking(room, 4)]
    memory = Film()
    grey = np.full_like(room, 127)
    assert np.array_equal(memory.before(grey, grey, 0, True, 0)[1], grey), "nothing else is there"
    for number, picture in enumerate(someone):
        memory.before(picture, picture, number, False, min(number, 2))
        memory.remember(255 - picture)
    for number in range(10, 14):
        memory.before(grey, grey, number, True, 2)
        memory.remember(grey)
    begun = memory.before(grey, grey, 14, True, 3)
    assert np.array_equal(begun[0], someone[1])
    assert np.array_equal(begun[1], someone[2])


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


def test_without_an_input_nothing_leads_however_low_the_strength_is(
    film: TranslatorModel, room: np.ndarray
) -> None:
    frames: list[Frame] = [BlankFrame(room, index, index / 30) for index in range(5)]
    alone: dict[str, Value] = {"blend_smoothing": 0.0, "feedback_amount": 0.0}
    low, high = (played(film, frames, strength=strength, **alone)[-1] for strength in (0.3, 1.0))
    assert np.array_equal(low, high)


def test_a_film_cannot_blow_up_however_wild_its_network_is(room: np.ndarray) -> None:
    wild = model_of("next")
    wild.network.head.conv.weight.mul_(20)
    small = cv2.resize(room, (32, 32))
    easel = Easel(wild, small)
    last = [float(easel.paint(small).abs().max()) for _ in range(40)]
    assert max(last[20:]) < 1.5 * max(last[:20]) < 1e4
