"""Somebody who comes into a room, dances and leaves; the room without them; and the same person
before a green wall."""

from __future__ import annotations

import math
from itertools import pairwise

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import Colour, Point, ShadedCanvas, ramp
from vj.sources.drawn.cutout import Stage, ease, phase, wave

PERIOD = 8.0
"""Seconds: one empty, one to come in, five to dance, one to leave."""
BEAT = 0.5
_SHIFT = 4
SKIN: Colour = (222, 160, 124)
TOP: Colour = (196, 36, 52)
LEGS: Colour = (30, 40, 84)
SHOES: Colour = (24, 20, 26)
HAIR: Colour = (44, 26, 20)


def room(stage: Stage) -> np.ndarray:
    """A wall with light from a window, a floor of boards, a plant and a picture."""
    canvas = stage.backdrop()
    floor = 0.3
    wall = ramp(
        canvas.y + 0 * canvas.x,
        (-1.0, (120, 132, 134)),
        (0.0, (176, 180, 168)),
        (floor, (190, 186, 168)),
    )
    canvas.paint(canvas.everything(), wall)
    boards = ramp(canvas.y + 0 * canvas.x, (floor, (104, 72, 48)), (1.0, (176, 126, 84)))
    wide = max(1.2, stage.wide + 0.2)
    canvas.paint(
        canvas.shape([(-wide, floor), (wide, floor), (wide, 2), (-wide, 2)], curved=False), boards
    )
    for index in range(-14, 15):
        canvas.multiply(
            canvas.stroke([(index * 0.09, floor), (index * 0.34, 1.2)], 0.004, 0.012),
            (0.75, 0.72, 0.7),
        )
    canvas.paint(
        canvas.shape(
            [(-wide, floor - 0.03), (wide, floor - 0.03), (wide, floor), (-wide, floor)],
            curved=False,
        ),
        (226, 222, 208),
    )
    canvas.multiply(
        canvas.stroke([(-wide, floor + 0.008), (wide, floor + 0.008)], 0.016, soft=0.006),
        (0.55, 0.5, 0.5),
    )
    _window(canvas)
    _frame(canvas)
    _plant(canvas, floor)
    glow = np.exp(-(((canvas.x + 0.34) / 0.75) ** 2) - ((canvas.y + 0.05) / 0.6) ** 2)
    canvas.colour *= (0.72 + 0.5 * glow)[..., None]
    return canvas.picture()


def _window(canvas: ShadedCanvas) -> None:
    """At the left, with the light it throws onto the floor."""
    left, right, top, bottom = -0.46, -0.22, -0.36, 0.08
    sky = ramp(canvas.y + 0 * canvas.x, (top, (150, 196, 232)), (bottom, (250, 240, 214)))
    pane = canvas.shape([(left, top), (right, top), (right, bottom), (left, bottom)], curved=False)
    canvas.paint(
        canvas.shape(
            [
                (left - 0.025, top - 0.025),
                (right + 0.025, top - 0.025),
                (right + 0.025, bottom + 0.03),
                (left - 0.025, bottom + 0.03),
            ],
            curved=False,
        ),
        (238, 234, 224),
    )
    canvas.paint(pane, sky)
    hills = canvas.shape(
        [
            (left, -0.06),
            (-0.38, -0.12),
            (-0.3, -0.05),
            (right, -0.1),
            (right, bottom),
            (left, bottom),
        ]
    )
    canvas.paint(hills & pane, (104, 142, 112))
    canvas.paint(canvas.stroke([(-0.34, top), (-0.34, bottom)], 0.014), (238, 234, 224))
    canvas.paint(canvas.stroke([(left, -0.14), (right, -0.14)], 0.014), (238, 234, 224))
    canvas.add_light(
        canvas.shape(
            [(-0.42, 0.36), (-0.12, 0.36), (0.02, 0.49), (-0.36, 0.49)], soft=0.012, curved=False
        ),
        (70, 56, 34),
    )


