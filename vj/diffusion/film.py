"""From which two frames a dreaming film goes on: those that it painted last, or a moment that is
taken from the source."""

from __future__ import annotations

from collections import deque

import numpy as np


class Film:
    """Pictures are (H, W, 3) uint8, of one size, and are not written to. Belongs to the render
    thread."""

    def __init__(self) -> None:
        self._painted: deque[np.ndarray] = deque(maxlen=2)
        self._source: deque[np.ndarray] = deque(maxlen=2)
        self._number: int | None = None
        """Of the source's newest frame."""
        self._moment: list[np.ndarray] = []
        """What the film began with."""
        self._fired: int | None = None

    def before(
        self, picture: np.ndarray, source: np.ndarray, number: int, blank: bool, begin: int
    ) -> list[np.ndarray]:
        """Two frames, the newest last; the same one twice where there has been no other.

        picture: what the model is given; a film begins with it that has nothing else to begin with.
        source: the same without what is fed back. number: the source's frame. blank: there is no
        source. begin: the trigger `film/begin`, which counts how often it was fired.
        """
        if not blank and number != self._number:
            self._source.append(source)
            self._number = number
        fired = self._fired is not None and begin != self._fired
        self._fired = begin
        if fired or not self._painted:
            moment = self._moment if blank else list(self._source)
            self._moment = moment or [picture]
            self._painted.extend([*self._moment, self._moment[-1]][:2])
        return list(self._painted)

    def remember(self, painted: np.ndarray, begins: bool = False) -> None:
        """What was painted last. begins: it is what a film begins with, too."""
        self._painted.append(painted)
        if begins:
            self._moment = list(self._painted)

    def forget(self) -> None:
        """What was painted is lost; the next frame begins anew."""
        self._painted.clear()
