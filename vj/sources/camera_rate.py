"""How many pictures a second a camera really gives, and why they are fewer than were asked for."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Size

SETTLING = 1.5
"""Seconds that are not counted: cameras start slowly, and find their exposure first."""
MEASURING = 3.0
"""Seconds over which is counted."""
CLEARLY = 0.8
"""Of the rate asked for: below is said."""
DARK = 50.0
"""Mean of a picture, of 255, below which the light may be too little."""


class RateMeter:
    """Counts a camera's first pictures. Used from one thread."""

    def __init__(self, wanted: float) -> None:
        """wanted: pictures a second that were asked for."""
        self.wanted = wanted
        self.rate: float | None = None
        """Measured; None until then."""
        self._begun: float | None = None
        self._first: float | None = None
        self._count = 0

    def count(self, now: float) -> bool:
        """A picture has come. now: seconds. True once: when the rate has just been measured."""
        if self.rate is not None:
            return False
        if self._begun is None:
            self._begun = now
        if now - self._begun < SETTLING:
            return False
        if self._first is None:
            self._first = now
            return False
        self._count += 1
        if now - self._first < MEASURING:
            return False
        self.rate = self._count / (now - self._first)
        return True

    @property
    def slow(self) -> bool:
        """The rate is clearly lower than wanted."""
        return self.rate is not None and self.rate < CLEARLY * self.wanted


def brightness(rgb: np.ndarray) -> float:
    """The mean of a picture, 0..255, (H, W, 3) uint8, from a sample of it."""
    return float(cv2.mean(rgb[::8, ::8])[1])


def why(meter: RateMeter, stated: float, name: str, size: Size, mean: float, remedy: str) -> str:
    """What keeps a camera slow, as far as it can be known, and what would help.

    stated: the rate that its driver says, 0 where it does not. name: the format, empty where it is
    not known. mean: of its picture, 0..255. remedy: a command that forbids it to expose for longer;
    empty where it does not do so, or that is not known.
    """
    assert meter.rate is not None
    large = size.width * size.height > 640 * 480
    faster = "a smaller ?size= after its name may be faster"
    if large and name and name != "MJPG":
        faster = f"?format=MJPG or {faster}"
    if 0 < stated < CLEARLY * meter.wanted:
        return f"it has no more as {name or 'it is'} at {size}; {faster}"
    if remedy:
        return f"its exposure takes longer in low light; more light would help, or {remedy}"
    if mean < DARK:
        return "its exposure may take longer in low light; more light would help, or a fixed one"
    return (
        "its exposure may take longer in low light, or others take a part of its USB port; "
        f"more light or {faster}"
    )
