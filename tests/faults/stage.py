"""A show that plays in a process of its own, and what one can do to it."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ruamel.yaml import YAML

from tests.faults.eye import Eye
from tests.shows import HOST, VJ, ShowProcess, free_port
from vj.control.osc.packet import pack

START = {"prompt/a": "gold", "strength": 0.5, "feedback/amount": 0.1}
STARTS = 60.0
"""Seconds in which it has to paint."""
PATIENCE = 1.0
"""Times as long as is said below is waited for what has to come, on a machine that is busy."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What the process takes: megabytes, threads, open files. Linux tells them."""

    memory: float
    threads: int
    files: int


class Stage:
    """Begun by `begin`, ended by `end`. Everything it writes stays below `folder`."""

    def __init__(self, folder: Path, show: Mapping[str, Any] | None = None) -> None:
        """show: what is other than in the plain show: a test card, the drawn model, 256x256, NDI
        and the page."""
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.path = folder, folder / "show.yaml"
        self.name = f"vj faults {os.getpid()} {secrets.token_hex(3)}"
        self.osc_port, self.page_port = free_port(), free_port(socket.SOCK_STREAM)
        self.page = f"http://{HOST}:{self.page_port}/"
        self.show: dict[str, Any] = {
            "show": "Faults",
            "source": "testcard",
            "model": "drawn",
            "size": "256x256",
            "fps": 30,
            "sinks": [f"ndi:{self.name}", "preview"],
            "osc": f"{HOST}:{self.osc_port}",
            "preview": f"{HOST}:{self.page_port}",
            "midi": "off",
            "start": dict(START),
            "cues": [{"name": "crash", "fade": "1 s", "set": {"strength": 0.8}}],
            **(show or {}),
        }
        self.running: ShowProcess | None = None
        self.eye: Eye | None = None
        self._kept: list[Callable[[], object]] = []

    # Its life.

    def begin(
        self,
        *arguments: str,
        until: str = "playing with",
        out: int | IO[bytes] = subprocess.PIPE,
        program: tuple[str, ...] = VJ,
        **how: Any,
    ) -> None:
        """Start it, and look at it; wait until it has said something. out: where its lines go; from
        a pipe they are read. Raises AssertionError when it does not play."""
        self.save()
        self.spawn(*arguments, out=out, program=program, **how)
        if until:
            assert self.waits_for(until, STARTS), f"it does not play:\n{self.text()}"
        self.look()

    def spawn(
        self,
        *arguments: str,
        out: int | IO[bytes] = subprocess.PIPE,
        program: tuple[str, ...] = VJ,
        **how: Any,
    ) -> None:
        """Start the process, after the one before it has ended, and wait for nothing."""
        if self.running is not None:
            self.running.close()
        self.running = ShowProcess(
            self.folder,
            str(self.path),
            *arguments,
            osc_port=self.osc_port,
            out=out,
            program=program,
            **how,
        )

    def look(self) -> None:
        """Have somebody look at the picture."""
        if self.eye is None:
            self.eye = Eye(self.name, self.page)

    def end(self, number: int = signal.SIGTERM, seconds: float = 20.0) -> tuple[int, float]:
        """Send a signal. Returns the exit code, and the seconds it took to end."""
        assert self.process is not None
        begun = time.monotonic()
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(seconds), time.monotonic() - begun

    def close(self) -> None:
        """Leave nothing behind: no process, no thread, no mount. May be called twice."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.end(seconds=5)
        if self.running is not None:
            self.running.close()
        for undo in reversed(self._kept):
            with contextlib.suppress(OSError):
                undo()
        self._kept.clear()
        if self.eye is not None:
            self.eye.close()
            self.eye = None

    def finally_(self, undo: Callable[[], object]) -> None:
        """Have that done at the end."""
        self._kept.append(undo)

    @property
    def process(self) -> subprocess.Popen[bytes] | None:
        return self.running.process if self.running is not None else None

    @property
    def alive(self) -> bool:
        return self.running is not None and self.running.alive

    # What it says.

    def said(self, since: float = 0.0) -> list[str]:
        """Its lines since a moment."""
        return self.running.lines(since) if self.running is not None else []

    def text(self, since: float = 0.0) -> str:
        return "\n".join(self.said(since))

    def waits_for(self, words: str, seconds: float, since: float = 0.0) -> str:
        """The first line that holds these words (a pattern), or "" when none comes in time or the
        process ends."""
        end = time.monotonic() + PATIENCE * seconds
        while True:
            found = next((line for line in self.said(since) if re.search(words, line)), "")
            if found or time.monotonic() > end:
                return found
            if not self.alive:
                time.sleep(0.1)
                return next((line for line in self.said(since) if re.search(words, line)), "")
            time.sleep(0.02)

    # What one does to it.

    def save(self, text: str | bytes | None = None, **changes: Any) -> None:
        """Save the show file in one step, as editors do: with changes that stay, or with another
        text altogether."""
        self.show.update(changes)
        if text is None:
            part = self.folder / "part"
            with part.open("w", encoding="utf-8") as file:
                YAML(typ="safe").dump(self.show, file)
        else:
            part = self.folder / "part"
            part.write_bytes(text if isinstance(text, bytes) else text.encode())
        part.replace(self.path)

    def send(self, address: str, *values: Any) -> None:
        """An OSC message."""
        self.throw(pack(address, values))

    def throw(self, packet: bytes) -> None:
        """Any datagram to where OSC is heard."""
        if self.running is not None:
            self.running.send_bytes(packet)

    def ask(self, name: str, seconds: float = 3.0) -> Any:
        """Where a parameter stands, asked over OSC; None when there is no answer."""
        patience = PATIENCE * seconds
        return self.running.value(name, patience) if self.running is not None else None

    def stands(self, name: str, value: Any, seconds: float = 4.0) -> bool:
        """Does a parameter come to stand there?"""
        end = time.monotonic() + PATIENCE * seconds
        while time.monotonic() < end:
            found = self.ask(name)
            if found == value or (isinstance(found, float) and abs(found - value) < 1e-3):
                return True
            time.sleep(0.05)
        return False

    def moves(self, name: str, value: float, seconds: float = 4.0) -> bool:
        """Does a fader come to stand there that is moved there until it does? What is sent into a
        flood may be lost on its way."""
        end = time.monotonic() + PATIENCE * seconds
        while time.monotonic() < end:
            self.send(f"/vj/{name}", value)
            found = self.ask(name)
            if isinstance(found, float) and abs(found - value) < 1e-3:
                return True
            time.sleep(0.05)
        return False

    def get(self, path: str, seconds: float = 5.0) -> bytes:
        """From the page."""
        with urllib.request.urlopen(self.page + path, timeout=PATIENCE * seconds) as answer:
            body: bytes = answer.read()
            return body

    def connect(self) -> socket.socket:
        """To the page."""
        return socket.create_connection((HOST, self.page_port), timeout=PATIENCE * 5)

    def figures(self) -> Figures | None:
        """What it takes now; None where the system does not tell."""
        assert self.process is not None
        place = Path(f"/proc/{self.process.pid}")
        try:
            memory = (
                int((place / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
            )
            return Figures(
                memory, len(list((place / "task").iterdir())), len(list((place / "fd").iterdir()))
            )
        except (OSError, ValueError, IndexError, AttributeError):
            return None
