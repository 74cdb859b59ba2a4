"""The maths of where a picture lies."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vj.display.warp import (
    FITS,
    FLIPS,
    SQUARE,
    TURNS,
    Corners,
    convex,
    homography,
    to_canvas,
    to_picture,
)

KEYSTONE: Corners = ((0.1, 0.05), (0.9, 0.2), (0.8, 0.95), (0.05, 0.7))


def place(matrix: np.ndarray, x: float, y: float) -> tuple[float, float]:
    u, v, w = matrix @ (x, y, 1.0)
    return round(u / w, 6), round(v / w, 6)


@pytest.mark.parametrize("corners", [SQUARE, KEYSTONE])
def test_a_warp_is_the_perspective_transform_of_its_corners(corners: Corners) -> None:
    ours = homography(corners)
    theirs = cv2.getPerspectiveTransform(np.float32(SQUARE), np.float32(corners))
    assert np.allclose(ours / ours[2, 2], theirs, atol=1e-6)
    assert [place(ours, *corner) for corner in SQUARE] == list(corners)
    assert [place(to_canvas(corners), *corner) for corner in corners] == list(SQUARE)


def test_a_folded_mirrored_or_flat_picture_is_none() -> None:
    a, b, c, d = SQUARE
    assert convex(SQUARE)
    assert convex(KEYSTONE)
    for wrong in ((b, a, c, d), (b, a, d, c), (a, b, (0.2, 0.2), d), (a, b, (0.5, 0.5), d)):
        assert not convex(wrong)  # type: ignore[arg-type]


def test_a_picture_is_fitted_with_its_own_shape() -> None:
    whole = to_picture((1920, 1080), (512, 512), "contain", 0, "none")
    left = 0.5 - 540 / 1920
    assert place(whole, left, 0) == (0, 0)
    assert place(whole, 1 - left, 1) == (1, 1)
    filled = to_picture((1920, 1080), (512, 512), "cover", 0, "none")
    assert place(filled, 0, 0.5) == (0, 0.5)
    assert place(filled, 1, 0)[1] == pytest.approx(0.5 - 1080 / 1920 / 2)
    assert place(to_picture((1920, 1080), (512, 512), "stretch", 0, "none"), 1, 0) == (1, 0)


def turned_by_numpy(picture: np.ndarray, turn: int, flip: str) -> np.ndarray:
    turned = np.rot90(picture, -turn // 90)
    turned = turned[:, ::-1] if flip in ("across", "both") else turned
    return turned[::-1] if flip in ("down", "both") else turned


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("flip", FLIPS)
def test_turning_and_mirroring_are_those_of_numpy(turn: int, flip: str) -> None:
    picture = np.arange(6).reshape(2, 3)
    wanted = turned_by_numpy(picture, turn, flip)
    height, width = wanted.shape
    for fit in FITS:
        matrix = to_picture((width * 100, height * 100), (3, 2), fit, turn, flip)
        for row in range(height):
            for column in range(width):
                x, y = place(matrix, (column + 0.5) / width, (row + 0.5) / height)
                assert picture[int(y * 2), int(x * 3)] == wanted[row, column]
