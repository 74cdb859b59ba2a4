"""`size: auto`: the largest of a few sizes at which this machine paints the whole frame in time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.choices import Choices
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.preprocess import Fit

WIDE = (Size(320, 192), Size(448, 256), Size(512, 288))
SQUARE = (Size(256, 256), Size(384, 384))
WIDE_FROM = 1.25
"""Width over height from which a source counts as wide."""
LEAST = 15.0
"""Painted frames a second that have to be held; interpolation fills the rest."""
LARGEST = WIDE[-1]
"""Offline, where nothing has to be in time."""
TRIES, WARM = 5, 2
SLACK = 1.15
"""How far off a size that is kept from another time may be: it is not changed for less."""


def sizes_for(came: Size) -> tuple[Size, ...]:
    """The sizes for a source's shape, the smallest first."""
    return WIDE if came.width >= WIDE_FROM * came.height else SQUARE


def seconds_of_a_frame(backend: Backend, size: Size, fit: Fit, snapshot: Snapshot) -> float:
    """Median time of the whole frame, feedback, flow and smoothing in it, with this backend."""
    pipeline = FramePipeline(size, fit, Metrics(), lambda text: None)
    pipeline.swap(backend)
    rng = np.random.default_rng(0)
    large = cv2.resize(rng.integers(0, 255, (12, 20, 3), np.uint8), (size.width + 64, size.height))
    taken = []
    for index in range(WARM + TRIES):
        moved = np.ascontiguousarray(large[:, 4 * index : 4 * index + size.width])
        begun = time.perf_counter()
        pipeline.process(Frame(moved, index, snapshot.time + index / 30), snapshot)
        taken.append(time.perf_counter() - begun)
    pipeline.release_backend()
    return statistics.median(taken[WARM:])


def fitted(
    sizes: tuple[Size, ...],
    backend_at: Callable[[Size], Backend],
    fit: Fit,
    snapshot: Snapshot,
    on_message: Callable[[str], None],
    choices: Choices | None = None,
    name: str = "",
) -> tuple[Size, Backend]:
    """The largest of the sizes that holds `LEAST` frames a second, and its backend; the smallest
    when none does. backend_at: makes a backend ready to play. Takes a second or so for each size,
    unless choices know it. name: of the model, under which the size is kept there."""
    known = choices.get("size", name, *sizes) if choices is not None else None
    before = next((size for size in sizes if known and str(size) == known.get("size")), None)
    if before is not None:
        on_message(f"size: auto is {before} here, as before")
        return before, backend_at(before)
    tried: list[str] = []
    best: tuple[Size, Backend] | None = None
    for size in sizes:
        backend = backend_at(size)
        seconds = seconds_of_a_frame(backend, size, fit, snapshot)
        tried.append(f"{size}: {seconds * 1e3:.0f} ms")
        if best is not None and seconds > 1 / LEAST:
            backend.close()
            break
        if best is not None:
            best[1].close()
        best = size, backend
        if seconds > 1 / LEAST:
            break
    assert best is not None
    if choices is not None:
        choices.keep("size", name, *sizes, size=str(best[0]))
    on_message(f"size: auto is {best[0]} here ({', '.join(tried)} a frame)")
    return best


def better(sizes: tuple[Size, ...], size: Size, seconds: float) -> Size:
    """The one of the sizes that would hold `LEAST` frames a second by what a frame of `size` takes
    while the show plays, in proportion to its pixels: the same unless it is clearly too large or
    too small."""

    def takes(other: Size) -> float:
        return seconds * other.width * other.height / (size.width * size.height)

    if seconds > SLACK / LEAST:
        fitting = [one for one in sizes if one.width <= size.width and takes(one) <= 1 / LEAST]
        return fitting[-1] if fitting else sizes[0]
    larger = [one for one in sizes if one.width > size.width and SLACK * takes(one) <= 1 / LEAST]
    return larger[-1] if larger else size
