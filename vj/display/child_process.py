"""The show's end of a display's process: started, spoken to, ended."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

from vj.core.errors import Fault, Unavailable
from vj.display.glfw_window import no_display_here
from vj.display.monitors import Monitor
from vj.display.wire import LineWriter, read_lines

ROOT = Path(__file__).resolve().parents[2]
LISTING = 15.0
"""Seconds that the list of monitors may take."""


def _started(arguments: list[str], errors: IO[bytes] | int) -> subprocess.Popen[str]:
    """`python -m vj.display` by the Python that runs this, in the same folder."""
    paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
    return subprocess.Popen(
        [sys.executable, "-m", "vj.display", *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        # no console of its own on Windows
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    )


def list_monitors() -> list[Monitor]:
    """The monitors of this machine, asked for in a process of its own. Raises Unavailable."""
    if reason := no_display_here():
        raise Unavailable(f"{reason}; start vj from a terminal on the desktop")
    process = _started(["--monitors"], subprocess.DEVNULL)
    try:
        said, _ = process.communicate(timeout=LISTING)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Unavailable(f"the desktop did not answer within {LISTING:g} s") from None
    found: list[dict[str, Any]] = []
    read_lines(iter(said.splitlines()), found.append)  # type: ignore[arg-type]
    for message in found:
        if "monitors" in message:
            return [Monitor.of_json(one) for one in message["monitors"]]
        if "fault" in message:
            raise Unavailable(message["fault"])
    raise Unavailable("the list of monitors broke off; update the graphics driver")


class DisplayProcess:
    """A running display. `close` at the end."""

    def __init__(
        self,
        options: dict[str, Any],
        on_message: Callable[[DisplayProcess, dict[str, Any]], None],
        on_end: Callable[[DisplayProcess], None],
    ) -> None:
        """options: see `vj.display.screen.Screen`. on_message, on_end: called on a thread of this
        object's own; on_end once, whatever ended it. Raises Fault when it cannot be started."""
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed by the reader at the end)
        try:
            self._process = _started([json.dumps(options)], self._errors)
        except OSError as error:
            self._errors.close()
            raise Fault(f"its process cannot be started ({error})") from None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._output: IO[str] = self._process.stdout
        self._writer = LineWriter(self._process.stdin, "display, to it")
        self._on_message, self._on_end = on_message, on_end
        self._reader = threading.Thread(target=self._read, name="display", daemon=True)
        self._reader.start()

    @property
    def number(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, **message: Any) -> None:
        self._writer.send(message)

    def frame(self) -> None:
        """There is a new frame in the shared memory."""
        self._writer.frame()

    def kill(self) -> None:
        """End it at once: it hangs."""
        self._process.kill()

    def close(self, patience: float = 1.0) -> None:
        """Ask it to end, black; end it when it does not within so many seconds."""
        self._writer.send({"close": True})
        self._writer.close()
        for end in (self._process.terminate, self._process.kill, None):
            try:
                self._process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                if end is not None:
                    end()
        if threading.current_thread() is not self._reader:
            self._reader.join(patience)

    def _read(self) -> None:
        read_lines(self._output, lambda message: self._on_message(self, message))
        self._process.wait()
        self._writer.close()
        self._output.close()
        self._on_end(self)
        self._errors.close()

    def ending(self) -> str:
        """How it ended, with the last thing that it said of itself. For `on_end`."""
        code = self._process.returncode
        how = f"signal {-code}" if code < 0 else f"exit status {code}"
        try:
            self._errors.seek(0)
            lines = self._errors.read()[-2000:].decode("utf-8", "replace").split("\n")
        except (OSError, ValueError):
            lines = []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        return f"{how}: {last[:160]}" if last else how
