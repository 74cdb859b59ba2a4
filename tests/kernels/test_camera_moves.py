"""The fed-back picture before a moving camera: yaw, pitch, dolly and its angle of view, on both CPU
paths."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
import pytest

from vj.kernels import cv_ops, numpy_ops
from vj.kernels.cv_warp import STAY
from vj.kernels.settings import feedback_matrix

Make = Callable[[int, int], Any]
PATHS = {"numpy": lambda height, width: numpy_ops, "cv": cv_ops.Blender}


@pytest.fixture(params=PATHS)
def make(request: pytest.FixtureRequest) -> Make:
    """(height, width) -> something with `feedback`."""
    return PATHS[request.param]


def soft(height: int, width: int, seed: int) -> np.ndarray:
    """(H, W, 3) float32 0..1, blurred as camera pictures are."""
    noise = np.random.default_rng(seed).random((height, width, 3), dtype=np.float32)
    picture = cv2.GaussianBlur(noise, (0, 0), 3)
    return np.asarray((picture - picture.min()) / np.ptp(picture), np.float32)


def moved(make: Make, picture: np.ndarray, **how: float) -> np.ndarray:
    """The fed-back picture alone: feedback over black, scaled up again."""
    height, width = picture.shape[:2]
    black = np.zeros(picture.shape, np.uint8)
    matrix = feedback_matrix(width, height, **how)
    return make(height, width).feedback(black, picture, matrix, 0.5) / 0.5


def dot(x: int, y: int, size: int = 129) -> np.ndarray:
    picture = np.zeros((size, size, 3), np.float32)
    middle = size // 2
    picture[middle + y - 2 : middle + y + 3, middle + x - 2 : middle + x + 3] = 1
    return picture


def centre(picture: np.ndarray) -> np.ndarray:
    """(x, y) of the light's centre of gravity, in pixels from the middle."""
    light = picture.sum(axis=2)
    y, x = np.mgrid[: light.shape[0], : light.shape[1]] - (len(light) - 1) / 2
    return np.array([(x * light).sum(), (y * light).sum()]) / light.sum()


def test_a_camera_that_stands_still_leaves_the_matrix_as_it_was() -> None:
    """To the bit, whatever its angle of view: two rows, and no division anywhere."""
    plain = feedback_matrix(48, 32, 1.1, 7, 0.1, -0.05)
    assert plain.shape == (2, 3)
    for fov in (20, 60, 120):
        still = feedback_matrix(
            48, 32, 1.1, 7, 0.1, -0.05, yaw_degrees=0, pitch_degrees=0, dolly=0, fov_degrees=fov
        )
        assert np.array_equal(still, plain)
    assert np.array_equal(feedback_matrix(48, 32), STAY)


def test_the_camera_looks_where_it_is_told(make: Make) -> None:
    """By a pinhole's rule: what is in the middle moves by the tangent of the angle, away from where
    the camera turns to."""
    far = 129 / 2 / math.tan(math.radians(30))
    by = far * math.tan(math.radians(10))
    assert centre(moved(make, dot(0, 0), yaw_degrees=10)) == pytest.approx([-by, 0], abs=0.2)
    assert centre(moved(make, dot(0, 0), pitch_degrees=10)) == pytest.approx([0, by], abs=0.2)
    narrow = moved(make, dot(0, 0), yaw_degrees=10, fov_degrees=90)
    assert centre(narrow)[0] == pytest.approx(-129 / 2 * math.tan(math.radians(10)), abs=0.2)


def test_going_towards_it_is_a_zoom(make: Make) -> None:
    assert feedback_matrix(64, 48, dolly=0.2).shape == (2, 3)
    assert np.allclose(feedback_matrix(64, 48, dolly=0.2), feedback_matrix(64, 48, 1.25))
    assert np.allclose(feedback_matrix(64, 48, dolly=-0.25), feedback_matrix(64, 48, 0.8))
    assert centre(moved(make, dot(20, 10), dolly=0.2)) == pytest.approx([25, 12.5], abs=0.2)


