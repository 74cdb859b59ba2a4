"""The texture field on one core: milliseconds, and likeness to a plain line integral convolution.

python bench/field.py [--rounds 60]
"""

from __future__ import annotations

import argparse
import functools
import itertools
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.beside import Beside
from vj.core.frame import Size
from vj.diffusion.noise_align import align
from vj.kernels.cv_field import HOW, FieldMaker, blurred
from vj.kernels.cv_ride import Rider, fine_noise
from vj.kernels.numpy_field import CALM, GRAIN, SOFT, TENSOR
from vj.kernels.numpy_ride import Ride, detail_of
from vj.pipeline.optical_flow import FlowFinder, Motion, grid_size
from vj.pipeline.riding import Riding
from vj.sources.testcard import DancerScene

STEPS = 9
"""Of the plain way, each of one unit, forwards and backwards."""


def plain(luma: np.ndarray, white: np.ndarray) -> np.ndarray:
    """What one writes first: tangents of the structure tensor at full size, then step by step."""
    height, width = luma.shape
    unit = height / 256
    soft = blurred(np.float32(1 / 255) * luma, SOFT * unit)
    dx, dy = cv2.Sobel(soft, cv2.CV_32F, 1, 0), cv2.Sobel(soft, cv2.CV_32F, 0, 1)
    xx, yy, xy = (blurred(product, TENSOR * unit) for product in (dx * dx, dy * dy, dx * dy))
    angle = 0.5 * cv2.phase(blurred(yy - xx, CALM * unit), blurred(-2 * xy, CALM * unit))
    along_x, along_y = np.cos(angle) * np.float32(unit), np.sin(angle) * np.float32(unit)
    own_x, own_y = (
        np.ascontiguousarray(a, np.float32)
        for a in np.meshgrid(np.arange(width), np.arange(height))
    )
    grain = blurred(white, GRAIN * unit)
    total = grain.copy()
    for sign in (np.float32(1), np.float32(-1)):
        x, y, last_x, last_y = own_x, own_y, sign * along_x, sign * along_y
        for _ in range(STEPS):
            x, y = x + last_x, y + last_y
            total += cv2.remap(grain, x, y, **HOW)
            on_x, on_y = cv2.remap(along_x, x, y, **HOW), cv2.remap(along_y, x, y, **HOW)
            flip = np.copysign(np.float32(1), on_x * last_x + on_y * last_y)
            last_x, last_y = flip * on_x, flip * on_y
    out: np.ndarray = (total - total.mean()) / total.std()
    return out


