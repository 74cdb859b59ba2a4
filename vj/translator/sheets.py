"""`drawn:sheets`: simple scenes as people draw them, each as a drawing on paper and as the painting
that it means. For training; `model: paintbox` learned from them.

A sheet is built up as a hand would do it, and may stand at any moment of that: what is half drawn
is painted as what it is going to be, and what is not there yet is paper. Lines are drawn by an
unsteady hand: they wobble, stop before the corner or go beyond it, are drawn twice, and are missing
in places; what the painting has there stays whole. Paper, pencil and light differ from sheet to
sheet, the painting's paper does not: an empty sheet is always the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.translator.footage import Footage
from vj.translator.preparing import Preparing
from vj.translator.sheet_things import THINGS, SheetPart, landscape

SHEETS = Path("drawn:sheets")
"""The clip that means them."""
KINDS = ("lines", "edges")
"""Conditions that are made of a drawing."""
MOST, MOST_BYTES = 1200, 300_000_000
"""How many are drawn, and what they may take together."""
PAPER = (247, 242, 230)
"""Of the painting, sRGB."""
EMPTY, SCRIBBLED = 0.05, 0.03
"""Shares of the sheets on which there is nothing, and nothing but stray strokes."""
LANDSCAPES = 0.4
UNFINISHED = 0.25
"""Share of the sheets that are still being drawn."""
BEGUN = 0.55
"""Share of its outline from which on a thing that is being drawn is painted."""
_SHIFT = 4
_FINE = 2
"""Sheets are painted so many times as large, and reduced."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """drawing, painting: (S, S, 3) uint8, RGB."""

    drawing: np.ndarray
    painting: np.ndarray


def sheets_of(
    clips: Sequence[Path], kind: str, size: int, seed: int, preparing: Preparing | None = None
) -> Footage:
    """Paintings, and the drawings that are to become them, in squares of a side. Raises Fault for
    other clips beside them and for kinds that are not made of drawings, and Stopped."""
    preparing = preparing or Preparing()
    if tuple(clips) != (SHEETS,) or kind not in KINDS:
        raise Fault(f"{SHEETS}: is trained alone, --from {' or '.join(KINDS)}")
    sheets = []
    for number in range(min(MOST, MOST_BYTES // (6 * size * size))):
        preparing.at("drawing sheets", number)
        sheets.append(sheet(number, size, seed))
    paintings = np.stack([one.painting for one in sheets])
    drawings = np.stack([one.drawing for one in sheets])
    return Footage(paintings, (0,), (SHEETS.name,), drawings)


def sheet(number: int, size: int, seed: int = 1) -> Sheet:
    """The same number, size and seed give the same sheet."""
    rng = np.random.default_rng((seed, 30, number))
    chance = rng.random()
    parts: list[SheetPart] = []
    if chance > EMPTY + SCRIBBLED:
        parts = _scene(rng)
    side = _FINE * size
    painting, drawing = _painted([], side), _sheet_of_paper(rng, side)
    ink = _Ink(rng, side)
    if parts:
        drawn, begun = len(parts), 1.0
        if rng.random() < UNFINISHED:
            drawn, begun = int(rng.integers(1, len(parts) + 1)), float(rng.random())
        shown = _with_sky(parts[: drawn if begun > BEGUN else drawn - 1])
        painting = _painted(shown, side)
        for place, part in enumerate(parts[:drawn]):
            ink.draw(drawing, part, begun if place == drawn - 1 else 1.0)
    elif chance > EMPTY:
        for _ in range(int(rng.integers(1, 4))):
            steps = np.cumsum(rng.normal(0, 0.03, (int(rng.integers(3, 9)), 2)), 0)
            stroke = SheetPart(steps + rng.uniform(0.15, 0.85, 2), (96, 92, 96), False)
            ink.draw(drawing, stroke)
            painting = _stroked(painting, stroke, side)
    return Sheet(_reduced(drawing, size), _reduced(painting, size))


def _scene(rng: np.random.Generator) -> list[SheetPart]:
    """What is on it, in the order in which it is drawn: what is farther away first. Things are
    large: what is small in it would hardly count in what is learned."""
    parts: list[SheetPart] = []
    if rng.random() < LANDSCAPES:
        parts += landscape(rng)
        for x in sorted(rng.permutation([0.22, 0.5, 0.78])[: int(rng.integers(1, 3))]):
            name = str(rng.choice(("house", "tree", "fir", "flower", "car", "figure", "cat")))
            size = float(rng.uniform(0.34, 0.55))
            parts += THINGS[name](rng, (x + rng.uniform(-0.05, 0.05), 0.76 - size / 3), size)
        for name in ("sun", "cloud", "bird"):
            if rng.random() < 0.45:
                at = float(rng.uniform(0.15, 0.85)), float(rng.uniform(0.12, 0.22))
                parts += THINGS[name](rng, at, float(rng.uniform(0.2, 0.3)))
        return parts
    count = int(rng.choice([1, 1, 1, 2]))
    for x in rng.permutation(count):
        name = str(rng.choice(list(THINGS)))
        size = float(rng.uniform(0.5, 0.95) if count == 1 else rng.uniform(0.36, 0.5))
        at = (x + 0.5) / count + rng.uniform(-0.05, 0.05), rng.uniform(0.42, 0.58)
        parts += THINGS[name](rng, at, size)
    return parts


def _with_sky(parts: list[SheetPart]) -> list[SheetPart]:
    """Without it while nothing under it is drawn, which alone tells of it."""
    under = any(part.washed and not part.is_sky for part in parts)
    return parts if under else [part for part in parts if not part.is_sky]


def _pixels(points: np.ndarray, side: int) -> np.ndarray:
    scaled = np.asarray(points, np.float64) * side * (1 << _SHIFT)
    return np.rint(scaled).astype(np.int32).reshape(-1, 1, 2)


def _painted(parts: Sequence[SheetPart], side: int) -> np.ndarray:
    """The painting: every closed part filled, lighter at its upper left, with a darker rim as paint
    dries; (side, side, 3) float32, 0..255."""
    out = np.empty((side, side, 3), np.float32)
    out[:] = PAPER
    for part in parts:
        if not part.closed:
            out = _stroked(out, part, side)
            continue
        cover = np.zeros((side, side), np.uint8)
        cv2.fillPoly(cover, [_pixels(part.points, side)], 255, cv2.LINE_AA, _SHIFT)
        x, y, wide, high = cv2.boundingRect(cover)
        if not wide or not high:
            continue
        box = np.s_[y : y + high, x : x + wide]
        inside = cover[box].astype(np.float32) / 255
        across, down = np.linspace(-1, 1, wide), np.linspace(-1, 1, high)
        light = 1.06 - 0.05 * across[None, :] - 0.09 * down[:, None]
        padded = cv2.copyMakeBorder(cover[box], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=(0,))
        deep = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
        if part.washed:
            light = 1.1 - 0.12 * (down[:, None] + 1) / 2 + 0 * across[None, :]
        else:
            light = light - 0.28 * np.exp(-deep / (0.006 * side))
        colour = np.clip(np.array(part.colour) * light[..., None], 0, 255)
        out[box] += inside[..., None] * (colour - out[box])
    return out


def _stroked(painting: np.ndarray, part: SheetPart, side: int) -> np.ndarray:
    """With a line of colour that encloses nothing."""
    out = painting.copy()
    width = max(1, round(part.width * side))
    cv2.polylines(out, [_pixels(part.points, side)], False, part.colour, width, cv2.LINE_AA, _SHIFT)
    return out


def _sheet_of_paper(rng: np.random.Generator, side: int) -> np.ndarray:
    """Under some lamp: (side, side, 3) float32."""
    tone = rng.uniform(200, 252) + rng.normal(0, 5, 3)
    corners = tone + rng.normal(0, 6, (2, 2, 1))
    return cv2.resize(corners.astype(np.float32), (side, side), interpolation=cv2.INTER_LINEAR)


class _Ink:
    """One hand with one pen."""

    def __init__(self, rng: np.random.Generator, side: int) -> None:
        self._rng, self._side = rng, side
        self._width = max(1, round(side * float(np.exp(rng.uniform(np.log(0.004), np.log(0.02))))))
        self._tone = float(rng.uniform(10, 90))
        self._hand = float(rng.choice([0.0, 0.5, 1.0, 1.8]))
        """How unsteady it is."""
        self._sees_through = rng.random() < 0.2
        self._gaps = float(rng.choice([0.0, 0.0, 0.08, 0.2]))
        self._covers = float(rng.uniform(0.98, 1.0))

    def draw(self, drawing: np.ndarray, part: SheetPart, begun: float = 1.0) -> None:
        """Its outline, up to a share; what lies behind it is left out, or not."""
        if part.is_sky:
            return
        points, closed = part.points, part.closed
        if part.seen is not None:
            points, closed = points[: part.seen], False
        if closed and not self._sees_through and begun >= 1:
            rest = drawing[2, 2].tolist()
            cv2.fillPoly(drawing, [_pixels(part.points, self._side)], rest, cv2.LINE_AA, _SHIFT)
        line = _even(np.concatenate([points, points[:1]]) if closed else np.asarray(points))
        line = self._unsteady(line[: max(2, round(begun * len(line)))])
        for piece in self._pieces(line):
            self._stroke(drawing, piece)
        if self._rng.random() < 0.1:
            self._stroke(drawing, line + self._rng.normal(0, 0.004, 2))

    def _unsteady(self, line: np.ndarray) -> np.ndarray:
        few = max(2, len(line) // 8)
        off = self._rng.normal(0, 0.0028 * self._hand, (few, 2)).astype(np.float32)
        slow = cv2.resize(off, (2, len(line)), interpolation=cv2.INTER_LINEAR)
        return np.asarray(line + slow)

    def _pieces(self, line: np.ndarray) -> list[np.ndarray]:
        """What of it is drawn: with a gap or two, or whole."""
        if len(line) < 12 or self._gaps == 0 or self._rng.random() > 0.6:
            return [line]
        begins = int(self._rng.integers(0, len(line)))
        ends = begins + max(2, int(self._gaps * len(line)))
        return [piece for piece in (line[:begins], line[ends:]) if len(piece) > 1]

    def _stroke(self, drawing: np.ndarray, line: np.ndarray) -> None:
        tone = [self._tone] * 3
        cv2.polylines(
            drawing, [_pixels(line, self._side)], False, tone, self._width, cv2.LINE_AA, _SHIFT
        )


def _even(points: np.ndarray, step: float = 0.01) -> np.ndarray:
    """The same line with points at even steps, (n, 2)."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    count = max(2, round(float(along[-1]) / step) + 1)
    at = np.linspace(0, along[-1], count)
    return np.stack([np.interp(at, along, points[:, axis]) for axis in (0, 1)], 1)


def _reduced(picture: np.ndarray, size: int) -> np.ndarray:
    out = cv2.resize(picture, (size, size), interpolation=cv2.INTER_AREA)
    return np.clip(np.rint(out), 0, 255).astype(np.uint8)
