"""`speed: compile` on a card: the same picture but for rounding, and quicker or not it plays on."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests.diffusion.adapter_parts import load
from tests.diffusion.conftest import parts
from tests.diffusion.whole_frames import Played
from vj.diffusion.speed import missing

__all__ = ["parts"]


@pytest.mark.parametrize("asked", ["eager", "compile", "tensorrt"])
def test_every_speed_paints_what_a_graph_paints(parts: Path, asked: str) -> None:
    if missing(asked):
        pytest.skip(missing(asked))
    pictures = []
    for speed in ("graph", asked):
        said: list[str] = []
        model = load(parts, "turbo", device="cuda", dtype="float16", speed=speed)
        model.log = said.append
        played = Played(model)
        played.backend.warm(played.store.sample(0))
        pictures.append([played.frame(number, flow=number > 3) for number in range(8)])
        assert not [text for text in said if "as it is" in text], said
        assert (model.graphs == 0) == (speed == "eager")
        assert (speed in model.describe()) == (speed in ("compile", "tensorrt"))
        played.backend.close()
    for one, two in zip(*pictures, strict=True):
        assert one is not None
        assert two is not None
        assert np.abs(one.astype(int) - two).max() <= 4
