"""How one sound takes over from another without a click."""

from __future__ import annotations

import numpy as np

from vj.sound import RATE

RAMP = round(0.005 * RATE)
"""Samples in which it does: 5 ms."""


def joined(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """A block that begins as `old` and goes on as `new`: both (n, 2), of which `old` may be
    shorter; where both are longer than `RAMP`, so is it."""
    count = min(len(old), len(new), RAMP)
    rising = (np.arange(count, dtype=np.float32)[:, None] + 1) / (count + 1)
    whole = new.copy()
    whole[:count] = old[:count] * (1 - rising) + new[:count] * rising
    return whole


def levelled(block: np.ndarray, before: float, now: float) -> np.ndarray:
    """A block whose level changes: over all of it where that is a little, as in a fade, else at
    once."""
    if before == now == 1:
        return block
    count = len(block) if abs(now - before) < 0.2 else min(len(block), RAMP)
    levels = np.full(len(block), now, np.float32)
    levels[:count] = before + (now - before) * (np.arange(count) + 1) / max(1, count)
    return block * levels[:, None]
