"""A model fades in on a card as it does on the host."""

from __future__ import annotations

import numpy as np
import torch

from vj.parameters.store import Store
from vj.pipeline.model_fade import ModelFade


def test_the_card_fades_as_the_host_does() -> None:
    rng = np.random.default_rng(3)
    last = rng.random((48, 64, 3), np.float32)
    flow = np.zeros((12, 16, 3), np.float32)
    flow[..., 0], flow[..., 2] = 1.5, 1.0
    snapshot = Store({"crossfade": 2}).sample(0.0)
    picture = torch.zeros((1, 3, 48, 64))
    host, card = ModelFade(last), ModelFade(last)
    assert host.share(snapshot) == card.share(snapshot) == 1.0
    for share in (1.0, 0.5):
        truth = host.over(picture, share, flow)
        found = card.over(picture.cuda(), share, flow)
        assert isinstance(truth, torch.Tensor)
        assert isinstance(found, torch.Tensor)
        assert found.device.type == "cuda"
        inner = (slice(None), slice(None), slice(4, -4), slice(4, -4))
        assert float((found.cpu() - truth)[inner].abs().max()) < 0.03
