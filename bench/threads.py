"""Why the built-in model does not take all cores: a frame by threads and by how long OpenMP's
threads spin, idle and beside a busy core.

    python bench/threads.py

Every line is a process of its own. Prints a Markdown table for docs/benchmarks.md: median
milliseconds of a frame.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

WORK = """
import sys, time, torch
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.loading import load_model
model = load_model(ModelSpec())
model.to(getattr(torch, sys.argv[1]))
torch.set_num_threads(int(sys.argv[2]))
image, text, t = torch.rand(1, 3, 256, 256), model.encode_text("gold"), torch.tensor([500.0])
seconds = []
for _ in range(25):
    begun = time.perf_counter()
    model.decode(model.unet(model.encode(image), t, text))
    seconds.append(time.perf_counter() - begun)
print(sorted(seconds[5:])[10] * 1e3)
"""


def frame(dtype: str, threads: int, spin: str | None) -> float:
    """Median milliseconds."""
    environment = {
        key: value
        for key, value in os.environ.items()
        if key not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    }
    environment |= {"PYTHONPATH": str(ROOT)} | (
        {"GOMP_SPINCOUNT": spin} if spin is not None else {}
    )
    command = [sys.executable, "-W", "ignore", "-c", WORK, dtype, str(threads)]
    return float(
        subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    )


def main() -> None:
    cores = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    print("| number type | threads | spin | idle | beside a busy core |\n|---|---|---|---|---|")
    for dtype in ("float32", "bfloat16"):
        for threads, spin in ((1, "5000"), (cores, "0"), (cores, "5000"), (cores, None)):
            idle = frame(dtype, threads, spin)
            busy = subprocess.Popen([sys.executable, "-c", "while True: pass"])
            try:
                crowded = frame(dtype, threads, spin)
            finally:
                busy.kill()
            print(
                f"| {dtype} | {threads} | {spin or 'libgomp own'} | {idle:.0f} | {crowded:.0f} |",
                flush=True,
            )


if __name__ == "__main__":
    main()
