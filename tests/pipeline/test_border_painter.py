"""New edges of a journey are painted by a second layer, at a strength of their own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from tests.waiting import until
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.kernels.border import whole
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import Backend, GeneratedImage, PassThrough
from vj.pipeline.border_painter import BorderPainter
from vj.pipeline.compositor import turn_matrix
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.journey import Flight

SIDE = 96
SIZE = Size(SIDE, SIDE)
STRIPES = np.sin(np.arange(SIDE) * 2 * np.pi / 6)[:, None, None] * 60
FLIGHT = {
    "journey": True,
    "feedback/x": -0.03,
    "strength": 0.1,
    "blend/smoothing": 0,
    "crossfade": 0,
}


class Stripes(PassThrough):
    """Paints stripes over what comes in, as strongly as it is asked to."""

    def __init__(self, fails: bool = False, size: Size = SIZE) -> None:
        super().__init__(size, "stripes")
        self.asked: list[Snapshot] = []
        self.layers: list[Stripes] = []
        self.fails, self.closed = fails, False
        self.may = threading.Event()
        self.may.set()

    def paint(self, entered: Any, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        self.asked.append(snapshot)
        if self.fails:
            raise RuntimeError("out of memory")
        strength = snapshot["strength"]
        light = entered.astype(np.float32) + STRIPES[: len(entered)] * strength
        return GeneratedImage(cv2.convertScaleAbs(np.maximum(light, 0)), context)

    def close(self) -> None:
        self.closed = True


class Layers(Stripes):
    fails_beside = False

    def layer(self) -> Backend:
        self.may.wait(10)
        self.layers.append(Stripes(self.fails_beside, self.compositor.size))
        return self.layers[-1]


class Stage:
    """A pipeline that flies on from a soft picture."""

    def __init__(self, model: Stripes, live: bool = False, **values: Any) -> None:
        self.messages: list[str] = []
        self.pipeline = FramePipeline(SIZE, "crop", Metrics(), self.messages.append, live=live)
        self.model = model
        self.pipeline.swap(model)
        given = {name.replace("__", "/"): value for name, value in values.items()}
        self.store = Store({**FLIGHT, **given})
        soft = np.random.default_rng(4).integers(40, 216, (4, 4, 3), np.uint8)
        self.moment = cv2.resize(soft, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC)
        self.turn = 0

    def show(self) -> np.ndarray:
        frame = Frame(self.moment, self.turn, self.turn / 24)
        shown = self.pipeline.process(frame, self.store.sample(self.turn / 24))
        self.turn += 1
        return shown.picture

    @property
    def strips(self) -> list[Snapshot]:
        """What strips were painted with."""
        return self.model.layers[-1].asked if self.model.layers else []


Begin = Callable[..., Stage]


@pytest.fixture
def begin(request: pytest.FixtureRequest) -> Begin:
    def begin(model: Stripes | None = None, **values: Any) -> Stage:
        made = Stage(Layers() if model is None else model, **values)
        request.addfinalizer(made.pipeline.close)
        return made

    return begin


def detail(picture: np.ndarray) -> float:
    """How strong the stripes are in it, of all that varies from row to row, 0..255."""
    return float(np.abs(np.fft.rfft(picture.astype(float), axis=0))[SIDE // 6].mean() * 2 / SIDE)


def test_a_new_strip_has_the_detail_of_the_prompt_in_its_first_frame(begin: Begin) -> None:
    found = {}
    for strength in (0, 1):
        stage = begin(journey__edge__strength=strength)
        for _ in range(4):
            picture = stage.show()
        found[strength] = detail(picture[:, -3:]), detail(picture[:, 20:-20])
    assert found[1][0] > 2 * found[0][0]
    assert found[1][0] > 0.5 * found[1][1] > 1.5 * found[0][0]
    assert found[1][1] == pytest.approx(found[0][1], rel=0.05), "which is left alone"


@pytest.mark.parametrize("moves", [{"x": -0.012}, {"dolly": -0.02}, {"rotate": 1.2}, {"yaw": 0.6}])
def test_it_is_painted_once_in_many_frames_and_is_one_piece(
    begin: Begin, moves: dict[str, float]
) -> None:
    stage = begin(**{"feedback__x": 0, **{f"feedback__{k}": v for k, v in moves.items()}})
    pictures = [stage.show() for _ in range(60)]
    assert 3 <= len(stage.strips) <= 13
    assert {asked["strength"] for asked in stage.strips} == {1}
    assert len({asked["seed/a"] for asked in stage.strips}) == len(stage.strips)
    light = [float(one.mean()) for one in pictures]
    assert np.abs(np.diff(light)).max() < 3, "nothing pumps"


def test_there_is_no_seam_and_it_is_neither_brighter_nor_darker(begin: Begin) -> None:
    stage = begin(feedback__x=-0.1)
    for _ in range(3):
        picture = stage.show().astype(float)
    strip = round(0.1 * SIDE)
    steps = np.abs(np.diff(picture, axis=1)).mean(axis=(0, 2))
    assert steps[-strip - 4 : -strip + 3].max() < 2.5 * np.median(steps) + 4
    beside = picture[:, -2 * strip : -strip].mean(axis=(0, 1))
    assert np.abs(picture[:, -strip:].mean(axis=(0, 1)) - beside).max() < 30


@pytest.mark.parametrize(
    "values",
    [
        {"journey": False, "feedback__amount": 0.5},
        {"feedback__x": 0},
        {"feedback__x": 0, "feedback__dolly": 0.02},
        {"feedback__edge": "mirror"},
        {"strength": 0},
        {"journey__edge__strength": 0.1},
    ],
)
def test_where_no_edge_is_to_be_painted_nothing_runs(begin: Begin, values: dict[str, Any]) -> None:
    films = []
    for model in (Layers(), Stripes()):
        stage = begin(model, **values)
        films.append([stage.show() for _ in range(6)])
        assert not model.layers
        assert stage.messages == []
    assert all(map(np.array_equal, *films))


def test_a_strip_stays_where_it_is_in_the_picture_whatever_the_camera_does_next() -> None:
    model, ways = Layers(), []
    painter = BorderPainter(print, Supervisor(print), live=False)
    moment = np.full((SIDE, SIDE, 3), 90, np.uint8)
    model.compositor.take_over(moment.astype(np.float32) / 255)
    context = FrameContext(moment, 0, 0.0, moment, blank=True, flight=Flight(1.0, moment))
    for moves in ({"feedback/x": -0.02}, {"feedback/x": -0.02, "feedback/dolly": 0.01}):
        snapshot = Store({**FLIGHT, "feedback/x": 0, **moves}).sample(0)
        ways.append((painter.back(model, snapshot, context), turn_matrix(SIZE, snapshot)))
    painter.close()
    (first, _), (second, turned) = ways
    assert first is not None
    assert second is not None
    assert painter.painted == 1
    assert second == pytest.approx(first @ whole(turned))


def test_two_runs_give_the_same_bytes_and_so_does_a_second_journey(begin: Begin) -> None:
    films = []
    for _ in range(2):
        stage = begin()
        films.append([stage.show() for _ in range(20)])
    assert all(map(np.array_equal, *films))
    stage.store.set("journey", False)
    for _ in range(3):
        stage.show()
    stage.store.set("journey", True)
    before = len(stage.strips)
    stage.show()
    assert stage.strips[before]["seed/a"] == stage.strips[0]["seed/a"]


def test_a_model_that_paints_one_layer_only_says_so_once(begin: Begin) -> None:
    stage, as_before = begin(Stripes()), begin(journey__edge__strength=0)
    for _ in range(4):
        assert np.array_equal(stage.show(), as_before.show())
    assert stage.messages == [
        "stripes paints no second layer: edges of a journey are painted as the rest is"
    ]
    nothing = begin(PassThrough(SIZE))
    nothing.show()
    assert nothing.messages == [], "no model, and nothing that it could have painted"


def test_a_layer_that_fails_stops_nothing(begin: Begin) -> None:
    class Fails(Layers):
        fails_beside = True

    class NoRoom(Layers):
        def layer(self) -> Backend:
            raise RuntimeError("out of memory")

    fails = Fails()
    for model in (fails, NoRoom()):
        stage, as_before = begin(model), begin(journey__edge__strength=0)
        for _ in range(6):
            assert np.array_equal(stage.show(), as_before.show())
        assert len(stage.messages) == 1
        assert "edges" in stage.messages[0]
        assert "out of memory" in stage.messages[0]
    assert len(fails.layers[0].asked) == 1, "nor is time lost with every frame"


def test_live_the_layer_is_made_beside_the_picture(begin: Begin) -> None:
    model = Layers()
    model.may.clear()
    stage, as_before = begin(model, live=True), begin(journey__edge__strength=0)
    for _ in range(4):
        assert np.array_equal(stage.show(), as_before.show()), "until then as without"
    model.may.set()
    until(lambda: stage.show() is not None and stage.strips)
    assert len(model.layers) == 1


def test_another_model_paints_its_own_edges_and_the_first_layer_is_closed(begin: Begin) -> None:
    stage = begin()
    for _ in range(3):
        stage.show()
    first = stage.model
    stage.model = Layers(size=Size(72, 48))
    stage.pipeline.swap(stage.model)
    assert first.layers[0].closed
    assert not stage.strips
    assert stage.show().shape == (48, 72, 3)
    assert len(stage.strips) == 1, "at another size too"
