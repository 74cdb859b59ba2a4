"""Noise that rides: OpenCV and the card's kernels compute what NumPy does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from tests.kernels.kernels_as_c import Compiled, stand_in_for_cupy
from vj.kernels import ride_body
from vj.kernels.cupy_ride import RideKernels
from vj.kernels.cv_ride import Rider, fine_noise
from vj.kernels.numpy_ride import (
    Ride,
    detail_of,
    ridden_cells,
    ridden_pixels,
    ridden_plane,
    torn_of,
)

H, W, SIDE, PLANES = 64, 96, 8, 6
WHITE = np.random.default_rng(3).standard_normal((H, W)).astype(np.float32)
DETAIL = detail_of(WHITE, SIDE)
NOISE = np.random.default_rng(4).standard_normal((PLANES, H // SIDE, W // SIDE)).astype(np.float32)
TURNS = np.array([[0, 0], [8, 16], [24, 40], [16, 80], [56, 8], [32, 32]], np.int32)
PLACES = np.stack(
    np.meshgrid(np.arange(W // 4, dtype=np.float32), np.arange(H // 4, dtype=np.float32)), -1
)


def ways(kind: str) -> np.ndarray:
    """(2, h, w, 2)."""
    first, second = np.zeros((2, *PLACES.shape), np.float32)
    if kind == "zoomed":
        first = (PLACES - [12, 8]) * np.float32(-1.3)
        second = (PLACES - [12, 8]) * np.float32(0.6)
    if kind == "torn":
        first[4:10, 5:15] = (-17.3, 200.6)
        second[...] = (3.37, -1.25)
        second[:, 12:] = 0
    if kind == "wild":
        first = np.random.default_rng(1).normal(0, 2, first.shape).astype(np.float32)
        second = cv2.GaussianBlur(first * 5, (0, 0), 2)
    return np.stack([first, second]).astype(np.float32)


def ride_of(kind: str, *shares: float) -> Ride:
    made = ways(kind)
    return Ride(made, np.stack([torn_of(way) for way in made]), (shares[0], shares[1]))


RIDES = {
    "still": ride_of("still", 0.6, 0.8),
    "one layer": ride_of("torn", 1.0, 0.0),
    "torn": ride_of("torn", 0.8, 0.6),
    "zoomed": ride_of("zoomed", 0.6, 0.8),
    "wild": ride_of("wild", 0.28, 0.96),
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    return Compiled(tmp_path_factory.mktemp("ride"), ride_body.C_SOURCE)


@pytest.fixture
def kernels(compiled: Compiled, monkeypatch: pytest.MonkeyPatch) -> RideKernels:
    """The real host code over a CuPy that runs the C functions."""
    stand_in_for_cupy(monkeypatch, compiled, ride_body.CUDA_SOURCE, torch.float32)
    return RideKernels(torch.device("cpu"))


def far(one: np.ndarray, two: np.ndarray) -> float:
    """The share that differs: where the fourth decimal decides between two pixels."""
    return float((np.abs(one - two) > 1e-3).mean())


@pytest.mark.parametrize("amount", [1.0, 0.4])
@pytest.mark.parametrize("kind", list(RIDES))
def test_pixels_and_cells_as_numpy_has_them(kernels: RideKernels, kind: str, amount: float) -> None:
    ride, rider = RIDES[kind], Rider(H, W)
    pixels = ridden_pixels(WHITE, ride, amount)
    assert far(rider.pixels(WHITE, ride, amount), pixels) < 0.002
    there = kernels.pixels(torch.from_numpy(WHITE), ride, amount).numpy()
    assert far(there, pixels) < 0.002
    cells = ridden_cells(NOISE, DETAIL, TURNS, ride, amount)
    fine = fine_noise(NOISE, DETAIL, TURNS)
    assert far(rider.cells(NOISE, fine, ride, amount), cells) < 0.03
    plane = cv2.GaussianBlur(WHITE, (0, 0), 3)[::2, ::2].copy()
    smooth = ridden_plane(plane, (H, W), ride, amount)
    there = kernels.plane(torch.from_numpy(plane), (H, W), ride, amount).numpy()
    assert np.abs(there - smooth).max() < 1e-3
    assert np.abs(rider.plane(plane, ride, amount) - smooth).max() < 0.02  # 32 places between two
    given = torch.from_numpy(NOISE), torch.from_numpy(DETAIL)
    assert far(kernels.cells(*given, TURNS, ride, amount).numpy(), cells) < 0.03


def test_what_has_not_moved_is_the_noise_as_it_was() -> None:
    for amount in (1.0, 0.5):
        ride = RIDES["still"]
        assert np.allclose(ridden_pixels(WHITE, ride, amount), WHITE, atol=1e-5)
        assert np.allclose(ridden_cells(NOISE, DETAIL, TURNS, ride, amount), NOISE, atol=1e-4)


@pytest.mark.parametrize("kind", ["torn", "zoomed", "wild"])
def test_whatever_moved_the_noise_has_its_deviation(kind: str) -> None:
    """Over many noises, cell by cell, also where it is stretched."""
    of_pixels, of_cells = [], []
    rider, rng = Rider(H, W), np.random.default_rng(7)
    for _ in range(300):
        white = rng.standard_normal((H, W)).astype(np.float32)
        noise = rng.standard_normal((1, H // SIDE, W // SIDE)).astype(np.float32)
        of_pixels.append(rider.pixels(white, RIDES[kind], 0.7))
        fine = fine_noise(noise, detail_of(white, SIDE), TURNS[:1])
        of_cells.append(rider.cells(noise, fine, RIDES[kind], 0.7))
    assert abs(np.var(of_pixels) - 1) < 0.02
    assert abs(np.var(of_cells) - 1) < 0.06
