"""Sources: files, pictures, the test card, and the thread that keeps them coming."""

from __future__ import annotations

import sys
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import cv2
import numpy as np
import pytest

from tests.sources.played import read_all
from tests.waiting import JumpingClock
from vj.core.clock import FrameClock
from vj.core.errors import Fault, Unavailable
from vj.core.frame import Size
from vj.sinks.loop_picture import LoopPicture
from vj.sources import SourceSettings, make_source, split_uri
from vj.sources.spout import list_spout_senders
from vj.sources.testcard import BARS, DancerScene

RED, GREEN, BLUE = (220, 20, 30), (20, 200, 40), (30, 40, 220)


def offline(**more: Any) -> SourceSettings:
    return SourceSettings(FrameClock(25), fps=25, size=Size(64, 48), **more)


def live(**more: Any) -> SourceSettings:
    """Live settings on a clock on which nobody waits."""
    return SourceSettings(JumpingClock(), **{"fps": 25, "size": Size(64, 48), **more})


def write_clip(
    path: Path,
    frames: int = 12,
    size: Size = Size(96, 64),
    rate: int = 25,
    pts: list[int] | None = None,
    **stream: Any,
) -> Path:
    """A clip whose upper half is red and lower half blue, with a green square that moves to the
    right."""
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=rate, options={"crf": "10", "preset": "ultrafast"})
        track.width, track.height, track.pix_fmt = (
            size.width - size.width % 2,
            size.height - size.height % 2,
            "yuv420p",
        )
        for name, value in stream.items():
            setattr(track, name, value)
        for number in range(frames):
            pixels = np.empty((track.height, track.width, 3), np.uint8)
            pixels[: track.height // 2], pixels[track.height // 2 :] = RED, BLUE
            pixels[8:24, 4 * number : 4 * number + 16] = GREEN
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.time_base, frame.pts = Fraction(1, rate), pts[number] if pts else number
            for packet in track.encode(frame):
                file.mux(packet)
        for packet in track.encode():
            file.mux(packet)
    return path


def close_to(pixel: np.ndarray, colour: tuple[int, int, int], by: int = 25) -> bool:
    return bool(np.abs(pixel.astype(int) - colour).max() <= by)


@pytest.mark.parametrize(
    ("uri", "kind"),
    [
        ("testcard", "testcard"),
        ("clip.mp4", "video"),
        ("photo.JPG", "image"),
        ("camera", "camera"),
        ("C:\\clips\\a.mov", "video"),
        ("ndi:a:b", "ndi"),
    ],
)
def test_uris(uri: str, kind: str) -> None:
    assert split_uri(uri)[0] == kind


def test_an_unknown_kind_gets_the_nearest() -> None:
    with pytest.raises(Fault, match="did you mean camera"):
        split_uri("cmaera:0")


def test_the_test_card_follows_from_the_number_alone() -> None:
    one, two = DancerScene(Size(256, 192), 30), DancerScene(Size(256, 192), 30)
    assert np.array_equal(one.draw(17), two.draw(17))
    one.draw(3)
    assert np.array_equal(one.draw(17), two.draw(17))
    assert np.abs(one.draw(17).astype(int) - one.draw(19)).mean() > 0.3, "it moves"


@pytest.mark.parametrize(
    "size", [Size(64, 64), Size(256, 256), Size(640, 360), Size(360, 640), Size(2048, 512)]
)
def test_the_test_card_draws_at_any_size_and_its_bars_have_their_colours(size: Size) -> None:
    drawn = DancerScene(size, 30).draw(5)
    assert drawn.shape == (size.height, size.width, 3)
    for index, colour in enumerate(BARS):
        assert tuple(drawn[-2, int((index + 0.5) * size.width / 7)]) == colour


def test_live_the_test_card_keeps_its_pace() -> None:
    settings = live(fps=50)
    source = make_source("testcard", settings)
    source.open()
    frames = [frame for frame in (source.read() for _ in range(20)) if frame is not None]
    assert [frame.number for frame in frames] == list(range(20))
    assert [frame.captured for frame in frames] == pytest.approx([n / 50 for n in range(20)])
    settings.clock.wait_until(1.0)  # the caller was slow: frames that are late are left out
    frame = source.read()
    assert frame is not None
    assert (frame.number, frame.captured) == (50, 1.0)


def test_a_clip_gives_every_frame_once_in_order_and_its_colours(tmp_path: Path) -> None:
    found = read_all(make_source(str(write_clip(tmp_path / "clip.mp4")), offline(loop=False)))
    assert [frame.number for frame in found] == list(range(12))
    for number, frame in enumerate(found):
        assert frame.size == Size(96, 64)
        assert close_to(frame.pixels[2, 90], RED)
        assert close_to(frame.pixels[60, 10], BLUE)
        assert close_to(frame.pixels[16, 4 * number + 8], GREEN)


def test_a_large_clip_that_names_no_colours_is_read_as_players_do(tmp_path: Path) -> None:
    """720 lines and more mean BT.709. Pure red, encoded so, comes back red; read as BT.601 it would
    be orange."""
    path = tmp_path / "hd.mkv"
    with av.open(str(path), "w") as file:
        track = file.add_stream("libx264", rate=25, options={"crf": "5"})
        track.width, track.height, track.pix_fmt = 1280, 720, "yuv420p"
        red709 = np.empty((720 * 3 // 2, 1280), np.uint8)
        red709[:720], red709[720 : 720 + 180], red709[720 + 180 :] = 63, 102, 240
        for packet in [
            *track.encode(av.VideoFrame.from_ndarray(red709, format="yuv420p")),
            *track.encode(),
        ]:
            file.mux(packet)
    (frame,) = read_all(make_source(str(path), offline(loop=False)))
    assert close_to(frame.pixels[300, 600], (255, 0, 0), by=6)


def test_a_clip_loops_without_a_seam_in_its_numbers(tmp_path: Path) -> None:
    source: Any = make_source(str(write_clip(tmp_path / "clip.mp4", frames=5)), offline())
    source.open()
    assert source.frames == 5
    assert source.fps == 25
    found = [source.read() for _ in range(203)]
    assert [frame.number for frame in found] == list(range(203))
    assert np.array_equal(found[0].pixels, found[200].pixels)
    source.close()


@pytest.mark.parametrize(("degrees", "corner"), [(90, "left"), (-90, "right"), (180, "bottom")])
def test_a_rotation_tag_is_honoured(tmp_path: Path, degrees: int, corner: str) -> None:
    """The upper half is red; turned counterclockwise by 90 degrees red is on the left."""
    write_clip(tmp_path / "plain.mp4")
    path = tmp_path / "turned.mp4"
    with av.open(str(tmp_path / "plain.mp4")) as file, av.open(str(path), "w") as out:
        track = out.add_stream_from_template(file.streams.video[0])
        track.set_display_rotation(degrees)
        for packet in file.demux(file.streams.video[0]):
            if packet.dts is not None:
                packet.stream = track
                out.mux(packet)
    frame = read_all(make_source(str(path), offline(loop=False)))[0]
    assert frame.size == (Size(96, 64) if degrees == 180 else Size(64, 96))
    height, width = frame.pixels.shape[:2]
    red = {"left": (height - 4, 4), "right": (4, width - 4), "bottom": (height - 4, 4)}[corner]
    assert close_to(frame.pixels[red], RED)
    assert frame.pixels.flags.c_contiguous


def test_pixels_that_are_not_square_are_made_so(tmp_path: Path) -> None:
    path = tmp_path / "anamorphic.mkv"
    with av.open(str(path), "w") as file:
        track = file.add_stream("mpeg4", rate=25)
        track.width, track.height, track.pix_fmt = 90, 64, "yuv420p"
        track.codec_context.sample_aspect_ratio = Fraction(2, 1)
        for _ in range(3):
            for packet in track.encode(
                av.VideoFrame.from_ndarray(np.zeros((64, 90, 3), np.uint8), format="rgb24")
            ):
                file.mux(packet)
        for packet in track.encode():
            file.mux(packet)
    assert read_all(make_source(str(path), offline(loop=False)))[0].size == Size(180, 64)


def test_odd_sizes(tmp_path: Path) -> None:
    path = tmp_path / "odd.avi"
    with av.open(str(path), "w") as file:
        track = file.add_stream("mjpeg", rate=25)
        track.width, track.height, track.pix_fmt = 333, 187, "yuvj444p"
        frame = av.VideoFrame.from_ndarray(np.full((187, 333, 3), RED, np.uint8), format="rgb24")
        for packet in [*track.encode(frame), *track.encode()]:
            file.mux(packet)
    (seen,) = read_all(make_source(str(path), offline(loop=False)))
    assert seen.size == Size(333, 187)
    assert close_to(seen.pixels[180, 330], RED)


def test_a_variable_frame_rate_is_played_by_its_timestamps(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "vfr.mp4", frames=6, pts=[0, 1, 2, 12, 13, 14])
    frames = read_all(make_source(str(path), live(loop=False)), gaps=True)
    assert [frame.captured for frame in frames] == pytest.approx(
        [pts / 25 for pts in (0, 1, 2, 12, 13, 14)]
    ), "with the pause of 10 frames of 25 a second"


def test_reading_never_waits_long(tmp_path: Path) -> None:
    settings = live(loop=False)
    source = make_source(
        str(write_clip(tmp_path / "slow.mp4", frames=3, pts=[0, 60, 120])), settings
    )
    source.open()
    source.read()
    for turn in range(1, 4):
        assert source.read() is None
        assert settings.clock.now() == pytest.approx(0.2 * turn)


def test_broken_packets_are_skipped(tmp_path: Path) -> None:
    data = bytearray(write_clip(tmp_path / "clip.mp4", frames=60).read_bytes())
    for place in np.random.default_rng(4).integers(1500, data.index(b"moov") - 8, 40):
        data[place] ^= 0xFF
    (tmp_path / "torn.mp4").write_bytes(data)
    source: Any = make_source(str(tmp_path / "torn.mp4"), offline(loop=False))
    found = read_all(source)
    assert 15 < len(found) <= 60
    assert source.broken > 0 or len(found) == 60
    whole = write_clip(tmp_path / "clip.mkv", frames=60).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) * 2 // 3])
    source = make_source(str(cut), offline())
    source.open()
    assert all(source.read() is not None for _ in range(150)), "two thirds of a file loop too"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "no such file"),
        (b"", "is empty"),
        (b"just some text\n" * 50, "not a video"),
        ("folder", "is a folder"),
    ],
)
def test_what_is_no_video_is_reported_with_its_path(
    tmp_path: Path, content: Any, words: str
) -> None:
    path = tmp_path / "clip.mp4"
    if content == "folder":
        path.mkdir()
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(Fault, match=words) as caught:
        make_source(f"video:{path}", offline()).open()
    assert str(path) in str(caught.value)


