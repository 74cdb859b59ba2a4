"""A car: its engine, whose pace is how fast it turns, and its tyres as it brakes."""

from __future__ import annotations

import numpy as np

from vj.sound import RATE
from vj.sound.drawn.tones import (
    band,
    decay,
    filtered,
    finished,
    in_a_room,
    noise,
    panned,
    sine,
    times,
    with_ends,
)

LOOP = 4.0
FIRINGS = 50
"""A second: four cylinders at 1500 turns a minute."""
FORMANTS = (
    (88, 0.11, 1.0),
    (176, 0.08, 0.75),
    (310, 0.05, 0.5),
    (720, 0.03, 0.26),
    (1450, 0.015, 0.1),
)
"""How the exhaust rings: Hz, seconds, level."""


def engine() -> np.ndarray:
    """(n, 2) float32, which goes on without a seam: at pace 1 a slow turn, at 3 a fast one."""
    random = np.random.default_rng(5)
    at = times(LOOP)
    every = RATE // FIRINGS
    count = len(at) // every
    cylinders = np.tile([1.0, 0.82, 0.93, 0.76], count // 4)
    blows = np.zeros(len(at))
    blows[::every] = cylinders * random.uniform(0.9, 1.1, count)
    rings = sum(
        level * np.sin(2 * np.pi * hertz * at) * decay(at, seconds * 3)
        for hertz, seconds, level in FORMANTS
    )
    exhaust = np.fft.irfft(np.fft.rfft(blows) * np.fft.rfft(rings), len(at))
    breath = filtered(noise(6, len(at)), band(250, 2600, 1))
    pulse = 0.45 + 0.55 * np.exp(-4.0 * (np.arange(len(at)) % every) / every)
    gears = round(FIRINGS / 4 * 11)
    whirr = sine(gears, at) + 0.5 * sine(2 * gears, at) + 0.33 * sine(3 * gears, at)
    exhaust /= exhaust.std()
    mixed = panned(exhaust, -0.12) + 0.16 * breath / breath.std() * pulse[:, None]
    mixed += 0.12 * panned(whirr, 0.2)
    return finished(in_a_room(np.tanh(0.9 * mixed), 0.25, 0.25))


def brake() -> np.ndarray:
    """(n, 2) float32: tyres that slide, for two seconds."""
    seconds = 2.2
    at = times(seconds)
    wander = filtered(noise(11, len(at)), band(1, 24))
    wander /= wander.std()
    mixed = np.zeros((len(at), 2))
    for number, (hertz, side) in enumerate(((905, -0.4), (1013, 0.35), (1160, 0.0))):
        falls = 1 + 0.05 * np.exp(-at / 0.12) - 0.13 * (at / seconds) ** 2
        phase = 2 * np.pi * np.cumsum(hertz * falls * (1 + 0.012 * wander[:, number % 2])) / RATE
        squeal = sum(np.sin(n * phase) / n**1.3 for n in (1, 2, 3, 4))
        rough = 1 + 0.45 * np.sin(2 * np.pi * (61 + 9 * number) * at) * wander[:, (number + 1) % 2]
        mixed += panned(squeal * np.clip(rough, 0.1, 2.0), side) / 3
    rubber = filtered(noise(12, len(at)), band(500, 3600))
    mixed += 0.15 * rubber / rubber.std()
    mixed *= (0.55 + 0.45 * np.exp(-((at - 0.5) ** 2) / 0.5))[:, None]
    return finished(with_ends(in_a_room(mixed, 0.8, 0.3), 0.03, 0.5))
