"""Sound that can be read from any sample on: held in memory, or of a long file."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from vj.sound import RATE, silence
from vj.sound.sound_file import SoundFile

HELD = 120 * RATE
"""Samples up to which a file is held in memory, 46 MB; a longer one is read as it is played."""


class Samples(Protocol):
    """One sound."""

    @property
    def length(self) -> int:
        """Samples."""

    def read(self, first: int, count: int) -> np.ndarray:
        """(count, 2) float32; silence before its beginning and behind its end."""

    def close(self) -> None: ...


class HeldSamples:
    """A sound in memory."""

    def __init__(self, sound: np.ndarray) -> None:
        """sound: (n, 2) float32."""
        self._sound = sound

    @property
    def length(self) -> int:
        return len(self._sound)

    def read(self, first: int, count: int) -> np.ndarray:
        low, high = max(first, 0), min(first + count, len(self._sound))
        if first == low and first + count == high:
            return self._sound[low:high]
        found = silence(count)
        if low < high:
            found[low - first : high - first] = self._sound[low:high]
        return found

    def close(self) -> None:
        """Nothing is open."""


class FileSamples:
    """A file that is read as it is played. For one thread."""

    def __init__(self, file: SoundFile) -> None:
        """file: open."""
        self._file = file
        self.length = round(file.length * RATE)

    def read(self, first: int, count: int) -> np.ndarray:
        return self._file.read(first / RATE, count)

    def close(self) -> None:
        self._file.close()


def samples_of_file(file: SoundFile) -> Samples:
    """file: open; it is closed, or will be with what is returned. Raises Fault."""
    samples = FileSamples(file)
    if samples.length > HELD:
        return samples
    held = HeldSamples(file.read(0.0, max(1, samples.length)))
    file.close()
    return held


def looped(samples: Samples, first: int, count: int) -> np.ndarray:
    """As `read` of a sound that goes on and on, in both directions: (count, 2) float32."""
    if count > samples.length:  # a short one, many times
        places = np.arange(first, first + count)
        return np.take(samples.read(0, samples.length), places, axis=0, mode="wrap")
    parts, left = [], count
    while left:
        place = first % samples.length
        some = min(left, samples.length - place)
        parts.append(samples.read(place, some))
        first, left = first + some, left - some
    return parts[0] if len(parts) == 1 else np.concatenate(parts or [silence(0)])
