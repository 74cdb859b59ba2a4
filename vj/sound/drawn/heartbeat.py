"""A heart: sixty beats a minute at pace 1."""

from __future__ import annotations

import numpy as np

from vj.sound import RATE
from vj.sound.drawn.tones import band, decay, filtered, finished, in_a_room, noise, panned, times

BEATS = 4
"""In a loop; no two are quite alike."""


def heartbeat() -> np.ndarray:
    """(n, 2) float32, which goes on without a seam."""
    random = np.random.default_rng(60)
    mixed = np.zeros((BEATS * RATE, 2))
    for beat in range(BEATS):
        for when, hertz, seconds, force in ((0.06, 62, 0.30, 1.0), (0.37, 78, 0.22, 0.62)):
            first = round((beat + when + random.uniform(-0.008, 0.008)) * RATE)
            thud = _thud(hertz * random.uniform(0.97, 1.03), seconds) * force
            mixed[first : first + len(thud)] += panned(thud, 0.0) * random.uniform(0.92, 1.0)
    blood = filtered(noise(61, len(mixed)), band(70, 240, 1))
    mixed += 0.012 * blood / blood.std()
    return finished(in_a_room(mixed, 0.5, 0.2))


def _thud(hertz: float, seconds: float) -> np.ndarray:
    at = times(0.5)
    phase = 2 * np.pi * (hertz * 0.62 * at + hertz * 0.03 * (1 - np.exp(-at / 0.03)))
    body = np.sin(phase) + 0.6 * np.sin(2 * phase) + 0.25 * np.sin(3 * phase)
    return body * decay(at, seconds * 1.6) * (1 - np.exp(-at / 0.004))
