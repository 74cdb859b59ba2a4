"""Of several video streams the one is shown that players show, and never a cover."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest
from av.stream import Disposition

from tests.sources.played import first_of
from vj.core.errors import Fault

COVER = cv2.imencode(".jpg", np.full((120, 160, 3), 200, np.uint8))[1].tobytes()
PNG = cv2.imencode(".png", np.full((120, 160, 3), 200, np.uint8))[1].tobytes()
NONE, DEFAULT = Disposition(0), Disposition.default


def add_film(file: Any, size: tuple[int, int], mark: Disposition | None, codec: str) -> Any:
    track = file.add_stream(codec, rate=10)
    track.width, track.height = size
    track.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    if mark is not None:
        track.disposition = mark
    return track


def add_cover(file: Any, codec: str = "mjpeg", mark: Disposition = Disposition.attached_pic) -> Any:
    track = file.add_stream(codec, rate=1)
    track.width, track.height, track.pix_fmt = 160, 120, "yuvj420p"
    track.disposition = mark
    return track


def add_sound(file: Any, codec: str) -> Any:
    return file.add_stream(codec, rate=48000, layout="mono")


def put_cover(file: Any, track: Any, picture: bytes = COVER) -> None:
    packet = av.Packet(picture)
    packet.stream, packet.pts, packet.dts = track, 0, 0
    packet.time_base, packet.is_keyframe = Fraction(1, 1), True
    file.mux(packet)


def put_film(file: Any, tracks: Sequence[Any], frames: int = 4) -> None:
    """Each track is lighter by 60 than the one before it."""
    for number in range(frames):
        for place, track in enumerate(tracks):
            level = 40 + 60 * place + 10 * number
            picture = np.full((track.height, track.width, 3), level, np.uint8)
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 10)
            file.mux(track.encode(frame))
    for track in tracks:
        file.mux(track.encode(None))


def put_sound(file: Any, track: Any) -> None:
    for number in range(40):
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate, frame.pts, frame.time_base = 48000, 1024 * number, Fraction(1, 48000)
        file.mux(track.encode(frame))
    file.mux(track.encode(None))


@pytest.mark.parametrize(
    ("ending", "covers", "films"),
    [
        ("mkv", Disposition.attached_pic, None),
        ("mp4", Disposition.attached_pic, None),
        ("mkv", DEFAULT, DEFAULT),
    ],
    ids=["mkv", "mp4", "though nothing says so"],
)
def test_a_still_that_comes_before_a_film_is_a_cover(
    ending: str, covers: Disposition, films: Disposition | None, tmp_path: Path
) -> None:
    path = tmp_path / f"film.{ending}"
    with av.open(str(path), "w") as file:
        cover = add_cover(file, mark=covers)
        film = add_film(file, (64, 48), films, "libx264")
        put_cover(file, cover)
        put_film(file, [film])
    assert first_of(path).size == (64, 48)


def test_a_film_of_jpegs_alone_is_a_film(tmp_path: Path) -> None:
    path = tmp_path / "film.avi"
    with av.open(str(path), "w") as file:
        put_film(file, [add_film(file, (64, 48), None, "mjpeg")])
    assert first_of(path).size == (64, 48)


@pytest.mark.parametrize(
    ("marks", "shown"),
    [
        ((DEFAULT, NONE, NONE), 96),
        ((NONE, NONE, DEFAULT), 64),
        ((NONE, NONE, NONE), 128),
        ((DEFAULT, DEFAULT, DEFAULT), 128),
        ((DEFAULT, NONE, DEFAULT), 96),
        ((DEFAULT, Disposition.forced, NONE), 96),
    ],
)
@pytest.mark.parametrize("ending", ["mkv", "mp4"])
def test_the_default_one_is_shown_else_the_largest(
    ending: str, marks: tuple[Disposition, ...], shown: int, tmp_path: Path
) -> None:
    path = tmp_path / f"film.{ending}"
    with av.open(str(path), "w") as file:
        sizes = ((96, 64), (128, 96), (64, 48))
        tracks = [
            add_film(file, size, mark, "libx264") for size, mark in zip(sizes, marks, strict=True)
        ]
        put_film(file, tracks)
    if ending == "mp4" and not any(marks):
        shown = 96  # its muxer marks the first one then
    assert first_of(path).size.width == shown


def test_the_picture_of_a_second_programme_is_not_taken_for_the_first(tmp_path: Path) -> None:
    """A transport stream marks nothing: of two of one size the first."""
    path = tmp_path / "film.ts"
    with av.open(str(path), "w") as file:
        tracks = [add_film(file, (64, 48), None, codec) for codec in ("mpeg2video", "libx264")]
        put_film(file, tracks)
    assert first_of(path).pixels.mean() == pytest.approx(40, abs=4)


@pytest.mark.parametrize(
    ("name", "codec"), [("song.m4a", "aac"), ("song.flac", "flac"), ("song.mp3", "libmp3lame")]
)
def test_sound_with_a_cover_says_that_it_holds_no_picture(
    name: str, codec: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    with av.open(str(path), "w", format="mp4" if name.endswith("m4a") else None) as file:
        sound, cover = add_sound(file, codec), add_cover(file)
        put_cover(file, cover)
        put_sound(file, sound)
    with av.open(str(path)) as file:
        assert file.streams.video, "the cover is in it"
    with pytest.raises(Fault, match="holds no picture but a cover; "):
        first_of(path)


def test_a_track_of_time_codes_is_none(tmp_path: Path) -> None:
    path = tmp_path / "film.mov"
    with av.open(str(path), "w") as file:
        file.metadata["timecode"] = "10:00:00:00"
        put_film(file, [add_film(file, (64, 48), None, "libx264")])
    with av.open(str(path)) as file:
        assert [stream.type for stream in file.streams] == ["video", "data"]
    assert first_of(path).size == (64, 48)
