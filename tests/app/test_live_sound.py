"""The sound of a live show: as late as the picture, wherever the clip goes, without a click."""

from __future__ import annotations

import secrets
import sys
import threading
import time
import types
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.sound.drawn_sound import write_sound
from tests.sound.flashes import apart, flashes_and_clicks, flashing_clip
from tests.sound.ndi_ear import NdiEar
from tests.waiting import until
from vj.app.live import Performance
from vj.app.safe import safe
from vj.app.sound_mix import KEPT, SoundMix, SoundTap
from vj.app.sound_voices import BLOCK, ClipVoice, Fading, LineVoice
from vj.core.frame import Size
from vj.parameters.store import Snapshot
from vj.pipeline.backend import GeneratedImage, PassThrough
from vj.pipeline.compositor import Picture
from vj.pipeline.frame_context import FrameContext
from vj.show.load import check_show
from vj.sound import RATE
from vj.sound.ramp import RAMP
from vj.sound.sound_line import SoundLine
from vj.sources.clip_place import ClipPlace

HUM = 480.0
STEEPEST = 0.5 * 2 * np.pi * HUM / RATE
"""How far apart two samples of the hum are, at most."""


def hum(count: int) -> np.ndarray:
    """(n,) float32: half of full scale, in whole waves of 100 samples."""
    return (0.5 * np.sin(2 * np.pi * HUM * np.arange(count) / RATE)).astype(np.float32)


def block_of(number: int, sound: np.ndarray) -> Callable[[], np.ndarray]:
    part = sound[number * BLOCK : (number + 1) * BLOCK, None].repeat(2, 1)
    return lambda: part


class Tapped:
    """A hum, and a sink that hears it later."""

    def __init__(self) -> None:
        self.mix = SoundMix()
        self.pieces: list[tuple[float, float, np.ndarray]] = []
        self.tap = SoundTap(self.mix, lambda *piece: self.pieces.append(piece))
        self._sound = hum(1000 * BLOCK)
        self.number = 0

    def play(self, blocks: int, delay: float) -> None:
        for _ in range(blocks):
            self.mix.add([(block_of(self.number, self._sound), 1.0, 1.0)])
            self.tap.follow(self.number * BLOCK, round(delay * RATE), self.mix.front)
            self.number += 1

    @property
    def heard(self) -> np.ndarray:
        return np.concatenate([samples for _, _, samples in self.pieces])[:, 0]


def test_a_sink_hears_what_its_pictures_show() -> None:
    tapped = Tapped()
    tapped.play(100, 0.1)
    for captured, moment, _ in tapped.pieces:
        assert moment - captured == pytest.approx(0.1)
    late = round(0.1 * RATE)
    assert not tapped.heard[:late].any()
    assert np.array_equal(tapped.heard[late:], hum(len(tapped.heard) - late))


@pytest.mark.parametrize("then", [0.13, 0.075, 0.4, 0.02])
def test_another_delay_is_reached_without_a_click(then: float) -> None:
    tapped = Tapped()
    tapped.play(100, 0.1)
    tapped.play(400, then)
    assert tapped.tap.delay == pytest.approx(then, abs=0.0035)
    assert np.abs(np.diff(tapped.heard[20 * BLOCK :])).max() < 1.5 * STEEPEST + 0.5 / RAMP
    gaps = np.diff([moment for _, moment, _ in tapped.pieces])
    assert gaps == pytest.approx(BLOCK / RATE)


def test_a_machine_that_was_suspended_leaves_out_what_it_missed() -> None:
    tapped = Tapped()
    tapped.play(50, 0.1)
    tapped.mix.go_to(900 * BLOCK)
    tapped.number = 900
    tapped.play(20, 0.1)
    assert len(tapped.pieces) < 80
    assert tapped.pieces[-1][1] > 900 * BLOCK / RATE


def test_eight_seconds_are_kept_and_no_more() -> None:
    tapped = Tapped()
    tapped.play(KEPT + 200, 0.1)
    assert len(tapped.mix._blocks) == KEPT
    assert not tapped.mix.take(0, BLOCK).any()
    assert tapped.mix.take((KEPT + 199) * BLOCK, BLOCK).any()


