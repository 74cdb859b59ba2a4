"""A camera's noise is kept from the painters, and what moves is not."""

from __future__ import annotations

from itertools import pairwise

import cv2
import numpy as np

from vj.painters.camera_noise import CameraNoiseFilter


def noisy(picture: np.ndarray, frames: int, sigma: float = 3.0) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    return [
        np.clip(picture + rng.normal(0, sigma, picture.shape), 0, 255).round().astype(np.uint8)
        for _ in range(frames)
    ]


def flicker(frames: list[np.ndarray]) -> float:
    pairs = pairwise(frames)
    return float(np.mean([np.abs(one.astype(np.float32) - two).mean() for one, two in pairs]))


def test_a_still_room_hardly_flickers(room: np.ndarray) -> None:
    came = noisy(room, 30)
    quiet = CameraNoiseFilter()
    went = [quiet.of(picture).copy() for picture in came]
    assert flicker(came) > 3
    assert flicker(went[10:]) < 0.35
    assert np.abs(went[-1] - room).mean() < 1.0, "and it is the room that is left, not its noise"


def test_what_moves_comes_through_as_it_is(room: np.ndarray) -> None:
    """Somebody walks: no trail, no lag."""
    quiet = CameraNoiseFilter()
    for place in range(20, 90, 6):
        came = room.copy()
        cv2.rectangle(came, (place, 30), (place + 16, 90), (20, 120, 60), -1)
        went = quiet.of(came)
        assert np.abs(went - came).mean() < 0.1
        assert np.abs(went - came).max() < 12, place


def test_a_cut_is_a_cut(room: np.ndarray) -> None:
    quiet = CameraNoiseFilter()
    for picture in noisy(room, 10):
        quiet.of(picture)
    other = cv2.rotate(room, cv2.ROTATE_180)
    assert np.abs(quiet.of(other) - other).mean() < 1


def test_light_that_fades_slowly_arrives(room: np.ndarray) -> None:
    """A third of a level a frame is less than noise: it lags, but not far."""
    quiet = CameraNoiseFilter()
    for frame in range(120):
        came = cv2.convertScaleAbs(room, alpha=1 - frame / 600)
        went = quiet.of(came)
    assert abs(float(went.mean()) - float(came.mean())) < 8


def test_another_size_begins_anew(room: np.ndarray) -> None:
    quiet = CameraNoiseFilter()
    quiet.of(room)
    small = room[:40, :50]
    assert np.array_equal(quiet.of(small), small)
    quiet.forget()
    assert np.array_equal(quiet.of(room[::-1, :50][:40]), room[::-1, :50][:40])
