"""What comes into view beyond the edges of the last picture is painted on: no mirror, no streaks,
no seam, and for as long as the camera moves."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest

from vj.kernels import numpy_ops
from vj.kernels.edges import BandNoise, EdgePainter, beyond_edges, colour_root
from vj.kernels.settings import feedback_matrix

HEIGHT, WIDTH = 96, 128
MOVES: dict[str, dict[str, Any]] = {
    "zoom": {"zoom": 0.9},
    "turn": {"rotate_degrees": 8},
    "shift": {"x": -0.1, "y": 0.05},
    "camera": {"yaw_degrees": 6, "pitch_degrees": -4, "dolly": -0.05},
    "behind": {"yaw_degrees": 45, "fov_degrees": 120},
}


def textured(seed: int = 1) -> np.ndarray:
    """(H, W, 3) float32 0..1: blots of several sizes, brown and blue."""
    draw = np.random.default_rng(seed)
    blots = [
        cv2.GaussianBlur(draw.standard_normal((HEIGHT, WIDTH)), (0, 0), size) * size
        for size in (1.5, 4, 12)
    ]
    light = np.sum(blots, axis=0)
    light = (light - light.mean()) / light.std()
    colours = 0.5 + light[..., None] * np.array([0.18, 0.1, -0.12])
    return np.asarray(np.clip(colours, 0, 1), np.float32)


def seen(picture: np.ndarray, _seed: int = 1, **moves: Any) -> np.ndarray:
    return EdgePainter(HEIGHT, WIDTH).seen(
        picture, feedback_matrix(WIDTH, HEIGHT, **moves), seed=_seed
    )


def alike(one: np.ndarray, two: np.ndarray) -> float:
    return float(np.corrcoef(one.ravel(), two.ravel())[0, 1])


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_inside_it_is_what_the_last_picture_shows(moves: dict[str, Any]) -> None:
    matrix = feedback_matrix(WIDTH, HEIGHT, **moves)
    picture = textured()
    row, column = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    x, y = numpy_ops.places_seen(matrix, column, row, WIDTH, HEIGHT)
    inside = (x >= 0) & (y >= 0) & (x <= WIDTH - 1) & (y <= HEIGHT - 1)
    assert 0 < inside.sum() < inside.size
    found, wanted = seen(picture, **moves), numpy_ops.warp(picture, matrix)
    assert np.abs(found - wanted)[inside].max() < 0.02
    assert np.abs(found - wanted)[~inside].mean() > 0.03, "and beyond it, no mirror"
    assert 0 <= found.min() <= found.max() <= 1


def test_what_moves_inwards_has_no_edges_to_paint() -> None:
    for moves in ({"zoom": 1.02}, {"dolly": 0.02}, {"dolly": 0.05, "yaw_degrees": 0.5}):
        assert beyond_edges(feedback_matrix(WIDTH, HEIGHT, **moves), HEIGHT, WIDTH) == 0
    assert beyond_edges(feedback_matrix(WIDTH, HEIGHT, x=-0.25), HEIGHT, WIDTH) == pytest.approx(
        WIDTH / 4
    )


def test_a_new_edge_is_no_mirror_of_the_inside() -> None:
    strip = WIDTH // 5
    both: list[list[float]] = [[], []]
    for seed in range(5):
        picture = textured(seed)
        mirrored = numpy_ops.warp(picture, feedback_matrix(WIDTH, HEIGHT, x=-0.2))
        for found, one in zip(both, (seen(picture, x=-0.2), mirrored), strict=True):
            inside = one[:, WIDTH - 2 * strip : WIDTH - strip]
            found.append(alike(one[:, WIDTH - strip :], inside[:, ::-1]))
    painted, mirror = np.mean(both, axis=1)
    assert mirror > 0.8
    assert painted < 0.45


def test_there_is_no_seam() -> None:
    for seed in range(5):
        found = seen(textured(seed), x=-0.25)
        steps = np.abs(np.diff(found, axis=1)).mean(axis=(0, 2))
        seam = WIDTH - WIDTH // 4
        assert steps[seam - 2 : seam + 2].max() < 2 * steps[: seam - 3].mean()


def test_a_long_pan_neither_fades_nor_is_drawn_out_nor_comes_again() -> None:
    picture = began = textured()
    painter = EdgePainter(HEIGHT, WIDTH)
    matrix = feedback_matrix(WIDTH, HEIGHT, x=-2 / WIDTH)
    columns = []
    for _ in range(256):
        picture = painter.seen(picture, matrix)
        columns.append(picture[:, -2:])
    strip = np.hstack(columns)
    assert strip.shape == (HEIGHT, 512, 3)
    assert strip.std() > 0.6 * began.std()
    assert np.abs(strip.mean(axis=(0, 1)) - began.mean(axis=(0, 1))).max() < 0.12
    across, down = (np.abs(np.diff(strip, axis=axis)).mean() for axis in (1, 0))
    assert 0.4 < across / down < 2.5, "no streaks along the way"
    for lag in range(40, 256, 3):
        assert alike(strip[:, :-lag], strip[:, lag:]) < 0.5, lag


@pytest.mark.parametrize("moves", MOVES.values(), ids=MOVES)
def test_a_card_paints_the_same_edges(moves: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    from vj.kernels.torch_edges import TorchEdgePainter

    flow = np.zeros((12, 16, 3), np.float32)
    flow[..., 1], flow[..., 2] = np.linspace(-6, 6, 16), 1
    given = np.random.default_rng(0).integers(0, 255, (HEIGHT, WIDTH, 3), np.uint8)
    matrix = feedback_matrix(WIDTH, HEIGHT, **moves)
    host = EdgePainter(HEIGHT, WIDTH)
    card = TorchEdgePainter(HEIGHT, WIDTH, torch.device("cpu"))
    for frame, more in enumerate(((None, None), (flow, None), (None, given), (flow, given))):
        picture = textured(frame)
        there = [None if one is None else torch.from_numpy(one) for one in more]
        found = card.seen(torch.from_numpy(picture), matrix, there[0], there[1], 3).numpy()
        wanted = host.seen(picture, matrix, more[0], more[1], 3)
        assert found.shape == wanted.shape
        # the edge itself, half seen, and cells of 1/32 pixel are where OpenCV rounds
        assert np.abs(found - wanted).mean() < 0.006
        assert np.percentile(np.abs(found - wanted), 99) < 0.08


def test_where_there_is_an_input_it_is_seen_beyond_the_edge() -> None:
    given = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    matrix = feedback_matrix(WIDTH, HEIGHT, zoom=0.5)
    found = EdgePainter(HEIGHT, WIDTH).seen(textured(), matrix, None, given)
    assert (found[:20] == 1).all()
    assert (found[:, -25:] == 1).all()
    assert found[HEIGHT // 2, WIDTH // 2].max() < 1


def test_it_follows_a_flow_too() -> None:
    flow = np.zeros((12, 16, 3), np.float32)
    flow[..., 0], flow[..., 2] = 10, 1
    picture = textured()
    stay = np.eye(2, 3, dtype=np.float32)
    found = EdgePainter(HEIGHT, WIDTH).seen(picture, stay, flow)
    assert np.abs(found[:, :-10] - picture[:, 10:]).max() < 1e-5
    assert np.isfinite(found).all()


def test_a_seed_gives_the_same_edges_every_time_and_another_seed_others() -> None:
    picture = textured()
    assert np.array_equal(seen(picture, 1, x=-0.2), seen(picture, 1, x=-0.2))
    assert not np.array_equal(seen(picture, 1, x=-0.2), seen(picture, 2, x=-0.2))


def test_an_even_picture_goes_on_evenly() -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 0.4, np.float32)
    assert np.abs(seen(grey, zoom=0.6) - 0.4).max() < 0.005


def test_noise_has_the_colours_it_is_made_for() -> None:
    draw = np.random.default_rng(3)
    mixed = draw.standard_normal((5000, 3)) @ np.array([[0.2, 0.1, 0], [0, 0.1, 0.1], [0, 0, 0.05]])
    covariance = np.cov(mixed.T)
    root = colour_root(covariance)
    assert root @ root.T == pytest.approx(covariance, abs=1e-6)
    assert colour_root(np.zeros((3, 3))) == pytest.approx(0, abs=1e-3)


def test_coarse_noise_changes_slower_than_fine() -> None:
    noise = BandNoise(5)
    before = [tile.copy() for tile in noise.moved_on(1, 2)]
    after = noise.moved_on(1, 2)
    kept = [alike(one, two) for one, two in zip(before, after, strict=True)]
    assert kept == sorted(kept)
    assert kept[0] < 0.3 < 0.8 < kept[-1]
