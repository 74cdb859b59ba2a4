"""Translators for which somebody is found in the picture first: live beside it, offline on the
spot."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from tests.diffusion.translators import Easel, a_room, apart, entered, model_of
from tests.fetched import needs, nothing_fetched
from tests.waiting import until
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.diffusion.condition_thread import FoundBeside
from vj.diffusion.translator_backend import TranslatorBackend
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext
from vj.sources.image import read_picture
from vj.translator.trackers import NEEDED, Found


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    return a_room()


class Looking:
    """Finds a face whenever it is allowed to."""

    def __init__(self) -> None:
        self.may = threading.Semaphore(0)
        self.begun: list[float] = []
        self.looked: list[float] = []
        self.fails = False

    def find(self, image: np.ndarray, time: float | None = None) -> Found:
        assert time is not None
        self.begun.append(time)
        self.may.acquire()
        if self.fails:
            raise RuntimeError("the network has gone")
        self.looked.append(time)
        return Found(face=np.full((468, 2), time, np.float32))


def beside(looking: Looking, messages: list[str]) -> FoundBeside:
    conditioner: Any = looking
    return FoundBeside(conditioner, False, messages.append)


def test_live_the_picture_never_waits_for_who_is_in_it(room: np.ndarray) -> None:
    looking, messages = Looking(), list[str]()
    found = beside(looking, messages)
    assert found.of(room, 1.0) is None
    until(lambda: looking.begun)
    assert [found.of(room, time) for time in (2.0, 3.0)] == [None] * 2
    looking.may.release(2)
    until(lambda: len(looking.looked) == 2)
    assert looking.looked[-1] == 3.0, "what came between is passed over"
    until(lambda: newest(found, room) == 3.0)
    looking.fails = True
    looking.may.release()
    until(lambda: messages)
    assert "the network has gone" in messages[0]
    assert newest(found, room) == 3.0, "what was found last stands"
    found.close()
    looking.may.release(9)


class Nobody:
    """Finds a face, or none."""

    kind = "face"

    def __init__(self) -> None:
        self.there = False

    def find(self, image: np.ndarray, time: float | None = None) -> Found:
        return Found(face=np.zeros((468, 2), np.float32) if self.there else None)


def test_a_face_that_is_long_away_is_told_once(room: np.ndarray) -> None:
    nobody, messages = Nobody(), list[str]()
    conditioner: Any = nobody
    found = FoundBeside(conditioner, True, messages.append)
    for there, times, said in (
        (False, (0.0, 1.0, 2.9), 0),
        (False, (3.0, 4.0, 9.0), 1),
        (True, (10.0,), 1),
        (False, (11.0, 12.9), 1),
        (False, (13.1, 14.0), 2),
    ):
        nobody.there = there
        for time in times:
            found.of(room, time)
        assert len(messages) == said
    assert "no face is found in the picture" in messages[0]


def newest(found: FoundBeside, image: np.ndarray) -> float:
    made = found.of(image, 4.0)
    assert made is not None
    assert made.face is not None
    return float(made.face[0, 0])


@needs(*NEEDED["mask"])
def test_a_silhouette_is_painted_from_offline_with_every_frame(room: np.ndarray) -> None:
    model = model_of("mask")
    there = read_picture(str(Path(__file__).parents[1] / "pictures" / "astronaut.jpg"), "test")
    astronaut = cv2.resize(there, (88, 72), interpolation=cv2.INTER_AREA)
    easel = Easel(model, room)
    empty = easel.paint(np.full_like(room, 180))
    assert apart(easel.paint(astronaut), empty) > 1e-3
    assert easel.backend.settled


@needs(*NEEDED["mask"])
def test_live_the_input_is_shown_until_somebody_has_looked(room: np.ndarray) -> None:
    model = model_of("mask")
    size = Size(88, 72)
    backend = TranslatorBackend(model, size, False)
    snapshot = Store({"strength": 1.0}).sample(0.0)
    backend.warm(snapshot)
    context = FrameContext(room, 0, 0.0, room)

    def paint() -> Tensor:
        made = backend.paint(entered(room), snapshot, context)
        assert made is not None
        assert isinstance(made.picture, Tensor)
        return made.picture

    assert torch.equal(paint(), entered(room))
    until(lambda: not torch.equal(paint(), entered(room)))
    assert not backend.settled
    backend.close()


def test_who_was_there_before_strength_was_0_is_not_painted_there_after(room: np.ndarray) -> None:
    """Nobody is looked for while nothing is painted."""
    looking = Looking()
    found = beside(looking, [])
    backend = TranslatorBackend(model_of("lines"), Size(88, 72), True)
    backend._found = found
    backend._find = found.of
    context = FrameContext(room, 0, 0.0, room)

    def is_input(strength: float) -> bool:
        made = backend.paint(entered(room), Store({"strength": strength}).sample(0.0), context)
        assert made is not None
        assert isinstance(made.picture, Tensor)
        return torch.equal(made.picture, entered(room))

    looking.may.release()
    until(lambda: not is_input(1.0))
    until(lambda: len(looking.begun) == 2)  # and nothing more comes of it
    assert is_input(0.0)
    assert is_input(1.0), "until somebody has looked again"
    looking.may.release(9)
    until(lambda: not is_input(1.0))
    backend.close()
    looking.may.release(9)


@pytest.mark.parametrize("kind", ["face", "body", "mask"])
def test_what_finds_people_and_is_not_installed_is_told_with_the_command(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_fetched(monkeypatch)
    model = model_of(kind)
    with pytest.raises(Fault, match=r"model kiss: .*python3 launch.py add person"):
        TranslatorBackend(model, Size(64, 64), True)
