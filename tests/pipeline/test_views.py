"""The pictures besides the final one: of the same frame, whatever becomes of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from typing import Any

import numpy as np
import pytest

from tests.waiting import ManualClock
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.frame_context import FrameContext, Shown
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.interpolation import FrameInterpolation, SlowMotion
from vj.pipeline.optical_flow import FlowFinder

SIZE = Size(64, 64)
ALL = ("input", "generated", "mask", "lines")
BLUE = (0, 0, 250)


class Delayed(PassThrough):
    """Paints everything blue, and gives a picture two frames after it came in."""

    def __init__(self) -> None:
        super().__init__(SIZE, "delayed")
        self.held: deque[FrameContext] = deque()

    def paint(self, entered: Any, snapshot: Snapshot, context: FrameContext) -> Any:
        self.held.append(context)
        return self.drain() if len(self.held) > 2 else None

    def drain(self) -> GeneratedImage | None:
        if not self.held:
            return None
        return GeneratedImage(np.full((64, 64, 3), BLUE, np.uint8), self.held.popleft())


def picture(number: int) -> np.ndarray:
    """A dark room with a bright square, 4 pixels further in each frame."""
    drawn = np.full((64, 64, 3), 20, np.uint8)
    drawn[20:40, 4 * number : 4 * number + 16] = 235
    return drawn


class Stage:
    def __init__(self, wanted: Collection[str] = ALL, **start: Any) -> None:
        calm = {"feedback/amount": 0, "blend/smoothing": 0, "mask/feather": 0, "mask/steady": 0}
        self.store = Store({**calm, "mask/mode": "luma", **start})
        self.pipeline = FramePipeline(SIZE, "crop", Metrics(), print)
        self.pipeline.preparation.views_wanted = lambda: wanted
        self.number = 0

    def show(self) -> Shown:
        now = self.number / 30
        frame = Frame(picture(self.number), self.number, now)
        self.number += 1
        return self.pipeline.process(frame, self.store.sample(now))


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    made.pipeline.swap(Delayed())
    for _ in range(6):
        made.show()
    yield made
    made.pipeline.close()


def test_all_pictures_are_of_the_frame_that_is_shown(stage: Stage) -> None:
    shown = stage.show()  # frame 6 came in, frame 4 comes out
    assert np.array_equal(shown.views["input"], picture(4))
    bright = picture(4)[..., 0] > 128
    assert (shown.views["generated"] == BLUE).all()
    assert np.array_equal(shown.views["mask"][..., 0] == 255, ~bright), "white where it is painted"
    assert np.array_equal((shown.picture == BLUE).all(axis=2), ~bright), "as in the final picture"
    at = np.nonzero(shown.views["lines"][30, :, 0] > 128)[0]
    assert at.min() >= 13, "the lines are of the same frame"
    assert at.max() <= 35


def test_only_what_is_wanted_is_made() -> None:
    some = Stage(("mask",))
    assert set(some.show().views) == {"mask"}
    none = Stage(())
    assert none.show().views == {}
    for stage in (some, none):
        stage.pipeline.close()


def test_without_a_mask_the_key_is_all_white() -> None:
    stage = Stage(("mask",), **{"mask/mode": "none"})
    assert (stage.show().views["mask"] == 255).all()
    stage.pipeline.close()


def test_generated_is_before_wet_mask_and_colour(stage: Stage) -> None:
    stage.store.set("mix/wet", 0.0)
    stage.store.set("picture/brightness", 0.5)
    for _ in range(12):
        shown = stage.show()
    assert (shown.views["generated"] == BLUE).all()
    assert not (shown.picture == BLUE).all(axis=2).any()


def test_a_frozen_picture_keeps_its_key_and_its_input(stage: Stage) -> None:
    before = stage.show()
    stage.store.set("output/freeze", True)
    for _ in range(3):
        shown = stage.show()
        for name in ALL:
            assert np.array_equal(shown.views[name], before.views[name]), name


def test_blackout_fades_the_key_with_the_fill_and_leaves_the_input(stage: Stage) -> None:
    stage.store.set("output/blackout", 1.0)
    for _ in range(12):
        shown = stage.show()
    assert shown.picture.max() == 0
    for name in ("generated", "mask", "lines"):
        assert shown.views[name].max() == 0, name
    assert shown.views["input"].max() == 235, "a clean feed"


def test_what_drains_brings_its_pictures(stage: Stage) -> None:
    drained = stage.pipeline.drain(stage.store.sample(1.0))
    assert drained is not None
    assert np.array_equal(drained.views["input"], picture(4))


def test_frames_between_move_their_key_with_their_fill() -> None:
    clock = ManualClock()
    filler = FrameInterpolation(lambda frame: None, clock, 30)
    rng = np.random.default_rng(1)
    ground = np.repeat(rng.integers(0, 255, (64, 24, 3), np.uint8).repeat(4, 1), 1, 0)
    pictures = [np.ascontiguousarray(ground[:, 4 * n : 4 * n + 64]) for n in range(3)]
    for number in (0, 1):
        motion = FlowFinder().find(pictures[number + 1], pictures[number]).grid
        shown = pictures[number + 1]
        frame = OutputFrame(shown, number, 0.0, motion=motion, views={"mask": shown})
        filler.take(frame, number / 10)
    made = filler.between(0.15)
    assert made is not None
    assert not np.array_equal(made.pixels, pictures[2]), "it moved"
    assert np.array_equal(made.pixels, made.views["mask"])


def test_slow_motion_brings_a_key_for_every_picture() -> None:
    got: list[tuple[np.ndarray, np.ndarray]] = []
    slow = SlowMotion(4, lambda picture, guide, views: got.append((picture, views["mask"])))
    for number in range(3):
        slow.put(picture(number), picture(number), None, {"mask": picture(number)})
    assert len(got) == 9
    assert all(np.array_equal(fill, key) for fill, key in got)
