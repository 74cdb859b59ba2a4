"""The two ways in which tests play a real show: `ShowProcess`, in a process of its own, and
`PlayedShow`, in this process, on a clock that the test moves. The fixtures `start_show` and
`play_show` of conftest.py make them and leave none behind."""

from __future__ import annotations

import contextlib
import io
import os
import random
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import av
import numpy as np
from pythonosc.osc_message import OscMessage

from tests.waiting import PATIENCE, ManualClock, until
from vj.control.osc.packet import pack

if TYPE_CHECKING:
    from vj.app.live import Performance

ROOT = Path(__file__).parents[1]
HOST = "127.0.0.1"
VJ = ("-m", "vj.cli")


_ports = random.SystemRandom().sample(range(12_000, 32_000), 20_000)


def free_port(kind: socket.SocketKind = socket.SOCK_DGRAM) -> int:
    """A port of this machine that nobody uses: none that a system gives away by itself (those
    above 32,767), which anybody may have got by the time it is used, and none twice."""
    while True:
        port = _ports.pop()
        with socket.socket(socket.AF_INET, kind) as probe, contextlib.suppress(OSError):
            probe.bind((HOST, port))
            return port


def environment() -> dict[str, str]:
    """What a show started by a test gets: this checkout, then what this process has, and lines as
    they come."""
    places = filter(None, [str(ROOT), os.environ.get("PYTHONPATH")])
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places), "PYTHONUNBUFFERED": "1"}


