"""A leg from one painting to the next: what is alike moves from its place in one to its place in
the other, and on the way no blend of the two explains what is seen."""

from __future__ import annotations

import functools
import itertools
from pathlib import Path

import cv2
import numpy as np
import pytest

from vj.core.frame import Size
from vj.pipeline.correspondence import FIRM, firmness
from vj.pipeline.palette_travel import PaletteWay, recoloured
from vj.pipeline.walk_leg import LegLayout, WalkLeg, key_picture
from vj.sources.drawn import still
from vj.sources.image import read_picture

SIDE = 128
PAINTINGS = ("meadow", "harbour", "portrait")
SEEN = np.linspace(0.05, 0.95, 10)


def painting(name: str) -> np.ndarray:
    return still(name, Size(SIDE, SIDE))


def photograph() -> np.ndarray:
    path = Path(__file__).parents[1] / "pictures" / "astronaut.jpg"
    return cv2.resize(read_picture(path, "image"), (SIDE, SIDE), interpolation=cv2.INTER_AREA)


def disc(at: tuple[float, float], ground: tuple[int, ...], colour: tuple[int, ...]) -> np.ndarray:
    """A disc on an even ground, in the grain of a canvas."""
    out = np.full((SIDE, SIDE, 3), ground, np.uint8)
    centre = round(SIDE * at[0]), round(SIDE * at[1])
    cv2.circle(out, centre, round(0.13 * SIDE), colour, -1)
    grain = np.random.default_rng(1).normal(0, 6, out.shape)
    return np.clip(cv2.GaussianBlur(out, (0, 0), 1) + grain, 0, 255).astype(np.uint8)


PAIRS = {
    "meadow to harbour": lambda: (painting("meadow"), painting("harbour")),
    "harbour to portrait": lambda: (painting("harbour"), painting("portrait")),
    "portrait to meadow": lambda: (painting("portrait"), painting("meadow")),
    "photograph to harbour": lambda: (photograph(), painting("harbour")),
    "disc to disc": lambda: (
        disc((0.35, 0.4), (30, 40, 120), (250, 220, 80)),
        disc((0.6, 0.58), (200, 210, 190), (120, 20, 60)),
    ),
    "meadow to itself": lambda: (painting("meadow"), painting("meadow").copy()),
}


@functools.cache
def leg_of(name: str) -> WalkLeg:
    one, two = PAIRS[name]()
    layout = LegLayout.between(one, two)
    keys = (key_picture(one, two, layout, share) for share in (0.25, 0.5, 0.75))
    return WalkLeg(layout, (one, *keys, two))


def explained(picture: np.ndarray, one: np.ndarray, two: np.ndarray) -> float:
    """How well the best blend `a one + b two + c` correlates with a picture."""
    parts = np.stack([one.ravel(), two.ravel(), np.ones(one.size)], 1).astype(np.float64)
    seen = picture.ravel().astype(np.float64)
    best = parts @ np.linalg.lstsq(parts, seen, rcond=None)[0]
    return float(np.corrcoef(best, seen)[0, 1])


@pytest.mark.parametrize("name", list(PAIRS)[:5])
def test_in_mid_leg_no_blend_of_the_two_explains_the_picture(name: str) -> None:
    leg = leg_of(name)
    one, two = leg.keys[0], leg.keys[-1]
    assert leg.at(0.0) is one
    assert leg.at(1.0) is two
    assert max(explained(leg.at(u), one, two) for u in (0.35, 0.45, 0.5, 0.55, 0.65)) <= 0.9


def centre(picture: np.ndarray, ground: np.ndarray) -> np.ndarray:
    """Of what is not the ground, (x, y) as shares of the side."""
    off = np.abs(cv2.GaussianBlur(picture, (0, 0), 3).astype(float) - ground).sum(-1)
    x, y = np.nonzero(off > 0.6 * off.max())[::-1]
    return np.array([x.mean(), y.mean()]) / SIDE


