"""Log lines of libraries as messages for the user: one a second at most, instead of a traceback for
every broken request."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

LIBRARIES = ("aiohttp", "zeroconf", "asyncio", "pythonosc")
PERIOD = 1.0
"""Seconds between two lines."""


class LibraryLog(logging.Handler):
    """Handles the warnings of the libraries that serve the page. Those between two lines are
    counted."""

    def __init__(
        self, log: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(logging.WARNING)
        self._log, self._clock = log, clock
        self._next, self._suppressed = -float("inf"), 0
        self._before: dict[str, bool] = {}

    def attach(self) -> None:
        """Attach to the libraries' loggers, and stop propagation."""
        for name in LIBRARIES:
            logger = logging.getLogger(name)
            self._before[name] = logger.propagate
            logger.propagate = False
            logger.addHandler(self)

    def detach(self) -> None:
        """Undo `attach`. May be called twice."""
        for name, propagate in self._before.items():
            logger = logging.getLogger(name)
            logger.removeHandler(self)
            if not any(isinstance(other, LibraryLog) for other in logger.handlers):
                logger.propagate = propagate
        self._before = {}

    def emit(self, record: logging.LogRecord) -> None:
        now = self._clock()
        if now < self._next:
            self._suppressed += 1
            return
        self._next = now + PERIOD
        more, self._suppressed = self._suppressed, 0
        try:
            text = record.getMessage()
        except (TypeError, ValueError):
            text = str(record.msg)
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({type(record.exc_info[1]).__name__}: {record.exc_info[1]})"
        line = " ".join(text.split())[:200]
        self._log(
            f"{record.name.partition('.')[0]}: {line}" + (f" (and {more} more)" if more else "")
        )
