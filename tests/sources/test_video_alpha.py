"""What a movie says of its transparency comes with its pictures, and becomes a mask."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.sources.played import all_of
from tests.waiting import JumpingClock
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.sources import SourceSettings, make_source
from vj.sources.transport import Transport, TransportControl
from vj.sources.video_file import VideoFile

SIZE, RATE, FRAMES = Size(96, 64), 10, 24
TEAL = (40, 180, 160)
MAKES: dict[str, tuple[str, str, dict[str, str]]] = {
    "vp9.webm": ("libvpx-vp9", "yuva420p", {"auto-alt-ref": "0", "crf": "8", "cpu-used": "8"}),
    "vp8.webm": ("libvpx", "yuva420p", {"auto-alt-ref": "0", "crf": "8", "b": "3M"}),
    "vp9.mkv": ("libvpx-vp9", "yuva420p", {"auto-alt-ref": "0", "crf": "8", "cpu-used": "8"}),
    "prores.mov": ("prores_ks", "yuva444p10le", {"profile": "4444"}),
    "animation.mov": ("qtrle", "argb", {}),
    "png.mov": ("png", "rgba", {}),
    "ffv1.mkv": ("ffv1", "yuva444p", {}),
    "loop.apng": ("apng", "rgba", {}),
}


def place(number: int) -> int:
    """The left edge of what is opaque."""
    return 8 + 2 * number


def drawn(number: int) -> np.ndarray:
    """A bar that moves to the right, beside it a strip that is transparent to a half."""
    pixels = np.zeros((SIZE.height, SIZE.width, 4), np.uint8)
    pixels[..., :3] = TEAL
    x = place(number)
    pixels[8:56, x : x + 16, 3] = 255
    pixels[8:56, x + 16 : x + 24, 3] = 128
    return pixels


def write(
    path: Path,
    codec: str,
    form: str,
    options: dict[str, str],
    pictures: Any = drawn,
    tags: Mapping[str, str] | None = None,
) -> Path:
    kind = "apng" if path.suffix == ".apng" else None
    with av.open(str(path), "w", format=kind) as file:
        track: Any = file.add_stream(codec, rate=RATE, options=options)
        track.metadata.update(tags or {})
        track.width, track.height, track.pix_fmt = *SIZE, form
        track.gop_size = 6
        for number in range(FRAMES):
            frame = av.VideoFrame.from_ndarray(pictures(number), format="rgba")
            frame = frame.reformat(format=form)
            frame.time_base, frame.pts = Fraction(1, RATE), number
            file.mux(track.encode(frame))
        file.mux(track.encode(None))
    return path


def whole(path: Path, wish: str = "") -> list[Frame]:
    return all_of(f"video:{path}{wish}", RATE)


def where(alpha: np.ndarray) -> float:
    """The left edge of what is opaque, by the middle row."""
    return float(np.flatnonzero(alpha[32] > 192)[0])


@pytest.mark.parametrize("make", MAKES)
def test_a_movie_brings_its_alpha(make: str, tmp_path: Path) -> None:
    frames = whole(write(tmp_path / make, *MAKES[make]))
    assert len(frames) == FRAMES
    for number in (0, 7, 23):
        pixels = frames[number].pixels
        assert pixels.shape == (64, 96, 4)
        assert pixels.flags.c_contiguous
        x = place(number)
        assert abs(where(pixels[..., 3]) - x) <= 1
        assert abs(int(pixels[32, x + 8, 3]) - 255) <= 4
        assert abs(int(pixels[32, x + 20, 3]) - 128) <= 6
        assert pixels[2, 90, 3] <= 4
        assert np.abs(pixels[32, x + 8, :3].astype(int) - TEAL).max() <= 8


@pytest.mark.parametrize("make", ["vp9.webm", "vp8.webm", "vp9.mkv"])
def test_a_tag_that_the_encoder_was_told_to_write_counts_as_well(make: str, tmp_path: Path) -> None:
    """FFmpeg gives it in capitals."""
    path = write(tmp_path / make, *MAKES[make], tags={"alpha_mode": "1"})
    assert whole(path)[5].pixels.shape == (64, 96, 4)


@pytest.mark.parametrize("make", ["vp9.webm", "vp8.webm", "prores.mov"])
def test_it_is_there_wherever_the_clip_is_sought(make: str, tmp_path: Path) -> None:
    path = write(tmp_path / make, *MAKES[make])
    clock = JumpingClock()
    control = TransportControl(lambda: Transport(speed=-1.0))
    source: Any = make_source(f"video:{path}", SourceSettings(clock, RATE, transport=control))
    source.open()
    source.begin(clock.now())
    for position in (0.9, 0.3, 0.62, 0.05):
        control.seek(position)
        frame = source.read()
        assert frame is not None
        assert frame.pixels.shape == (64, 96, 4)
        number = (where(frame.pixels[..., 3]) - 8) / 2
        assert abs(number - position * FRAMES) <= 1.5, f"at {position} frame {number}"
        assert frame.pixels[32, 2, 3] < 8 or number < 1
    control.seek(0.9)
    source.read()
    following = [source.read() for _ in range(12)]
    numbers = [(where(frame.pixels[..., 3]) - 8) / 2 for frame in following if frame is not None]
    assert numbers == sorted(numbers, reverse=True), "backwards"
    assert len(set(numbers)) > 5
    source.close()


@pytest.mark.parametrize("make", ["vp9.webm", "vp8.webm"])
def test_it_is_decoded_from_the_key_picture_before(make: str, tmp_path: Path) -> None:
    """The decoder of libvpx does not say which pictures are such ones."""
    file = VideoFile(write(tmp_path / make, *MAKES[make]), RATE)
    file.open()
    assert file.seek(1.5) == pytest.approx(1.2)
    file.close()


def test_a_gif_is_transparent_where_it_says(tmp_path: Path) -> None:
    pictures = [drawn(number)[..., [2, 1, 0, 3]] for number in range(4)]
    for picture in pictures:
        picture[..., 3] = np.where(picture[..., 3] > 128, 255, 0)
    animation = cv2.Animation()
    animation.frames, animation.durations = pictures, [100] * 4
    path = tmp_path / "loop.gif"
    assert cv2.imwriteanimation(str(path), animation)
    frames = whole(path)
    assert len(frames) >= 4
    alpha = frames[0].pixels[..., 3]
    assert abs(where(alpha) - place(0)) <= 1
    assert alpha[2, 90] == 0


def test_a_byte_that_nobody_wrote_is_no_alpha(tmp_path: Path) -> None:
    def unwritten(number: int) -> np.ndarray:
        pixels = drawn(number)
        pixels[..., 3] = 0
        return pixels

    for name in ("raw.avi", "raw.mov"):
        frames = whole(write(tmp_path / name, "rawvideo", "bgra", {}, pictures=unwritten))
        assert len(frames) == FRAMES
        assert frames[5].pixels.shape == (64, 96, 3)
        assert frames[5].pixels[3, 3].tolist() == list(TEAL)
    written = whole(write(tmp_path / "raw.avi", "rawvideo", "bgra", {}))
    assert abs(where(written[5].pixels[..., 3]) - place(5)) <= 1


def test_what_is_opaque_has_no_alpha(tmp_path: Path) -> None:
    def opaque(number: int) -> np.ndarray:
        pixels = drawn(number)
        pixels[..., 3] = 255
        return pixels

    for make in ("png.mov", "vp9.webm"):
        frames = whole(write(tmp_path / make, *MAKES[make], pictures=opaque))
        assert {frame.pixels.shape for frame in frames} == {(64, 96, 3)}


@pytest.mark.parametrize("make", ["png.mov", "prores.mov", "folder"])
def test_colours_that_were_multiplied_are_so_no_more_where_that_is_said(
    make: str, tmp_path: Path
) -> None:
    def multiplied(number: int) -> np.ndarray:
        pixels = drawn(number)
        pixels[..., :3] = pixels[..., :3] * (pixels[..., 3:] / 255)
        return pixels

    if make == "folder":
        for number in range(FRAMES):
            name = str(tmp_path / f"{number:03}.png")
            cv2.imwrite(name, multiplied(number)[..., [2, 1, 0, 3]])
        path = tmp_path
    else:
        path = write(tmp_path / make, *MAKES[make], pictures=multiplied)
    for wish, seen in (("", 0.5), ("?alpha=straight", 0.5), ("?alpha=premultiplied", 1.0)):
        pixels = whole(path, wish)[3].pixels
        assert abs(int(pixels[32, place(3) + 20, 3]) - 128) <= 4
        half = pixels[32, place(3) + 20, :3].astype(int)
        assert np.abs(half - np.array(TEAL) * seen).max() <= 10, wish


def test_the_alpha_of_a_movie_is_a_mask(tmp_path: Path) -> None:
    frames = whole(write(tmp_path / "vp9.webm", *MAKES["vp9.webm"]))
    pipeline = FramePipeline(SIZE, "crop", Metrics(), print)
    store = Store({"mask/mode": "alpha", "mask/feather": 0})
    for frame in frames[:3]:
        snapshot = store.sample(frame.captured)
        context = pipeline.preparation.of(frame, snapshot, pipeline.backend)
        x = place(frame.number)
        assert context.mask is not None
        assert context.mask[32, x + 8] <= 4
        assert abs(int(context.mask[32, x + 20]) - 127) <= 6
        assert context.mask[2, 90] >= 251
    pipeline.close()