def run_vj(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line from its start to its end, in a folder."""
    return subprocess.run(
        [sys.executable, "-P", *VJ, *arguments],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
    )


def run_here(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """As `run_vj`, in this process: for what does not differ in one of its own, which takes a
    second to start."""
    from vj.cli import main

    out, err = io.StringIO(), io.StringIO()
    with contextlib.chdir(folder), redirect_stdout(out), redirect_stderr(err):
        try:
            code = main(arguments)
        except SystemExit as end:  # as argparse ends a command line that it cannot read
            code = end.code if isinstance(end.code, int) else 1
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def movie_frames(path: Path) -> list[np.ndarray]:
    """All frames of a movie, (H, W, 3) uint8 RGB."""
    with av.open(str(path)) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


class ShowPeer:
    """Plays a show over OSC, and asks it over OSC how it stands."""

    def __init__(self, osc_port: int | None) -> None:
        """osc_port: where the show receives OSC; None where the test does not know."""
        self.osc_port = osc_port

    @property
    def alive(self) -> bool:
        """Whether the show still runs, as far as is known here."""
        return True

    @property
    def text(self) -> str:
        """What the show has written, as far as is known here."""
        return ""

    def send(self, address: str, *values: Any) -> None:
        """An OSC message."""
        self.send_bytes(pack(address, values))

    def send_bytes(self, packet: bytes) -> None:
        """Any datagram to where it receives OSC."""
        assert self.osc_port is not None
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            try:
                sender.sendto(packet, (HOST, self.osc_port))
            except OSError:  # too large to be sent at all, or nobody is there
                pass

    def replies(
        self, question: str, enough: Callable[[Mapping[str, list[Any]]], bool], seconds: float
    ) -> dict[str, list[Any]]:
        """Ask, again and again, until enough has come back: address -> values. Empty when it does
        not within `seconds`, or the show ends."""
        assert self.osc_port is not None
        found: dict[str, list[Any]] = {}
        end = time.monotonic() + seconds
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asker:
            asker.bind((HOST, 0))
            asker.settimeout(0.25)
            while time.monotonic() < end and self.alive:
                try:
                    asker.sendto(pack(question, []), (HOST, self.osc_port))
                    while True:
                        osc = OscMessage(asker.recv(65536))
                        found[osc.address] = list(osc.params)
                        if enough(found):
                            return found
                except OSError:  # it is not there yet, or all of its replies have come
                    time.sleep(0.02)
        return {}

    def value(self, name: str, seconds: float = PATIENCE) -> Any:
        """Where a parameter stands; None when there is no answer."""
        address = f"/vj/{name}"
        found = self.replies(address, lambda received: address in received, seconds)
        return found[address][0] if found else None

    def status(self, name: str, seconds: float = PATIENCE) -> list[Any]:
        """`state`, `fps`, `model`, `sinks`, ... of `/vj/status`; empty when there is no answer."""
        address = f"/vj/status/{name}"
        return self.replies("/vj/status", lambda received: address in received, seconds).get(
            address, []
        )

    def until_status(
        self, name: str, true: Callable[[list[Any]], bool], seconds: float = PATIENCE
    ) -> None:
        """Wait until a value of the status is so. Raises AssertionError when it never is."""
        last: list[Any] = []

        def so() -> bool:
            assert self.alive, f"it ended:\n{self.text}"
            last[:] = self.status(name, 5.0)
            return bool(last) and true(last)

        until(so, lambda: f"{name} is {last}:\n{self.text}", seconds)

    def until_playing(self, seconds: float = 2 * PATIENCE) -> None:
        """Wait until its model generates, or, without one, passes the input on."""
        self.until_status("state", lambda state: state[0] in ("playing", "no model"), seconds)

    def until_value(self, name: str, value: Any, seconds: float = PATIENCE) -> None:
        """Wait until a parameter has come to stand there, a number to a thousandth."""
        last: list[Any] = []

        def stands() -> bool:
            assert self.alive, f"it ended:\n{self.text}"
            last[:] = [self.value(name, 5.0)]
            found = last[0]
            if isinstance(found, float):
                return abs(found - value) < 1e-3
            return bool(found == value)

        until(stands, lambda: f"{name} is {last}, not {value}:\n{self.text}", seconds)

    def until_recorded(self, uri: str, seconds: float) -> None:
        """Wait until a recording is so long, in seconds of the recording itself."""

        self.until_status("sinks", lambda sinks: _recorded(sinks, uri) >= seconds)

    def recorded(self, uri: str) -> float:
        """Seconds of a recording so far."""
        return _recorded(self.status("sinks"), uri)


class ShowProcess(ShowPeer):
    """A show in a process of its own. Its lines are kept for tests of the text itself."""

    def __init__(
        self,
        folder: Path,
        *arguments: str,
        osc_port: int | None = None,
        out: int | IO[bytes] = subprocess.PIPE,
        program: tuple[str, ...] = VJ,
        **how: Any,
    ) -> None:
        """osc_port: where it receives OSC; None leaves the choice to the show file. out: where its
        lines go; from a pipe they are read. how: more for `subprocess.Popen`."""
        super().__init__(osc_port)
        self._lines: list[tuple[float, str]] = []
        self.process = subprocess.Popen(
            [sys.executable, "-P", *program, *arguments],
            cwd=folder,
            env={**environment(), "COLUMNS": "300"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            process_group=0 if os.name == "posix" else None,
            **how,
        )
        self._reader: threading.Thread | None = None
        if self.process.stdout is not None:
            self._reader = threading.Thread(
                target=self._read, args=(self.process.stdout,), daemon=True
            )
            self._reader.start()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    # Its text, for tests of the text.

    def _read(self, pipe: IO[bytes]) -> None:
        try:
            for line in pipe:
                self._lines.append((time.monotonic(), line.decode("utf-8", "replace").rstrip()))
        except (OSError, ValueError):  # the pipe was closed
            pass

    def lines(self, since: float = 0.0) -> list[str]:
        """What it has written since a moment of `time.monotonic`."""
        return [text for moment, text in list(self._lines) if moment >= since]

    @property
    def text(self) -> str:
        return "\n".join(self.lines())

    def until_line(self, pattern: str, seconds: float = PATIENCE) -> None:
        """Wait until it has written this. Raises AssertionError when it ends without."""

        def written() -> bool:
            ended = not self.alive
            if ended and self._reader is not None:
                self._reader.join(30)
            found = re.search(pattern, self.text) is not None
            assert found or not ended, f"it ended without {pattern!r}:\n{self.text}"
            return found

        until(written, lambda: f"{pattern!r} was not written:\n{self.text}", seconds)

    # Its end.

    def wait(self, seconds: float = 2 * PATIENCE) -> int:
        """Until it has ended. Returns its exit code."""
        code = self.process.wait(seconds)
        if self._reader is not None:
            self._reader.join(30)
        return code

    def end(self, number: int = signal.SIGTERM, seconds: float = PATIENCE) -> float:
        """Send a signal. Returns the seconds it took to end."""
        begun = time.monotonic()
        if self.alive:
            self.process.send_signal(number)
        self.process.wait(seconds)
        took = time.monotonic() - begun
        self.wait()
        return took

    def close(self) -> None:
        """Leave nothing behind. May be called twice."""
        if self.alive:
            self.process.kill()
        self.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def _recorded(sinks: list[Any], uri: str) -> float:
    """Seconds, of `record:out.mp4 12.3 s, 4.1 MB` among the states of sinks."""
    states = [str(state) for state in sinks if str(state).startswith(uri)]
    lengths = [re.search(r" ([\d.]+) s,", state) for state in states]
    return max((float(length[1]) for length in lengths if length), default=0.0)


class PlayedShow:
    """A show in this process, on a clock that the test moves: so many frames of it, or frames until
    something is so. `performance` is the show itself, `said` the lines that it has logged."""

    def __init__(self, path: Path, **options: Any) -> None:
        """path: a show file. options: as of `vj.app.live.Performance`. Raises Fault."""
        from vj.app.live import Performance  # with PyTorch, which not every test has
        from vj.show.load import load_show

        self.clock = ManualClock()
        self.messages: list[str] = []
        show = load_show(path)
        self.period = 1 / show.fps
        self.performance: Performance = Performance(
            show, self.messages.append, clock=self.clock, **options
        )
        self.performance.start()
        loop = self.performance.loop

        def first() -> bool:
            if loop.pipeline.input_size is None:  # the source waits for its moment, too
                self.clock.advance(self.period)
            return self.clock.asleep(loop.thread)

        until(first, lambda: self.messages)

    def close(self) -> None:
        """Stop the show, and what waits for its clock: a source would not see before its next
        picture that it shall end."""
        self.clock.release()
        self.performance.stop()

    def frames(self, count: int) -> None:
        """So many steps of the clock, of a frame each."""
        for _ in range(count):
            self.clock.advance(self.period)
            until(lambda: self.clock.asleep(self.performance.loop.thread), lambda: self.messages)

    def until(self, true: Callable[[], object]) -> None:
        """Frames, until it is so."""

        def one_more() -> object:
            if true():
                return True
            self.frames(1)
            return False

        until(one_more, lambda: self.messages)
