"""`size: auto`: the largest of a few sizes at which this machine paints the whole frame in time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import cv2
import numpy as np

from vj.engine.journey import Journey
from vj.engine.painters import Painter
from vj.engine.prepare import Fit
from vj.frame import Frame, Size
from vj.metrics import Metrics
from vj.parameters.store import Snapshot

WIDE = (Size(320, 192), Size(448, 256), Size(512, 288))
SQUARE = (Size(256, 256), Size(384, 384))
WIDE_FROM = 1.25
"""Width over height from which a source counts as wide."""
LEAST = 15.0
"""Painted frames a second that have to be held; interpolation fills the rest."""
LARGEST = WIDE[-1]
"""What is painted where nothing has to be in time: offline."""
TRIES, WARM = 5, 2


def sizes_for(came: Size) -> tuple[Size, ...]:
    """The sizes that suit a source's shape, the smallest first."""
    return WIDE if came.width >= WIDE_FROM * came.height else SQUARE


def seconds_of_a_frame(painter: Painter, size: Size, fit: Fit, snapshot: Snapshot) -> float:
    """Median time of the whole frame, feedback, flow and smoothing in it, with this painter."""
    journey = Journey(size, fit, Metrics(), lambda text: None)
    journey.swap(painter)
    rng = np.random.default_rng(0)
    large = cv2.resize(rng.integers(0, 255, (12, 20, 3), np.uint8), (size.width + 64, size.height))
    taken = []
    for index in range(WARM + TRIES):
        moved = np.ascontiguousarray(large[:, 4 * index : 4 * index + size.width])
        begun = time.perf_counter()
        journey.travel(Frame(moved, index, snapshot.time + index / 30), snapshot)
        taken.append(time.perf_counter() - begun)
    journey.leave()
    return statistics.median(taken[WARM:])


def fitted(
    sizes: tuple[Size, ...],
    paint_at: Callable[[Size], Painter],
    fit: Fit,
    snapshot: Snapshot,
    on_message: Callable[[str], None],
) -> tuple[Size, Painter]:
    """The largest of the sizes that holds `LEAST` frames a second, and its painter; the smallest
    when none does. paint_at: makes a painter ready to play. Takes a second or so for each size."""
    tried: list[str] = []
    best: tuple[Size, Painter] | None = None
    for size in sizes:
        painter = paint_at(size)
        seconds = seconds_of_a_frame(painter, size, fit, snapshot)
        tried.append(f"{size}: {seconds * 1e3:.0f} ms")
        if best is not None and seconds > 1 / LEAST:
            painter.close()
            break
        if best is not None:
            best[1].close()
        best = size, painter
        if seconds > 1 / LEAST:
            break
    assert best is not None
    on_message(f"size: auto is {best[0]} here ({', '.join(tried)} a frame)")
    return best
