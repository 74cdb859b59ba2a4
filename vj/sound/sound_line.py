"""The newest sound, by the moments on the show's clock at which it is heard."""

from __future__ import annotations

import threading

import numpy as np

from vj.sound import RATE, silence


class SoundLine:
    """A few seconds of sound: one thread puts it in, others take what lies at a moment. A moment
    may be taken again."""

    def __init__(self, seconds: float, slack: float = 0.01) -> None:
        """seconds: how much is kept. slack: seconds by which moments of what is put in may differ
        from the end of what was put in before, and it follows that without a seam."""
        self._kept = silence(max(1, round(seconds * RATE)))
        self._slack = round(slack * RATE)
        self._lock = threading.Lock()
        self._first = self._last = 0
        """The samples that are kept, counted from the clock's 0: from, and up to."""

    def put(self, moment: float, samples: np.ndarray) -> None:
        """samples: (n, 2) float32, the first one heard at this moment. Over a gap there is silence;
        what was put in before for the same moments, and for later ones, is gone."""
        with self._lock:
            first = round(moment * RATE)
            if self._last > self._first and abs(first - self._last) <= self._slack:
                first = self._last
            size = len(self._kept)
            last = first + len(samples)
            if self._first == self._last or first - self._last >= size or last < self._first:
                self._first = self._last = first  # nothing of what is kept is near
            self._write(self._last, silence(max(0, first - self._last)))
            self._write(first, samples)
            self._last = last
            self._first = max(min(self._first, first), last - size)

    def _write(self, first: int, samples: np.ndarray) -> None:
        size = len(self._kept)
        over = max(0, len(samples) - size)
        samples, at = samples[over:], (first + over) % size
        head = min(len(samples), size - at)
        self._kept[at : at + head] = samples[:head]
        self._kept[: len(samples) - head] = samples[head:]

    def take(self, moment: float, count: int) -> np.ndarray:
        """What is heard from this moment on: (count, 2) float32; silence where nothing came, or
        where it is not kept any more."""
        found = silence(count)
        with self._lock:
            first = round(moment * RATE)
            low, high = max(first, self._first), min(first + count, self._last)
            if low < high:
                places = np.arange(low, high) % len(self._kept)
                found[low - first : high - first] = self._kept[places]
        return found

    @property
    def newest(self) -> float | None:
        """The moment at which what came last ends; None before anything came."""
        with self._lock:
            return None if self._last == self._first else self._last / RATE
