"""A car that hits a wall: a blow, metal that rings and folds, glass that falls."""

from __future__ import annotations

import math

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
    times,
    with_ends,
)

SECONDS = 4.0
FOLDS = ((0.0, 1.0), (0.065, 0.5), (0.14, 0.65), (0.27, 0.3))
"""When metal gives way, and how strongly."""


def impact() -> np.ndarray:
    """(n, 2) float32."""
    at = times(SECONDS)
    random = np.random.default_rng(23)
    mixed = np.zeros((len(at), 2))
    bands = ((60, 260, 0.7, 1.3), (260, 1800, 0.9, 1.0), (1800, 7000, 1.2, 0.7))
    for number, (low, high, seconds, level) in enumerate(bands):
        hiss = filtered(noise(number, len(at)), band(low, high))
        hiss /= hiss.std()
        blows = np.zeros(len(at))
        for when, force in FOLDS:
            blows += force * decay(at - when, seconds * (0.5 + force))
        mixed += 0.3 * level * hiss * blows[:, None]
    swept = 38 * at + 70 * 0.06 * (1 - np.exp(-at / 0.06))
    mixed += 0.9 * (np.sin(2 * np.pi * swept) * decay(at, 0.8))[:, None]
    for _ in range(34):  # sheets of metal: partials that are no overtones
        hertz = 170 * (4800 / 170) ** random.random()
        when, force = FOLDS[random.integers(len(FOLDS))]
        rings = decay(at - when, random.uniform(0.8, 2.6) * (600 / (hertz + 300)) ** 0.4)
        bends = 1 - 0.03 * random.random() * (1 - np.exp(-np.maximum(at - when, 0) / 0.1))
        phase = 2 * np.pi * (hertz * np.cumsum(bends) / RATE + random.random())
        level = 0.2 * (0.5 + 0.5 * force) * (500 / (hertz + 400)) ** 0.5
        mixed += panned(level * np.sin(phase) * rings, random.uniform(-0.8, 0.8))
    mixed += _glass(random, len(at))
    return finished(with_ends(in_a_room(mixed, 2.2, 0.5), 0.0, 1.0))


def _glass(random: np.random.Generator, count: int) -> np.ndarray:
    """Splinters, fewer and fewer."""
    found = np.zeros((count, 2))
    at = times(0.25)
    for _ in range(110):
        when = 0.08 + 2.4 * random.random() ** 1.9
        first = round(when * RATE)
        hertz = random.uniform(2200, 8200)
        ring = sum(
            np.sin(2 * np.pi * hertz * ratio * at) * decay(at, random.uniform(0.03, 0.22))
            for ratio in (1.0, 1.47, 2.09)
            if hertz * ratio < 14_000
        )
        level = 0.3 * random.random() ** 1.5 * math.exp(-0.7 * when)
        found[first : first + len(at)] += panned(level * ring, random.uniform(-1, 1))
    return found
