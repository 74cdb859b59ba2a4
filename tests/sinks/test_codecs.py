"""ProRes and FFV1: what comes back is what was sent, the alpha to the bit, in colours that every
program reads alike."""

from __future__ import annotations

import os
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from tests.sinks.test_recorder import SteppedClock, check_colours, frames_of, generated
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sinks import SinkSettings, check_uri, make_sink
from vj.sinks.codecs import codec_named
from vj.sinks.mark import Mark
from vj.sinks.recorder import Recorder

MOVIES = {
    "out.mov?codec=prores-422-hq": ("prores", "HQ"),
    "out.mov?codec=prores-4444&alpha=mask": ("prores", "4444"),
    "out.mkv?codec=ffv1": ("ffv1", None),
    "out.mkv?codec=ffv1&alpha=mask": ("ffv1", None),
}
SIZE = 160, 120
MARK = Mark("0.1.0", "pocket", "Kiss & tell", "trainedAlgorithmicMedia")


def sent(number: int, alpha: bool) -> np.ndarray:
    """Four patches and a walking square; the alpha has every value."""
    picture = generated(*SIZE, number)
    ramp = np.resize(np.arange(256, dtype=np.uint8), SIZE[::-1])
    return np.dstack([picture, ramp]) if alpha else picture


def recorded(folder: Path, name: str, count: int, moments: list[float] | None = None) -> Recorder:
    """Offline, or live at `moments` (seconds)."""
    clock, live = SteppedClock(), moments is not None
    settings = SinkSettings(clock if live else FrameClock(30), live, mark=lambda: MARK)
    sink = make_sink(f"record:{folder}/{name}", settings)
    assert isinstance(sink, Recorder)
    sink.open(*SIZE, 30)
    for number in range(count):
        clock.moment = 100.0 + (moments[number] if moments else 0)
        sink.send(Frame(sent(number, "alpha" in name), number, 0.0))
    sink.close()
    return sink


def alpha_of(picture: av.VideoFrame) -> np.ndarray:
    """(H, W) 0..255, from whatever depth the alpha plane has."""
    if picture.format.name == "bgra":
        return picture.to_ndarray(format="bgra")[..., 3]
    plane = bytes(picture.planes[3])
    deep = np.frombuffer(plane, np.uint16).reshape(picture.height, -1)[:, : picture.width]
    most = 2 ** picture.format.components[3].bits - 1
    return np.round(deep / most * 255).astype(np.uint8)


@pytest.mark.parametrize("name", MOVIES)
def test_a_movie_for_editors_reads_back_as_it_was_sent(name: str, tmp_path: Path) -> None:
    path = recorded(tmp_path / "new", name, 20).path
    with av.open(str(path)) as movie:
        stream = movie.streams.video[0]
        codec, profile = stream.codec_context.name, stream.codec_context.profile
        back = list(movie.decode(stream))
    assert (codec, profile) == MOVIES[name]
    assert len(back) == 20
    assert float(back[10].time or 0) == pytest.approx(10 / 30, abs=0.001)
    wanted = sent(10, "alpha" in name)
    colours = back[10].to_ndarray(format="rgb24")
    check_colours(colours)
    if "ffv1" in name:
        assert np.array_equal(colours, wanted[..., :3]), "every bit"
    if "alpha" in name:
        assert np.array_equal(alpha_of(back[10]), wanted[..., 3]), "every step of the alpha"
    again = recorded(tmp_path / "again", name, 20).path
    assert again.read_bytes() == path.read_bytes(), "the same bytes"
    assert MARK.tool.encode() in path.read_bytes()[:20_000]


def test_prores_has_the_colours_of_hd_in_another_reader(tmp_path: Path) -> None:
    path = recorded(tmp_path, "out.mov?codec=prores", 5).path
    picture = cv2.VideoCapture(str(path)).read()[1]
    check_colours(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB))
    with av.open(str(path)) as movie:
        context = movie.streams.video[0].codec_context
        tags = context.color_primaries, context.color_trc, context.colorspace, context.color_range
        assert [int(tag) for tag in tags] == [1, 1, 1, 1], "BT.709, as video has it"


