"""What people draw on the page, as a mask and as lines that lead the model, over any source."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.waiting import JumpingClock
from vj.core.canvas import Canvas
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.line_art import drawing

SIZE = Size(64, 48)
MIDDLE = (24, 32)
"""On the line that is drawn here."""
BESIDE = (6, 32)


class Seeing(PassThrough):
    """Paints everything blue, and keeps what it was given."""

    guides = ("lines",)

    def __init__(self) -> None:
        super().__init__(SIZE)
        self.seen: list[np.ndarray] = []
        self.lines: list[np.ndarray] = []

    def paint(self, entered: Any, snapshot: Snapshot, context: Any) -> GeneratedImage | None:
        self.seen.append(context.model_input)
        self.lines.append(context.lines)
        return GeneratedImage(np.full(entered.shape, (0, 0, 255), np.uint8), context)


class Stage:
    """A pipeline with a canvas, and a still grey picture that comes in."""

    def __init__(self, canvas: bool = True, **values: Any) -> None:
        self.clock, self.said = JumpingClock(), list[str]()
        self.canvas = Canvas(Size(32, 32), self.clock.now) if canvas else None
        self.pipeline = FramePipeline(SIZE, "crop", Metrics(), self.said.append, canvas=self.canvas)
        self.backend = Seeing()
        self.pipeline.swap(self.backend)
        calm = {"mask/feather": 0, "mask/steady": 0, "feedback/amount": 0, "blend/smoothing": 0}
        named = {name.replace("__", "/"): value for name, value in values.items()}
        self.store = Store({**calm, **named})
        self.number = 0
        for _ in range(5):
            self.show()  # the first backend fades in

    def show(self) -> np.ndarray:
        """The next picture."""
        if self.canvas is not None:
            self.canvas.paint()
        time = self.number / 25
        frame = Frame(np.full((48, 64, 3), 90, np.uint8), self.number, time)
        self.number += 1
        return self.pipeline.process(frame, self.store.sample(time)).picture

    def draw(self, **more: Any) -> None:
        assert self.canvas is not None
        asked = {"points": [[0.0, 0.5], [1.0, 0.5]], "width": 0.2, "end": True}
        self.canvas.stroke(1, {**asked, **more})


def test_only_where_people_draw_is_painted() -> None:
    stage = Stage(mask__mode="drawn")
    assert (stage.show() == 90).all(), "nothing is drawn: all stays as it came"
    stage.draw()
    shown = stage.show()
    assert shown[MIDDLE].tolist() == [0, 0, 255]
    assert shown[BESIDE].tolist() == [90, 90, 90]
    painted = (shown[:, 32, 2].astype(float) - 90).sum() / (255 - 90)
    assert painted == pytest.approx(0.2 * SIZE.height, abs=0.2)
    stage.store.set("mask/invert", True)
    shown = stage.show()
    assert shown[MIDDLE].tolist() == [90, 90, 90]
    assert shown[BESIDE].tolist() == [0, 0, 255]


def test_the_masks_feather_and_the_eraser_apply() -> None:
    stage = Stage(mask__mode="drawn", mask__feather=0.8)
    stage.draw(width=0.25)
    column = stage.show()[:, 32, 2].astype(int)
    assert len(np.unique(column)) > 6, "a soft edge"
    stage.store.set("mask/feather", 0.0)
    stage.draw(eraser=True, width=0.25, points=[[0.5, 0.0], [0.5, 1.0]])
    for _ in range(6):
        shown = stage.show()
    assert shown[MIDDLE].tolist() == [90, 90, 90]
    assert shown[24, 4].tolist() == [0, 0, 255]


def test_drawn_lines_lead_the_model_while_the_picture_stays_the_sources() -> None:
    stage = Stage(lines__from="drawn", lines__amount=1.0, mix__wet=0.0)
    stage.draw(colour="#ff0000")
    for _ in range(4):
        shown = stage.show()
    assert (shown == 90).all(), "the dry picture"
    seen, lines = stage.backend.seen[-1], stage.backend.lines[-1]
    assert seen[MIDDLE].tolist() == [0, 0, 0], "dark on white, whatever its colour"
    assert seen[BESIDE].tolist() == [255, 255, 255]
    assert lines[MIDDLE].tolist() == [255, 255, 255], "a ControlNet gets white on black"
    assert lines[BESIDE].tolist() == [0, 0, 0]
    stage.store.set("lines/invert", True)
    stage.show()
    assert stage.backend.seen[-1][MIDDLE].tolist() == [255, 255, 255]


def test_what_is_drawn_stays_where_it_was_drawn_when_the_input_is_looked_at_elsewhere() -> None:
    stage = Stage(mask__mode="drawn")
    stage.draw(width=0.25)
    before = [stage.show() for _ in range(4)][-1]
    for name, value in (("zoom", 3.0), ("x", 0.5), ("mirror", "down")):
        stage.store.set(f"input/{name}", value)
    assert np.array_equal([stage.show() for _ in range(4)][-1], before)


def test_both_are_the_pictures_lines_and_the_drawn_ones() -> None:
    picture = np.full((48, 64, 3), 255, np.uint8)
    picture[:, 30:34] = 0
    strokes = np.zeros((48, 64), np.uint8)
    strokes[20:24] = 255

    def dark(origin: str, strokes: np.ndarray | None) -> np.ndarray:
        snapshot = Store({"lines/from": origin}).sample(0.0)
        return drawing(picture, snapshot, strokes=strokes)[..., 0] < 100

    of_picture = dark("edges", strokes)
    assert of_picture.any()
    assert np.array_equal(dark("both", None), of_picture)
    assert np.array_equal(dark("drawn", strokes), strokes > 0)
    assert np.array_equal(dark("both", strokes), of_picture | (strokes > 0))
    assert not dark("drawn", None).any()


def test_the_canvas_has_the_size_that_is_painted_and_what_the_snapshot_says() -> None:
    stage = Stage()
    assert stage.canvas is not None
    assert stage.canvas.paint().size == SIZE
    stage.draw()
    stage.store.set("canvas/fade", 4.0)
    stage.show()
    stage.clock.wait_until(3.0)
    assert 0 < stage.canvas.paint().cover[MIDDLE] < 255
    stage.clock.wait_until(5.0)
    assert stage.canvas.paint().cover.max() == 0
    stage.draw()
    stage.show()
    stage.store.set("canvas/clear", True)
    stage.show()
    assert stage.canvas.paint().blank


def test_a_stroke_wakes_a_model_that_rests() -> None:
    """`similarity` rests while the input stands still; a line that leads the model is input too."""
    stage = Stage(similarity=0.5, lines__from="drawn", lines__amount=1.0)
    for _ in range(30):
        stage.show()
    resting = len(stage.backend.seen)
    stage.show()
    assert len(stage.backend.seen) == resting
    stage.draw()
    stage.show()
    assert len(stage.backend.seen) == resting + 1
    assert stage.backend.seen[-1][MIDDLE].tolist() == [0, 0, 0]


def test_without_a_canvas_nothing_is_painted_which_is_said_once() -> None:
    stage = Stage(canvas=False, mask__mode="drawn")
    for _ in range(3):
        assert (stage.show() == 90).all()
    assert [line for line in stage.said if "drawn" in line] == [
        "mask/mode drawn: nobody draws here: nothing is painted"
    ]


def test_without_a_canvas_an_inverted_mask_paints_everything_which_is_said() -> None:
    stage = Stage(canvas=False, mask__mode="drawn", mask__invert=True)
    assert (stage.show() != 90).all()
    assert [line for line in stage.said if "drawn" in line] == [
        "mask/mode drawn: nobody draws here: everything is painted"
    ]
