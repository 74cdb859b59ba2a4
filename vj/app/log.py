"""Lines for a terminal or a file, written by threads of their own, so that logging never waits for
a terminal that is held (Ctrl-S, a selection on Windows) or for a slow disk."""

from __future__ import annotations

import logging
import logging.handlers
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

from vj.core.errors import Fault
from vj.sources.network import without_password

LIMIT = 1000
"""Lines that wait at most; further ones are left out, and their number is written later."""
SIZE, FILES = 2_000_000, 5
"""Bytes of a log file until the next one begins, and how many older ones are kept."""


class Writer:
    """Writes texts in their order on a thread of its own."""

    def __init__(self, write: Callable[[str], None], name: str = "writer") -> None:
        """write: writes a text; may wait. With OSError or ValueError the other end is closed, and
        the text is dropped."""
        self._write = write
        self._waiting: deque[str] = deque()
        self._there = threading.Condition()
        self._left_out = 0
        self._busy = False
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False

    def put(self, text: str) -> None:
        """Never waits. From any thread. Passwords of addresses are left out."""
        text = without_password(text)
        with self._there:
            if self._closed:
                return
            if not self._started:
                self._started = True
                self._thread.start()
            if len(self._waiting) >= LIMIT:
                self._left_out += 1
                return
            self._waiting.append(text)
            self._there.notify_all()

    def poke(self) -> None:
        """Have an empty text written, unless something is about to be written anyway."""
        with self._there:
            waits = bool(self._waiting)
        if not waits:
            self.put("")

    def flush(self, timeout: float = 0.3) -> bool:
        """Wait until all is written, at most so many seconds. False when it is not."""
        with self._there:
            return self._there.wait_for(lambda: not self._waiting and not self._busy, timeout)

    def close(self, timeout: float = 0.3) -> None:
        """Write what is left, as far as that takes no longer, and end."""
        self.flush(timeout)
        with self._there:
            self._closed = True
            self._there.notify_all()

    def _run(self) -> None:
        while True:
            with self._there:
                self._busy = False
                self._there.notify_all()
                self._there.wait_for(lambda: bool(self._waiting) or self._closed)
                if not self._waiting:
                    return
                self._busy = True
                texts = list(self._waiting)
                self._waiting.clear()
                left_out, self._left_out = self._left_out, 0
            if left_out:
                texts.append(f"({left_out} lines left out: nobody read them)")
            for text in texts:
                try:
                    self._write(text)
                except (OSError, ValueError):  # the other end is closed; the show goes on
                    continue


class LogFile:
    """A file of lines with the time of each. When it is large a new one begins: FILE; the one
    before is FILE.1, up to FILE.5."""

    def __init__(self, path: Path) -> None:
        """Raises Fault when it cannot be written."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._handler = logging.handlers.RotatingFileHandler(
                path, maxBytes=SIZE, backupCount=FILES, encoding="utf-8", errors="replace"
            )
        except OSError as error:
            raise Fault(f"--log-file {path}: cannot be written ({error.strerror})") from None
        self._handler.handleError = lambda record: None  # type: ignore[method-assign]
        self._handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
        self._writer = Writer(self._emit, "log file")

    def _emit(self, text: str) -> None:
        fields = {"msg": text, "levelno": logging.INFO, "levelname": "INFO"}
        self._handler.handle(logging.makeLogRecord(fields))

    def log(self, text: str) -> None:
        """A line. Never waits. From any thread."""
        self._writer.put(text)

    def close(self) -> None:
        """Write what is left, as far as that takes no time, and end."""
        self._writer.close()
        self._handler.close()
