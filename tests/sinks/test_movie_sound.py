"""Recordings carry sound: a click is heard while its flash is seen, in every kind of file, whole or
killed."""

from __future__ import annotations

import shutil
import wave
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest

from tests.disks import small_disk
from tests.sound.drawn_sound import click_moments
from vj.core.clock import FrameClock
from vj.core.frame import Frame
from vj.core.mailbox import Mailbox
from vj.sinks import SinkSettings, make_sink
from vj.sinks.recorder import Recorder
from vj.sinks.runner import SinkRunner
from vj.sound import RATE
from vj.sound.sound_file import SoundFile

SIZE = 64, 48
FLASHES = (13, 40, 77)
FRAMES = 100
KINDS = ["out.mp4", "out.mkv", "out.mov", "out.mov?codec=prores-422-hq", "out.mkv?codec=ffv1"]


def picture(number: int) -> np.ndarray:
    return np.full((SIZE[1], SIZE[0], 3), 255 if number in FLASHES else 10, np.uint8)


def sound_of(first: int, last: int, fps: float) -> np.ndarray:
    """Samples `first` to `last` of a tone with a click as each flash begins."""
    tone = 0.05 * np.sin(2 * np.pi * 330 * np.arange(first, last) / RATE)
    for number in FLASHES:
        click = round(number / fps * RATE)
        if first <= click < last:
            tone[click - first] = 0.9
    return np.repeat(tone[:, None], 2, axis=1).astype(np.float32)


def recorder(path: str, clock: FrameClock, live: bool = False) -> Recorder:
    sink = make_sink(f"record:{path}", SinkSettings(clock, live=live, sound=lambda: True))
    assert isinstance(sink, Recorder)
    return sink


def render(path: str, fps: float, during: Callable[[int], object] = lambda number: None) -> None:
    """Frames and their sound, as offline."""
    clock = FrameClock(fps)
    sink = recorder(path, clock)
    sink.open(*SIZE, fps)
    for number in range(FRAMES):
        sink.send(Frame(picture(number), number, clock.now()))
        first, last = (round(n / fps * RATE) for n in (number, number + 1))
        sink.send_sound(clock.now(), sound_of(first, last, fps))
        during(number)
        clock.advance()
    sink.close()


def flash_moments(path: Path) -> list[float]:
    with av.open(str(path)) as movie:
        return [
            float(frame.time or 0)
            for frame in movie.decode(video=0)
            if frame.to_ndarray(format="gray").mean() > 128
        ]


def heard(path: Path) -> np.ndarray:
    """All of a movie's sound, as another program decodes it: a sample at its time."""
    whole = np.zeros((12 * RATE, 2), np.float32)
    with av.open(str(path)) as movie:
        turn = av.AudioResampler("flt", "stereo", RATE)
        for frame in movie.decode(audio=0):
            begins = round(float(frame.time or 0) * RATE)
            for part in turn.resample(frame):
                samples = part.to_ndarray().reshape(-1, 2)
                whole[begins : begins + len(samples)] = samples
    return whole


@pytest.mark.parametrize("fps", [30.0, 24000 / 1001])
@pytest.mark.parametrize("name", KINDS)
def test_clicks_stay_in_their_flashes(tmp_path: Path, name: str, fps: float) -> None:
    render(f"{tmp_path}/{name}", fps)
    path = tmp_path / name.partition("?")[0]
    flashes, clicks = flash_moments(path), click_moments(heard(path))
    assert flashes == pytest.approx([number / fps for number in FLASHES], abs=1e-3)
    assert clicks == pytest.approx(flashes, abs=1e-3)
    file = SoundFile(path)
    assert file.open()
    assert click_moments(file.read(0.0, 8 * RATE)) == pytest.approx(flashes, abs=1e-3)
    assert file.length == pytest.approx(FRAMES / fps, abs=1e-3)


def test_nothing_is_lost_where_nothing_has_to_be(tmp_path: Path) -> None:
    for name in ("out.mkv", "out.mov"):
        render(f"{tmp_path}/{name}", 25.0)
        given = sound_of(0, 4 * RATE, 25.0)
        assert np.abs(heard(tmp_path / name)[: 4 * RATE] - given).max() < 2**-22


@pytest.mark.parametrize("name", KINDS)
def test_two_renderings_are_the_same_bytes(tmp_path: Path, name: str) -> None:
    place = name.partition("?")[0]
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        render(f"{tmp_path}/{folder}/{name}", 30.0)
    assert (tmp_path / "one" / place).read_bytes() == (tmp_path / "two" / place).read_bytes()


@pytest.mark.parametrize("name", KINDS)
def test_a_killed_recording_has_its_sound_in_time(tmp_path: Path, name: str) -> None:
    path = tmp_path / name.partition("?")[0]
    killed = path.with_stem("killed")
    render(
        f"{tmp_path}/{name}",
        30.0,
        lambda number: shutil.copy(path, killed) if number == 95 else None,
    )
    seen = [moment for moment in flash_moments(killed) if moment < 2]
    assert seen == pytest.approx([13 / 30, 40 / 30], abs=1e-3)
    assert [m for m in click_moments(heard(killed)) if m < 2] == pytest.approx(seen, abs=1e-3)


