"""Sound at a speed, as from a turning record: pitch follows, and it runs backwards too."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Protocol

import numpy as np

from vj.sound import RATE, silence

HALF = 16
"""Samples of the source on each side of a place that are weighed at its own speed; more where it
runs faster."""
PHASES = 512
"""Places between two samples that a table has weights for."""
STEPS = 16
"""A table is made for each sixteenth of a speed."""


class Readable(Protocol):
    """A `SoundFile`, or what stands for one."""

    def read(self, begin: float, count: int) -> np.ndarray: ...


def read_at(file: Readable, place: float, speed: float, count: int) -> np.ndarray:
    """What is heard while a clip runs from `place`, in its seconds, at `speed` times its own for
    `count` samples of ours: (count, 2) float32. Blocks join without a seam where the next one
    begins at `place + count / RATE * speed`. At speed 1 the samples stay as they are, at 0 there is
    silence."""
    if speed == 0 or count == 0:
        return silence(count)
    if speed == 1:
        return file.read(place, count)
    weights = sinc_weights(max(STEPS, math.ceil(abs(speed) * STEPS)))
    half = weights.shape[1] // 2
    places = place * RATE + np.arange(count) * speed
    whole = np.floor(places).astype(np.int64)
    phases = np.rint((places - whole) * PHASES).astype(np.int64)
    first = int(whole.min()) - half + 1
    source = file.read(first / RATE, int(whole.max()) + half + 1 - first)
    windows = np.lib.stride_tricks.sliding_window_view(source, 2 * half, axis=0)
    taken = windows[whole - half + 1 - first]  # (count, 2, taps)
    return np.einsum("nct,nt->nc", taken, weights[phases]).astype(np.float32)


@lru_cache(maxsize=64)
def sinc_weights(sixteenths: int) -> np.ndarray:
    """(PHASES + 1, taps) float32: a sinc under a Hann window, which lets nothing through that would
    fold back at this speed."""
    cutoff = STEPS / sixteenths
    half = math.ceil(HALF / cutoff)
    apart = np.arange(1 - half, half + 1)[None] - np.linspace(0, 1, PHASES + 1)[:, None]
    window = np.where(abs(apart) < half, 0.5 + 0.5 * np.cos(np.pi * apart / half), 0.0)
    weights = cutoff * np.sinc(apart * cutoff) * window
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
