"""A performer's own translator on a card: what it paints there is what it paints on a CPU."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.diffusion.translators import card_of, network_of
from vj.core.frame import Size
from vj.diffusion.translator_backend import TranslatorBackend
from vj.diffusion.translator_model import TranslatorModel
from vj.parameters.store import Store
from vj.pipeline.frame_context import FrameContext
from vj.sources.testcard import DancerScene

SIZE = Size(240, 176)


def painted(kind: str, device: str, dtype: torch.dtype, strength: float) -> np.ndarray:
    """The third of three frames, (3, H, W), about -1..1."""
    model = TranslatorModel("kiss", network_of(kind), card_of(kind), torch.device(device))
    model.to(dtype)
    backend = TranslatorBackend(model, SIZE, wait=True)
    store, scene = Store({"strength": strength}), DancerScene(SIZE, 30)
    for number in range(3):
        picture = scene.draw(5 * number)
        entered = torch.from_numpy(picture).permute(2, 0, 1)[None].to(device).float() / 127.5 - 1
        context = FrameContext(picture, number, number / 30, picture)
        made = backend.paint(entered, store.sample(number / 30), context)
    assert made is not None
    assert isinstance(made.picture, torch.Tensor)
    assert made.picture.device.type == device
    backend.close()
    return made.picture[0].float().cpu().numpy()


@pytest.mark.parametrize("kind", ["lines", "small", "next"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_card_paints_what_a_cpu_paints(kind: str, dtype: torch.dtype) -> None:
    for strength in (1.0, 0.6, 0.1):
        here = painted(kind, "cpu", torch.float32, strength)
        there = painted(kind, "cuda", dtype, strength)
        assert np.abs(here - there).mean() < 0.03
        assert np.corrcoef(here.ravel(), there.ravel())[0, 1] > 0.99
