"""The built-in network on a card: what it paints there is what it paints on a CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vj.core.frame import Size
from vj.diffusion.graphs import GraphedPart
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.diffusion.pocket_model import load_pocket
from vj.parameters.store import Store
from vj.pipeline.backend import GeneratedImage
from vj.pipeline.frame_context import FrameContext
from vj.pocket import FILE, WEIGHTS
from vj.pocket.training.pictures import draw_pictures


def painted(device: str, dtype: torch.dtype, picture: np.ndarray) -> np.ndarray:
    size = Size(picture.shape[1], picture.shape[0])
    model = load_pocket(ModelSpec("pocket"), WEIGHTS / FILE, torch.device(device), dtype)
    backend = PocketBackend(model, size, wait=True)
    store = Store({"prompt/a": "ink, molten gold", "strength": 0.7})
    entered = torch.from_numpy(picture).permute(2, 0, 1)[None].to(device).float() / 127.5 - 1
    generated: GeneratedImage | None = None
    for number in range(3):
        generated = backend.paint(
            entered, store.sample(number / 30), FrameContext.black(backend.compositor.size)
        )
    assert generated is not None
    assert isinstance(generated.picture, torch.Tensor)
    if model.graph is not None:
        assert model.graph.graphs == 1, "the network is a graph"
        assert isinstance(model.coloured, GraphedPart)
        assert model.coloured.graphs == 1, "and so are the colours"
    backend.close()
    return generated.picture[0].float().cpu().numpy()


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_card_paints_what_a_cpu_paints(dtype: torch.dtype) -> None:
    picture = draw_pictures(1, 5, 256)[0]
    here, there = painted("cpu", torch.float32, picture), painted("cuda", dtype, picture)
    assert np.abs(here - there).mean() < 0.02
    assert np.corrcoef(here.ravel(), there.ravel())[0, 1] > 0.99
