"""How loud a level is, and sounds that are too loud together."""

from __future__ import annotations

import math

import numpy as np

KNEE = 0.8
"""Of full scale: below it `limited` changes nothing."""


def gain(level: float) -> float:
    """A fader's level, 0..1 -> a factor, 0..1, by a quarter of a sine: of two sounds that cross,
    one at a level and the other at 1 less it, the power stays the same all along. Half is -3 dB, a
    tenth -16 dB, 0 silence."""
    return 1.0 if level >= 1 else math.sin(max(0.0, level) * math.pi / 2)


def limited(sound: np.ndarray) -> np.ndarray:
    """A sum of sounds, (n, 2), that stays within full scale: above `KNEE` it bends softly, below
    it not a sample is changed. Without a memory, so that the same sum always gives the same."""
    loud = np.abs(sound)
    if not len(sound) or loud.max() <= KNEE:
        return sound
    rest = 1 - KNEE
    bent = np.copysign(KNEE + rest * np.tanh((loud - KNEE) / rest), sound)
    return np.where(loud > KNEE, bent, sound).astype(np.float32)
