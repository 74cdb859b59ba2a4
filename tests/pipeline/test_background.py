"""A place of its own behind whoever the mask finds."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from tests.waiting import until
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import Backend, GeneratedImage, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline

SIDE = 64
SCREEN, SKIN = (0, 177, 64), (200, 150, 130)
BEHIND = {
    "mask/mode": "chroma",
    "mask/feather": 0,
    "mask/steady": 0,
    "feedback/amount": 0,
    "blend/smoothing": 0.5,
    "background/source": "place",
}


def performer(x: int) -> np.ndarray:
    picture = np.full((SIDE, SIDE, 3), SCREEN, np.uint8)
    picture[16:, x : x + 16] = SKIN
    return picture


def hers(x: int, grow: int = -2) -> np.ndarray:
    mask = np.zeros((SIDE, SIDE), bool)
    mask[16 - grow :, x - grow : x + 16 + grow] = True
    return mask


class Tinted(PassThrough):
    """Paints everything in the colour that its prompt names, whatever comes in, and remembers with
    what it was asked to."""

    def __init__(self, size: Size) -> None:
        super().__init__(size, "tinted")
        self.asked: list[Snapshot] = []
        self.layers: list[Tinted] = []
        self.closed = False

    def close(self) -> None:
        self.closed = True

    def paint(self, entered: Any, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        self.asked.append(snapshot)
        colour = [int(part) for part in snapshot["prompt/a"].split()]
        picture = np.full((SIDE, SIDE, 3), colour, np.uint8)
        picture = cv2.addWeighted(
            entered, 1 - snapshot["strength"], picture, snapshot["strength"], 0
        )
        return GeneratedImage(picture, context)

    def layer(self) -> Backend:
        self.layers.append(Tinted(self.compositor.size))
        return self.layers[-1]


Begin = Callable[..., "Stage"]


class Stage:
    """A pipeline whose performer walks, before a place that a source gives."""

    def __init__(self, live: bool = False, **values: Any) -> None:
        self.messages: list[str] = []
        size = Size(SIDE, SIDE)
        self.pipeline = FramePipeline(size, "crop", Metrics(), self.messages.append, live=live)
        self.model = Tinted(size)
        self.pipeline.swap(self.model)
        given = {name.replace("__", "/"): value for name, value in values.items()}
        self.store = Store({**BEHIND, "prompt/a": "255 0 0", "strength": 1.0, **given})
        self.place = np.full((SIDE, SIDE, 3), (0, 0, 120), np.uint8)
        self.pipeline.preparation.background.newest = lambda name: (
            Frame(self.place, 0, 0.0) if name == "place" else None
        )
        self.turn = 0

    def show(self, x: int = 24) -> np.ndarray:
        snapshot = self.store.sample(self.turn / 24)
        frame = Frame(performer(x), self.turn, self.turn / 24)
        self.turn += 1
        return self.pipeline.process(frame, snapshot).picture

    @property
    def painted(self) -> list[Snapshot]:
        """What the background was painted with."""
        return self.model.layers[-1].asked if self.model.layers else []


@pytest.fixture
def begin(request: pytest.FixtureRequest) -> Begin:
    def begin(live: bool = False, **values: Any) -> Stage:
        made = Stage(live, **values)
        request.addfinalizer(made.pipeline.close)
        return made

    return begin


@pytest.fixture
def stage(begin: Begin) -> Stage:
    return begin()


def test_a_performer_as_they_came_stands_before_another_place(stage: Stage) -> None:
    for x in range(8, 40, 4):
        picture = stage.show(x)
        assert (picture[hers(x)] == SKIN).all()
        assert (picture[~hers(x, 2)] == (0, 0, 120)).all()
    assert stage.model.asked == [], "nothing is painted: not the frames, either"
    stage.place = np.full((SIDE, SIDE, 3), (9, 9, 9), np.uint8)
    assert (stage.show()[~hers(24, 2)] == (9, 9, 9)).all(), "it is not smoothed"


def test_it_is_painted_with_its_own_prompt_every_so_many_frames_and_fades(begin: Begin) -> None:
    stage = begin(background__prompt="0 200 0", background__strength=1.0, background__every=6)
    green = [int(stage.show(8 + turn)[4, 60, 1]) for turn in range(13)]
    assert green == [200] * 13
    assert len(stage.painted) == 3
    assert {asked["prompt/a"] for asked in stage.painted} == {"0 200 0"}
    assert stage.painted[-1].time == pytest.approx(12 / 24)
    stage.store.set("background/prompt", "0 20 0")
    later = [int(stage.show(20)[4, 60, 1]) for _ in range(12)]
    assert later[:5] == [200] * 5, "the one before stands until it is due"
    assert later[5:11] == pytest.approx([170, 140, 110, 80, 50, 20], abs=1)
    assert (stage.show(20)[hers(20)] == SKIN).all()


def test_its_noise_travels_in_time_and_not_with_the_frames_seed(begin: Begin) -> None:
    own = {"strength": 0.5, "every": 4, "seed": 5, "drift": 2.0, "prompt": "0 0 0"}
    stage = begin(seed__a=77, **{f"background__{name}": value for name, value in own.items()})
    for _ in range(25):
        stage.show()
    ways = [asked["seed/a"] + asked["seed/mix"] for asked in stage.painted]
    assert ways == pytest.approx([5 + 2 * 4 * turn / 24 for turn in range(7)], abs=1e-6)
    assert {asked["seed/b"] - asked["seed/a"] for asked in stage.painted} == {1}


def test_the_generated_performer_may_stand_there_too(stage: Stage) -> None:
    stage.store.set("background/subject", "painted")
    stage.store.set("blend/smoothing", 0)
    stage.store.set("background/source", "#102030")
    for _ in range(4):  # the pass-through before it has faded
        picture = stage.show()
    assert (picture[hers(24)] == (255, 0, 0)).all()
    assert (picture[~hers(24, 2)] == (0x10, 0x20, 0x30)).all()
    stage.store.set("mix/wet", 0.5)
    for _ in range(9):
        picture = stage.show()
    half = np.abs(picture[hers(24)].astype(int) - [227, 75, 65]).max()
    assert half <= 2, "the real performer comes up in them"
    assert (picture[~hers(24, 2)] == (0x10, 0x20, 0x30)).all(), "and the room does not"


def test_wet_below_one_lets_the_real_room_come_through(stage: Stage) -> None:
    stage.store.set("mix/wet", 0.5)
    for _ in range(9):
        picture = stage.show()
    assert np.abs(picture[~hers(24, 2)].astype(int) - [0, 88, 92]).max() <= 2
    assert (picture[hers(24)] == SKIN).all()


def test_without_a_background_nothing_changes_and_without_a_mask_nobody_is_lost(
    begin: Begin,
) -> None:
    plain, with_mode = begin(background__source=""), begin(mask__mode="none")
    for x in (8, 12, 16):
        shown = plain.show(x)
        assert with_mode.show(x)[40, x + 8].tolist() != [0, 0, 120]
    assert (shown[~hers(16, 2)] == (255, 0, 0)).any()
    assert len(plain.model.asked) == 3
    assert [line for line in with_mode.messages if "background" in line] == [
        "background/source: mask/mode is none, so that nothing is in front of it"
    ]


@pytest.mark.parametrize(("subject", "wet"), [("input", 1.0), ("input", 0.6), ("painted", 1.0)])
def test_both_layers_come_back_from_a_journey_over_the_crossfade(
    begin: Begin, subject: str, wet: float
) -> None:
    stage = begin(background__subject=subject, mix__wet=wet, crossfade=0.5, blend__smoothing=0.0)
    before = stage.show()
    stage.store.set("journey", True)
    stage.show()
    flown = stage.show()
    stage.store.set("journey", False)
    way = [flown, *(stage.show() for _ in range(16))]
    whole = int(cv2.absdiff(flown, before).max())
    steps = [int(cv2.absdiff(one, two).max()) for one, two in itertools.pairwise(way)]
    assert whole > 100
    assert max(steps) < 0.3 * whole, "nothing jumps in, nor at the end"
    assert np.array_equal(way[-1], before)


def test_while_a_source_gives_nothing_the_room_stays(begin: Begin) -> None:
    stage = begin(background__source="away", strength=0)
    for _ in range(3):
        picture = stage.show()
    assert picture[4, 60].tolist() == list(SCREEN)


def test_behind_them_is_the_room_itself_learned_as_they_walk(stage: Stage) -> None:
    stage.store.set("background/source", "plate")
    stage.store.set("mask/invert", False)
    for x in range(4, 44, 4):
        picture = stage.show(x)
        around = picture[~hers(x, 3)].astype(int)
        assert np.abs(around - SCREEN).mean() < 3


def test_a_model_that_paints_one_layer_only_says_so_once() -> None:
    messages: list[str] = []
    pipeline = FramePipeline(Size(SIDE, SIDE), "crop", Metrics(), messages.append)
    store = Store({**BEHIND, "background/source": "black", "background/strength": 0.5})
    pipeline.process(Frame(performer(24), 0, 0), store.sample(0))
    assert messages == [], "its model is still to come"
    pipeline.swap(PassThrough(Size(SIDE, SIDE), waits=False))
    for turn in range(3):
        shown = pipeline.process(Frame(performer(24), turn, turn / 24), store.sample(turn / 24))
        assert (shown.picture[~hers(24, 2)] == 0).all()
    assert messages == ["none paints no second layer: the background is as it came"]
    pipeline.close()


def test_a_background_that_cannot_be_painted_stops_nothing(begin: Begin) -> None:
    stage = begin(background__strength=1.0, background__prompt="no colour")
    for x in (8, 12, 16):
        picture = stage.show(x)
        assert (picture[hers(x)] == SKIN).all()
        assert picture[4, 60].tolist() == [0, 0, 120], "it is as it came"
    told = [line for line in stage.messages if "background could not be painted" in line]
    assert len(told) == 1


def test_words_alone_make_a_place_and_it_moves(stage: Stage) -> None:
    for name, value in {"source": "words", "every": 1, "drift": 1.0}.items():
        stage.store.set(f"background/{name}", value)
    stage.store.set("background/prompt", "0 0 90")
    assert stage.show()[4, 60].tolist() == [0, 0, 90]
    assert stage.painted[0]["strength"] == 1


def test_live_its_layer_is_made_beside_the_picture(begin: Begin) -> None:
    stage = begin(live=True, background__strength=1.0, background__prompt="0 200 0")
    assert stage.show()[4, 60].tolist() == [0, 0, 120], "as it came until then"
    until(lambda: stage.show() is not None and stage.painted)
    for _ in range(30):
        picture = stage.show()
    assert picture[4, 60].tolist() == [0, 200, 0]
    assert len(stage.model.layers) == 1


def test_another_model_takes_over_and_no_layer_of_the_one_before_is_left(begin: Begin) -> None:
    """Also where the background is off by then."""
    stage = begin(background__strength=1.0, background__prompt="0 200 0")
    stage.show()
    stage.store.set("background/source", "")
    stage.show()
    (layer,) = stage.model.layers
    assert not layer.closed, "it may come back"
    stage.pipeline.swap(Tinted(Size(SIDE, SIDE)))
    assert layer.closed


@pytest.mark.parametrize("subject", ["input", "painted"])
def test_a_journey_takes_somebody_along_who_stands_before_a_place(
    begin: Begin, subject: str
) -> None:
    stage = begin(background__subject=subject, blend__smoothing=0.0, strength=0.0)
    for _ in range(3):
        before = stage.show()
    stage.store.set("journey", True)
    flown = stage.show()
    assert np.abs(flown.astype(int) - before)[hers(24)].max() <= 2, "who was seen is still seen"
    assert np.abs(flown.astype(int) - before)[~hers(24, 2)].max() <= 2


def test_two_runs_give_the_same_bytes(begin: Begin) -> None:
    films = []
    for _ in range(2):
        made = begin(background__strength=0.6, background__prompt="9 80 7", background__every=5)
        films.append([made.show(4 + 2 * turn) for turn in range(14)])
    for one, two in zip(*films, strict=True):
        assert np.array_equal(one, two)
