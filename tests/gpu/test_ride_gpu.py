"""Noise that rides on a card is NumPy's, and nothing waits for it."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tests.kernels.test_ride import DETAIL, GRAIN, NOISE, REACH, RIDES, TURNS, H, W, far
from vj.kernels.cupy_ride import RideKernels
from vj.kernels.numpy_ride import ridden_cells, ridden_grain, ridden_plane


@pytest.mark.parametrize("amount", [1.0, 0.4])
@pytest.mark.parametrize("kind", list(RIDES))
def test_a_card_has_what_numpy_has(cuda: torch.device, kind: str, amount: float) -> None:
    pytest.importorskip("cupy", reason="no cupy: python3 launch.py installs it")
    kernels, ride = RideKernels(cuda), RIDES[kind]
    given = (torch.from_numpy(one).to(cuda) for one in (GRAIN, NOISE, DETAIL))
    grain, noise, detail = given
    plane = GRAIN[::2, ::2].copy()
    smooth = torch.from_numpy(plane).to(cuda)
    torch.cuda.synchronize()
    torch.cuda.set_sync_debug_mode("error")
    try:
        ridden = kernels.grain(grain, REACH, ride, amount)
        cells = kernels.cells(noise, detail, TURNS, ride, amount)
        moved = kernels.plane(smooth, (H, W), ride, amount)
    finally:
        torch.cuda.set_sync_debug_mode("default")
    assert far(ridden.cpu().numpy(), ridden_grain(GRAIN, REACH, ride, amount)) < 0.01
    assert far(cells.cpu().numpy(), ridden_cells(NOISE, DETAIL, TURNS, ride, amount)) < 0.05
    assert np.abs(moved.cpu().numpy() - ridden_plane(plane, (H, W), ride, amount)).max() < 0.01
