"""The measures of coherence, on cases whose answer is known."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from tests.pipeline.test_optical_flow import texture

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

import measures


def panning(count: int, step: int = 3, size: int = 128) -> list[np.ndarray]:
    """A window that moves over a texture: what is in it moves `step` pixels to the left each
    frame."""
    ground = texture(size, size + step * count, seed=3)
    return [ground[:, step * i : step * i + size].copy() for i in range(count)]


def shimmering(clip: list[np.ndarray], amount: float) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [
        np.clip(one + rng.normal(0, amount, one.shape), 0, 255).astype(np.uint8) for one in clip
    ]


def test_a_known_shift_is_the_flow() -> None:
    old, new = panning(2)
    way = measures.flow(new, old)
    assert np.median(way[10:-10, 10:-10, 0]) == pytest.approx(3, abs=0.1)
    assert np.median(way[10:-10, 10:-10, 1]) == pytest.approx(0, abs=0.1)


def test_a_picture_that_moves_with_the_input_has_next_to_no_warping_error() -> None:
    clip = panning(8)
    truth = measures.ways(clip)
    inverted = [255 - one for one in clip]
    assert measures.warping_error(clip, truth) < 2e-4
    assert measures.warping_error(inverted, truth) < 2e-4, "whatever its colours are"
    assert measures.flow_difference(clip, truth) < 1e-6


def test_white_noise_has_the_warping_error_of_its_variance() -> None:
    """Noise of standard deviation s, twice independent, differs by 2 s squared; the second is
    resampled at whole pixels."""
    still = [texture(128, 128)] * 6
    noisy = shimmering(still, 12)
    error = measures.warping_error(noisy, measures.ways(still))
    assert error == pytest.approx(2 * (12 / 255) ** 2, rel=0.1)
    assert measures.flicker(noisy) == pytest.approx(12 * 2 / np.sqrt(np.pi), rel=0.05), (
        "E|a-b| of two normals"
    )


def test_a_frozen_picture_is_found_out_by_flow_and_lag() -> None:
    clip = panning(16)
    truth = measures.ways(clip)
    frozen = [clip[0]] * 16
    assert measures.flicker(frozen) == 0
    assert measures.flow_difference(frozen, truth) > 2
    assert measures.likeness(frozen, clip) < 0.6
    late = [clip[max(0, i - 2)] for i in range(16)]
    assert measures.lag(clip, clip) == 0
    assert measures.lag(late, clip) == 2


def test_likeness_and_edges_are_1_for_the_same_and_fall_with_noise() -> None:
    clip = panning(4)
    noisy = shimmering(clip, 30)
    assert measures.likeness(clip, clip) == pytest.approx(1)
    assert measures.edge_correlation(clip, clip) == pytest.approx(1)
    assert measures.likeness(noisy, clip) < 0.7
    assert measures.edge_correlation(noisy, clip) < 0.99
    even = [np.full((64, 64, 3), 128, np.uint8)] * 2
    assert measures.edge_correlation(even, [one[:64, :64] for one in clip[:2]]) == 0


def test_differences_of_bytes_do_not_wrap() -> None:
    black, white = np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)
    assert measures.flicker([black, white, black]) == 255
    truth = [(np.zeros((32, 32, 2), np.float32), np.ones((32, 32), bool))]
    assert measures.warping_error([black, white], truth) == pytest.approx(1)
    one, two = np.full((32, 32, 3), 10, np.uint8), np.full((32, 32, 3), 12, np.uint8)
    assert measures.warping_error([two, one], truth) == pytest.approx((2 / 255) ** 2)


def test_a_blurred_picture_is_less_sharp() -> None:
    import cv2

    clip = panning(2)
    assert measures.sharpness([cv2.blur(one, (7, 7)) for one in clip]) < 0.7 * measures.sharpness(
        clip
    )
