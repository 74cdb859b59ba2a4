"""Models that stay loaded: what they take of memory, and how quickly one takes over.

    python -m bench.models memory [NAME ...] [--size 256x256]
    python -m bench.models switch [ONE TWO] [--size 256x256] [--times 200]

`memory` loads each model three times beside another one, in a process of its own, and says what the
process grew by, beside what `vj.diffusion.memory_need` expects of it. `switch` plays a show of two
models, goes back and forth between them, and says in how many frames the other one was seen, how
long these frames took, and how the memory of the process went.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.app.live import Performance
from vj.app.setup import model_spec
from vj.core.frame import Frame, Size
from vj.core.memory import give_back
from vj.diffusion.choices import Choices
from vj.diffusion.making import make_backend
from vj.diffusion.memory_need import memory_need
from vj.parameters.store import Snapshot, Store
from vj.pipeline.frame_context import Shown
from vj.show.load import load_show
from vj.show.schema import Show

NAMES = ("drawn", "pocket", "kiss", "fox", "styles", "picture")
SHOW = """\
size: {size}
source: drawn:kiss
model: {one}
models: {{other: {two}}}
osc: 127.0.0.1:0
page: off
sinks: []
midi: off
start: {{crossfade: 0, prompt/a: gold leaf}}
"""


def resident() -> int:
    """Bytes of memory that this process has."""
    gc.collect()
    give_back()
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def grown(name: str, size: Size) -> list[int]:
    """What each of three more models of a name takes, in bytes, after another one of the same kind
    of library has been loaded."""
    snapshot = Store({}, Show.model_validate({}).table()).ahead(0.0)

    def load(one: str) -> object:
        spec = model_spec(Show.model_validate({"model": one}))
        return make_backend(
            spec, "stream", size, snapshot, True, lambda text: None, choices=Choices()
        )

    kept = [load("styles" if name == "picture" else "drawn")]
    before, found = resident(), []
    for _ in range(3):
        kept.append(load(name))
        now = resident()
        found.append(now - before)
        before = now
    return found


def memory(names: list[str], size: Size) -> None:
    """Print, for each model, what is expected and what it took."""
    for name in names:
        if len(names) > 1:  # what the libraries keep belongs to the one before
            command = [sys.executable, "-m", "bench.models", "memory", name, "--size", str(size)]
            subprocess.run(command, check=True)
            continue
        found = [f"{count / 1e6:.0f}" for count in grown(name, size)]
        need = memory_need(model_spec(Show.model_validate({"model": name})), size)
        took, expected = ", ".join(found), "unknown" if need is None else f"{need / 1e6:.0f}"
        print(f"{name:8} {size}: {took} MB, expected {expected}", flush=True)


class Watched:
    """What painted each frame of a show, and how long the frame took."""

    def __init__(self, performance: Performance) -> None:
        self._pipeline = performance.loop.pipeline
        self._process = self._pipeline.process
        self.frames: list[tuple[str, str, float]] = []
        """(the parameter `model`, the model that painted, seconds)."""
        self.came = threading.Condition()
        self._pipeline.process = self._watched  # type: ignore[method-assign]

    def _watched(self, frame: Frame, snapshot: Snapshot, other: Frame | None = None) -> Shown:
        begun = time.perf_counter()
        shown = self._process(frame, snapshot, other)
        took = time.perf_counter() - begun
        with self.came:
            self.frames.append((snapshot["model"], self._pipeline.backend.name, took))
            self.came.notify_all()
        return shown

    def wait(self, count: int) -> None:
        """Until so many frames more have been made."""
        with self.came:
            until = len(self.frames) + count
            self.came.wait_for(lambda: len(self.frames) >= until, 60)


def switch(one: str, two: str, size: Size, times: int) -> None:
    """Print how a show goes back and forth between two models."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "two.yaml"
        path.write_text(SHOW.format(size=size, one=one, two=two))
        performance = Performance(load_show(path), lambda text: print(f"  {text}", flush=True))
        watched = Watched(performance)
        performance.start()
        while performance.run_state.text != "playing":
            time.sleep(0.05)
        performance.store.set("model/prepare", "other")
        while not performance.loader.bank.ready():
            time.sleep(0.05)
        watched.wait(30)
        own = performance.loop.backend_name
        usual = statistics.median(took for *_, took in watched.frames[-30:])
        late, first, kept = [], [], []
        for turn in range(times):
            value = ("other", "")[turn % 2]
            begun = len(watched.frames)
            performance.store.set("model", value)
            watched.wait(6)
            asked = [frame for frame in watched.frames[begun:] if frame[0] == value]
            new = [index for index, frame in enumerate(asked) if (frame[1] == own) == (value == "")]
            late.append(new[0] if new else -1)
            first.append(asked[late[-1]][2])
            if turn % 20 == 19 or turn == 1:
                kept.append(f"{resident() / 1e6:.0f}")
        faults, threads = performance.metrics.faults, threading.active_count()
        performance.stop()
    print(f"{one} and {two} at {size}, {times} times: frames that were late {sorted(set(late))}")
    print(
        f"the first frame took {1e3 * statistics.median(first):.1f} ms, at most "
        f"{1e3 * max(first):.1f}; one of {one} takes {1e3 * usual:.1f}"
    )
    print(f"memory {', '.join(kept)} MB; {threads} threads; {faults} faults")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("what", choices=("memory", "switch"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--size", type=Size.parse, default=Size(256, 256))
    parser.add_argument("--times", type=int, default=200)
    options = parser.parse_args()
    if options.what == "memory":
        memory(options.names or list(NAMES), options.size)
    else:
        one, two = options.names or ("kiss", "pocket")
        switch(one, two, options.size, options.times)


if __name__ == "__main__":
    main()
