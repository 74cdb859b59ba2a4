"""Tests that need an NVIDIA card. Elsewhere they skip themselves and say so."""

from __future__ import annotations

import pytest
import torch


@pytest.fixture(scope="session", autouse=True)
def cuda() -> torch.device:
    if not torch.cuda.is_available():
        pytest.skip("no CUDA device: run on a machine with an NVIDIA card")
    return torch.device("cuda", torch.cuda.current_device())
