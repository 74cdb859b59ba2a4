"""Whether texture goes with what moves or stands before it like a pane of glass, on pictures that
do the one or the other."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))

import measures
from moving_scenes import SCENES, MovingScene

from vj.core.frame import Frame, Size
from vj.core.metrics import Metrics
from vj.core.packed import rgb_of
from vj.diffusion.built_in import BuiltIn
from vj.diffusion.loading import load_model
from vj.diffusion.model_spec import ModelSpec
from vj.diffusion.pocket_backend import PocketBackend
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.backend import PassThrough
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.optical_flow import FlowFinder

SIDE, FRAMES = 128, 9
PAINTED = 160
"""Sides of what is painted."""


def grain(height: int, width: int) -> np.ndarray:
    """(H, W) float32, strong enough to be the only texture there is."""
    white = np.random.default_rng(3).standard_normal((height, width)).astype(np.float32)
    return 40 * cv2.GaussianBlur(white, (0, 0), 1.0) / 0.28


def pane(scene: MovingScene) -> list[np.ndarray]:
    """One grain before all frames."""
    before = grain(SIDE, SIDE)
    return [_as_picture(0 * one[..., 0] + before) for one in scene.frames(FRAMES)]


def glued(scene: MovingScene) -> list[np.ndarray]:
    """A grain that lies on what is in the first frame, moved along the true ways."""
    truth = scene.true_ways(FRAMES)
    large = grain(SIDE, SIDE)
    out = [_as_picture(large)]
    for number in range(1, FRAMES):
        way, _ = measures.way_back(truth[:number])
        x, y = np.meshgrid(*(np.arange(SIDE, dtype=np.float32),) * 2)
        moved = cv2.remap(large, x + way[..., 0], y + way[..., 1], cv2.INTER_LANCZOS4)
        out.append(_as_picture(moved))
    return out


def _as_picture(grains: np.ndarray) -> np.ndarray:
    grey = np.clip(128 + grains, 0, 255).astype(np.uint8)
    return cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB)


@pytest.mark.parametrize("name", list(SCENES))
def test_the_true_way_is_the_way_that_is_seen(name: str) -> None:
    scene = SCENES[name](SIDE)
    frames, truth = scene.frames(3), scene.true_ways(3)
    way, seen = truth[1]
    assert seen.mean() > 0.5
    again = measures.follow(frames[1].astype(np.float32), way)
    apart = np.abs(again - frames[2]).mean(2)
    still = np.abs(frames[1].astype(np.float32) - frames[2]).mean(2)
    moves = seen & ((way**2).sum(2) > 1)
    assert apart[moves].mean() < 0.35 * still[moves].mean()
    assert apart[moves].mean() < 4


@pytest.mark.parametrize("name", list(SCENES))
def test_texture_that_is_glued_on_locks(name: str) -> None:
    scene = SCENES[name](SIDE)
    lock, door = measures.texture_lock(glued(scene), scene.true_ways(FRAMES))
    assert lock > 0.9
    assert abs(door) < 0.15


@pytest.mark.parametrize("name", list(SCENES))
def test_a_pane_of_texture_is_a_door(name: str) -> None:
    scene = SCENES[name](SIDE)
    lock, door = measures.texture_lock(pane(scene), scene.true_ways(FRAMES))
    assert door > 0.99
    assert abs(lock) < 0.15


def test_what_boils_is_neither_and_of_what_stands_still_nothing_is_known() -> None:
    scene = SCENES["pan"](SIDE)
    rng = np.random.default_rng(1)
    boils = [_as_picture(rng.normal(0, 40, (SIDE, SIDE))) for _ in range(FRAMES)]
    lock, door = measures.texture_lock(boils, scene.true_ways(FRAMES))
    assert abs(lock) < 0.1
    assert abs(door) < 0.1
    still = [boils[0]] * FRAMES
    nothing = np.zeros((SIDE, SIDE, 2), np.float32), np.ones((SIDE, SIDE), bool)
    assert np.isnan(measures.texture_lock(still, [nothing] * (FRAMES - 1))).all()


def test_the_flow_that_is_found_does_as_well_as_the_truth() -> None:
    """Real clips know none."""
    scene = SCENES["pan"](SIDE)
    found = measures.ways(scene.frames(FRAMES))
    lock, door = measures.texture_lock(glued(scene), found)
    assert lock > 0.7
    assert abs(door) < 0.15


@pytest.fixture(scope="module")
def painter() -> Iterator[PocketBackend]:
    model = load_model(ModelSpec("pocket", device="cpu", dtype="float32"))
    assert isinstance(model, BuiltIn)
    backend = PocketBackend(model, Size(PAINTED, PAINTED), True)
    yield backend
    backend.close()


def painted(backend: PocketBackend, scene: MovingScene, ride: float) -> tuple[float, float]:
    """Lock and door of what the built-in model paints of a scene, without the first frames."""
    backend.rest()
    backend.compositor.reset()
    pipeline = FramePipeline(backend.compositor.size, "crop", Metrics(), print)
    pipeline.exchange(PassThrough(backend.compositor.size))
    pipeline.exchange(backend)
    alone: dict[str, Value] = {"feedback/amount": 0, "blend/smoothing": 0, "crossfade": 0}
    store = Store({"prompt/a": "molten gold, brush strokes", "noise/ride": ride, **alone})
    count, out = 10, []
    for number, picture in enumerate(scene.frames(count)):
        shown = pipeline.process(Frame(picture, number, number / 30), store.sample(number / 30))
        out.append(rgb_of(shown.picture))
    pipeline.release_backend()
    return measures.texture_lock(out[2:], scene.true_ways(count)[2:])


@pytest.mark.parametrize("name", list(SCENES))
def test_the_built_in_models_texture_goes_with_what_moves(
    painter: PocketBackend, name: str
) -> None:
    scene = SCENES[name](PAINTED)
    lock, door = painted(painter, scene, 1.0)
    assert lock > 0.7
    assert abs(door) < 0.2


def test_noise_that_does_not_ride_is_a_pane(painter: PocketBackend) -> None:
    lock, door = painted(painter, SCENES["pan"](PAINTED), 0.0)
    assert door > 0.5
    assert lock < 0.4


def test_motion_that_is_added_up_is_found_more_carefully() -> None:
    scene = SCENES["rotation"](SIDE)
    frames, truth = scene.frames(4), scene.true_ways(4)
    finder, apart = FlowFinder(), []
    for careful in (False, True):
        grid = cv2.resize(finder.find(frames[3], frames[2], careful).grid, (SIDE, SIDE))
        way, seen = truth[2]
        apart.append(float(np.median(np.hypot(*(grid[..., :2] - way)[seen].T))))
    assert apart[1] < 0.7 * apart[0]
