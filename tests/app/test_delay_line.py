"""`output/delay`: pictures that are painted unevenly leave evenly, so long after their capture."""

from __future__ import annotations

import random
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import PlayShow
from tests.waiting import ManualClock, until
from vj.app import delay_line
from vj.app.delay_line import DelayLine
from vj.core.errors import Fault
from vj.core.frame import Frame, OutputFrame
from vj.core.step_clock import StepClock
from vj.parameters.store import Snapshot, Store
from vj.pipeline.interpolation import FrameInterpolation
from vj.show.load import check_show

STEP = 0.001
SHOW = """
model: none
size: 64x64
fps: 25
source: testcard
sinks: []
osc: 127.0.0.1:0
page: off
midi: off
sound: off
start: {output/delay: 200 ms}
"""
PICTURE = np.zeros((16, 16, 3), np.uint8)


def parameters(ms: float = 0.0, beats: float = 0.0, bpm: float = 120.0) -> Snapshot:
    values = {"output/delay": ms, "output/delay/beats": beats, "tempo/bpm": bpm}
    return Snapshot(values, 0.0)


class Line:
    """A delay line on a clock that the test moves by a millisecond."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.messages: list[str] = []
        self.left: list[tuple[float, Frame]] = []
        self.line = DelayLine(
            lambda frame: self.left.append((self.clock.now(), frame)),
            self.clock,
            self.messages.append,
        )

    def until(self, moment: float) -> None:
        while self.clock.now() < moment - 1e-9:
            self.clock.advance(min(STEP, moment - self.clock.now()))
            until(self.rests, self.line.state)

    def rests(self) -> bool:
        """What is due has left, and what is not waits."""
        with self.line._lock:  # of a picture on its way out the line knows no more
            return not self.line._waiting or self.clock.asleep(self.line._thread)

    def put(self, number: int, captured: float, after: float = 0.0) -> None:
        self.line.put(OutputFrame(PICTURE, number, captured, after=after))
        until(self.rests)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.clock.release()
    made.line.stop()


def test_what_is_painted_unevenly_leaves_evenly(line: Line) -> None:
    line.line.follow(parameters(ms=150))
    chance = random.Random(2)
    for number in range(20):
        captured = number / 25
        line.until(captured + 0.06 + chance.uniform(-0.02, 0.02))  # 40 ms of jitter
        line.put(number, captured)
    line.until(2.0)
    assert [frame.number for _, frame in line.left] == list(range(20))
    for moment, frame in line.left:
        assert 0 <= moment - (frame.captured + 0.15) < 1.5 * STEP
    gaps = [b - a for (a, _), (b, _) in pairwise(line.left)]
    assert max(gaps) - min(gaps) < 2.5 * STEP
    assert line.line.state() == "150 ms"


def test_what_comes_too_late_leaves_at_once_and_is_counted(line: Line) -> None:
    line.line.follow(parameters(ms=50))
    for number in range(10):
        captured = number / 10
        line.until(captured + (0.08 if number in (3, 7) else 0.02))
        line.put(number, captured)
    line.until(1.2)
    left = [moment - frame.captured for moment, frame in line.left]
    assert left == pytest.approx([0.08 if n in (3, 7) else 0.05 for n in range(10)], abs=0.002)
    assert line.line.state() == "50 ms, late 2 of 10"


def test_in_beats_it_follows_the_tempo(line: Line) -> None:
    line.line.follow(parameters(beats=1, bpm=120))
    line.put(0, 0.0)
    line.until(0.3)
    assert not line.left
    line.line.follow(parameters(beats=1, bpm=150))
    line.until(0.45)
    assert line.left[0][0] == pytest.approx(0.4, abs=0.021)
    line.line.follow(parameters(ms=3000, beats=16))
    assert line.line.delay == 4.0


def test_without_delay_pictures_pass_on_the_callers_thread(line: Line) -> None:
    line.put(0, 0.0)
    assert len(line.left) == 1
    assert line.line._thread is None
    line.line.follow(parameters(ms=100))
    line.put(1, 0.0)
    assert len(line.left) == 1
    line.line.follow(parameters())
    line.put(2, 0.01)
    assert [frame.number for _, frame in line.left][1:] in ([1, 2], [2])
    line.put(3, 0.02)
    assert line.left[-1][1].number == 3


def test_frames_between_two_keep_their_place_and_never_follow_a_newer_one(line: Line) -> None:
    line.line.follow(parameters(ms=100))
    line.put(0, 0.0)
    line.put(0, 0.0, after=0.02)
    line.put(0, 0.0, after=0.06)  # the next one is painted earlier than was thought
    line.put(1, 0.04)
    line.until(0.3)
    moments = [moment for moment, _ in line.left]
    assert moments == pytest.approx([0.1, 0.12, 0.14], abs=0.002)
    assert [frame.number for _, frame in line.left] == [0, 0, 1]


def test_what_is_moved_on_leaves_so_much_later_than_what_it_was_made_of() -> None:
    clock = ManualClock()
    between = FrameInterpolation(lambda frame: None, clock, 50)
    flow = np.ones((4, 4, 3), np.float32)
    for number, moment in enumerate((0.0, 0.1)):
        between.take(OutputFrame(PICTURE, number, moment - 0.05, motion=flow), moment)
    made = between.between(0.14)
    assert made is not None
    assert (made.captured, made.after) == (pytest.approx(0.05), pytest.approx(0.04))


def test_more_than_fits_into_memory_leaves_earlier_and_that_is_told_once(
    line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delay_line, "MOST_BYTES", 3 * PICTURE.nbytes)
    line.line.follow(parameters(ms=4000))
    for number in range(6):
        line.put(number, number / 100)
    assert [frame.number for _, frame in line.left] == [0, 1, 2]
    assert len(line.messages) == 1
    assert "they leave earlier" in line.messages[0]


def test_frames_that_are_asked_for_one_by_one_do_not_wait() -> None:
    clock = StepClock()
    left: list[Frame] = []
    line = DelayLine(left.append, clock, print)
    line.follow(parameters(ms=1000))
    clock.hold()
    line.put(Frame(PICTURE, 0, clock.now()))
    assert len(left) == 1
    line.stop()


def test_the_pictures_of_a_show_leave_so_late(tmp_path: Path, play_show: PlayShow) -> None:
    path = tmp_path / "show.yaml"
    path.write_text(SHOW)
    show = play_show(path)
    left: list[float] = []
    show.performance.outputs.sinks.on_frame = lambda frame: left.append(
        show.clock.now() - frame.captured
    )
    line = show.performance.outputs.delayed

    def rests() -> bool:
        with line._lock:
            return not line._waiting or show.clock.asleep(line._thread)

    def one_more() -> bool:
        """The clock does not go on before what was due has left."""
        show.frames(1)
        until(rests)
        return len(left) > 8

    until(one_more)
    assert all(0.2 - 1e-9 <= delay < 0.2 + 2.5 * show.period for delay in left)
    assert show.performance.report.status().delay.startswith("200 ms")


def test_a_show_writes_it_in_beats_or_as_a_time() -> None:
    def written(value: object) -> tuple[object, object]:
        show = check_show({"start": {"output/delay": value}}, "test")
        store = Store(show.start, show.table())
        return store.get("output/delay"), store.get("output/delay/beats")

    assert written("1 beat") == (0.0, 1.0)
    assert written("0.5 s") == (500.0, 0.0)
    assert written(250) == (250.0, 0.0)
    cue = {"name": "wide", "set": {"output/delay": "2 beats"}}
    assert check_show({"cues": [cue]}, "test").cues[0].set["output/delay/beats"] == 2
    with pytest.raises(Fault, match="output/delay: 2 bars: beats are wanted"):
        written("2 bars")
    with pytest.raises(Fault, match="output/delay"):
        written("soon")
