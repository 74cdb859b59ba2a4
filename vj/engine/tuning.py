"""The quickest way for this CPU to compute a model: number type, threads, eager or a frozen graph. Found by trying, at a show's start."""

from __future__ import annotations

import copy
import time
import warnings
from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from vj.engine.models import Model, short

TRIES = 3
PATIENCE = 1.0
"""Seconds after which slow ways are tried once only: large frames must not hold up the start."""


class Part(nn.Module):
    """A piece of a model as a module of its own, which is what can be frozen."""

    def __init__(self, owner: nn.Module, call: Callable[..., Tensor]) -> None:
        super().__init__()
        self.owner = owner  # its weights become the graph's constants
        self.call = call

    def forward(self, *arguments: Tensor) -> Tensor:
        return self.call(*arguments)


def thread_choices(cores: int) -> list[int]:
    """How many threads are worth a try on so many cores."""
    return sorted({1, max(1, cores // 2), cores})


@torch.no_grad()
def freeze(model: Model, width: int, height: int) -> None:
    """Compile the model's parts for frames of one size, one row: no Python between the operations, weights as constants.

    Other shapes, and models with more inputs (SDXL, adapters), go on without: a graph would hold a LoRA at one weight. Raises whatever
    torch cannot trace.
    """
    if model.adapters.in_unet:
        return
    text = model.encode_text("")
    if text.pooled is not None:
        return
    image = torch.zeros(1, 3, height, width).contiguous(memory_format=torch.channels_last)
    latents, t = model.encode(image), torch.tensor([500.0])
    unet, vae = model.pipe.unet, model.pipe.vae
    sample = latents.to(model.dtype).contiguous(memory_format=torch.channels_last)
    parts: dict[str, tuple[Part, tuple[Tensor, ...]]] = {
        "encode": (Part(vae, model.latents_of), (image.to(model.vae_dtype),)),
        "unet": (
            Part(unet, lambda x, t, tokens: unet(x, t, tokens, return_dict=False)[0]),
            (sample, t, text.tokens.to(model.dtype)),
        ),
        "decode": (Part(vae, model.picture_of), (latents.to(model.vae_dtype),)),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, (part, example) in parts.items():
            graph = torch.jit.freeze(torch.jit.trace(part.eval(), example, check_trace=False))
            model.frozen[name, tuple(example[0].shape)] = graph


def tune(model: Model, width: int, height: int, dtypes: Sequence[torch.dtype] = (torch.float32, torch.bfloat16)) -> str:
    """On a CPU: paint frames each way, and keep the quickest. Returns a line for the status, empty where nothing was tried.

    dtypes: those to try; the show may have named one.

    bfloat16 wins only where the CPU computes in it (AVX512-bf16, AMX). All cores have to win by a third: the rest of the show, and other
    programs, need one too, and threads that wait for each other suffer most from a busy core (bench/threads.py). Never used offline: what
    wins may change from run to run, and an offline render must not.
    """
    if model.device.type != "cpu" or sum(p.numel() for p in model.pipe.unet.parameters()) > 200_000_000:
        return ""
    exact = {part: copy.deepcopy(getattr(model.pipe, part)) for part in ("unet", "vae")}
    leading = {part: copy.deepcopy(getattr(model.adapters, part)) for part in ("controlnet", "t2i_adapter")}
    image = torch.zeros(1, 3, height, width).contiguous(memory_format=torch.channels_last)
    text = model.encode_text("")
    hint = [torch.zeros(1, 3, height, width)] if model.wants_lines else []

    def frame() -> float:
        begun = time.perf_counter()
        model.decode(model.unet(model.encode(image), torch.tensor([500.0]), text, *hint))
        return time.perf_counter() - begun

    started = time.perf_counter()

    def best() -> float:
        first = frame()
        return min(frame() for _ in range(TRIES if first < 0.1 or time.perf_counter() - started < PATIENCE else 1))

    before = torch.get_num_threads()
    seconds = {}
    for dtype in dtypes:
        model.to(dtype)
        for threads in thread_choices(before):
            torch.set_num_threads(threads)
            seconds[dtype, threads] = best()
    quickest, model.threads = min(seconds, key=lambda way: seconds[way] * (4 / 3 if way[1] == before > 1 else 1))
    torch.set_num_threads(model.threads)
    model.pipe.register_modules(**exact)  # what went through bfloat16 has lost bits
    for part, module in leading.items():
        setattr(model.adapters, part, module)
    model.to(quickest)
    tried = [f"{short(dtype)} on {threads}: {s * 1e3:.0f} ms" for (dtype, threads), s in seconds.items()]
    chosen = f"{short(quickest)} on {model.threads} thread{'s' if model.threads > 1 else ''}"
    try:
        freeze(model, width, height)
        if not model.frozen:
            return f"{chosen} ({', '.join(tried)})"
        for _ in range(2):  # the graph is optimised in its first runs
            frame()
        frozen = min(best(), best())
        tried.append(f"frozen: {frozen * 1e3:.0f} ms")
    except Exception as error:  # whatever a foreign model has that cannot be traced: it plays as it is
        model.frozen.clear()
        return f"{chosen} ({', '.join(tried)}; no frozen graph, {type(error).__name__})"
    if frozen > seconds[quickest, model.threads]:
        model.frozen.clear()
    return f"{chosen}{', frozen' if model.frozen else ''} ({', '.join(tried)})"
