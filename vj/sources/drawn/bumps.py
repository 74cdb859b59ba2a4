"""The same gentle crash in four places: two things come towards each other, touch, give a little
and drift apart. They move alike, so that a cut from one place to another falls into the middle of
the same crash."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import Colour, ShadedCanvas, ramp
from vj.sources.drawn.cutout import Cutout, Stage, phase, wave

PERIOD = 4.0
TOUCH = PERIOD / 2
"""When they touch, in seconds of the period."""
LIGHT = (-0.4, -0.7, 0.6)
LARGE = 1.3
"""Times the size in which they are painted."""
GIVE, GIVING = 0.16, 0.2
"""How far they give, as a share of their width, and for how many seconds."""


class Bump(ABC):
    """Two bodies in a place. near, far: units from the middle where they touch, and where they turn
    round. level: how high they are."""

    period = PERIOD
    near: ClassVar[float] = 0.13
    far: ClassVar[float] = 0.2
    level: ClassVar[float] = 0.0
    sway: ClassVar[float] = 7.0
    """Degrees by which the touch has them rock."""

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        self._ground = self._place(stage)
        self._bodies = self._body(stage, 0), self._body(stage, 1).mirrored()
        self._flash = Cutout.glow(stage, 0.16, (120, 104, 70))

    @abstractmethod
    def _place(self, stage: Stage) -> np.ndarray:
        """(H, W, 3) uint8: what they are in."""

    @abstractmethod
    def _body(self, stage: Stage, which: int) -> Cutout:
        """One of the two, as it comes from the left; its pin is the point that it rocks about."""

    def _behind(self, now: float) -> np.ndarray:
        return self._ground.copy()

    def _before(self, picture: np.ndarray, now: float) -> np.ndarray:
        """The picture with what lies before them; it may be drawn into."""
        return picture

    def draw(self, seconds: float) -> np.ndarray:
        now = phase(seconds, self.period)
        picture = self._behind(now)
        since = now - TOUCH
        away = self.near + self.far * abs(math.cos(math.pi * now / PERIOD))
        give = max(0.0, 1 - abs(since) / GIVING) ** 2 * GIVE
        rock = 0.0
        if since > 0:
            rock = self.sway * math.exp(-2.6 * since) * math.sin(2 * math.pi * 1.5 * since)
        float_up = 0.008 * wave(now, PERIOD / 2)
        for side, body in zip((-1, 1), self._bodies, strict=True):
            body.onto(
                picture,
                self._stage,
                (side * (away - self.near * give), self.level + side * float_up),
                side * rock,
                (LARGE * (1 - give), LARGE * (1 + 0.6 * give)),
            )
        if abs(since) < GIVING:
            share = 1 - abs(since) / GIVING
            self._flash.onto(
                picture, self._stage, (0.0, self.level - 0.04), 0.0, (0.4 + share, 0.4 + share)
            )
        return self._before(picture, now)


class ToyCars(Bump):
    """Two toy cars on a table."""

    near, far, level, sway = 0.216, 0.17, 0.13, 2.5

    def _place(self, stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        y = canvas.y + 0 * canvas.x
        wall = ramp(y, (-0.5, (70, 62, 74)), (0.19, (128, 104, 96)))
        canvas.paint(canvas.everything(), wall)
        wide = stage.wide + 0.1
        table = canvas.shape([(-wide, 0.19), (wide, 0.19), (wide, 0.8), (-wide, 0.8)], curved=False)
        grain = canvas.noise(0.014, 5, across=0.6)
        wood = ramp(grain + 2 * (y - 0.3), (-1.2, (96, 58, 34)), (1.2, (186, 128, 78)))
        canvas.paint(table, wood[table.place])
        canvas.multiply(canvas.disc(0, 0.22, 0.42, 0.05, soft=0.05), (0.6, 0.56, 0.56))
        return canvas.picture()

    def _body(self, stage: Stage, which: int) -> Cutout:
        canvas = stage.canvas(-0.19, -0.16, 0.19, 0.1)
        dark, middle, bright = (
            ((110, 14, 22), (218, 44, 46), (255, 164, 140)),
            ((14, 40, 100), (46, 108, 206), (168, 210, 255)),
        )[which]
        cabin = [(-0.1, -0.04), (-0.07, -0.115), (0.03, -0.115), (0.075, -0.04)]
        canvas.paint_rounded(canvas.shape(cabin, curved=False), dark, middle, bright, 0.02, LIGHT)
        for window in (
            [(-0.083, -0.045), (-0.06, -0.1), (-0.022, -0.1), (-0.022, -0.045)],
            [(-0.01, -0.045), (-0.01, -0.1), (0.024, -0.1), (0.055, -0.045)],
        ):
            canvas.paint(canvas.shape(window, curved=False), (196, 226, 236))
        hull = [
            *((-0.165, 0.03), (-0.168, -0.02), (-0.14, -0.045), (0.08, -0.05)),
            *((0.155, -0.025), (0.168, 0.005), (0.16, 0.035)),
        ]
        canvas.paint_rounded(canvas.shape(hull), dark, middle, bright, 0.03, LIGHT)
        canvas.paint(canvas.disc(0.152, -0.005, 0.013), (255, 240, 190))
        for x in (-0.095, 0.095):
            canvas.paint(canvas.disc(x, 0.035, 0.043), (24, 22, 26))
            canvas.paint(canvas.disc(x, 0.035, 0.02), (190, 190, 196))
        return Cutout.of(canvas, stage)


class PaperBoats(Bump):
    """Two paper boats on a pond."""

    near, far, level, sway = 0.212, 0.17, 0.0, 10.0

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._waves = [self._wave(self._stage, row) for row in range(4)]

    def _place(self, stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        y = canvas.y + 0.02 * canvas.noise(0.03, 8, across=0.3)
        water = ramp(
            y,
            *((-0.5, (206, 226, 224)), (-0.13, (150, 196, 200)), (-0.12, (38, 112, 138))),
            *((0.1, (18, 74, 112)), (0.5, (8, 34, 66))),
        )
        canvas.paint(canvas.everything(), water)
        for x in np.linspace(-stage.wide, stage.wide, 13):
            tall = 0.05 + 0.06 * abs(math.sin(37 * x))
            canvas.paint(canvas.disc(float(x), -0.125, 0.1, tall, soft=0.01), (58, 104, 84), 0.8)
        wide = stage.wide + 0.1
        pond = canvas.shape(
            [(-wide, -0.122), (wide, -0.122), (wide, 0.8), (-wide, 0.8)], curved=False
        )
        canvas.paint(pond, water[pond.place])
        return canvas.picture()

    @staticmethod
    def _wave(stage: Stage, row: int) -> Cutout:
        wide = stage.wide + 0.3
        canvas = stage.canvas(-wide, -0.03, wide, 0.2)
        crest = [
            (float(x), 0.012 * math.sin(2 * math.pi * x / 0.2 + row))
            for x in np.linspace(-wide, wide, 90)
        ]
        shade = 1 - 0.16 * row
        body = [*crest, (wide, 0.2), (-wide, 0.2)]
        water = (30 * shade, 104 * shade, 140 * shade)
        canvas.paint(canvas.shape(body, curved=False, soft=0.004), water, 0.62)
        canvas.paint(canvas.stroke(crest, 0.006, soft=0.002), (176, 222, 226), 0.55)
        return Cutout.of(canvas, stage)

    def _before(self, picture: np.ndarray, now: float) -> np.ndarray:
        for row, crest in enumerate(self._waves):
            drift = 0.2 * ((now / PERIOD * (1 if row % 2 else -1)) % 1)
            crest.onto(picture, self._stage, (drift - 0.1, 0.085 + 0.1 * row))
        return picture

    def _body(self, stage: Stage, which: int) -> Cutout:
        canvas = stage.canvas(-0.19, -0.2, 0.19, 0.13)
        dark, middle, bright = (
            ((150, 140, 128), (240, 234, 220), (255, 255, 250)),
            ((170, 90, 40), (246, 168, 84), (255, 226, 170)),
        )[which]
        sail = [(-0.075, -0.015), (0.0, -0.17), (0.075, -0.015)]
        canvas.paint_rounded(canvas.shape(sail, curved=False), dark, middle, bright, 0.03, LIGHT)
        canvas.multiply(
            canvas.shape([(0.0, -0.17), (0.075, -0.015), (0.0, -0.015)], curved=False),
            (0.82, 0.82, 0.86),
        )
        hull = [(-0.165, -0.045), (0.165, -0.045), (0.095, 0.1), (-0.095, 0.1)]
        canvas.paint_rounded(canvas.shape(hull, curved=False), dark, middle, bright, 0.03, LIGHT)
        canvas.multiply(
            canvas.shape([(-0.165, -0.045), (-0.05, 0.0), (-0.095, 0.1)], curved=False),
            (0.78, 0.78, 0.84),
        )
        canvas.multiply(
            canvas.shape([(0.165, -0.045), (0.05, 0.0), (0.095, 0.1)], curved=False),
            (0.88, 0.88, 0.92),
        )
        return Cutout.of(canvas, stage)


class Balloons(Bump):
    """Two balloons in an evening sky."""

    near, far, level, sway = 0.205, 0.17, -0.08, 6.0

    def _place(self, stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        y = canvas.y + 0 * canvas.x
        sky = ramp(
            y,
            *((-0.5, (64, 66, 132)), (-0.1, (196, 118, 138)), (0.22, (248, 190, 132))),
            *((0.34, (252, 220, 168)), (0.5, (120, 92, 110))),
        )
        canvas.paint(canvas.everything(), sky)
        for x, height, wide, tall in (
            *((-0.3, 0.2, 0.2, 0.03), (0.27, 0.1, 0.24, 0.026), (0.02, -0.3, 0.22, 0.022)),
            (-0.36, -0.2, 0.16, 0.02),
        ):
            canvas.paint(canvas.disc(x, height, wide, tall, soft=0.02), (255, 226, 204), 0.6)
        hills = [(-1.0, 0.42), (-0.4, 0.34), (-0.1, 0.4), (0.3, 0.33), (1.0, 0.42)]
        ground = [*hills, (1.0, 0.8), (-1.0, 0.8)]
        canvas.paint(canvas.shape(ground, curved=False, soft=0.006), (74, 62, 92))
        return canvas.picture()

    def _body(self, stage: Stage, which: int) -> Cutout:
        canvas = stage.canvas(-0.18, -0.22, 0.18, 0.29)
        stripes: tuple[Colour, Colour] = (
            ((232, 74, 60), (255, 214, 120)),
            ((40, 120, 150), (236, 236, 214)),
        )[which]
        outline = [
            *((0.0, -0.19), (0.11, -0.155), (0.16, -0.06), (0.13, 0.04), (0.05, 0.125)),
            *((-0.05, 0.125), (-0.13, 0.04), (-0.16, -0.06), (-0.11, -0.155)),
        ]
        bag = canvas.shape(outline)
        dark = tuple(0.45 * band for band in stripes[0])
        bright = tuple(min(255.0, 1.2 * band + 40) for band in stripes[0])
        canvas.paint_rounded(bag, dark, stripes[0], bright, 0.09, LIGHT)  # type: ignore[arg-type]
        for x in (-0.1, 0.0, 0.1):
            gore = [(0.1 * x, -0.19), (x - 0.024, -0.05), (0.35 * x, 0.125), (x + 0.024, -0.05)]
            canvas.paint(canvas.shape(gore) & bag, stripes[1], 0.85)
        canvas.multiply(canvas.disc(0.1, 0.03, 0.13, 0.17, soft=0.05) & bag, (0.78, 0.74, 0.8))
        for x in (-0.04, 0.04):
            canvas.paint(canvas.stroke([(x, 0.12), (0.7 * x, 0.2)], 0.005), (60, 46, 40))
        basket = [(-0.034, 0.2), (0.034, 0.2), (0.028, 0.25), (-0.028, 0.25)]
        canvas.paint(canvas.shape(basket, curved=False), (120, 78, 44))
        return Cutout.of(canvas, stage)


class Moons(Bump):
    """Two moons among stars."""

    near, far, level, sway = 0.194, 0.19, 0.0, 14.0

    def _place(self, stage: Stage) -> np.ndarray:
        canvas: ShadedCanvas = stage.backdrop()
        mist = canvas.noise(0.18, 11) + 0.4 * canvas.noise(0.05, 12)
        canvas.paint(
            canvas.everything(),
            ramp(mist, (-1.0, (6, 6, 20)), (0.2, (18, 16, 46)), (1.2, (58, 40, 92))),
        )
        places = np.random.default_rng(4).uniform(-1, 1, (90, 3))
        for x, y, bright in places.tolist():
            size = 0.0016 + 0.002 * abs(bright)
            canvas.paint(
                canvas.disc(x * stage.wide, y * stage.tall, size, soft=0.0008), (236, 232, 255)
            )
        return canvas.picture()

    def _body(self, stage: Stage, which: int) -> Cutout:
        canvas = stage.canvas(-0.19, -0.19, 0.19, 0.19)
        dark, middle, bright = (
            ((52, 56, 84), (196, 200, 214), (252, 250, 240)),
            ((70, 26, 22), (206, 112, 74), (255, 214, 170)),
        )[which]
        ball = canvas.disc(0, 0, 0.15)
        canvas.paint_rounded(ball, dark, middle, bright, 0.15, LIGHT)
        craters = np.random.default_rng(20 + which).uniform(-0.11, 0.11, (14, 2)).tolist()
        for number, (x, y) in enumerate(craters):
            radius = 0.008 + 0.0022 * number
            canvas.multiply(canvas.disc(x, y, radius, soft=0.004) & ball, (0.74, 0.72, 0.76))
            canvas.multiply(
                canvas.disc(x + 0.006, y + 0.008, 0.8 * radius, soft=0.004) & ball,
                (1.16, 1.16, 1.14),
            )
        return Cutout.of(canvas, stage)
