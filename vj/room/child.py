"""The process of one piece: started, spoken to by lines of JSON, ended, and never left behind.

To it, on its standard input: `beat` (see `vj.app.room_link`), `panic`, `end`. The end of that
stream means that it is to end, so that a room that is killed leaves no piece behind, on any system;
without `end` before it the piece keeps what `--resume` goes on from. From it, on its standard
output: what `RoomLink` says; on its standard error what it says to people.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO, Any

from vj.core.errors import Fault
from vj.display.wire import LineWriter, read_lines

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 3.0
"""Seconds that a piece has to end by itself; it takes less than two."""


def command_of(words: Sequence[str]) -> list[str]:
    """vj with these words, by the Python that runs this."""
    return [sys.executable, "-P", "-m", "vj.cli", *words]


class PieceProcess:
    """A process that runs. `close` or `kill` at the end."""

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        on_message: Callable[[dict[str, Any]], None],
        on_words: Callable[[str], None],
        name: str,
    ) -> None:
        """environment: over this process's own. on_message: what it says to the room. on_words: its
        lines for people. Both are called on threads of this object's own; others may take their
        places. Raises Fault when it cannot be started."""
        self.on_message, self.on_words = on_message, on_words
        paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
        new_group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                encoding="utf-8",
                errors="replace",
                env={**os.environ, **environment, "PYTHONPATH": os.pathsep.join(paths)},
                # Ctrl-C is the room's: it ends its pieces in its own order
                start_new_session=os.name != "nt",
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0) | new_group,
            )
        except OSError as error:
            raise Fault(f"its process cannot be started ({error})") from None
        process = self._process
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        self._writer = LineWriter(process.stdin, f"{name}, to it")
        self._threads = [
            threading.Thread(
                target=read_lines, args=(process.stdout, lambda told: self.on_message(told))
            ),
            threading.Thread(
                target=_read_words, args=(process.stderr, lambda words: self.on_words(words))
            ),
        ]
        for thread in self._threads:
            thread.name, thread.daemon = name, True
            thread.start()

    @property
    def number(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, **message: Any) -> None:
        """Never waits."""
        self._writer.send(message)

    def wait(self) -> int:
        """Until it has ended and said its last. Returns its exit code; below 0 a signal's."""
        code = self._process.wait()
        for thread in self._threads:
            thread.join(0.5)  # what it started may hold them open
        self._writer.close()
        return code

    def close(self) -> None:
        """Ask it to end. Does not wait."""
        self._writer.send({"end": True})
        self._writer.close()

    def ended(self, seconds: float) -> bool:
        """Wait so long for its end. Whether it has come."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
            return True
        return False

    def kill(self) -> None:
        """End it at once, with what it has started."""
        if self._process.poll() is not None:
            return
        with contextlib.suppress(OSError):
            if os.name == "nt":
                self._process.kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)


def _read_words(stream: IO[str], take: Callable[[str], None]) -> None:
    with contextlib.suppress(OSError, ValueError):
        for line in stream:
            if words := line.strip():
                take(words)
