"""How soon another source is seen: frames and milliseconds from a parameter's set to its picture.

    python bench/cuts.py [--cuts 40] [--size 640x480] [--model none]

A show of six clips, drawn here (H.264), is played live in this process. `source` is set again and
again; each time: milliseconds until the new clip's first picture is in the render loop's inbox, and
until it is painted, and after how many frames that is, counting the one in which the parameter has
the new value as 0. ready: the clip stood by. opened: it did not (`ready: next`, and another one is
asked for). Then what standing by costs: megabytes of memory (resident) of each clip, and the CPU
time of this process in percent of a core with all six open and with one. Prints Markdown tables for
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.app.live import Performance
from vj.core.frame import Frame, Size
from vj.core.memory import give_back
from vj.core.opencv import use_one_thread
from vj.pipeline.frame_context import FrameContext
from vj.show.load import load_show

CLIPS, RATE, SECONDS = 6, 30, 4
STEP = 40
"""Grey levels from one clip to the next."""


def clip(path: Path, size: Size, grey: int) -> None:
    """Something that moves on one grey, which says which clip it is."""
    noise = np.random.default_rng(grey).integers(0, 25, (size.height, 2 * size.width, 3))
    with av.open(str(path), "w") as file:
        track: Any = file.add_stream("libx264", rate=RATE, options={"preset": "veryfast"})
        track.width, track.height, track.pix_fmt = size.width, size.height, "yuv420p"
        for number in range(SECONDS * RATE):
            part = noise[:, number : number + size.width] + grey
            frame = av.VideoFrame.from_ndarray(part.astype(np.uint8), format="rgb24")
            frame.time_base, frame.pts = Fraction(1, RATE), number
            file.mux(track.encode(frame))
        file.mux(track.encode())


class Watched:
    """A show of the clips, and when each was seen first."""

    def __init__(self, folder: Path, model: str, ready: str) -> None:
        names = ", ".join(f"c{n}: {folder}/{n}.mp4" for n in range(CLIPS))
        path = folder / "cuts.yaml"
        path.write_text(
            f"size: 512x288\nmodel: {model}\nosc: 127.0.0.1:0\npage: off\nsinks: []\nmidi: off\n"
            f"source: {folder}/0.mp4\nsources: {{{names}}}\nready: {ready}\n"
            "start: {crossfade: 0, feedback/amount: 0, blend/smoothing: 0}\n"
        )
        self.performance = Performance(load_show(path), lambda text: None)
        self._wanted: int | None = None
        self._in_inbox = self._painted = self._set_at = 0.0
        self._frames = self._after = 0
        inbox, servers = self.performance.video_input.inbox, self.performance.servers
        put, show = inbox.put, servers.show_frame

        def note_put(frame: Frame) -> None:
            if self._wanted is not None and not self._in_inbox and self._is_wanted(frame):
                self._in_inbox = time.perf_counter()
            put(frame)

        def note_shown(context: FrameContext, frame: Frame) -> None:
            if self._wanted is not None and not self._painted:
                if self._is_wanted(context.image):
                    self._painted, self._after = time.perf_counter(), self._frames
                self._frames += 1
            show(context, frame)

        inbox.put = note_put  # type: ignore[method-assign,assignment]
        servers.show_frame = note_shown  # type: ignore[method-assign,assignment]
        self.performance.start()
        while self.performance.loop.first is None:
            time.sleep(0.05)

    def _is_wanted(self, frame: Frame | np.ndarray) -> bool:
        pixels = frame.pixels if isinstance(frame, Frame) else frame
        return round((float(pixels[::8, ::8].mean()) - 12) / STEP) == self._wanted

    def cut(self, number: int, stands_by: bool) -> tuple[float, float, int]:
        """(ms to the inbox, ms to the picture, frames)."""
        inputs = self.performance.video_input
        uri = inputs.names[f"c{number}"]
        while stands_by and uri not in inputs.standby.ready:
            time.sleep(0.01)
        self._in_inbox = self._painted = 0.0
        self._frames, self._wanted = 0, number
        begun = time.perf_counter()
        self.performance.store.set("source", f"c{number}")
        while not self._painted:
            time.sleep(0.001)
        self._wanted = None
        return 1e3 * (self._in_inbox - begun), 1e3 * (self._painted - begun), self._after


def resident() -> float:
    """Megabytes of this process."""
    give_back()  # as a show does now and then
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def busy(seconds: float) -> float:
    """Percent of a core that this process takes."""
    begun, cpu = time.perf_counter(), time.process_time()
    time.sleep(seconds)
    return 100 * (time.process_time() - cpu) / (time.perf_counter() - begun)


def row(name: str, cuts: list[tuple[float, float, int]]) -> str:
    inbox, painted, frames = (sorted(values) for values in zip(*cuts, strict=True))
    worst = int(0.95 * (len(cuts) - 1))
    return (
        f"| {name} | {len(cuts)} | {statistics.median(inbox):.1f} / {inbox[worst]:.1f} | "
        f"{statistics.median(painted):.0f} / {painted[worst]:.0f} | "
        f"{statistics.median(frames):.0f} / {frames[worst]} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--cuts", type=int, default=40)
    parser.add_argument("--size", type=Size.parse, default=Size(640, 480))
    parser.add_argument("--model", default="none")
    options = parser.parse_args()
    use_one_thread()
    rng = np.random.default_rng(1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(CLIPS):
            clip(folder / f"{number}.mp4", options.size, STEP * number)
        print("| source | cuts | ms to the inbox (median / 95 %) | ms to the picture | frames |")
        print("|---|---|---|---|---|")
        costs = []
        for ready in ("all", "next"):
            before = resident()
            show = Watched(folder, options.model, ready)
            cuts, at = [], 0
            for _ in range(options.cuts):
                others = [n for n in range(CLIPS) if n not in (at, (at + 1) % CLIPS)]
                at = int(rng.choice(others))
                time.sleep(float(rng.uniform(0.3, 0.6)))
                cuts.append(show.cut(at, ready == "all"))
            print(row("ready" if ready == "all" else "opened", cuts))
            time.sleep(1)
            costs.append((resident() - before, busy(5)))
            show.performance.stop()
        (all_memory, all_cpu), (one_memory, one_cpu) = costs
        print(
            f"\n{(all_memory - one_memory) / (CLIPS - 2):.0f} MB for each clip of {options.size} "
            f"that stands by; CPU {all_cpu:.0f} % of a core with all, {one_cpu:.0f} % with one"
        )


if __name__ == "__main__":
    main()
