"""FSR on a card is FSR in NumPy."""

from __future__ import annotations

import numpy as np
import torch

from vj.core.frame import Size
from vj.kernels import numpy_guided, numpy_upscale
from vj.kernels.cupy_guided import GuidedKernels
from vj.kernels.cupy_upscale import UpscaleKernels
from vj.pipeline.card_upscale import FsrUpscaler


def test_the_card_upscales_as_numpy_does() -> None:
    rng = np.random.default_rng(1)
    picture = rng.integers(0, 256, (72, 128, 3)).astype(np.uint8)
    kernels = UpscaleKernels(72, 128, 200, 300)
    truth = (numpy_upscale.easu(picture, 200, 300) * 255 + 0.5).astype(np.uint8)
    plain = kernels.upscale(torch.from_numpy(picture).cuda(), 0.0).cpu().numpy()
    assert np.abs(plain.astype(int) - truth).max() <= 2
    sharp = kernels.upscale(torch.from_numpy(picture).cuda(), 0.7).cpu().numpy()
    assert np.abs(sharp.astype(int) - numpy_upscale.rcas(plain, 0.7) * 255).max() <= 2


def test_the_upscaler_takes_pictures_and_gives_pictures() -> None:
    fsr = FsrUpscaler(Size(128, 72), Size(256, 144), "cuda")
    shown = [fsr.upscale(np.full((72, 128, 3), value, np.uint8)) for value in (10, 200)]
    assert [int(picture.mean()) for picture in shown] == [10, 200]
    assert shown[0].shape == (144, 256, 3)


def test_the_card_follows_a_guide_as_numpy_does() -> None:
    rng = np.random.default_rng(2)
    picture, large = (
        rng.integers(0, 256, shape).astype(np.uint8) for shape in ((72, 128, 3), (200, 300))
    )
    guide, mask = numpy_guided.luma(picture), rng.integers(0, 256, (72, 128)).astype(np.uint8)
    upscaled = (numpy_upscale.easu(picture, 200, 300) * 255 + 0.5).astype(np.uint8)
    kernels = GuidedKernels(72, 128, 200, 300)
    for strength, shown in ((0.0, None), (0.45, mask), (1.0, None)):
        arrays = [torch.from_numpy(a).cuda() for a in (picture, guide, large, upscaled)]
        out = (
            kernels.guide(
                *arrays, strength, None if shown is None else torch.from_numpy(shown).cuda()
            )
            .cpu()
            .numpy()
        )
        truth = numpy_guided.guided(picture, guide, large, strength, shown, upscaled)
        assert np.abs(out.astype(int) - truth).max() <= 2
