"""Shows that are played live to be measured: frames a second, latency, and what grows."""

from __future__ import annotations

import contextlib
import importlib.util
import itertools
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch

from vj.app.live import Performance
from vj.bench.record import ROOT, Row
from vj.core.errors import Fault
from vj.show.load import check_show

WATCHER = ROOT / "tests" / "peers" / "ndi_watcher.py"
"""Receives NDI, so that frames are really sent."""
PATIENCE = 180.0
"""Seconds that a model has to be loaded and made ready."""
SENDER = "vj bench"
PROMPTS = ("molten gold", "a forest in snow", "ink on paper", "neon at night", "old film")

Figures = dict[str, float | str]


@contextlib.contextmanager
def shown_to() -> Iterator[tuple[str, str]]:
    """A sink, and what it is called: NDI with a receiver, where both are there, else a
    recording."""
    if importlib.util.find_spec("NDIlib") is not None and WATCHER.exists():
        command = [sys.executable, str(WATCHER), SENDER, "600"]
        peer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            yield f"ndi:{SENDER}", "NDI"
        finally:
            peer.kill()
            peer.wait()
        return
    with tempfile.TemporaryDirectory() as folder:
        yield f"record:{folder}/loop.mp4", "a recording, since NDI is not installed"


@contextlib.contextmanager
def playing(lines: dict[str, Any], log: Callable[[str], None]) -> Iterator[Performance]:
    """A show, from its first generated frame to its end. Raises Fault when it does not come."""
    said: list[str] = []

    def heard(text: str) -> None:
        said.append(text)
        log(text)

    free = {"osc": False, "page": False, "show": "bench", "source": "testcard"}
    performance = Performance(check_show({**free, **lines}, "bench"), heard)
    performance.start()
    try:
        end = time.monotonic() + PATIENCE
        while performance.run_state.text != "playing":
            if performance.run_state.text == "no model" or time.monotonic() > end:
                raise Fault(f"no model came: {said[-1] if said else ''}")
            time.sleep(0.02)
        yield performance
    finally:
        performance.stop()


def loop(lines: dict[str, Any], seconds: float, log: Callable[[str], None]) -> Figures:
    """Frames a second and latency of a show from the test card on."""
    with shown_to() as (sink, title), playing({**lines, "sinks": [sink]}, log) as show:
        time.sleep(min(3.0, seconds / 2))
        show.metrics.restart()
        begun = time.monotonic()
        time.sleep(seconds)
        painted, taken = show.metrics.painted, time.monotonic() - begun
        p50, p95 = show.metrics.recent_latency()
        return {
            "fps": round(painted / taken, 1),
            "latency p50 ms": round(p50 * 1e3, 1),
            "latency p95 ms": round(p95 * 1e3, 1),
            "to": title,
            "repeated": show.metrics.repeated,
            "faults": show.metrics.faults,
            **{f"{name} ms": round(s * 1e3, 2) for name, s in show.metrics.stages().items()},
        }


def standing(show: Performance, begun: float) -> dict[str, float]:
    """What might grow, at this moment."""
    p50, p95 = show.metrics.recent_latency()
    here: dict[str, float] = {
        "second": round(time.monotonic() - begun, 1),
        "fps": round(show.metrics.fps(), 1),
        "latency p50 ms": round(p50 * 1e3, 1),
        "latency p95 ms": round(p95 * 1e3, 1),
        "faults": show.metrics.faults,
    }
    process = Path("/proc/self")
    if process.exists():
        status = (process / "status").read_text(encoding="ascii")
        words = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        here["RSS MB"] = round(int(words["VmRSS"].split()[0]) / 1e3)
        here["threads"] = int(words["Threads"])
        here["open files"] = len(os.listdir(process / "fd"))
    if torch.cuda.is_available():
        here["VRAM allocated MB"] = round(torch.cuda.memory_allocated() / 1e6)
        here["VRAM reserved MB"] = round(torch.cuda.memory_reserved() / 1e6)
    return here


GROWS = {
    "RSS MB": (1.08, 100),
    "threads": (1.1, 3),
    "open files": (1.1, 4),
    "VRAM allocated MB": (1.05, 100),
    "VRAM reserved MB": (1.15, 500),
    "latency p50 ms": (1.3, 10),
}
"""What a later reading may have more than an early one: a factor, and so much besides."""
FALLS = 0.85
"""Of the frames a second at first, at least."""


def verdict(readings: list[dict[str, float]]) -> str:
    """`stable`, or what grew between the first half and the last quarter. The first quarter is
    left out: caches fill."""
    count = len(readings)
    if count < 4:
        return "too short to say"
    early, late = readings[count // 4 : max(count // 2, count // 4 + 1)], readings[-(count // 4) :]

    def middle(of: list[dict[str, float]], name: str) -> float:
        return statistics.median(one.get(name, 0) for one in of)

    grew = []
    for name, (factor, besides) in GROWS.items():
        before, after = middle(early, name), middle(late, name)
        if after > before * factor + besides:
            grew.append(f"{name} from {before:g} to {after:g}")
    before, after = middle(early, "fps"), middle(late, "fps")
    if after < FALLS * before:
        grew.append(f"fps from {before:g} to {after:g}")
    faults = readings[-1]["faults"]
    if faults:
        grew.append(f"{faults:g} faults")
    return "; ".join(grew) if grew else "stable"


def soak(
    lines: dict[str, Any],
    models: tuple[str, str],
    seconds: float,
    every: float,
    keep: Callable[[Row], None],
    log: Callable[[str], None],
) -> Row:
    """A show for so long, something else played `every` seconds: the prompt, strength, steps, the
    model. models: two that its parameter `model` may have, the first plays at first. keep: told
    the readings, three times as seldom, as far as they are there."""
    readings: list[dict[str, float]] = []
    changes: Iterator[tuple[str, Any]] = itertools.cycle(
        [
            *[("prompt/a", PROMPTS[0]), ("strength", 0.45), ("steps", 2), ("model", models[1])],
            *[("prompt/a", PROMPTS[1]), ("strength", 0.7), ("steps", 1), ("model", models[0])],
            *[("prompt/a", PROMPTS[2]), ("strength", 0.6), ("feedback/amount", 0.4)],
            *[("prompt/a", PROMPTS[3]), ("feedback/amount", 0.1), ("prompt/a", PROMPTS[4])],
        ]
    )
    with shown_to() as (sink, title), playing({**lines, "sinks": [sink]}, log) as show:
        begun = time.monotonic()
        show.metrics.restart()
        for number in itertools.count():
            end = begun + number * every
            while (now := time.monotonic()) < min(end, begun + seconds):
                time.sleep(min(0.2, max(0.0, end - now)))
            over = time.monotonic() >= begun + seconds
            if over or number % 3 == 0:
                readings.append(standing(show, begun))
                keep({"readings": readings, "unfinished": True, "said": "broken off"})
            if over:
                break
            name, value = next(changes)
            show.store.set(name, value)
    first, last = readings[0], readings[-1]
    figures = {name: f"{first[name]:g} -> {last[name]:g}" for name in last if name != "second"}
    words = verdict(readings)
    return {
        "figures": {"minutes": round(seconds / 60, 1), **figures, "to": title},
        "readings": readings,
        "said": words,
    }
