"""What several outputs cost: the pictures besides the final one, what a sink makes of them, and the
ways a recording is written.

    python bench/outputs.py [--size 512x512] [--frames 60]

On one thread. Prints two Markdown tables for docs/benchmarks.md: medians of one run, milliseconds
of CPU a frame, which other work on the machine hardly changes. The first is of the render thread,
the second of the sink's own thread, and megabytes a second at 30 frames a second.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.clock import FrameClock
from vj.core.frame import VIEWS, Frame, OutputFrame, Size
from vj.core.opencv import use_one_thread
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.views import views_of
from vj.sinks import SinkSettings, make_sink
from vj.sinks.rule import parse
from vj.sources.testcard import DancerScene

RULES = (
    "ndi:key?show=mask",
    "ndi:left?crop=left-third",
    "ndi:both?alpha=mask",
    "ndi:large?crop=left-half&size=1280x720",
)
RECORDINGS = (
    "out.mp4",
    "out.mov?codec=prores-422-hq",
    "out.mov?codec=prores-4444&alpha=mask",
    "out.mkv?codec=ffv1",
    "out.mkv?codec=ffv1&alpha=mask",
    "loop.gif",
    "loop.webp",
    "pictures/",
)


def median_ms(run: Callable[[], object], frames: int) -> float:
    """Of so many runs."""
    seconds = []
    for _ in range(frames):
        begun = time.process_time()
        run()
        seconds.append(time.process_time() - begun)
    return statistics.median(seconds) * 1e3


def pictures(size: Size, count: int) -> list[np.ndarray]:
    scene = DancerScene(size, 30)
    return [scene.draw(number) for number in range(count)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="512x512", type=Size.parse)
    parser.add_argument("--frames", default=60, type=int)
    asked = parser.parse_args()
    use_one_thread()
    size, count = asked.size, asked.frames
    drawn = pictures(size, min(count, 30))
    soft = np.tile(np.linspace(0, 255, size.width, dtype=np.uint8), (size.height, 1))
    last = drawn[0].astype(np.float32) / 255
    context = FrameContext(drawn[0], 0, 0.0, drawn[0], soft, drawn[0])
    views = views_of(VIEWS, context, drawn[0], last, 0.0)

    print(f"| a picture of {size}, ms | render thread |\n|---|---|")
    for name in VIEWS:
        took = median_ms(partial(views_of, (name,), context, drawn[0], last, 0.0), count)
        print(f"| {name} | {took:.2f} |")

    print(f"\n| a sink at {size} | ms a frame | MB/s at 30 |\n|---|---|---|")
    for text in RULES:
        rule = parse(text)
        frame = OutputFrame(drawn[0], 0, 0.0, views=views)
        took = median_ms(partial(rule.picture, frame), count)
        print(f"| `{text}` | {took:.2f} | |")
    with tempfile.TemporaryDirectory() as folder:
        for name in RECORDINGS:
            record(name, folder, size, drawn, soft, count)


def record(
    name: str, folder: str, size: Size, drawn: list[np.ndarray], alpha: np.ndarray, count: int
) -> None:
    """One way of recording, offline."""
    sink = make_sink(f"record:{folder}/{name}", SinkSettings(FrameClock(30), live=False))
    sink.open(*size, 30)
    given = [np.dstack([picture, alpha]) if "alpha" in name else picture for picture in drawn]
    frames = iter([Frame(given[n % len(given)], n, 0.0) for n in range(count)])
    took = median_ms(lambda: sink.send(next(frames)), count)
    sink.close()
    parts = [path for path in Path(folder).rglob("*") if path.is_file()]
    written = sum(path.stat().st_size for path in parts) / count * 30 / 1e6
    for path in parts:
        path.unlink()
    print(f"| `record:{name}` | {took:.2f} | {written:.1f} |")


if __name__ == "__main__":
    main()
