"""The painted picture comes onto the canvas: it is drawn on, rubbed out in, and undone in."""

from __future__ import annotations

import numpy as np

from tests.core.test_canvas import HIGH, RED, WIDE, Sheet
from vj.core.frame import Size
from vj.parameters.store import Store
from vj.pipeline.drawn_strokes import DrawnStrokes

PAINTED = np.full((HIGH, WIDE, 3), (40, 120, 200), np.uint8)
PAPER = (255, 255, 255)


def taken() -> Sheet:
    sheet = Sheet()
    sheet.draw((0.1, 0.2), (0.9, 0.2), colour=RED)
    sheet.canvas.take()
    sheet.canvas.sent(PAINTED)
    return sheet


def test_it_takes_the_place_of_what_was_drawn_once() -> None:
    sheet = taken()
    assert np.array_equal(sheet.picture, PAINTED)
    assert not sheet.cover.any(), "its strokes are in the picture now"
    assert not sheet.canvas.paint().blank
    sheet.canvas.sent(255 - PAINTED)
    assert np.array_equal(sheet.picture, PAINTED), "the pictures after it are not"


def test_it_is_drawn_on_and_rubbed_out_down_to_the_paper_and_that_is_undone() -> None:
    sheet = taken()
    sheet.draw((0.2, 0.5), (0.8, 0.5), colour=RED)
    assert sheet.at(0.5, 0.5) == (255, 0, 0)
    sheet.draw((0.2, 0.5), (0.5, 0.5), eraser=True, width=0.25)
    assert sheet.at(0.3, 0.5) == sheet.at(0.3, 0.6) == PAPER, "stroke and picture"
    assert sheet.at(0.7, 0.5) == (255, 0, 0)
    sheet.canvas.undo(1)
    assert sheet.at(0.3, 0.6) == (40, 120, 200)


def test_an_imported_picture_is_left_by_the_eraser_as_before_and_clear_takes_all() -> None:
    sheet = taken()
    sheet.canvas.import_picture(PAINTED)
    sheet.draw((0.2, 0.5), (0.8, 0.5), eraser=True)
    assert sheet.at(0.5, 0.5) == (40, 120, 200)
    sheet.canvas.clear()
    assert sheet.at(0.5, 0.5) == PAPER


def test_the_trigger_asks_for_the_picture_of_its_frame() -> None:
    sheet, store = Sheet(), Store()
    strokes = DrawnStrokes(sheet.canvas, Size(WIDE, HIGH))
    strokes.find(store.sample(0.0))
    sheet.canvas.sent(PAINTED)
    assert sheet.at(0.5, 0.5) == PAPER, "nobody asked"
    store.set("canvas/take", True)
    strokes.find(store.sample(0.1))
    sheet.canvas.sent(PAINTED)
    assert sheet.at(0.5, 0.5) == (40, 120, 200)
