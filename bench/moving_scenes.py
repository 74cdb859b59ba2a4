"""Small drawn scenes that know how everything in them moves, for measures that need the truth."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

Way = tuple[np.ndarray, np.ndarray]
"""(H, W, 2) float32: from where a pixel is to where it was in the picture before. (H, W) bool:
where it was seen there."""


STUFF = 12.0
"""Levels of 0..255 by which what everything is made of is uneven: as a camera sees plaster or
cloth, and twice its noise."""


class Layer(NamedTuple):
    """Something stiff. sheet: (h, w, 4) float32, RGB 0..255 and how much of it is there, 0..1. at:
    (2, 3), where on the sheet a pixel of a frame lies, by the frame's number."""

    sheet: np.ndarray
    at: Callable[[int], np.ndarray]


class MovingScene:
    """Layers, the last one in front. side: of the square pictures, in pixels."""

    def __init__(self, side: int, layers: list[Layer]) -> None:
        self.side, self._layers = side, layers
        self._x, self._y = np.meshgrid(*(np.arange(side, dtype=np.float32),) * 2)

    def draw(self, number: int) -> np.ndarray:
        """(H, W, 3) uint8 RGB, a new array."""
        picture = np.zeros((self.side, self.side, 3), np.float32)
        for layer in self._layers:
            seen = self._seen(layer, number)
            picture += (seen[..., :3] - picture) * seen[..., 3:]
        return np.clip(np.rint(picture), 0, 255).astype(np.uint8)

    def frames(self, count: int) -> list[np.ndarray]:
        """The first ones."""
        return [self.draw(number) for number in range(count)]

    def true_ways(self, count: int) -> list[Way]:
        """Between each of the first frames and the one before it, as `measures.ways` finds them."""
        return [self._way(number) for number in range(1, count)]

    def _way(self, number: int) -> Way:
        way = np.zeros((self.side, self.side, 2), np.float32)
        here, there = self._front(number), self._front(number - 1)
        seen = np.zeros(here.shape, bool)
        for index, layer in enumerate(self._layers):
            turn = _whole(layer.at(number - 1))
            turn = np.linalg.inv(turn) @ _whole(layer.at(number))
            x, y = (
                np.float32(row[0]) * self._x + np.float32(row[1]) * self._y + np.float32(row[2])
                for row in turn[:2]
            )
            column, line = (np.rint(place).astype(int) for place in (x, y))
            inside = (column >= 0) & (column < self.side) & (line >= 0) & (line < self.side)
            was = there[line.clip(0, self.side - 1), column.clip(0, self.side - 1)]
            own = here == index
            way[own] = np.stack([x - self._x, y - self._y], 2)[own]
            seen |= own & inside & (was == index)
        return way, seen

    def _front(self, number: int) -> np.ndarray:
        """(H, W): which layer is in front; -1 at edges, which are of two."""
        front = np.zeros((self.side, self.side), int)
        for index, layer in enumerate(self._layers):
            cover = self._seen(layer, number)[..., 3]
            front[cover > 0.02] = -1
            front[cover > 0.98] = index
        return front

    def _seen(self, layer: Layer, number: int) -> np.ndarray:
        out: np.ndarray = cv2.warpAffine(
            layer.sheet,
            layer.at(number),
            (self.side, self.side),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_CONSTANT,
        )
        return out


def _whole(matrix: np.ndarray) -> np.ndarray:
    return np.vstack([matrix, [0, 0, 1]])


