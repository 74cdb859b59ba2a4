"""The canvas: strokes become pixels in the right place, colour and width; they are taken back, fade
away, and nothing that a page sends breaks it."""

from __future__ import annotations

import threading
from typing import Any

import numpy as np
import pytest

from tests.waiting import until
from vj.core import canvas_painter
from vj.core.canvas import WAITING, WAITING_POINTS, Canvas
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.strokes import BURST, PART_POINTS, RATE

WIDE, HIGH = 200, 100
RED, BLUE = "#ff0000", "#0000ff"


class Sheet:
    """A canvas on a clock of the test's."""

    def __init__(self, paper: tuple[int, int, int] = (255, 255, 255)) -> None:
        self.time = 1000.0
        self.canvas = Canvas(Size(WIDE, HIGH), lambda: self.time, paper)
        self.numbers = 0

    def draw(self, *points: tuple[float, ...], person: int = 1, **more: Any) -> int:
        """A whole stroke, unless `end` says otherwise."""
        self.numbers += 1
        asked: dict[str, Any] = {"stroke": self.numbers, "width": 0.1, "end": True, **more}
        self.canvas.stroke(person, {"points": [list(point) for point in points], **asked})
        return self.numbers

    @property
    def picture(self) -> np.ndarray:
        return self.canvas.paint().picture

    @property
    def cover(self) -> np.ndarray:
        return self.canvas.paint().cover

    def at(self, x: float, y: float) -> tuple[int, ...]:
        return tuple(self.picture[int(y * HIGH), int(x * WIDE)].tolist())


def test_a_stroke_lies_where_it_was_drawn_in_its_colour_and_width() -> None:
    sheet = Sheet()
    sheet.draw((0.2, 0.5), (0.8, 0.5), colour="#ff8000")
    assert sheet.at(0.5, 0.5) == (255, 128, 0)
    assert sheet.at(0.5, 0.3) == sheet.at(0.1, 0.5) == (255, 255, 255)
    covered = sheet.cover.astype(float) / 255
    assert covered[:, 100].sum() == pytest.approx(0.1 * HIGH, abs=0.2), "a tenth of the height"
    assert covered[45:55, 60:140].min() == 1
    rows, columns = np.nonzero(covered > 0.5)
    assert (rows.min(), rows.max()) == (45, 54)
    assert (columns.min(), columns.max()) == (35, 164), "from 40 to 160, with round ends"


def test_a_stroke_is_as_wide_as_it_is_pressed_and_smooth_at_its_border() -> None:
    sheet = Sheet()
    sheet.draw((0.1, 0.5, 0.0), (0.9, 0.5, 1.0), width=0.2)
    widths = (sheet.cover.astype(float) / 255).sum(0)
    assert widths[30] < widths[100] < widths[170]
    assert widths[22] == pytest.approx(0.25 * 0.2 * HIGH, abs=1), "a quarter without any pressure"
    steps = np.unique(sheet.cover)
    assert len(steps) > 6, "grey between paper and ink"


def test_a_few_points_are_a_curve() -> None:
    """Eight points on a circle: what is drawn keeps to a circle, with no corners at the points."""
    sheet = Sheet()
    angles = np.linspace(0, 2 * np.pi, 9)
    ring = [(0.5 + 0.2 * np.cos(a), 0.5 + 0.4 * np.sin(a)) for a in angles]
    sheet.draw(*ring, width=0.04)
    rows, columns = np.nonzero(sheet.cover > 200)
    radii = np.hypot(columns + 0.5 - 100, rows + 0.5 - 50)
    corner = np.hypot(columns + 0.5 - 140, rows + 0.5 - 50) < 12  # where it begins and ends
    assert 34 < radii[~corner].min() < radii[~corner].max() < 42


