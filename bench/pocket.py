"""The built-in model beside its first generation, in one run: milliseconds of a frame by part.

    python bench/pocket.py [--turbo]

The first generation is built as it was, an autoencoder of TAESD's kind and a UNet in the diffusers
layout, with random weights, which take as long as trained ones. Both are frozen graphs, as they are
played. Everything of one size, number type and number of threads is timed in turns; medians.
--turbo adds TAESD and SD-Turbo's UNet, which take minutes. Prints Markdown for docs/benchmarks.md.
"""

from __future__ import annotations

import os

os.environ.setdefault("GOMP_SPINCOUNT", "5000")

import argparse
import functools
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

sys.path.insert(0, str(Path(__file__).parents[1]))

from vj.core.frame import Size
from vj.core.opencv import use_one_thread
from vj.diffusion.autotune import tune
from vj.diffusion.devices import short
from vj.diffusion.drawn_model import DrawnModel
from vj.diffusion.model import Model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_model import PocketModel, load_pocket
from vj.diffusion.prompts import Embedding
from vj.diffusion.texture_noise import HostTextureField, RiddenNoise
from vj.pocket import FILE, WEIGHTS
from vj.pocket import patterns as lattice

SIZES = (Size(256, 256), Size(384, 384), Size(512, 288))
TIMES = 12


def first_generation() -> Model:
    """The shapes of the model that this one followed, with random weights."""
    from diffusers import AutoencoderTiny, DDIMScheduler, UNet2DConditionModel

    torch.manual_seed(0)
    vae = AutoencoderTiny(
        latent_channels=20,
        encoder_block_out_channels=(32,) * 4,
        decoder_block_out_channels=(32,) * 4,
        num_encoder_blocks=(0, 1, 3, 4),
        num_decoder_blocks=(4, 3, 1, 0),
    )
    unet = UNet2DConditionModel(
        sample_size=32,
        in_channels=20,
        out_channels=20,
        block_out_channels=(64, 96, 128),
        layers_per_block=2,
        down_block_types=("DownBlock2D",) * 3,
        mid_block_type="UNetMidBlock2D",
        up_block_types=("UpBlock2D",) * 3,
        cross_attention_dim=96,
        norm_num_groups=8,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )

    class Pipe:
        """As much of a pipeline as a `Model` looks at; its text is always the same."""

        vae_scale_factor = 8
        text_encoder = None
        scheduler = DDIMScheduler(prediction_type="sample")

        def __init__(self) -> None:
            self.vae, self.unet = vae, unet

        def encode_prompt(self, *args: Any, **more: Any) -> tuple[torch.Tensor, None]:
            return torch.randn(1, 77, 96), None

    return Model("first", "small", torch.device("cpu"), torch.float32, Pipe())


class Part(torch.nn.Module):
    """A piece of a model as a module of its own, which is what can be frozen."""

    def __init__(self, owner: torch.nn.Module, call: Callable[..., torch.Tensor]) -> None:
        super().__init__()
        self.owner = owner  # its weights become the graph's constants
        self.call = call

    def forward(self, *given: torch.Tensor) -> torch.Tensor:
        return self.call(*given)


def first_parts(model: Model, size: Size, frozen: bool = True) -> dict[str, Callable[[], object]]:
    image = torch.rand(1, 3, size.height, size.width).contiguous(memory_format=torch.channels_last)
    latents, text, t = model.encode(image), model.encode_text(""), torch.tensor([500.0])
    if not frozen:
        return {
            "encode": lambda: model.encode(image),
            "UNet": lambda: model.unet(latents, t, text),
            "decode": lambda: model.decode(latents),
        }
    unet, vae, dtype = model.pipe.unet, model.pipe.vae, model.dtype
    sample = latents.to(dtype).contiguous(memory_format=torch.channels_last)
    tokens = text.tokens.to(dtype)
    parts: dict[str, tuple[Part, tuple[torch.Tensor, ...]]] = {
        "encode": (Part(vae, model.vae_encode), (image.to(dtype),)),
        "UNet": (
            Part(unet, lambda x, t, tokens: unet(x, t, tokens, return_dict=False)[0]),
            (sample, t, tokens),
        ),
        "decode": (Part(vae, model.vae_decode), (latents.to(dtype),)),
    }
    made: dict[str, Callable[[], object]] = {}
    for name, (part, example) in parts.items():
        graph = torch.jit.freeze(torch.jit.trace(part.eval(), example, check_trace=False))
        made[name] = functools.partial(graph, *example)
    return made


def second_parts(model: PocketModel, size: Size) -> dict[str, Callable[[], object]]:
    rng = np.random.default_rng(0)
    white = rng.standard_normal((size.height, size.width), np.float32)
    image = torch.rand(1, 3, size.height, size.width)
    form = HostTextureField(size, torch.device("cpu"))
    made = form.of(image * 2 - 1, RiddenNoise(white), 1.0, 0.0)
    model.ground = model.lay(lattice.draw(white, size.height / 256))
    asked = model.encode_text("molten gold")
    text = Embedding(asked.tokens, torch.zeros(1, 2))
    return {
        "field": lambda: form.of(image * 2 - 1, RiddenNoise(white), 1.0, 0.0),
        "network, palette, strength": lambda: model.unet(
            image, torch.tensor([600.0]), text, (made,)
        ),
    }


