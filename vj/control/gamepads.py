"""The show's end of the process that reads this machine's gamepads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO

from vj.control.pads import Pads
from vj.core.errors import Fault
from vj.core.supervisor import Supervisor

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "vj.control.gamepad_process")
LONGEST = 65536
"""Letters of a line, at most."""


def no_pads_here() -> str:
    """Why this machine's pads cannot be read, without trying; "" when they may be."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return "this machine shows no desktop (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    return ""


class Gamepads:
    """Reads until `stop`. What is plugged in is found while it plays."""

    def __init__(
        self,
        pads: Pads,
        log: Callable[[str], None],
        supervisor: Supervisor,
        command: Sequence[str] = COMMAND,
    ) -> None:
        """command: what is started. Raises Fault when that fails."""
        self._pads, self._log = pads, log
        self._names: set[str] = set()
        paths = filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])
        try:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
                env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            )
        except OSError as error:
            raise Fault(f"gamepads: their process cannot be started ({error})") from None
        assert self._process.stdout is not None
        self._output: IO[str] = self._process.stdout
        self._stopping = False
        self._thread = supervisor.start("gamepads", self._read, lambda: self._stopping)

    def _read(self) -> None:
        while line := self._output.readline(LONGEST):
            try:
                message = json.loads(line)
                if "fault" in message:
                    self._log(
                        f"gamepads of this machine: {message['fault']}; a gamepad at a page plays"
                    )
                elif message.get("gone"):
                    self._names.discard(message["pad"])
                    self._pads.gone(message["pad"])
                    self._log(f"gamepad {message['pad']}: unplugged")
                else:
                    self._moved(message["pad"], message["moved"])
            except (ValueError, KeyError, TypeError, AttributeError, Fault):
                continue  # a line that broke off
        for name in list(self._names):
            self._pads.gone(name)
        self._names.clear()

    def _moved(self, name: str, values: dict[str, float]) -> None:
        if name not in self._names:
            self._names.add(name)
            self._log(f"gamepad {name}")
        self._pads.moved(name, values)

    def stop(self, patience: float = 1.0) -> None:
        """End the process; what was pressed is let go."""
        self._stopping = True
        for end in (self._close, self._process.terminate, self._process.kill):
            end()
            try:
                self._process.wait(patience)
                break
            except subprocess.TimeoutExpired:
                continue
        self._thread.join(patience)
        self._output.close()

    def _close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
