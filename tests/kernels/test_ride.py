"""Noise that rides: OpenCV and the card's kernels compute what NumPy does."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from tests.kernels.kernels_as_c import Compiled, stand_in_for_cupy
from vj.kernels import ride_body
from vj.kernels.cupy_ride import RideKernels
from vj.kernels.cv_ride import Rider, fine_noise, torn_in
from vj.kernels.numpy_ride import (
    Ride,
    detail_of,
    ridden_cells,
    ridden_grain,
    ridden_plane,
    torn_of,
)

H, W, SIDE, PLANES = 64, 96, 8, 6
WHITE = np.random.default_rng(3).standard_normal((H, W)).astype(np.float32)
REACH = 1.2


def blurred(white: np.ndarray) -> np.ndarray:
    """It goes on beyond its edges."""
    wide = cv2.copyMakeBorder(white, *(8,) * 4, cv2.BORDER_WRAP)
    return cv2.GaussianBlur(wide, (0, 0), REACH)[8:-8, 8:-8].copy()


GRAIN = blurred(WHITE)
DETAIL = detail_of(WHITE, SIDE)
NOISE = np.random.default_rng(4).standard_normal((PLANES, H // SIDE, W // SIDE)).astype(np.float32)
TURNS = np.array([[0, 0], [8, 16], [24, 40], [16, 80], [56, 8], [32, 32]], np.int32)


def ways(kind: str, finer: int) -> np.ndarray:
    """(2, h, w, 2)."""
    rows, columns = H // finer, W // finer
    places = np.stack(
        np.meshgrid(np.linspace(0, 23, columns), np.linspace(0, 15, rows)), -1
    ).astype(np.float32)
    first, second = np.zeros((2, *places.shape), np.float32)
    if kind == "zoomed":
        first = (places - [12, 8]) * np.float32(-1.3)
        second = (places - [12, 8]) * np.float32(0.6)
    if kind == "torn":
        first[rows // 4 : 2 * rows // 3, 5 : columns // 2] = (-17.3, 200.6)
        second[...] = (3.37, -1.25)
        second[:, columns // 2 :] = 0
    if kind == "wild":
        first = np.random.default_rng(1).normal(0, 2, first.shape).astype(np.float32)
        second = cv2.GaussianBlur(first * 5, (0, 0), 2)
    return np.stack([first, second]).astype(np.float32)


def ride_of(kind: str, *shares: float, finer: int = 4) -> Ride:
    made = ways(kind, finer)
    torn = np.stack([torn_of(way) for way in made])
    return Ride(made, torn, (shares[0], shares[1]), finer=finer)


@pytest.mark.parametrize("kind", ["still", "torn", "zoomed", "wild"])
def test_opencv_finds_the_same_tears(kind: str) -> None:
    for way in (*ways(kind, 4), ways(kind, 2)[0] * np.float32(0.4)):
        for part in (way, way[:, :2], way[:1], way[:3, :3]):
            assert np.array_equal(torn_in(*cv2.split(np.ascontiguousarray(part))), torn_of(part))


RIDES = {
    "still": ride_of("still", 0.6, 0.8),
    "one layer": ride_of("torn", 1.0, 0.0),
    "torn": ride_of("torn", 0.8, 0.6),
    "zoomed": ride_of("zoomed", 0.6, 0.8),
    "wild": ride_of("wild", 0.28, 0.96),
    "torn in small cells": ride_of("torn", 0.6, 0.8, finer=2),
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
def test_grain_and_cells_as_numpy_has_them(kernels: RideKernels, kind: str, amount: float) -> None:
    ride, rider = RIDES[kind], Rider(H, W)
    for reach in (REACH, 2.0):  # by a cubic, by straight lines
        grain = ridden_grain(GRAIN, reach, ride, amount)
        away = np.abs(rider.grain(GRAIN, reach, ride, amount) - grain)
        assert away.max() < 0.05  # 32 places between two pixels
        assert away.mean() < 0.005
        there = kernels.grain(torch.from_numpy(GRAIN), reach, ride, amount).numpy()
        assert np.abs(there - grain).max() < 1e-3
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
        assert np.allclose(ridden_grain(GRAIN, REACH, ride, amount), GRAIN, atol=1e-5)
        assert np.allclose(ridden_cells(NOISE, DETAIL, TURNS, ride, amount), NOISE, atol=1e-4)


@pytest.mark.parametrize("kind", ["torn", "zoomed", "wild"])
def test_whatever_moved_the_noise_has_its_deviation(kind: str) -> None:
    """Over many noises, cell by cell, also where it is stretched."""
    of_grain, of_cells = [], []
    rider, rng = Rider(H, W), np.random.default_rng(7)
    for _ in range(300):
        white = rng.standard_normal((H, W)).astype(np.float32)
        noise = rng.standard_normal((1, H // SIDE, W // SIDE)).astype(np.float32)
        of_grain.append(rider.grain(blurred(white), REACH, RIDES[kind], 0.7).copy())
        fine = fine_noise(noise, detail_of(white, SIDE), TURNS[:1])
        of_cells.append(rider.cells(noise, fine, RIDES[kind], 0.7))
    assert abs(np.var(of_grain) * 4 * np.pi * REACH**2 - 1) < 0.04
    assert abs(np.var(of_cells) - 1) < 0.06