def test_a_file_with_sound_only(tmp_path: Path) -> None:
    path = tmp_path / "sound.wav"
    with av.open(str(path), "w") as file:
        track = file.add_stream("pcm_s16le", rate=8000)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 800), np.int16), layout="mono")
        frame.rate = 8000
        for packet in [*track.encode(frame), *track.encode()]:
            file.mux(packet)
    with pytest.raises(Fault, match="holds no picture, only audio"):
        make_source(f"video:{path}", offline()).open()


def test_a_picture_comes_again_and_again(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.full((30, 40, 3), RED[::-1], np.uint8))
    source = make_source(str(path), offline())
    source.open()
    frames = [source.read() for _ in range(3)]
    assert [frame.number for frame in frames if frame] == [0, 1, 2]
    assert all(frame is not None and tuple(frame.pixels[5, 5]) == RED for frame in frames)
    path.write_bytes(b"no picture")
    with pytest.raises(Fault, match="not a picture"):
        source.open()
    with pytest.raises(
        Fault, match=r"image:.*/phota.png: there is no such file .*; did you mean photo.png"
    ):
        make_source(f"image:{tmp_path / 'phota.png'}", offline()).open()


def test_a_webp_that_would_move_is_told_to_stand(tmp_path: Path) -> None:
    for pictures in (1, 3):
        loop = LoopPicture(tmp_path / f"{pictures}.webp", Size(32, 24), 25, live=False)
        for number in range(pictures):
            loop.add(np.full((24, 32, 3), 80 * number, np.uint8), 0.0)
        loop.finish()
    told: list[str] = []
    for pictures in (1, 3):
        source = make_source(f"image:{tmp_path}/{pictures}.webp", offline(log=told.append))
        source.open()
        source.close()
    assert len(told) == 1
    assert "3.webp: only its first picture is shown; video:" in told[0]


