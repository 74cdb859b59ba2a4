"""The compositor on a card beside the one on the host."""

from __future__ import annotations

import numpy as np
import torch

from vj.core.frame import Size
from vj.parameters.store import Store
from vj.pipeline.compositor import HostCompositor
from vj.pipeline.cuda_compositor import CudaCompositor

SIZE = Size(96, 64)


def test_a_compositor_on_a_card_does_what_the_one_on_the_host_does() -> None:
    card, host = CudaCompositor(SIZE, torch.device("cuda"), torch.float32), HostCompositor(SIZE)
    store = Store(
        {
            "feedback/amount": 0.4,
            "feedback/zoom": 1.03,
            "mix/wet": 0.8,
            "picture/hue": 30,
            "picture/sharpen": 0.3,
        }
    )
    rng = np.random.default_rng(1)
    for frame in range(6):
        snapshot = store.sample(frame / 25)
        image = rng.integers(0, 256, (64, 96, 3), np.uint8)
        flow = (
            None
            if frame % 2
            else rng.uniform((-3, -3, 0), (3, 3, 1), (32, 48, 3)).astype(np.float32)
        )
        ours, theirs = (
            card.preprocess(image, snapshot, flow),
            torch.as_tensor(host.preprocess(image, snapshot, flow)),
        )
        assert (ours.cpu() - theirs).abs().max() < 2 / 127
        seen = (
            card.postprocess(ours, image, snapshot, 0.0, flow).result(),
            host.postprocess(theirs, image, snapshot, 0.0, flow).result(),
        )
        assert seen[0] is not None
        assert seen[1] is not None
        assert np.abs(seen[0].astype(int) - seen[1]).max() <= 3


def test_nan_on_the_card_is_kept_out() -> None:
    card = CudaCompositor(SIZE, torch.device("cuda"), torch.float16)
    snapshot = Store({"blend/smoothing": 0.5}).sample(0)
    image = np.full((64, 96, 3), 100, np.uint8)
    good = torch.full((1, 3, 64, 96), 0.5, device="cuda", dtype=torch.float16)
    bad = good.clone()
    bad[0, 0, 5, 5] = torch.nan
    assert card.postprocess(bad, image, snapshot).result() is None
    assert card.last() is None
    first = card.postprocess(good, image, snapshot).result()
    assert card.postprocess(bad, image, snapshot).result() is None
    held = card.recomposite(image, snapshot)
    assert first is not None
    assert held is not None
    assert np.abs(first.astype(int) - held).max() <= 1