def test_a_stroke_that_comes_in_parts_is_the_stroke_that_came_at_once() -> None:
    points = [(0.1 + 0.08 * n, 0.5 + 0.3 * np.sin(n)) for n in range(11)]
    whole, parts = Sheet(), Sheet()
    whole.draw(*points, colour=RED)
    shown = []
    for begin in range(0, 11, 2):
        parts.draw(*points[begin : begin + 2], colour=RED, stroke=7, end=begin == 10)
        shown.append(int((parts.cover > 127).sum()))
    assert np.abs(whole.picture.astype(int) - parts.picture).max() <= 64, "a step of the border"
    assert np.abs(whole.picture.astype(int) - parts.picture).mean() < 0.1
    assert shown == sorted(set(shown)), "each part is to be seen at once"


def test_the_end_of_a_line_is_where_the_pen_is() -> None:
    sheet = Sheet()
    sheet.draw((0.1, 0.5), (0.9, 0.5), end=False)
    assert sheet.at(0.89, 0.5) == (0, 0, 0)
    sheet.draw((0.9, 0.9), stroke=1, end=False)
    assert sheet.at(0.9, 0.88) == (0, 0, 0)
    assert sheet.at(0.895, 0.52) == (255, 255, 255), "the corner is cut, as it is in the end"


def test_an_eraser_takes_ink_away_and_leaves_the_paper() -> None:
    sheet = Sheet(paper=(10, 20, 30))
    sheet.draw((0.1, 0.5), (0.9, 0.5))
    assert sheet.at(0.5, 0.5) == (255, 255, 255), "ink that is seen on dark paper"
    sheet.draw((0.5, 0.1), (0.5, 0.9), eraser=True)
    assert sheet.at(0.5, 0.5) == (10, 20, 30)
    assert sheet.cover[50, 100] == 0
    assert sheet.at(0.3, 0.5) == (255, 255, 255)


def test_undo_takes_back_the_persons_own_last_stroke_alone() -> None:
    sheet = Sheet()
    sheet.draw((0.1, 0.2), (0.9, 0.2), person=1, colour=RED)
    sheet.draw((0.1, 0.5), (0.9, 0.5), person=1, colour=RED)
    sheet.draw((0.5, 0.1), (0.5, 0.9), person=2, colour=BLUE)
    before = sheet.picture
    sheet.canvas.undo(1)
    assert sheet.at(0.3, 0.5) == (255, 255, 255)
    assert sheet.at(0.5, 0.5) == (0, 0, 255), "what another drew over it stays"
    assert sheet.at(0.3, 0.2) == (255, 0, 0)
    after = sheet.picture
    sheet.canvas.undo(3)
    assert sheet.picture is after, "who has drawn nothing takes nothing back"
    sheet.canvas.undo(2)
    assert sheet.at(0.5, 0.5) == (255, 255, 255)
    assert sheet.at(0.5, 0.2) == (255, 0, 0), "and what lay under it is there again"
    assert before[50, 60].tolist() == [255, 0, 0], "pictures that were given do not change"


def test_undo_of_an_eraser_brings_back_what_it_took() -> None:
    sheet = Sheet()
    sheet.draw((0.1, 0.5), (0.9, 0.5), colour=RED)
    drawn = sheet.picture
    sheet.draw((0.5, 0.1), (0.5, 0.9), eraser=True)
    sheet.canvas.undo(1)
    assert np.array_equal(sheet.picture, drawn)


def test_two_people_draw_at_the_same_time() -> None:
    """From threads of their own, with the same numbers, while a third looks."""
    sheet = Sheet()
    over = threading.Event()
    painter = threading.Thread(target=sheet.canvas.run, args=(over,))
    painter.start()

    def draw(person: int, y: float, colour: str) -> None:
        for n in range(20):
            point = [0.1 + 0.04 * n, y]
            asked = {"stroke": 5, "points": [point], "colour": colour, "width": 0.1}
            sheet.canvas.stroke(person, {**asked, "end": n == 19})

    people = [
        threading.Thread(target=draw, args=(1, 0.25, RED)),
        threading.Thread(target=draw, args=(2, 0.75, BLUE)),
    ]
    for one in people:
        one.start()
    for one in people:
        one.join()

    def row(y: int) -> np.ndarray:
        return sheet.canvas.picture()[0][y, 20:172]

    try:
        until(lambda: (row(25) == (255, 0, 0)).all() and (row(75) == (0, 0, 255)).all())
    finally:
        over.set()
        painter.join()
    assert sheet.canvas.state()["people"] == 2


