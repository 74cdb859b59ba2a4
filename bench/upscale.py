"""Enlarging on a CPU: milliseconds a picture, and how near to the truth. The truth is a drawn scene at the large size, reduced.

python bench/upscale.py [--rounds 15] [PICTURE ...]      pictures: your own large ones as the truth besides
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.engine.enlarge import SHARPNESS
from vj.frame import Size
from vj.kernels.cv_upscale import Upscaler
from vj.kernels.numpy_upscale import easu, rcas
from vj.sources.image import read_picture
from vj.sources.testcard import Scene


def steepness(picture: np.ndarray) -> float:
    """Mean of the Laplacian of the brightness."""
    return float(np.abs(cv2.Laplacian(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), cv2.CV_32F)).mean())


def fsr(small: np.ndarray, large: Size) -> np.ndarray:
    """What the card does, in NumPy; its time says nothing."""
    first = (easu(small, large.height, large.width) * 255 + 0.5).astype(np.uint8)
    return (rcas(first, 0.8) * 255 + 0.5).astype(np.uint8)


def measure(name: str, way: Callable[[], np.ndarray], truth: np.ndarray, rounds: int) -> None:
    way()
    took = []
    for _ in range(rounds):
        begun = time.perf_counter()
        out = way()
        took.append(time.perf_counter() - begun)
    share = steepness(out) / steepness(truth)
    print(f"| {name} | {1e3 * statistics.median(took):.1f} | {cv2.PSNR(out, truth):.2f} | {share:.2f} |", flush=True)


def table(truth: np.ndarray, small_size: Size, title: str, rounds: int) -> None:
    large = Size(truth.shape[1], truth.shape[0])
    small = cv2.resize(truth, small_size, interpolation=cv2.INTER_AREA)
    print(f"\n{title}: {small_size} to {large}\n\n| | ms | PSNR, dB | steepness of edges, of the truth's |\n|---|---|---|---|")
    for name, how in (("bilinear", cv2.INTER_LINEAR), ("cubic", cv2.INTER_CUBIC), ("Lanczos", cv2.INTER_LANCZOS4)):
        measure(name, lambda how=how: cv2.resize(small, large, interpolation=how), truth, rounds)  # type: ignore[misc]
    upscaler = Upscaler(large.height, large.width)
    measure("ours on a CPU", lambda: upscaler.upscale(small, SHARPNESS), truth, rounds)
    measure("FSR, in NumPy", lambda: fsr(small, large), truth, 1)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("pictures", nargs="*", type=Path)
    options.add_argument("--rounds", type=int, default=15)
    given = options.parse_args()
    for small, large in ((Size(512, 288), Size(1920, 1080)), (Size(512, 512), Size(1024, 1024))):
        table(Scene(large, 30).draw(10), small, "test card", given.rounds)
    for path in given.pictures:
        truth = cv2.resize(read_picture(path, "bench")[..., :3], (1920, 1080), interpolation=cv2.INTER_AREA)
        table(truth, Size(512, 288), path.name, given.rounds)


if __name__ == "__main__":
    main()
