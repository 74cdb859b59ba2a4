"""What dies is started again: at once, then after a growing wait, for ever; and nothing is left
behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.room.dummies import dummy, dummy_room, lives
from tests.shows import environment
from tests.waiting import until
from vj.room import piece as timing
from vj.room.child import PieceProcess
from vj.room.piece import Piece
from vj.room.room import LiveRoom

Make = Callable[..., Piece]


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def make(said: list[str]) -> Iterator[Make]:
    """`make("dies", "plays")`: a piece whose first process dies and whose second plays, started.
    Its processes' moods; the last one is that of all that follow."""
    made: list[Piece] = []

    def start(*moods: str) -> Piece:
        left = list(moods)
        resumed: list[bool] = []

        def process(resume: bool, on_message: Any, on_words: Any) -> PieceProcess:
            resumed.append(resume)
            command = dummy(left.pop(0) if len(left) > 1 else left[0])
            return PieceProcess(command, {}, on_message, on_words, "left")

        piece = Piece("left", process, said.append)
        piece.resumed = resumed  # type: ignore[attr-defined]
        made.append(piece)
        piece.start()
        return piece

    yield start
    for piece in made:
        piece.stop()
    for piece in made:
        piece.wait()


def test_a_piece_that_is_killed_is_back_at_once_and_goes_on_where_it_stood(
    make: Make, said: list[str]
) -> None:
    piece = make("plays")
    until(lambda: piece.plays)
    first = piece.process
    assert first is not None
    os.kill(first.number, signal.SIGKILL)
    until(lambda: piece.plays and piece.process not in (None, first), lambda: str(said))
    assert piece.state.deaths == 1
    assert piece.state.why == "died (SIGKILL)"
    assert said == ["left: died (SIGKILL); it is started again at once"]
    assert piece.resumed == [False, True]  # type: ignore[attr-defined]
    assert not lives(first.number)


