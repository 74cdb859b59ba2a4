"""Random numbers and noise that repeat exactly: functions of a place and a seed."""

from __future__ import annotations

import math

from vj.core.smoothstep import smoothstep

_WORD = (1 << 64) - 1


def random_at(step: int, seed: int) -> float:
    """The same number in 0..1 for the same pair (splitmix64)."""
    x = (seed * 0x9E3779B97F4A7C15 + step * 0xD1B54A32D192ED03 + 0x632BE59BD9B4E019) & _WORD
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        x = ((x ^ (x >> shift)) * factor) & _WORD
    return (x ^ (x >> 31)) / 2**64


def noise_at(place: float, seed: int) -> float:
    """Value noise, 0..1: random numbers at whole places, with an S-curve between."""
    step = math.floor(place)
    u = smoothstep(place - step)
    return (1 - u) * random_at(step, seed) + u * random_at(step + 1, seed)
