"""Recordings of frames that come at varying times, as a rendering of a phone's clip gives them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.sinks.test_recorder import generated
from vj.core.clock import FrameClock
from vj.core.frame import Frame
from vj.sinks import SinkSettings, make_sink

BEGINS = (0.0, 0.04, 0.05, 0.75, 0.79, 3.0)
END = 4.25
SIZE = 96, 64
RATE = 10.0


def record(path: str) -> None:
    spans = list(pairwise((*BEGINS, END)))
    now = spans[0]
    sink = make_sink(f"record:{path}", SinkSettings(FrameClock(RATE), live=False, span=lambda: now))
    sink.open(*SIZE, RATE)
    for number, span in enumerate(spans):
        now = span
        sink.send(Frame(generated(*SIZE, number), number, span[0]))
    sink.close()


@pytest.mark.parametrize(
    ("name", "near"),
    [
        ("out.mp4", 1e-5),
        ("out.mov", 1e-5),
        ("out.mkv", 6e-4),
        ("out.mov?codec=prores-422-hq", 1e-5),
        ("out.mkv?codec=ffv1", 6e-4),
    ],
)
def test_a_movie_keeps_the_time_of_each_frame_and_of_the_last(
    name: str, near: float, tmp_path: Path
) -> None:
    record(f"{tmp_path}/{name}")
    with av.open(f"{tmp_path}/{name.partition('?')[0]}") as movie:
        stream = movie.streams.video[0]
        found = [float(picture.time or 0) for picture in movie.decode(stream)]
        length = (
            float((movie.duration or 0) / av.time_base)
            if stream.duration is None or stream.time_base is None
            else float(stream.duration * stream.time_base)
        )
    assert found == pytest.approx(BEGINS, abs=near)
    assert length == pytest.approx(END, abs=0.002)


def test_a_gif_keeps_them_in_hundredths(tmp_path: Path) -> None:
    record(f"{tmp_path}/loop.gif")
    made = (tmp_path / "loop.gif").read_bytes()
    places = [at for at in range(len(made)) if made[at : at + 4] == b"\x21\xf9\x04\x04"]
    delays = [int.from_bytes(made[at + 4 : at + 6], "little") for at in places]
    assert delays == [4, 71, 4, 221, 125], "10 ms are too short for a GIF"


def test_a_webp_keeps_them(tmp_path: Path) -> None:
    record(f"{tmp_path}/loop.webp")
    found = cv2.imreadanimation(f"{tmp_path}/loop.webp")[1].durations
    assert list(found) == [40, 10, 700, 40, 2210, 1250]


def test_a_webp_of_pictures_that_are_the_same_is_as_long(tmp_path: Path) -> None:
    """libwebp makes one of them."""
    sink = make_sink(f"record:{tmp_path}/loop.webp", SinkSettings(FrameClock(RATE), live=False))
    sink.open(*SIZE, RATE)
    for number in (0, 0, 1, 2, 2, 2):
        sink.send(Frame(generated(*SIZE, number), number, 0.0))
    sink.close()
    found = cv2.imreadanimation(f"{tmp_path}/loop.webp")[1].durations
    assert list(found) == [200, 100, 300]


def test_a_folder_repeats_pictures_at_the_rate(tmp_path: Path) -> None:
    record(f"{tmp_path}/frames/")
    found = [cv2.imread(str(path)) for path in sorted((tmp_path / "frames").iterdir())]
    assert len(found) == 43
    changes = [n for n, (one, other) in enumerate(pairwise(found), 1) if np.any(one != other)]
    assert changes == [1, 8, 30]
