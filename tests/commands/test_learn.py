"""`learn`: how it ends."""

from __future__ import annotations

import io
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.shows import free_port
from tests.waiting import PATIENCE
from vj.cli import main
from vj.commands import learn as learn_module
from vj.commands.learn import learn
from vj.control.osc.packet import pack

TEXT = "source: testcard  # ours\nosc: 127.0.0.1:{port}\n"


@pytest.fixture
def show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, int]:
    """A show file, and the port at which it receives OSC. There is no MIDI."""

    class NoMidi:
        def __init__(self, *_: object, **__: object) -> None: ...
        def start(self) -> None: ...
        def stop(self) -> None: ...

    monkeypatch.setattr("vj.commands.learn.MidiPorts", NoMidi)
    port = free_port()
    path = tmp_path / "my.yaml"
    path.write_text(TEXT.format(port=port))
    return path, port


Then = Callable[[Callable[[], object]], None]


@pytest.fixture
def once_it_listens(monkeypatch: pytest.MonkeyPatch) -> Then:
    """Call something on a thread of its own as soon as `learn` waits for a control."""
    wait = learn_module._wait

    def then(act: Callable[[], object]) -> None:
        def acting(*given: Any) -> Any:
            threading.Thread(target=act).start()
            return wait(*given)

        monkeypatch.setattr(learn_module, "_wait", acting)

    return then


def test_a_fader_that_is_moved_is_written(show: tuple[Path, int], once_it_listens: Then) -> None:
    path, port = show

    def move() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fader:
            for value in (0.1, 0.2, 0.3, 0.4):
                fader.sendto(pack("/pad/7", [value]), ("127.0.0.1", port))

    once_it_listens(move)
    messages: list[str] = []
    assert learn([str(path), "steps"], messages.append, seconds=PATIENCE) == 0
    assert "{osc: /pad/7, to: steps}" in path.read_text()
    assert "# ours" in path.read_text()
    assert messages[0] == "move the control for steps (Ctrl-C ends) ..."


def test_nothing_that_is_moved_is_a_line(show: tuple[Path, int]) -> None:
    messages: list[str] = []
    before = show[0].read_text()
    assert learn([str(show[0]), "steps"], messages.append, seconds=0.1) == 1
    assert messages[-1] == "nothing was moved; nothing is written"
    assert show[0].read_text() == before


ENDS = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if sys.platform != "win32" else [])]


@pytest.mark.parametrize("number", ENDS, ids=str)
def test_it_ends_with_a_word_however_it_is_ended(
    show: tuple[Path, int],
    once_it_listens: Then,
    number: signal.Signals,
    capfd: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(number)
    once_it_listens(lambda: os.kill(os.getpid(), number))
    assert main(["learn", str(show[0]), "steps"]) == 130
    report = capfd.readouterr()
    assert report.err == ""
    assert report.out.splitlines()[1:] == ["nothing is written"]
    assert signal.getsignal(number) is before


def test_it_ends_quietly_when_nobody_reads(
    show: tuple[Path, int],
    once_it_listens: Then,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    monkeypatch.setattr(sys, "stdout", Gone())
    once_it_listens(lambda: os.kill(os.getpid(), signal.SIGINT))
    assert main(["learn", str(show[0]), "steps"]) == 130
    assert main(["check", str(show[0])]) == 0
    monkeypatch.undo()
    assert capfd.readouterr().err == ""


def test_a_shipped_show_is_learned_in_a_copy_again_and_again(
    show: tuple[Path, int],
    once_it_listens: Then,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path, port = show
    before = path.read_bytes()
    monkeypatch.setattr("vj.show.own_shows.SHIPPED", tmp_path)
    monkeypatch.setattr("vj.show.find.FIRST_SHOW", tmp_path / "first_show.yaml")
    work = tmp_path.parent / f"{tmp_path.name}-work"
    work.mkdir()
    monkeypatch.chdir(work)
    pad = "/pad/1"

    def press() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as fader:
            fader.sendto(pack(pad, [1.0]), ("127.0.0.1", port))

    once_it_listens(press)
    messages: list[str] = []
    assert learn(["my", "cue/go"], messages.append, seconds=PATIENCE) == 0
    assert messages[1:] == [
        f"{tmp_path.name}/my.yaml is a shipped show; a copy was written: shows/my.yaml; to play "
        "it: python3 launch.py shows/my.yaml",
        "written into shows/my.yaml: - {osc: /pad/1, to: cue/go}",
    ]
    pad = "/pad/2"
    assert learn(["my", "cue/back"], messages.append, seconds=PATIENCE) == 0
    assert messages[-1] == "written into shows/my.yaml: - {osc: /pad/2, to: cue/back}"
    text = Path("shows/my.yaml").read_text()
    assert "{osc: /pad/1, to: cue/go}" in text
    assert "{osc: /pad/2, to: cue/back}" in text
    assert [one.name for one in Path("shows").iterdir()] == ["my.yaml"]
    assert path.read_bytes() == before
