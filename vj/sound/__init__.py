"""Sound: of clips and files, at any speed, and on its way beside the picture.

Everywhere here it is float32, (n, 2), -1..1, 48000 samples a second; mono and surround become
stereo where a file is read.
"""

from __future__ import annotations

import numpy as np

RATE = 48_000
"""Samples a second."""

CHANNELS = 2


def silence(count: int) -> np.ndarray:
    """(count, 2) float32."""
    return np.zeros((count, CHANNELS), np.float32)
