"""What drawn sounds are made of: noise, envelopes, filters and rooms, all of them in circles where
a sound goes on without a seam."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from vj.sound import CHANNELS, RATE

PEAK = 10 ** (-3 / 20)
"""Of full scale: no drawn sound is louder."""
HALF = RATE // 2
"""Samples a second of sounds that are long and not bright, while they are made."""
LOUDNESS = -13.5
"""Of the loudest 0.4 s of each, in dB, weighted as ears are (about LUFS, ITU-R BS.1770)."""


def times(seconds: float, rate: int = RATE) -> np.ndarray:
    """(n,) float64: the moments of so many seconds of samples."""
    return np.arange(round(seconds * rate)) / rate


def sine(hertz: float, at: np.ndarray) -> np.ndarray:
    """(n,) float32 of a tone. at: seconds, (n,)."""
    turns = hertz * at
    turns -= np.floor(turns)
    return np.sin(np.float32(2 * math.pi) * turns.astype(np.float32))


def noise(seed: int, count: int) -> np.ndarray:
    """(count, 2) float32: white noise, another one on each side."""
    return np.random.default_rng(seed).standard_normal((count, CHANNELS), np.float32)


def decay(at: np.ndarray, seconds: float) -> np.ndarray:
    """1 at 0, and 60 dB less after so many seconds; 0 before it."""
    return np.where(at >= 0, np.exp(-6.91 * np.maximum(at, 0) / seconds), 0.0)


def band(low: float, high: float, slope: float = 2.0) -> Callable[[np.ndarray], np.ndarray]:
    """Lets through what lies between two frequencies, in Hz. slope: 1 is 6 dB an octave."""

    def weigh(hertz: np.ndarray) -> np.ndarray:
        safe = np.maximum(hertz, 1e-3)
        return 1 / (
            np.sqrt(1 + (low / safe) ** (2 * slope)) * np.sqrt(1 + (safe / high) ** (2 * slope))
        )

    return weigh


def filtered(
    sound: np.ndarray, weigh: Callable[[np.ndarray], np.ndarray], rate: int = RATE
) -> np.ndarray:
    """(n, 2) through a filter without a delay, in a circle. weigh: Hz -> factor."""
    hertz = np.fft.rfftfreq(len(sound), 1 / rate)
    weights = weigh(hertz.astype(np.float32))[:, None]
    return np.fft.irfft(np.fft.rfft(sound, axis=0) * weights, len(sound), axis=0)


def in_a_room(
    sound: np.ndarray, seconds: float, share: float, seed: int = 7, rate: int = RATE
) -> np.ndarray:
    """(n, 2) with what a room gives back, in a circle. seconds: its reverberation. share: how loud
    the room is beside the sound."""
    sound = sound.astype(np.float32)
    at = times(seconds, rate)[: len(sound)]
    tail = noise(seed, len(at)) * decay(at - 0.012, seconds).astype(np.float32)[:, None]
    echo = np.zeros_like(sound)
    echo[: len(at)] = filtered(tail, band(180, 3500, 1), rate)
    echo /= np.sqrt((echo**2).sum(axis=0))
    wet = np.fft.irfft(np.fft.rfft(sound, axis=0) * np.fft.rfft(echo, axis=0), len(sound), axis=0)
    return sound + share * wet


def panned(mono: np.ndarray, side: float) -> np.ndarray:
    """(n,) -> (n, 2). side: -1 is left, 1 right, as loud everywhere."""
    angle = (side + 1) * math.pi / 4
    return mono[:, None] * np.array([math.cos(angle), math.sin(angle)], np.float32)


def _as_ears(hertz: np.ndarray) -> np.ndarray:
    """Deep sounds are heard less, bright ones more."""
    return band(60, 1e9)(hertz) * (1 + 0.6 / (1 + (1500 / np.maximum(hertz, 1e-3)) ** 2))


def loudness(sound: np.ndarray, rate: int = RATE) -> float:
    """dB of the loudest 0.4 s of (n, 2), weighted as ears are."""
    power = (filtered(sound, _as_ears, rate) ** 2).sum(axis=1)
    span = min(len(power), round(0.4 * rate))
    sums = np.concatenate([[0.0], np.cumsum(power, dtype=np.float64)])
    return 10 * math.log10(max(1e-12, float((sums[span:] - sums[:-span]).max()) / span)) - 0.7


def finished(sound: np.ndarray, rate: int = RATE) -> np.ndarray:
    """(n, 2) float32 at our rate, as loud as all of them; what is louder than `PEAK` then bends
    softly. rate: of what comes, ours or a whole part of it."""
    sound = (sound - sound.mean(axis=0)).astype(np.float32)
    knee = 0.7 * PEAK
    for _ in range(2):
        sound = sound * 10 ** ((LOUDNESS - loudness(sound, rate)) / 20)
        loud = np.abs(sound)
        if loud.max() <= knee:
            break
        bent = knee + (PEAK - knee) * np.tanh((loud - knee) / (PEAK - knee))
        sound = np.where(loud > knee, np.copysign(bent, sound), sound)
    times_as_many = RATE // rate
    if times_as_many > 1:  # no tone of it is above half of its rate
        spectrum = np.fft.rfft(sound, axis=0) * times_as_many
        sound = np.fft.irfft(spectrum, len(sound) * times_as_many, axis=0)
    return sound.astype(np.float32)


def with_ends(sound: np.ndarray, rise: float, fall: float) -> np.ndarray:
    """(n, 2) that comes from silence and goes into it. rise, fall: seconds."""
    at = times(len(sound) / RATE)
    levels = np.minimum(1, at / rise) if rise else np.ones(len(sound))
    levels = levels * np.clip((at[-1] - at) / fall, 0, 1)
    return sound * levels[:, None]
