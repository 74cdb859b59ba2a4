"""A sound on its way: one that is read on at a pace that changes. Places are whole numbers, in
parts of a sample, so that nothing drifts in however long a time."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from vj.sound import RATE
from vj.sound.samples import Samples, looped
from vj.sound.varied import PHASES, STEPS, sinc_weights

BITS = 32
ONE = 1 << BITS
"""A sample, in the parts that places are counted in."""
HOP = round(0.010 * RATE)
"""Samples after which sound that keeps its pitch goes on from another place."""
SEARCH = round(0.010 * RATE)
"""Samples on both sides of where it should go on, among which the place is found where it goes on
best."""


def parts_of(pace: float) -> int:
    """A pace as parts of a sample that one of ours takes."""
    return max(1, round(pace * ONE))


class Running(Protocol):
    """A place in a sound. For one thread."""

    @property
    def over(self) -> bool:
        """It has come to its end; never where it loops."""

    def take(self, count: int, step: int) -> np.ndarray:
        """The next block: (count, 2) float32. step: see `parts_of`."""

    def skip(self, count: int, step: int) -> None:
        """The same, unheard."""


class PitchFollows:
    """As from a turning record: twice as fast is an octave higher."""

    def __init__(self, samples: Samples, loop: bool, place: int = 0) -> None:
        """place: the sample that it begins with."""
        self._samples, self._loop = samples, loop
        self._place = place << BITS

    @property
    def over(self) -> bool:
        return not self._loop and self._place >= self._samples.length << BITS

    def skip(self, count: int, step: int) -> None:
        self._place += count * step
        if self._loop:
            self._place %= self._samples.length << BITS

    def take(self, count: int, step: int) -> np.ndarray:
        place = self._place
        self.skip(count, step)
        if step == ONE and not place & (ONE - 1):
            return self._read(place >> BITS, count)
        weights = sinc_weights(max(STEPS, -(-step * STEPS // ONE)))
        half = weights.shape[1] // 2
        places = place + step * np.arange(count, dtype=np.int64)
        whole = places >> BITS
        phases = ((places & (ONE - 1)) * PHASES + ONE // 2) >> BITS
        first = int(whole[0]) - half + 1
        source = self._read(first, int(whole[-1]) + half + 1 - first)
        windows = np.lib.stride_tricks.sliding_window_view(source, 2 * half, axis=0)
        taken = windows[whole - half + 1 - first]  # (count, 2, taps)
        return np.einsum("nct,nt->nc", taken, weights[phases]).astype(np.float32)

    def _read(self, first: int, count: int) -> np.ndarray:
        samples = self._samples
        return looped(samples, first, count) if self._loop else samples.read(first, count)


class PitchKept:
    """Faster or slower at the same pitch: it goes on hop by hop from where the waves fit best
    (WSOLA, Verhelst and Roelands 1993). At pace 1 not a sample changes."""

    def __init__(self, samples: Samples, loop: bool, place: int = 0) -> None:
        """place: the sample that it begins with."""
        self._samples, self._loop = samples, loop
        self._wanted = place << BITS
        """Where the next hop should go on."""
        self._onward = place
        """Where it would go on by itself."""
        self._rest = samples.read(0, 0)
        """What is left of the last hop."""
        self._rises = (0.5 - 0.5 * np.cos(np.pi * (np.arange(HOP) + 0.5) / HOP)).astype(np.float32)

    @property
    def over(self) -> bool:
        ended = self._wanted >> BITS >= self._samples.length + SEARCH and not len(self._rest)
        return not self._loop and ended

    def skip(self, count: int, step: int) -> None:
        self._rest = self._rest[:0]
        self._wanted += count * step
        self._onward = self._wanted >> BITS
        self._wanted = self._onward << BITS

    def take(self, count: int, step: int) -> np.ndarray:
        parts, there = [self._rest], len(self._rest)
        while there < count:
            parts.append(self._hop(step))
            there += HOP
        whole = parts[0] if len(parts) == 1 else np.concatenate(parts)
        self._rest = whole[count:]
        return whole[:count]

    def _hop(self, step: int) -> np.ndarray:
        wanted = self._wanted >> BITS
        self._wanted += HOP * step
        begins = self._read(self._onward, HOP)
        if step == ONE and abs(self._onward - wanted) <= SEARCH:
            self._onward += HOP
            return begins
        area = self._read(wanted - SEARCH, HOP + 2 * SEARCH)
        place = wanted - SEARCH + _best(begins.sum(axis=1), area.sum(axis=1))
        ends = area[place - wanted + SEARCH :][:HOP]
        self._onward = place + HOP
        return begins + self._rises[:, None] * (ends - begins)

    def _read(self, first: int, count: int) -> np.ndarray:
        samples = self._samples
        return looped(samples, first, count) if self._loop else samples.read(first, count)


def _best(piece: np.ndarray, area: np.ndarray) -> int:
    """Where in (m,) a piece, (n,), fits best."""
    alike = np.correlate(area, piece, "valid")
    squares = np.concatenate([[0.0], np.cumsum(area.astype(np.float64) ** 2)])
    power = squares[len(piece) :] - squares[: -len(piece)]
    if power.max() <= 1e-9:
        return len(alike) // 2
    return int(np.argmax(alike / np.sqrt(np.maximum(power, 1e-4 * power.max()))))
