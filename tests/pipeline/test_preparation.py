"""How frames of any size become the painted size."""

from __future__ import annotations

import numpy as np
import pytest

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.input_view import NEUTRAL, View, viewed
from vj.pipeline.preprocess import Fit


def test_what_is_cut_off_is_said_once_however_often_sources_change() -> None:
    said: list[str] = []
    pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), said.append)
    snapshot = Store().sample(0.0)
    for number in range(12):
        width = (96, 64, 128)[number % 3]
        frame = Frame(np.zeros((64, width, 3), np.uint8), number, 0.0)
        assert pipeline.process(frame, snapshot).picture.shape == (64, 64, 3)
    assert [line.split(",")[0] for line in said] == ["the input is 96x64", "the input is 128x64"]


def test_a_picture_that_stands_is_made_small_once(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[View] = []

    def counted(pixels: np.ndarray, size: Size, fit: Fit, view: View = NEUTRAL) -> np.ndarray:
        made.append(view)
        return viewed(pixels, size, fit, view)

    monkeypatch.setattr("vj.pipeline.preparation.viewed", counted)
    pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), lambda text: None)
    store = Store()
    photograph = np.random.default_rng(3).integers(0, 255, (480, 640, 3), dtype=np.uint8)
    store.set("feedback/amount", 0.0, "test")
    store.set("blend/smoothing", 0.0, "test")
    pictures = [
        pipeline.process(Frame(photograph, number, number / 30), store.sample(number / 30)).picture
        for number in range(4)
    ]
    assert len(made) == 1
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)
    store.set("input/zoom", 2.0, "test")
    zoomed = pipeline.process(Frame(photograph, 4, 1.0), store.sample(1.0)).picture
    assert len(made) == 2
    assert not np.array_equal(zoomed, pictures[0])
    pipeline.process(Frame(photograph.copy(), 5, 2.0), store.sample(2.0))
    assert len(made) == 3
