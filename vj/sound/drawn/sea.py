"""Waves that come, break and run out."""

from __future__ import annotations

import numpy as np

from vj.sound.drawn.tones import HALF, band, filtered, finished, noise, times

LOOP = 24.0
WAVES = ((0.0, 1.0, -0.25), (7.1, 0.75, 0.3), (13.2, 0.95, 0.0), (18.6, 0.6, -0.4))
"""When each breaks, how high it is, and on which side."""


def sea() -> np.ndarray:
    """(n, 2) float32, which goes on without a seam."""
    at = times(LOOP, HALF)
    deep = filtered(noise(41, len(at)), band(40, 240, 1), HALF)
    surf = filtered(noise(42, len(at)), band(260, 1500, 1), HALF)
    foam = filtered(noise(43, len(at)), band(1600, 7500, 1), HALF)
    deep, surf, foam = (part / part.std() for part in (deep, surf, foam))
    mixed = 0.2 * deep + 0.05 * surf
    for when, high, side in WAVES:
        past = (at - when + LOOP / 2) % LOOP - LOOP / 2
        comes = np.where(past < 0, np.exp(past / 1.3), np.exp(-past / 1.6))
        runs = np.where(past < 0.2, np.exp((past - 0.2) / 0.5), np.exp(-(past - 0.2) / 2.4))
        sides = np.array([1 - 0.5 * side, 1 + 0.5 * side])
        mixed += high * 0.55 * deep * comes[:, None] * sides
        mixed += high * 0.75 * surf * comes[:, None] * sides
        mixed += high * 0.6 * foam * runs[:, None] * sides
    return finished(mixed, HALF)