def test_the_same_array_comes_while_nothing_changes() -> None:
    sheet = Sheet()
    first, version = sheet.canvas.picture()
    sheet.canvas.paint()
    assert sheet.canvas.picture()[0] is first
    sheet.draw((0.5, 0.5))
    sheet.canvas.paint()
    second, newer = sheet.canvas.picture()
    assert newer > version
    assert first[50, 100].tolist() == [255, 255, 255]
    with pytest.raises(ValueError, match="read-only"):
        second[0, 0] = 0


def test_strokes_fade_away_from_where_they_began() -> None:
    sheet = Sheet()
    sheet.canvas.fade = 10.0
    for n in range(9):  # ten seconds from left to right
        sheet.draw((0.1 + 0.1 * n, 0.5), stroke=1, end=n == 8)
        sheet.canvas.paint()
        sheet.time += 1
    sheet.time += 0.5  # its first piece, up to the second point, is 8.5 s old
    row = [sheet.at(x, 0.5)[0] for x in (0.12, 0.3, 0.5, 0.88)]
    assert row[0] > row[1] > row[2] >= row[3] == 0, "the young end is whole"
    assert row[0] == pytest.approx(255 * 0.7, abs=3), "8.5 s of the second half of 10 s"
    sheet.time += 1.5
    assert sheet.at(0.1, 0.5) == (255, 255, 255)
    assert sheet.at(0.88, 0.5) == (0, 0, 0)
    assert sheet.canvas.blank_for() is None
    sheet.time += 9
    assert (sheet.picture == 255).all()
    sheet.time += 3
    assert sheet.canvas.blank_for() == pytest.approx(3)
    sheet.canvas.fade = 0
    assert (sheet.picture == 255).all(), "what has gone does not come back"


def test_without_a_fade_ink_stays() -> None:
    sheet = Sheet()
    sheet.draw((0.5, 0.5))
    drawn = sheet.picture
    sheet.time += 1e6
    assert sheet.picture is drawn


def test_another_size_keeps_the_drawing() -> None:
    sheet = Sheet()
    sheet.draw((0.2, 0.5), (0.8, 0.5), colour=RED)
    sheet.draw((0.2, 0.8), (0.8, 0.8), colour=BLUE, end=False)
    sheet.canvas.paint()
    sheet.canvas.resize(Size(2 * WIDE, 2 * HIGH))
    drawing = sheet.canvas.paint()
    assert drawing.size == Size(2 * WIDE, 2 * HIGH)
    assert drawing.picture[100, 200].tolist() == [255, 0, 0]
    assert drawing.picture[160, 200].tolist() == [0, 0, 255], "the one under way too"
    covered = drawing.cover[:120, 200].astype(float) / 255
    assert covered.sum() == pytest.approx(20, abs=0.3), "as points, not as larger pixels"
    sheet.canvas.undo(1)
    assert (sheet.canvas.paint().picture[100, 200] == 255).all()


def test_an_imported_picture_lies_whole_under_the_strokes() -> None:
    sheet = Sheet()
    picture = np.zeros((50, 50, 3), np.uint8)
    picture[:] = (0, 90, 0)
    sheet.draw((0.1, 0.5), (0.9, 0.5), colour=RED)
    sheet.canvas.import_picture(picture)
    assert sheet.at(0.5, 0.2) == (0, 90, 0)
    assert sheet.at(0.1, 0.2) == sheet.at(0.9, 0.2) == (255, 255, 255), "square, in the middle"
    assert sheet.at(0.5, 0.5) == (255, 0, 0)
    assert sheet.cover[20, 100] == 0, "it is no line"
    sheet.draw((0.5, 0.1), (0.5, 0.9), eraser=True)
    assert sheet.at(0.5, 0.5) == (0, 90, 0)
    sheet.canvas.clear()
    assert (sheet.picture == 255).all()
    assert sheet.canvas.blank_for() == 0


