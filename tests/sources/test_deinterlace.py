"""Interlaced film has no combs, and a picture of it is the same however it was reached."""

from __future__ import annotations

import random
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.filter import Graph

from tests.sources.numbered import numbered, numbered_clip
from tests.sources.played import all_of, played
from vj.core.clock import FrameClock
from vj.sources import SourceSettings, picture_finder
from vj.sources.video import Video

WIDTH, HEIGHT, RATE = 96, 64, Fraction(1, 25)
WOVEN = {"flags": "+ildct+ilme", "x264-params": "qp=12:bframes=2:keyint=8"}


def fields(number: int, moves: bool = True, first: int = 0) -> np.ndarray:
    """(H, W, 3) uint8: the even lines are of a moment, the odd ones of half a frame later, or, with
    first = 1, the other way round."""
    picture = np.empty((HEIGHT, WIDTH, 3), np.uint8)
    for field in (0, 1):
        at = (2 * number + (field != first and moves)) * 3 % (WIDTH - 24)
        line = np.full((WIDTH, 3), (30, 50, 70), np.uint8)
        line[at : at + 24] = 230, 200, 60
        picture[field::2] = line
    return picture


def film(
    path: Path,
    frames: int = 25,
    codec: str = "libx264",
    options: Mapping[str, str] = WOVEN,
    pixels: str = "yuv420p",
    order: str = "tff",
) -> Path:
    """order: which field is the earlier one, `tff` or `bff`, as the frames say."""
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream(codec, rate=25, options=dict(options))
        track.width, track.height, track.pix_fmt = WIDTH, HEIGHT, pixels
        marks = Graph()
        form = av.VideoFormat("rgb24")
        source = marks.add_buffer(width=WIDTH, height=HEIGHT, format=form, time_base=RATE)
        marks.link_nodes(source, marks.add("setfield", order), marks.add("buffersink")).configure()
        for number in range(frames):
            picture = fields(number, first=int(order == "bff"))
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, RATE
            marks.vpush(frame)
            file.mux(track.encode(marks.vpull()))
        file.mux(track.encode())
    return path


def pictures(path: Path, said: list[str] | None = None) -> list[np.ndarray]:
    """All, one after the other."""
    return [frame.pixels for frame in all_of(f"video:{path}", 25, said)]


def comb(picture: np.ndarray) -> float:
    """By how much neighbouring lines differ, in levels."""
    grey = picture.astype(float).mean(2)
    return float(np.abs(grey[1:] - grey[:-1]).mean())


def test_no_combs_the_same_number_of_frames_and_it_is_said_once(tmp_path: Path) -> None:
    said: list[str] = []
    path = film(tmp_path / "tape.mp4")
    with av.open(str(path)) as file:
        assert comb(next(file.decode(video=0)).to_ndarray(format="rgb24")) > 4
    found = pictures(path, said)
    assert len(found) == 25
    assert max(comb(picture) for picture in found) < 1.5
    assert len(said) == 1
    assert "tape.mp4: is interlaced" in said[0]


@pytest.mark.parametrize("order", ["tff", "bff"])
def test_each_picture_is_of_its_first_field(order: str, tmp_path: Path) -> None:
    for number, picture in enumerate(pictures(film(tmp_path / "moments.mp4", order=order))):
        at = 6 * number % (WIDTH - 24)
        bar = picture[HEIGHT // 2, :, 0].astype(int) > 130
        assert abs(int(np.flatnonzero(bar)[0]) - at) <= 1, number


@pytest.mark.parametrize("speed", [1.0, -1.0])
def test_a_picture_is_the_same_wherever_reading_began(
    speed: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(picture_finder, "MEMORY", 1)
    path = film(tmp_path / "sought.mp4")
    wanted = pictures(path)
    clip = played(path, speed=speed)
    places = list(range(25))
    random.Random(3).shuffle(places)
    for place in places:
        clip.control.seek((place + 0.5) / 25)
        frame = clip.video.read()
        assert frame is not None
        assert np.array_equal(frame.pixels, wanted[place]), place


def test_backwards_it_is_the_same_film(tmp_path: Path) -> None:
    path = film(tmp_path / "back.mp4")
    wanted = pictures(path)
    clip = played(path, speed=-1.0)
    for number in range(24, -1, -1):
        frame = clip.video.read()
        assert frame is not None
        assert np.array_equal(frame.pixels, wanted[number]), number
        clip.clock.advance()


def test_round_and_round_it_is_the_same_film(tmp_path: Path) -> None:
    path = film(tmp_path / "loop.mp4", frames=7)
    settings = SourceSettings(FrameClock(25.0), 25.0, loop=True)
    video = Video(str(path), settings)
    video.open()
    rounds = []
    for _ in range(3):
        frames = [video.read() for _ in range(7)]
        rounds.append([frame.pixels for frame in frames if frame is not None])
    for later in rounds[1:]:
        assert all(np.array_equal(one, other) for one, other in zip(rounds[0], later, strict=True))


@pytest.mark.parametrize(
    ("name", "codec", "options", "pixels"),
    [
        ("tape.mkv", "mpeg2video", {"flags": "+ildct+ilme", "q": "2"}, "yuv422p"),
        ("tape.mpg", "mpeg2video", {"flags": "+ildct+ilme", "q": "2", "bf": "2"}, "yuv420p"),
        ("tape.mov", "prores_ks", {"flags": "+ildct"}, "yuv422p10le"),
    ],
)
def test_tapes_of_other_kinds(
    name: str, codec: str, options: Mapping[str, str], pixels: str, tmp_path: Path
) -> None:
    path = film(tmp_path / name, 12, codec, options, pixels)
    with av.open(str(path)) as file:
        if not next(file.decode(video=0)).interlaced_frame:
            pytest.skip("this FFmpeg does not mark them when it encodes")
    clip = played(path)
    for _ in range(12):
        frame = clip.video.read()
        assert frame is not None
        assert comb(frame.pixels) < 1.5
        clip.clock.advance()


def test_of_mixed_film_only_what_is_interlaced_is_made_whole(tmp_path: Path) -> None:
    """A broadcast: advertisements of whole pictures, and between them a game."""
    path = tmp_path / "mixed.h264"
    whole = numbered_clip(tmp_path / "whole.h264", 5, options={"bf": "0", "g": "8", "qp": "8"})
    game = film(tmp_path / "game.h264", 9)
    path.write_bytes(whole.read_bytes() + game.read_bytes() + whole.read_bytes())
    found = pictures(path)
    assert len(found) == 19
    untouched = pictures(whole)
    for number, picture in enumerate(untouched):
        assert np.array_equal(found[number], picture)
        assert np.array_equal(found[14 + number], picture)
    assert max(comb(picture) for picture in found[5:14]) < 1.5


def test_a_film_of_whole_pictures_is_not_touched(tmp_path: Path) -> None:
    said: list[str] = []
    path = numbered_clip(tmp_path / "whole.mkv", 6, "ffv1", pixels="bgr0")
    for number, picture in enumerate(pictures(path, said)):
        assert np.array_equal(picture, numbered(number))
    assert not said
