"""A strip of new edges is as light and as loud as the picture beside it, and is laid in where the
camera comes to see it and nowhere else."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from vj.kernels import numpy_ops
from vj.kernels.border import (
    FRAMES,
    WIDEST,
    far_ahead,
    feather_pixels,
    holds,
    laid_in,
    matched,
    rimless,
    whole,
)
from vj.kernels.edges import EdgePainter, beyond_edges
from vj.kernels.settings import feedback_matrix

HEIGHT, WIDTH = 96, 128
MOVES: dict[str, dict[str, Any]] = {
    "pan": {"x": -0.01},
    "away": {"dolly": -0.02},
    "roll": {"rotate_degrees": 1.5},
    "dive": {"rotate_degrees": 5.3, "dolly": 0.045},
    "camera": {"yaw_degrees": 0.7, "pitch_degrees": -0.3, "dolly": 0.004},
    "at once": {"yaw_degrees": 45, "fov_degrees": 120},
}


def matrix_of(moves: dict[str, Any]) -> np.ndarray:
    return feedback_matrix(WIDTH, HEIGHT, **moves)


def scene(seed: int = 0) -> np.ndarray:
    """(H, W, 3) float32 0..1: soft colours, and fine grain in them."""
    draw = np.random.default_rng(seed)
    soft = cv2.resize(draw.random((4, 5, 3), np.float32), (WIDTH, HEIGHT))
    grain = draw.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32) * np.float32(0.05)
    return np.clip(soft * 0.6 + 0.2 + grain, 0, 1)


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_a_strip_holds_all_that_comes_into_view_for_many_frames(moves: dict[str, Any]) -> None:
    matrix = matrix_of(moves)
    ahead = far_ahead(matrix, HEIGHT, WIDTH)
    assert ahead is not None
    back, lasts = np.linalg.inv(ahead) @ whole(matrix), 0
    while lasts < FRAMES and holds(back, matrix, HEIGHT, WIDTH):
        back, lasts = back @ whole(matrix), lasts + 1
    assert lasts >= (1 if max(moves.values()) > 5 else 3), lasts
    assert not holds(whole(matrix), matrix, HEIGHT, WIDTH), "of what is seen none"
    wide = cv2.perspectiveTransform(
        np.array([[[0, 0], [WIDTH - 1, 0], [WIDTH - 1, HEIGHT - 1], [0, HEIGHT - 1]]], float),
        np.linalg.inv(ahead),
    )[0]
    if "fov_degrees" not in moves:
        most = HEIGHT * WIDTH / (1.3 * WIDEST) ** 2
        assert cv2.contourArea(wide.astype(np.float32)) > most, "and is not too coarse"


def test_where_next_to_nothing_comes_into_view_there_is_no_strip() -> None:
    for moves in ({"x": 1e-5}, {"zoom": 1.02}):
        assert far_ahead(matrix_of(moves), HEIGHT, WIDTH) is None


def test_a_strip_has_the_colours_and_the_contrast_of_the_picture_beside_it() -> None:
    ahead = far_ahead(matrix_of(MOVES["pan"]), HEIGHT, WIDTH)
    assert ahead is not None
    continued = EdgePainter(HEIGHT, WIDTH).seen(scene(), ahead.astype(np.float32))
    draw = np.random.default_rng(1)
    loud = draw.standard_normal((HEIGHT, WIDTH, 3), dtype=np.float32) * np.float32(0.3) + 0.9
    made = matched(np.clip(loud, 0, 1), continued, ahead.astype(np.float32))
    strip, beside = made[:, -10:], continued[:, -25:-15]
    assert np.abs(strip.mean((0, 1)) - beside.mean((0, 1))).max() < 0.15
    assert 0.5 < strip.std((0, 1)).mean() / beside.std((0, 1)).mean() < 1.6


def test_strip_upon_strip_the_picture_stays_as_strong_as_it_was() -> None:
    """However little the model gives them of its own."""
    matrix = matrix_of({"x": -0.05})
    ahead = far_ahead(matrix, HEIGHT, WIDTH)
    assert ahead is not None
    painter = EdgePainter(HEIGHT, WIDTH, strips=True)
    picture = began = scene()
    for turn in range(40):
        there = ahead.astype(np.float32)
        continued = painter.seen(rimless(picture), there, seed=turn)
        strip = matched(continued, continued, there)
        back = np.linalg.inv(ahead) @ whole(matrix)
        while holds(back, matrix, HEIGHT, WIDTH):
            picture, back = laid_in(picture, matrix, strip, back), back @ whole(matrix)
    assert 0.5 < picture.std() / began.std() < 1.5
    assert np.abs(picture.mean((0, 1)) - began.mean((0, 1))).max() < 0.15


def test_where_the_model_gave_no_number_it_goes_on_as_it_was() -> None:
    continued = scene()
    broken = np.full_like(continued, np.nan)
    made = matched(broken, continued, np.eye(3, dtype=np.float32))
    assert np.abs(made - continued).max() < 1e-5


@pytest.mark.parametrize("name", ["pan", "away", "roll", "camera"])
def test_it_is_laid_in_beyond_the_edges_and_fades_inwards(name: str) -> None:
    matrix = matrix_of(MOVES[name])
    ahead = far_ahead(matrix, HEIGHT, WIDTH)
    assert ahead is not None
    back = np.linalg.inv(ahead) @ whole(matrix)
    last, red = scene(), np.zeros((HEIGHT, WIDTH, 3), np.float32)
    red[..., 0] = 1
    found, seen = laid_in(last, matrix, red, back), numpy_ops.warp(last, matrix)
    row, column = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    x, y = numpy_ops.places_seen(matrix, column, row, WIDTH, HEIGHT)
    beyond = np.maximum(np.maximum(-x, x - (WIDTH - 1)), np.maximum(-y, y - (HEIGHT - 1)))
    assert np.abs(found - red)[beyond >= 1].max(initial=0) < 1e-5
    reach = 3 * feather_pixels(HEIGHT) + 1
    far = cv2.distanceTransform((beyond <= 0).astype(np.uint8), cv2.DIST_C, 3) > reach
    assert np.abs(found - seen)[far].max() < 0.02, "further in it is what the last picture shows"
    assert beyond_edges(matrix, HEIGHT, WIDTH) > 0


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_a_card_lays_in_the_same_strip(moves: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    from vj.kernels import torch_border
    from vj.kernels.torch_edges import TorchEdgePainter

    matrix = matrix_of(moves)
    ahead = far_ahead(matrix, HEIGHT, WIDTH)
    assert ahead is not None
    there = ahead.astype(np.float32)
    back = np.linalg.inv(ahead) @ whole(matrix)
    last, painted = scene(), scene(1)
    painted[3, 4] = np.nan
    both = (
        EdgePainter(HEIGHT, WIDTH, strips=True),
        TorchEdgePainter(HEIGHT, WIDTH, torch.device("cpu"), strips=True),
    )
    for turn, picture in enumerate((last, last * np.float32(0.5), last)):
        begun = rimless(picture)
        continued = both[0].seen(begun, there, seed=turn)
        on_card = both[1].seen(torch.from_numpy(begun), there, seed=turn).numpy()
        assert np.abs(on_card - continued).mean() < 0.006
    wanted = matched(painted, continued, there)
    found = torch_border.matched(torch.from_numpy(painted), torch.from_numpy(continued), there)
    assert np.abs(found.numpy() - wanted).mean() < 0.006
    assert np.abs(found.numpy() - wanted).max() < 0.08
    assert np.array_equal(torch_border.rimless(torch.from_numpy(last)).numpy(), rimless(last))
    for strip in (wanted, np.zeros_like(wanted)):
        laid = torch_border.laid_in(
            torch.from_numpy(last), matrix, torch.from_numpy(strip), back
        ).numpy()
        host = laid_in(last, matrix, strip, back)
        assert np.abs(laid - host).mean() < 0.003
        assert np.abs(laid - host).max() < 0.06
