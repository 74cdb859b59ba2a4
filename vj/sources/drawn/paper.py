"""A drawing that draws itself on a sheet of paper: hills, a house, a tree, a sun and a bird."""

from __future__ import annotations

import math

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import Point, smooth
from vj.sources.drawn.cutout import Stage, ease, phase, wave

INK = (34, 30, 36)
_SHIFT = 4
DRAWN_BY = 4.2
"""Seconds in which all strokes are on the paper."""


def _arc(
    x: float, y: float, radius: float, begin: float, end: float, count: int = 12
) -> list[Point]:
    """Cutout of a circle, degrees clockwise from the right."""
    turns = np.radians(np.linspace(begin, end, count))
    return [(x + radius * math.cos(t), y + radius * math.sin(t)) for t in turns]


def _crown(x: float, y: float, wide: float, high: float, bumps: int = 9) -> list[Point]:
    """Leaves in bumps, closed, begun below."""
    turns = np.linspace(math.pi / 2, 2.5 * math.pi, 8 * bumps + 1)
    far = 1 + 0.12 * np.abs(np.sin(bumps * (turns - math.pi / 2) / 2))
    return list(zip(x + wide * far * np.cos(turns), y + high * far * np.sin(turns), strict=True))


STROKES: tuple[tuple[list[Point], bool], ...] = (
    # Hills end where something stands before them: a line through the leaves of a tree is a roof's.
    ([(-0.72, 0.14), (-0.55, 0.08), (-0.42, 0.05), (-0.3, 0.09)], True),
    ([(-0.02, 0.09), (0.04, 0.06), (0.16, 0.03)], True),
    ([(0.545, 0.03), (0.6, 0.06), (0.72, 0.04)], True),
    ([(-0.72, 0.29), (-0.35, 0.27), (-0.1, 0.31), (0.2, 0.28), (0.72, 0.32)], True),
    ([(-0.3, 0.28), (-0.3, 0.03)], False),
    ([(-0.3, 0.03), (-0.02, 0.03)], False),
    ([(-0.02, 0.03), (-0.02, 0.29)], False),
    ([(-0.34, 0.05), (-0.16, -0.13), (0.02, 0.05)], False),
    ([(-0.19, 0.29), (-0.19, 0.15), (-0.12, 0.15), (-0.12, 0.29)], False),
    ([(-0.27, 0.08), (-0.22, 0.08), (-0.22, 0.13), (-0.27, 0.13), (-0.27, 0.08)], False),
    ([(-0.08, 0.08), (-0.045, 0.08), (-0.045, 0.13), (-0.08, 0.13), (-0.08, 0.08)], False),
    ([(-0.07, -0.03), (-0.07, -0.1), (-0.03, -0.1), (-0.03, 0.0)], False),
    ([(0.303, 0.3), (0.315, 0.2), (0.315, 0.09)], True),
    ([(0.397, 0.3), (0.385, 0.2), (0.385, 0.09)], True),
    (_crown(0.35, -0.09, 0.185, 0.18), True),
    (_arc(-0.36, -0.3, 0.075, 0, 360, 24), True),
    *(
        (
            [
                (-0.36 + 0.1 * math.cos(a), -0.3 + 0.1 * math.sin(a)),
                (-0.36 + 0.14 * math.cos(a), -0.3 + 0.14 * math.sin(a)),
            ],
            False,
        )
        for a in np.radians(np.arange(0, 360, 45))
    ),
    ([(-0.155, 0.3), (-0.13, 0.37), (-0.2, 0.42), (-0.16, 0.5)], True),
    ([(-0.11, 0.3), (-0.06, 0.38), (-0.12, 0.43), (-0.06, 0.5)], True),
    (_arc(0.0, -0.31, 0.05, 150, 330) + _arc(0.08, -0.32, 0.055, 200, 380), True),
)
"""Points in units from the middle of the sheet, and whether the stroke is curved."""


class Sketch:
    """See the module."""

    period = 8.0

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        canvas = stage.backdrop()
        paper = (
            np.array((246, 240, 228), np.float32)
            + 5 * canvas.noise(0.012, 3)[..., None]
            + 3 * canvas.noise(0.2, 4)[..., None]
        )
        far = (canvas.x / max(0.5, stage.wide)) ** 2 + (canvas.y / max(0.5, stage.tall)) ** 2
        canvas.paint(canvas.everything(), paper * (1 - 0.06 * far)[..., None])
        self._paper = canvas.picture()
        self._width = max(1, round(0.0085 * stage.unit))
        generator = np.random.default_rng(7)
        self._strokes = [self._wobble(points, curved, generator) for points, curved in STROKES]
        lengths = np.array(
            [np.hypot(*np.diff(stroke, axis=0).T).sum() + 0.06 for stroke in self._strokes]
        )
        ends = np.cumsum(lengths) / lengths.sum() * (DRAWN_BY - 0.3) + 0.3
        self._times = list(zip(np.concatenate([[0.3], ends[:-1]]), ends, strict=True))

    @staticmethod
    def _wobble(points: list[Point], curved: bool, generator: np.random.Generator) -> np.ndarray:
        """A stroke as a hand draws it: (n, 2) units."""
        there = np.asarray(points, float)
        if not curved:
            corners = [
                there[i] + (there[i + 1] - there[i]) * u
                for i in range(len(there) - 1)
                for u in (0.0, 0.33, 0.67)
            ]
            there = np.array([*corners, there[-1]])
        there = there + generator.normal(0, 0.0022, there.shape)
        return smooth([tuple(p) for p in there], closed=False, per=8 if curved else 4)

    def _draw(self, picture: np.ndarray, points: np.ndarray, width: int) -> None:
        pixels = np.array([self._stage.pixel(*point) for point in points]) * (1 << _SHIFT)
        cv2.polylines(
            picture, [np.round(pixels).astype(np.int32)], False, INK, width, cv2.LINE_AA, _SHIFT
        )

    def draw(self, seconds: float) -> np.ndarray:
        now = phase(seconds, self.period)
        picture = self._paper.copy()
        for stroke, (begin, end) in zip(self._strokes, self._times, strict=True):
            shown = int(np.clip((now - begin) / (end - begin), 0, 1) * (len(stroke) - 1))
            if shown >= 1:
                self._draw(picture, stroke[: shown + 1], self._width)
        if now > DRAWN_BY:
            self._bird(picture, now)
        gone = ease(now, 7.1, 7.95)
        return cv2.addWeighted(picture, 1 - gone, self._paper, gone, 0) if gone > 0 else picture

    def _bird(self, picture: np.ndarray, now: float) -> None:
        share = (now - DRAWN_BY) / (self.period - DRAWN_BY)
        x, y = 0.75 - 1.35 * share, -0.22 - 0.1 * math.sin(math.pi * share)
        flap = 0.035 * wave(now, 0.6)
        for side in (-1, 1):
            wing = smooth(
                [
                    (x, y),
                    (x + side * 0.035, y - 0.03 - 0.5 * flap),
                    (x + side * 0.085, y - 0.012 - flap),
                ],
                closed=False,
                per=8,
            )
            self._draw(picture, wing, self._width)
