"""How pictures leave a real card: packed as NumPy packs, larger as the host's way makes them, and
memory that is not used again before it is let go."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from vj.core.frame import Size
from vj.core.packed import Order, Packed, Packing, rgb_of
from vj.kernels import numpy_pack
from vj.kernels.cupy_pack import PackKernels
from vj.pipeline.card_transfer import OnItsWay
from vj.pipeline.card_upscale import FsrOnCard, FsrUpscaler
from vj.pipeline.coming import WayOut

CARD = torch.device("cuda", 0)
PAINTED, SENT = Size(128, 72), Size(640, 360)
PACK = {"BGRX": numpy_pack.bgrx, "UYVY": numpy_pack.uyvy}


def noise(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (72, 128, 3), np.uint8)


@pytest.mark.parametrize("order", ["BGRX", "UYVY"])
def test_many_pictures_at_once_are_each_what_the_host_makes_of_them(order: Order) -> None:
    """They are begun one after the other before the first has come, and all are held."""
    fsr, pack = FsrOnCard(PAINTED, SENT, CARD), PackKernels(CARD)
    host = FsrUpscaler(PAINTED, SENT, "cuda")
    way = WayOut(fsr, None, Packing(order))
    coming = [
        OnItsWay(
            torch.from_numpy(noise(number)).to(CARD),
            torch.zeros(3, device=CARD),
            lambda mean, deviation, bad: True,
            way,
            pack.packed,
        )
        for number in range(12)
    ]
    came = [one.arrived() for one in coming]
    for number, arrived in enumerate(came):
        assert arrived is not None
        assert isinstance(arrived.sent, Packed)
        assert np.array_equal(rgb_of(arrived.picture), noise(number))
        large = rgb_of(host.upscale(noise(number)))
        assert np.array_equal(arrived.sent.data, PACK[order](large))
