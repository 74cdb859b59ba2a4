"""What it costs to see the last picture through feedback's camera, against zoom, turn and shift.

    python bench/feedback.py [--size 512x512] [--frames 100]

On the CPU, one thread of OpenCV as a show has it. Prints a Markdown table for docs/benchmarks.md:
medians of one run, milliseconds a frame of `Blender.feedback`.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.frame import Size
from vj.core.opencv import use_one_thread
from vj.kernels.cv_ops import Blender
from vj.kernels.settings import feedback_matrix

MOVES: dict[str, dict[str, float]] = {
    "zoom and turn (affine)": {"zoom": 1.02, "rotate_degrees": 2},
    "the same and yaw 2, dolly .05": {
        "zoom": 1.02,
        "rotate_degrees": 2,
        "yaw_degrees": 2,
        "dolly": 0.05,
    },
    "yaw 45 at 120 degrees: a part lies behind the camera": {
        "yaw_degrees": 45,
        "fov_degrees": 120,
    },
}


def median_ms(size: Size, how: dict[str, float], flow: np.ndarray | None, frames: int) -> float:
    """Of one frame's feedback."""
    rng = np.random.default_rng(1)
    shape = (size.height, size.width, 3)
    image = rng.integers(0, 256, shape, np.uint8)
    last = rng.random(shape, dtype=np.float32)
    blender = Blender(size.height, size.width)
    matrix = feedback_matrix(size.width, size.height, **how)
    seconds = []
    for _ in range(frames):
        begun = time.perf_counter()
        # A state of its own and a flow of its own each time, as frames have.
        blender.feedback(image, last[:], matrix, 0.8, flow=None if flow is None else flow[:])
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds) * 1e3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="512x512", type=Size.parse)
    parser.add_argument("--frames", default=100, type=int)
    asked = parser.parse_args()
    use_one_thread()
    flow = np.random.default_rng(2).uniform((-3, -3, 0), (3, 3, 1), (170, 170, 3))
    print(f"| feedback at {asked.size}, ms | without flow | with flow |\n|---|---|---|")
    for name, how in MOVES.items():
        alone, moved = (
            median_ms(asked.size, how, way, asked.frames) for way in (None, flow.astype(np.float32))
        )
        print(f"| {name} | {alone:.2f} | {moved:.2f} |")


if __name__ == "__main__":
    main()
