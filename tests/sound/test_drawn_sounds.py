"""Sounds that the project makes itself: as loud as each other, without clicks, and what they are
called."""

from __future__ import annotations

import math

import numpy as np
import pytest

from vj.sound import RATE
from vj.sound.drawn import GO_ON, MADE, NAMES, drawn
from vj.sound.drawn.car import FIRINGS, engine
from vj.sound.drawn.heartbeat import heartbeat
from vj.sound.drawn.song import hertz_of
from vj.sound.drawn.tones import LOUDNESS, PEAK, loudness

LONG = ("song", "drone", "sea")
"""Seconds to be made on a slow machine."""


@pytest.mark.parametrize(
    "name", [pytest.param(one, marks=pytest.mark.long if one in LONG else ()) for one in NAMES]
)
def test_each_is_as_loud_as_the_others_and_has_no_click_at_its_ends(name: str) -> None:
    sound = drawn(name)
    assert sound.dtype == np.float32
    assert sound.shape[1] == 2
    assert not sound.flags.writeable
    assert 0.3 < np.abs(sound).max() < PEAK * 1.03
    assert loudness(sound) == pytest.approx(LOUDNESS, abs=1)
    assert abs(float(sound.mean())) < 1e-3
    bends = np.abs(np.diff(np.concatenate([sound, sound[:2]]), 2, axis=0))
    if name in GO_ON:
        assert bends[-2:].max() <= bends[:-2].max(), "it joins as it goes on"
    else:
        assert np.abs(sound[-50:]).max() < 1e-3
    assert not np.array_equal(sound[:, 0], sound[:, 1]), "it has a width"


def test_they_are_the_same_each_time() -> None:
    assert set(MADE) == set(NAMES)
    for make in (engine, heartbeat):
        assert np.array_equal(make(), make())


def peaks_of(sound: np.ndarray, low: float, high: float, most: int) -> list[float]:
    """The frequencies of the strongest tones between two, in Hz."""
    spectrum = np.abs(np.fft.rfft(sound.mean(axis=1) * np.hanning(len(sound))))
    hertz = np.fft.rfftfreq(len(sound), 1 / RATE)
    found: list[float] = []
    for place in np.argsort(spectrum * ((hertz > low) & (hertz < high)))[::-1]:
        if all(abs(math.log2(hertz[place] / one)) > 1 / 30 for one in found):
            found.append(float(hertz[place]))
        if len(found) == most:
            break
    return found


def test_the_song_is_in_tune_and_has_a_slow_beat() -> None:
    sound = drawn("song")
    assert 40 < len(sound) / RATE < 70
    in_d = {2, 4, 6, 7, 9, 11, 1} | {10}  # D major, and one tender B flat
    for hertz in peaks_of(sound, 90, 800, 12):
        note = 69 + 12 * math.log2(hertz / 440)
        assert abs(note - round(note)) < 0.12
        assert round(note) % 12 in in_d
    assert hertz_of(62) == pytest.approx(293.66, abs=0.01)
    power = np.add.reduceat((sound**2).sum(axis=1), np.arange(0, len(sound), RATE // 50))
    rises = np.maximum(0, np.diff(np.log(power + 1e-6)))
    strength = np.abs(np.fft.rfft(rises - rises.mean()))
    tempo = np.fft.rfftfreq(len(rises), 1 / 50) * 60
    slow = (tempo > 50) & (tempo < 200)
    strongest = float(tempo[slow][np.argmax(strength[slow])])
    assert min(abs(strongest - 72), abs(strongest - 144)) < 1


def test_an_engine_turns_and_a_heart_beats_sixty_times_a_minute() -> None:
    lines = peaks_of(drawn("engine"), 20, 450, 4)
    for hertz in lines:
        assert hertz % (FIRINGS / 4) == pytest.approx(0, abs=0.3) or hertz % (
            FIRINGS / 4
        ) == pytest.approx(FIRINGS / 4, abs=0.3)
    beats = (drawn("heartbeat") ** 2).sum(axis=1)
    seconds = [beats[n * RATE : (n + 1) * RATE] for n in range(4)]
    firsts = [int(np.argmax(one)) / RATE for one in seconds]
    assert max(firsts) - min(firsts) < 0.06
    for one in seconds:  # the second sound of each is there, and softer
        later = one[round(0.3 * RATE) : round(0.5 * RATE)].max()
        assert 0.08 < later / one.max() < 0.9


def test_a_crash_begins_at_once_and_its_splinters_fall_after_it() -> None:
    sound = drawn("impact")
    power = (sound**2).sum(axis=1)
    parts = [float(power[round(a * RATE) : round(b * RATE)].mean()) for a, b in TIMES]
    assert parts == sorted(parts, reverse=True)
    high = np.diff(sound[round(0.9 * RATE) : round(1.8 * RATE)].mean(axis=1))
    levels = np.sqrt(np.add.reduceat(high**2, np.arange(0, len(high), RATE // 100)))
    assert levels.max() > 3 * np.median(levels), "single splinters, not a hiss"


TIMES = ((0, 0.3), (0.3, 0.8), (0.8, 1.6), (1.6, 3.0))
"""Seconds, from and to."""
