"""A large picture through a network in overlapping tiles, so that a small card has room for it.

Each tile is given more of the picture than is taken of it: the outermost pixels, whose network saw
an edge that is none, are dropped, and the rest of the overlap is cross-faded. Away from the joins
the picture is what the network makes of it whole, as far as it sees no further than the margin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from vj.core.errors import is_out_of_memory
from vj.core.memory import give_back
from vj.core.smoothstep import smoothstep

MARGIN, FADE = 24, 32
"""Pixels of a tile's edge that are dropped, and over which two tiles fade into each other."""
OVERLAP = 2 * MARGIN + FADE
GRID = 16
"""Tiles begin at multiples of it: networks that make a picture smaller and larger again, or look at
it in windows, see the same grid as in the whole picture."""
LEAST = 192
"""The side of a tile, at least."""
Tile = int | Literal["auto", "whole"]
"""The side of the tiles in pixels; auto: whole, and in tiles where the memory does not do."""
Network = Callable[[np.ndarray], np.ndarray]
"""(h, w, 3) uint8 -> (n h, n w, 3) uint8, n its own factor."""


class Tiled:
    """Runs a network over pictures, whole or in tiles. Belongs to one thread."""

    def __init__(
        self,
        call: Network,
        tile: Tile = "auto",
        per_pixel: float = 0.0,
        say: Callable[[str], None] = lambda text: None,
        room: Callable[[], int | None] = lambda: None,
        free: Callable[[], object] = give_back,
    ) -> None:
        """per_pixel: bytes that the network takes for a pixel, 0 where that is not known. say:
        takes a message where it begins to go in tiles. room: bytes that may be taken, None where
        that shows only as it fails. free: gives memory back after it has failed."""
        self._call, self._tile, self._per_pixel, self._room = call, tile, per_pixel, room
        self._say, self._free = say, free
        self._side: int | None = None if isinstance(tile, str) else max(LEAST, tile)
        self._looked = tile != "auto"

    def __call__(self, picture: np.ndarray) -> np.ndarray:
        """(h, w, 3) uint8 -> (n h, n w, 3) uint8. Raises whatever the network does; for want of
        memory only where the smallest tiles are too large."""
        longer = max(picture.shape[:2])
        if not self._looked:
            self._looked = True
            self._fit(picture.shape[0] * picture.shape[1], longer)
        while True:
            side = self._side
            try:
                if side is None or side >= longer:
                    return self._call(picture)
                return in_tiles(self._call, picture, side)
            except Exception as error:
                now = longer if side is None else min(side, longer)
                if self._tile != "auto" or not is_out_of_memory(error) or now <= LEAST:
                    raise
                self._use(now // 2)
            self._free()

    def _fit(self, pixels: int, longer: int) -> None:
        """Tiles from the beginning, where the memory that is free says so."""
        room = self._room()
        if room is None or not self._per_pixel or pixels * self._per_pixel <= room:
            return
        self._use(min(longer - 1, int((room / self._per_pixel) ** 0.5)))

    def _use(self, side: int) -> None:
        self._side = max(LEAST, side // GRID * GRID)
        self._say(f"the memory does not do for whole pictures: in tiles of {self._side}")


def in_tiles(call: Network, picture: np.ndarray, side: int) -> np.ndarray:
    """A picture by a network that gets squares of it. side: of the squares, in pixels. -> as the
    network gives the whole."""
    height, width = picture.shape[:2]
    rows, columns = _begins(height, side), _begins(width, side)
    tall, wide = min(side, height), min(side, width)
    total = weight = None
    factor = 1
    for top in rows:
        for left in columns:
            tile = np.ascontiguousarray(picture[top : top + tall, left : left + wide])
            made = call(tile)
            if total is None or weight is None:
                factor = max(1, round(made.shape[0] / tall))
                total = np.zeros((height * factor, width * factor, 3), np.float32)
                weight = np.zeros((height * factor, width * factor, 1), np.float32)
            share = np.outer(_share(top, tall, height, factor), _share(left, wide, width, factor))[
                ..., None
            ]
            place = np.s_[
                top * factor : (top + tall) * factor, left * factor : (left + wide) * factor
            ]
            total[place] += made * share
            weight[place] += share
    assert total is not None
    assert weight is not None
    np.divide(total, weight, out=total)
    return np.clip(np.rint(total, out=total), 0, 255).astype(np.uint8)


def _begins(length: int, side: int) -> list[int]:
    """Where tiles begin along one side of a picture, evenly and on the grid; the last one ends with
    the picture."""
    if side >= length:
        return [0]
    step = max(GRID, (side - OVERLAP) // GRID * GRID)
    count = -(-(length - side + GRID) // step) + 1
    even = [number * (length - side) / (count - 1) for number in range(count - 1)]
    return [*(int(begin) // GRID * GRID for begin in even), length - side]


def _share(begin: int, tile: int, length: int, factor: int) -> np.ndarray:
    """How much of a tile counts along one of its sides: all of it at the picture's own edges.
    -> (tile * factor,) float32, above 0 wherever no other tile does."""
    place = (np.arange(tile * factor, dtype=np.float32) + 0.5) / factor
    share = np.ones_like(place)
    if begin > 0:
        share *= smoothstep(np.clip((place - MARGIN) / FADE, 0, 1))
    if begin + tile < length:
        share *= smoothstep(np.clip((tile - place - MARGIN) / FADE, 0, 1))
    return share
