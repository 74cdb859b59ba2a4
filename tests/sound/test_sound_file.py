"""The sound of a file comes where it belongs, from wherever it is read."""

from __future__ import annotations

import wave
from pathlib import Path

import av
import numpy as np
import pytest

from tests.sound.drawn_sound import click_moments, clicks, encode, sound_stream, write_sound
from tests.torn_times import torn
from vj.core.errors import Fault
from vj.sound import RATE
from vj.sound.sound_file import SoundFile

MOMENTS = (0.4, 1.3, 2.2)
FILES = (
    ("aac.mp4", "aac", 44_100, 0.0),
    ("aac.mkv", "aac", 44_100, 0.0),
    ("opus.mkv", "libopus", 48_000, 0.0),
    ("flac.mkv", "flac", 48_000, 0.0),
    ("layer3.mp3", "libmp3lame", 44_100, 0.0),
    ("pcm.wav", "pcm_s16le", 22_050, 0.0),
    ("pcm24.mov", "pcm_s24le", 96_000, 0.0),
    ("eight.wav", "pcm_u8", 11_025, 0.0),
)


def opened(path: Path, zero: float | None = None) -> SoundFile:
    file = SoundFile(path, zero)
    assert file.open()
    return file


@pytest.mark.parametrize(("name", "codec", "rate", "late"), FILES, ids=[row[0] for row in FILES])
def test_clicks_lie_at_their_moments(
    tmp_path: Path, name: str, codec: str, rate: int, late: float
) -> None:
    path = write_sound(tmp_path / name, clicks(MOMENTS, 3.0, rate), codec, rate)
    file = opened(path)
    whole = file.read(0.0, 3 * RATE)
    assert click_moments(whole) == pytest.approx(MOMENTS, abs=1.5 / rate + late)
    assert file.length == pytest.approx(3.0, abs=0.03)
    # The same again in parts, backwards, and from anywhere.
    parts = [file.read(n * 0.04, 1920) for n in range(75)]
    assert np.array_equal(np.concatenate(parts), whole)
    back = [file.read(n * 0.04, 1920) for n in reversed(range(75))]
    assert np.allclose(np.concatenate(back[::-1]), whole, atol=1e-3)
    for place in (2.61, 0.003, 1.29, 0.71, 2.2):
        far = opened(path)
        far.read(2.9, 10)
        begin = round(place * RATE)
        assert np.allclose(far.read(place, 3000), whole[begin : begin + 3000], atol=1e-3)


