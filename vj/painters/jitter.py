"""Seeds of painters: a grain too faint to be seen, put on what the network is shown. Where the
picture itself is even, it decides how the strokes fall; and since it is stronger than a camera's
noise, they lie still."""

from __future__ import annotations

import math

import cv2
import numpy as np

from vj.parameters.store import Snapshot

AMOUNT = 0.02
"""Of 0..1: the grain's standard deviation. The outputs of two seeds correlate .4 to .85, by style,
and their edges agree with the input's as without it; .04 begins to cost faces."""
GRAIN = 1.5
"""How coarse it is, in pixels: the sigma of a Gaussian."""
KEPT = 8
"""Seeds whose grain is kept."""


class Jitter:
    """The grain of each frame, for pictures of one size."""

    def __init__(self, height: int, width: int) -> None:
        self._shape = height, width
        self._fixed: dict[int, np.ndarray] = {}
        self._boiling: np.ndarray | None = None
        self._fresh = np.random.default_rng(0)
        self._seeds = (-1, -1)
        self._mixed: tuple[object, np.ndarray] | None = None

    def begin(self) -> None:
        """What boils begins anew with the next frame."""
        self._seeds = (-1, -1)

    def at(self, snapshot: Snapshot) -> np.ndarray:
        """(H, W) float32 of standard deviation `AMOUNT`: of seed/a and seed/b mixed, the variance
        kept, and boiling where noise/hold is below 1: n <- hold * n + sqrt(1 - hold^2) * fresh."""
        one, two, hold = snapshot["seed/a"], snapshot["seed/b"], snapshot["noise/hold"]
        if (one, two) != self._seeds:
            self._seeds, self._boiling = (one, two), None
            self._fresh = np.random.default_rng(one)
        key = one, two, snapshot["seed/mix"]
        if self._mixed is None or self._mixed[0] != key:
            self._mixed = key, self._between(*key)
        held = self._mixed[1]
        if hold >= 1:
            self._boiling = None
            return held
        before = held if self._boiling is None else self._boiling
        fresh = self._grain(self._fresh)
        self._boiling = cv2.addWeighted(before, hold, fresh, math.sqrt(1 - hold * hold), 0)
        return self._boiling

    def _between(self, one: int, two: int, mix: float) -> np.ndarray:
        if mix <= 0 or one == two:
            return self._of_seed(one)
        if mix >= 1:
            return self._of_seed(two)
        length = math.hypot(1 - mix, mix)
        return cv2.addWeighted(
            self._of_seed(one), (1 - mix) / length, self._of_seed(two), mix / length, 0
        )

    def _of_seed(self, seed: int) -> np.ndarray:
        if seed not in self._fixed:
            if len(self._fixed) >= KEPT:
                self._fixed.pop(next(iter(self._fixed)))
            self._fixed[seed] = self._grain(np.random.default_rng(seed))
        return self._fixed[seed]

    def _grain(self, generator: np.random.Generator) -> np.ndarray:
        white = generator.standard_normal(self._shape, np.float32)
        kernel = cv2.getGaussianKernel(2 * math.ceil(4 * GRAIN) + 1, GRAIN)
        soft = cv2.sepFilter2D(white, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT)
        return np.multiply(soft, np.float32(AMOUNT / float((kernel**2).sum())))
