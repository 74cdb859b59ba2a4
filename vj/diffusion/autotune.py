"""The quickest way for this CPU to compute a model: number type, threads, eager or a frozen graph.
Found by timing each, at a show's start."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch
import torch.nn.functional as F

from vj.diffusion.choices import Choices
from vj.diffusion.devices import short
from vj.diffusion.protocols import Freezable, Tunable

TRIES = 3
HOPELESS = 3.0
"""A number type that is so many times slower than the best is not tried on other threads."""
PATIENCE = 1.0
"""Seconds after which slow ways are tried once only: large frames must not hold up the start."""


def thread_choices(cores: int) -> list[int]:
    """How many threads are worth a try on so many cores."""
    return sorted({1, max(1, cores // 2), cores})


def bfloat16_pays() -> bool:
    """Whether one convolution in bfloat16 is not far slower than in float32: most CPUs only emulate
    it, and a whole model tried in it would hold up the start for seconds."""

    def best(dtype: torch.dtype) -> float:
        image = torch.zeros(1, 64, 48, 48, dtype=dtype).contiguous(
            memory_format=torch.channels_last
        )
        kernel = torch.zeros(64, 64, 3, 3, dtype=dtype).contiguous(
            memory_format=torch.channels_last
        )
        taken = []
        for _ in range(4):
            begun = time.perf_counter()
            F.conv2d(image, kernel, padding=1)
            taken.append(time.perf_counter() - begun)
        return min(taken)

    return best(torch.bfloat16) < HOPELESS * best(torch.float32)


@torch.no_grad()
def tune(
    model: Tunable,
    width: int,
    height: int,
    dtypes: Sequence[torch.dtype] = (torch.float32, torch.bfloat16),
    choices: Choices | None = None,
) -> str:
    """On a CPU: paint frames each way, and keep the quickest. Returns a line for the status, empty
    where nothing was tried.

    dtypes: those to try; the show may have named one. choices: where the quickest is found again,
    and kept.

    bfloat16 wins only where the CPU computes in it (AVX512-bf16, AMX). All cores have to win by a
    third: the rest of the show, and other programs, need one too, and threads that wait for each
    other suffer most from a busy core (bench/threads.py). Never used offline: what wins may change
    from run to run, and an offline render must not.
    """
    if model.device.type != "cpu" or model.size > 200_000_000:
        return ""
    name = "way", model.name, f"{width}x{height}", *map(short, dtypes)
    known = choices.get(*name) if choices is not None else None
    if (
        choices is not None
        and known is not None
        and (chosen := _as_before(model, width, height, known, dtypes))
    ):
        choices.way = name
        return f"{chosen}, as before"
    chosen, tried = _try_all(model, width, height, dtypes)
    if choices is not None:
        frozen = isinstance(model, Freezable) and model.is_frozen
        choices.keep(
            *name,
            dtype=short(model.dtype),
            threads=model.threads,
            frozen=frozen,
            sure=choices.doubted(*name),
        )
    return f"{chosen} ({tried})"


def _as_before(
    model: Tunable, width: int, height: int, known: dict[str, Any], dtypes: Sequence[torch.dtype]
) -> str:
    """Compute in the way that was the quickest another time. Empty when that cannot be."""
    dtype = next((one for one in dtypes if short(one) == known.get("dtype")), None)
    threads = known.get("threads")
    if dtype is None or not isinstance(threads, int) or not 1 <= threads <= torch.get_num_threads():
        return ""
    before, exact = torch.get_num_threads(), model.keep()
    model.threads = threads
    torch.set_num_threads(threads)
    model.to(dtype)
    if known.get("frozen") and isinstance(model, Freezable):
        try:
            model.freeze(width, height)
            paint = model.trial(width, height)
            for _ in range(2):  # the graph is optimised in its first runs
                paint()
        except Exception:  # it could be traced before, and cannot now: tried anew, which says why
            model.thaw()
            model.restore(exact)
            torch.set_num_threads(before)
            return ""
    return _chosen(model)


def _chosen(model: Tunable) -> str:
    threads = model.threads or 1
    frozen = ", frozen" if isinstance(model, Freezable) and model.is_frozen else ""
    return f"{short(model.dtype)} on {threads} thread{'s' if threads > 1 else ''}{frozen}"


@torch.no_grad()
def _try_all(
    model: Tunable, width: int, height: int, dtypes: Sequence[torch.dtype]
) -> tuple[str, str]:
    """The quickest way, taken, and what was tried, in words."""
    exact = model.keep()
    paint = model.trial(width, height)

    def frame() -> float:
        begun = time.perf_counter()
        paint()
        return time.perf_counter() - begun

    started = time.perf_counter()

    def best() -> float:
        first = frame()
        return min(
            frame()
            for _ in range(TRIES if first < 0.1 or time.perf_counter() - started < PATIENCE else 1)
        )

    before = torch.get_num_threads()
    if torch.bfloat16 in dtypes and len(dtypes) > 1 and not bfloat16_pays():
        dtypes = [dtype for dtype in dtypes if dtype is not torch.bfloat16]
    seconds = {}
    for dtype in dtypes:
        model.to(dtype)
        for threads in thread_choices(before):
            torch.set_num_threads(threads)
            seconds[dtype, threads] = best()
            if seconds[dtype, threads] > HOPELESS * min(seconds.values()):
                break  # emulated, as bfloat16 is on most CPUs
    quickest, model.threads = min(
        seconds, key=lambda way: seconds[way] * (4 / 3 if way[1] == before > 1 else 1)
    )
    torch.set_num_threads(model.threads)
    model.restore(exact)
    model.to(quickest)
    tried = [
        f"{short(dtype)} on {threads}: {s * 1e3:.0f} ms" for (dtype, threads), s in seconds.items()
    ]
    if not isinstance(model, Freezable):
        return _chosen(model), ", ".join(tried)
    try:
        model.freeze(width, height)
        for _ in range(2):  # the graph is optimised in its first runs
            frame()
        frozen = min(best(), best())
        tried.append(f"frozen: {frozen * 1e3:.0f} ms")
    except (
        Exception
    ) as error:  # whatever a foreign model has that cannot be traced: it plays as it is
        model.thaw()
        return _chosen(model), f"{', '.join(tried)}; no frozen graph, {type(error).__name__}"
    if frozen > seconds[quickest, model.threads]:
        model.thaw()
    return _chosen(model), ", ".join(tried)
