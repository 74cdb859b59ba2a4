"""A film stands as in a player, however the camera was held and whatever the editor mirrored."""

from __future__ import annotations

import gc
import struct
from fractions import Fraction
from itertools import product
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.bitstream import BitStreamFilterContext

from tests.sources.played import first_of, played
from vj.core.clock import FrameClock
from vj.sources import SourceSettings
from vj.sources.video import Video

WIDTH, HEIGHT = 96, 64
CORNERS = {
    (-1, -1): (220, 30, 30),
    (1, -1): (30, 200, 30),
    (-1, 1): (40, 40, 220),
    (1, 1): 3 * (240,),
}
"""By their places, x to the right and y downwards."""
ONE = 1 << 16
TO_MATRIX = 44
"""Bytes from the name of a track's header (version 0) to its matrix (ISO/IEC 14496-12, 8.3.2)."""

UPRIGHT = [(a, 0, 0, d) for a, d in product((1, -1), repeat=2)] + [
    (0, b, c, 0) for b, c in product((1, -1), repeat=2)
]
"""(a, b, c, d): a stored place x, y is shown at a x + c y, b x + d y."""


def corners() -> np.ndarray:
    picture = np.full((HEIGHT, WIDTH, 3), 120, np.uint8)
    for (x, y), colour in CORNERS.items():
        rows = slice(0, 24) if y < 0 else slice(HEIGHT - 24, HEIGHT)
        columns = slice(0, 32) if x < 0 else slice(WIDTH - 32, WIDTH)
        picture[rows, columns] = colour
    return picture


def film(
    path: Path, shape: Fraction | None = None, codec: str = "libx264", frames: int = 6
) -> Path:
    with av.open(str(path), "w") as file:
        options = {"qp": "4", "g": "3"} if codec == "libx264" else {}
        track: Any = file.add_stream(codec, rate=25, options=options)
        pixels = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        track.width, track.height, track.pix_fmt = WIDTH, HEIGHT, pixels
        if shape is not None:
            track.codec_context.sample_aspect_ratio = shape
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(corners(), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, 25)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


def with_matrix(path: Path, a: float, b: float, c: float, d: float) -> Path:
    """The same file, its track to be shown so."""
    content = bytearray(path.read_bytes())
    place = content.index(b"tkhd") + TO_MATRIX
    numbers = [round(value * ONE) for value in (a, b, 0, c, d, 0, 0, 0)]
    content[place : place + 36] = struct.pack(">8iI", *numbers, 1 << 30)
    path.write_bytes(content)
    return path


