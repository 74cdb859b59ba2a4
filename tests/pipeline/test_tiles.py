"""A picture through a network in tiles: as the whole, without seams, and small where a card is."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from vj.core.frame import Size
from vj.pipeline.tiles import LEAST, OVERLAP, Tiled, in_tiles
from vj.sources.drawn.speaker import Speaker

PICTURE = cv2.resize(Speaker(Size(256, 256)).draw(3.0), (512, 400))
PICTURE = np.clip(PICTURE + np.random.default_rng(4).normal(0, 12, PICTURE.shape), 0, 255).astype(
    np.uint8
)


def sharper(picture: np.ndarray) -> np.ndarray:
    """A network that sees 20 pixels around each, and makes the picture twice as large."""
    soft = cv2.GaussianBlur(picture, (41, 41), 6)
    sharp = cv2.addWeighted(picture, 1.6, soft, -0.6, 0)
    return cv2.resize(sharp, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)


@pytest.mark.parametrize("side", [192, 256, 333])
def test_in_tiles_it_is_what_it_is_whole(side: int) -> None:
    whole = sharper(PICTURE)
    made = in_tiles(sharper, PICTURE, side)
    off = np.abs(made.astype(int) - whole)
    assert made.shape == whole.shape
    assert off.max() <= 1, "everywhere, since it sees no further than what is dropped"


def test_no_seam_where_each_tile_is_a_little_otherwise() -> None:
    """A network that makes each of its pictures brighter by what is in it, as normalised ones do:
    the joins are slopes, not steps."""
    plain = np.repeat(np.linspace(40, 160, 640).astype(np.uint8)[None], 300, 0)
    plain = np.dstack([plain] * 3)

    def unsteady(picture: np.ndarray) -> np.ndarray:
        lift = 30 * (float(picture.mean()) - 100) / 60
        return np.clip(picture + lift, 0, 255).astype(np.uint8)

    made = in_tiles(unsteady, plain, 256).astype(int)
    lifts = {
        round(30 * (float(plain[:, left : left + 256].mean()) - 100) / 60) for left in (0, 192, 384)
    }
    assert max(lifts) - min(lifts) > 15, "the tiles differ by much"
    assert np.abs(np.diff(made, axis=1)).max() <= 3
    assert np.abs(np.diff(made, axis=0)).max() <= 1


def test_every_pixel_of_every_size_is_covered() -> None:
    for width in (LEAST + 1, LEAST + OVERLAP, 500, 577):
        picture = np.full((LEAST - 40, width, 3), 77, np.uint8)
        assert np.array_equal(in_tiles(lambda one: one, picture, LEAST), picture)


class Card:
    """A network on a card that has room for so many pixels."""

    def __init__(self, pixels: int) -> None:
        self.pixels, self.sides = pixels, list[int]()

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        self.sides.append(max(picture.shape[:2]))
        if picture.shape[0] * picture.shape[1] > self.pixels:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return picture


def test_a_small_card_is_given_tiles_that_fit_and_it_is_said_once() -> None:
    card, said = Card(260 * 260), list[str]()
    tiled = Tiled(card, "auto", say=said.append)
    for _ in range(2):
        assert np.array_equal(tiled(PICTURE), PICTURE)
    assert card.sides.count(512) == 1, "whole it is tried once"
    assert said == ["the memory does not do for whole pictures: in tiles of 256"]


def test_where_there_is_room_the_picture_goes_whole() -> None:
    card = Card(10**9)
    assert np.array_equal(Tiled(card, "auto")(PICTURE), PICTURE)
    assert card.sides == [512]


def test_the_memory_of_a_host_is_looked_at_before() -> None:
    """Which would not say that it is full, but swap for days."""
    card, said = Card(10**9), list[str]()
    tiled = Tiled(card, "auto", 1000.0, said.append, lambda: 1000 * 256 * 256)
    assert np.array_equal(tiled(PICTURE), PICTURE)
    assert set(card.sides) == {256}
    assert said == ["the memory does not do for whole pictures: in tiles of 256"]


def test_what_was_said_is_kept_to() -> None:
    with pytest.raises(RuntimeError, match="out of memory"):
        Tiled(Card(260 * 260), "whole")(PICTURE)
    card = Card(10**9)
    Tiled(card, 256)(PICTURE)
    assert set(card.sides) == {256}
    with pytest.raises(RuntimeError, match="out of memory"):
        Tiled(Card(100), "auto")(PICTURE)


def test_a_fault_of_the_network_is_not_taken_for_want_of_memory() -> None:
    def broken(picture: np.ndarray) -> np.ndarray:
        raise ValueError("wants 64 channels")

    with pytest.raises(ValueError, match="64 channels"):
        Tiled(broken, "auto")(PICTURE)
