"""A whole frame with a negative prompt and with several steps, without a card: recorded for each
number of rows and replayed, it gives what its parts give, and what the stream batch gives."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.diffusion.adapter_parts import SIZE, lines, load
from tests.diffusion.test_whole_frame import (
    Recorder,
    captured_by,
    kernels_in_c,
    on_card,
    packing_in_c,
)
from tests.diffusion.whole_frames import Played, differing, play
from vj.diffusion.model import Model
from vj.pipeline.cuda_compositor import CudaCompositor
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.optical_flow import grid_size

__all__ = ["kernels_in_c", "on_card", "packing_in_c"]


class Stepped(Played):
    """Frame by frame, whole where that can be."""

    def __init__(self, model: Model, whole: bool = True, **start: Any) -> None:
        super().__init__(model, **start)
        self.ways: Counter[str] = Counter()
        self.shown: list[int] = []
        """Whose pictures have arrived."""
        self._whole = whole

    def next(self, number: int, flow: bool = False) -> np.ndarray | None:
        """The picture that arrives with a frame; None while the first are under way."""
        image = self.rng.integers(0, 256, (SIZE.height, SIZE.width, 3), np.uint8)
        columns, rows = grid_size(SIZE)
        grid = self.rng.uniform((-3, -3, 0), (3, 3, 1), (rows, columns, 3)).astype(np.float32)
        there = grid if flow else None
        context = replace(
            FrameContext.black(SIZE),
            image=image,
            model_input=image,
            number=number,
            mask=image[..., 0].copy(),
            lines=lines(number % 2) if self.backend.guides else None,
        )
        snapshot, backend = self.store.sample(number / 30), self.backend
        compositor = backend.compositor
        assert isinstance(compositor, CudaCompositor)
        shown = backend.takes_whole(snapshot, context) if self._whole else None
        if shown is not None:
            self.ways["whole"] += 1
            coming = backend.paint_whole(snapshot, context, 0.0, there, there)
            assert coming is not None
        else:
            self.ways["in steps"] += 1
            entered = compositor.preprocess(image, snapshot, there)
            made = backend.paint(entered, snapshot, context)
            if made is None:
                return None
            shown = made.context
            coming = compositor.postprocess(
                made.picture, shown.dry, snapshot, 0.0, there, shown.mask
            )
        self.shown.append(shown.number)
        picture = coming.result()
        while backend.model.capturing:  # type: ignore[attr-defined]
            time.sleep(0.001)
        return picture


def turn(played: Played, number: int, steps: int) -> None:
    """What is turned while it plays: a negative prompt comes and goes, guidance goes across 1."""
    play(played.store, number)
    wave = np.sin(number / 3)
    values = {
        "steps": steps,
        "strength": 0.55 + 0.4 * wave,
        "guidance": max(1.0, 1.3 + wave),
        "delta": 0.8 + 0.2 * wave,
        "prompt/negative": "noise" if number % 9 > 3 else "",
        "noise/hold": 1.0,
    }
    for name, value in values.items():
        played.store.set(name, value, "test")


LONG = [
    pytest.param(200, kind, marks=(pytest.mark.long, pytest.mark.timeout(400)))
    for kind in ("epsilon", "v_prediction", "sample")
]


@pytest.mark.parametrize(
    ("frames", "prediction"),
    [(11, "v_prediction"), *LONG],
)
def test_replayed_it_is_what_its_parts_are_bit_for_bit(
    parts: Path, on_card: None, frames: int, prediction: str
) -> None:
    """With several steps, which change while it plays."""
    recorder, long = Recorder(), frames > 100
    led = {"controlnet": str(parts / "controlnet")} if prediction == "epsilon" else {}
    ways = [Stepped(captured_by(load(parts, "lcm", **led), way)) for way in (None, recorder)]
    pictures: list[list[np.ndarray | None]] = []
    for way in ways:
        model = way.backend.model
        assert isinstance(model, Model)
        model.prediction = way.backend._stream.prediction = prediction
        made = []
        for number in range(frames):
            turn(way, number, (1, 2, 4, 3)[number // 50] if long else 2 + number // 7)
            with model.made_ready():  # at once, and not beside the picture
                made.append(way.next(number, flow=number > 100))
        pictures.append(made)
    assert differing(*pictures) == []
    assert ways[0].shown == ways[1].shown
    assert ways[1].ways["whole"] > 0.5 * frames
    replays = sum(graph.replays for graph in recorder.recorded)
    assert replays > (0.5 * frames if long else 2)


@pytest.mark.parametrize("memory", [pytest.param(0.0, marks=pytest.mark.long), 0.7])
def test_it_paints_what_the_stream_batch_paints(parts: Path, on_card: None, memory: float) -> None:
    """Of the same frames, in the same order, with their own conditions."""
    whole, steps = (
        Stepped(load(parts, "lcm"), way, memory__amount=memory) for way in (True, False)
    )
    for number in range(18):
        count = (2, 3, 1, 4)[number // 5 % 4]
        made = []
        for one in (whole, steps):
            turn(one, number, count)
            one.store.set("picture/sharpen", 0.0, "test")  # it lifts what rounding does
            one.store.set("feedback/amount", 0.3, "test")
            made.append(one.next(number))
        first, second = made
        assert (first is None) == (second is None)
        if first is not None and second is not None:
            apart = np.abs(first.astype(int) - second)
            assert apart.max() <= 3, number
            assert apart.mean() < 0.02
    assert whole.shown == steps.shown
    assert whole.ways["whole"] > 8
    assert not steps.ways["whole"]


def test_faint_pictures_of_several_steps_go_by_parts(parts: Path, on_card: None) -> None:
    """Their input shows through once they arrive, so it is kept."""
    played = Stepped(load(parts, "lcm"), steps=2, strength=0.5)
    way = []
    for number in range(8):
        played.store.set("strength", 0.02 if number == 4 else 0.5, "test")
        before = played.ways["whole"]
        played.next(number * 30)
        way.append(played.ways["whole"] > before)
    assert way == [False, True, True, True, False, False, True, True]
