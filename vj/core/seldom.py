"""What may come up with every frame is logged once in a while."""

from __future__ import annotations

import math
from collections.abc import Callable

AGAIN = 10.0
"""Seconds after which the same words are logged once more."""


class SeldomLog:
    """Logs words unless they are the last ones, and fresh."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self._log = log
        self._last = ("", -math.inf)

    def __call__(self, text: str, now: float) -> None:
        """now: seconds, of the frame."""
        if text != self._last[0] or now - self._last[1] > AGAIN:
            self._last = (text, now)
            self._log(text)
