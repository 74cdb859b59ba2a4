"""Pieces that paint nothing: a process each that speaks with the room as a show does, dies, hangs
or ends as it is told, panics when it hears `go`, and hears OSC. A test has them in milliseconds."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from vj.room.room import LiveRoom
from vj.show.room_file import load_room

SCRIPT = r"""
import json, os, socket, sys, threading, time
mood, page = (sys.argv[1] + " ").split(" ")[:2]
def say(message):
    sys.stdout.write(json.dumps(message) + "\n"); sys.stdout.flush()
if mood == "dies":
    print("dummy: no luck", file=sys.stderr); sys.exit(3)
if mood == "ends":
    say({"alive": {"state": "playing", "frames": 1, "fps": 9.0}}); sys.exit(0)
osc = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); osc.bind(("127.0.0.1", 0))
frames, heard = 0, {}
def count():
    global frames
    while True:
        frames += 0 if mood in ("still", "rests") and frames else 1
        say({"alive": {"state": "playing", "frames": frames, "fps": 9.0, "show": "Dummy",
             "osc": osc.getsockname()[1], "page": page, "at": 0,
             "rests": mood == "rests", **heard}})
        if mood == "silent" and frames > 1:
            return
        time.sleep(0.02)
def hear():
    while True:
        packet, sender = osc.recvfrom(65536)
        osc.sendto(packet, sender)
say({"alive": {"state": "starting", "frames": 0, "fps": 0.0}})
for work in (count, hear):
    threading.Thread(target=work, daemon=True).start()
for line in sys.stdin:
    message = json.loads(line)
    heard["told"] = sorted({*heard.get("told", []), *message})
    if "go" in message:
        say({"panic": True})
    if "beat" in message:
        heard["bpm"] = message["beat"]["bpm"]
if mood == "stubborn":
    time.sleep(60)
print("dummy: ends", file=sys.stderr, flush=True)
os._exit(0)
"""


def dummy(mood: str) -> list[str]:
    """The command of one. mood: plays, dies, ends, silent (hangs), still (makes no more frames),
    rests (nor does this, since none is asked for), stubborn (does not end when it is asked to);
    after a space the address of its page."""
    return [sys.executable, "-S", "-c", SCRIPT, mood]


def dummy_room(
    folder: Path, log: list[str], *moods: str, text: str = "", spare: bool = False
) -> LiveRoom:
    """A room of dummies, called left, middle, right, each in its mood. text: more of the room file.
    spare: as of `LiveRoom`."""
    names = ("left", "middle", "right")[: len(moods)]
    file = folder / "room.yaml"
    pieces = "".join(f"  {name}: dream\n" for name in names)
    file.write_text(f"room:\n{pieces}osc: 127.0.0.1:0\npage: 127.0.0.1:0\n{text}")
    of = dict(zip(names, moods, strict=True))  # others that are saved into the file play

    def make(name: str, words: list[str]) -> Sequence[str]:
        return dummy(of.get(name, "plays"))

    return LiveRoom(load_room(file), log.append, make=make, spare=spare)


def lives(number: int) -> bool:
    """Whether a process runs. Linux: one that has ended and was not waited for does not."""
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
        return state != "Z"
    except OSError:
        pass
    if os.name == "nt" or Path("/proc/self/stat").exists():
        return False
    try:
        os.kill(number, 0)
    except OSError:
        return False
    return True