def test_a_turned_wall_is_larger_where_it_is_nearer(make: Make) -> None:
    """After a look to the right what stood on the left is nearer, along the view, and larger."""
    left, right = (moved(make, dot(x, 0), yaw_degrees=8, fov_degrees=90).sum() for x in (-25, 25))
    assert right < 0.9 * dot(0, 0).sum()
    assert left > 1.1 * dot(0, 0).sum()
    up, down = (moved(make, dot(0, y), pitch_degrees=8, fov_degrees=90).sum() for y in (-25, 25))
    assert up < 0.9 * dot(0, 0).sum()
    assert down > 1.1 * dot(0, 0).sum()


def test_all_moves_are_one_map_with_one_resampling(make: Make) -> None:
    """Zoom, turn and shift come first, then the camera."""
    flat = np.vstack([feedback_matrix(129, 129, 1.2, 20, 0.1, 0.0), [0, 0, 1]])
    seen = feedback_matrix(129, 129, yaw_degrees=8, pitch_degrees=-5, dolly=0.1, fov_degrees=80)
    both = feedback_matrix(
        *(129, 129, 1.2, 20, 0.1, 0.0),
        yaw_degrees=8,
        pitch_degrees=-5,
        dolly=0.1,
        fov_degrees=80,
    )
    assert np.allclose(both, flat @ seen, atol=1e-4)
    assert both[2] @ [64, 64, 1] == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize("fov", [20, 60, 120])
@pytest.mark.parametrize(("yaw", "pitch"), [(45, 45), (-45, 20), (3, -45)])
def test_an_even_wall_stays_even_also_behind_the_camera(
    make: Make, yaw: float, pitch: float, fov: float
) -> None:
    wall = np.full((36, 128, 3), 0.6, np.float32)
    out = moved(
        make, wall, yaw_degrees=yaw, pitch_degrees=pitch, dolly=0.5, fov_degrees=fov, zoom=1.25
    )
    assert np.abs(out - 0.6).max() < 2e-6


@pytest.mark.parametrize("flows", [False, True])
def test_the_fast_path_sees_what_the_readable_one_sees(
    monkeypatch: pytest.MonkeyPatch, flows: bool
) -> None:
    """In any setting, strip by strip, also where a part of the view lies behind the camera."""
    height, width = 40, 64
    monkeypatch.setattr(cv_ops, "STRIP_BYTES", 12 * 8 * width)
    fast, rng = cv_ops.Blender(height, width), np.random.default_rng(4)
    behind = 0
    for turn in range(24):
        image = (soft(height, width, turn) * 255).astype(np.uint8)
        last = soft(height, width, turn + 50)
        yaw, pitch, dolly, fov = rng.uniform((-45, -45, -0.5, 20), (45, 45, 0.5, 120))
        matrix = feedback_matrix(
            width,
            height,
            *rng.uniform((0.8, -45, -0.25, -0.25), (1.25, 45, 0.25, 0.25)),
            yaw_degrees=yaw,
            pitch_degrees=pitch,
            dolly=dolly,
            fov_degrees=fov,
        )
        corners = [matrix[2] @ [x, y, 1] for x in (0, width - 1) for y in (0, height - 1)]
        behind += min(corners) < 0
        flow = (
            rng.uniform((-5, -5, 0), (5, 5, 1), (17, 23, 3)).astype(np.float32) if flows else None
        )
        truth = numpy_ops.feedback(image, last, matrix, 0.8, False, flow)
        off = np.abs(fast.feedback(image, last, matrix, 0.8, False, flow) - truth)
        # Near the horizon a step of a float's last bit is a step of pixels.
        assert np.quantile(off, 0.99) < 0.002, turn
        assert np.isfinite(truth).all()
        if min(corners) > 0.5:
            assert off.max() < 0.002, turn
    assert behind >= 2
