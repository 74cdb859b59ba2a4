"""One beat for a room: processes that count it by themselves agree, a tempo set in one is set in
all, and Ableton Link leads where it is there."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from tests.control.harness import ControlHarness
from tests.room.dummies import dummy_room
from tests.shows import environment
from tests.waiting import until
from vj.control.shared_beat import SharedBeat
from vj.control.tempo import Tempo
from vj.control.tempo_source import TempoSource
from vj.core.errors import Unavailable
from vj.room.beat import RoomBeat

COUNTS = """
import json, sys, time
from vj.control.shared_beat import SharedBeat
from vj.core.clock import WallClock
time.sleep(float(sys.argv[1]))  # each is started at another moment
clock = WallClock()
beat = SharedBeat(time.perf_counter() - clock.now(), print)
print("ready", flush=True)
beat.follow(*json.loads(sys.stdin.readline()))
for line in sys.stdin:
    bpm, now = beat.at(clock.now())
    print(json.dumps([now, time.perf_counter()]), flush=True)
"""


def test_three_processes_count_one_beat() -> None:
    room = RoomBeat(97.0, lambda told: None, print)
    pieces = [
        subprocess.Popen(
            [sys.executable, "-c", COUNTS, delay],
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for delay in ("0", "0.05", "0.1")
    ]
    beside = []
    for piece in pieces:
        assert piece.stdin is not None
        assert piece.stdout is not None
        assert piece.stdout.readline() == "ready\n"
        told = room.told()
        piece.stdin.write(json.dumps([told["bpm"], told["beat"], told["at"]]) + "\n")
        for _ in range(20):
            piece.stdin.write("\n")
            piece.stdin.flush()
            beat, at = json.loads(piece.stdout.readline())
            beside.append(abs(beat - room.beat(at)) * 60 / 97)
        piece.communicate("")
    # the median: between the two readings of the clock a busy machine may stop the process
    assert sorted(beside)[len(beside) // 2] < 0.001
    assert sum(error < 0.005 for error in beside) > 50


def in_a_room(**show: Any) -> tuple[ControlHarness, SharedBeat, list[tuple[float, float, float]]]:
    told: list[tuple[float, float, float]] = []
    controls = ControlHarness(**show)
    beat = SharedBeat(1000.0, lambda *one: told.append(one))
    beat.follow(90.0, 8.0, 1000.0)
    controls.engine.tempo_source.follow_room(beat)
    controls.play(0.5)
    return controls, beat, told


def test_a_show_beats_with_its_room_whatever_tempo_is_its_own() -> None:
    controls, _, told = in_a_room(tempo={"bpm": 140})
    assert controls.at("tempo/bpm") == 90
    tempo = controls.engine.tempo
    assert tempo.beat(controls.now) == pytest.approx(8 + controls.now * 1.5, abs=1e-6)
    assert told == [], "coming in is no wish"


def test_a_tempo_that_is_set_or_tapped_is_the_rooms() -> None:
    controls, beat, told = in_a_room()
    before = controls.engine.tempo.beat(controls.now)
    controls.store.set("tempo/bpm", 120)
    controls.play(0.1)
    assert [round(one[0]) for one in told] == [120]
    assert told[0][1] == pytest.approx(before, abs=0.1), "the beat does not jump"
    assert told[0][2] == pytest.approx(1000.5, abs=0.1)
    for _ in range(5):
        controls.store.set("tempo/tap", True)
        controls.play(0.4)
    assert told[-1][0] == pytest.approx(150, rel=0.05)
    began = controls.now
    beat.follow(100.0, 64.0, 1000.0 + began)  # and another piece sets it
    controls.play(0.2)
    assert controls.at("tempo/bpm") == 100
    expected = 64 + (controls.now - began) * 100 / 60
    assert controls.engine.tempo.beat(controls.now) == pytest.approx(expected, abs=1e-6)


def test_a_show_that_is_saved_beats_on_with_its_room() -> None:
    controls, _, told = in_a_room()
    saved = TempoSource(Tempo(140), "midi", print)
    saved.take_over(controls.engine.tempo_source)
    controls.now += 1.0
    saved.publish(controls.store, controls.now)
    assert saved.tempo.bpm == 90
    assert saved.tempo.beat(controls.now) == pytest.approx(8 + controls.now * 1.5)
    assert told == []


def test_a_midi_clock_of_a_piece_leads_that_piece() -> None:
    controls, _, told = in_a_room()
    source = controls.engine.tempo_source
    for tick in range(100):
        source.on_clock("tick", controls.now, "clock", 0)
        controls.play(1 / 30)  # 24 ticks a beat
        if tick > 50:
            assert controls.engine.tempo.bpm == pytest.approx(75, rel=0.02)
    assert told == []


class Session:
    """A Link session of others."""

    def __init__(self) -> None:
        self.bpm, self.peers, self.zero = 126.0, 0, 0.25

    def __call__(self) -> tuple[float, float] | None:
        beat = (time.perf_counter() - self.zero) * self.bpm / 60
        return (self.bpm, beat) if self.peers else None

    def set_tempo(self, bpm: float) -> None:
        self.bpm = bpm


def test_link_leads_the_room_where_others_are_in_it() -> None:
    said: list[str] = []
    told: list[dict[str, float]] = []
    session, closed = Session(), threading.Event()
    room = RoomBeat(100, told.append, said.append)
    room.start(lambda bpm: (session, closed.set))
    room.look()
    assert (told, room.bpm) == ([], 100)
    session.peers = 1
    until(lambda: told)
    until(lambda: room.linked and room.bpm == 126)

    def apart() -> float:
        now = time.perf_counter()
        return abs(room.beat(now) - (now - session.zero) * 126 / 60) * 60 / 126

    until(lambda: apart() < 0.05, apart)  # asked on a busy machine, the session answers late once
    now = time.perf_counter()
    room.set(130, 0.0, now)
    assert session.bpm == 130
    assert room.beat(now) != pytest.approx(0.0, abs=1), "bars are everybody's"
    assert said == ["Link leads the room's tempo"]
    room.stop()
    assert closed.is_set()


def test_without_links_package_the_room_has_its_own_tempo() -> None:
    def missing(bpm: float) -> Any:
        raise Unavailable("aalink is missing")

    told: list[dict[str, float]] = []
    said: list[str] = []
    room = RoomBeat(100, told.append, said.append)
    room.start(missing)
    assert said == ["the room beats by itself; with Ableton Link: python3 launch.py add link"]
    room.set(80, 12.0, 5.0)
    assert told == [{"bpm": 80, "beat": 12.0, "at": 5.0}]
    assert room.beat(6.5) == pytest.approx(14)
    room.stop()


def test_a_piece_whose_room_is_gone_ends() -> None:
    from vj.app.room_link import RoomLink

    stop, said = threading.Event(), io.StringIO()
    link = RoomLink(stop, io.StringIO('{"beat": {"bpm": 90, "beat": 1, "at": 2}}\n'), said)
    link.start()
    assert stop.wait(60)
    until(lambda: said.closed or '"alive"' in said.getvalue())


@pytest.mark.parametrize(("text", "bpm"), [("", 75.0), ("beat: each\n", 120.0)])
def test_a_tempo_of_a_piece_is_the_rooms_where_they_beat_together(
    tmp_path: Path, text: str, bpm: float
) -> None:
    room = dummy_room(tmp_path, [], "plays", "plays", text=text)
    room._on_message("left", {"tempo": {"bpm": 75, "beat": 4.0, "at": 10.0}})
    assert room.beat.bpm == bpm
    room.stop()
