"""Sounds that the project makes itself, a file a kind: `drawn:NAME` in `sounds:` of a show. Each
time the same samples."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np

PREFIX = "drawn:"
MADE = {
    "impact": "impact",
    "brake": "car",
    "engine": "car",
    "song": "song",
    "drone": "drone",
    "heartbeat": "heartbeat",
    "sea": "sea",
}
"""Which module of this package makes which sound, in a function of its name."""
NAMES = tuple(MADE)
GO_ON = ("engine", "song", "drone", "heartbeat", "sea")
"""Those that go on without a seam; the others are over after a while."""


@cache
def drawn(name: str) -> np.ndarray:
    """One of `NAMES`: (n, 2) float32, read only, at most -3 dB of full scale."""
    make: Callable[[], np.ndarray] = getattr(import_module(f"vj.sound.drawn.{MADE[name]}"), name)
    sound = make()
    sound.setflags(write=False)
    return sound
