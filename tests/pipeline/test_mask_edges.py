"""The edge of a mask cleaned, and the room behind whoever is in front of it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import cv2
import numpy as np
import pytest

from vj.core.frame import Size
from vj.parameters.store import Snapshot, Store
from vj.pipeline.mask_edges import MaskEdges
from vj.pipeline.masks import Masks
from vj.pipeline.matte import cleaned
from vj.pipeline.room_plate import RoomPlate
from vj.sources.drawn.dancer import Dancer

SIZE = Size(320, 180)


@lru_cache
def dancer() -> tuple[Dancer, np.ndarray]:
    """And the studio without her."""
    scene = Dancer(SIZE)
    return scene, scene._backdrop


@lru_cache
def taken(seconds: float) -> tuple[np.ndarray, ...]:
    """The dancer in the studio: the picture, how much of each pixel is her (H, W) 0..1, her colours
    times that, and the studio; float32 but for the pictures."""
    scene, studio = dancer()
    scene._backdrop = studio
    picture = scene.draw(seconds)
    scene._backdrop = np.zeros_like(studio)
    on_black = scene.draw(seconds).astype(np.float32)
    scene._backdrop = np.full_like(studio, 255)
    alpha = 1 - (scene.draw(seconds) - on_black).mean(2) / 255
    return picture, alpha.clip(0, 1), on_black, studio


@lru_cache
def places() -> list[np.ndarray]:
    """A landscape of strong colours, and black."""
    colours = np.random.default_rng(2).integers(0, 255, (5, 9, 3), np.uint8)
    land = cv2.resize(colours, SIZE, interpolation=cv2.INTER_CUBIC)
    return [land, np.zeros_like(land)]


def edge_of(alpha: np.ndarray) -> np.ndarray:
    """A band of five pixels to both sides of the edge."""
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (11, 11))
    there = (alpha > 0.5).astype(np.uint8)
    return (cv2.dilate(there, kernel) - cv2.erode(there, kernel)) > 0


def sampled(time: float, **values: Any) -> Snapshot:
    calm: dict[str, Any] = {"mask/mode": "plate", "mask/threshold": 0.3}
    calm |= {"mask/feather": 0, "mask/steady": 0}
    given = {name.replace("__", "/"): value for name, value in values.items()}
    return Store({**calm, **given}).sample(time)


def before_another_place(seconds: float, **values: Any) -> tuple[list[np.ndarray], np.ndarray]:
    """The dancer found by the clean plate, laid before other places, and the mask."""
    picture, _, _, studio = taken(seconds)
    masks = Masks(lambda text: None)
    for turn in range(16):
        masks.find(studio, sampled(turn / 30, **values))
    mask = masks.find(picture, sampled(1.0, **values))
    assert mask is not None
    own = picture if masks.edges.foreground is None else masks.edges.foreground
    share = 1 - mask[..., None].astype(np.float32) / 255
    return [share * own + (1 - share) * place for place in places()], mask


@pytest.mark.parametrize("seconds", [5.5, 7.4])
def test_a_clean_edge_has_no_halo_of_the_old_room(seconds: float) -> None:
    _, alpha, on_black, _ = taken(seconds)
    edge = edge_of(alpha)
    truth = [on_black + (1 - alpha[..., None]) * place for place in places()]
    plain, clean = (
        [float(np.abs(made - true)[edge].mean()) for made, true in zip(found, truth, strict=True)]
        for found in (
            before_another_place(seconds)[0],
            before_another_place(seconds, mask__clean=1)[0],
        )
    )
    for before, after in zip(plain, clean, strict=True):
        assert after < 0.35 * before, (plain, clean)


def test_what_is_inside_stays_as_it_came_and_what_is_outside_is_not_seen() -> None:
    picture, alpha, _, _ = taken(5.5)
    made, mask = before_another_place(5.5, mask__clean=1)
    core = cv2.erode((alpha > 0.99).astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    assert np.array_equal(made[0][core].astype(np.uint8), picture[core])
    assert mask[core].max() == 0
    outside = cv2.dilate((alpha > 0.01).astype(np.uint8), np.ones((9, 9), np.uint8)) == 0
    assert np.array_equal(made[0][outside].astype(np.uint8), places()[0][outside])


def test_without_knowing_the_room_a_rough_mask_comes_nearer_to_the_edge() -> None:
    picture, alpha, _, _ = taken(7.4)
    rough = cv2.dilate((alpha > 0.5).astype(np.float32), np.ones((3, 3), np.uint8))
    matte = cleaned(picture, rough)
    assert matte is not None
    edge = edge_of(alpha)
    assert np.abs(matte.alpha - alpha)[edge].mean() < 0.5 * np.abs(rough - alpha)[edge].mean()


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_nobody_and_nothing_but_somebody_have_no_edge(value: float) -> None:
    assert cleaned(taken(5.5)[0], np.full((180, 320), value, np.float32)) is None


def test_a_mask_that_is_not_cleaned_is_the_one_before_to_the_byte() -> None:
    assert np.array_equal(before_another_place(5.5)[1], before_another_place(5.5, mask__clean=0)[1])
    cleaner = before_another_place(5.5, mask__clean=0.5)[1]
    assert not np.array_equal(before_another_place(5.5)[1], cleaner)


def test_the_room_is_learned_where_it_is_uncovered_and_filled_in_elsewhere() -> None:
    room = RoomPlate()
    for turn in range(0, 30, 2):
        picture, alpha, _, studio = taken(4.0 + turn / 8)
        for _ in range(4):
            room.observe(picture, alpha)
    made, known = room.picture(), room.known
    assert made is not None
    assert known is not None
    never = cv2.dilate(255 - known, np.ones((9, 9), np.uint8)) > 0
    assert 0.02 < never.mean() < 0.4
    assert np.abs(made.astype(int) - studio)[~never].mean() < 1.5
    # what nobody has seen is like the room about it, and not like her
    filled = np.abs(made.astype(int) - studio)[never].mean()
    hers = np.abs(picture.astype(int) - studio)[never].mean()
    assert filled < 0.5 * hers


def test_a_mask_that_loses_somebody_for_a_moment_makes_no_room_of_them() -> None:
    picture, alpha, _, _ = taken(5.5)
    room = RoomPlate()
    for turn in range(30):
        room.observe(picture, alpha * (turn % 10 != 3))
    assert room.known is not None
    assert room.known[alpha > 0.5].max() == 0


def test_room_between_arm_and_body_is_no_part_of_them() -> None:
    picture, alpha, _, studio = taken(7.4)
    there = (alpha > 0.5).astype(np.uint8)
    rough = cv2.morphologyEx(there, cv2.MORPH_CLOSE, np.ones((31, 31), np.uint8))
    masks = MaskEdges()
    snapshot = sampled(0.0, mask__clean=1)
    found = masks.clean(picture, rough.astype(np.float32), snapshot, studio)
    filled = (rough > 0) & (alpha < 0.02)
    assert filled.mean() > 0.01
    assert found[filled].mean() < 0.25
    assert found[alpha > 0.98].mean() > 0.98


def test_an_empty_room_that_was_learned_is_the_room() -> None:
    picture, alpha, _, studio = taken(5.5)
    room = RoomPlate()
    room.begin(studio)
    room.observe(picture, alpha)
    made = room.picture()
    assert made is not None
    assert np.abs(made.astype(int) - studio).max() <= 1
