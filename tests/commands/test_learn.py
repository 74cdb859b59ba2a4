"""`learn`: how it ends."""

from __future__ import annotations

import io
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from vj.cli import main
from vj.commands.learn import learn
from vj.control.osc.packet import pack

TEXT = "source: testcard  # ours\nosc: 127.0.0.1:{port}\n"


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, int]:
    """A show file, and the port at which it hears OSC. There is no MIDI."""

    class NoMidi:
        def __init__(self, *_: object, **__: object) -> None: ...
        def start(self) -> None: ...
        def stop(self) -> None: ...

    monkeypatch.setattr("vj.commands.learn.MidiPorts", NoMidi)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    path = tmp_path / "my.yaml"
    path.write_text(TEXT.format(port=port))
    return path, port


def soon(what: Callable[[], object], seconds: float = 0.15) -> None:
    threading.Timer(seconds, what).start()


def test_a_fader_that_is_moved_is_written(show: tuple[Path, int]) -> None:
    path, port = show

    def move() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mapping:
            for value in (0.1, 0.2, 0.3, 0.4):
                mapping.sendto(pack("/pad/7", [value]), ("127.0.0.1", port))
                time.sleep(0.01)

    soon(move)
    said: list[str] = []
    assert learn([str(path), "steps"], said.append, seconds=5) == 0
    assert "{osc: /pad/7, to: steps}" in path.read_text()
    assert "# ours" in path.read_text()
    assert said[0] == "move the control for steps (Ctrl-C ends) ..."


def test_nothing_that_is_moved_is_a_line(show: tuple[Path, int]) -> None:
    said: list[str] = []
    before = show[0].read_text()
    assert learn([str(show[0]), "steps"], said.append, seconds=0.1) == 1
    assert said[-1] == "nothing was moved; nothing is written"
    assert show[0].read_text() == before


ENDS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]


@pytest.mark.parametrize("number", ENDS, ids=str)
def test_it_ends_with_a_word_however_it_is_ended(
    show: tuple[Path, int], number: signal.Signals, capfd: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(number)
    soon(lambda: os.kill(os.getpid(), number))
    assert main(["learn", str(show[0]), "steps"]) == 130
    report = capfd.readouterr()
    assert report.err == ""
    assert report.out.splitlines()[1:] == ["nothing is written"]
    assert signal.getsignal(number) is before


def test_it_ends_quietly_when_nobody_reads(
    show: tuple[Path, int], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Gone())
    soon(lambda: os.kill(os.getpid(), signal.SIGINT))
    assert main(["learn", str(show[0]), "steps"]) == 130
    assert main(["check", str(show[0])]) == 0
    monkeypatch.undo()
    assert capfd.readouterr().err == ""