def corners_of(picture: np.ndarray) -> dict[tuple[int, int], tuple[int, ...]]:
    """The colours near its corners, by their places."""
    height, width = picture.shape[:2]
    rows, columns = (
        {-1: height // 8, 1: height - height // 8},
        {-1: width // 8, 1: width - width // 8},
    )
    return {
        (x, y): tuple(int(value) for value in picture[rows[y], columns[x]])
        for x, y in product((-1, 1), repeat=2)
    }


def turned(a: int, b: int, c: int, d: int) -> dict[tuple[int, int], Any]:
    """Where the colours of `CORNERS` come by such a matrix."""
    return {
        (a * x + c * y, b * x + d * y): pytest.approx(colour, abs=12)
        for (x, y), colour in CORNERS.items()
    }


@pytest.mark.parametrize("matrix", UPRIGHT)
def test_a_film_is_shown_turned_and_mirrored_as_its_whole_matrix_says(
    matrix: tuple[int, int, int, int], tmp_path: Path
) -> None:
    picture = first_of(with_matrix(film(tmp_path / "held.mp4"), *matrix)).pixels
    assert picture.shape == ((HEIGHT, WIDTH, 3) if matrix[0] else (WIDTH, HEIGHT, 3))
    assert picture.flags.c_contiguous
    assert corners_of(picture) == turned(*matrix)


def test_backwards_it_stands_the_same_way(tmp_path: Path) -> None:
    clip = played(with_matrix(film(tmp_path / "mirrored.mp4"), 0, -1, -1, 0), speed=-1.0)
    for _ in range(4):
        frame = clip.video.read()
        assert frame is not None
        assert corners_of(frame.pixels) == turned(0, -1, -1, 0)
        clip.clock.advance()


def test_the_shape_of_pixels_is_that_before_it_is_turned(tmp_path: Path) -> None:
    path = film(tmp_path / "anamorphic.mp4", Fraction(3, 2))
    assert first_of(path).pixels.shape == (HEIGHT, 144, 3)
    assert first_of(with_matrix(path, 0, 1, -1, 0)).pixels.shape == (144, HEIGHT, 3)


def test_a_film_that_is_turned_a_little_is_shown_straight_and_that_is_said_once(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    path = with_matrix(film(tmp_path / "askew.mp4"), 0.2588, 0.9659, -0.9659, 0.2588)
    settings = SourceSettings(FrameClock(25.0), 25.0, loop=True, log=said.append)
    for _ in range(2):
        video = Video(str(path), settings)
        video.open()
        for _ in range(8):
            frame = video.read()
            assert frame is not None
            assert corners_of(frame.pixels) == turned(0, 1, -1, 0)
        video.close()
    assert len(said) == 1
    assert "askew.mp4" in said[0]
    assert "nearest quarter turn" in said[0]


def test_a_matrix_of_nothing_leaves_it_as_it_is(tmp_path: Path) -> None:
    path = with_matrix(film(tmp_path / "none.mp4"), 0, 0, 0, 0)
    assert corners_of(first_of(path).pixels) == turned(1, 0, 0, 1)


def test_what_the_pictures_of_a_stream_say_themselves_counts(tmp_path: Path) -> None:
    """A display orientation in H.264 stands in no container."""
    source, path = film(tmp_path / "plain.mp4"), tmp_path / "says.mkv"
    with av.open(str(source)) as file, av.open(str(path), "w") as out:
        track = file.streams.video[0]
        copy: Any = out.add_stream_from_template(track)
        says = BitStreamFilterContext(
            "h264_metadata=display_orientation=insert:rotate=90:flip=horizontal", track
        )
        for packet in file.demux(track):
            for changed in says.filter(packet if packet.dts is not None else None):
                changed.stream = copy
                out.mux(changed)
    with av.open(str(path)) as file:
        picture = next(file.decode(video=0))
        assert picture.side_data.get("DISPLAYMATRIX") is not None
    # mirrored, then a quarter turn anticlockwise
    assert corners_of(first_of(path).pixels) == turned(0, 1, 1, 0)


def test_the_orientation_in_a_photographed_film_counts(tmp_path: Path) -> None:
    """Motion JPEG whose pictures have EXIF: 6 is a quarter turn clockwise."""
    source, path = film(tmp_path / "plain.avi", codec="mjpeg"), tmp_path / "exif.avi"
    tags = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
    segment = b"\xff\xe1" + struct.pack(">H", len(tags) + 2) + tags
    with av.open(str(source)) as file, av.open(str(path), "w") as out:
        track = file.streams.video[0]
        copy: Any = out.add_stream_from_template(track)
        for packet in file.demux(track):
            if packet.dts is not None:
                whole = bytes(packet)
                tagged = av.Packet(whole[:2] + segment + whole[2:])
                tagged.pts, tagged.dts, tagged.time_base = packet.pts, packet.dts, packet.time_base
                tagged.is_keyframe, tagged.stream = True, copy
                out.mux(tagged)
    assert corners_of(first_of(path).pixels) == turned(0, 1, -1, 0)


def test_a_picture_that_has_been_shown_takes_no_memory(tmp_path: Path) -> None:
    """Not until Python looks for rings of objects either: it does so seldom."""

    def decoded() -> int:
        return sum(isinstance(one, av.VideoFrame) for one in gc.get_objects())

    source = Video(str(film(tmp_path / "a.mp4", frames=60)), SourceSettings(FrameClock(25.0)))
    source.open()
    gc.collect()
    gc.disable()
    try:
        before = decoded()
        for _ in range(60):
            assert source.read() is not None
        assert decoded() - before < 20
    finally:
        gc.enable()
        source.close()