def _frame(canvas: ShadedCanvas) -> None:
    """A picture on the wall."""
    canvas.multiply(
        canvas.shape(
            [(0.15, -0.335), (0.375, -0.335), (0.375, -0.155), (0.15, -0.155)],
            soft=0.012,
            curved=False,
        ),
        (0.7, 0.7, 0.7),
    )
    canvas.paint(
        canvas.shape([(0.14, -0.35), (0.36, -0.35), (0.36, -0.17), (0.14, -0.17)], curved=False),
        (92, 62, 38),
    )
    inner = canvas.shape([(0.16, -0.33), (0.34, -0.33), (0.34, -0.19), (0.16, -0.19)], curved=False)
    canvas.paint(
        inner,
        ramp(
            canvas.y + 0 * canvas.x,
            (-0.33, (236, 190, 120)),
            (-0.25, (226, 120, 84)),
            (-0.19, (60, 70, 110)),
        ),
    )
    canvas.paint(canvas.disc(0.26, -0.265, 0.028) & inner, (255, 232, 170))


def _plant(canvas: ShadedCanvas, floor: float) -> None:
    """In a pot at the right."""
    for index, (turn, length) in enumerate(
        ((-62, 0.24), (-35, 0.3), (-12, 0.33), (14, 0.31), (38, 0.27), (60, 0.2))
    ):
        angle = math.radians(turn)
        tip = (0.41 + length * math.sin(angle), 0.2 - length * math.cos(angle))
        middle = (
            0.41 + 0.5 * length * math.sin(angle * 0.8),
            0.2 - 0.55 * length * math.cos(angle * 0.8),
        )
        shade = 1 - 0.1 * (index % 3)
        leaf = canvas.stroke([(0.41, 0.22), middle, tip], 0.016, 0.058, 0.004)
        canvas.paint_rounded(
            leaf,
            (18 * shade, 58 * shade, 34),
            (44 * shade, 112 * shade, 58),
            (110, 170, 92),
            0.03,
            (-0.7, -0.5, 0.5),
        )
    pot = canvas.shape(
        [(0.345, 0.2), (0.475, 0.2), (0.455, floor + 0.06), (0.365, floor + 0.06)], curved=False
    )
    canvas.paint_rounded(pot, (96, 44, 30), (176, 88, 60), (226, 142, 108), 0.06, (-0.7, -0.4, 0.5))