class Clip:
    """A voice of a file that hums for a second and loops, where the test says."""

    def __init__(self, folder: Path) -> None:
        path = write_sound(folder / "hum.wav", hum(RATE), "pcm_f32le")
        self.place: ClipPlace | None = ClipPlace(path, None, 0.0, 0.0, 1.0, 0.0, 1.0, True)
        self.said: list[str] = []
        self.voice = ClipVoice(path, None, lambda moment: self.place, self.said.append)
        self.number = 0

    def stands(self, place: float, velocity: float = 1.0) -> None:
        """From now on."""
        assert self.place is not None
        moment = self.number * BLOCK / RATE
        self.place = ClipPlace(self.place.path, None, moment, place, velocity, 0.0, 1.0, True)

    def play(self, blocks: int) -> np.ndarray:
        parts = []
        for _ in range(blocks):
            part = self.voice.part(self.number * BLOCK / RATE)
            parts.append(np.zeros((BLOCK, 2), np.float32) if part is None else part())
            self.number += 1
        return np.concatenate(parts)[:, 0]


def test_a_loop_has_no_seam(tmp_path: Path) -> None:
    clip = Clip(tmp_path)
    heard = clip.play(180)
    assert heard[RAMP:] == pytest.approx(hum(len(heard))[RAMP:], abs=1e-6)


def test_a_seek_is_followed_at_once_and_without_a_click(tmp_path: Path) -> None:
    clip = Clip(tmp_path)
    clip.play(10)
    clip.stands(0.70105)  # where the hum is elsewhere in its wave
    heard = clip.play(5)
    there = hum(RATE)[round(0.70105 * RATE) :][: len(heard)]
    assert heard[RAMP:] == pytest.approx(there[RAMP:], abs=1e-6)
    assert np.abs(np.diff(heard)).max() < 1.5 * STEEPEST


def test_a_look_that_is_a_little_beside_is_approached_and_not_heard(tmp_path: Path) -> None:
    clip = Clip(tmp_path)
    clip.play(10)
    clip.stands(10 * BLOCK / RATE + 0.015)
    heard = clip.play(60)
    half_a_sample = 0.6 * STEEPEST  # where it goes on untouched
    assert np.abs(np.diff(heard)).max() < STEEPEST + half_a_sample
    waves = np.flatnonzero((heard[:-1] < 0) & (heard[1:] >= 0))
    assert np.diff(waves).min() >= 98, "a little higher meanwhile"
    assert len(heard) / 100 + 0.5 < len(waves) < len(heard) / 100 + 8


@pytest.mark.parametrize("velocity", [-1.0, 2.0, 0.5])
def test_a_speed_is_heard(tmp_path: Path, velocity: float) -> None:
    clip = Clip(tmp_path)
    clip.play(5)
    clip.stands(0.5, velocity)
    heard = clip.play(50)[BLOCK:]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(len(heard))))
    assert spectrum.argmax() * RATE / len(heard) == pytest.approx(HUM * abs(velocity), abs=2)


def test_a_clip_that_holds_or_is_lost_falls_silent_without_a_click(tmp_path: Path) -> None:
    clip = Clip(tmp_path)
    clip.play(10)
    clip.stands(0.2, 0.0)
    heard = clip.play(3)
    assert np.abs(np.diff(heard)).max() < 1.5 * STEEPEST
    assert not heard[RAMP:].any()
    clip.stands(0.2)
    assert clip.play(1).any()
    clip.place = None
    assert not clip.play(2)[RAMP:].any()


def test_a_file_that_is_not_there_is_said_once_and_silent(tmp_path: Path) -> None:
    said: list[str] = []
    voice = ClipVoice(tmp_path / "gone.wav", None, lambda moment: None, said.append)
    assert [voice.part(number / 50) for number in range(3)] == [None] * 3
    assert not voice.sounds
    assert len(said) == 1
    assert "gone.wav" in said[0]


def test_a_file_that_is_lost_or_holds_no_numbers_ends_nothing(tmp_path: Path) -> None:
    sound = hum(RATE)
    sound[4000] = np.nan
    path = write_sound(tmp_path / "torn.wav", sound, "pcm_f32le")
    place = ClipPlace(path, None, 0.0, 0.0, 1.0, 0.0, 1.0, False)
    said: list[str] = []
    voice = ClipVoice(path, None, lambda moment: place, said.append)
    parts = [voice.part(number * BLOCK / RATE) for number in range(10)]
    assert np.isfinite([part() for part in parts if part is not None]).all()
    assert said == []
    assert voice._file is not None
    voice._file.read = None  # type: ignore[assignment, method-assign]
    assert voice.part(10 * BLOCK / RATE) is None
    assert voice.part(11 * BLOCK / RATE) is None
    assert len(said) == 1


