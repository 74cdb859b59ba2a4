"""A camera's own motion in a flow: followed exactly, and never where something else moves."""

from __future__ import annotations

import numpy as np
import pytest

from vj.pipeline.camera_flow import camera_of, steadied

H, W = 48, 64
Y, X = np.mgrid[:H, :W].astype(np.float32)
MOVES = {
    "pan": (3.7 + 0 * X, -1.2 + 0 * X),
    "zoom": ((X - 30) * 0.04, (Y - 20) * 0.04),
    "turn": ((Y - 24) * -0.03, (X - 32) * 0.03),
}


def found(x: np.ndarray, y: np.ndarray, off: float, seed: int = 1) -> np.ndarray:
    """As a search finds it: a little off in each place."""
    rng = np.random.default_rng(seed)
    flow = np.dstack([x, y, np.ones_like(x)]) + 0
    flow[..., :2] += rng.normal(0, off, (H, W, 2))
    return flow.astype(np.float32)


@pytest.mark.parametrize("kind", list(MOVES))
def test_it_is_found_within_what_searching_is_off(kind: str) -> None:
    """With somebody in the picture who goes another way, and places that are wrong."""
    x, y = (part.copy() for part in MOVES[kind])
    x[10:40, 20:40], y[10:40, 20:40] = -4, 2
    flow = found(x, y, 0.1)
    flow[::5, ::7, :2] = 9
    flow[40:, :, 2] = 0
    whole = camera_of(flow)
    assert whole is not None
    truth = np.dstack(MOVES[kind])
    assert np.abs(whole - truth).max() < 0.1
    steady = steadied(flow)
    outside = np.ones((H, W), bool)
    outside[8:42, 18:42] = False
    assert np.abs(steady[..., :2] - truth)[outside].max() < 0.25
    assert np.abs(steady[14:36, 24:36, :2] - (-4, 2)).max() < 0.4
    assert np.array_equal(steady[..., 2], flow[..., 2])


def test_a_camera_that_stands_stands_exactly() -> None:
    flow = found(0 * X, 0 * Y, 0.0)
    flow[20:30, 20:30, 0] = 2
    steady = steadied(flow)
    assert not steady[:15, :, :2].any()
    assert np.allclose(steady[22:28, 22:28, 0], 2)
    shaken = steadied(found(0 * X, 0 * Y, 0.01))
    assert not shaken[..., :2].any()


def test_where_nothing_moves_as_a_whole_there_is_no_camera() -> None:
    rng = np.random.default_rng(3)
    chaos = np.dstack([rng.normal(0, 5, (H, W, 2)), np.ones((H, W))]).astype(np.float32)
    assert camera_of(chaos) is None
    unsure = found(*MOVES["pan"], 0.0)
    unsure[..., 2] = 0.2
    assert camera_of(unsure) is None
    line = found(*MOVES["pan"], 0.0)
    line[..., 2] = 0
    line[24, :, 2] = 1
    for flow in (chaos, unsure, line):
        assert np.isfinite(steadied(flow)).all()
