"""Stage by stage on an NVIDIA card: SD-Turbo's real architecture with random weights, beside
streamdiffusion's own call.

    python bench/gpu.py [--size 512] [--steps 1] [--frames 200] [--only-stages]

More stages than `launch.py bench` has. Nothing is downloaded. Prints a Markdown table for
docs/benchmarks.md: medians of one run, milliseconds.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.bench.random_models import random_pipe
from vj.core.clock import WallClock
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.opencv import use_one_thread
from vj.core.packed import Packing
from vj.diffusion.backends import StreamBackend
from vj.diffusion.graphs import STEADY
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.noise_align import align
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import load_pocket
from vj.kernels.cupy_field import FieldKernels
from vj.parameters.store import Store
from vj.pipeline.card_upscale import FsrOnCard, FsrUpscaler
from vj.pipeline.coming import WayOut
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pocket import FILE, WEIGHTS


def timed(work: Callable[[], object], frames: int) -> float:
    """Median seconds of a call, waiting for the card each time."""
    for _ in range(10):
        work()
    seconds = []
    for _ in range(frames):
        torch.cuda.synchronize()
        begun = time.perf_counter()
        work()
        torch.cuda.synchronize()
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def both_ways(
    name: str, model: Model, work: Callable[[], object], frames: int
) -> list[tuple[str, float]]:
    """The rows of the same work launched kernel by kernel, and with the model's CUDA graphs, as it
    plays."""
    model.play_as_graphs(False)
    launched = timed(work, frames)
    model.play_as_graphs(True)
    for _ in range(2 * STEADY):
        work()
    while model.capturing:
        time.sleep(0.01)
    return [(f"{name}, launched", launched), (f"{name}, as it plays", timed(work, frames))]


def built_in(size: Size, dtype: torch.dtype, frames: int) -> list[tuple[str, float]]:
    """The built-in model: field, network, palette and strength."""
    model = load_pocket(ModelSpec("pocket"), WEIGHTS / FILE, torch.device("cuda"), dtype)
    backend = PocketBackend(model, size, wait=True)
    snapshot = Store({"prompt/a": "molten gold", "strength": 0.6}).sample(0.0)
    entered = torch.rand((1, 3, size.height, size.width), device="cuda", dtype=dtype) * 2 - 1
    graph = model.graph
    rows = []
    for off, how in ((True, "launched"), (False, "as it plays")):
        assert graph is not None
        graph.off = off
        seconds = timed(lambda: backend.paint(entered, snapshot, FrameContext.black(size)), frames)
        rows.append((f"the built-in model, card to card, {how}", seconds))
    backend.close()
    return rows


def main() -> None:
    use_one_thread()
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    options.add_argument("--size", type=int, default=512)
    options.add_argument("--steps", type=int, default=1, choices=(1, 2, 3, 4))
    options.add_argument("--frames", type=int, default=200)
    given = options.parse_args()
    if not torch.cuda.is_available():
        raise SystemExit("bench/gpu.py needs an NVIDIA card; nothing was measured")
    device, dtype = torch.device("cuda"), torch.float16
    size = Size(given.size, given.size)
    pipe = random_pipe("sd-turbo", device, dtype)
    model = Model("sd-turbo (random)", "sd21", device, dtype, pipe)
    model.to(dtype)
    store = Store(
        {
            "steps": given.steps,
            "strength": 0.6,
            "prompt/a": "gold",
            "feedback/zoom": 1.01,
            "picture/sharpen": 0.2,
        }
    )
    snapshot = store.sample(0.0)
    backend = StreamBackend(model, size, wait=True)
    backend.warm(snapshot)

    image = np.random.default_rng(0).integers(0, 256, (size.height, size.width, 3), np.uint8)
    tensor = torch.rand((1, 3, size.height, size.width), device=device, dtype=dtype) * 2 - 1
    latents = model.encode(tensor)
    text = model.encode_text("gold")
    batch = latents.repeat(given.steps, 1, 1, 1)
    texts = type(text)(text.tokens.repeat(given.steps, 1, 1))
    t = torch.full((given.steps,), 600.0, device=device)
    compositor = backend.compositor
    rows: list[tuple[str, float]] = [
        (
            "upload and feedback (`preprocess`)",
            timed(lambda: compositor.preprocess(image, snapshot), given.frames),
        ),
        *both_ways("encode (TAESD)", model, lambda: model.encode(tensor), given.frames),
        *both_ways(
            f"UNet, {given.steps} row(s)", model, lambda: model.unet(batch, t, texts), given.frames
        ),
        *both_ways("decode (TAESD)", model, lambda: model.decode(latents), given.frames),
        (
            "blend, sharpen, download (`postprocess`)",
            timed(lambda: compositor.postprocess(tensor, image, snapshot).result(), given.frames),
        ),
        *built_in(size, dtype, given.frames),
    ]
    fsr = FsrUpscaler(Size(512, 288), Size(1920, 1080), "cuda")
    small = image[:288, :512] if size.width >= 512 else np.zeros((288, 512, 3), np.uint8)
    rows.append(
        ("FSR, 512x288 to 1920x1080, host to host", timed(lambda: fsr.upscale(small), given.frames))
    )
    large = FsrOnCard(size, Size(1920, 1080), device)

    def sent() -> None:
        compositor.way_out = WayOut(large, None, Packing())
        compositor.postprocess(tensor, image, snapshot).result()

    rows.append(("`postprocess`, FSR to 1920x1080, BGRX, download", timed(sent, given.frames)))
    kernels = FieldKernels(size.height, size.width, device, dtype=dtype)
    white = torch.randn((size.height, size.width), device=device)
    rows.append(("the texture field", timed(lambda: kernels.make(tensor, white), given.frames)))
    noise = torch.randn((given.steps, *latents.shape[1:]), device=device)
    rows.append(
        (
            "noise that follows form, on the latents",
            timed(lambda: align(noise, tensor, 0.5), given.frames),
        )
    )
    clock = WallClock()
    pipeline = FramePipeline(size, "crop", Metrics(), print)
    pipeline.swap(backend)
    rows += both_ways(
        "**a whole frame, host to host**",
        model,
        lambda: pipeline.process(Frame(image, 0, clock.now()), store.sample(clock.now())),
        given.frames,
    )

    from streamdiffusion import StreamDiffusion

    theirs = StreamDiffusion(
        pipe,
        [round(50 * (1 - 0.6 * (given.steps - i) / given.steps)) - 1 for i in range(given.steps)],
        dtype,
        *size,
    )
    theirs.prepare("gold", guidance_scale=1.0)
    on_card = torch.rand((1, 3, size.height, size.width), device=device, dtype=dtype)
    rows.append(
        (
            "streamdiffusion 0.1.1 `__call__`, card to card",
            timed(lambda: theirs(on_card), given.frames),
        )
    )
    as_image = image.astype(np.float32) / 255

    def theirs_host() -> np.ndarray:
        out: np.ndarray = (
            theirs(as_image).clamp(-1, 1).add(1).mul(127.5).byte()[0].permute(1, 2, 0).cpu().numpy()
        )
        return out

    rows.append(("streamdiffusion 0.1.1, host to host", timed(theirs_host, given.frames)))

    print(
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, fp16, {size}, "
        f"{given.steps} step(s), medians of {given.frames}"
    )
    print("| stage | ms | per second |\n|---|---|---|")
    for name, seconds in rows:
        print(f"| {name} | {seconds * 1e3:.2f} | {1 / seconds:.1f} |")


if __name__ == "__main__":
    main()
