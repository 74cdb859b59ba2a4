"""The texture field's kernels without a GPU: the host code over a CuPy that runs them as C."""

from __future__ import annotations

import sys
from typing import Any

import cv2
import numpy as np
import pytest
import torch

from tests.kernels.kernels_as_c import OPTIONS, Compiled, stand_in_for_cupy
from vj.core.errors import Unavailable
from vj.core.frame import Size
from vj.kernels import numpy_field, ride_body
from vj.kernels.cupy_field import FieldKernels, FollowKernels
from vj.kernels.cv_field import FieldMaker
from vj.kernels.field_body import C_SOURCE, CUDA_SOURCE
from vj.kernels.numpy_ride import Ride
from vj.sources.testcard import DancerScene

LUMA = torch.tensor((0.299, 0.587, 0.114))


@pytest.fixture(scope="module", params=list(OPTIONS), ids=["float", "half", "bfloat"])
def compiled(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> tuple[torch.dtype, Compiled]:
    folder = tmp_path_factory.mktemp("field")
    return request.param, Compiled(folder, C_SOURCE, *OPTIONS[request.param])


@pytest.fixture(scope="module")
def riding(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled(tmp_path_factory.mktemp("riding"), ride_body.C_SOURCE)


@pytest.fixture
def dtype(
    compiled: tuple[torch.dtype, Compiled], riding: Compiled, monkeypatch: pytest.MonkeyPatch
) -> torch.dtype:
    """With CuPy stood in for, and torch's part of CUDA left out."""
    dtype, functions = compiled
    others = {"riding": (ride_body.CUDA_SOURCE, riding)}
    stand_in_for_cupy(monkeypatch, functions, CUDA_SOURCE, dtype, **others)
    return dtype


def entered(
    height: int, width: int, number: int, dtype: torch.dtype
) -> tuple[torch.Tensor, np.ndarray]:
    """A drawn picture as the model gets it, (1, 3, H, W) -1..1, and its luma, 0..1."""
    picture = cv2.resize(DancerScene(Size(width, height), 30).draw(number), (width, height))
    model = (torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 127.5 - 1).to(dtype)
    return model, ((model[0].float() * LUMA[:, None, None]).sum(0) * 0.5 + 0.5).numpy()


def alike(one: Any, two: Any) -> float:
    return float(np.corrcoef(np.ravel(one), np.ravel(two))[0, 1])


@pytest.mark.parametrize(
    ("height", "width", "unit"), [(96, 160, None), (64, 64, 1.0), (75, 91, 1.3)]
)
def test_the_kernels_make_numpys_field(
    dtype: torch.dtype, height: int, width: int, unit: float | None
) -> None:
    """Four frames: the noise kept, then another; strokes of two sizes; the swirl turned."""
    kernels = FieldKernels(height, width, "cpu", unit, dtype)
    whites = [
        np.random.default_rng(seed).standard_normal((height, width)).astype(np.float32)
        for seed in range(2)
    ]
    there = [torch.from_numpy(white) for white in whites]
    for turn, (which, size) in enumerate([(0, 1.0), (0, 2.0), (1, 2.0), (1, 0.5)]):
        model, luma = entered(height, width, 10 * turn, dtype)
        truth = numpy_field.make_field(luma, whites[which], size, 0.7 * turn, unit)
        made = kernels.make(
            model.contiguous(memory_format=torch.channels_last), there[which], size, 0.7 * turn
        )
        assert all(
            tensor.shape == (1, 1, height, width) and tensor.dtype == dtype for tensor in made
        )
        texture, along_x, along_y = (tensor[0, 0].float().numpy() for tensor in made)
        assert alike(texture, truth.texture) > 0.9999
        close = 1e-4 if dtype == torch.float32 else 2e-3
        assert np.abs(along_x - truth.along_x).max() < close
        assert np.abs(along_y - truth.along_y).max() < close
        assert abs(texture.std() - 1) < 2e-3
        assert abs(texture.mean()) < 2e-3


def test_noise_and_swirl_ride_as_on_a_cpu(dtype: torch.dtype) -> None:
    """There and back: what does not ride is what it was."""
    kernels = FieldKernels(64, 96, "cpu", None, dtype)
    maker = FieldMaker(64, 96)
    white = np.random.default_rng(2).standard_normal((64, 96)).astype(np.float32)
    there = torch.from_numpy(white)
    model, luma = entered(64, 96, 7, dtype)
    ways = np.full((2, 16, 24, 2), 9.3, np.float32)
    ways[1] *= -2
    ride = Ride(ways, np.zeros((2, 16, 24), np.uint8), (0.8, 0.6))
    found = []
    for amount in (0.0, 0.7, 1.0, 0.0):
        truth = maker.make(luma, white, 1.0, 0.0, ride, amount)
        made = kernels.make(model, there, 1.0, 0.0, ride, amount)
        found.append(made[0].float().clone())
        assert alike(found[-1], truth.texture) > 0.998
    assert torch.equal(found[0], found[3])
    assert alike(found[0], found[2]) < 0.5


def test_many_channels_follow_as_in_numpy(dtype: torch.dtype) -> None:
    model, luma = entered(192, 256, 3, dtype)
    noise = np.random.default_rng(1).standard_normal((5, 24, 32)).astype(np.float32)
    kernels = FollowKernels(5, 24, 32, "cpu", dtype)
    for size, turn in ((2.0, 0.0), (5.0, 1.0)):
        truth = numpy_field.follow(np.moveaxis(noise, 0, 2), luma, size, turn)
        made = kernels.follow(torch.from_numpy(noise), model, size, turn)
        assert made.shape == noise.shape
        assert alike(made, np.moveaxis(truth, 2, 0)) > 0.9999


def test_a_field_holds_while_the_ring_goes_round(dtype: torch.dtype) -> None:
    kernels = FieldKernels(32, 48, "cpu", None, dtype)
    white = torch.randn((32, 48), generator=torch.Generator().manual_seed(0))
    made = [kernels.make(entered(32, 48, 20 * turn, dtype)[0], white) for turn in range(4)]
    kept = [texture.clone() for texture, _, _ in made]
    assert all(torch.equal(texture, was) for (texture, _, _), was in zip(made, kept, strict=True))
    assert len({texture.data_ptr() for texture, _, _ in made}) == 4
    again = kernels.make(entered(32, 48, 0, dtype)[0], white)
    assert torch.equal(again[0], kept[0]), "the same inputs, the same bytes"


def test_what_does_not_fit_is_refused(dtype: torch.dtype) -> None:
    kernels = FieldKernels(32, 48, "cpu", None, dtype)
    white, picture = torch.zeros((32, 48)), torch.zeros((1, 3, 32, 48), dtype=dtype)
    with pytest.raises(
        ValueError, match=r"picture: \(1, 3, 48, 32\) came, \(1, 3, 32, 48\) would be right"
    ):
        kernels.make(picture.reshape(1, 3, 48, 32), white)
    with pytest.raises(ValueError, match=r"white: \(48, 32\) .* came, contiguous \(32, 48\)"):
        kernels.make(picture, white.reshape(48, 32))
    with pytest.raises(ValueError, match=r"picture: .* torch.float64 came"):
        kernels.make(picture.double(), white)
    with pytest.raises(ValueError, match=r"noise: \(3, 4, 4\) .* came"):
        FollowKernels(4, 4, 4, "cpu", dtype).follow(torch.zeros((3, 4, 4)), picture)
    with pytest.raises(ValueError, match=r"dtype: torch.float64 came"):
        FieldKernels(32, 48, "cpu", None, torch.float64)


def test_without_cupy_the_answer_is_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(Unavailable, match=r"pip install cupy-cuda\d+x==14\.2\.0"):
        FieldKernels(32, 48)