class Figure:
    """Somebody, drawn anew for every moment: each limb in its colour with a light side."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def _at(self, point: Point) -> tuple[int, int]:
        x, y = self._stage.pixel(*point)
        return round(x * (1 << _SHIFT)), round(y * (1 << _SHIFT))

    def _line(self, picture: np.ndarray, points: list[Point], width: float, colour: Colour) -> None:
        thick = max(1, round(width * self._stage.unit))
        for one, two in pairwise(points):
            cv2.line(picture, self._at(one), self._at(two), colour, thick, cv2.LINE_AA, _SHIFT)
        for point in points:
            self._disc(picture, point, width / 2, colour)

    def _disc(self, picture: np.ndarray, point: Point, radius: float, colour: Colour) -> None:
        cv2.circle(
            picture,
            self._at(point),
            round(radius * self._stage.unit * (1 << _SHIFT)),
            colour,
            -1,
            cv2.LINE_AA,
            _SHIFT,
        )

    def _limb(self, picture: np.ndarray, points: list[Point], width: float, colour: Colour) -> None:
        """Its shadow side, then its own colour, then the side towards the window."""
        dark, bright = (
            tuple(0.68 * c for c in colour),
            tuple(min(255.0, 1.14 * c + 14) for c in colour),
        )
        self._line(picture, points, width, dark)  # type: ignore[arg-type]
        self._line(
            picture, [(x - 0.1 * width, y - 0.05 * width) for x, y in points], 0.76 * width, colour
        )
        light = [(x - 0.22 * width, y - 0.06 * width) for x, y in points]
        self._line(picture, light, 0.3 * width, bright)  # type: ignore[arg-type]

    def draw(self, picture: np.ndarray, now: float) -> None:
        """now: seconds of the period. Nobody is there in its first second."""
        comes, goes = ease(now, 1.0, 2.1), ease(now, 6.9, 8.0)
        away = self._stage.wide + 0.3
        if comes <= 0 or goes >= 1:
            return
        x = away * (1 - comes) - away * goes + 0.05 * wave(now, 4.0) * comes * (1 - goes)
        dance = comes * (1 - goes)
        swing = wave(now, 2 * BEAT)
        lift = 0.022 * abs(wave(now, 2 * BEAT, 0.25))
        hip, chest, head = (
            (x + 0.03 * swing, 0.09 - lift),
            (x + 0.012 * swing, -0.13 - lift),
            (x - 0.014 * swing, -0.285 - lift),
        )
        for side in (-1, 1):
            stride = 0.085 * side * swing * (1 - dance)
            up = max(0.0, side * swing) * 0.055
            foot = (x + side * 0.075 + stride, 0.435 - up)
            knee = (0.5 * (hip[0] + foot[0]) + side * 0.03, 0.265 - up)
            self._limb(picture, [(hip[0] + side * 0.035, hip[1]), knee, foot], 0.078, LEGS)
            self._limb(picture, [(foot[0], 0.442 - up), (foot[0] - 0.035, 0.45 - up)], 0.046, SHOES)
        self._limb(picture, [(x, -0.29 - lift), chest], 0.055, SKIN)
        self._limb(picture, [(chest[0], chest[1] + 0.02), hip], 0.16, TOP)
        self._limb(picture, [(chest[0] - 0.06, chest[1]), (chest[0] + 0.06, chest[1])], 0.1, TOP)
        for side in (-1, 1):
            raised = (
                dance * (0.5 + 0.5 * wave(now, 4 * BEAT, 0.0 if side > 0 else 0.3))
                + (1 - dance) * 0.06
            )
            shoulder = (chest[0] + side * 0.1, chest[1] - 0.01)
            angle = math.radians(74 - 150 * raised)
            elbow = (
                shoulder[0] + side * 0.13 * math.cos(angle),
                shoulder[1] + 0.13 * math.sin(angle),
            )
            bend = angle - math.radians(24 + 26 * swing * side * dance)
            hand = (elbow[0] + side * 0.125 * math.cos(bend), elbow[1] + 0.125 * math.sin(bend))
            self._limb(picture, [shoulder, elbow], 0.056, TOP)
            self._limb(picture, [elbow, hand], 0.042, SKIN)
            self._disc(picture, hand, 0.03, SKIN)
        self._disc(picture, (head[0] + 0.008, head[1] - 0.02), 0.084, HAIR)
        self._disc(picture, (head[0] + 0.006, head[1] + 0.004), 0.07, (174, 116, 88))
        self._disc(picture, (head[0] - 0.004, head[1]), 0.066, SKIN)
        for side in (-1, 1):
            self._disc(
                picture, (head[0] + side * 0.025 - 0.008, head[1] - 0.008), 0.009, (38, 24, 22)
            )
        smile = [
            (head[0] - 0.026, head[1] + 0.028),
            (head[0] - 0.008, head[1] + 0.038),
            (head[0] + 0.012, head[1] + 0.028),
        ]
        self._line(picture, smile, 0.008, (164, 62, 60))


class Room:
    """The room alone: what a clean plate is learned from."""

    period = 0.0

    def __init__(self, size: Size) -> None:
        self._backdrop = room(Stage(size))

    def draw(self, seconds: float) -> np.ndarray:
        return self._backdrop.copy()


class Performer:
    """See the module. Nobody throws a shadow, so that the room is the same to the bit beside
    them."""

    period = PERIOD

    def __init__(self, size: Size) -> None:
        stage = Stage(size)
        self._backdrop, self._figure = self._behind(stage), Figure(stage)

    def _behind(self, stage: Stage) -> np.ndarray:
        return room(stage)

    def draw(self, seconds: float) -> np.ndarray:
        picture = self._backdrop.copy()
        self._figure.draw(picture, phase(seconds, PERIOD))
        return picture


class Green(Performer):
    """The same person before a green wall, a little darker at its corners."""

    def _behind(self, stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        far = (canvas.x / max(0.5, stage.wide)) ** 2 + (canvas.y / max(0.5, stage.tall)) ** 2
        canvas.paint(
            canvas.everything(), (1 - 0.16 * far)[..., None] * np.array((0, 177, 64), np.float32)
        )
        return canvas.picture()
