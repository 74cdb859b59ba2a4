"""The built-in model on this CPU, each way it can compute, beside TAESD and SD-Turbo's architecture on the same CPU.

    python bench/pocket.py [--skip-turbo]

Milliseconds of a frame by part, median of one run. The stock architecture has random weights, which take as long as trained ones.
Prints Markdown tables for docs/benchmarks.md.
"""

from __future__ import annotations

import os

os.environ.setdefault("GOMP_SPINCOUNT", "5000")

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from gpu import sd_turbo

from vj.engine.checkpoints import ModelSpec
from vj.engine.models import Model, load_model, short
from vj.engine.tuning import freeze, thread_choices, tune


def timed(work: Callable[[], object], times: int) -> float:
    """Median milliseconds."""
    for _ in range(min(3, times)):
        work()
    seconds = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds) * 1e3


def line(name: str, model: Model, side: int, times: int) -> str:
    """One row: encode, UNet, decode, the sum as frames a second."""
    image = torch.rand(1, 3, side, side).contiguous(memory_format=torch.channels_last)
    latents, text, t = model.encode(image), model.encode_text("gold"), torch.tensor([500.0])
    parts = [
        timed(lambda: model.encode(image), times),
        timed(lambda: model.unet(latents, t, text), times),
        timed(lambda: model.decode(latents), times),
    ]
    return f"| {name} | {' | '.join(f'{part:.1f}' for part in parts)} | {1e3 / sum(parts):.1f} |"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--skip-turbo", action="store_true", help="leave the stock architecture out (it takes minutes)")
    given = options.parse_args()
    cores = torch.get_num_threads()
    print("| 256x256 | encode | UNet | decode | frames a second |\n|---|---|---|---|---|")
    with torch.no_grad():
        for dtype in (torch.float32, torch.bfloat16):
            for threads in thread_choices(cores):
                torch.set_num_threads(threads)
                model = load_model(ModelSpec("pocket", device="cpu", dtype="float32"))
                model.to(dtype)
                name = f"pocket, {short(dtype)}, {threads} thread{'s' * (threads > 1)}"
                print(line(f"{name}, eager", model, 256, 15), flush=True)
                freeze(model, 256, 256)
                print(line(f"{name}, frozen", model, 256, 15), flush=True)
        torch.set_num_threads(cores)
        if not given.skip_turbo:
            pipe = sd_turbo(torch.device("cpu"), torch.float32)
            turbo = Model("stock", "sd21", torch.device("cpu"), torch.float32, pipe)
            for dtype in (torch.float32, torch.bfloat16):
                turbo.to(dtype)
                print(line(f"TAESD and SD-Turbo's UNet, {short(dtype)}, {cores} threads, eager", turbo, 256, 2), flush=True)
    print("\n| size | chosen at start | seconds it took |\n|---|---|---|")
    for side in (192, 256, 512):
        torch.set_num_threads(cores)
        model = load_model(ModelSpec("pocket", device="cpu"))
        begun = time.perf_counter()
        said = tune(model, side, side)
        print(f"| {side}x{side} | {said} | {time.perf_counter() - begun:.1f} |", flush=True)


if __name__ == "__main__":
    main()
