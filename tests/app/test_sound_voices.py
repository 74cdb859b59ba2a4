"""Voices of a live show's sound, and how a sink hears them later: without a click, whatever a clip
or a delay does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from tests.sound.drawn_sound import write_sound
from vj.app.deck import Deck
from vj.app.deck_sound import DeckSound
from vj.app.sound_mix import KEPT, SoundMix, SoundTap
from vj.app.sound_voices import BLOCK, ClipVoice, Fading, LineVoice
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


def test_the_delay_of_a_show_s_first_pictures_is_left_at_once() -> None:
    tapped = Tapped()
    tapped.play(10, 0.05)
    tapped.play(5, 0.02)
    assert tapped.tap.delay == pytest.approx(0.02, abs=0.0035)
    assert np.abs(np.diff(tapped.heard[5 * BLOCK :])).max() < 1.5 * STEEPEST + 0.5 / RAMP


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


def test_cuts_that_come_back_to_a_file_say_once_that_it_is_silent(tmp_path: Path) -> None:
    said: list[str] = []
    deck = SimpleNamespace(source=None)
    sound = DeckSound(cast(Deck, deck), lambda: 0.0, said.append)
    for number in range(6):
        path = tmp_path / ("gone.wav", "lost.wav")[number % 2]
        place = ClipPlace(path, None, 0.0, 0.0, 1.0, 0.0, 1.0, False)
        deck.source = SimpleNamespace(heard=place, sound=None)
        sound.look()
    assert [text.count(".wav") > 0 for text in said] == [True, True]


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
