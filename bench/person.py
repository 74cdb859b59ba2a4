"""The person mask: milliseconds of a frame by part, with either engine, and how far a mask of the
frame before lies beside the one of this frame.

    python bench/person.py

On the drawn dancer at 30 frames a second, medians of 40 frames, CPU time of one thread. "left over"
is the area that the mask of the frame before has wrong, in per cent of the person's, its mean and
its most: as it was found, with its edge laid on this frame's, and moved along the flow as well.
Prints Markdown for docs/benchmarks.md.
"""

from __future__ import annotations

import functools
import itertools
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.fetched import fetched
from vj.core.frame import Size
from vj.core.opencv import use_one_thread
from vj.pipeline.flow_backends import make_flow
from vj.pipeline.guided_filter import guided
from vj.pipeline.masks import above
from vj.pipeline.network_thread import moved
from vj.pipeline.selfie_segmentation import SQUARE, WIDE, WIDE_FROM
from vj.pipeline.tflite import Engine, TfliteNetwork
from vj.sources.drawn import make_scene

SIZES = (Size(256, 256), Size(512, 288), Size(1280, 720))
ENGINES: tuple[Engine, ...] = ("litert", "opencv")
FRAMES, RATE = 40, 30


def median(work: Callable[[np.ndarray], object], frames: list[np.ndarray]) -> float:
    """Median milliseconds of CPU time of one frame."""
    taken = []
    for frame in [*frames[:4], *frames]:
        begun = time.thread_time()
        work(frame)
        taken.append(time.thread_time() - begun)
    return statistics.median(taken[4:]) * 1e3


def find(network: TfliteNetwork, frame: np.ndarray) -> np.ndarray:
    """As `SelfieSegmentation.find`, by one network."""
    small = cv2.resize(frame, network.input_size, interpolation=cv2.INTER_AREA)
    (mask,) = network.run(small[None].astype(np.float32) / np.float32(255)).values()
    out: np.ndarray = mask[0, :, :, 0]
    return out


def times(networks: list[TfliteNetwork], frames: list[np.ndarray]) -> list[float]:
    """Of each network, the edge, the threshold, and a mask moved along."""
    mask, flow = find(networks[0], frames[0]), make_flow()
    fine = guided(mask, frames[0])
    return [
        *(median(functools.partial(find, network), frames) for network in networks),
        median(lambda frame: guided(mask, frame), frames),
        median(lambda frame: above(fine, 0.5), frames),
        median(lambda frame: moved(mask, frames[0], frame, flow), frames[1:]),
    ]


def left_over(network: TfliteNetwork, frames: list[np.ndarray]) -> list[list[float]]:
    """Per cent of the person's area that the mask of the frame before has wrong, frame by frame: as
    it was found, with its edge laid on this frame's, and moved along as well."""
    flow = make_flow()
    wrong: list[list[float]] = [[], [], []]
    masks = [find(network, frame) for frame in frames]
    for (old, late), (new, mask) in itertools.pairwise(zip(frames, masks, strict=True)):
        right = above(guided(mask, new), 0.5)
        plain = cv2.resize(late, new.shape[1::-1], interpolation=cv2.INTER_LINEAR)
        ways = (plain, guided(late, new), guided(moved(late, old, new, flow), new))
        for values, way in zip(wrong, ways, strict=True):
            values.append(100 * float(np.abs(above(way, 0.5) - right).sum() / right.sum()))
    return wrong


def main() -> None:
    use_one_thread()
    print("| size | LiteRT | OpenCV | edge | threshold | moved | left over | with edge | moved |")
    print("|---|---|---|---|---|---|---|---|---|")
    for size in SIZES:
        path = fetched(WIDE if size.width >= WIDE_FROM * size.height else SQUARE)
        if path is None:
            raise SystemExit("the person mask is not installed: python3 launch.py add person")
        scene = make_scene("dancer", size)
        frames = [scene.draw(5 + number / RATE) for number in range(FRAMES)]
        networks = [TfliteNetwork(path, engine=engine) for engine in ENGINES]
        left = [
            f"{statistics.mean(one):.1f} ({max(one):.1f})" for one in left_over(networks[0], frames)
        ]
        parts = [f"{one:.1f}" for one in times(networks, frames)]
        print(f"| {size} | {' | '.join([*parts, *left])} |", flush=True)


if __name__ == "__main__":
    main()
