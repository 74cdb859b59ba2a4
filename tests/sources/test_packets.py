"""Recordings of television: other streams come in the middle, and a weak signal tears times. What
began with the film is read to its end, each picture and each sound at its time."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.sound.drawn_sound import click_moments, clicks, encode, sound_stream
from tests.torn_times import torn
from vj.sound import RATE
from vj.sound.sound_file import SoundFile
from vj.sources.clip_length import measure
from vj.sources.clip_times import times_of
from vj.sources.video_file import VideoFile

FPS = 10
CLICK = 11.5
"""Seconds: late enough that FFmpeg has not looked there as it opened the file."""


def programme(path: Path, seconds: int, pid: int) -> bytes:
    with av.open(str(path), "w", options={"mpegts_start_pid": str(pid)}) as container:
        video = container.add_stream("mpeg2video", rate=FPS)
        video.width = video.height = 32
        video.pix_fmt = "yuv420p"
        sounds = sound_stream(container, "mp2", layout="stereo")
        encode(container, sounds, clicks([CLICK], seconds, width=24))
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(np.full((32, 32, 3), 90, np.uint8), "rgb24")
            frame.pts, frame.time_base = number, Fraction(1, FPS)
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path.read_bytes()


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("television")
    whole = folder / "whole.ts"
    whole.write_bytes(
        programme(folder / "one.ts", 12, 0x100) + programme(folder / "two.ts", 2, 0x240)
    )
    return whole


def test_pictures_are_counted_and_shown_to_the_end(path: Path) -> None:
    assert len(times_of(VideoFile(path, 25.0)).begins) == 12 * FPS
    file = VideoFile(path, 25.0)
    file.open()
    assert sum(1 for _ in iter(file.next, None)) == 12 * FPS
    assert file.broken == 0
    file.close()


def test_sound_is_heard_to_the_end(path: Path) -> None:
    file = SoundFile(path)
    assert file.open()
    assert click_moments(file.read(0.0, 14 * RATE)) == pytest.approx([CLICK], abs=0.02)
    assert file.broken == 0
    file.close()


@pytest.mark.parametrize("share", [0.3, 0.6])
def test_a_picture_with_a_torn_time_follows_the_one_before(tmp_path: Path, share: float) -> None:
    film = programme(tmp_path / "whole.ts", 6, 0x100)
    path = tmp_path / "torn.ts"
    path.write_bytes(torn(film, b"\xe0", share))
    times = times_of(VideoFile(path, 25.0))
    assert times.length == pytest.approx(6.0, abs=0.01)
    file = VideoFile(path, 25.0)
    file.open()
    begins = [picture.begins for picture in iter(file.next, None)]
    assert begins == pytest.approx([number / FPS for number in range(6 * FPS)], abs=0.01)
    assert not file.times.counted
    file.close()


def stream(path: Path, codec: str, fps: Fraction, flat: bool, count: int = 150) -> Path:
    """An MPEG program stream that is white every thirty pictures, with a click in each flash.
    flat: its pictures are so small that many lie in one packet."""
    noise = np.random.default_rng(1).integers(0, 90, (128, 128, 3), np.uint8)
    with av.open(str(path), "w") as container:
        video: Any = container.add_stream(codec, rate=fps, options={"bf": "2"})
        video.width, video.height, video.pix_fmt = 128, 128, "yuv420p"
        video.bit_rate = 2_000_000
        sounds = sound_stream(container, "mp2", layout="stereo")
        flashes = [float(number / fps) for number in range(30, count, 30)]
        encode(container, sounds, clicks(flashes, float(count / fps), width=24))
        for number in range(count):
            dark = np.full_like(noise, 16) if flat else np.roll(noise, 7 * number, axis=1)
            lit = number and number % 30 == 0
            frame = av.VideoFrame.from_ndarray(np.full_like(noise, 240) if lit else dark, "rgb24")
            frame.pts, frame.time_base = number, 1 / fps
            container.mux(video.encode(frame))
        container.mux(video.encode(None))
    return path


@pytest.mark.parametrize(
    ("codec", "fps", "flat"),
    [
        ("mpeg1video", Fraction(60), True),
        ("libx264", Fraction(30), True),
        ("mpeg2video", Fraction(30_000, 1001), False),
    ],
)
def test_pictures_that_share_a_time_come_at_a_constant_rate(
    tmp_path: Path, codec: str, fps: Fraction, flat: bool
) -> None:
    """FFmpeg guesses the others', and where it does its flashes were a picture or two beside their
    clicks."""
    path = stream(tmp_path / "black.mpg", codec, fps, flat)
    times = times_of(VideoFile(path, 25.0))
    assert not times.varying
    assert times.begins == pytest.approx([number / fps for number in range(150)], abs=1e-3)
    file = VideoFile(path, 25.0)
    file.open()
    measure(file)
    assert file.times.counted == flat
    pictures = list(iter(file.next, None))
    lit = [p.begins for p in pictures if p.decoded.to_ndarray(format="gray").mean() > 200]
    assert lit == pytest.approx([number / fps for number in range(30, 150, 30)], abs=1e-3)
    assert file.sound == path
    heard = SoundFile(path, file.times.zero)
    assert heard.open()
    assert click_moments(heard.read(0.0, 6 * RATE)) == pytest.approx(lit, abs=0.012)
    heard.close()
    file.close()
