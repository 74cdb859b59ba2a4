"""Some of many, evenly."""

from __future__ import annotations

import numpy as np


def spread(count: int, most: int) -> list[int]:
    """At most so many of the numbers 0 .. count - 1, from the first to the last, evenly apart. At
    least one where there is any."""
    if count <= 0:
        return []
    return [int(n) for n in np.unique(np.linspace(0, count - 1, min(count, most)).astype(int))]
