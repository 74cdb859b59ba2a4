"""A translator as a backend: strength, seeds, what it follows and what not, frames that lead to the
next one, people who are found beside the picture."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from torch import Tensor

from tests.diffusion.translators import model_of
from tests.fetched import needs, nothing_fetched
from tests.waiting import until
from vj.core.errors import Fault
from vj.core.frame import BlankFrame, Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.condition_thread import FoundBeside
from vj.diffusion.translator_backend import FADE_BELOW, TranslatorBackend
from vj.diffusion.translator_model import TranslatorModel
from vj.parameters.store import Store
from vj.parameters.table import TABLE, Value
from vj.pipeline.backend import GENERATING
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.sources.image import read_picture
from vj.translator.conditions import Conditioner, ConditionSettings
from vj.translator.trackers import NEEDED, Found


@pytest.fixture(scope="module")
def lines() -> TranslatorModel:
    return model_of("lines")


@pytest.fixture(scope="module")
def film() -> TranslatorModel:
    return model_of("next")


@pytest.fixture(scope="module")
def room() -> np.ndarray:
    """A window and somebody before a wall; sides that are no multiple of 16, (72, 88, 3) uint8."""
    picture = np.full((72, 88, 3), (190, 185, 170), np.uint8)
    cv2.rectangle(picture, (58, 8), (82, 40), (40, 90, 160), -1)
    cv2.ellipse(picture, (32, 26), (10, 13), 0, 0, 360, (205, 150, 120), -1)
    cv2.rectangle(picture, (20, 40), (46, 71), (50, 45, 60), -1)
    return cv2.GaussianBlur(picture, (0, 0), 0.8)


class Easel:
    """A backend on its own, with the store that it follows."""

    def __init__(self, model: TranslatorModel, room: np.ndarray, **start: Value) -> None:
        self.size = Size(room.shape[1], room.shape[0])
        self.backend = TranslatorBackend(model, self.size, True)
        values: dict[str, Value] = {"strength": 1.0}
        values.update({name.replace("_", "/", 1): value for name, value in start.items()})
        self.store = Store(values)
        self.time = 0.0

    def paint(self, picture: np.ndarray, **values: Value) -> Tensor:
        """(1, 3, H, W), of the next frame, so much later that what glides has arrived; values that
        are set before it."""
        for name, value in values.items():
            self.store.set(name.replace("_", "/", 1), value)
        self.time += 0.9
        context = FrameContext(picture, 0, self.time, picture)
        made = self.backend.paint(entered(picture), self.store.sample(self.time), context)
        assert made is not None
        assert made.context is context
        assert isinstance(made.picture, Tensor)
        assert made.picture.shape == (1, 3, *picture.shape[:2])
        return made.picture


def entered(picture: np.ndarray) -> Tensor:
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1


def apart(one: Tensor, two: Tensor) -> float:
    return float((one - two).abs().mean())


def played(model: TranslatorModel, frames: list[Frame], **start: Value) -> list[np.ndarray]:
    """What the frame pipeline makes of frames, with feedback, flow and smoothing as they stand in
    the table."""
    values = {name.replace("_", "/", 1): value for name, value in start.items()}
    store = Store({"strength": 1.0, **values})
    pipeline = FramePipeline(frames[0].size, "crop", Metrics(), print)
    pipeline.swap(TranslatorBackend(model, frames[0].size, True))
    out = [pipeline.process(one, store.sample(one.captured)).picture for one in frames]
    pipeline.close()
    return out


def walking(room: np.ndarray, count: int) -> list[Frame]:
    """Somebody walks through the room."""
    made = []
    for index in range(count):
        picture = room.copy()
        cv2.rectangle(picture, (8 + 3 * index, 20), (26 + 3 * index, 71), (30, 130, 60), -1)
        made.append(Frame(picture, index, index / 30))
    return made


# --- strength ------------------------------------------------------------------------------------


def test_strength_0_is_the_input_itself_and_more_leads_away_without_a_jump(
    lines: TranslatorModel, room: np.ndarray
) -> None:
    easel = Easel(lines, room)
    assert torch.equal(easel.paint(room, strength=0.0), entered(room))
    assert easel.backend.settled
    low = [easel.paint(room, strength=share * FADE_BELOW) for share in (0.1, 0.5, 0.99, 1.01)]
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


def seen_by(model: TranslatorModel, *pictures: np.ndarray, **start: Value) -> list[np.ndarray]:
    """What the network is shown of pictures, each (H, W, 3 + C)."""
    shown: list[np.ndarray] = []
    paint = model.paint

    def watched(seen: np.ndarray, form: Tensor, style: Any) -> Tensor:
        shown.append(seen)
        return paint(seen, form, style)

    model.paint = watched  # type: ignore[method-assign]
    try:
        easel = Easel(model, pictures[0], **start)
        for picture in pictures:
            easel.paint(picture)
    finally:
        del model.paint  # type: ignore[attr-defined]
    return shown


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


@pytest.mark.parametrize("kind", ["lines", "edges", "grey", "small", "next"])
def test_the_same_frames_give_the_same_bytes(kind: str, room: np.ndarray) -> None:
    frames = walking(room, 5)
    one, two = (played(model_of(kind), frames, noise_hold=0.7) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert cv2.absdiff(one[0], one[-1]).mean() > 0.5


# --- the frame after the last --------------------------------------------------------------------


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


def bytes_of(planes: Tensor) -> np.ndarray:
    picture = planes[0].permute(1, 2, 0).numpy() * 0.5 + 0.5
    return cv2.convertScaleAbs(np.clip(picture, 0, 1), alpha=255)


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


# --- people --------------------------------------------------------------------------------------


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

    until(lambda: not torch.equal(paint(), entered(room)))
    assert not backend.settled
    backend.close()


@pytest.mark.parametrize("kind", ["face", "body", "mask"])
def test_what_finds_people_and_is_not_installed_is_told_with_the_command(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nothing_fetched(monkeypatch)
    model = model_of(kind)
    with pytest.raises(Fault, match=r"model kiss: .*python3 launch.py add person"):
        TranslatorBackend(model, Size(64, 64), True)


def test_the_conditions_are_those_of_the_training(lines: TranslatorModel, room: np.ndarray) -> None:
    """Made by the same code with the same settings, but for the camera's noise."""
    seen = seen_by(lines, room, strength=1.0)[0]
    wanted: Callable[..., np.ndarray] = Conditioner("lines", ConditionSettings()).of
    assert np.array_equal(seen[..., 3:], wanted(room, 0.3))
    assert np.allclose(seen[..., :3], 0.5, atol=1e-6)
