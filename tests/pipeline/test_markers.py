"""Faces and bodies as lines: steady, of even width, and never in the way of the picture."""

from __future__ import annotations

import threading
from itertools import pairwise
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from tests.waiting import until
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.landmarks import markers as module
from vj.pipeline.landmarks.body import Body
from vj.pipeline.landmarks.connections import FACE_CLOSED, FACE_OPEN, OVAL
from vj.pipeline.landmarks.marker_lines import marker_lines
from vj.pipeline.landmarks.markers import FILES, Asked, MarkerFinder, Markers
from vj.pipeline.landmarks.one_euro import OneEuroFilter
from vj.pipeline.line_art import drawing, xdog

SIDE = 128
GREY = np.full((SIDE, SIDE, 3), 90, np.uint8)
HALVES = np.full((SIDE, SIDE, 3), 60, np.uint8)
HALVES[:, SIDE // 2 :] = 190


def filtered(points: np.ndarray, rate: float, size: float = 1.0) -> np.ndarray:
    """(frames, N, 2) -> the same, filtered."""
    smooth = OneEuroFilter(0.05, 40)
    return np.array([smooth(frame, n / rate, size) for n, frame in enumerate(points)])


def test_a_still_point_does_not_tremble_and_a_quick_one_does_not_lag() -> None:
    noise = np.random.default_rng(3).normal(0, 0.004, (120, 40, 2))
    still = filtered(noise, 30)
    trembling, before = (np.abs(np.diff(one, axis=0)).mean() for one in (still, noise))
    assert trembling < 0.35 * before
    way = np.zeros((60, 1, 2))
    way[20:, 0, 0] = np.minimum(np.arange(40) / 30 * 2, 1)  # two sizes a second, and a stop
    behind = np.abs(filtered(way, 30) - way)
    assert behind.max() < 2 / 30, "less than one frame's way"
    assert behind[-1].max() < 0.01, "it arrives"


def test_the_filter_knows_sizes_and_seconds_but_neither_pixels_nor_frames() -> None:
    way = np.cumsum(np.random.default_rng(4).normal(0, 0.01, (40, 5, 2)), axis=0)
    small = filtered(way, 25)
    np.testing.assert_allclose(filtered(300 * way, 25, 300), 300 * small, rtol=1e-3)
    ramp = np.zeros((101, 1, 2))
    ramp[:, 0, 0] = np.linspace(0, 1, 101)
    fine, coarse = filtered(ramp, 50), filtered(ramp[::2], 25)
    assert np.abs(fine[::2] - coarse)[2:].max() < 0.03
    smooth = OneEuroFilter(0.05, 40)
    first = smooth(way[0], 1.0, 1)
    assert np.array_equal(smooth(way[1], 1.0, 1), first), "no time has passed"
    assert np.array_equal(smooth(way[1], 0.5, 1), first), "nor backwards"


def oval_face(x: float, y: float, half: float) -> np.ndarray:
    """(468, 2): all points in the middle, but for the outline, a circle."""
    points = np.full((468, 2), (x, y), np.float32)
    turn = np.linspace(0, 2 * np.pi, len(OVAL), endpoint=False)
    points[list(OVAL), 0] += half * np.sin(turn)
    points[list(OVAL), 1] -= half * np.cos(turn)
    return points


def standing(visible: float = 1.0) -> Body:
    points = np.zeros((33, 2), np.float32)
    places = {0: (64, 24), 2: (68, 20), 5: (60, 20), 7: (73, 22), 8: (55, 22), 9: (67, 30)}
    places |= {10: (61, 30), 11: (84, 48), 12: (44, 48), 13: (100, 48), 14: (28, 48)}
    places |= {15: (116, 48), 16: (12, 48), 23: (76, 84), 24: (52, 84), 25: (76, 100)}
    for point, place in places.items():
        points[point] = place
    there = np.isin(np.arange(33), list(places))
    return Body(points, np.where(there, np.float32(visible), np.float32(0)))


def test_without_anybody_the_sheet_is_blank() -> None:
    lines = marker_lines((48, 64, 3), [], None, 1.0)
    assert (lines.shape, lines.dtype, lines.max()) == ((48, 64), np.uint8, 0)


@pytest.mark.parametrize("side", [96, 256, 640])
def test_a_line_is_as_broad_as_an_edges_whatever_the_size(side: int) -> None:
    """Across the outline of a face, and across an edge of the picture: ink in pixels."""
    edge = np.full((side, side, 3), 60, np.uint8)
    edge[:, side // 2 :] = 190
    for width in (0.8, 1.5):
        of_edge = (255 - xdog(edge, width, 0.5)[side // 2].astype(float)).sum() / 255
        lines = marker_lines(edge.shape, [oval_face(side / 2, side / 2, 0.45 * side)], None, width)
        across = lines[side // 2, : side // 4].astype(float).sum() / 255
        assert across == pytest.approx(of_edge, rel=0.2, abs=0.5)


def test_a_small_faces_lines_are_finer_and_a_line_lies_between_pixels() -> None:
    small = marker_lines((SIDE, SIDE), [oval_face(64, 64, 10)], None, 4.0)
    assert 0.3 < small[64, 50:60].astype(float).sum() / 255 < 1.2
    shifted = [
        marker_lines((SIDE, SIDE), [oval_face(64 + part, 64, 40)], None, 1.0)[64, :50]
        for part in (0.0, 0.25, 0.5, 1.0)
    ]
    middles = [(np.arange(50) * one).sum() / one.sum() for one in shifted]
    assert np.subtract(middles, middles[0]) == pytest.approx([0, 0.25, 0.5, 1], abs=0.1)


def test_every_contour_of_a_face_is_drawn() -> None:
    points = np.random.default_rng(1).uniform(20, 230, (468, 2)).astype(np.float32)
    lines = marker_lines((250, 250), [points], None, 2.0)
    for contour in (*FACE_CLOSED, *FACE_OPEN):
        for start, end in pairwise(contour):
            x, y = ((points[start] + points[end]) / 2).astype(int)
            assert lines[y, x] > 200


def test_of_a_body_only_what_is_visible_is_drawn() -> None:
    assert marker_lines((SIDE, SIDE), [], standing(0.2), 1.0).max() == 0
    whole = marker_lines((SIDE, SIDE), [], standing(), 2.0)
    places = {"arm": (48, 92), "trunk": (66, 80), "leg": (92, 76), "neck": (43, 64)}
    assert {name for name, place in places.items() if whole[place] > 200} == set(places)
    assert whole[:4].max() == 0, "the head ends below the edge"
    assert whole[5:20, 64].max() > 200, "its crown"
    hidden = standing()
    hidden.visible[[13, 25]] = 0.1, 0.5
    lines = marker_lines((SIDE, SIDE), [], hidden, 2.0)
    assert lines[places["arm"]] == 0
    assert 60 < lines[places["leg"]] < 200, "faint"
    assert lines[places["trunk"]] > 200


def test_points_far_outside_the_picture_are_no_trouble() -> None:
    body = standing()
    body.points[13] = 1e6, -1e6
    assert marker_lines((SIDE, SIDE), [], body, 2.0)[66, 80] > 200


class Sketcher(MarkerFinder):
    """Draws a line where a test says; keeps what it was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[Asked] = []
        self.go = threading.Event()
        self.go.set()
        self.error: Exception | None = None

    def find(self, asked: Asked) -> np.ndarray:
        self.asked.append(asked)
        self.go.wait(30)
        if self.error is not None:
            raise self.error
        lines = np.zeros(asked.image.shape[:2], np.uint8)
        lines[:, int(asked.time)] = 255
        return lines


class Stage:
    """Markers whose networks are there, unless a test says otherwise."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, live: bool, there: bool = True) -> None:
        self.there = there
        why = "is not installed: python3 launch.py add person"
        monkeypatch.setattr(module, "lacking", lambda part, names: "" if self.there else why)
        self.sketcher, self.said = Sketcher(), list[str]()
        self.supervisor = Supervisor(self.said.append)
        self.markers = Markers(self.said.append, self.supervisor, live, self.sketcher)

    def find(self, time: float, origin: str = "face", image: np.ndarray = GREY) -> Any:
        snapshot = Store({"lines/from": origin}).sample(time)
        return self.markers.find(image, snapshot, time, True)


def test_offline_every_frame_has_its_own_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, live=False)
    for time in (3.0, 4.0, 9.0):
        assert stage.find(time)[:, int(time)].min() == 255
    stage.find(9.0)
    assert len(stage.sketcher.asked) == 3, "the same frame again is not looked at again"
    assert stage.find(9.0, "body") is not None
    assert stage.sketcher.asked[-1].origin == "body"
    assert stage.find(9.0, "edges") is None


def test_live_the_picture_never_waits_and_gets_the_newest_lines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(monkeypatch, live=True)
    stage.sketcher.go.clear()
    assert stage.find(1.0).max() == 0, "nothing is known yet"
    until(lambda: stage.sketcher.asked)
    for time in (2.0, 3.0, 4.0):
        assert stage.find(time).max() == 0
    stage.sketcher.go.set()
    until(lambda: stage.find(4.0)[:, 4].min() == 255)
    assert [asked.time for asked in stage.sketcher.asked] == [1.0, 4.0], "what is old is left out"
    small = cv2.resize(GREY, (64, 64))
    assert stage.find(5.0, image=small).shape == (64, 64)
    stage.sketcher.go.clear()
    assert stage.find(6.0, "body").max() == 255, "the face's stay until the body's are there"
    stage.sketcher.go.set()
    assert stage.supervisor.threads == [module.NAME]
    stage.markers.close()
    until(lambda: not stage.supervisor.threads)


def test_nobody_who_looks_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stage = Stage(monkeypatch, live=True)
    snapshot = Store({"lines/from": "face"}).sample(0.0)
    assert stage.markers.find(GREY, snapshot, 0.0, False) is None
    assert (stage.sketcher.asked, stage.supervisor.threads) == ([], [])


def test_what_is_not_fetched_is_told_once_and_edges_are_drawn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stage = Stage(monkeypatch, live=False, there=False)
    snapshot = Store({"lines/from": "face", "lines/amount": 1.0}).sample(0.0)
    for time in range(3):
        markers = stage.find(float(time), image=HALVES)
        assert markers is None
    drawn = drawing(HALVES, snapshot, markers=markers)[..., 0]
    assert np.array_equal(drawn, xdog(HALVES, snapshot["lines/width"], snapshot["lines/detail"]))
    (said,) = stage.said
    assert said.startswith("lines/from face: is not installed: python3 launch.py add person;")
    stage.there = True
    stage.find(4.0, "edges")
    assert stage.find(5.0) is not None, "asked for again, it is looked for again"


@pytest.mark.parametrize("live", [False, True])
def test_networks_that_fail_leave_edges_and_the_picture_goes_on(
    monkeypatch: pytest.MonkeyPatch, live: bool
) -> None:
    stage = Stage(monkeypatch, live)
    stage.sketcher.error = ValueError("out of memory")
    stage.find(0.0)
    until(lambda: stage.find(1.0) is None)
    until(lambda: stage.supervisor.faults.get(module.NAME))
    assert stage.said == ["lines/from face: ValueError: out of memory; edges are drawn instead"]
    stage.sketcher.error = None
    stage.find(7.0)
    until(lambda: stage.find(7.0) is not None)
    stage.markers.close()


class Seeing(PassThrough):
    """Keeps what the model is given."""

    guides = ("lines",)

    def __init__(self) -> None:
        super().__init__(Size(256, 256))
        self.seen: list[np.ndarray] = []
        self.lines: list[np.ndarray] = []

    def paint(self, entered: Any, snapshot: Snapshot, context: Any) -> Any:
        self.seen.append(context.model_input)
        self.lines.append(context.lines)
        return super().paint(entered, snapshot, context)


@needs(*FILES["face"], *FILES["body"])
@pytest.mark.parametrize("origin", ["face", "body"])
def test_lines_of_a_person_lead_every_model_and_nobody_is_a_blank_sheet(origin: str) -> None:
    picture = cv2.imread(str(Path(__file__).parents[1] / "pictures" / "astronaut.jpg"))
    assert picture is not None
    person = np.ascontiguousarray(picture[..., ::-1])

    def play() -> Seeing:
        pipeline = FramePipeline(Size(256, 256), "crop", Metrics(), print)
        backend = Seeing()
        pipeline.swap(backend)
        store = Store({"lines/from": origin, "lines/amount": 1.0, "feedback/amount": 0.0})
        frames = [person, np.roll(person, 12, axis=1), np.full_like(person, 128)]
        for number, pixels in enumerate(frames):
            time = number / 25
            pipeline.process(Frame(pixels, number, time), store.sample(time))
        pipeline.close()
        return backend

    backend = play()
    first, second, empty = (one[..., 0] for one in backend.seen)
    assert (empty == 255).all()
    assert 0.005 < (first < 128).mean() < 0.1, "a few dark lines on white"
    assert (first != second).any()
    for seen, lines in zip(backend.seen, backend.lines, strict=True):
        assert np.array_equal(255 - seen, lines), "a ControlNet gets white on black"
    again = play()
    assert all(np.array_equal(one, two) for one, two in zip(backend.seen, again.seen, strict=True))
