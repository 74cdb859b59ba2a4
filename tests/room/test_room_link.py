"""A show's own side of a room: it says how it is, beats and panics with the others, and ends when
the room is gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PlayShow
from tests.waiting import until
from vj.app.room_link import RoomLink
from vj.display.wire import read_lines

SHOW = "source: testcard\nmodel: none\nsize: 64x64\nsinks: preview\ntempo: 140\nosc: 127.0.0.1:0\n"


class Wires:
    """The room's ends of a piece's pipes."""

    def __init__(self) -> None:
        heard, self._tell = os.pipe()
        told, said = os.pipe()
        self.stop = threading.Event()
        self.messages: list[dict[str, Any]] = []
        self.link = RoomLink(
            self.stop, os.fdopen(heard), os.fdopen(said, "w"), now=lambda: self.now
        )
        self.now = 5000.0
        self._stream = os.fdopen(told)
        threading.Thread(
            target=read_lines, args=(self._stream, self.messages.append), daemon=True
        ).start()

    def tell(self, **message: Any) -> None:
        os.write(self._tell, json.dumps(message).encode() + b"\n")

    def hang_up(self) -> None:
        if self._tell >= 0:
            os.close(self._tell)
        self._tell = -1

    def alive(self) -> dict[str, Any]:
        """The newest sign of life."""
        return next((one["alive"] for one in reversed(self.messages) if "alive" in one), {})


@pytest.fixture
def wires() -> Iterator[Wires]:
    made = Wires()
    made.link.start()
    yield made
    made.hang_up()
    made.stop.set()


def test_it_speaks_before_there_is_a_show_and_ends_with_the_room(wires: Wires) -> None:
    until(wires.alive)
    assert wires.alive() == {"state": "starting", "frames": 0, "fps": 0.0}
    assert not wires.stop.is_set()
    wires.hang_up()
    assert wires.stop.wait(60)


def test_a_show_beats_and_panics_with_its_room(
    wires: Wires, tmp_path: Path, play_show: PlayShow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.app.room_link.PERIOD", 0.02)
    path = tmp_path / "piece.yaml"
    path.write_text(SHOW)
    wires.tell(beat={"bpm": 90, "beat": 16, "at": 5000.0})  # before it is put together, too
    show = play_show(path)
    wires.link.attach(show.performance)
    store, engine = show.performance.store, show.performance.session.engine
    began = show.clock.now()
    show.until(lambda: engine.tempo.bpm == 90)
    at = show.clock.now()
    assert engine.tempo.beat(at) == pytest.approx(16 + (at - began) * 1.5, abs=1e-6)
    until(lambda: wires.alive().get("bpm") == 90)
    assert wires.alive()["osc"] == show.performance.servers.osc.address[1]  # type: ignore[union-attr]
    show.until(lambda: wires.alive()["frames"] > 0)

    store.set("tempo/bpm", 120)
    show.until(lambda: any("tempo" in one for one in wires.messages))
    assert [one["tempo"]["bpm"] for one in wires.messages if "tempo" in one] == [120]

    assert wires.alive()["rests"] is False
    store.set("strength", 0.9)
    show.frames(1)
    wires.tell(panic=True)
    show.until(lambda: store.get("strength") != 0.9)
    assert not any("panic" in one for one in wires.messages), "it is not told to the room again"
    store.set("panic", True)
    show.until(lambda: any("panic" in one for one in wires.messages))


def test_a_room_that_was_killed_is_told_from_one_that_ends(wires: Wires) -> None:
    assert not wires.link.orphaned
    wires.hang_up()
    until(lambda: wires.link.orphaned)
    other = Wires()
    other.link.start()
    other.tell(end=True)
    other.hang_up()
    assert other.stop.wait(60)
    assert not other.link.orphaned


PRINTS = """
import os, threading
from vj.app.room_link import RoomLink
stop = threading.Event()
RoomLink(stop).start()
for _ in range(20):
    print(".", end="", flush=True)
    os.write(1, b"no line end")
    stop.wait(0.01)
stop.wait(60)
"""


def test_what_an_effect_prints_does_not_take_the_signs_of_life_with_it() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PRINTS],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    told = [json.loads(process.stdout.readline()) for _ in range(2)]
    assert [list(one) for one in told] == [["alive"], ["alive"]]
    process.stdin.close()
    assert process.wait(60) == 0
    process.stdout.close()