def test_live_sound_lies_at_its_moment_beside_the_pictures(tmp_path: Path) -> None:
    """Frames are lost, blocks jitter, some of the sound never comes."""
    clock = FrameClock(100.0)
    sink = recorder(f"{tmp_path}/live.mp4", clock, live=True)
    for _ in range(500):
        clock.advance()
    sink.open(*SIZE, 30.0)
    begun = clock.now()
    number = 0
    for tick in range(400):
        now = clock.now() - begun
        if tick % 3 == 0 and not 200 < tick < 220:
            pixels = np.full((SIZE[1], SIZE[0], 3), 255 if tick in (120, 330) else 10, np.uint8)
            sink.send(Frame(pixels, number, clock.now()))
            number += 1
        if tick % 2 == 0 and tick not in range(140, 170):
            block = np.full((960, 2), 0.05, np.float32)
            if tick in (120, 330):
                block[0] = 0.9
            jitter = 0.003 * (tick % 5 - 2)
            sink.send_sound(begun + now + (jitter if tick not in (0, 170) else 0.0), block)
        clock.advance()
    sink.close()
    path = tmp_path / "live.mp4"
    whole = heard(path)
    flashes = flash_moments(path)
    assert flashes == pytest.approx([1.2, 3.3], abs=2e-3)
    assert click_moments(whole) == pytest.approx(flashes, abs=0.012)
    assert np.abs(whole[round(1.45 * RATE) : round(1.65 * RATE)]).max() < 0.01
    assert np.abs(whole[round(1.75 * RATE) : round(3.9 * RATE)]).min() > 0.01


def test_sound_that_stops_does_not_hold_the_pictures_back(tmp_path: Path) -> None:
    """What is killed then has its pictures."""
    clock = FrameClock(30.0)
    sink = recorder(f"{tmp_path}/live.mkv", clock, live=True)
    sink.open(*SIZE, 30.0)
    for number in range(240):
        sink.send(Frame(picture(number), number, clock.now()))
        clock.advance()
    shutil.copy(tmp_path / "live.mkv", tmp_path / "killed.mkv")
    sink.close()
    with av.open(str(tmp_path / "killed.mkv")) as movie:
        assert sum(1 for _ in movie.decode(video=0)) > 150


def test_where_a_disk_is_full_the_sound_goes_on_in_the_spare_folder(tmp_path: Path) -> None:
    clock = FrameClock(25.0)
    said: list[str] = []
    spare = tmp_path / "takes"
    noise = np.random.default_rng(1).integers(0, 255, (SIZE[1], SIZE[0], 3), np.uint8)
    hiss = np.random.default_rng(2).uniform(-0.5, 0.5, (1920, 2)).astype(np.float32)
    with small_disk(tmp_path, 1) as disk:
        settings = SinkSettings(clock, log=said.append, spare=spare, sound=lambda: True)
        sink = make_sink(f"record:{disk}/out.mkv?codec=ffv1", settings)
        sink.open(*SIZE, 25.0)
        for number in range(60):
            sink.send(Frame(np.roll(noise, number, 1), number, clock.now()))
            sink.send_sound(clock.now(), hiss)  # type: ignore[attr-defined]
            clock.advance()
        sink.close()
    assert "it goes on in" in said[0]
    file = SoundFile(spare / "out.mkv")
    assert file.open()
    assert np.abs(file.read(0.2, 1920) - hiss).max() < 2**-22


def test_a_recording_without_anything_to_hear_has_no_sound_stream(tmp_path: Path) -> None:
    clock = FrameClock(30.0)
    sink = make_sink(f"record:{tmp_path}/silent.mp4", SinkSettings(clock, live=False))
    sink.open(*SIZE, 30.0)
    sink.send(Frame(picture(0), 0, 0.0))
    sink.send_sound(0.0, sound_of(0, 1600, 30.0))  # type: ignore[attr-defined]
    sink.close()
    assert not SoundFile(tmp_path / "silent.mp4").open()


def test_a_folder_of_pictures_gets_a_file_of_sound_beside_them(tmp_path: Path) -> None:
    render(f"{tmp_path}/frames/", 25.0)
    with wave.open(f"{tmp_path}/frames/sound.wav") as file:
        assert (file.getnchannels(), file.getframerate(), file.getnframes()) == (2, RATE, 4 * RATE)
    found = SoundFile(tmp_path / "frames" / "sound.wav")
    assert found.open()
    assert click_moments(found.read(0.0, 4 * RATE)) == [number / 25 for number in FLASHES]
    render(f"{tmp_path}/frames/", 25.0)
    assert (tmp_path / "frames" / "sound-2.wav").exists()


def test_a_loop_says_that_it_has_no_sound(tmp_path: Path) -> None:
    said: list[str] = []
    clock = FrameClock(30.0)
    settings = SinkSettings(clock, live=False, log=said.append, sound=lambda: True)
    sink = make_sink(f"record:{tmp_path}/loop.gif", settings)
    sink.open(*SIZE, 30.0)
    for number in range(3):
        sink.send(Frame(picture(number), number, clock.now()))
        sink.send_sound(clock.now(), sound_of(0, 1600, 30.0))  # type: ignore[attr-defined]
        clock.advance()
    sink.close()
    assert [text for text in said if "sound" in text] == [
        f"record:{tmp_path}/loop.gif: a loop has no sound; it is left out"
    ]


@pytest.mark.parametrize(("name", "takes"), [("out.gif", False), ("out.mkv", True), ("o/", True)])
def test_no_sound_is_sent_to_a_loop(tmp_path: Path, name: str, takes: bool) -> None:
    """So that nobody is told that it goes there."""
    sink = recorder(f"{tmp_path}/{name}", FrameClock(30.0))
    assert SinkRunner("record:out", sink, Mailbox(), 30.0, print).takes_sound == takes
