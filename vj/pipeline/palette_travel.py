"""One picture's colours on their way to another's, without the grey that averaging gives.

The colours of a picture are taken for a normal distribution; between two of those there is a
shortest way on which each stage is as colourful as its ends (optimal transport; Pitié and Kokaram
2007, "The linear Monge-Kantorovitch linear colour mapping"; McCann 1997 for the stages between).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

GRAIN = 1e-3
"""Added to the variance of each channel, 0..1: a picture of one colour has a way, too."""
LEAST, MOST = 0.4, 2.5
"""Contrast changes by no more than this on the whole way: a pale picture that is stretched to a
lively one shows its grain."""

Affine = tuple[np.ndarray, np.ndarray]
"""c -> m c + b, colours 0..1: (3, 3) and (3,) float64."""


@dataclass(frozen=True, slots=True, eq=False)
class PaletteWay:
    """From the colours of one picture to those of another."""

    one: np.ndarray
    two: np.ndarray
    """Means, (3,)."""
    there: np.ndarray
    """(3, 3), what makes the first one's spread the second one's."""
    back: np.ndarray

    @classmethod
    def between(cls, one: np.ndarray, two: np.ndarray) -> PaletteWay:
        """Of two pictures, (H, W, 3) uint8 or float 0..255 each."""
        (here, first), (there, second) = (_spread(picture) for picture in (one, two))
        root, unroot = _power(first, 0.5), _power(first, -0.5)
        way = unroot @ _power(root @ second @ root, 0.5) @ unroot
        scale, turn = np.linalg.eigh(way)
        scale = np.clip(scale, LEAST, MOST)
        return cls(here, there, (turn * scale) @ turn.T, (turn / scale) @ turn.T)

    def of_one(self, share: float) -> Affine:
        """What brings the first picture to the colours at a share (0..1) of the way."""
        return self._to(self.one, self.there, share)

    def of_two(self, share: float) -> Affine:
        """What brings the second picture there."""
        return self._to(self.two, self.back, 1 - share)

    def _to(self, mean: np.ndarray, way: np.ndarray, far: float) -> Affine:
        other = self.two if mean is self.one else self.one
        matrix = (1 - far) * np.eye(3) + far * way
        return matrix, (1 - far) * mean + far * other - matrix @ mean


def recoloured(picture: np.ndarray, to: Affine) -> np.ndarray:
    """(H, W, 3) uint8 or float32 0..255, of the same type."""
    out: np.ndarray = cv2.transform(picture, np.hstack([to[0], 255 * to[1][:, None]]))
    return out


def _spread(picture: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance of a picture's colours, 0..1."""
    small = cv2.resize(picture, (64, 64), interpolation=cv2.INTER_AREA).reshape(-1, 3) / 255.0
    return small.mean(0), np.cov(small.T) + GRAIN * np.eye(3)


def _power(matrix: np.ndarray, exponent: float) -> np.ndarray:
    """Of a symmetric positive matrix."""
    values, vectors = np.linalg.eigh(matrix)
    out: np.ndarray = (vectors * np.maximum(values, 1e-9) ** exponent) @ vectors.T
    return out