def test_transparency_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "photo.png"
    cv2.imwrite(str(path), np.full((30, 40, 4), (*BLUE[::-1], 128), np.uint8))
    source = make_source(str(path), offline())
    source.open()
    frame = source.read()
    assert frame is not None
    assert tuple(frame.pixels[0, 0]) == (*BLUE, 128)


def test_no_source_is_grey() -> None:
    source = make_source("none", offline())
    source.open()
    frame = source.read()
    assert frame is not None
    assert frame.size == Size(64, 48)
    assert set(np.unique(frame.pixels)) == {127}


@pytest.mark.skipif(sys.platform == "win32", reason="Spout is there on Windows")
def test_spout_elsewhere_says_what_plays_instead() -> None:
    with pytest.raises(Unavailable, match="Windows only; NDI plays here"):
        make_source("spout:x", live()).open()
    with pytest.raises(Unavailable, match="Windows only"):
        list_spout_senders()


def test_spout_speaks_to_its_library_as_the_library_expects(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Against a stand-in with SpoutGL's calls: it cannot run here."""

    class Receiver:
        updates, calls = 1, 0

        def __enter__(self) -> Receiver:
            return self

        def __exit__(self, *_: object) -> None: ...
        def setReceiverName(self, name: str) -> None:
            assert name == "td"

        def waitFrameSync(self, name: str, milliseconds: int) -> bool:
            return True

        def receiveImage(
            self, buffer: np.ndarray | None, form: int, invert: bool, host: int
        ) -> bool:
            self.calls += 1
            if buffer is not None:
                buffer.reshape(48, 64, 4)[:] = (*RED, 255)
            return self.calls > 1

        def isUpdated(self) -> bool:
            self.updates -= 1
            return self.updates >= 0

        def isFrameNew(self) -> bool:
            return True

        def getSenderWidth(self) -> int:
            return 64

        def getSenderHeight(self) -> int:
            return 48

    module: Any = ModuleType("SpoutGL")
    module.SpoutReceiver = Receiver
    monkeypatch.setitem(sys.modules, "SpoutGL", module)
    source = make_source("spout:td", live())
    source.open()
    assert source.read() is None, "no sender yet"
    assert source.read() is None, "a new size"
    frame = source.read()
    assert frame is not None
    assert frame.pixels.shape == (48, 64, 4)
    assert tuple(frame.pixels[7, 9]) == (*RED, 255)
    source.close()
