"""FSR on a card is FSR in NumPy."""

from __future__ import annotations

import numpy as np
import torch

from vj.engine.enlarge import Fsr
from vj.frame import Size
from vj.kernels import numpy_upscale
from vj.kernels.cupy_upscale import UpscaleKernels


def test_the_card_enlarges_as_numpy_does() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (72, 128, 3)).astype(np.uint8)
    kernels = UpscaleKernels(72, 128, 200, 300)
    truth = (numpy_upscale.easu(picture, 200, 300) * 255 + 0.5).astype(np.uint8)
    plain = kernels.upscale(torch.from_numpy(picture).cuda(), 0.0).cpu().numpy()
    assert np.abs(plain.astype(int) - truth).max() <= 2
    sharp = kernels.upscale(torch.from_numpy(picture).cuda(), 0.7).cpu().numpy()
    assert np.abs(sharp.astype(int) - numpy_upscale.rcas(plain, 0.7) * 255).max() <= 2


def test_the_enlarger_takes_pictures_and_gives_pictures() -> None:
    fsr = Fsr(Size(128, 72), Size(256, 144), "cuda")
    shown = [fsr.enlarge(np.full((72, 128, 3), value, np.uint8)) for value in (10, 200)]
    assert [int(picture.mean()) for picture in shown] == [10, 200]
    assert shown[0].shape == (144, 256, 3)