def room(height: int, width: int, seed: int = 4) -> np.ndarray:
    """A sheet that is there everywhere: things of all sizes before a wall, softly lit, of some
    stuff: motion that nothing shows nobody can find."""
    rng = np.random.default_rng(seed)
    sheet = np.full((height, width, 3), (150, 142, 128), np.uint8)
    for _ in range(width * height // 1500):
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        sides = tuple(map(int, rng.integers(4, 30, 2)))
        colour = tuple(int(0.5 * one + 70) for one in rng.integers(0, 256, 3))
        cv2.ellipse(sheet, (x, y), sides, float(rng.integers(180)), 0, 360, colour, -1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(sheet, (0, 0), 1.2).astype(np.float32)
    light = np.linspace(1.1, 0.8, width, dtype=np.float32)[None, :, None]
    lit = soft * light + _stuff(height, width)[..., None]
    return np.dstack([lit, np.ones((height, width), np.float32)])


def _stuff(height: int, width: int) -> np.ndarray:
    """(h, w) float32: the grain of cloth or plaster, in levels."""
    white = np.random.default_rng(8).standard_normal((height, width)).astype(np.float32)
    fine, coarse = (s * cv2.GaussianBlur(white, (0, 0), s) for s in (1.5, 4.0))
    out: np.ndarray = STUFF * (fine + coarse)
    return out


def _about(side: int, sheet: np.ndarray, turn: float = 0.0, scale: float = 1.0) -> np.ndarray:
    """The middle of a picture on the middle of a sheet, turned (degrees), a pixel so many of the
    sheet's."""
    cos, sin = (scale * f(math.radians(turn)) for f in (math.cos, math.sin))
    middle = np.array([sheet.shape[1], sheet.shape[0]]) / 2 - 0.5
    matrix = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([matrix, middle - matrix @ np.full(2, side / 2 - 0.5)])


def pan(side: int = 256, pixels: float = 3.7, frames: int = 60) -> MovingScene:
    """The camera pans to the right, by so many pixels a frame."""
    sheet = room(side, side + math.ceil(pixels * frames) + 2)
    return MovingScene(
        side, [Layer(sheet, lambda number: np.array([[1, 0, pixels * number], [0, 1, 0.0]]))]
    )


def zoom(side: int = 256, growth: float = 1.025) -> MovingScene:
    """The camera goes closer: all grows so many times a frame."""
    sheet = room(2 * side, 2 * side)
    return MovingScene(
        side, [Layer(sheet, lambda number: _about(side, sheet, scale=1.9 * growth**-number))]
    )


def rotation(side: int = 256, degrees: float = 1.5) -> MovingScene:
    """All turns about the middle, by so much a frame."""
    sheet = room(2 * side, 2 * side)
    return MovingScene(
        side, [Layer(sheet, lambda number: _about(side, sheet, turn=degrees * number))]
    )


def walk(side: int = 256, pixels: float = 3.0) -> MovingScene:
    """Somebody walks from left to right before a wall that stands still, by so many pixels a
    frame; the arms and legs swing."""
    unit = 1.6 * side / 256
    parts = [
        # middle of the joint below the head's, length and width, how far it swings, its colour
        ((0, 118), (92, 24), -26.0, (46, 54, 92)),
        ((0, 46), (74, 17), 24.0, (150, 46, 40)),
        ((0, 118), (92, 26), 26.0, (58, 68, 116)),
        ((0, 36), (96, 52), 0.0, (196, 60, 48)),
        ((0, 46), (74, 19), -24.0, (214, 84, 66)),
        ((0, -6), (14, 38), 0.0, (232, 178, 142)),
    ]
    layers = [Layer(room(side, side, 7), lambda number: np.eye(2, 3))]
    for joint, (long, wide), swing, colour in parts:
        sheet = _limb(round(long * unit), round(wide * unit), colour)
        layers.append(Layer(sheet, _swinging(joint, swing, unit, sheet.shape[1], pixels)))
    return MovingScene(side, layers)


def _swinging(
    joint: tuple[int, int], swing: float, unit: float, wide: int, pixels: float
) -> Callable[[int], np.ndarray]:
    def at(number: int) -> np.ndarray:
        turn = math.radians(swing * math.sin(number * math.tau / 30))
        x = 40 * unit + pixels * number
        y = (30 + joint[1]) * unit + 2 * unit * abs(math.sin(number * math.tau / 30))
        rotation = np.array([[math.cos(turn), math.sin(turn)], [-math.sin(turn), math.cos(turn)]])
        return np.column_stack([rotation, np.array([wide / 2, wide / 2]) - rotation @ (x, y)])

    return at


def _limb(long: int, wide: int, colour: tuple[int, int, int]) -> np.ndarray:
    """A sheet with something long and round on it, in soft folds and light from the left."""
    high = long + wide
    cover = np.zeros((high, wide), np.uint8)
    ends = (wide // 2, wide // 2), (wide // 2, high - wide // 2)
    cv2.line(cover, *ends, 255, max(1, wide - 4), cv2.LINE_AA)
    across, down = np.meshgrid(np.linspace(-1, 1, wide), np.arange(high))
    light = 1.15 - 0.35 * across + 0.12 * np.sin(down / 5 + 2 * across)
    rgb = np.array(colour, np.float32) * light[..., None] + _stuff(high, wide)[..., None]
    return np.dstack([rgb, cover / 255]).astype(np.float32)


SCENES: dict[str, Callable[[int], MovingScene]] = {
    "pan": pan,
    "zoom": zoom,
    "rotation": rotation,
    "walking figure": walk,
}
"""By side."""