def test_old_strokes_stay_as_pixels_when_there_are_very_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(canvas_painter, "KEPT_STROKES", 5)
    sheet = Sheet()
    for n in range(8):
        sheet.draw((0.1, 0.1 + 0.1 * n), (0.9, 0.1 + 0.1 * n), width=0.04, colour=RED)
    drawn = sheet.picture
    assert [sheet.at(0.5, 0.1 + 0.1 * n) for n in range(8)] == [(255, 0, 0)] * 8
    sheet.draw((0.5, 0.0), (0.5, 1.0), colour=BLUE)
    sheet.canvas.undo(1)
    assert np.array_equal(sheet.picture, drawn)
    for _ in range(9):
        sheet.canvas.undo(1)
    assert [sheet.at(0.5, 0.1 + 0.1 * n)[1] for n in range(8)] == [0] * 4 + [255] * 4
    sheet.canvas.resize(Size(2 * WIDE, 2 * HIGH))
    column = sheet.picture[:, WIDE]
    assert [int(column[round((0.2 + 0.2 * n) * HIGH)][1]) for n in range(8)] == [0] * 4 + [255] * 4
    sheet.canvas.fade = 5
    sheet.time += 6
    assert (sheet.picture == 255).all(), "those too fade away"


def test_a_stroke_without_end_goes_on_as_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(canvas_painter, "STROKE_POINTS", 30)
    sheet = Sheet()
    for begin in range(0, 80, 8):
        points = [(0.1 + 0.01 * n, 0.5) for n in range(begin, begin + 8)]
        sheet.draw(*points, stroke=1, end=begin == 72)
    assert (sheet.picture[50, 20:178] == 0).all(), "without a gap"
    sheet.canvas.undo(1)
    last = int(np.nonzero(sheet.cover[50])[0].max())
    assert 0.1 + 0.01 * 55 < last / WIDE < 0.1 + 0.01 * 70, "its last piece alone goes"


@pytest.mark.parametrize(
    ("asked", "named"),
    [
        ({"points": [[0.5, float("nan"), 1]]}, r"points\[0\].*nan.*0 to 1"),
        ({"points": [[0.1, 0.1, 1], [0.5, 1.7, 1]]}, r"points\[1\].*1\.7"),
        ({"points": [[0.5]]}, r"points\[0\]"),
        ({"points": [["0.5", "0.5"]]}, r"points\[0\]"),
        ({"points": [[True, False]]}, r"points\[0\]"),
        ({"points": "everywhere"}, "points: 'everywhere'"),
        ({"points": [[10**400, 0.5]]}, r"points\[0\]"),
        ({}, "points: None"),
        ({"points": [[0.5, 0.5]] * (PART_POINTS + 1)}, "1001 points"),
        ({"points": [], "colour": "reddish"}, "colour: 'reddish'.*#rrggbb"),
        ({"points": [], "colour": 7}, "colour: 7"),
        ({"points": [], "width": 100}, "width: 100"),
        ({"points": [], "width": float("nan")}, "width: nan"),
        ({"points": [], "width": 0}, "width: 0"),
        ({"points": [], "stroke": -1}, "stroke: -1"),
        ({"points": [], "stroke": "x"}, "stroke: 'x'"),
        ({"points": [], "end": "yes"}, "end: 'yes'.*true or false"),
    ],
)
def test_what_is_no_stroke_is_refused_and_leaves_the_canvas(
    asked: dict[str, Any], named: str
) -> None:
    sheet = Sheet()
    before = sheet.picture
    with pytest.raises(Fault, match=named):
        sheet.canvas.stroke(1, {"stroke": 1, **asked})
    assert sheet.picture is before


