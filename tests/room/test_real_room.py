"""A room of real shows: one is killed, the others play on, and all beat together."""

from __future__ import annotations

import itertools
import json
import os
import signal
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import StartShow
from tests.room.dummies import lives
from tests.shows import ShowPeer, free_port
from tests.waiting import until
from tests.web.test_oscquery import announced

NAMES = ("left", "middle", "right")
ROOM = """
room:
  left: {show: piece, start: {strength: 0.25}}
  middle: piece
  right: {show: piece, model: pocket}
osc: 127.0.0.1:%d
page: 127.0.0.1:0
bpm: 97
"""
PIECE = "source: testcard\nmodel: none\nsize: 64x64\nfps: 12\nsinks: preview\ntempo: 140\n"


@pytest.mark.long
def test_one_of_three_pieces_is_killed_and_comes_back(
    tmp_path: Path, start_show: StartShow
) -> None:
    port = free_port()
    (tmp_path / "piece.yaml").write_text(PIECE)
    (tmp_path / "room.yaml").write_text(ROOM % port)
    show = start_show("room.yaml", osc_port=None)
    show.until_line("the room's page is at")
    page = next(line.split()[-1] for line in show.lines() if "the room's page is at" in line)
    room = ShowPeer(port)

    def pieces() -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{page}room.json", timeout=60) as answer:
            found: list[dict[str, Any]] = json.loads(answer.read())["pieces"]
            return found

    until(lambda: all(one["state"] == "playing" for one in pieces()), lambda: show.text)
    assert room.value("left/strength") == 0.25
    room.send("/vj/middle/strength", 0.75)
    room.send("/vj/*/seed/a", 7)
    until(lambda: room.value("middle/strength") == 0.75)
    for name in NAMES:
        until(lambda name=name: room.value(f"{name}/seed/a") == 7)  # type: ignore[misc]
    assert room.value("left/strength") == 0.25

    with urllib.request.urlopen(f"{page}vj/middle/strength?VALUE", timeout=60) as answer:
        assert json.loads(answer.read()) == {"VALUE": [0.75]}
    own = {int(page.strip("/").rpartition(":")[2]), port}
    assert set(announced(own)) == {"_oscjson._tcp.local.", "_osc._udp.local."}

    before = {one["name"]: one for one in pieces()}
    os.kill(before["middle"]["process"], signal.SIGKILL)

    def back() -> bool:
        middle = pieces()[1]
        return middle["restarts"] == 1 and middle["state"] == "playing" and middle["frames"] > 0

    until(back, lambda: show.text)
    after = {one["name"]: one for one in pieces()}
    assert after["middle"]["page"] == before["middle"]["page"], "where it was"
    for name in ("left", "right"):
        assert after[name]["process"] == before[name]["process"]
        assert after[name]["restarts"] == 0

    # half a beat at most counts: a beat that is one beside would be a whole one
    def apart() -> float:
        zeros = [one["zero"] for one in pieces()]
        return max(abs(a - b) for a, b in itertools.combinations(zeros, 2))

    until(lambda: apart() < 0.005, apart)

    room.send("/vj/middle/strength", 0.125)
    until(lambda: room.value("middle/strength") == 0.125)
    numbers = [one["process"] for one in pieces()]
    show.process.kill()
    until(lambda: not any(map(lives, numbers)))

    show = start_show("room.yaml", "--resume", osc_port=None)
    show.until_line("middle: --resume: it goes on as it stood")
    until(lambda: room.value("middle/strength") == 0.125, lambda: room.value("middle/strength"))
