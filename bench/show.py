"""The first show end to end: test card to NDI with the built-in model, and what OSC costs.

    python bench/show.py [--seconds 20]

Three runs of the program, each a process of its own with a real NDI receiver: alone; under 5,000
OSC messages a second; and with single changes, timed from the sending of the message to the picture
leaving the loop. Prints a Markdown table for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

import os

os.environ.setdefault("GOMP_SPINCOUNT", "5000")

from pythonosc.osc_message_builder import OscMessageBuilder

from vj.app.live import Performance
from vj.core.frame import OutputFrame
from vj.core.opencv import use_one_thread
from vj.pipeline.frame_context import FrameContext
from vj.show.load import check_show

WATCHER = Path(__file__).parents[1] / "tests" / "peers" / "ndi_watcher.py"
PORT = 9753


def play(seconds: float, model: str, during: Any = None) -> dict[str, Any]:
    """Play the first show for so long after the model is there; `during(performance)` runs beside
    it on a thread."""
    show = check_show(
        {
            "show": "bench",
            "source": "testcard",
            "sinks": ["ndi:vj bench"],
            "model": model,
            "osc": f"127.0.0.1:{PORT}",
            "start": {"prompt/a": "molten gold", "feedback/amount": 0.15},
        },
        "bench",
    )
    performance = Performance(show, lambda text: print(f"  {text}", file=sys.stderr))
    peer = subprocess.Popen(
        [sys.executable, str(WATCHER), "vj bench", "600"], stdout=subprocess.DEVNULL
    )
    performance.start()
    while performance.run_state.text != "playing":
        time.sleep(0.1)
    time.sleep(3)
    painted, begun, cpu = performance.metrics.painted, time.monotonic(), time.process_time()
    found: dict[str, Any] = {}
    if during is not None:
        found = during(performance, seconds) or {}
    while time.monotonic() - begun < seconds:
        time.sleep(0.05)
    elapsed = time.monotonic() - begun
    p50, p95 = performance.metrics.recent_latency()
    found |= {
        "fps": (performance.metrics.painted - painted) / elapsed,
        "cpu": (time.process_time() - cpu) / elapsed,
        "p50": p50,
        "p95": p95,
        "stages": performance.metrics.stages(),
        "send": performance.outputs.sinks._runners[0].send_time(),
        "strength": performance.store.get("strength"),
    }
    performance.stop()
    peer.kill()
    return found


FLOODER = """
import socket, struct, sys, time
port, seconds = int(sys.argv[1]), float(sys.argv[2])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
head = b"/vj/strength\\0\\0\\0\\0,f\\0\\0"
begun = time.monotonic(); sent = 0
while (now := time.monotonic()) < begun + seconds:
    due = int((now - begun) * 5000)
    for i in range(sent, due):
        s.sendto(head + struct.pack(">f", 0.4 + 0.1 * (i % 100) / 100), ("127.0.0.1", port))
    sent = due
    time.sleep(0.002)
s.sendto(head + struct.pack(">f", 0.4321), ("127.0.0.1", port))
print(sent + 1)
"""


def flood(performance: Performance, seconds: float) -> dict[str, Any]:
    assert performance.servers.osc is not None
    before = performance.servers.osc.messages
    sent = int(
        subprocess.run(
            [sys.executable, "-c", FLOODER, str(PORT), str(seconds)], capture_output=True, text=True
        ).stdout
    )
    time.sleep(0.1)
    return {"sent": sent, "heard": performance.servers.osc.messages - before}


def latency(performance: Performance, seconds: float) -> dict[str, Any]:
    """Black and back, by OSC: from sending to the first picture that shows it, in frames of the
    loop."""
    import socket

    changes: list[tuple[float, float]] = []
    levels: list[tuple[float, float]] = []
    publish = performance.loop._publish

    def watched(context: FrameContext, frame: OutputFrame) -> None:
        levels.append((time.perf_counter(), float(frame.pixels.mean())))
        publish(context, frame)

    performance.loop._publish = watched
    end = time.monotonic() + seconds
    peer = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    rng = np.random.default_rng(0)
    black = 0.0
    while time.monotonic() < end:
        time.sleep(0.5 + 0.2 * rng.random())
        black = 0.8 - black
        builder = OscMessageBuilder("/vj/output/blackout")
        builder.add_arg(black)
        changes.append((time.perf_counter(), black))
        peer.sendto(builder.build().dgram, ("127.0.0.1", PORT))
    period = statistics.median(b - a for (a, _), (b, _) in pairwise(levels))
    found = []
    for moment, _ in changes[:-1]:
        before = [level for at, level in levels if at <= moment][-1]
        seen = next(
            (
                at
                for at, level in levels
                if at > moment and abs(level - before) > 0.04 * max(before, 20)
            ),
            None,
        )
        if seen is not None:
            found.append((seen - moment) / period)
    return {
        "changes": len(found),
        "frames50": statistics.median(found),
        "frames95": sorted(found)[int(0.95 * len(found))],
    }


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--model", default="pocket")
    given = options.parse_args()
    threading.current_thread().name = "bench"
    alone = play(given.seconds, given.model)
    flooded = play(given.seconds, given.model, flood)
    again = play(given.seconds, given.model)
    changed = play(given.seconds, given.model, latency)
    base = statistics.mean([alone["fps"], again["fps"]])
    frame = 1 / base
    rest = alone["send"] + sum(
        seconds for name, seconds in alone["stages"].items() if name != "diffuse"
    )
    print("| what | measured | wanted |\n|---|---|---|")
    print(
        f"| frames a second, test card to NDI | {base:.1f} ({alone['fps']:.1f} and "
        f"{again['fps']:.1f}) | 15 or more |"
    )
    stages = ", ".join(f"{name} {seconds * 1e3:.1f}" for name, seconds in alone["stages"].items())
    print(f"| ms a frame | {stages}, NDI {alone['send'] * 1e3:.1f} | |")
    print(
        f"| all but the model, share of the frame time | {100 * rest / frame:.0f} % | under 25 % |"
    )
    print(
        f"| source to sink, p50 / p95 | {alone['p50'] * 1e3:.0f} / {alone['p95'] * 1e3:.0f} ms = "
        f"{alone['p50'] / frame:.2f} / {alone['p95'] / frame:.2f} frames | p95 at most 2 |"
    )
    print(
        f"| OSC message to changed picture, p50 / p95 of {changed['changes']} "
        f"| {changed['frames50']:.2f} / {changed['frames95']:.2f} frames | at most 2 |"
    )
    landed = "landed" if abs(flooded["strength"] - 0.4321) < 1e-4 else "LOST"
    print(
        f"| {flooded['sent'] / given.seconds:.0f} OSC messages/s for {given.seconds:.0f} s "
        f"| {flooded['fps']:.1f} fps, {100 * (1 - flooded['fps'] / base):.0f} % fewer; "
        f"{flooded['heard']} of {flooded['sent']} heard, last value {landed} | under 10 % |"
    )


if __name__ == "__main__":
    main()
