"""The learned painters beside the built-in models, in one run: milliseconds of a frame, frames a
second of the whole pipeline, and how still a room stays.

    python bench/painters.py [--clip CLIP --start FRAME]

Every model of one size is timed in turns; medians, by the clock and in CPU time, which says what a
busy machine would take alone. `as fetched` is the network before
vj/painters/graphs.py rewrites it. The room is drawn, with a camera's noise put on, or frames of a
clip in which nothing moves. Prints Markdown for docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

os.environ.setdefault("GOMP_SPINCOUNT", "5000")
sys.path.insert(0, str(Path(__file__).parents[1]))

import cv2
import numpy as np

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.painters.camera_noise import CameraNoiseFilter
from vj.painters.networks import (
    STYLES,
    PictureNetwork,
    StylesNetwork,
    default_threads,
    fetched_file,
    open_session,
)
from vj.painters.own_styles import own_styles
from vj.painters.styles_backend import StylesBackend
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.preprocess import prepare
from vj.sources.testcard import DancerScene

SIZES = (Size(256, 256), Size(384, 384), Size(512, 288))
TIMES, WARM = 15, 3
NOISE = 3.0
"""Grey levels: the standard deviation of what is put on the drawn room."""
SHOWN = ("watercolour", "starry night", "ink", "pastel", "woodcut")


def in_turns(parts: dict[str, Callable[[], object]]) -> list[tuple[float, float]]:
    """Median milliseconds of each by the clock, and of CPU time, one run of each in turn."""
    taken: list[list[tuple[float, float]]] = [[] for _ in parts]
    for turn in range(TIMES + WARM):
        for index, work in enumerate(parts.values()):
            begun, used = time.perf_counter(), time.process_time()
            work()
            if turn >= WARM:
                now = time.perf_counter() - begun, time.process_time() - used
                taken[index].append((1e3 * now[0], 1e3 * now[1]))
    return [
        (statistics.median(one), statistics.median(two))
        for one, two in (zip(*some, strict=True) for some in taken)
    ]


def networks(size: Size, threads: int) -> dict[str, Callable[[], object]]:
    """The painters' networks, one picture each."""
    picture = np.random.default_rng(0).random((size.height, size.width, 3)).astype(np.float32)
    planes = np.ascontiguousarray(picture.transpose(2, 0, 1))[None]
    style = np.full(26, 1 / 26, np.float32)
    styles, pictures = StylesNetwork(threads, True), PictureNetwork(threads, True)
    fetched = open_session(str(fetched_file(STYLES)), threads, True)
    vector = pictures.style_of(next(iter(own_styles().values())))
    return {
        "styles, as fetched": lambda: fetched.run(None, {"image": planes, "style_weights": style}),
        "styles": lambda: styles.paint(picture, style),
        "picture": lambda: pictures.paint(picture, vector),
    }


def whole(names: tuple[str, ...], size: Size) -> dict[str, Callable[[], object]]:
    """The next frame of a whole pipeline for each model, feedback, flow and smoothing as they stand
    in the table; live, so the built-in model computes in its quickest way."""
    scene = DancerScene(size, 30)
    frames = [scene.draw(number) for number in range(60)]
    store = Store({"prompt/a": "oil painting"})
    made: dict[str, Callable[[], object]] = {}
    for name in names:
        pipeline = FramePipeline(size, "crop", Metrics(), lambda text: None)
        spec, snapshot = ModelSpec(name), store.sample(0.0)
        pipeline.swap(make_backend(spec, "stream", size, snapshot, True, lambda text: None))
        numbers = iter(range(10_000))

        def step(pipeline: FramePipeline = pipeline, numbers: object = numbers) -> object:
            number = next(numbers)  # type: ignore[call-overload]
            now = number / 30
            return pipeline.process(Frame(frames[number % 60], number, now), store.sample(now))

        made[name] = step
    return made


class NoFilter(CameraNoiseFilter):
    """Lets everything through."""

    def of(self, picture: np.ndarray) -> np.ndarray:
        return picture.astype(np.float32)


