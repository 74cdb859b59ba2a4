"""Pictures made between two of a clip's own ones, so that a slow clip moves smoothly."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

AtShare = Callable[[float], np.ndarray]
"""Gives the picture at a share (0..1) of the way between two."""
Making = Callable[[np.ndarray, np.ndarray], AtShare | None]
"""Two neighbouring pictures, (H, W, 3 or 4) uint8, which are not written to any more -> what makes
pictures between them; None where they are two scenes. Belongs to one thread."""
NEAR = 0.01
"""Share of the way to a picture within which it is that picture itself."""


class BetweenPictures:
    """Of one clip. For one thread."""

    def __init__(self, making: Making) -> None:
        self._making = making
        self._begins: float | None = None
        self._old = self._new = np.empty(0, np.uint8)
        self._at: AtShare | None = None

    def picture(
        self, share: float, begins: float, old: np.ndarray, new: Callable[[], np.ndarray]
    ) -> np.ndarray:
        """At this share of the way from `old`, which begins at that second of the clip, to the next
        one; over a cut it is `old`. new: gives the next one, where it is not known yet."""
        if begins != self._begins:
            self._begins, self._old, self._new = begins, old, new()
            same = self._old.shape == self._new.shape
            self._at = self._making(self._old, self._new) if same else None
        if self._at is None or share <= NEAR:
            return old
        return self._new if share >= 1 - NEAR else self._at(share)