def test_a_voice_comes_and_goes_in_its_time() -> None:
    line = SoundLine(1.0)
    line.put(0.0, np.ones((RATE // 2, 2), np.float32))
    fading = Fading(LineVoice(line), 0.05)
    parts = [fading.part(number * BLOCK / RATE) for number in range(5)]
    fading.leave(0.05)
    parts += [fading.part(number * BLOCK / RATE) for number in range(5, 10)]
    heard = np.concatenate([part() for part in parts if part is not None])[:, 0]
    assert heard[round(0.05 * RATE) : 5 * BLOCK].min() == 1
    assert np.abs(np.diff(heard)).max() < 1.01 / (0.05 * RATE)
    assert heard[-1] == 0
    assert fading.gone


def live(folder: Path, said: list[str], more: dict[str, object]) -> Performance:
    one = flashing_clip(folder / "one.mp4", 1.2, 0.4)
    two = flashing_clip(folder / "two.mp4", 2.0, 0.5, first=0.3)
    show = check_show(
        {
            "show": "flashes",
            "size": "64x64",
            "model": "none",
            "osc": "127.0.0.1:0",
            "page": False,
            "midi": False,
            "source": str(one),
            "ready": "all",
            "sources": {"one": str(one), "two": str(two)},
            "start": {"feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0},
            **more,
        },
        "flashes",
    )
    return Performance(show, said.append)


class ThreeSteps(PassThrough):
    """As a model of four steps: each picture comes three frames later."""

    settled = False

    def __init__(self, size: Size) -> None:
        super().__init__(size, "three steps", waits=False)
        self._under_way: deque[GeneratedImage] = deque()

    def paint(
        self, entered: Picture, snapshot: Snapshot, context: FrameContext
    ) -> GeneratedImage | None:
        self._under_way.append(GeneratedImage(entered, context))
        return self._under_way.popleft() if len(self._under_way) > 3 else None


def check_together(flashes: list[float], heard: list[float]) -> None:
    assert len(flashes) >= 6
    beside = np.abs(apart(flashes, heard))
    # not of each: a busy machine leaves pictures out now and then
    assert np.median(beside) < 0.04, beside


@pytest.fixture
def listen() -> Iterator[Callable[[str], NdiEar]]:
    ears: list[NdiEar] = []

    def begin(name: str) -> NdiEar:
        ears.append(NdiEar(name))
        return ears[-1]

    yield begin
    for ear in ears:
        ear.end()


def test_flashes_and_clicks_stay_together_in_a_recording_and_over_ndi(
    tmp_path: Path, listen: Callable[[str], NdiEar]
) -> None:
    """Over loops, a cut and a seek; by NDI's time codes, and as it arrives."""
    pytest.importorskip("NDIlib", reason="needs ndi-python: pip install ndi-python")
    said: list[str] = []
    movie, name = tmp_path / "out.mp4", f"flashes {secrets.token_hex(4)}"
    performance = live(tmp_path, said, {"sinks": [f"record:{movie}", f"ndi:{name}"]})
    performance.start()
    until(lambda: performance.loop.first is not None)
    performance.loop.offer(ThreeSteps(performance.size))
    ear = listen(name)
    until(lambda: performance.sound.delay is not None and performance.sound.delay > 0.09)
    ear.flashes.clear()
    time.sleep(1.8)
    performance.store.set("source", "two")
    time.sleep(1.4)
    performance.store.set("source/position", 0.6)
    time.sleep(1.2)
    ear.end()
    performance.stop()
    flashes, heard = flashes_and_clicks(movie)
    check_together(flashes[3:], heard)  # the model came while the first were seen
    for by in (0, 1):
        check_together([flash[by] for flash in ear.flashes], [click[by] for click in ear.clicks])
    told = [line for line in said if "sound" in line.lower()]
    assert len(told) == 1
    assert told[0].startswith("sound: the source's, delayed by ")


def test_sound_that_is_off_has_no_thread_and_no_stream(tmp_path: Path) -> None:
    said: list[str] = []
    movie = tmp_path / "out.mp4"
    performance = live(tmp_path, said, {"sinks": [f"record:{movie}"], "sound": False})
    performance.start()
    until(lambda: performance.outputs.sinks.sent().get(f"record:{movie}", 0) > 5)
    assert "sound" not in performance.supervisor.threads
    assert performance.sound.state() == "off"
    performance.stop()
    import av

    with av.open(str(movie)) as container:
        assert not container.streams.audio


def test_a_safe_show_has_no_sound() -> None:
    show = check_show({"sound": "input Scarlett"}, "show")
    assert safe(show, lambda text: None).sound == "off"


class Card:
    """A sound card with one user at a time, which plays a hum of one loudness to whoever opened
    it."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.users = 0

    def stream(self, callback: Callable[..., None], device: str | None = None, **asked: Any) -> Any:
        if self.users:
            raise OSError("Device unavailable")
        self.users += 1
        self.opened.append(f"{device or ''} {asked['channels']}")
        stop = threading.Event()

        def play() -> None:
            block = np.full((512, asked["channels"]), 0.25, np.float32)
            while not stop.wait(512 / RATE):
                callback(block, 512, None, None)

        def close() -> None:
            stop.set()
            self.users -= 1

        thread = threading.Thread(target=play, daemon=True)
        return types.SimpleNamespace(start=thread.start, stop=stop.set, close=close)


@pytest.fixture
def card(monkeypatch: pytest.MonkeyPatch) -> Card:
    made = Card()
    fake = types.SimpleNamespace(InputStream=made.stream)
    monkeypatch.setitem(sys.modules, "sounddevice", fake)
    return made


class Ear:
    """Takes the place of a sink's sound: what reaches it."""

    def __init__(self, performance: Performance) -> None:
        (runner,) = performance.outputs.sinks.running()
        self.samples = np.zeros((0, 2), np.float32)
        runner.put_sound = self._hear  # type: ignore[method-assign]

    def _hear(self, captured: float, moment: float, samples: np.ndarray) -> None:
        self.samples = np.concatenate([self.samples, samples])[-RATE:]

    @property
    def loudness(self) -> float:
        """Of the newest fifth of a second; 0 where nothing came."""
        newest = self.samples[-RATE // 5 :]
        return float(np.sqrt(np.mean(newest**2))) if len(newest) else 0.0


def test_an_input_is_opened_once_for_modulators_and_for_what_is_heard(
    tmp_path: Path, card: Card
) -> None:
    said: list[str] = []
    listens = {"audio": "level", "input": "Scarlett", "to": "picture/brightness", "depth": 0.2}
    options = {"sinks": [f"record:{tmp_path}/out.mkv"], "sound": "input Scarlett"}
    performance = live(tmp_path, said, {**options, "modulators": [listens]})
    ear = Ear(performance)
    performance.start()
    until(lambda: abs(ear.loudness - 0.25) < 0.001)
    assert card.opened == ["Scarlett 2"]
    until(lambda: performance.sound.state().startswith("input Scarlett, delayed by "))
    performance.stop()
    assert card.users == 0


def test_a_saved_show_is_heard_otherwise(tmp_path: Path, card: Card) -> None:
    """From clips to a file, to an input that opens with it, to nothing, and back."""
    said: list[str] = []
    write_sound(tmp_path / "song.wav", np.full(RATE, 0.1, np.float32), "pcm_f32le")
    performance = live(tmp_path, said, {"sinks": [f"record:{tmp_path}/out.mkv"]})
    ear = Ear(performance)
    performance.start()
    show = performance.run_state.show
    until(lambda: performance.sound.state().startswith("the source's, delayed by "))
    for sound, loud in ((str(tmp_path / "song.wav"), 0.1), ("input Mic", 0.25)):
        assert performance.adopt(show.model_copy(update={"sound": sound}))
        until(lambda loud=loud: abs(ear.loudness - loud) < 0.001)  # type: ignore[misc]
    assert card.opened == ["Mic 2"]
    assert performance.adopt(show.model_copy(update={"sound": "off"}))
    until(lambda: performance.sound.state() == "off")
    assert card.users == 0
    assert performance.adopt(show)
    until(lambda: performance.sound.state().startswith("the source's, delayed by "))
    gone = show.model_copy(update={"sound": str(tmp_path / "gone.wav")})
    assert not performance.adopt(gone)
    assert performance.run_state.show.sound == "source"
    assert any("gone.wav" in line for line in said)
    performance.stop()


def test_a_recording_that_begins_with_a_silent_picture_has_the_sound_of_the_clip_after_it(
    tmp_path: Path,
) -> None:
    said: list[str] = []
    movie = tmp_path / "out.mkv"
    performance = live(tmp_path, said, {"source": "drawn:dancer", "sinks": [f"record:{movie}"]})
    performance.start()
    sent = performance.outputs.sinks.sent
    until(lambda: sent().get(f"record:{movie}", 0) > 5)
    performance.store.set("source", "one")
    until(lambda: performance.sound.state().startswith("the source's, delayed by "))
    time.sleep(0.8)
    performance.stop()
    _, heard = flashes_and_clicks(movie)
    assert heard