def still_room(clip: Path | None, start: int) -> list[np.ndarray]:
    """40 frames of 256x256 in which nothing moves."""
    size = Size(256, 256)
    if clip is not None:
        reader = cv2.VideoCapture(str(clip))
        reader.set(cv2.CAP_PROP_POS_FRAMES, start)
        came = [cv2.cvtColor(reader.read()[1], cv2.COLOR_BGR2RGB) for _ in range(40)]
        return [prepare(picture, size, "crop") for picture in came]
    rng = np.random.default_rng(0)
    room = DancerScene(size, 30).draw(0)
    return [
        np.clip(room + rng.normal(0, NOISE, room.shape), 0, 255).astype(np.uint8) for _ in range(40)
    ]


def shimmer(
    network: StylesNetwork, frames: list[np.ndarray], style: str, steady: bool, **start: Value
) -> float:
    """Mean change of a pixel from frame to frame, of 255. steady: with the noise filter and the
    seed's grain."""
    store = Store({"prompt/a": style, **{k.replace("_", "/", 1): v for k, v in start.items()}})
    size = Size(256, 256)
    backend = StylesBackend(network, size, True)
    if not steady:
        backend._noise = NoFilter()
        backend._jitter.at = lambda snapshot: np.zeros((256, 256), np.float32)  # type: ignore[method-assign]
    pipeline = FramePipeline(size, "crop", Metrics(), lambda text: None)
    pipeline.swap(backend)
    out = [
        pipeline.process(Frame(frame, index, index / 30), store.sample(index / 30)).pixels
        for index, frame in enumerate(frames)
    ]
    pipeline.close()
    return float(np.mean([cv2.absdiff(one, two).mean() for one, two in pairwise(out[15:])]))


def stillness(frames: list[np.ndarray]) -> None:
    plain: dict[str, Value] = {"strength": 1.0, "blend_smoothing": 0.0, "feedback_amount": 0.0}
    smooth: dict[str, Value] = {"strength": 1.0, "feedback_amount": 0.0}
    network = StylesNetwork()
    came = np.mean([cv2.absdiff(one, two).mean() for one, two in pairwise(frames[15:])])
    columns = (
        f"grey levels a frame; the input {came:.2f}",
        "as painted",
        "smoothed along the flow",
        "noise filter and grain",
        "both",
        "as the table has it",
    )
    print(f"\n| {' | '.join(columns)} |\n|{'---|' * len(columns)}")
    for style in SHOWN:
        found = (
            shimmer(network, frames, style, False, **plain),
            shimmer(network, frames, style, False, **smooth),
            shimmer(network, frames, style, True, **plain),
            shimmer(network, frames, style, True, **smooth),
            shimmer(network, frames, style, True),
        )
        print(f"| {style} | {' | '.join(f'{one:.2f}' for one in found)} |", flush=True)


def main() -> None:
    use_one_thread()
    form = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    options.add_argument("--clip", type=Path, help="a clip in which nothing moves")
    options.add_argument("--start", type=int, default=0, help="its first frame")
    given = options.parse_args()
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print(
        "| network, ms (of CPU time) | styles, as fetched | styles | picture |\n|---|---|---|---|"
    )
    for threads in sorted({1, default_threads()}):
        for size in SIZES:
            found = in_turns(networks(size, threads))
            cells = " | ".join(f"{clock:.0f} ({cpu:.0f})" for clock, cpu in found)
            print(f"| {size}, {threads} thread{'s' * (threads > 1)} | {cells} |", flush=True)
    names = ("styles", "picture", "pocket", "drawn")
    print(f"\n| whole frame, ms (of CPU time) | {' | '.join(names)} |")
    print("|---|---|---|---|---|")
    for size in SIZES:
        found = in_turns(whole(names, size))
        cells = " | ".join(
            f"{clock:.0f} ({cpu:.0f}), {1e3 / clock:.0f} fps" for clock, cpu in found
        )
        print(f"| {size} | {cells} |", flush=True)
    stillness(still_room(given.clip, given.start))
    print(f"\nload average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