def test_who_draws_too_much_is_refused_and_the_others_are_not() -> None:
    sheet = Sheet()
    many = {"stroke": 1, "points": [[0.5, 0.5]] * PART_POINTS}
    for _ in range(int(BURST / (PART_POINTS + 1))):
        sheet.canvas.stroke(1, many)
    with pytest.raises(Fault, match=f"more than {RATE:g} points a second"):
        sheet.canvas.stroke(1, many)
    sheet.canvas.stroke(2, many)
    sheet.time += 1
    sheet.canvas.stroke(1, many)


def test_what_waits_to_be_drawn_is_bounded_but_not_what_the_show_does() -> None:
    sheet = Sheet()
    for _ in range(WAITING):
        sheet.canvas.undo(1)
    with pytest.raises(Fault, match="more is drawn than can be shown"):
        sheet.canvas.undo(1)
    sheet.canvas.clear()
    sheet.canvas.paper = (1, 2, 3)
    sheet.canvas.resize(Size(20, 10))
    drawing = sheet.canvas.paint()
    while drawing.size != Size(20, 10):
        drawing = sheet.canvas.paint()
    assert drawing.picture[0, 0].tolist() == [1, 2, 3]
    sheet.canvas.undo(1)


def test_parts_that_wait_are_drawn_together_as_they_would_be_one_by_one() -> None:
    def draw(sheet: Sheet, together: bool) -> np.ndarray:
        for step in range(12):
            for person, high in ((1, 0.3), (2, 0.6)):
                points = [[(step + x / 4) / 12, high + 0.02 * (x % 2)] for x in range(4)]
                sheet.canvas.stroke(
                    person, {"stroke": 1, "points": points, "width": 0.1, "end": step == 11}
                )
                if not together:
                    sheet.canvas.paint()
        return sheet.picture

    one, other = draw(Sheet(), True).astype(int), draw(Sheet(), False).astype(int)
    assert (other == 0).mean() > 0.1
    assert np.abs(one - other).mean() < 0.2, "but for how finely curves are divided"


def test_what_is_drawn_after_a_clear_is_not_cleared_with_what_waits() -> None:
    sheet = Sheet()
    sheet.canvas.stroke(1, {"stroke": 1, "points": [[0.1, 0.5], [0.3, 0.5]], "width": 0.1})
    sheet.canvas.clear()
    sheet.canvas.stroke(1, {"stroke": 1, "points": [[0.6, 0.5], [0.9, 0.5]], "width": 0.1})
    assert sheet.at(0.2, 0.5) == (255, 255, 255)
    assert sheet.at(0.75, 0.5) == (0, 0, 0)


def test_while_more_comes_than_can_be_drawn_the_picture_goes_on() -> None:
    sheet, points = Sheet(), [[x / 999, 0.5] for x in range(PART_POINTS)]
    stroke = {"stroke": 1, "points": points, "end": True}
    for person in range(WAITING_POINTS // PART_POINTS):
        sheet.canvas.stroke(person, stroke)
    with pytest.raises(Fault, match="more is drawn than can be shown"):
        sheet.canvas.stroke(1000, stroke)
    before = sheet.canvas.drawing.version
    shown = sheet.canvas.paint()
    assert shown.version > before
    assert shown.cover.any()
    assert sheet.canvas.paint().version > shown.version, "not all of it was drawn at once"
    sheet.canvas.stroke(1, {"stroke": 2, "points": points})


@pytest.mark.parametrize("shape", [(4, 4), (4, 4, 4), (0, 4, 3)])
def test_what_is_no_picture_is_not_imported(shape: tuple[int, ...]) -> None:
    with pytest.raises(Fault, match=r"\(height, width, 3\) uint8 is right"):
        Sheet().canvas.import_picture(np.zeros(shape, np.uint8))
