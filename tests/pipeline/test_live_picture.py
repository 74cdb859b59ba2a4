"""Pictures that are taken while a show plays: when, of what, and what is made of them."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from tests.waiting import until
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.parameters.table import Value
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.compositor import Picture
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.live_picture import SIDE, LivePictures, MadeOfNewest, TakenPicture

RATE = 10


def grey(level: int) -> np.ndarray:
    return np.full((8, 12, 3), level, np.uint8)


class Run:
    """Frame by frame; the input of frame n is as bright as n."""

    def __init__(self, **start: Value) -> None:
        names = {name.replace("_", "/"): value for name, value in start.items()}
        self.store, self.messages = Store({"prompt/travel": 0.0, **names}), list[str]()
        self.pictures = LivePictures(self.messages.append)
        self.count = 0

    def frame(self, image: np.ndarray | None = None) -> int | None:
        """How bright the picture is that is in force."""
        snapshot = self.store.sample(self.count / RATE)
        taken = self.pictures.of(snapshot, grey(self.count) if image is None else image)
        self.count += 1
        return None if taken is None else int(taken.pixels[0, 0, 0])

    def frames(self, count: int) -> list[int | None]:
        return [self.frame() for _ in range(count)]


def test_a_picture_is_taken_every_so_many_frames() -> None:
    assert Run(image_from="input", image_every=3).frames(7) == [0, 0, 0, 3, 3, 3, 6]
    assert Run().frames(3) == [None] * 3
    assert Run(image_from="input").frames(3) == [None] * 3, "it waits for a grab"


def test_a_grab_is_taken_at_once_and_stands() -> None:
    run = Run(image_from="input")
    run.frames(2)
    run.store.set("image/grab", True)
    assert run.frames(3) == [2, 2, 2]
    run.store.set("image/from", "output")
    assert run.frame() == 2, "the last grab stands, wherever the next one comes from"
    run.store.set("image/from", "")
    assert run.frame() is None
    run.store.set("image/from", "input")
    assert run.frame() is None, "what was let go of is gone"


def test_one_that_comes_by_itself_waits_until_the_one_before_has_arrived() -> None:
    run = Run(image_from="input", image_every=1, prompt_travel=0.5)
    assert run.frames(11) == [0] * 5 + [5] * 5 + [10]
    run.store.set("image/grab", True)
    assert run.frame() == 11, "and one that is grabbed does not"
    run.store.set("image/from", "output")
    run.pictures.observe(grey(99))
    assert run.frame() == 99, "nor the first from elsewhere"


def test_what_is_painted_and_other_sources_are_taken_as_soon_as_they_are_there() -> None:
    run = Run(image_from="output", image_every=600)
    assert run.frames(2) == [None, None]
    run.pictures.observe(grey(99))
    assert run.frame() == 99
    asked: list[str] = []

    def newest(name: str) -> np.ndarray | None:
        asked.append(name)
        return grey(50 + len(asked)) if len(asked) > 2 else None

    run = Run(image_from="guest", image_every=4)
    run.pictures.newest = newest
    assert run.frames(6) == [None, None, 53, 53, 55, 55]
    assert asked == ["guest"] * 6, "with every frame, so that offline it moves on with them"


def test_a_source_on_a_deck_is_not_opened_once_more() -> None:
    run = Run(image_from="guest", image_every=1)
    run.pictures.on_decks = lambda: ("cam", "guest")
    for decks, wanted in (((grey(1), grey(2)), 2), ((grey(1), None), 2), ((grey(1), grey(3)), 3)):
        taken = run.pictures.of(run.store.sample(0.0), grey(9), decks)
        assert taken is not None
        assert taken.pixels[0, 0, 0] == wanted


def test_a_grab_of_nothing_is_answered() -> None:
    run = Run()
    run.store.set("image/grab", True)
    assert run.frames(2) == [None, None]
    assert run.messages == ["image/grab: image/from is empty: name a source, or input, or output"]


def test_what_is_kept_is_small_and_nobody_s_but_its_own() -> None:
    large = np.full((300, 600, 4), 200, np.uint8)
    large[..., 3] = 0
    run = Run(image_from="input", image_every=1)
    assert run.frame(large) == 0, "what is transparent lies over black"
    taken = run.pictures.of(run.store.sample(1.0), image := np.full((300, 600, 3), 9, np.uint8))
    assert taken is not None
    assert taken.pixels.shape == (SIDE, 512, 3)
    assert not np.shares_memory(taken.pixels, image)


def test_live_the_newest_picture_wins_and_the_one_before_stands_meanwhile() -> None:
    begun, may, messages = threading.Event(), threading.Event(), list[str]()

    def make(pixels: np.ndarray) -> int:
        begun.set()
        may.wait(20)
        if pixels[0, 0, 0] == 66:
            raise RuntimeError("no such layer")
        return int(pixels[0, 0, 0])

    made = MadeOfNewest(make, False, messages.append)
    pictures = [TakenPicture(grey(10 * n), n, "cam") for n in range(1, 5)]
    try:
        assert made.of(pictures[0]) is None
        assert begun.wait(20)
        for picture in pictures[1:]:
            assert made.of(picture) is None
            assert made.pending
        may.set()
        until(lambda: not made.pending)
        found = made.of(pictures[3])
        assert found is not None
        assert (found.value, found.number) == (40, 4)
        assert made.of(TakenPicture(grey(66), 5, "cam")) is found
        until(lambda: not made.pending)
        assert made.of(TakenPicture(grey(66), 5, "cam")) is found, "what played goes on"
        assert messages == ["image/from cam: nothing is made of it (RuntimeError: no such layer)"]
        assert made.of(None) is None
    finally:
        may.set()
        made.close()


def test_offline_it_is_made_on_the_spot() -> None:
    made = MadeOfNewest(lambda pixels: int(pixels[0, 0, 0]), True, print)
    found = made.of(TakenPicture(grey(7), 1, "cam"))
    assert found is not None
    assert found.value == 7
    assert not made.pending


class Watched(PassThrough):
    """Notes which picture comes with each frame that it paints."""

    def __init__(self, size: Size) -> None:
        super().__init__(size, "watched", waits=False)
        self.seen: list[int | None] = []

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        self.seen.append(None if context.taken is None else context.taken.number)
        return super().paint(entered, snapshot, context)


@pytest.mark.parametrize("origin", ["input", "output", "guest"])
def test_a_picture_goes_with_its_frame_and_wakes_a_model_that_rests(origin: str) -> None:
    size = Size(16, 16)
    pipeline = FramePipeline(size, "crop", Metrics(), print)
    backend = Watched(size)
    pipeline.exchange(backend)
    store = Store({"image/from": origin, "similarity": 0.5, "feedback/amount": 0.0})
    if origin == "guest":  # comes by itself, and no parameter moves
        store.set("image/every", 600)
        pipeline.preparation.pictures.newest = lambda name: grey(50) if count >= 25 else None
    frame = Frame(np.full((16, 16, 3), 80, np.uint8), 0, 0.0)
    for count in range(30):
        if count == 25 and origin != "guest":
            store.set("image/grab", True)
        pipeline.process(frame, store.sample(count / RATE))
    pipeline.close()
    assert len(backend.seen) < 30, "it rests"
    assert backend.seen[-1] == 1
    assert backend.seen[0] is None


def test_a_model_that_begins_waits_a_little_for_its_first_picture() -> None:
    made = MadeOfNewest(lambda pixels: 0, True, print)
    assert [made.holds(True, 10 + n / RATE) for n in range(6)] == [True] * 5 + [False]
    assert not made.holds(True, 20.0), "then it goes its own way"
    made.begin()
    assert made.holds(True, 30.0)
    assert not made.holds(False, 30.1)
    assert not made.holds(True, 30.2), "only as it begins"
