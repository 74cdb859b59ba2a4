"""How the learning rate falls."""

from __future__ import annotations

import math


def fallen(share: float, over: float, least: float = 0.02) -> float:
    """1, and over the last `over` of the run a falling cosine, down to `least`. share: of the run
    that is done, 0..1."""
    falling = max(0.0, (share - (1 - over)) / over)
    return least + (1 - least) * 0.5 * (1 + math.cos(math.pi * falling))
