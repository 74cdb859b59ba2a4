"""How frames of any size become the painted size."""

from __future__ import annotations

import numpy as np

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.parameters.store import Store
from vj.pipeline.frame_pipeline import FramePipeline


def test_what_is_cut_off_is_said_once_however_often_sources_change() -> None:
    said: list[str] = []
    pipeline = FramePipeline(Size(64, 64), "crop", Metrics(), said.append)
    snapshot = Store().sample(0.0)
    for number in range(12):
        width = (96, 64, 128)[number % 3]
        frame = Frame(np.zeros((64, width, 3), np.uint8), number, 0.0)
        assert pipeline.process(frame, snapshot).picture.shape == (64, 64, 3)
    assert [line.split(",")[0] for line in said] == ["the input is 96x64", "the input is 128x64"]
