"""A slow, tender song in D: sixteen bars of piano over soft strings, again and again."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from vj.sound.drawn.tones import HALF, decay, finished, in_a_room, panned, sine

BEAT = HALF * 60 // 72
"""Samples of a beat; 72 a minute."""
BARS = (
    *((50, 57, 62, 66), (49, 57, 61, 64), (47, 54, 62, 66), (42, 54, 61, 69)),
    *((43, 55, 59, 62), (42, 57, 62, 66), (40, 55, 59, 62), (45, 52, 61, 64)),
    *((50, 57, 62, 66), (49, 57, 61, 64), (47, 54, 57, 62), (42, 54, 57, 61)),
    *((43, 55, 59, 62), (43, 55, 58, 64), (45, 57, 62, 66), (45, 55, 61, 64)),
)
"""The chord of each bar, as MIDI notes: the bass first."""
PATTERN = (0, 1, 2, 3, 2, 1, 2, 1)
"""Its notes in eighths."""
MELODY = (
    *((0, 78, 2), (2, 76, 1), (3, 74, 1), (4, 76, 2), (6, 73, 1), (7, 69, 1)),
    *((8, 74, 2), (10, 78, 1), (11, 83, 1), (12, 81, 3), (15, 78, 1)),
    *((16, 79, 1.5), (17.5, 78, 0.5), (18, 76, 1), (19, 74, 1), (20, 78, 2), (22, 69, 2)),
    *((24, 79, 1), (25, 78, 1), (26, 76, 1), (27, 74, 1), (28, 76, 4)),
    *((32, 78, 2), (34, 81, 1), (35, 83, 1), (36, 81, 2), (38, 76, 1), (39, 73, 1)),
    *((40, 74, 1), (41, 76, 1), (42, 78, 2), (44, 81, 1.5), (45.5, 79, 0.5), (46, 78, 2)),
    *((48, 83, 2), (50, 81, 1), (51, 79, 1), (52, 82, 2), (54, 81, 1), (55, 79, 1)),
    *((56, 78, 2), (58, 74, 1), (59, 76, 1), (60, 76, 2), (62, 73, 1), (63, 76, 1)),
)
"""Beat, MIDI note, beats."""


def song() -> np.ndarray:
    """(n, 2) float32, 53 s, which goes on without a seam: what rings at its end rings on over its
    beginning."""
    random = np.random.default_rng(72)
    count = len(BARS) * 4 * BEAT
    mixed = np.zeros((count, 2), np.float32)
    for bar, chord in enumerate(BARS):
        for eighth, which in enumerate(PATTERN):
            strength = (0.34 if eighth == 0 else 0.2) * random.uniform(0.85, 1.0)
            _strike(mixed, bar * 4 + eighth / 2, chord[which], strength, random)
    for beat, note, beats in MELODY:
        strength = (0.5 if beats >= 2 else 0.42) * random.uniform(0.9, 1.0)
        _strike(mixed, beat, note, strength, random)
    mixed += 0.5 * _strings(count)
    return finished(in_a_room(mixed, 2.6, 0.4, rate=HALF), HALF)


def hertz_of(note: float) -> float:
    """Of a MIDI note."""
    return 440.0 * 2 ** ((note - 69) / 12)


def _strike(
    mixed: np.ndarray, beat: float, note: int, strength: float, random: np.random.Generator
) -> None:
    """Lay a note of the piano into the circle, a few milliseconds beside the beat as a hand is."""
    first = round(beat * BEAT + abs(random.normal(0, 0.006)) * HALF) % len(mixed)
    _lay(mixed, first, panned(strength * _piano(note), (note - 64) / 40))


def _lay(mixed: np.ndarray, first: int, sound: np.ndarray) -> None:
    """Add a sound from a sample of the circle on."""
    head = min(len(sound), len(mixed) - first)
    mixed[first : first + head] += sound[:head]
    mixed[: len(sound) - head] += sound[head:]


@cache
def _piano(note: int) -> np.ndarray:
    """(n,) a soft hammer on two strings: overtones a little too high, each gone sooner."""
    hertz = hertz_of(note)
    seconds = 5.5 * (220 / hertz) ** 0.45
    at = np.arange(round(min(4.5, seconds) * HALF)) / HALF
    tone = np.zeros(len(at), np.float32)
    for number in range(1, 9):
        overtone = hertz * number * (1 + 3e-4 * number**2) ** 0.5
        lasts = seconds * 1.5 / (1 + 0.45 * (number - 1))
        heard = at[: round(lasts * HALF)]
        level = math.exp(-0.42 * (number - 1) - overtone / 3800)
        beats = 0.8 + 0.2 * np.cos(2 * np.pi * 0.16 * number * heard.astype(np.float32))
        fades = decay(heard.astype(np.float32), lasts)  # and two strings beside each other beat
        tone[: len(heard)] += level * sine(overtone, heard) * fades * beats
    head, tail = round(0.05 * HALF), round(0.4 * HALF)
    tone[:head] *= 1 - np.exp(-at[:head] / 0.005)
    tone[-tail:] *= np.linspace(1, 0, tail)
    return tone


LENGTH = round(1.6 * 4 * BEAT)
"""Samples of a chord of the strings: it reaches into the next bar."""


def _strings(count: int) -> np.ndarray:
    """(count, 2) the chords, held and soft: each swells over its bar and into the next one."""
    mixed = np.zeros((count, 2), np.float32)
    for number, chord in enumerate(BARS):
        first = (number * 4 - 0.5) * BEAT % count
        held = _string(chord[0]) + 0.7 * np.sum([_string(note) for note in chord[1:]], axis=0)
        _lay(mixed, round(first), held)
    return mixed


@cache
def _string(note: int) -> np.ndarray:
    """(LENGTH, 2) float32: a soft voice on each side, a little beside the other."""
    at = np.arange(LENGTH) / HALF
    swell = 0.07 * np.sin(np.pi * np.arange(LENGTH) / LENGTH) ** 1.2
    held = np.zeros((LENGTH, 2), np.float32)
    for cents, side in ((-4, -0.7), (5, 0.7)):
        hertz = hertz_of(note + cents / 100)
        voice = sum(sine(n * hertz, at) / n**2.4 for n in (1, 2, 3, 4))
        held += panned(swell * voice, side)
    return held