def timed(
    work: Callable[[], object], rounds: int, clock: Callable[[], float] = time.thread_time
) -> tuple[float, float]:
    """Median and least milliseconds of a call, of the core's time: other tenants do not count."""
    for _ in range(5):
        work()
    took = []
    for _ in range(rounds):
        begun = clock()
        work()
        took.append(clock() - begun)
    return 1e3 * statistics.median(took), 1e3 * min(took)


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--rounds", type=int, default=60)
    given = options.parse_args()
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    print(
        "| size | field, median / least ms | of it directions | plain LIC | likeness where sure |"
    )
    print("|---|---|---|---|---|")
    for size in (Size(256, 256), Size(384, 384), Size(512, 512), Size(512, 288)):
        luma: np.ndarray = cv2.cvtColor(DancerScene(size, 30).draw(10), cv2.COLOR_RGB2GRAY)
        white = np.random.default_rng(0).standard_normal(luma.shape).astype(np.float32)
        maker = FieldMaker(*luma.shape)
        field, beside = maker.make(luma, white), plain(luma, white)
        confidence = np.hypot(field.along_x, field.along_y) > 0.9
        alike = np.corrcoef(field.texture[confidence], beside[confidence])[0, 1]
        ours = timed(lambda: maker.make(luma, white), given.rounds)  # noqa: B023
        part = timed(lambda: maker.directions(luma, 1.0), given.rounds)  # noqa: B023
        theirs = timed(lambda: plain(luma, white), given.rounds // 3)  # noqa: B023
        print(
            f"| {size} | {ours[0]:.1f} / {ours[1]:.1f} | {part[0]:.1f} / {part[1]:.1f} "
            f"| {theirs[0]:.1f} / {theirs[1]:.1f} | {alike:.3f} |",
            flush=True,
        )
    print("\n| latents | `align`, median / least ms |\n|---|---|")
    for side, rows in ((64, 1), (64, 4), (128, 1)):
        noise, picture = (
            torch.randn((rows, 4, side, side)),
            torch.rand((1, 3, 8 * side, 8 * side)) * 2 - 1,
        )
        took = timed(lambda: align(noise, picture, 0.5), given.rounds)  # noqa: B023
        print(f"| {rows} x 4 x {side} x {side} | {took[0]:.1f} / {took[1]:.1f} |", flush=True)

    print("\n| noise that rides, 512x512 | median / least ms |\n|---|---|")
    for name, work in riding(Size(512, 512)).items():
        took = timed(work, given.rounds)
        print(f"| {name} | {took[0]:.1f} / {took[1]:.1f} |", flush=True)

    print("\n| the motion that noise rides on | median / least ms, by the wall |\n|---|---|")
    for size in (Size(256, 256), Size(512, 512)):
        for name, work in motions(size).items():
            took = timed(work, given.rounds, time.perf_counter)
            print(f"| {size}, {name} | {took[0]:.1f} / {took[1]:.1f} |", flush=True)


def motions(size: Size) -> dict[str, Callable[[], object]]:
    """The flow of a dancer, and what is ridden on it, one thread and two."""
    scene = DancerScene(size, 30)
    frames = [scene.draw(number) for number in range(12)]
    pairs = itertools.cycle([*itertools.pairwise(frames)])
    made: dict[str, Callable[[], object]] = {}
    for name, beside in (("one thread", None), ("two", Beside("flow back"))):
        finder = FlowFinder(beside=beside)

        def find(finder: FlowFinder = finder) -> Motion:
            before, after = next(pairs)
            return finder.find(after, before, True)

        made[f"flow on {name}"] = find
    finder, riding = FlowFinder(), Riding(size)
    found = itertools.cycle(
        [finder.find(after, before, True) for before, after in itertools.pairwise(frames)]
    )
    made["coordinates of it"] = lambda: riding.follow(next(found))
    return made


def riding(size: Size) -> dict[str, Callable[[], object]]:
    """Coordinates and noise while a camera pans, and zooms, where both layers are seen."""
    made: dict[str, Callable[[], object]] = {}
    columns, rows = grid_size(size)
    y, x = np.mgrid[:rows, :columns].astype(np.float32) - rows / 2
    rng = np.random.default_rng(0)
    white = rng.standard_normal(size, np.float32)
    noise = rng.standard_normal((4, size.height // 8, size.width // 8), np.float32)
    fine = fine_noise(noise, detail_of(white, 8), np.zeros((4, 2), np.int32))
    for name, flow in (("a pan", (x * 0 + 3.3, y * 0)), ("a zoom", (x / -100, y / -100))):
        motion = Motion(np.dstack([*flow, np.ones_like(x)]), False)
        riding, rider = Riding(size), Rider(size.height, size.width)
        for _ in range(12):
            riding.follow(motion)
        rides = itertools.cycle([riding.follow(motion) for _ in range(2)])
        made[f"coordinates, {name}"] = functools.partial(riding.follow, motion)

        def grain(rider: Rider = rider, of: Iterator[Ride] = rides) -> object:
            return rider.grain(white, 2.0, next(of), 1.0)

        def cells(rider: Rider = rider, of: Iterator[Ride] = rides) -> object:
            return rider.cells(noise, fine, next(of), 1.0)

        made[f"grain, {name}"], made[f"latents of 4 channels, {name}"] = grain, cells
    return made


if __name__ == "__main__":
    main()