def test_a_thing_goes_steadily_from_its_place_in_one_to_its_place_in_the_other() -> None:
    """Another colour, light on dark and dark on light: what both have is that it is there."""
    leg = leg_of("disc to disc")
    places = [centre(leg.at(u), np.median(leg.at(u), axis=(0, 1))) for u in SEEN]
    begin, end = np.array([0.35, 0.4]), np.array([0.6, 0.58])
    way = end - begin
    along = [float((place - begin) @ way / (way @ way)) for place in places]
    aside = [float(np.abs(np.cross(way, place - begin)) / np.hypot(*way)) for place in places]
    assert np.allclose(along, SEEN, atol=0.2), along
    assert max(aside) < 0.05
    steps = np.diff(along)
    assert steps.min() > 0
    assert steps.max() < 2.5 * steps.mean()


@pytest.mark.parametrize("name", PAIRS)
def test_points_keep_their_order_and_no_place_is_squeezed_away(name: str) -> None:
    way = leg_of(name).layout.way
    assert firmness(way * way.shape[0]).min() >= FIRM - 1e-3
    assert np.abs(way).max() < 0.2
    edge = np.abs(np.concatenate([way[:, 0, 0], way[:, -1, 0], way[0, :, 1], way[-1, :, 1]]))
    assert edge.max() < 0.04, "nothing comes from beyond an edge"


def test_what_is_the_same_stays() -> None:
    leg = leg_of("meadow to itself")
    one = leg.keys[0]
    assert np.abs(leg.layout.way).max() < 0.004
    for share in (0.1, 0.5, 0.9):
        assert np.abs(leg.at(share).astype(int) - one).mean() < 2


def test_a_key_of_even_colours_is_the_nearest_there_is_to_the_colour_of_its_place() -> None:
    one = np.full((SIDE, SIDE, 3), (101, 50, 200), np.uint8)
    two = np.full((SIDE, SIDE, 3), (105, 62, 196), np.uint8)
    layout = LegLayout.between(one, two)
    for share in (0.2, 0.45, 0.7):
        exact = (1 - share) * one[0, 0] + share * two[0, 0]
        assert np.abs(key_picture(one, two, layout, share) - exact).max() <= 0.5 + 1e-4


def test_the_new_picture_spreads_evenly_and_once_it_is_there_it_stays() -> None:
    order = leg_of("harbour to portrait").layout.order
    for share in (0.1, 0.3, 0.5, 0.9):
        assert (order < share).mean() == pytest.approx(share, abs=0.01)


def test_no_frame_jumps() -> None:
    leg = leg_of("harbour to portrait")
    frames = [leg.at(u).astype(int) for u in np.linspace(0, 1, 41)]
    moved = [np.abs(b - a).mean() for a, b in itertools.pairwise(frames)]
    assert max(moved) < 3.5 * np.mean(moved)
    assert max(moved) < 0.25 * np.abs(frames[0] - frames[-1]).mean()


def test_half_way_colours_are_as_lively_as_at_the_ends() -> None:
    """The mean of opposite colours is grey; the palette between them is not."""
    rng = np.random.default_rng(3)
    shades = rng.normal(0, 1, (64, 64, 3)) * (30, 12, 15)
    here, there = np.array([150, 120, 60]), np.array([60, 110, 160])
    one = np.clip(shades + here, 0, 255).astype(np.uint8)
    two = np.clip(shades[..., ::-1] + there, 0, 255).astype(np.uint8)
    way = PaletteWay.between(one, two)
    for share in (0.0, 0.25, 0.5, 1.0):
        first, second = recoloured(one, way.of_one(share)), recoloured(two, way.of_two(share))
        assert np.allclose(first.mean((0, 1)), second.mean((0, 1)), atol=4)
        assert np.allclose(first.std((0, 1)), second.std((0, 1)), atol=6)
    assert recoloured(one, way.of_one(0.0)).tobytes() == one.tobytes()
