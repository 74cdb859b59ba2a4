"""What pages cost, and how soon a hand on one is seen: frames a second without a page, with one and
with ten, bytes, pictures and round trips.

    python bench/page.py [--seconds 8] [--rounds 3] [--rates 30 60 240]

A show without a model at 512x512, in this process. The pages are real WebSocket clients, all in one
other process: each reads all values and takes every picture of the output, 512 wide at quality 70,
as a page does, but shows none. They share this machine's cores, which a phone or a tablet does not.
One of them moves a fader all the time: answered is when its reply came, seen when another page had
the value. Rounds take no page, one and ten in turn, and the ratio to no page is taken within each
round; medians. At 240 frames a second the show goes as fast as it can. Prints a Markdown table for
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.app.live import Performance
from vj.core.metrics import percentile
from vj.core.opencv import use_one_thread
from vj.show.load import check_show

PAGES = (0, 1, 10)
PICTURES = "/pictures?view=output&width=512&quality=70"
FADER = "seed/a"
"""A number that does not glide: what a page is told is what another one has set."""
SETTLE = 1.0
"""Seconds until what has just come or gone is left out of account."""


@contextlib.contextmanager
def playing(rate: int) -> Iterator[Performance]:
    """The show, without a model, asked for so many frames a second."""
    show = check_show(
        {
            "show": "bench",
            "source": "testcard",
            "sinks": [],
            "size": "512x512",
            "fps": rate,
            "model": "none",
            "midi": "off",
            "osc": "127.0.0.1:0",
            "page": "127.0.0.1:0",
            "macros": {"pedal": {"drives": {"picture/hue": [0, 30]}}},
            "modulators": [
                {"name": f"lfo{number}", "lfo": "sine", "rate": 1 + number, "to": name}
                | {"depth": 0.05}
                for number, name in enumerate(("feedback/x", "feedback/y", "picture/contrast"))
            ],
        },
        "bench",
    )
    performance = Performance(show, lambda text: print(f"  {text}", file=sys.stderr))
    performance.start()
    while performance.metrics.painted < 30:
        time.sleep(0.05)
    yield performance
    performance.stop()


def measure(performance: Performance, pages: int, seconds: float) -> dict[str, Any]:
    """Frames a second with so many pages, and what the pages counted."""
    assert performance.servers.page is not None
    command = [sys.executable, __file__, "--url", performance.servers.page.url]
    command += ["--pages", str(pages), "--seconds", str(seconds + 2 * SETTLE)]
    clients = subprocess.Popen(command, stdout=subprocess.PIPE, text=True) if pages else None
    if clients is not None and clients.stdout is not None:
        clients.stdout.readline()  # all have come
    time.sleep(SETTLE)
    begun, painted, used = time.monotonic(), performance.metrics.painted, time.process_time()
    time.sleep(seconds)
    took = time.monotonic() - begun
    found = {
        "fps": (performance.metrics.painted - painted) / took,
        "cpu": (time.process_time() - used) / took,
    }
    if clients is not None:
        found |= json.loads(clients.communicate()[0])
    return found


class Client:
    """One page: counts what comes in."""

    def __init__(self) -> None:
        self.values = self.pictures = self.bytes = self.picture_bytes = 0
        self.seen: dict[int, float] = {}
        """When a value of the fader came in."""
        self.replies: dict[int, float] = {}

    async def read_values(self, ws: Any, parse: bool) -> None:
        async for message in ws:
            self.bytes += len(message.data)
            self.values += 1
            if not parse:
                continue
            now, told = time.perf_counter(), json.loads(message.data)
            if told["type"] == "reply":
                self.replies[told["id"]] = now
            elif FADER in told.get("t", {}):
                self.seen[told["t"][FADER]] = now

    async def read_pictures(self, ws: Any) -> None:
        async for message in ws:
            self.pictures += 1
            self.picture_bytes += len(message.data)
            await ws.send_str("next")


async def play_pages(url: str, pages: int, seconds: float) -> dict[str, Any]:
    """So many pages for so long."""
    import aiohttp

    clients = [Client() for _ in range(pages)]
    async with aiohttp.ClientSession() as session:
        sockets = [await session.ws_connect(f"{url}socket", max_msg_size=0) for _ in clients]
        pictures = [
            await session.ws_connect(url.rstrip("/") + PICTURES, max_msg_size=0) for _ in clients
        ]
        watcher = clients[-1]
        tasks = [
            asyncio.create_task(client.read_values(ws, client in (clients[0], watcher)))
            for client, ws in zip(clients, sockets, strict=True)
        ]
        tasks += [
            asyncio.create_task(client.read_pictures(ws))
            for client, ws in zip(clients, pictures, strict=True)
        ]
        print("come", flush=True)
        sent: dict[int, tuple[int, float]] = {}
        begun = time.perf_counter()
        while time.perf_counter() - begun < seconds:
            number = len(sent)
            value = 1000 + number
            sent[number] = value, time.perf_counter()
            request = {"type": "set", "id": number, "name": FADER, "value": value}
            await sockets[0].send_str(json.dumps(request))
            await asyncio.sleep(0.03 + (number * 7 % 10) / 1000)  # out of step with the server
        await asyncio.sleep(0.2)
        took = time.perf_counter() - begun
        for task in tasks:
            task.cancel()
    answered = [
        clients[0].replies[n] - at for n, (_, at) in sent.items() if n in clients[0].replies
    ]
    seen = [watcher.seen[value] - at for value, at in sent.values() if value in watcher.seen]

    def of_pages(name: str) -> float:
        return statistics.median(getattr(client, name) / took for client in clients)

    return {
        "answered": (statistics.median(answered) * 1e3, percentile(answered, 0.95) * 1e3),
        "seen": (statistics.median(seen) * 1e3, percentile(seen, 0.95) * 1e3),
        "values_kb": of_pages("bytes") / 1e3,
        "pictures_kb": of_pages("picture_bytes") / 1e3,
        "pictures": of_pages("pictures"),
    }


def table(rate: int, seconds: float, rounds: int) -> None:
    found: dict[int, list[dict[str, Any]]] = {pages: [] for pages in PAGES}
    with playing(rate) as performance:
        for _ in range(rounds):
            for pages in PAGES:
                found[pages].append(measure(performance, pages, seconds))

    def middle(pages: int, name: str, place: int | None = None) -> float:
        values = [one[name] if place is None else one[name][place] for one in found[pages]]
        return statistics.median(values)

    for pages in PAGES:
        pairs = zip(found[pages], found[0], strict=True)
        cost = 1 - statistics.median(one["fps"] / none["fps"] for one, none in pairs)
        cells = [str(rate), str(pages), f"{middle(pages, 'fps'):.1f}", f"{100 * cost:.1f} %"]
        cells[3] = cells[3] if pages else ""
        cells.append(f"{middle(pages, 'cpu'):.2f}")
        if pages:
            cells += [f"{middle(pages, name):.0f}" for name in ("values_kb", "pictures_kb")]
            cells.append(f"{middle(pages, 'pictures'):.1f}")
            for name in ("answered", "seen"):
                cells.append(f"{middle(pages, name, 0):.1f} / {middle(pages, name, 1):.1f}")
        else:
            cells += [""] * 5
        print(f"| {' | '.join(cells)} |", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--seconds", type=float, default=8)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--rates", type=int, nargs="+", default=[30, 60, 240])
    options.add_argument("--url", help=argparse.SUPPRESS)
    options.add_argument("--pages", type=int, help=argparse.SUPPRESS)
    given = options.parse_args(arguments)
    if given.url:
        print(json.dumps(asyncio.run(play_pages(given.url, given.pages, given.seconds))))
        return
    print(
        "| frames a second asked for | pages | frames a second | fewer | CPU s a second | "
        "KB/s of values a page | KB/s of pictures a page | pictures a second | "
        "fader to reply, ms, p50 / p95 | to another page, ms, p50 / p95 |"
    )
    print("|---" * 10 + "|")
    for rate in given.rates:
        table(rate, given.seconds, given.rounds)


if __name__ == "__main__":
    main()
