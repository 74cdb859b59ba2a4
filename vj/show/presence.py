"""Whether a file that plays is still there: told once when it stays away, and when it is back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

AWAY = 3.0
"""Seconds after which a file is taken for gone; between two steps of an editor there may be
none."""


class Presence:
    """Of one file. For one thread."""

    def __init__(
        self,
        goes_on: str,
        log: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """goes_on: such as `the running show goes on as it was`. now: seconds."""
        self._goes_on, self._log, self._now = goes_on, log, now
        self._since: float | None = None
        self._told = False

    def look(self, path: Path, read: bool) -> None:
        """Call periodically. read: it was there just now."""
        if read:
            if self._told:
                self._log(f"{path}: is there again")
            self._since, self._told = None, False
            return
        if self._since is None:
            self._since = self._now()
        if not self._told and self._now() - self._since >= AWAY and not path.is_file():
            self._told = True
            self._log(
                f"{path}: is no longer there; {self._goes_on}, and what is saved under this name "
                "is played"
            )
