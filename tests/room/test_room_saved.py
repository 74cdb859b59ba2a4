"""A room file that is saved while the room plays: what is new is started, what is gone ends, what
plays something else is started anew, and the others notice nothing."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.room.dummies import dummy_room, lives
from tests.waiting import until
from vj.room.room import LiveRoom
from vj.show.room_file import WatchedFile


def save(folder: Path, pieces: str, more: str = "") -> None:
    """Write the room file anew, at another time than before."""
    path = folder / "room.yaml"
    text = f"room:\n{pieces}osc: 127.0.0.1:0\npage: 127.0.0.1:0\n{more}"
    path.write_text(text)
    os.utime(path, ns=(1, path.stat().st_mtime_ns + 10_000_000))


def playing(room: LiveRoom) -> bool:
    return all(piece.plays and piece.process is not None for piece in room.pieces.values())


def test_a_saved_room_changes_only_what_was_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.room.room.LOOK", 0.02)
    said: list[str] = []
    room = dummy_room(tmp_path, said, "plays", "plays", "plays")
    room.start()
    try:
        until(lambda: playing(room) and room._started.is_set())
        left, middle, right = (piece.process for piece in room.pieces.values())
        assert right is not None
        save(tmp_path, "  left: dream\n  middle: {show: dream, fps: 9}\n  lamp: dream\n")
        until(lambda: list(room.pieces) == ["left", "middle", "lamp"])
        until(lambda: playing(room) and room.pieces["middle"].process is not middle)
        assert room.pieces["left"].process is left
        until(lambda: not lives(right.number))
        assert room.pieces["middle"].state.deaths == 0
        assert "lamp: is new in the room" in said
        assert "right: is no longer in the room" in said
        assert room.osc is not None
        assert room.osc.names == ["left", "middle", "lamp"]

        before = [piece.process for piece in room.pieces.values()]
        save(tmp_path, "  left: dreem\n")
        until(lambda: any("no such show file" in line for line in said))
        until(lambda: any("the room plays on as it was" in line for line in said))
        save(
            tmp_path, "  left: dream\n  middle: {show: dream, fps: 9}\n  lamp: dream\n", "bpm: 99\n"
        )
        until(lambda: any("bpm: is another from the next start" in line for line in said))
        assert [piece.process for piece in room.pieces.values()] == before
    finally:
        room.stop()


def test_a_room_file_that_is_half_written_changes_nothing_and_one_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.show.presence.AWAY", 0.0)
    path = tmp_path / "room.yaml"
    said: list[str] = []
    save(tmp_path, "  left: dream\n")
    file = WatchedFile(path, said.append)
    assert not file.changed()
    for pieces in ("  left: dream\n  right: d", "  left: dream\n  right: dream\n"):
        save(tmp_path, pieces)
        assert not file.changed(), "it may be written still"
    assert file.changed()
    assert not file.changed()
    path.unlink()
    assert [file.changed() for _ in range(3)] == [False] * 3
    save(tmp_path, "  left: dream\n")
    assert [file.changed() for _ in range(3)] == [False, True, False]
    assert said == [
        f"{path}: is no longer there; the room plays on as it was, and what is saved under this "
        "name is played",
        f"{path}: is there again",
    ]
