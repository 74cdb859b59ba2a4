"""What is on the sheets of `vj.translator.sheets`: things as people draw them, as outlines with the
colours that they are painted in."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from vj.sources.drawn.canvas import smooth

Colour = tuple[float, float, float]
Place = tuple[float, float]

SKY, GRASS, FAR_GRASS, WATER = (176, 208, 232), (134, 172, 96), (162, 190, 132), (96, 150, 186)
WALL, ROOF, DOOR, PANE = (236, 206, 158), (190, 84, 66), (126, 84, 56), (146, 194, 220)
BARK, LEAVES, FIR = (124, 88, 60), (92, 148, 84), (62, 118, 88)
SUN, CLOUD, DARK = (248, 200, 76), (232, 238, 244), (58, 52, 60)
SKIN, HAIR, LIPS, SHIRT = (238, 190, 156), (104, 70, 52), (196, 84, 84), (86, 122, 176)
WHITE, RED, ORANGE, TEAL = (250, 248, 244), (204, 72, 64), (232, 148, 70), (86, 158, 156)


@dataclass(frozen=True, slots=True, eq=False)
class SheetPart:
    """points: (N, 2), shares of the sheet's side, y down. closed: an outline that is filled; else a
    line of colour. washed: it fills the sheet behind everything. seen: only so many points of its
    outline are drawn; None for all. width: of a line, in shares of the side."""

    points: np.ndarray
    colour: Colour
    closed: bool = True
    washed: bool = False
    seen: int | None = None
    width: float = 0.012

    @property
    def is_sky(self) -> bool:
        return self.seen == 0


Thing = Callable[[np.random.Generator, Place, float], list[SheetPart]]


def _near(rng: np.random.Generator, colour: Colour) -> Colour:
    """Nobody mixes a colour twice."""
    red, green, blue = (float(v) for v in np.clip(np.array(colour) + rng.normal(0, 5, 3), 0, 255))
    return red, green, blue


class _Set:
    """Parts around a place: x to the right, y down, 1 is the size of the thing."""

    def __init__(self, rng: np.random.Generator, at: Place, size: float, turns: float = 4) -> None:
        self._rng, self._at, self._size = rng, np.array(at), size
        angle = math.radians(float(rng.normal(0, turns)))
        side = -1.0 if rng.random() < 0.5 else 1.0
        stretch = np.exp(rng.normal(0, 0.09, 2))
        turn = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
        self._matrix = turn @ np.diag(stretch * (side, 1))
        self.parts: list[SheetPart] = []

    def _placed(self, points: object) -> np.ndarray:
        return np.asarray(points, float) @ self._matrix.T * self._size + self._at

    def fill(self, points: object, colour: Colour) -> None:
        self.parts.append(SheetPart(self._placed(points), _near(self._rng, colour)))

    def line(self, points: object, colour: Colour, width: float = 0.012) -> None:
        self.parts.append(SheetPart(self._placed(points), colour, False, width=width))

    def curve(self, points: Sequence[Place], colour: Colour) -> None:
        self.fill(smooth(points), colour)

    def oval(
        self, x: float, y: float, wide: float, high: float, colour: Colour, bumps: int = 0
    ) -> None:
        """An ellipse, with bumps like those of a cloud."""
        turns = np.linspace(0, 2 * math.pi, 49)[:-1]
        far = 1 + (0.12 * np.abs(np.sin(bumps * turns / 2)) if bumps else 0 * turns)
        shape = np.stack([x + wide * far * np.cos(turns), y + high * far * np.sin(turns)], 1)
        self.fill(shape, colour)

    def box(self, left: float, top: float, right: float, bottom: float, colour: Colour) -> None:
        self.fill([(left, top), (right, top), (right, bottom), (left, bottom)], colour)


def house(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made, wide = _Set(rng, at, size, 1.5), float(rng.uniform(0.36, 0.5))
    top = float(rng.uniform(-0.1, 0.02))
    if rng.random() < 0.5:
        made.box(0.18, -0.46, 0.27, -0.1, ROOF)
    made.box(-wide, top, wide, 0.45, WALL)
    flat = float(rng.choice([0.0, 0.0, 0.22]))
    made.fill(
        [(-wide - 0.07, top), (-flat, top - 0.38), (flat, top - 0.38), (wide + 0.07, top)], ROOF
    )
    door = float(rng.choice([-0.2, 0.0, 0.2]))
    made.box(door - 0.08, 0.16, door + 0.08, 0.45, DOOR)
    for x in {-0.24, 0.24} - {round(door * 1.2, 2)}:
        made.box(x - 0.09, top + 0.08, x + 0.09, top + 0.25, PANE)
        if rng.random() < 0.4:
            made.line([(x, top + 0.08), (x, top + 0.25)], DARK, 0.006)
            made.line([(x - 0.09, top + 0.165), (x + 0.09, top + 0.165)], DARK, 0.006)
    return made.parts


def tree(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made, thick = _Set(rng, at, size), float(rng.uniform(0.05, 0.09))
    made.fill([(-thick, 0.0), (thick, 0.0), (1.3 * thick, 0.5), (-1.3 * thick, 0.5)], BARK)
    made.oval(0, -0.16, 0.3, 0.32, LEAVES, int(rng.choice([0, 7, 9, 11])))
    if rng.random() < 0.25:
        for x, y in rng.uniform(-0.17, 0.17, (4, 2)):
            made.oval(x, y - 0.16, 0.035, 0.035, RED)
    return made.parts


def fir(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made, tiers = _Set(rng, at, size), int(rng.integers(1, 4))
    made.box(-0.05, 0.3, 0.05, 0.5, BARK)
    edge = [(-0.3, 0.32)]
    for tier in range(tiers):
        y = 0.32 - 0.8 * (tier + 1) / tiers
        wide = 0.3 * (1 - (tier + 1) / tiers)
        edge += [(-wide, y)] if tier == tiers - 1 else [(-wide, y), (-wide - 0.1, y + 0.02)]
    right = [(-x, y) for x, y in reversed(edge[:-1])]
    made.fill([*edge, *right], FIR)
    return made.parts


def sun(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size)
    made.oval(0, 0, 0.27, 0.27, SUN)
    count = int(rng.choice([0, 8, 10, 12]))
    for turn in np.arange(count) / max(1, count) * 2 * math.pi:
        way = np.array((math.cos(turn), math.sin(turn)))
        made.line([0.34 * way, rng.uniform(0.42, 0.52) * way], SUN)
    return made.parts


def cloud(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size)
    made.oval(0, 0, 0.5, 0.22, CLOUD, int(rng.integers(6, 11)))
    return made.parts


def bird(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, 0.7 * size)
    for side in (-1, 1):
        wing = smooth([(0, 0), (side * 0.2, -0.2), (side * 0.5, -0.08)], closed=False)
        made.line(wing, DARK, 0.007)
    return made.parts


def flower(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made, count = _Set(rng, at, size), int(rng.integers(5, 9))
    made.line(smooth([(0, -0.1), (0.03, 0.2), (0, 0.5)], closed=False), LEAVES, 0.016)
    made.curve([(0, 0.35), (0.14, 0.2), (0.24, 0.18), (0.16, 0.3)], LEAVES)
    for turn in np.arange(count) / count * 2 * math.pi:
        x, y = 0.2 * math.cos(turn), 0.2 * math.sin(turn) - 0.2
        made.oval(x, y, 0.11, 0.11, RED)
    made.oval(0, -0.2, 0.11, 0.11, SUN)
    return made.parts


def boat(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size, 2)
    made.line([(0, 0.2), (0, -0.48)], BARK, 0.014)
    made.fill([(0.04, -0.44), (0.36, 0.12), (0.04, 0.12)], WHITE)
    made.fill([(-0.04, -0.36), (-0.26, 0.12), (-0.04, 0.12)], RED)
    made.fill([(-0.42, 0.2), (0.46, 0.2), (0.3, 0.42), (-0.3, 0.42)], BARK)
    return made.parts


def face(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size)
    made.oval(-0.33, 0, 0.06, 0.09, SKIN)
    made.oval(0.33, 0, 0.06, 0.09, SKIN)
    made.oval(0, 0, 0.32, 0.42, SKIN)
    made.curve([(-0.34, -0.06), (-0.3, -0.42), (0, -0.52), (0.3, -0.42), (0.34, -0.06),
                (0.2, -0.24), (-0.1, -0.22)], HAIR)  # fmt: skip
    for x in (-0.13, 0.13):
        made.oval(x, -0.05, 0.07, 0.045, WHITE)
        made.oval(x, -0.05, 0.03, 0.035, DARK)
    made.line([(0, -0.02), (0.04, 0.12), (-0.02, 0.13)], (196, 132, 104), 0.008)
    made.curve([(-0.12, 0.22), (0, 0.2), (0.12, 0.22), (0, 0.29)], LIPS)
    return made.parts


def figure(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size, 2)
    for x in (-0.07, 0.07):
        made.box(x - 0.06, 0.2, x + 0.06, 0.5, (84, 84, 112))
    for side in (-1, 1):
        made.line([(0.13 * side, -0.08), (0.3 * side, 0.12)], SKIN, 0.018)
    made.fill([(-0.13, -0.14), (0.13, -0.14), (0.17, 0.24), (-0.17, 0.24)], SHIRT)
    made.oval(0, -0.3, 0.13, 0.15, SKIN)
    made.curve([(-0.14, -0.3), (-0.1, -0.46), (0.1, -0.46), (0.14, -0.3), (0, -0.39)], HAIR)
    return made.parts


def cat(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size)
    made.oval(0, 0.28, 0.24, 0.24, ORANGE)
    for side in (-1, 1):
        made.fill([(0.26 * side, -0.2), (0.24 * side, -0.46), (0.07 * side, -0.3)], ORANGE)
    made.oval(0, -0.1, 0.27, 0.23, ORANGE)
    for x in (-0.1, 0.1):
        made.oval(x, -0.14, 0.045, 0.05, (150, 190, 96))
        made.line([(2.2 * x, -0.02), (4.2 * x, -0.06)], DARK, 0.005)
        made.line([(2.2 * x, 0.01), (4.2 * x, 0.04)], DARK, 0.005)
    made.fill([(-0.03, -0.05), (0.03, -0.05), (0, -0.01)], LIPS)
    return made.parts


def fish(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size)
    made.fill([(0.26, 0), (0.5, -0.2), (0.5, 0.2)], TEAL)
    made.oval(0, 0, 0.34, 0.2, TEAL)
    made.oval(-0.2, -0.04, 0.04, 0.04, WHITE)
    return made.parts


def car(rng: np.random.Generator, at: Place, size: float) -> list[SheetPart]:
    made = _Set(rng, at, size, 1.5)
    made.fill([(-0.24, 0.02), (-0.16, -0.2), (0.14, -0.2), (0.26, 0.02)], PANE)
    made.fill([(-0.48, 0.02), (0.46, 0.02), (0.5, 0.24), (-0.5, 0.24)], RED)
    for x in (-0.28, 0.28):
        made.oval(x, 0.25, 0.11, 0.11, DARK)
    return made.parts


def landscape(rng: np.random.Generator) -> list[SheetPart]:
    """Sky and ground: a line from one side of the sheet to the other parts them. Behind it may be
    hills, mountains, or the sea."""
    low = float(rng.uniform(0.56, 0.72))
    kind = int(rng.integers(4))
    parts = [] if kind == 2 else [_below(rng, low - 0.14, 0.05, FAR_GRASS)]
    if kind == 1:
        parts = []
        for x in rng.uniform(0.1, 0.9, int(rng.integers(1, 4))):
            wide, high = rng.uniform(0.18, 0.3), rng.uniform(0.24, 0.36)
            peak = np.array([(x - wide, low), (x, low - high), (x + wide, low)])
            snow = peak[1] + 0.28 * (peak - peak[1])
            parts += [
                SheetPart(peak, _near(rng, (140, 140, 158)), washed=True),
                SheetPart(snow, WHITE),
            ]
    edge = _below(rng, low, 0.02 if kind != 2 else 0.003, GRASS if kind != 2 else WATER)
    sky = np.array([(-0.1, -0.1), (1.1, -0.1), (1.1, low), (-0.1, low)])
    parts = [SheetPart(sky, SKY, washed=True, seen=0), *parts, edge]
    if kind == 2:
        size = float(rng.uniform(0.24, 0.4))
        parts += boat(rng, (float(rng.uniform(0.25, 0.75)), low - 0.2 * size), size)
    return parts


def _below(rng: np.random.Generator, y: float, waves: float, colour: Colour) -> SheetPart:
    """All that lies under a line across the sheet."""
    count = int(rng.integers(4, 7))
    line = [(x, y + rng.normal(0, waves)) for x in np.linspace(-0.1, 1.1, count)]
    edge = smooth(line, closed=False)
    points = np.concatenate([edge, [(1.1, 1.1), (-0.1, 1.1)]])
    return SheetPart(points, _near(rng, colour), washed=True, seen=len(edge))


THINGS: dict[str, Thing] = {
    "house": house,
    "tree": tree,
    "fir": fir,
    "sun": sun,
    "cloud": cloud,
    "bird": bird,
    "flower": flower,
    "boat": boat,
    "face": face,
    "figure": figure,
    "cat": cat,
    "fish": fish,
    "car": car,
}
