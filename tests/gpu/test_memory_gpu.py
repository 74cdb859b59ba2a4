"""A memory of earlier frames on a card: as one CUDA graph it is what its parts are, nothing in it
waits for the host, and it takes no more with time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tests.diffusion.adapter_parts import load
from tests.diffusion.conftest import parts
from tests.diffusion.remembered_frames import Remembering
from tests.diffusion.test_memory_graphs import MEMORY, turn
from tests.diffusion.whole_frames import Played, differing
from vj.diffusion.attention_need import attention_need
from vj.diffusion.model_spec import ModelSpec

__all__ = ["parts"]


@pytest.mark.parametrize("family", ["lcm", "turbo", "sdxl"])
def test_as_one_graph_it_is_the_same_bit_for_bit(parts: Path, family: str) -> None:
    pictures: dict[bool, list[np.ndarray]] = {False: [], True: []}
    for graphs, made in pictures.items():
        model = load(parts, family, device="cuda", dtype="float16")
        played = Played(model)
        model.play_as_graphs(graphs)
        for number in range(80):
            turn(played, number)
            picture = played.frame(number)
            assert picture is not None
            made.append(np.array(picture))
        assert model.graphs > 0 or not graphs
        played.backend.close()
    assert differing(*pictures.values()) == []


def test_nothing_in_it_waits_for_the_host(parts: Path) -> None:
    model = load(parts, "turbo", device="cuda", dtype="float16")
    played = Played(model, **{name.replace("/", "__"): value for name, value in MEMORY.items()})
    played.backend.warm(played.store.sample(0))
    for number in range(4):
        played.frame(number, flow=True)
    torch.cuda.set_sync_debug_mode("error")
    try:
        coming = [played.begin(number, flow=True) for number in range(4, 12)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert all(one.result() is not None for one in coming)
    played.backend.close()


def test_it_takes_what_is_told_and_no_more_with_time(parts: Path) -> None:
    model = load(parts, "lcm", device="cuda", dtype="float16")
    played = Remembering(model, memory__amount=1.0, memory__frames=4, steps=2)
    played.frames(range(60))
    memory = played.backend.memory
    assert memory is not None
    spec = ModelSpec(str(parts / "lcm"), dtype="float16")
    assert memory.bytes == attention_need(spec, played.backend.compositor.size, 4, 2)
    torch.cuda.synchronize()
    took = torch.cuda.memory_allocated()
    played.frames([number % 9 for number in range(300)])
    torch.cuda.synchronize()
    assert torch.cuda.memory_allocated() <= took + 100_000
    played.backend.rest()
    assert torch.cuda.memory_allocated() < took
    played.backend.close()
