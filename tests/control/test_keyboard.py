"""Keys of the terminal, whatever kind of terminal it is and whatever becomes of it."""

from __future__ import annotations

import os
import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from vj.control.keyboard import Keyboard

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no such terminals")


@dataclass
class Console:
    """A terminal that is not this session's own. hand: its other end, where keys are typed."""

    mapping: int
    keyboard: Keyboard
    keys: queue.SimpleQueue[str]

    def key(self) -> str:
        return self.keys.get(timeout=60)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Console]:
    import pty

    mapping, end = pty.openpty()
    keys: queue.SimpleQueue[str] = queue.SimpleQueue()
    with os.fdopen(end, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        keyboard = Keyboard(keys.put)
        keyboard.start()
        yield Console(mapping, keyboard, keys)
        keyboard.close()
        for thread in threading.enumerate():
            if thread.name == "keys":
                thread.join(60)


def test_keys_of_a_terminal_that_is_not_this_sessions_own_are_received(terminal: Console) -> None:
    import termios

    os.write(terminal.mapping, b"2")
    assert terminal.key() == "2"
    os.write(terminal.mapping, b"\x1b[C")
    assert terminal.key() == "right"
    assert not termios.tcgetattr(terminal.mapping)[3] & termios.ICANON
    terminal.keyboard.close()
    assert termios.tcgetattr(terminal.mapping)[3] & termios.ICANON, "it is as it was"
    terminal.keyboard.close()
    os.close(terminal.mapping)


def test_a_terminal_that_goes_takes_nothing_with_it(
    terminal: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[object] = []
    monkeypatch.setattr(threading, "excepthook", failed.append)
    (thread,) = [one for one in threading.enumerate() if one.name == "keys"]
    os.close(terminal.mapping)
    thread.join(60)
    assert not thread.is_alive()
    terminal.keyboard.close()
    assert failed == []
