"""What playing costs, and how soon a hand is seen: OSC and MIDI events to the frame that shows
them, and 5,000 events a second.

    python bench/control.py [--seconds 15] [--model pocket]

The show is played as it is in front of an audience, with 64 mappings and 16 modulators, beside the
same show without them. Events go in over a real UDP socket, and over MIDI's own parser at the place
where a port's thread hands its bytes over. Prints a Markdown table.
"""

from __future__ import annotations

import argparse
import os
import random
import socket
import statistics
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
os.environ.setdefault("GOMP_SPINCOUNT", "5000")

import itertools

import mido

from vj.app.live import Performance
from vj.control.midi.parser import MidiReader
from vj.core.metrics import percentile
from vj.core.opencv import use_one_thread
from vj.parameters.store import Snapshot
from vj.parameters.table import ROWS
from vj.show.load import check_show

PORT = 9754
EVENTS = 5000


def score() -> dict[str, Any]:
    """64 mappings, half of them MIDI, and 16 modulators."""
    numbers = [
        row.name
        for row in ROWS
        if row.kind == "float" and not row.name.startswith(("tempo/", "output/", "prompt/travel"))
    ]
    mappings: list[dict[str, Any]] = [
        {"osc": "/hand", "to": "mix/wet"},
        {"midi": "cc 1", "to": "blend/motion", "takeover": False},
    ]
    for index in range(31):
        mappings.append(
            {
                "osc": f"/fader{index}",
                "to": numbers[index % len(numbers)],
                "curve": "s-curve",
                "smooth": "0.1 s",
            }
        )
        mappings.append(
            {"midi": f"cc {index + 2}", "to": numbers[(index + 7) % len(numbers)], "curve": 2.0}
        )
    waves = ("sine", "triangle", "noise", "random")
    targets = ("feedback/x", "feedback/y", "picture/hue", "picture/brightness")
    modulators = [
        {"lfo": waves[i % 4], "rate": 0.5 + i / 8, "to": targets[i % 4], "depth": 0.001}
        for i in range(16)
    ]
    return {"mappings": mappings, "modulators": modulators}


def play(
    model: str,
    seconds: float,
    more: dict[str, Any],
    during: Callable[[Performance, float], dict[str, Any]] | None,
) -> dict[str, Any]:
    show = check_show(
        {
            "show": "bench",
            "source": "testcard",
            "sinks": ["preview"],
            "preview": "127.0.0.1:0",
            "model": model,
            "midi": "off",
            "osc": f"127.0.0.1:{PORT}",
            "start": {"prompt/a": "molten gold"},
            **more,
        },
        "bench",
    )
    performance = Performance(show, lambda text: print(f"  {text}", file=sys.stderr))
    performance.start()
    while performance.run_state.text not in ("playing", "no model"):
        time.sleep(0.1)
    time.sleep(3)
    painted, begun = performance.metrics.painted, time.monotonic()
    found = during(performance, seconds) if during is not None else {}
    while time.monotonic() - begun < seconds:
        time.sleep(0.05)
    found["fps"] = (performance.metrics.painted - painted) / (time.monotonic() - begun)
    performance.stop()
    return found


def waits(performance: Performance, seconds: float) -> dict[str, Any]:
    """From an event to the frame whose snapshot has it, in frames; then that frame is painted and
    shown."""
    seen: dict[str, list[float]] = {"OSC": [], "MIDI": []}
    frames: list[tuple[float, Snapshot]] = []
    performance.store.observers.append(
        lambda snapshot: frames.append((time.perf_counter(), snapshot))
    )
    mapping = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    reader = MidiReader("bench", performance.session)
    chance = random.Random(0)
    end = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < end:
        turn += 1
        value = (turn % 100) / 127
        kind, name = (("OSC", "mix/wet"), ("MIDI", "blend/motion"))[turn % 2]
        before = frames[-1][1][name] if frames else None
        sent = time.perf_counter()
        if kind == "OSC":
            mapping.sendto(b"/hand\0\0\0,f\0\0" + struct.pack(">f", value), ("127.0.0.1", PORT))
        else:
            reader.on_message(
                mido.Message("control_change", control=1, value=turn % 100), performance.clock.now()
            )
        until = time.monotonic() + 1
        while time.monotonic() < until:
            shown = next(
                (
                    at
                    for at, snapshot in reversed(frames[-8:])
                    if at > sent and snapshot[name] != before
                ),
                None,
            )
            if shown is not None:
                seen[kind].append(shown - sent)
                break
            time.sleep(0.001)
        time.sleep(0.05 + 0.1 * chance.random())
    period = statistics.median(b - a for (a, _), (b, _) in itertools.pairwise(frames))
    return {
        kind: (statistics.median(values) / period, percentile(values, 0.95) / period, len(values))
        for kind, values in seen.items()
        if values
    }


FLOODER = """
import socket, struct, sys, time
port, seconds, rate = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
heads = [b"/fader%d" % i + b"\\0,f\\0\\0" for i in range(10)]
begun = time.monotonic(); sent = 0
while (now := time.monotonic()) < begun + seconds:
    due = int((now - begun) * rate)
    for i in range(sent, due):
        s.sendto(heads[i % 10] + struct.pack(">f", i % 100 / 100), ("127.0.0.1", port))
    sent = due
    time.sleep(0.004)
print(sent)
"""


def flood(performance: Performance, seconds: float) -> dict[str, Any]:
    """5,000 events a second, half of them OSC to mapped addresses from another process, half
    MIDI."""
    other = subprocess.Popen(
        [sys.executable, "-c", FLOODER, str(PORT), str(seconds), str(EVENTS // 2)],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert performance.servers.osc is not None
    before = performance.servers.osc.messages
    reader = MidiReader("bench", performance.session)
    messages = [
        mido.Message("control_change", control=2 + i % 31, value=i % 128) for i in range(128)
    ]
    begun = time.monotonic()
    sent = 0
    while (now := time.monotonic()) < begun + seconds:
        due = int((now - begun) * EVENTS / 2)
        for number in range(sent, due):
            reader.on_message(messages[number % 128], 0.0)
        sent = due
        time.sleep(0.004)
    osc = int(other.communicate()[0])
    time.sleep(0.1)
    return {"sent": sent + osc, "osc": osc, "heard": performance.servers.osc.messages - before}


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=15)
    options.add_argument("--model", default="pocket")
    given = options.parse_args()
    threading.current_thread().name = "bench"
    bare = play(given.model, given.seconds, {}, None)
    flooded = play(given.model, given.seconds, score(), flood)
    again = play(given.model, given.seconds, {}, None)
    quiet = play(given.model, given.seconds, score(), waits)
    base = statistics.mean([bare["fps"], again["fps"]])
    print("| what | measured | wanted |\n|---|---|---|")
    print(
        f"| frames a second without mappings | {base:.1f} ({bare['fps']:.1f} and "
        f"{again['fps']:.1f}) | |"
    )
    for kind in ("OSC", "MIDI"):
        p50, p95, count = quiet[kind]
        print(
            f"| {kind} event to the frame that has it, p50 / p95 of {count} | {p50:.2f} / "
            f"{p95:.2f} frames | at most 1 and what it paints |"
        )
    print(
        f"| {flooded['sent'] / given.seconds:.0f} events/s, 64 mappings, 16 modulators | "
        f"{flooded['fps']:.1f} fps, "
        f"{100 * (1 - flooded['fps'] / base):.0f} % fewer; {flooded['heard']} of {flooded['osc']} "
        "over OSC heard | under 10 % |"
    )


if __name__ == "__main__":
    main()
