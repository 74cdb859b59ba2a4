"""Pictures in files of their own play as a clip does, whatever they are called; and a name is taken
as it is written."""

from __future__ import annotations

import os
import unicodedata
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.sources.played import all_of
from tests.sources.test_exr import exr
from tests.waiting import JumpingClock
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame, Size
from vj.sinks.image_sequence import ImageSequence as Recording
from vj.sources import SourceSettings, check_uri, make_source, split_uri
from vj.sources.file_names import gap, natural, parted
from vj.sources.image_sequence import film_of, sound_of
from vj.sources.transport import Transport, TransportControl

RATE = 20


def level(number: int) -> int:
    return 10 + 20 * number


def write(path: Path, number: int, size: Size = Size(32, 24)) -> Path:
    """A grey picture of its number."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.full((size.height, size.width, 3), level(number), np.uint8)
    assert cv2.imwrite(str(path), pixels)
    return path


def folder(
    place: Path, names: str = "shot_{:04d}.png", numbers: Any = range(8), **more: Any
) -> Path:
    for count, number in enumerate(numbers):
        write(place / names.format(number), count, **more)
    return place


def seen(frames: list[Frame]) -> list[float]:
    return [(int(frame.pixels[4, 4, 0]) - 10) / 20 for frame in frames]


@pytest.mark.parametrize(
    "name", ["", "shot_%04d.png", "shot_####.png", "shot_*.png", "*.png", "shot_%d.png"]
)
def test_a_folder_and_a_pattern_play_in_their_order(name: str, tmp_path: Path) -> None:
    place = folder(tmp_path / "frames", numbers=range(17, 25))
    (place / "notes.txt").write_text("no picture")
    (place / "._shot_0001.png").write_bytes(b"of a Mac")
    for uri in (f"video:{place}/{name}", f"{place}/{name}"):
        assert split_uri(uri)[0] == "video"
        assert seen(all_of(uri, RATE)) == list(range(8))


def test_two_comes_before_ten(tmp_path: Path) -> None:
    place = folder(tmp_path, "frame{}.png", numbers=range(1, 13))
    assert seen(all_of(f"video:{place}", RATE)) == list(range(12))
    assert seen(all_of(f"video:{place}/frame%d.png", RATE)) == list(range(12))
    assert natural("a2b10") < natural("a10b2")
    assert sorted(["b1", "1", "a"], key=natural) == ["1", "a", "b1"]


def test_missing_numbers_are_passed_over_and_that_is_said_once(tmp_path: Path) -> None:
    place = folder(tmp_path, numbers=[3, 4, 7, 9])
    told: list[str] = []
    settings = SourceSettings(FrameClock(RATE), RATE, loop=False, log=told.append)
    source = make_source(f"video:{place}/shot_%04d.png", settings)
    for _ in range(2):
        source.open()
        source.close()
    assert len(told) == 1
    assert "3 numbers are missing, the first is 5;" in told[0]
    assert seen(all_of(f"video:{place}", RATE)) == list(range(4))
    assert gap([Path("a1.png"), Path("b3.png")]) is None, "of two sequences nothing is known"


def test_what_cannot_be_read_is_stood_in_for_by_the_one_before(tmp_path: Path) -> None:
    place = folder(tmp_path)
    for number in (0, 3, 4):
        (place / f"shot_{number:04d}.png").write_bytes(b"cut off")
    source: Any = make_source(f"video:{place}", SourceSettings(FrameClock(RATE), RATE, loop=False))
    source.open()
    frames = [source.read() for _ in range(8)]
    assert seen(frames) == [1, 1, 2, 2, 2, 5, 6, 7]
    assert source.broken == 3
    source.close()
    source.open()
    for path in place.iterdir():
        path.unlink()
    with pytest.raises(Fault):
        list(iter(source.read, None))
    for number in range(8):
        (place / f"shot_{number:04d}.png").write_bytes(b"")
    with pytest.raises(Fault, match=r"shot_0000.png: is empty"):
        source.open()


def test_other_sizes_and_formats_in_one_folder(tmp_path: Path) -> None:
    write(tmp_path / "1.png", 0)
    write(tmp_path / "2.bmp", 1, Size(64, 20))
    clear = np.full((10, 12, 4), (50, 50, 50, 128), np.uint8)
    cv2.imwrite(str(tmp_path / "3.tiff"), clear)
    (tmp_path / "4.exr").write_bytes(exr(np.full((16, 16, 3), 0.18, np.float32)))
    shapes = [frame.pixels.shape for frame in all_of(f"video:{tmp_path}", RATE)]
    assert shapes == [(24, 32, 3), (20, 64, 3), (10, 12, 4), (16, 16, 3)]


@pytest.mark.parametrize(("bits", "shape"), [(0x28, (20, 30, 4)), (0x20, (20, 30, 3))])
def test_tga_of_a_3d_program_in_a_folder(bits: int, shape: tuple[int, ...], tmp_path: Path) -> None:
    """The last byte of its head says how many bits are transparency, and that it is not upside
    down."""
    head = bytes((0, 0, 2, *9 * [0], 30, 0, 20, 0, 32, bits))
    for number in range(3):
        pixel = bytes((level(number), level(number), 7, 128))  # blue, green, red, alpha
        (tmp_path / f"render{number}.tga").write_bytes(head + 600 * pixel)
    frames = all_of(f"{tmp_path}/", RATE)
    assert [frame.pixels.shape for frame in frames] == 3 * [shape]
    assert [tuple(frame.pixels[3, 3, :3]) for frame in frames] == [
        (7, level(number), level(number)) for number in range(3)
    ]


@pytest.mark.parametrize("name", ["photo.jfif", "photo.JPE"])
def test_a_jpeg_by_another_ending_is_a_picture(name: str, tmp_path: Path) -> None:
    write(tmp_path / "photo.jpg", 3).rename(tmp_path / name)
    assert split_uri(f"{tmp_path}/{name}")[0] == "image"
    assert seen(all_of(f"{tmp_path}/", RATE)) == [3]


def played(uri: str, **transport: Any) -> tuple[Any, TransportControl, JumpingClock]:
    clock = JumpingClock()
    control = TransportControl(lambda: Transport(**transport))
    source = make_source(uri, SourceSettings(clock, RATE, transport=control))
    source.open()
    source.begin(clock.now())  # type: ignore[attr-defined]
    return source, control, clock


@pytest.mark.parametrize(
    ("transport", "wanted"),
    [
        ({}, [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]),
        ({"speed": -1.0}, [7, 6, 5, 4, 3, 2, 1, 0, 7, 6]),
        ({"loop": "ping-pong"}, [0, 1, 2, 3, 4, 5, 6, 7, 6, 5]),
        ({"speed": 2.0, "loop": "hold"}, [0, 2, 4, 6, 7]),
    ],
)
def test_it_follows_a_transport_as_a_film_does(
    transport: dict[str, Any], wanted: list[int], tmp_path: Path
) -> None:
    folder(tmp_path)
    control = TransportControl(lambda: Transport(**transport))
    clock = FrameClock(RATE)
    source: Any = make_source(f"video:{tmp_path}", SourceSettings(clock, RATE, transport=control))
    source.open()
    assert source.length == pytest.approx(8 / RATE)
    source.begin(0.0)
    found = []
    for _ in wanted:
        found.append(source.read())
        clock.advance()
    assert seen(found) == wanted
    source.close()


def test_it_is_sought_to_no_picture_that_begins_later(tmp_path: Path) -> None:
    file = film_of(f"{folder(tmp_path)}/?fps=4", RATE)
    file.open()
    assert [file.seek(place) for place in (0.75, 0.7499998, 0.76, 1.9, 99.0, -1.0)] == [
        *(0.75, 0.5, 0.75, 1.75, 1.75, 0.0)
    ]
    file.close()


def test_it_is_sought_to_the_picture(tmp_path: Path) -> None:
    folder(tmp_path)
    source, control, _ = played(f"video:{tmp_path}")
    for number in (6, 1, 7, 0, 3):
        control.seek((number + 0.5) / 8)
        frame = source.read()
        assert seen([frame]) == [number]
    source.close()


def test_a_rate_may_follow_the_name(tmp_path: Path) -> None:
    place = folder(tmp_path / "frames")
    for name, rate in (
        ("?fps=10", 10),
        ("/?fps=5", 5),
        ("/shot_####.png?fps=2.5", 2.5),
        ("", RATE),
    ):
        source: Any = make_source(
            f"video:{place}{name}", SourceSettings(FrameClock(RATE), RATE, loop=False)
        )
        source.open()
        assert source.fps == rate
        assert source.times().length == pytest.approx(8 / rate)
        assert not source.times().varying
        source.close()
    for name in (f"{place}?fps=10", f"{tmp_path}/clip.mp4?fps=24", f"{tmp_path}/x.png?fps=0"):
        plain = name.startswith(str(place))
        assert (parted(name).rate is None) is not plain, "a film has a rate of its own"
    if os.name != "nt":
        (tmp_path / "what?fps=10").mkdir()
        assert parted(f"{tmp_path}/what?fps=10").rate is None, "it is called so"


def test_what_vj_records_is_read_back(tmp_path: Path) -> None:
    recording = Recording(tmp_path, RATE)
    rng = np.random.default_rng(3)
    pictures = [rng.integers(0, 256, (24, 32, 4), np.uint8) for _ in range(3)]
    for number, picture in enumerate(pictures):
        recording.add(picture, number / RATE)
    recording.finish()
    frames = all_of(f"video:{tmp_path}/", RATE)
    assert len(frames) == 3
    assert film_of(str(tmp_path), RATE).sound is None
    (tmp_path / "sound.wav").write_bytes(b"")
    film = film_of(f"{tmp_path}/%06d.png", RATE)
    film.open()
    assert film.sound == sound_of(str(tmp_path)) == tmp_path / "sound.wav"
    assert sound_of(f"{tmp_path}/000000.png") == tmp_path / "000000.png"
    assert sound_of(f"{tmp_path}/nothing.mp4") is None
    film.close()
    for frame, picture in zip(frames, pictures, strict=True):
        assert np.array_equal(frame.pixels, picture)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "is a folder without pictures"),
        ("shots/%04d.png", "there is no such file, and no folder|cannot be read|no such file"),
        ("%04d.png", "no picture is called like that .looked in"),
    ],
)
def test_where_there_are_none_a_fault_says_so(name: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(Fault, match=words):
        make_source(f"video:{tmp_path}/{name}", SourceSettings(FrameClock(RATE))).open()


def test_a_picture_is_told_where_a_sequence_plays(tmp_path: Path) -> None:
    with pytest.raises(Fault, match=rf"is a folder; .* video:{tmp_path}"):
        make_source(f"image:{tmp_path}", SourceSettings(FrameClock(RATE))).open()


NAMES = [
    "12:30 take",
    "100%",
    "50%d",
    "%04d",
    "-i",
    "what?",
    "[1] {a,b}",
    'it\'s "quoted"',
    "tab\there",
    "concat:a|b",
    "file:x",
    "pipe:0",
    "data:,",
    "über 映像 🎬",
    unicodedata.normalize("NFD", "café"),
    "#1 of 10",
    "a" * 240,
    " spaces ",
    "take?fps=24",
    "back\\slash",
]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no files of these names")
@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_taken_as_it_is_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    film = f"{name}.mkv"
    with av.open(str(tmp_path / "x.mkv"), "w") as file:
        track: Any = file.add_stream("ffv1", rate=10)
        track.width, track.height, track.pix_fmt = 16, 16, "yuv444p"
        grey = av.VideoFrame.from_ndarray(np.full((16, 16, 3), 90, np.uint8), format="rgb24")
        grey.time_base, grey.pts = Fraction(1, 10), 0
        file.mux(track.encode(grey.reformat(format="yuv444p")))
        file.mux(track.encode(None))
    (tmp_path / "x.mkv").rename(film)
    write(tmp_path / "x.png", 4)
    (tmp_path / "x.png").rename(f"{name}.png")
    for uri in (f"video:{film}", f"video:{tmp_path}/{film}", f"{tmp_path}/{film}"):
        check_uri(uri)
        frames = all_of(uri, RATE)
        assert len(frames) == 1
        assert abs(int(frames[0].pixels[4, 4, 0]) - 90) <= 2
    for uri in (f"image:{name}.png", f"{tmp_path}/{name}.png"):
        assert split_uri(uri)[0] == "image"
        source = make_source(uri, SourceSettings(FrameClock(RATE)))
        source.open()
        frame = source.read()
        assert frame is not None
        assert seen([frame]) == [4]


def test_accents_may_be_written_either_way(tmp_path: Path) -> None:
    apart, whole = (unicodedata.normalize(form, "Élan") for form in ("NFD", "NFC"))
    for stored, asked in ((apart, whole), (whole, apart)):
        place = tmp_path / stored
        write(tmp_path / "x.png", 5)
        place.mkdir()
        (tmp_path / "x.png").rename(place / f"{stored}.png")
        for uri in (f"image:{tmp_path}/{asked}/{asked}.png", f"video:{tmp_path}/{asked}"):
            source = make_source(uri, SourceSettings(FrameClock(RATE)))
            source.open()
            frame = source.read()
            assert frame is not None
            assert seen([frame]) == [5]
            source.close()
        (place / f"{stored}.png").unlink()
        place.rmdir()


@pytest.mark.parametrize("kind", ["video", "image"])
def test_a_name_no_file_can_have_is_a_fault(kind: str, tmp_path: Path) -> None:
    for name in ("x" * 300 + ".png", "nul\0.png", f"{tmp_path}/{'y' * 300}/%04d.png"):
        with pytest.raises(Fault) as caught:
            make_source(f"{kind}:{name}", SourceSettings(FrameClock(RATE))).open()
        assert len(str(caught.value)) < 1000
