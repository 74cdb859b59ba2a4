"""Frames between generated ones, on movement that is known."""

from __future__ import annotations

import itertools
import time

import numpy as np
import pytest

from tests.pipeline.test_optical_flow import shifted, texture
from tests.waiting import ManualClock, until
from vj.core.clock import WallClock
from vj.core.frame import Frame, OutputFrame
from vj.parameters.store import Store
from vj.pipeline.interpolation import FrameInterpolation, SlowMotion, moved_on
from vj.pipeline.optical_flow import FlowFinder

STEP = 12
"""Pixels between two painted frames: 4 a sent frame, painted at 10 and sent at 30."""


def painted(count: int) -> list[np.ndarray]:
    ground = texture(192, 192 + STEP * count, seed=3)
    return [ground[:, STEP * i : STEP * i + 192].copy() for i in range(count)]


def apparent_motion(pictures: list[np.ndarray]) -> np.ndarray:
    """Pixels by which the middle moves from each sent picture to the next."""
    import cv2

    found = []
    for old, new in itertools.pairwise(pictures):
        one, two = (
            cv2.cvtColor(p[:, 30:-30], cv2.COLOR_RGB2GRAY).astype(np.float32) for p in (old, new)
        )
        found.append(
            cv2.phaseCorrelate(one, two, cv2.createHanningWindow(one.shape[::-1], cv2.CV_32F))[0][0]
        )
    return np.asarray(found)


def sent(clip: list[np.ndarray], fill: bool) -> list[np.ndarray]:
    """Painted every 0.1 s, sent every 1/30 s."""
    filler = FrameInterpolation(lambda frame: None, WallClock(), 30)
    finder = FlowFinder()
    out = []
    for number, picture in enumerate(clip):
        flow = finder.find(picture, clip[number - 1]).grid if number else None
        now = number / 10
        out.append(filler.take(OutputFrame(picture, number, now, motion=flow), now).pixels)
        for tick in (1, 2):
            made = filler.between(now + tick / 30) if fill else None
            out.append(out[-1] if made is None else made.pixels)
    return out


def test_judder_is_less_than_a_third_of_repeating_frames() -> None:
    clip = painted(12)
    repeated, filled = (apparent_motion(sent(clip, fill))[6:] for fill in (False, True))
    for moved in (repeated, filled):
        assert np.mean(moved) == pytest.approx(-STEP / 3, abs=1), "both get as far"
    assert np.var(filled) < np.var(repeated) / 3


def test_a_frame_between_is_where_it_will_be() -> None:
    clip = painted(3)
    flow = FlowFinder().find(clip[1], clip[0]).grid
    for share in (0.25, 0.5, 1.0):
        wanted = shifted(clip[1], -STEP * share, 0)
        assert (
            np.abs(
                moved_on(clip[1], flow, share)[20:-20, 20:-40].astype(int) - wanted[20:-20, 20:-40]
            ).mean()
            < 3
        )


def test_what_is_not_sure_stays() -> None:
    picture = texture(64, 64)
    doubtful = np.zeros((32, 32, 3), np.float32)
    doubtful[..., 0] = 9
    assert np.array_equal(moved_on(picture, doubtful, 1.0), picture)


def test_it_sends_at_the_rate_and_adds_no_delay() -> None:
    """Generated every 0.1 s, or a little less; sent every 1/30 s."""
    got: list[tuple[float, int]] = []
    clock = ManualClock()
    filler = FrameInterpolation(lambda frame: got.append((clock.now(), frame.number)), clock, 30)
    clip = painted(12)
    finder = FlowFinder()
    flows = [None, *(finder.find(new, old).grid for old, new in itertools.pairwise(clip))]
    expected: list[tuple[float, int]] = []
    for number, picture in enumerate(clip):
        filler.put(OutputFrame(picture, number, 0.0, motion=flows[number]), True)
        expected.append((clock.now(), number))
        until(lambda: len(got) == len(expected), lambda: got)
        for _ in range(2):
            clock.advance(1 / 30)
            if number > 0:  # of the first one nobody knows where it moves
                expected.append((clock.now(), number))
                until(lambda: len(got) == len(expected), lambda: got)
        clock.advance(0.99 / 30)
    filler.stop()
    filler.stop()
    assert got == expected, "a generated image leaves at once, and is moved on twice"
    assert filler.added == 22


def test_pictures_painted_at_the_rate_have_none_between_where_one_is_a_little_late() -> None:
    got: list[int] = []
    clock = ManualClock()
    filler = FrameInterpolation(lambda frame: got.append(frame.number), clock, 30)
    for number in range(12):
        moved = np.full((16, 16, 3), 0.5, np.float32)
        filler.put(OutputFrame(texture(16, 16), number, 0.0, motion=moved), True)
        until(lambda: got[-1:] == [number], lambda: got)  # noqa: B023
        clock.advance((1.2 if number % 2 else 0.85) / 30)
        time.sleep(0.05)  # it looks again after a frame of real time
    assert got == list(range(12))
    for _ in range(2):  # one that does not come is made all the same
        clock.advance(1 / 30)
    until(lambda: filler.added > 0)
    filler.stop()


def test_switched_off_it_passes_pictures_on_as_they_are() -> None:
    got: list[Frame] = []
    filler = FrameInterpolation(got.append, WallClock(), 30)
    frame = OutputFrame(texture(16, 16), 1, 0.0)
    filler.put(frame, False)
    assert got == [frame]
    assert filler._thread is None
    assert Store().get("output/interpolate") is False


def test_slow_motion_runs_along_an_s_between_painted_frames() -> None:
    got: list[np.ndarray] = []
    clip = painted(3)
    slow = SlowMotion(4, lambda picture, guide, views: got.append(picture))
    for picture in clip:
        slow.put(picture, 255 - picture)
    assert len(got) == 1 + 2 * 4
    assert np.array_equal(got[4], 255 - clip[1])
    for step, share in ((1, 0.15625), (2, 0.5), (3, 0.84375)):
        wanted = 255 - shifted(clip[0], -STEP * share, 0)
        assert np.abs(got[step][20:-20, 20:-40].astype(int) - wanted[20:-20, 20:-40]).mean() < 3, (
            step
        )


def test_slow_motion_does_not_melt_a_cut() -> None:
    got: list[np.ndarray] = []
    slow = SlowMotion(4, lambda picture, guide, views: got.append(picture))
    one, other = texture(192, 192, seed=1), 255 - texture(192, 192, seed=8)
    for picture in (one, other):
        slow.put(picture, picture)
    assert all(np.array_equal(picture, one) or np.array_equal(picture, other) for picture in got)


@pytest.mark.parametrize("follow", [0.0, 1.0])
def test_the_motion_is_there_for_it_whether_or_not_feedback_follows_it(follow: float) -> None:
    from vj.core.frame import Size
    from vj.core.metrics import Metrics
    from vj.pipeline.frame_pipeline import FramePipeline

    pipeline = FramePipeline(Size(192, 192), "crop", Metrics(), print)
    store = Store(
        {
            "feedback/amount": 0.0,
            "blend/smoothing": 0.0,
            "feedback/flow": follow,
            "output/interpolate": True,
        }
    )
    for number, picture in enumerate(painted(2)):
        shown = pipeline.process(Frame(picture, number, number / 10), store.sample(number / 10))
    pipeline.close()
    motion = shown.context.motion
    assert motion is not None
    assert np.median(motion[10:-10, 10:-10, 0]) == pytest.approx(STEP, abs=1)