def test_there_is_silence_before_and_behind_the_sound(tmp_path: Path) -> None:
    file = opened(write_sound(tmp_path / "a.flac", clicks([0.5], 1.0), "flac"))
    assert not file.read(-1.0, RATE).any()
    assert not file.read(1.0, RATE).any()
    assert file.read(0.9, RATE)[: RATE // 20].any()
    assert click_moments(file.read(-0.25, RATE)) == pytest.approx([0.75])


def test_long_after_its_end_there_is_silence_at_once(tmp_path: Path) -> None:
    file = opened(write_sound(tmp_path / "a.mkv", clicks([0.5], 1.0), "flac"))
    assert not file.read(500.0, RATE).any()
    assert not file.read(501.0, RATE).any()
    assert click_moments(file.read(0.25, RATE)) == pytest.approx([0.25])
    assert not file.read(30.0, RATE).any()


def test_a_late_sound_stays_late(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mov", clicks([0.5], 1.0), "pcm_s16le", begins=0.25)
    assert click_moments(opened(path, zero=0.0).read(0.0, 2 * RATE)) == pytest.approx([0.75])


def test_the_clip_says_where_its_time_begins(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "a.mov", clicks([0.5], 1.0), "pcm_s16le")
    assert click_moments(opened(path, zero=0.125).read(0.0, RATE)) == pytest.approx([0.375])


@pytest.mark.parametrize(("name", "codec"), [("hole.mkv", "pcm_s16le"), ("hole.mp4", "aac")])
def test_a_hole_in_the_sound_is_silence_and_what_follows_is_in_time(
    tmp_path: Path, name: str, codec: str
) -> None:
    with av.open(str(tmp_path / name), "w") as container:
        stream = sound_stream(container, codec)
        encode(container, stream, clicks([0.5], 1.024), flush=False)
        encode(container, stream, clicks([0.5], 1.0), begins=2.0)
    whole = opened(tmp_path / name).read(0.0, 3 * RATE)
    assert click_moments(whole) == pytest.approx([0.5, 2.5], abs=1e-3)
    assert not whole[round(1.06 * RATE) : round(1.94 * RATE)].any()


def test_channels_without_a_way_to_stereo_are_silent_and_counted(tmp_path: Path) -> None:
    path = tmp_path / "nine.wav"
    with wave.open(str(path), "wb") as made:
        made.setnchannels(9)
        made.setsampwidth(2)
        made.setframerate(RATE)
        made.writeframes(np.full((RATE // 4, 9), 8000, np.int16).tobytes())
    file = opened(path)
    assert not file.read(0.0, 480).any()
    assert file.broken


def test_mono_is_as_loud_on_both_sides_and_surround_does_not_clip(tmp_path: Path) -> None:
    tone = (0.5 * np.sin(np.arange(RATE) / 9)).astype(np.float32)
    mono = opened(write_sound(tmp_path / "mono.flac", tone, "flac")).read(0.0, RATE)
    assert np.allclose(mono, tone[:, None], atol=1e-3)
    loud = np.full((6, RATE), 0.99, np.float32)
    path = write_sound(tmp_path / "surround.mov", loud, "pcm_s16le", layout="5.1")
    mixed = opened(path).read(0.1, 4800)
    assert mixed.min() > 0.5
    assert mixed.max() <= 1.0


def test_the_default_stream_is_heard(tmp_path: Path) -> None:
    path = tmp_path / "languages.mkv"
    with av.open(str(path), "w") as container:
        other = container.add_stream("flac", rate=RATE, layout="mono")
        meant = container.add_stream("flac", rate=RATE, layout="mono")
        other.disposition = av.stream.Disposition(0)
        meant.disposition = av.stream.Disposition.default
        for stream, moment in ((other, 0.2), (meant, 0.7)):
            samples = (clicks([moment], 1.0) * 32767).astype(np.int16)[None]
            frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
            frame.rate, frame.pts = RATE, 0
            container.mux([*stream.encode(frame), *stream.encode(None)])
    assert click_moments(opened(path).read(0.0, RATE)) == pytest.approx([0.7], abs=1e-3)


def test_a_clip_without_sound_says_so_and_a_missing_one_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "silent.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width = stream.height = 32
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        container.mux([*stream.encode(frame), *stream.encode(None)])
    assert not SoundFile(path).open()
    with pytest.raises(Fault, match=r"gone\.wav"):
        SoundFile(tmp_path / "gone.wav").open()
    (tmp_path / "text.wav").write_text("no sound at all")
    with pytest.raises(Fault, match=r"text\.wav: cannot be read"):
        SoundFile(tmp_path / "text.wav").open()


def test_sound_beside_a_picture_is_found_by_its_own_times(tmp_path: Path) -> None:
    path = tmp_path / "film.mkv"
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=25, options={"g": "100"})
        picture.width = picture.height = 32
        heard = sound_stream(container, "aac")
        frame = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
        for number in range(200):
            frame.pts = number
            container.mux(picture.encode(frame))
        container.mux(picture.encode(None))
        encode(container, heard, clicks([1.0, 6.5], 8.0))
    file = opened(path)
    assert click_moments(file.read(6.0, RATE)) == pytest.approx([0.5], abs=1e-4)
    assert click_moments(file.read(0.5, RATE)) == pytest.approx([0.5], abs=1e-4)


def test_torn_times_silence_nothing_that_comes_after_them(tmp_path: Path) -> None:
    """As a weak signal leaves them: some that are sent together have a time far from the others."""
    moments = [0.5, 1.0, 1.5, 2.5]
    path = tmp_path / "torn.ts"
    write_sound(path, clicks(moments, 3.0, width=24), "mp2", layout="stereo")
    path.write_bytes(torn(path.read_bytes(), b"\xc0", 0.25))
    file = opened(path)
    assert click_moments(file.read(0.0, 3 * RATE)) == pytest.approx(moments, abs=0.02)
    assert click_moments(file.read(2.0, RATE)) == pytest.approx([0.5], abs=0.02)


def test_a_gap_is_none_of_those(tmp_path: Path) -> None:
    """Not even shortly before the end."""
    path = tmp_path / "gap.mkv"
    with av.open(str(path), "w") as container:
        stream = sound_stream(container, "pcm_s16le")
        encode(container, stream, clicks([0.5], 1.0, width=24), flush=False)
        encode(container, stream, clicks([0.1], 0.2, width=24), 4.0)
    file = SoundFile(path)
    assert file.open()
    assert click_moments(file.read(0.0, 5 * RATE)) == pytest.approx([0.5, 4.1], abs=1e-3)


def test_where_the_format_changes_nothing_is_lost(tmp_path: Path) -> None:
    """A broadcast that goes from mono to stereo, and to another rate."""
    parts = [(48_000, "mono"), (48_000, "stereo"), (44_100, "stereo")]
    joined = b""
    for rate, layout in parts:
        tone = 0.3 * np.sin(2 * np.pi * 440 * np.arange(2 * 1152 * 20) / rate)
        part = write_sound(tmp_path / f"{rate}{layout}.mp2", tone, "mp2", rate, layout)
        joined += part.read_bytes()
    path = tmp_path / "broadcast.mp2"
    path.write_bytes(joined)
    seconds = sum(2 * 1152 * 20 / rate for rate, _ in parts)
    file = opened(path)
    heard = file.read(0.0, round(seconds * RATE))
    loud = np.abs(heard[: len(heard) // 240 * 240, 0]).reshape(-1, 240).max(axis=1) > 0.1
    file.close()
    assert file.broken == 0
    assert (~loud[4:-8]).sum() <= 4, "no frame of 24 ms is missing"
