"""A slow clip whose pictures between are made: what moves in it moves evenly, everywhere alike, and
a cut stays a cut."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.pipeline.test_optical_flow import texture
from tests.waiting import JumpingClock
from vj.core.clock import Clock, FrameClock
from vj.core.frame import Size
from vj.pipeline.in_between import picture_maker
from vj.sources import SourceSettings
from vj.sources.transport import At, Transport, TransportControl
from vj.sources.video import Video

SIDE, RATE, STEP, CUT = 96, 10, 5.0, 8
"""Pixels that the disc moves from picture to picture; the picture with which another scene
begins."""


def scene(number: int) -> np.ndarray:
    """A pale disc that goes to the right over a dark ground; after the cut, over a light one."""
    light = number >= CUT
    picture = texture(SIDE, SIDE, seed=9 if light else 4) * 0.35 + (120 if light else 0)
    place = round((20 + STEP * (number % CUT)) * 16), 48 * 16
    cv2.circle(picture, place, 11 * 16, (255, 240, 200), -1, cv2.LINE_AA, 4)
    return np.clip(picture, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("clip") / "disc.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("ffv1", rate=RATE)
        stream.width = stream.height = SIDE
        stream.pix_fmt = "bgr0"
        for number in range(2 * CUT):
            frame = av.VideoFrame.from_ndarray(scene(number), format="rgb24")
            file.mux(stream.encode(frame))
        file.mux(stream.encode(None))
    return path


def opened(clip: Path, clock: Clock, **transport: object) -> tuple[Video, TransportControl]:
    control = TransportControl(Transport(**{"flowing": True, **transport}))  # type: ignore[arg-type]
    size = Size(SIDE, SIDE)
    settings = SourceSettings(clock, 30, size, transport=control, between=picture_maker)
    video = Video(str(clip), settings)
    video.open()
    return video, control


def played(clip: Path, frames: int, **transport: object) -> list[np.ndarray]:
    clock = FrameClock(30)
    video, _ = opened(clip, clock, **transport)
    found = []
    for _ in range(frames):
        frame = video.read()
        assert frame is not None
        found.append(frame.pixels)
        clock.advance()
    return found


def disc_at(picture: np.ndarray) -> float:
    """Where it is, in pixels from the left."""
    bright = (picture.min(axis=2) > 185).astype(np.float64)
    return float((bright.sum(0) * np.arange(SIDE)).sum() / bright.sum())


def test_at_a_tenth_of_its_speed_it_moves_evenly_in_small_steps(clip: Path) -> None:
    held = [disc_at(one) for one in played(clip, 90, speed=0.1, flowing=False)]
    made = [disc_at(one) for one in played(clip, 90, speed=0.1)]
    assert max(np.diff(held)) > 4, "without, it stands and jumps"
    assert max(np.abs(np.diff(made))) < 1.3
    way = 20 + STEP * RATE * 0.1 / 30 * np.arange(90)
    assert np.abs(made - way).max() < 0.8, "it is where it truly would be"


def test_the_same_place_is_the_same_picture_either_way_sought_live_and_rendered(clip: Path) -> None:
    clock, live_clock = FrameClock(30), JumpingClock()
    rendered, control = opened(clip, clock, speed=0)
    live, live_control = opened(clip, live_clock, speed=0)

    def sought(video: Video, of: TransportControl, go_on: Callable[[], object]) -> np.ndarray:
        of.seek(At(0.23))
        go_on()
        frame = video.read()
        assert frame is not None
        return frame.pixels

    one = sought(rendered, control, clock.advance)
    assert disc_at(one) == pytest.approx(20 + 2.3 * STEP, abs=0.8)
    control.seek(At(0.6))
    clock.advance()
    assert rendered.read() is not None
    control.set(Transport(-0.5, flowing=True))
    assert np.array_equal(sought(rendered, control, clock.advance), one), "backwards"
    live.read()
    assert np.array_equal(sought(live, live_control, lambda: None), one), "live"
    assert all(
        np.array_equal(a, b)
        for a, b in zip(played(clip, 20, speed=0.3), played(clip, 20, speed=0.3), strict=True)
    ), "and rendered twice"


def test_to_and_fro_it_comes_back_the_way_it_went(clip: Path) -> None:
    there_and_back = played(clip, 130, speed=0.4, end=0.375, loop="ping-pong")
    places = np.array([disc_at(one) for one in there_and_back])
    steps = np.arange(130) * 0.4 / 30 * RATE % 10
    way = 20 + STEP * np.minimum(steps, 10 - steps)
    assert np.abs(places - way).max() < 1, "evenly, without a jump at either end"


def test_a_cut_is_never_melted(clip: Path) -> None:
    around = played(clip, 60, speed=0.2, start=0.44, end=0.56)
    ground = [float(np.median(one[70:])) for one in around]
    dark, light = (float(np.median(scene(number)[70:])) for number in (0, CUT))
    assert {min((dark, light), key=lambda level: abs(level - g)) for g in ground} == {dark, light}
    assert all(min(abs(g - dark), abs(g - light)) < 12 for g in ground)
    clock = FrameClock(30)
    video, control = opened(clip, clock, speed=0)
    for at in (0.72, 0.75, 0.79):
        control.seek(At(at))
        frame = video.read()
        assert frame is not None
        assert np.abs(frame.pixels.astype(int) - scene(CUT - 1)).max() <= 2, "it stands"


def test_at_its_own_speed_and_above_every_picture_is_its_own(clip: Path) -> None:
    own = [scene(number) for number in range(2 * CUT)]
    for speed in (1.0, 2.0, -1.0):
        for picture in played(clip, 30, speed=speed):
            assert any(np.abs(picture.astype(int) - one).max() <= 2 for one in own)


def test_live_they_come_at_the_shows_rate_and_no_faster(clip: Path) -> None:
    clock = JumpingClock()
    video, _ = opened(clip, clock, speed=0.1)
    times: list[float] = []
    while len(times) < 40:
        frame = video.read()
        if frame is not None:
            times.append(frame.captured)
    gaps = [b - a for a, b in itertools.pairwise(times[2:])]
    assert min(gaps) > 0.02
    assert np.mean(gaps) == pytest.approx(1 / 30, abs=0.006)