@pytest.mark.parametrize("name", ["out.mov?codec=prores-422-hq", "out.mkv?codec=ffv1"])
def test_frames_that_are_lost_live_cost_no_time(name: str, tmp_path: Path) -> None:
    moments = [0.0, 1 / 30, 0.5, 1.0, 2.5]
    back = frames_of(recorded(tmp_path, name, 5, moments).path)
    assert [moment for moment, _ in back] == pytest.approx(moments, abs=0.001)


@pytest.mark.parametrize("name", ["out.mov?codec=prores-422-hq", "out.mkv?codec=ffv1"])
def test_what_a_kill_leaves_plays_almost_to_its_end(name: str, tmp_path: Path) -> None:
    sink = make_sink(f"record:{tmp_path}/{name}", SinkSettings(FrameClock(30), live=False))
    assert isinstance(sink, Recorder)
    sink.open(*SIZE, 30)
    for number in range(90):
        sink.send(Frame(sent(number, False), number, 0.0))
    copy = tmp_path / f"killed{sink.path.suffix}"
    copy.write_bytes(sink.path.read_bytes())
    sink.close()
    assert len(frames_of(copy)) >= 90 - 31, "all but the last second"
    check_colours(frames_of(copy)[50][1])


def test_odd_sides_stay_odd_where_the_codec_can(tmp_path: Path) -> None:
    sizes = {"a.mkv?codec=ffv1": (33, 25), "b.mov?codec=prores": (34, 26)}
    for name, size in sizes.items():
        sink = make_sink(f"record:{tmp_path}/{name}", SinkSettings(FrameClock(30), live=False))
        sink.open(33, 25, 30)
        sink.send(Frame(generated(33, 25), 0, 0.0))
        sink.close()
        with av.open(os.path.join(tmp_path, name.split("?")[0])) as movie:
            stream = movie.streams.video[0]
            assert (stream.width, stream.height) == size


def test_a_codec_is_found_as_people_write_it() -> None:
    for name in ("prores 4444", "ProRes-4444", "PRORES4444"):
        assert codec_named(name).name == "prores 4444"
    assert codec_named("prores").name == codec_named("ProRes HQ").name == "prores 422 hq"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("record:a.mp4?codec=ffv1", r"ffv1 is written into \.mkv; record:a\.mkv would be right"),
        ("record:a.mkv?codec=prores", r"written into \.mov"),
        ("record:a.mov?codec=prores-444", "did you mean prores 4444"),
        ("ndi:x?codec=ffv1", "codec: is for recordings"),
        ("record:a.mov?alpha=mask", r"alpha: .* codec: prores 4444 \(\.mov\) or ffv1"),
        ("record:a.mov?codec=prores&alpha=mask", "alpha: "),
        ("record:a.gif?alpha=mask", "alpha: "),
        ("virtualcam?alpha=mask", "alpha: "),
    ],
)
def test_what_cannot_be_written_is_told_with_what_can(uri: str, message: str) -> None:
    with pytest.raises(Fault, match=message):
        check_uri(uri)


def test_a_small_rendering_is_the_same_bytes_each_time(tmp_path: Path) -> None:
    """With AVX-512 x264 looked at what lay beside the picture in memory."""
    random = np.random.default_rng(0)
    noise = random.integers(0, 128, (64, 96, 3), np.uint8)
    found = set()
    for turn in range(40):
        junk = [random.integers(0, 255, random.integers(1000, 300_000)) for _ in range(10)]
        junk = [one.astype(np.uint8) for one in junk]
        del junk  # other values in the memory that comes next
        sink = make_sink(f"record:{tmp_path}/{turn}.mp4", SinkSettings(FrameClock(25), live=False))
        sink.open(96, 64, 25)
        for number in range(16):
            sink.send(Frame(np.roll(noise, number, 1), number, number / 25))
        sink.close()
        found.add((tmp_path / f"{turn}.mp4").read_bytes())
    assert len(found) == 1