def timed(parts: list[dict[str, Callable[[], object]]]) -> list[list[float]]:
    """Median milliseconds of every part of both models, one frame of each in turn."""
    seconds: list[list[list[float]]] = [[[] for _ in part] for part in parts]
    for turn in range(TIMES + 3):
        for model, part in enumerate(parts):
            for index, work in enumerate(part.values()):
                begun = time.perf_counter()
                work()
                if turn >= 3:
                    seconds[model][index].append(time.perf_counter() - begun)
    return [[statistics.median(some) * 1e3 for some in model] for model in seconds]


def drawn(size: Size) -> str:
    """`model: drawn` on one core, every technique in turn: a row."""
    rng = np.random.default_rng(0)
    model, form = DrawnModel(), HostTextureField(size, torch.device("cpu"))
    white = rng.standard_normal((size.height, size.width), np.float32)
    model.ground = model.lay(lattice.draw(white, size.height / 256))
    image = torch.rand(1, 3, size.height, size.width)
    made = form.of(image * 2 - 1, RiddenNoise(white), 1.0, 0.0)
    taken = {}
    for index, name in enumerate(model.techniques):
        style = torch.zeros(1, len(model.techniques) + 2)
        style[0, index] = 1
        seconds = []
        for _ in range(7):
            begun = time.perf_counter()
            model.paint(image, made, style)
            seconds.append(time.perf_counter() - begun)
        taken[name] = statistics.median(seconds) * 1e3
    slowest = max(taken, key=lambda name: taken[name])
    middle = statistics.median(taken.values())
    return (
        f"| {size} | {middle:.1f} | {min(taken.values()):.1f} | {taken[slowest]:.1f} ({slowest}) |"
    )


def turbo() -> None:
    """TAESD and SD-Turbo's UNet beside them, once each way."""
    from vj.bench.random_models import random_pipe

    pipe = random_pipe("sd-turbo", torch.device("cpu"), torch.float32)
    model = Model("stock", "sd21", torch.device("cpu"), torch.float32, pipe)
    for dtype in (torch.float32, torch.bfloat16):
        model.to(dtype)
        parts = first_parts(model, SIZES[0], frozen=False)
        sums = []
        for work in parts.values():
            work()
            begun = time.perf_counter()
            work()
            sums.append((time.perf_counter() - begun) * 1e3)
        print(f"| TAESD and SD-Turbo's UNet, {short(dtype)}, 256x256 | {sum(sums):.0f} | | | |")


@torch.no_grad()
def main() -> None:
    use_one_thread()
    form = argparse.RawDescriptionHelpFormatter
    options = argparse.ArgumentParser(description=__doc__, formatter_class=form)
    options.add_argument("--turbo", action="store_true", help="add SD-Turbo's architecture")
    options.add_argument("--float32", action="store_true", help="leave bfloat16 out")
    given = options.parse_args()
    cores = torch.get_num_threads()
    weights = WEIGHTS / FILE
    cpu = torch.device("cpu")
    print("| frozen, ms a frame | first | second | ratio | of first at 256x256 |")
    print("|---|---|---|---|---|")
    for dtype in (torch.float32,) if given.float32 else (torch.float32, torch.bfloat16):
        for threads in (cores, 1) if cores > 1 else (1,):
            torch.set_num_threads(threads)
            base = 0.0
            for size in SIZES:
                first = first_generation()
                second = load_pocket(ModelSpec("pocket"), weights, cpu, torch.float32)
                first.to(dtype)
                second.to(dtype)
                second.freeze(size.width, size.height)
                times = timed([first_parts(first, size), second_parts(second, size)])
                one, two = (sum(parts) for parts in times)
                base = base or one
                parts = " + ".join(f"{part:.1f}" for part in times[1])
                name = f"{size}, {short(dtype)}, {threads} thread{'s' * (threads > 1)}"
                row = f"| {name} | {one:.1f} | {two:.1f} ({parts}) | {two / one:.2f} |"
                print(f"{row} {two / base:.2f} |", flush=True)
    torch.set_num_threads(1)
    print(
        "\n| drawn, one core, ms a frame | median technique | quickest | slowest "
        "|\n|---|---|---|---|"
    )
    for size in SIZES:
        print(drawn(size), flush=True)
    if given.turbo:
        torch.set_num_threads(cores)
        turbo()
    print("\n| size | chosen at start | seconds it took |\n|---|---|---|")
    for size in SIZES:
        torch.set_num_threads(cores)
        pocket = load_pocket(ModelSpec("pocket"), weights, cpu, torch.float32)
        begun = time.perf_counter()
        said = tune(pocket, size.width, size.height)
        print(f"| {size} | {said} | {time.perf_counter() - begun:.1f} |", flush=True)


if __name__ == "__main__":
    main()
