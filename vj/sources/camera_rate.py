"""How many pictures a second a camera really gives, and why they are fewer than were asked for."""

from __future__ import annotations

from statistics import median

import cv2
import numpy as np

from vj.core.frame import Size

SETTLING = 1.5
"""Seconds that are not counted: cameras start slowly, and find their exposure first."""
MEASURING = 3.0
"""Seconds over which is counted, again and again: the light may go down during a show."""
CLEARLY = 0.8
"""Of the rate asked for: less is said."""
DARK = 50.0
"""Mean of a picture, of 255, below which the light may be too little."""


class RateMeter:
    """Counts a camera's pictures. Used from one thread."""

    def __init__(self, wanted: float) -> None:
        """wanted: pictures a second that were asked for."""
        self.wanted = wanted
        self.rate: float | None = None
        """As last measured; None until then."""
        self.slow = False
        """The rate is clearly lower than wanted, and that is the camera's doing: one picture after
        the other comes late. Where this computer is busy some are lost, and others come at once."""
        self._begun: float | None = None
        self._last: float | None = None
        self._intervals: list[float] = []

    def count(self, now: float) -> bool:
        """A picture has come. now: seconds. True when the rate has just been measured."""
        if self._begun is None:
            self._begun = now
        if now - self._begun < SETTLING:
            return False
        if self._last is not None:
            self._intervals.append(now - self._last)
        self._last = now
        passed = sum(self._intervals)
        if passed < MEASURING:
            return False
        self.rate = len(self._intervals) / passed
        least = CLEARLY * self.wanted
        self.slow = self.rate < least and median(self._intervals) > 1 / least
        self._intervals = []
        return True

    def __str__(self) -> str:
        """`"30 a second"`, `"12 of 30 a second"` where it is slow; empty until it is measured."""
        if self.rate is None:
            return ""
        return f"{self.rate:.0f} {f'of {self.wanted:.0f} ' if self.slow else ''}a second"


def brightness(rgb: np.ndarray) -> float:
    """The mean of a picture, 0..255, (H, W, 3) uint8, from a sample of it."""
    return float(np.mean(cv2.mean(np.ascontiguousarray(rgb[::8, ::8]))[:3]))


def why(
    meter: RateMeter, stated: float, fastest: float, name: str, size: Size, mean: float, remedy: str
) -> str:
    """What keeps a camera slow, as far as it can be known, and what would help.

    stated: the rate that its driver says, 0 where it does not. fastest: the highest of all its
    modes, 0 where they are not known. name: the format, empty where it is not known. mean: of its
    picture, 0..255. remedy: a command that forbids it to expose for longer; empty where it does not
    do so, or that is not known.
    """
    large = size.width * size.height > 640 * 480
    faster = "a smaller ?size= after its name may be faster"
    if large and name and name != "MJPG":
        faster = f"?format=MJPG or {faster}"
    if 0 < stated < CLEARLY * meter.wanted:
        if 0 < fastest <= stated * 1.05:
            return "it has no faster mode"
        return f"it has no more as {name or 'it is'} at {size}; {faster}"
    if remedy:
        return f"its exposure takes longer in low light; more light would help, or {remedy}"
    if mean < DARK:
        return "its exposure may take longer in low light; more light would help, or a fixed one"
    return (
        "its exposure may take longer in low light, or others take a part of its USB port; "
        f"more light or {faster}"
    )
