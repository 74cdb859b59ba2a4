"""How likely a pixel is of a subject and not of the rest, by its colour."""

from __future__ import annotations

import cv2
import numpy as np

BINS = 16
"""Of each of red, green and blue."""
LEARNS = 0.04
"""How much of the newest frame the model takes in."""
MOST = 4.0
"""Of the evidence, in natural logarithms of odds."""


class ColourModel:
    """Two histograms, of the subject and of what is about it."""

    def __init__(self, picture: np.ndarray, subject: np.ndarray) -> None:
        """picture: (h, w, 3) uint8. subject: (h, w) float32 0..1."""
        self._own, self._rest = _histograms(picture, subject)

    def evidence(self, picture: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 -> (h, w) float32, the logarithm of the odds, within +-`MOST`."""
        odds = np.log((self._own + 1e-5) / (self._rest + 1e-5)).astype(np.float32)
        found: np.ndarray = odds[_bins(picture)]
        return np.clip(found, -MOST, MOST)

    def learn(self, picture: np.ndarray, subject: np.ndarray) -> None:
        """Another frame in which it is known where the subject is."""
        own, rest = _histograms(picture, subject)
        self._own += LEARNS * (own - self._own)
        self._rest += LEARNS * (rest - self._rest)


def _bins(picture: np.ndarray) -> np.ndarray:
    red, green, blue = (channel.astype(np.int32) // (256 // BINS) for channel in cv2.split(picture))
    out: np.ndarray = (red * BINS + green) * BINS + blue
    return out


def _histograms(picture: np.ndarray, subject: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the subject and of the rest, (BINS^3,) float64 of sum 1, a little blurred. The rest near
    the subject counts more: that is what it has to be told from."""
    places = _bins(picture).reshape(-1)
    sure = (subject > 0.6).astype(np.float32)
    reach = max(3, round(2.5 * np.sqrt(sure.sum()))) | 1
    near = 0.15 + cv2.blur(sure, (reach, reach)) * np.float32(4)
    rest = near * (subject < 0.3)
    return _spread(places, sure), _spread(places, rest)


def _spread(places: np.ndarray, weights: np.ndarray) -> np.ndarray:
    counted = np.bincount(places, weights.reshape(-1), BINS**3).reshape(BINS, BINS, BINS)
    for axis in range(3):
        padded = np.pad(counted, [(1, 1) if a == axis else (0, 0) for a in range(3)])
        one, two, three = (
            np.take(padded, range(start, start + BINS), axis=axis) for start in range(3)
        )
        counted = 0.2 * one + 0.6 * two + 0.2 * three
    total = counted.sum()
    out: np.ndarray = counted.reshape(-1) / (total if total > 0 else 1.0)
    return out
