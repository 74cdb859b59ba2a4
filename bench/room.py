"""Plays a room with one of its pieces killed (-9) every minute, and says how soon it was back and
what the others noticed.

    python bench/room.py [SECONDS] [ROOM.yaml]

Without a room file: three small pieces of drawn footage. A piece is back when it makes frames, and
paints when it says that it plays; its first picture is compared with its input. The others were
untouched when they went no longer without a new frame than at other times: pieces tell how many
they have made twice a second.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
ROOM = """
room:
  left: {show: kiss_crash, size: 192x192, fps: 8, sinks: preview}
  middle: {show: crash_me_gently, size: 192x192, fps: 8, sinks: preview}
  right: {show: me_kissing_me, size: 192x192, fps: 8, sinks: preview}
osc: 127.0.0.1:19500
page: 127.0.0.1:19580
"""
EVERY = 60.0
LOOK = 0.1


@dataclass
class Return:
    """A piece that was killed. Seconds since then; the mean difference of its first picture from
    its input, of 255."""

    piece: str
    killed: float
    shown: float = 0.0
    painted: float = 0.0
    first: float | None = None
    before: int = 0


@dataclass
class Course:
    """A piece's frames, as its process counts them."""

    frames: int = -1
    process: int = 0
    moved: float = 0.0
    longest: float = 0.0
    beside: float = 0.0
    """The longest time without a new frame far from a kill, and near one of another piece."""


def asked(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=2) as answer:
        return bytes(answer.read())


def state_of(page: str) -> dict[str, dict[str, Any]]:
    pieces = json.loads(asked(f"{page}room.json"))["pieces"]
    return {piece["name"]: piece for piece in pieces}


def beside_input(page: str) -> float:
    """How far a piece's picture is from its input."""
    small = []
    for view in ("output", "input"):
        raw = asked(f"{page}picture.jpg?view={view}&width=96")
        seen = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_COLOR)
        assert seen is not None
        small.append(cv2.resize(seen, (32, 32), interpolation=cv2.INTER_AREA).astype(float))
    return float(np.abs(small[0] - small[1]).mean())


def follow(course: Course, piece: dict[str, Any], now: float, killed: bool, near: bool) -> None:
    """Note a look at a piece. killed: it is on its way back, and has no frames to count. near:
    another one is."""
    if piece["frames"] != course.frames or killed or piece["process"] != course.process:
        gap = now - course.moved
        if not killed and course.moved and piece["process"] == course.process:
            if near:
                course.beside = max(course.beside, gap)
            else:
                course.longest = max(course.longest, gap)
        course.moved, course.frames, course.process = now, piece["frames"], piece["process"]


def main(seconds: float, file: Path) -> int:
    page = next(
        f"http://{line.split()[1]}/" for line in file.read_text().splitlines() if "page:" in line
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "VJ_CACHE": tempfile.mkdtemp()}
    began = time.monotonic()
    log = open(file.with_suffix(".log"), "w")  # noqa: SIM115 (as long as the room)
    room = subprocess.Popen(
        [sys.executable, "-m", "vj.cli", str(file), "--quiet"], env=environment, stderr=log
    )
    returns: list[Return] = []
    courses: dict[str, Course] = {}
    try:
        while True:
            time.sleep(0.3)
            try:
                pieces = state_of(page)
            except OSError:
                continue
            if all(piece["state"] == "playing" for piece in pieces.values()):
                break
            if time.monotonic() - began > 180:
                raise SystemExit("the room did not start")
        print(f"all three play {time.monotonic() - began:.1f} s after the start", flush=True)
        began = time.monotonic()
        due, number = EVERY / 2, 0
        while (now := time.monotonic() - began) < seconds:
            pieces = state_of(page)
            back = returns[-1] if returns and not returns[-1].painted else None
            for name, piece in pieces.items():
                on_its_way = back is not None and back.piece == name
                course = courses.setdefault(name, Course())
                follow(course, piece, now, on_its_way, back is not None)
            if back is not None:
                note(back, pieces[back.piece], now)
            if now >= due and back is None:
                name = list(pieces)[number % len(pieces)]
                os.kill(pieces[name]["process"], signal.SIGKILL)
                returns.append(Return(name, now, before=pieces[name]["process"]))
                due, number = due + EVERY, number + 1
            time.sleep(LOOK)
    finally:
        room.send_signal(signal.SIGINT)
        room.wait(10)
        log.close()
    for one in returns:
        first = "-" if one.first is None else f"{one.first:.1f} of 255 from its input"
        print(
            f"{one.killed:5.0f} s {one.piece:8} shows after {one.shown:.1f} s ({first}), "
            f"paints after {one.painted:.1f} s"
        )
    for name, course in courses.items():
        print(
            f"{name:8} longest time until new frames were seen: {course.longest:.2f} s, while "
            f"another came back {course.beside:.2f} s"
        )
    worst = max((one.shown for one in returns), default=0.0)
    print(f"load average at the end {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"{len(returns)} killed; the slowest was back after {worst:.1f} s")
    return 0 if worst <= 5 and all(one.painted for one in returns) else 1


def note(back: Return, piece: dict[str, Any], now: float) -> None:
    """How far a killed piece has come."""
    if piece["process"] in (0, back.before) or not piece["frames"]:
        return
    if not back.shown:
        back.shown = now - back.killed
        try:
            back.first = beside_input(piece["page"]) if piece["state"] != "playing" else None
        except OSError:
            pass
    if piece["state"] == "playing":
        back.painted = now - back.killed


if __name__ == "__main__":
    asked_for = float(sys.argv[1]) if len(sys.argv) > 1 else 600.0
    if len(sys.argv) > 2:
        chosen = Path(sys.argv[2])
    else:
        chosen = Path(tempfile.mkdtemp()) / "room.yaml"
        chosen.write_text(ROOM)
    sys.exit(main(asked_for, chosen))
