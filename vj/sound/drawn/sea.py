"""Waves that come, break and run out."""

from __future__ import annotations

import numpy as np

from vj.sound.drawn.tones import band, filtered, finished, noise, times

LOOP = 24.0
WAVES = ((0.0, 1.0, -0.25), (7.1, 0.75, 0.3), (13.2, 0.95, 0.0), (18.6, 0.6, -0.4))
"""When each breaks, how high it is, and on which side."""


def sea() -> np.ndarray:
    """(n, 2) float32, which goes on without a seam."""
    at = times(LOOP)
    deep = filtered(noise(41, len(at)), band(40, 240, 1))
    surf = filtered(noise(42, len(at)), band(260, 1500, 1))
    foam = filtered(noise(43, len(at)), band(1600, 7500, 1))
    mixed = 0.35 * deep / deep.std() + 0.10 * surf / surf.std()
    for when, high, side in WAVES:
        past = (at - when + LOOP / 2) % LOOP - LOOP / 2
        comes = np.where(past < 0, np.exp(past / 1.3), np.exp(-past / 1.6))
        runs = np.where(past < 0.2, np.exp((past - 0.2) / 0.5), np.exp(-(past - 0.2) / 2.4))
        sides = np.array([1 - 0.5 * side, 1 + 0.5 * side])
        mixed += high * 0.55 * deep / deep.std() * comes[:, None] * sides
        mixed += high * 0.75 * surf / surf.std() * comes[:, None] * sides
        mixed += high * 0.45 * foam / foam.std() * runs[:, None] * sides
    return finished(mixed)
