"""Strength: from the input to the painting without a step, the colours first and the strokes after
them."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from vj.painters.mixing import soft, toward

STEPS = 41


def painting(room: np.ndarray) -> np.ndarray:
    """Other colours, and strokes across everything, (H, W, 3) float32 0..1."""
    height, width = room.shape[:2]
    column = np.arange(width, dtype=np.float32)
    strokes = 0.15 * np.sign(np.sin(column / 2))[None, :, None]
    light = 1 - cv2.GaussianBlur(room, (0, 0), 4).astype(np.float32) / 255
    return np.clip(light + np.broadcast_to(strokes, (height, width, 3)), 0, 1).astype(np.float32)


def test_nothing_of_it_is_the_input_and_all_of_it_the_painting(room: np.ndarray) -> None:
    painted = painting(room)
    assert np.array_equal(toward(room, painted, 0.0), room)
    assert np.abs(toward(room, painted, 1.0) - 255 * painted).max() <= 0.5


def test_every_step_leads_on_and_none_is_a_jump(room: np.ndarray) -> None:
    painted = painting(room)
    way = [toward(room, painted, step / (STEPS - 1)).astype(int) for step in range(STEPS)]
    left = [np.abs(made - 255 * painted).mean() for made in way]
    assert left == sorted(left, reverse=True)
    moved = [np.abs(two - one).mean() for one, two in pairwise(way)]
    assert max(moved) < 3.5 * left[0] / (STEPS - 1)
    assert min(moved) > 0.2 * left[0] / (STEPS - 1)


def test_half_way_the_colours_are_further_than_the_strokes(room: np.ndarray) -> None:
    """Who stands there keeps a face while the room is in the painting's colours."""
    painted = 255 * painting(room)
    given, half = room.astype(np.float32), toward(room, painting(room), 0.5).astype(np.float32)

    def share(one: np.ndarray, all_of_it: np.ndarray) -> float:
        return float((one * all_of_it).sum() / (all_of_it**2).sum())

    apart, came = painted - given, half - given
    colours = share(soft(came), soft(apart))
    strokes = share(came - soft(came), apart - soft(apart))
    assert colours > 0.65
    assert strokes < 0.45


def test_black_and_white_stay_within_bounds() -> None:
    """What is added to the colours does not run over the edge of the scale."""
    white, black = np.full((32, 32, 3), 255, np.uint8), np.zeros((32, 32, 3), np.float32)
    black[:, ::2] = 1
    for strength in (0.1, 0.5, 0.9):
        made = toward(white, black, strength)
        assert made.dtype == np.uint8
        assert made[5, 4].mean() >= made[5, 5].mean(), "no dark pixel became a bright one"
