"""A model's backend that paints whole frames, and what is turned meanwhile."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tests.diffusion.adapter_parts import SIZE, lines
from vj.diffusion.backends import StreamBackend
from vj.diffusion.model import Model
from vj.parameters.store import Store
from vj.pipeline.coming import ComingPicture
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.optical_flow import grid_size

Pictures = Sequence[np.ndarray | None]
"""Of frames, None where nothing has arrived."""


def differing(some: Pictures, others: Pictures) -> list[int]:
    """The numbers of the frames that two ways do not paint alike, to the bit."""
    pairs = enumerate(zip(some, others, strict=True))
    return [n for n, (one, two) in pairs if one is not two and not np.array_equal(one, two)]  # type: ignore[arg-type]


class Played:
    """A model's backend, frame by frame as a show would have it."""

    def __init__(self, model: Model, **start: float) -> None:
        """start: parameters from the first frame on, with __ for /."""
        self.backend = StreamBackend(model, SIZE, wait=True)
        given = {name.replace("__", "/"): value for name, value in start.items()}
        self.store = Store({"prompt/a": "gold", "prompt/b": "ink", **given})
        self.rng = np.random.default_rng(5)
        self.ink = 0.5
        """The weight of a LoRA."""

    def frame(self, number: int, flow: bool = False, mask: bool = False) -> np.ndarray | None:
        picture = self.begin(number, flow, mask).result()
        while self.backend.model.capturing:  # type: ignore[attr-defined]
            time.sleep(0.001)
        return picture

    def begin(self, number: int, flow: bool = False, mask: bool = False) -> ComingPicture:
        self.image = self.rng.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
        columns, rows = grid_size(SIZE)
        grid = self.rng.uniform((-3, -3, 0), (3, 3, 1), (rows, columns, 3)).astype(np.float32)
        shown = self.image[..., 0].copy() if mask else None
        context = replace(
            FrameContext.black(SIZE),
            image=self.image,
            model_input=self.image,
            mask=shown,
            lines=lines(number % 2) if self.backend.guides else None,
        )
        snapshot = self.store.sample(number / 30)
        snapshot = replace(snapshot, values={**snapshot.values, "lora/ink": self.ink})
        assert self.backend.takes_whole(snapshot, context)
        there = grid if flow else None
        coming = self.backend.paint_whole(snapshot, context, 0.0, there, there)
        assert coming is not None
        return coming


def play(store: Store, number: int) -> None:
    """What is turned while it plays: nearly everything, in nearly every frame."""
    wave = np.sin(number / 7)
    values = {
        "strength": 0.5 + 0.45 * wave if number % 40 > 2 else 0.03,
        "prompt/mix": 0.5 + 0.5 * np.cos(number / 11),
        "seed/a": number // 50,
        "seed/mix": 0.5 + 0.5 * wave,
        "noise/hold": 1.0 if number % 60 < 30 else 0.9,
        "guidance": 1.0 if number % 80 < 40 else 1.4 + wave,
        "feedback/amount": 0.45 + 0.4 * wave if number % 30 > 5 else 0.0,
        "feedback/zoom": 1 + 0.02 * wave,
        "feedback/yaw": 5 * wave if number % 20 > 10 else 0.0,
        "blend/smoothing": 0.5 + 0.4 * wave,
        "mix/wet": 0.7 + 0.3 * wave,
        "mix/mode": ("normal", "screen", "multiply")[number // 10 % 3],
        "picture/hue": 90 * wave,
        "picture/sharpen": 0.5 + 0.5 * wave,
    }
    for name, value in values.items():
        store.set(name, value, "test")
