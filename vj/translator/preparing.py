"""What comes before the first step, and takes minutes for a long clip: it says how far it is, and
can be stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

EVERY = 10.0
"""Seconds from one line to the next."""


class Stopped(Exception):
    """Training was stopped before it began."""


class Preparing:
    """Belongs to one thread."""

    def __init__(
        self,
        say: Callable[[str], None] = lambda text: None,
        stop: Callable[[], bool] = lambda: False,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.say, self._stop, self._now = say, stop, now
        self._told = now()

    def at(self, doing: str, done: int, whole: int | None = None) -> None:
        """Before each piece of work, of which so many are done. Says so now and then. Raises
        Stopped."""
        if self._stop():
            raise Stopped
        if self._now() - self._told >= EVERY:
            self._told = self._now()
            self.say(f"{doing}: {done} frames" if whole is None else f"{doing}: {done} of {whole}")
