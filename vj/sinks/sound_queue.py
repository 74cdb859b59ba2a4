"""Sound on its way into a recording, in order and without holes."""

from __future__ import annotations

from collections import deque

import numpy as np

from vj.sound import RATE, silence

SLACK = round(0.010 * RATE)
"""Samples by which a piece may begin beside the end of the one before, and it follows without a
seam: moments of the clock are a little late or early."""


class SoundQueue:
    """Samples are counted from the recording's beginning."""

    def __init__(self) -> None:
        self._waiting: deque[np.ndarray] = deque()
        self.end = 0
        """The sample up to which there is sound."""
        self.taken = 0
        """The sample up to which it was taken."""

    def put(self, first: int | None, samples: np.ndarray) -> None:
        """samples: (n, 2) float32. first: which sample they begin with; None: they follow. A gap
        becomes silence; where there is sound already, that stays."""
        if first is not None and abs(first - self.end) > SLACK:
            self.pad(first)
            samples = samples[max(0, self.end - first) :]
        if len(samples):
            self._waiting.append(samples)
            self.end += len(samples)

    def pad(self, end: int) -> None:
        """Silence up to this sample, where there is no sound yet."""
        if end > self.end:
            self._waiting.append(silence(end - self.end))
            self.end = end

    def take(self, count: int) -> np.ndarray:
        """The next `count` samples, which have to be there: (count, 2) float32."""
        parts, left = [], count
        while left:
            part = self._waiting.popleft()
            if len(part) > left:
                self._waiting.appendleft(part[left:])
            parts.append(part[:left])
            left -= len(parts[-1])
        self.taken += count
        return np.concatenate(parts)
