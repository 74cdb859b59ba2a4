"""NDI sound comes in beside its picture: at the moment of the frames that have its time code,
however it was bundled, at whatever rate and with however many channels."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from tests.waiting import until
from vj.core.clock import WallClock
from vj.core.frame import Frame
from vj.sinks import SinkSettings
from vj.sinks.ndi import NdiSink
from vj.sound import RATE
from vj.sources import SourceSettings
from vj.sources.ndi import NdiSource
from vj.sources.ndi_sound import NdiSound, stereo

NDIlib = pytest.importorskip("NDIlib", reason="needs ndi-python: pip install ndi-python")

TICKS = 10_000_000


def frame_of(sound: np.ndarray, timecode: float, rate: int = RATE) -> Any:
    """(channels, n) as the library hands it over. timecode: in seconds."""
    audio = NDIlib.AudioFrameV2()
    audio.sample_rate, audio.no_channels, audio.no_samples = rate, *sound.shape
    audio.data, audio.channel_stride_in_bytes = sound, sound.strides[0]
    audio.timecode = round(timecode * TICKS)
    return audio


def tone(count: int, channels: int = 2) -> np.ndarray:
    sound = np.zeros((channels, count), np.float32)
    sound[:] = np.arange(1, count + 1, dtype=np.float32) / count
    return sound


def taken(heard: NdiSound, moment: float, count: int) -> np.ndarray:
    assert heard.line is not None
    return heard.line.take(moment, count)


def test_sound_lies_where_the_pictures_of_its_time_code_do() -> None:
    """The sender counts from an hour on, and bundles 50 ms, which come when they are over."""
    heard = NdiSound()
    for number in range(5):
        heard.picture(round((3600 + number / 25) * TICKS), 10.003 + number / 25)
    assert heard.line is None
    heard.hear(frame_of(tone(2400), 3600.1), 10.17)
    assert taken(heard, 10.103, 2400) == pytest.approx(tone(2400).T)
    assert not taken(heard, 10.05, 2500).any()


def test_small_steps_of_a_sender_s_clock_are_not_heard() -> None:
    heard = NdiSound()
    heard.picture(round(50.0 * TICKS), 1.0)
    for number, late in enumerate((0.0, 0.004, -0.006, 0.003)):
        part = np.full((2, 480), number + 1, np.float32)
        heard.hear(frame_of(part, 50.0 + number / 100 + late), 1.01 + number / 100)
    found = taken(heard, 1.0, 4 * 480)[:, 0]
    assert np.unique(found, return_counts=True)[1].tolist() == [480] * 4


def test_a_count_that_begins_anew_is_followed() -> None:
    heard = NdiSound()
    for number in range(9):
        heard.picture(round((100 + number / 25) * TICKS), 1 + number / 25)
    heard.picture(round(0.04 * TICKS), 1.4)
    heard.hear(frame_of(tone(960), 0.08), 1.5)
    assert taken(heard, 1.44, 960) == pytest.approx(tone(960).T)


@pytest.mark.parametrize("timecode", [0.0, 9e11 / 10])
def test_without_a_count_that_can_be_right_sound_is_heard_when_it_comes(timecode: float) -> None:
    heard = NdiSound()
    heard.picture(round(20.0 * TICKS), 1.0)
    heard.hear(frame_of(tone(960), timecode), 1.5)
    assert taken(heard, 1.5, 960) == pytest.approx(tone(960).T)


def test_other_rates_become_ours() -> None:
    heard = NdiSound()
    seconds = np.arange(44_100) / 44_100
    sine = np.sin(2 * np.pi * 1000 * seconds).astype(np.float32)[None].repeat(2, 0)
    for number in range(10):
        part = np.ascontiguousarray(sine[:, number * 4410 : (number + 1) * 4410])
        heard.hear(frame_of(part, 0.0, 44_100), 5.0 + number / 10)
    found = taken(heard, 5.1, 24_000)[:, 0]
    spectrum = np.abs(np.fft.rfft(found * np.hanning(len(found))))
    assert spectrum.argmax() * RATE / len(found) == 1000
    assert found.max() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(
    ("channels", "left", "right"),
    [
        ((0.5,), 0.5, 0.5),
        ((0.1, 0.2), 0.1, 0.2),
        ((0.1, 0.2, 0.3, 0.4), 0.1, 0.2),
        ((0.1, 0.2, 0.1, 0.9, 0.2, 0.3), 0.1 + 0.7071 * 0.3, 0.2 + 0.7071 * 0.4),
    ],
)
def test_any_number_of_channels_becomes_two(
    channels: tuple[float, ...], left: float, right: float
) -> None:
    sides = stereo(np.array(channels, np.float32)[:, None].repeat(3, 1))
    assert sides[:, 0] == pytest.approx((left, right), abs=1e-5)


class Flashing:
    """Our own sink, which sends a white picture and a click twice a second."""

    def __init__(self, name: str) -> None:
        self._clock = WallClock()
        self._sink = NdiSink(name, SinkSettings(self._clock))
        self._sink.open(64, 64, 25)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        for number in range(10**6):
            moment = number / 25
            if not self._clock.wait_until(moment + 0.08, self._stop):
                break
            pixels = np.full((64, 64, 3), 255 if number % 12 == 0 else 0, np.uint8)
            self._sink.send(Frame(pixels, number, moment))
            samples = np.zeros((1920, 2), np.float32)
            samples[:48] = 0.9 if number % 12 == 0 else 0.0
            self._sink.send_sound(moment, samples)
        self._sink.close()

    def end(self) -> None:
        self._stop.set()
        self._thread.join(5)


@pytest.fixture
def sender() -> Iterator[str]:
    name = f"flashes {secrets.token_hex(4)}"
    flashing = Flashing(name)
    yield name
    flashing.end()


def test_what_our_sink_sends_comes_in_with_flashes_and_clicks_together(sender: str) -> None:
    source = NdiSource(sender, SourceSettings(WallClock()))
    source.open()
    flashes: list[float] = []

    def flashed() -> bool:
        frame = source.read()
        if frame is not None and source.sound is not None and frame.pixels.mean() > 128:
            flashes.append(frame.captured)
        return len(flashes) == 5

    until(flashed, lambda: f"{len(flashes)} flashes, {source.connected}")
    time.sleep(0.1)
    source.read()
    line = source.sound
    assert line is not None
    beside = []
    for flash in flashes[1:]:
        near = line.take(flash - 0.2, round(0.4 * RATE))[:, 0]
        click = flash - 0.2 + int(np.argmax(near > 0.4)) / RATE
        assert near.max() == pytest.approx(0.9, abs=0.01)
        beside.append(abs(click - flash))
    assert min(beside) < 0.03, beside  # not each: this machine may be busy
    source.close()


def test_what_is_no_number_is_silence() -> None:
    """An encoder refuses it, and a recording would end."""
    heard = NdiSound()
    sound = tone(960)
    sound[0, 5], sound[1, 7] = np.nan, np.inf
    heard.hear(frame_of(sound, 0.0), 1.0)
    found = taken(heard, 1.0, 960)
    assert np.isfinite(found).all()
    assert (found[5, 0], found[7, 1]) == (0, 0)
