"""A process stands by for whichever piece dies: it is that piece at once, with its words and its
graphics card, and is replaced."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.room.dummies import dummy_room, lives
from tests.waiting import until
from vj.room import spare as module
from vj.room.spare import Spare

STANDS_BY = """
import json, os, sys
from vj.room.spare import stand_by
words = stand_by(lambda: None)
if words is not None:
    card = os.environ.get("CUDA_VISIBLE_DEVICES")
    alive = {"state": "playing", "frames": 1, "at": 0, "words": words, "card": card}
    print(json.dumps({"alive": alive}), flush=True)
    sys.stdin.readline()
"""
COMMAND = [sys.executable, "-c", STANDS_BY]


def test_it_becomes_what_it_is_told_to_be() -> None:
    spare, heard = Spare(COMMAND), list[dict[str, Any]]()
    assert spare.take(["show"], {}, heard.append, print) is None, "there is none yet"
    spare.prepare()
    spare.prepare()
    until(lambda: spare.ready)
    process = spare.take(
        ["show", "--fps=9"], {"CUDA_VISIBLE_DEVICES": "GPU-b"}, heard.append, print
    )
    assert process is not None
    until(lambda: heard)
    assert heard[0]["alive"]["words"] == ["show", "--fps=9"]
    assert heard[0]["alive"]["card"] == "GPU-b"
    assert spare.take(["show"], {}, heard.append, print) is None
    process.close()
    assert process.wait() == 0


def test_one_that_has_died_is_not_taken_and_one_that_is_not_needed_ends() -> None:
    spare = Spare(COMMAND)
    spare.prepare()
    until(lambda: spare.ready)
    first = spare._process
    assert first is not None
    os.kill(first.number, signal.SIGKILL)
    first.wait()
    assert spare.take(["show"], {}, print, print) is None
    spare.prepare()
    until(lambda: spare.ready)
    second = spare._process
    assert second is not None
    spare.close()
    until(lambda: not lives(second.number))
    spare.prepare()
    assert spare._process is None


def test_in_a_room_it_takes_the_place_of_the_piece_that_died(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.room.room.command_of", lambda words: COMMAND)
    monkeypatch.setattr("vj.room.room.LOOK", 0.02)
    said: list[str] = []
    room = dummy_room(tmp_path, said, "plays", "plays", spare=True)
    room.start()
    try:
        middle = room.pieces["middle"]
        spare = room._spare
        assert spare is not None
        until(lambda: spare.ready, lambda: str(said))
        stands_by, dies = spare._process, middle.process
        assert dies is not None
        os.kill(dies.number, signal.SIGKILL)
        until(lambda: middle.process is stands_by)
        until(lambda: "words" in middle.state.alive)
        words = middle.state.alive["words"]
        assert "--room=middle" in words
        assert "--resume" in words
        until(lambda: spare.ready and spare._process is not stands_by)
    finally:
        room.stop()


def test_a_piece_with_a_fault_keeps_no_spare_from_the_others_and_takes_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.room.room.command_of", lambda words: COMMAND)
    monkeypatch.setattr("vj.room.room.LOOK", 0.02)
    monkeypatch.setattr("vj.room.piece.FIRST_WAIT", 0.02)
    said: list[str] = []
    room = dummy_room(tmp_path, said, "plays", "dies", spare=True)
    room.start()
    try:
        middle, spare = room.pieces["middle"], room._spare
        assert spare is not None
        until(lambda: spare.ready, lambda: str(said))
        stands_by, deaths = spare._process, middle.state.deaths
        until(lambda: middle.state.deaths > deaths + 1)
        assert spare._process is stands_by
        status = room.status()[1]
        assert status["fault"] == "dummy: no luck"
    finally:
        room.stop()


def test_all_that_a_piece_imports_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    from vj.commands import room_spare

    imported: list[str] = []
    monkeypatch.setattr(room_spare.importlib, "import_module", imported.append)
    room_spare.imports()
    root = Path(module.__file__).parents[2]
    for name in imported:
        if name.startswith("vj."):
            assert (root / name.replace(".", "/")).with_suffix(".py").exists(), name
