"""Several steps and a negative prompt on a card: as one CUDA graph for each number of rows a whole
frame is what its parts are, and nothing in it waits for the host."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.diffusion.adapter_parts import load
from tests.diffusion.conftest import parts
from tests.diffusion.test_whole_frame_steps import Stepped, turn
from tests.diffusion.whole_frames import differing
from vj.diffusion.model import Model

__all__ = ["parts"]


@pytest.mark.parametrize("family", ["lcm", "turbo", "sdxl"])
@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_as_one_graph_it_is_the_same_bit_for_bit(parts: Path, family: str, memory: float) -> None:
    pictures: dict[bool, list[np.ndarray | None]] = {False: [], True: []}
    for graphs, made in pictures.items():
        model = load(parts, family, device="cuda", dtype="float16")
        played = Stepped(model, memory__amount=memory)
        model.play_as_graphs(graphs)
        for number in range(100):
            turn(played, number, (1, 2, 4, 3)[number // 25 % 4])
            with model.made_ready():
                picture = played.next(number, flow=number % 10 > 5)
            made.append(None if picture is None else np.array(picture))
        assert played.ways["whole"] > 80
        assert model.graphs > 0 or not graphs
        played.backend.close()
    assert differing(*pictures.values()) == []


@pytest.mark.parametrize("negative", ["", "noise"])
def test_warmed_its_graphs_are_there(parts: Path, negative: str) -> None:
    """For the steps, the guidance, the negative prompt and the mask that a show starts with."""
    model = load(parts, "turbo", device="cuda", dtype="float16")
    assert isinstance(model, Model)
    played = Stepped(model, steps=2, guidance=1.5)
    played.store.set("prompt/negative", negative, "test")
    played.store.set("mask/mode", "luma", "test")
    played.backend.warm(played.store.sample(10))
    whole = played.backend._whole
    assert whole is not None
    assert whole._part is not None
    before = whole._part.graphs
    assert before >= 2
    for number in range(300, 320):
        played.next(number, flow=True)
    assert whole._part.graphs == before
    torch.cuda.synchronize()
    played.backend.close()