def test_one_that_cannot_start_is_tried_again_after_a_wait_that_grows_and_never_given_up(
    make: Make, said: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(timing, "FAULTY_WAIT", 0.03)
    waits: list[float] = []
    monkeypatch.setattr(
        Piece, "_wait_for_files", lambda piece, seconds: waits.append(piece.state.wait)
    )
    piece = make(*["dies"] * 6, "plays")
    until(lambda: piece.plays, lambda: str(said))
    assert waits == [0.0, 0.01, 0.02, 0.03, 0.03, 0.03]
    assert piece.state.deaths == 6
    until(lambda: said[-1] == "left: plays")
    assert said[0] == "left: dummy: no luck"
    assert said[1].startswith("left: ended with exit code 3 before it played; it is tried again")
    assert len(said) == 3, "told once, however often it is tried"


def test_a_fault_is_told_again_when_it_changes_or_a_file_was_saved(
    said: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timing, "FIRST_WAIT", 3600.0)
    monkeypatch.setattr(timing, "LOOK", 0.01)
    show, clip = tmp_path / "show.yaml", tmp_path / "clip.mp4"
    show.write_text("a")
    program = (
        "import sys; from pathlib import Path; show = Path(sys.argv[1]); said = show.read_text()\n"
        "print(f'{show}:3: source: clip.mp4: {said}', file=sys.stderr); sys.exit(1)"
    )

    def process(resume: bool, on_message: Any, on_words: Any) -> PieceProcess:
        command = [sys.executable, "-S", "-c", program, str(show)]
        return PieceProcess(command, {}, on_message, on_words, "left")

    def tells(*faults: str) -> bool:
        return [line[-1] for line in said if ":3:" in line] == list(faults)

    def tried() -> int:
        return sum("before it played" in line for line in said)

    piece = Piece("left", process, said.append, files=lambda: [show])
    monkeypatch.setattr(timing, "FAULTY_WAIT", 3600.0)
    piece.start()
    try:
        until(lambda: piece.state.deaths == 2, lambda: str(said))  # the second is at once
        assert tells("a")
        write_whole(show, "bb")
        until(lambda: tells("a", "b") and tried() == 2, lambda: str(said))
        write_whole(clip, "comes")
        until(lambda: tells("a", "b", "b") and tried() == 3, lambda: str(said))
        assert piece.state.deaths == 4
        assert piece.state.fault == f"{show}:3: source: clip.mp4: bb"
    finally:
        piece.stop()
        piece.wait()


def write_whole(path: Path, text: str) -> None:
    """In one step: half of it would be another save, which it is tried with, too."""
    part = path.with_suffix(".part")
    part.write_text(text)
    part.replace(path)


@pytest.mark.parametrize(
    ("mood", "why"),
    [("silent", "hung: no word for 3"), ("still", "hung: no new frame for 3")],
)
def test_one_that_hangs_is_ended_and_started_again(make: Make, mood: str, why: str) -> None:
    piece = make(mood, "plays")
    until(lambda: piece.plays)
    first, now = piece.process, time.monotonic()
    assert first is not None
    if mood == "silent":
        frames = piece.state.alive["frames"]
        until(lambda: frames > 1 or piece.state.alive["frames"] > 1)
    piece._now = lambda: now
    piece.watch()  # from now on time is the test's
    for _ in range(8):
        assert lives(first.number)
        assert not piece._hung
        now += 4
        if mood == "still":
            until(lambda at=now: piece._last_word == at)  # type: ignore[misc]
        piece.watch()
    until(lambda: piece.plays and piece.process not in (None, first))
    assert piece.state.why.startswith(why)


def test_one_that_is_stepped_on_frame_by_frame_does_not_hang_while_no_frame_is_asked_for(
    make: Make,
) -> None:
    piece = make("rests")
    until(lambda: piece.plays)
    now = time.monotonic()
    piece._now = lambda: now
    piece.watch()
    for _ in range(10):
        now += 4
        until(lambda at=now: piece._last_word == at)  # type: ignore[misc]
        piece.watch()
    assert not piece._hung
    assert piece.state.deaths == 0


def test_one_that_paints_slowly_does_not_hang(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    piece = make("plays")
    until(lambda: piece.plays)
    process, now = piece.process, 100.0
    assert process is not None
    process.on_message = lambda message: None  # from now on the test speaks for it
    monkeypatch.setattr(process, "kill", lambda: None)
    piece._now = lambda: now
    frames = 1000

    def passes(seconds: float, state: str, painted: bool) -> str:
        nonlocal now, frames
        frames += painted
        for _ in range(round(seconds)):
            now += 1
            piece._take({"alive": {"state": state, "frames": frames}})
            piece.watch()
        return piece._hung

    piece.watch()
    assert not passes(2, "playing", True)
    assert not passes(60, "loading the model", False)
    assert not passes(100, "playing", False), "its first one may take long"
    assert not passes(25, "playing", True)
    assert not passes(1, "playing", True), "each takes 25 s"
    assert not passes(70, "playing", False)
    assert passes(10, "playing", False).startswith("hung: no new frame for ")


def test_a_room_that_stood_still_itself_ends_nobody(make: Make) -> None:
    """Ctrl-Z and `fg`: what the pieces said meanwhile has not been read yet."""
    piece = make("silent")
    until(lambda: piece.plays)
    now = time.monotonic()
    piece._now = lambda: now
    piece.watch()
    now += 3600
    piece.watch()
    piece.watch()
    assert piece.process is not None
    assert lives(piece.process.number)
    assert not piece._hung


def test_one_that_is_over_by_its_own_wish_stays_over_until_somebody_restarts_it(
    make: Make, said: list[str]
) -> None:
    piece = make("ends", "plays")
    until(lambda: piece.ended)
    assert (piece.state.deaths, piece.process) == (0, None)
    assert said == ["left: has ended"]
    piece.restart()
    until(lambda: piece.plays and piece.process is not None)
    assert piece.resumed == [False, False]  # type: ignore[attr-defined]


def test_a_restart_by_hand_is_no_death_and_begins_anew(make: Make, said: list[str]) -> None:
    piece = make("plays")
    until(lambda: piece.plays)
    first = piece.process
    piece._say("ALSA lib seq_hw.c:466:(snd_seq_hw_open) open /dev/snd/seq failed")
    piece.restart()
    until(lambda: piece.plays and piece.process not in (None, first))
    assert piece.state.deaths == 0
    assert said == ["left: dummy: ends", "left: starts anew"]
    assert piece.resumed == [False, False]  # type: ignore[attr-defined]


def test_a_stop_asks_first_and_kills_what_does_not_end(make: Make, said: list[str]) -> None:
    gentle, stubborn = make("plays"), make("stubborn")
    until(lambda: gentle.plays and stubborn.plays)
    processes = [gentle.process, stubborn.process]
    for piece in (gentle, stubborn):
        piece.stop()
    gentle.wait()
    stubborn.wait(0.1)
    assert [lives(one.number) for one in processes if one is not None] == [False, False]
    assert said == ["left: dummy: ends"]
    assert gentle.state.state == stubborn.state.state == "stopped"


def test_a_room_starts_its_pieces_and_ends_when_all_have_ended(tmp_path: Path) -> None:
    said: list[str] = []
    room: LiveRoom = dummy_room(tmp_path, said, "ends", "ends")
    room.start()
    until(lambda: room.ended, lambda: str(said))
    room.stop()
    assert room.status_line() == "left stopped · middle stopped"


@pytest.mark.parametrize("text", ["", "panic: each\n"])
def test_a_panic_of_one_is_everybodys_unless_the_room_says_otherwise(
    tmp_path: Path, text: str
) -> None:
    room = dummy_room(tmp_path, [], "plays", "plays", text=text)
    left, middle = room.pieces.values()

    def told(piece: Piece) -> list[str]:
        return list(piece.state.alive.get("told", []))

    room.start()
    try:
        until(lambda: left.plays and middle.plays)
        left.send(go=True)  # it panics
        until(lambda: "go" in told(left) and (text or "panic" in told(middle)))
        middle.send(after=True)
        until(lambda: "after" in told(middle))
        assert ("panic" in told(middle)) == (not text)
        assert "panic" not in told(left)
        room.panic()  # the room's own button is for all
        until(lambda: "panic" in told(left) and "panic" in told(middle))
    finally:
        room.stop()


ROOM = """
import sys, time
from pathlib import Path
from tests.room.dummies import dummy_room
room = dummy_room(Path(sys.argv[1]), [], "plays", "plays")
room.start()
while not all(piece.plays for piece in room.pieces.values()):
    time.sleep(0.01)
print(*[piece.process.number for piece in room.pieces.values()], flush=True)
time.sleep(60)
"""


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL on Windows")
def test_a_room_that_is_killed_leaves_no_piece_behind(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", ROOM, str(tmp_path)],
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    numbers = [int(word) for word in process.stdout.readline().split()]
    assert len(numbers) == 2
    assert all(map(lives, numbers))
    process.kill()
    process.wait()
    process.stdout.close()
    until(lambda: not any(map(lives, numbers)))
