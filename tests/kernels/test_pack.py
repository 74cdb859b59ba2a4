"""The byte orders in which pictures leave: NumPy's truth, the kernels' text through the C compiler,
and the host's code over a stand-in for CuPy."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from tests.kernels.kernels_as_c import Compiled, stand_in_for_cupy
from vj.kernels import numpy_pack
from vj.kernels.cupy_pack import PackKernels
from vj.kernels.pack_body import C_SOURCE, CUDA_SOURCE


@pytest.fixture
def kernels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PackKernels:
    stand_in_for_cupy(monkeypatch, Compiled(tmp_path, C_SOURCE), CUDA_SOURCE, torch.float32)
    return PackKernels("cpu")


def noise(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)


def every_corner() -> np.ndarray:
    """All mixtures of eight levels of each channel, next to each other in another order."""
    levels = np.linspace(0, 255, 8).astype(np.uint8)
    mixed = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    return np.stack([mixed, np.random.default_rng(1).permutation(mixed)], axis=1)


@pytest.mark.parametrize("shape", [(1, 1), (7, 33), (40, 64), (9, 130)])
def test_bgrx_is_what_the_host_would_have_made(
    kernels: PackKernels, shape: tuple[int, int]
) -> None:
    picture = noise(*shape)
    wanted = cv2.cvtColor(picture, cv2.COLOR_RGB2BGRA)
    assert np.array_equal(numpy_pack.bgrx(picture), wanted)
    assert np.array_equal(kernels.bgrx(torch.from_numpy(picture)).numpy(), wanted)


@pytest.mark.parametrize("picture", [noise(7, 34), noise(40, 64), every_corner()])
def test_uyvy_is_numpys_to_the_bit_and_stays_in_its_range(
    kernels: PackKernels, picture: np.ndarray
) -> None:
    wanted = numpy_pack.uyvy(picture)
    assert np.array_equal(kernels.uyvy(torch.from_numpy(picture)).numpy(), wanted)
    assert 16 <= wanted[..., 1].min() <= wanted[..., 1].max() <= 235
    assert 16 <= wanted[..., 0].min() <= wanted[..., 0].max() <= 240


def back(packed: np.ndarray) -> np.ndarray:
    """UYVY as RGB 0..255, float, by the standard's own formulas (ITU-R BT.709-6, 3)."""
    y = (packed[..., 1].astype(float) - 16) / 219
    u, v = ((packed[:, at::2, 0].astype(float) - 128).repeat(2, axis=1) / 224 for at in (0, 1))
    red, blue = y + 1.5748 * v, y + 1.8556 * u
    green = (y - 0.2126 * red - 0.0722 * blue) / 0.7152
    return np.stack([red, green, blue], axis=-1) * 255


def test_colours_come_back_by_bt709_and_grey_is_exact() -> None:
    pairs = noise(30, 20).repeat(2, axis=1)  # nothing is lost where both pixels are alike
    assert np.abs(back(numpy_pack.uyvy(pairs)) - pairs).max() < 2.2
    grey = np.arange(256, dtype=np.uint8)[:, None, None].repeat(2, 1).repeat(3, 2)
    packed = numpy_pack.uyvy(grey)
    assert (packed[..., 0] == 128).all()
    assert packed[[0, 255], 0, 1].tolist() == [16, 235]


def test_what_does_not_fit_is_refused(kernels: PackKernels) -> None:
    for pack in (numpy_pack.uyvy, lambda picture: kernels.uyvy(torch.from_numpy(picture))):
        with pytest.raises(ValueError, match="width: 33 came, an even one would be right"):
            pack(noise(4, 33))
    with pytest.raises(ValueError, match=r"picture: \(4, 8, 3\) torch.float32"):
        kernels.bgrx(torch.zeros(4, 8, 3))


def test_a_size_keeps_its_place(kernels: PackKernels) -> None:
    one, two = (kernels.bgrx(torch.from_numpy(noise(8, 8))) for _ in range(2))
    assert one.data_ptr() == two.data_ptr()
    for side in range(2, 40, 2):
        kernels.bgrx(torch.from_numpy(noise(side, side)))
    assert len(kernels._places) <= 4
