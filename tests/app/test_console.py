"""What is said, to a terminal and a file: nobody who says something waits for either."""

from __future__ import annotations

import io
import os
import threading
import time
from pathlib import Path

import pytest

from tests.waiting import PATIENCE
from vj.app import log
from vj.app.console import Console
from vj.app.log import LogFile, Writer
from vj.core.errors import Fault

STATUS = {
    "fps": 29.9,
    "latency_ms": [40, 60],
    "dropped": 0,
    "strength": 0.5,
    "prompt": "rain",
    "source": "testcard",
    "sinks": ["preview"],
    "state": "playing",
}


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_messages_come_in_their_order_above_the_status_line() -> None:
    screen = Screen()
    terminal = Console(out=screen)
    terminal.log("one")
    terminal.status(STATUS)
    terminal.log("two")
    terminal.close()
    terminal.log("three")
    terminal.end()
    last = [line.rsplit("\x1b[K", 1)[-1] for line in screen.getvalue().split("\n")]
    assert [line for line in last if line in ("one", "two", "three")] == ["one", "two", "three"]
    assert last[2].startswith("29.9 fps"), "the last status line stays"


class Latin(Screen):
    """A terminal that takes another encoding."""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "ISO-8859-1"


class Utf8(Screen):
    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "UTF-8"


@pytest.mark.parametrize(
    ("out", "quiet", "columns", "drawn"),
    [
        (Utf8, False, 80, True),
        (Utf8, True, 80, False),
        (Utf8, False, 8, False),
        (Latin, False, 80, False),
        (io.StringIO, False, 80, False),
    ],
)
def test_a_code_is_drawn_where_it_can_be_read_and_in_no_log_file(
    out: type[io.StringIO],
    quiet: bool,
    columns: int,
    drawn: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    screen, file = out(), LogFile(tmp_path / "vj.log")
    terminal = Console(quiet=quiet, out=screen, log_file=file)
    terminal.draw(["█▀▄ █▀▄ █▀▄", "▀▀▀ ▀▀▀ ▀▀▀"])
    terminal.draw([])
    terminal.log("after")
    terminal.end()
    assert ("█▀▄ █▀▄ █▀▄\n▀▀▀ ▀▀▀ ▀▀▀\n" in screen.getvalue()) is drawn
    assert "▀" not in (tmp_path / "vj.log").read_text(encoding="utf-8")


def test_a_terminal_that_is_held_holds_up_nobody_and_is_told_what_it_missed() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, True)
    with open(writing, "w", buffering=1) as pipe, open(reading) as reader:
        terminal = Console(out=pipe)
        begun = time.monotonic()
        for index in range(3000):
            terminal.log(f"{index} " + "x" * 100)
        assert time.monotonic() - begun < PATIENCE / 2, "nobody reads: it would wait for ever"
        got: list[str] = []
        thread = threading.Thread(target=lambda: got.extend(reader), daemon=True)
        thread.start()
        assert terminal._writer.flush(PATIENCE)
        terminal.log("back")
        terminal.end()
        pipe.close()
        thread.join(PATIENCE)
    assert got[0].startswith("0 ")
    assert got[-1] == "back\n"
    left = [line for line in got if "left out" in line]
    assert left, "what was left out is counted"
    missed = sum(int(line.strip("(").split()[0]) for line in left)
    assert sum(line.endswith("x\n") for line in got) + missed == 3000


def test_the_end_does_not_wait_for_a_held_terminal() -> None:
    held = threading.Event()

    class Held(io.StringIO):
        def write(self, text: str) -> int:
            held.wait(PATIENCE)
            return len(text)

    terminal = Console(out=Held())
    terminal.log("one")
    begun = time.monotonic()
    terminal.close()
    terminal.end()
    assert time.monotonic() - begun < PATIENCE / 2, "it is held longer"
    held.set()


def test_a_closed_pipe_costs_the_text_only() -> None:
    closed = io.StringIO()
    closed.close()
    got: list[str] = []

    def write(text: str) -> None:
        got.append(text)
        closed.write(text)

    writer = Writer(write)
    writer.put("one")
    writer.put("two")
    assert writer.flush(PATIENCE)
    assert got == ["one", "two"]


def test_a_log_file_has_the_time_of_every_line_and_begins_anew_when_it_is_large(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log, "SIZE", 4000)
    path = tmp_path / "deep" / "show.log"
    file = LogFile(path)
    terminal = Console(quiet=True, out=io.StringIO(), log_file=file)
    begun = time.strftime("%Y-%m-%d %H:%M:%S")
    for index in range(700):
        terminal.log(f"line {index} of a show \ud800")
    assert file._writer.flush(PATIENCE)
    terminal.end()
    files = sorted(tmp_path.rglob("show.log*"))
    assert len(files) == 6
    assert all(one.stat().st_size <= 4000 for one in files)
    last = path.read_text().split("\n")[-2]
    assert last.endswith("line 699 of a show  ")
    assert begun <= last[: len(begun)] <= time.strftime("%Y-%m-%d %H:%M:%S")


def test_a_log_file_that_cannot_be_written_is_logged_at_once(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Fault, match=r"--log-file .*file.show.log: cannot be written"):
        LogFile(tmp_path / "file" / "show.log")
