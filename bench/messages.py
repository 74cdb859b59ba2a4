"""What OSC messages cost: CPU seconds of this process a message, at 5,000 a second from another
process.

    python bench/messages.py [--seconds 5] [--rounds 3] [--tree FOLDER ...]

With --tree, other checkouts of vj are measured too, in turn with this one, so that what else the
machine does falls on all alike. Known addresses are one fader, ten faders, and ten mapped ones;
unknown are two hundred that nobody listens to. A question is asked ten times a second meanwhile.
What frames, questions and an idle server cost is measured first and taken off. Prints a Markdown
table for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).parents[1]
RATE = 5000
KINDS: dict[str, list[str]] = {
    "nothing": [],
    "one fader": ["/vj/strength"],
    "ten faders": [
        f"/vj/{name}" for name in ("strength", "delta", "mix/wet", "seed/mix", "noise/hold")
    ]
    + [
        f"/vj/picture/{name}" for name in ("hue", "contrast", "saturation", "sharpen", "brightness")
    ],
    "ten mapped faders": [f"/fader{number}" for number in range(10)],
    "unknown": [f"/composition/layers/{number}/video/opacity" for number in range(200)],
}

FLOODER = """
import json, socket, struct, sys, time
port, seconds, rate = int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3])
addresses = json.loads(sys.argv[4])
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
heads = [a.encode() + b"\\0" * (4 - len(a) % 4) + b",f\\0\\0" for a in addresses]
begun = time.monotonic(); sent = 0
while (now := time.monotonic()) < begun + seconds:
    due = int((now - begun) * rate) if heads else 0
    for i in range(sent, due):
        s.sendto(heads[i % len(heads)] + struct.pack(">f", i % 97 / 100), ("127.0.0.1", port))
    sent = due
    time.sleep(0.0005)
print(sent)
"""


def measure(seconds: float) -> dict[str, Any]:
    """CPU seconds a message, of the checkout that is imported, for each kind of address."""
    from vj.control.build import make_engine
    from vj.control.osc.server import OscServer
    from vj.core.clock import WallClock
    from vj.parameters.store import Store
    from vj.show.load import check_show

    names = [address.removeprefix("/vj/") for address in KINDS["ten faders"]]
    rules = [{"osc": f"/fader{number}", "to": name} for number, name in enumerate(names)]
    show = check_show({"source": "testcard", "mappings": rules}, "bench")
    found: dict[str, Any] = {}
    idle = 0.0
    for kind, addresses in KINDS.items():
        store = Store(dict(show.start), show.table())
        engine, _ = make_engine(show, store, live=False, log=lambda text: None)
        store.listeners.append(engine.changed)
        store.automation = engine
        lines: list[str] = []
        server = OscServer(store, ("127.0.0.1", 0), clock=WallClock(), on_message=lines.append)
        server.start()
        server.use_engine(engine)
        done = threading.Event()
        frames = threading.Thread(target=_frames, args=(store, done))
        frames.start()
        arguments = [str(server.address[1]), str(seconds), str(RATE), json.dumps(addresses)]
        before = time.process_time()
        flooder = subprocess.Popen(
            [sys.executable, "-c", FLOODER, *arguments], stdout=subprocess.PIPE, text=True
        )
        waits = _ask(server.address, seconds)
        sent = int(flooder.communicate()[0])
        time.sleep(0.3)
        spent = time.process_time() - before
        done.set()
        frames.join()
        heard = server.messages - len(waits)
        server.stop()
        if not addresses:
            idle = spent
            continue
        found[kind] = {
            "us": (spent - idle) / sent * 1e6,
            "heard": heard / sent,
            "p95": sorted(waits)[int(0.95 * len(waits))] * 1e3,
            "lines": len(lines) / seconds,
        }
    return found


def _frames(store: Any, done: threading.Event) -> None:
    """Thirty frames a second, as a show samples them."""
    while not done.wait(1 / 30):
        store.sample(time.monotonic())


def _ask(address: tuple[str, int], seconds: float) -> list[float]:
    """Seconds until each of ten questions a second is answered; 2 where it was not."""
    waits = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.monotonic()
            peer.settimeout(2)
            peer.sendto(b"/vj/steps\0\0\0,\0\0\0", address)
            try:
                while not peer.recv(4096).startswith(b"/vj/steps\0"):
                    pass
                waits.append(time.monotonic() - begun)
            except TimeoutError:
                waits.append(2.0)
            time.sleep(0.1)
    return waits


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=5)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--tree", type=Path, action="append", default=[], help="another checkout")
    options.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.measure:
        print(json.dumps(measure(given.seconds)))
        return
    trees = [*given.tree, HERE]
    runs: dict[Path, list[dict[str, Any]]] = {tree: [] for tree in trees}
    for _ in range(given.rounds):
        for tree in trees:
            command = [sys.executable, __file__, "--measure", "--seconds", str(given.seconds)]
            environment = {**os.environ, "PYTHONPATH": str(tree)}
            runs[tree].append(
                json.loads(subprocess.check_output(command, env=environment, text=True))
            )
    print("| CPU us a message | " + " | ".join(tree.name or str(tree) for tree in trees) + " |")
    print("|---|" + "---|" * len(trees))
    for kind in [kind for kind in KINDS if kind != "nothing"]:
        cells = []
        for tree in trees:
            found = [run[kind] for run in runs[tree]]
            middle = {key: statistics.median(one[key] for one in found) for key in found[0]}
            cells.append(
                f"{middle['us']:.1f}; {100 * middle['heard']:.0f} % heard, question p95 "
                f"{middle['p95']:.0f} ms, "
                f"{middle['lines']:.1f} lines/s"
            )
        print(f"| {kind} | " + " | ".join(cells) + " |")


if __name__ == "__main__":
    main()
