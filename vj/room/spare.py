"""A process that stands by for whichever piece dies: all is imported, so that its input is shown
within a second and not after the seconds that imports take.

The room's side is `Spare`; the process itself runs `stand_by`.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vj.core.errors import Fault
from vj.room.child import PieceProcess

WORD = "stand-by-for-a-room"
"""The one word on the command line of a process that stands by."""
READY = "ready"


class Spare:
    """At most one process that stands by. From any thread."""

    def __init__(self, command: Sequence[str]) -> None:
        self._command = command
        self._lock = threading.Lock()
        self._process: PieceProcess | None = None
        self._ready = False
        self._over = False

    @property
    def ready(self) -> bool:
        return self._ready

    def prepare(self) -> None:
        """Have one made, unless there is one. Does not wait for it."""
        with self._lock:
            if self._over or (self._process is not None and not self._process.ended(0)):
                return
            self._ready = False
            with contextlib.suppress(Fault):  # pieces start without it, only later
                self._process = PieceProcess(
                    self._command, {}, self._heard, lambda words: None, "spare"
                )

    def take(
        self,
        words: Sequence[str],
        environment: Mapping[str, str],
        on_message: Callable[[dict[str, Any]], None],
        on_words: Callable[[str], None],
    ) -> PieceProcess | None:
        """The process that stands by, on its way to be a piece with these words on its command line
        and this in its environment; None where none is ready. on_message, on_words: as of
        `PieceProcess`."""
        with self._lock:
            process, ready = self._process, self._ready
            if process is None or not ready:
                return None
            self._process, self._ready = None, False
        if process.ended(0):
            return None
        process.on_message, process.on_words = on_message, on_words
        process.send(words=list(words), environment=dict(environment))
        return process

    def close(self) -> None:
        """End it. May be called twice."""
        with self._lock:
            self._over, self._ready = True, False
            process, self._process = self._process, None
        if process is not None:
            process.close()
            if not process.ended(0.5):
                process.kill()

    def _heard(self, message: dict[str, Any]) -> None:
        if message.get(READY):
            self._ready = True


def stand_by(imports: Callable[[], None]) -> list[str] | None:
    """In the process: import all, say so, and wait to be needed. Returns the words of a command
    line; None when the room has ended."""
    imports()
    print(json.dumps({READY: True}), flush=True)
    line = sys.stdin.readline()
    if not line:
        return None
    asked = json.loads(line)
    if "words" not in asked:
        return None
    os.environ.update({str(key): str(value) for key, value in asked["environment"].items()})
    return [str(word) for word in asked["words"]]
