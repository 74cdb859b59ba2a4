"""A dream: low tones that swell one after another, and air."""

from __future__ import annotations

import numpy as np

from vj.sound.drawn.tones import (
    HALF,
    band,
    filtered,
    finished,
    in_a_room,
    noise,
    panned,
    sine,
    times,
)

LOOP = 24.0
ROOT = 73.42
"""Hz, a low D."""
TONES = (
    *((0.5, 0.5, 0, 0.0), (1.0, 1.0, 1, -0.3), (1.5, 0.7, 2, 0.4), (2.0, 0.55, 1, 0.2)),
    *((3.0, 0.3, 3, -0.5), (4.0, 0.18, 2, 0.6), (4.5, 0.14, 3, -0.7), (6.0, 0.07, 5, 0.8)),
    *((5.0, 0.1, 4, 0.0), (8.0, 0.035, 4, -0.2)),
)
"""Times the root, level, swells in a loop, and where it is heard."""


def drone() -> np.ndarray:
    """(n, 2) float32, which goes on without a seam."""
    at = times(LOOP, HALF)
    mixed = np.zeros((len(at), 2), np.float32)
    for number, (ratio, level, swells, side) in enumerate(TONES):
        for detune in (-0.0011, 0.0013):
            cycles = round(ROOT * ratio * (1 + detune) * LOOP)  # whole ones, so that it joins
            later = LOOP * (0.25 + 0.17 * number / max(1, swells))
            swell = 0.62 - 0.38 * sine(swells / LOOP, at + later)
            tone = sine(cycles / LOOP, at + 0.31 * number * LOOP / cycles)
            mixed += panned(level * swell * tone, side + 250 * detune)
    air = filtered(noise(31, len(at)), band(300, 1500, 1), HALF)
    breath = 0.5 - 0.5 * np.cos(2 * np.pi * 3 * at / LOOP)
    mixed += 0.08 * air / air.std() * (0.3 + 0.7 * breath)[:, None]
    return finished(in_a_room(mixed, 4.0, 0.5, rate=HALF), HALF)
