"""A drive at dusk, seen from behind the wheel."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import Colour, ramp
from vj.sources.drawn.cutout import Cutout, Stage, phase, wave

HORIZON = -0.07
"""Units below the middle of the picture."""
FAR, NEAR = 60.0, 1.0
"""Metres between which things are drawn."""
SPEED = 12.0
"""Metres a second: a whole number of dashes, posts and lamps in a period."""
EYE = 0.5
"""Units on the screen that a metre above or below the eye takes at a metre's distance."""
_SHIFT = 4
LAMP: Colour = (255, 214, 140)


class Drive:
    """See the module."""

    period = 6.0

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        self._backdrop, self._front = self._land(stage), self._dashboard(stage)
        self._wheel = self._make_wheel(stage)
        self._glow = Cutout.glow(stage, 0.3, (150, 120, 70), 2.5).with_smaller()
        self._beam = Cutout.glow(stage, 0.42, (210, 214, 200), 3.0).with_smaller()

    @staticmethod
    def _land(stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        sky = ramp(
            canvas.y + 0 * canvas.x,
            (-0.9, (14, 18, 52)),
            (-0.4, (46, 40, 96)),
            (-0.2, (150, 74, 106)),
            (HORIZON, (250, 150, 88)),
        )
        canvas.paint(canvas.everything(), sky)
        sun = np.exp(-((canvas.x / 0.3) ** 2) - ((canvas.y - HORIZON) / 0.13) ** 2)
        canvas.colour += sun[..., None] * np.array((120, 90, 40), np.float32)
        cloud = np.clip(canvas.noise(0.05, 21, across=0.34), 0, 1) * np.exp(
            -(((canvas.y + 0.24) / 0.13) ** 2)
        )
        canvas.colour += cloud[..., None] * np.array((90, 34, 46), np.float32)
        canvas.paint(canvas.disc(0.0, HORIZON - 0.005, 0.055, soft=0.004), (255, 236, 180))
        for seed, height, colour in ((31, 0.07, (92, 50, 88)), (32, 0.035, (44, 32, 62))):
            generator = np.random.default_rng(seed)
            top = [
                (x, HORIZON - height * (0.35 + 0.65 * generator.random()))
                for x in np.linspace(-1.3, 1.3, 15)
            ]
            canvas.paint(
                canvas.shape([*top, (1.4, HORIZON + 0.02), (-1.4, HORIZON + 0.02)]), colour
            )
        wide = max(2.0, stage.wide + 1)
        ground = canvas.shape(
            [(-wide, HORIZON), (wide, HORIZON), (wide, 2), (-wide, 2)], curved=False
        )
        canvas.paint(
            ground,
            ramp(
                canvas.y + 0 * canvas.x,
                (HORIZON, (86, 62, 66)),
                (0.1, (40, 44, 42)),
                (0.6, (22, 30, 30)),
            ),
        )
        road = canvas.shape(
            [(-0.012, HORIZON), (0.012, HORIZON), (2.0, 0.55 + 0.6), (-2.0, 0.55 + 0.6)],
            curved=False,
        )
        canvas.paint(
            road,
            ramp(
                canvas.y + 0 * canvas.x,
                (HORIZON, (150, 104, 96)),
                (0.03, (80, 74, 84)),
                (0.6, (44, 46, 56)),
            ),
        )
        shine = np.exp(
            -((canvas.x / (0.03 + 0.35 * np.clip(canvas.y - HORIZON, 0, 1))) ** 2)
        ) * np.clip(1 - (canvas.y - HORIZON) / 0.5, 0, 1)
        canvas.colour[canvas.y[:, 0] > HORIZON] += (
            0.55 * shine[..., None] * np.array((130, 84, 50), np.float32)
        )[canvas.y[:, 0] > HORIZON]
        return canvas.picture()

    @staticmethod
    def _dashboard(stage: Stage) -> Cutout:
        wide, low = stage.wide + 0.02, stage.tall + 0.02
        canvas = stage.canvas(-wide, -low, wide, low)
        board = canvas.shape(
            [
                (-wide - 0.2, 0.34),
                (-0.5, 0.31),
                (0.0, 0.3),
                (0.5, 0.31),
                (wide + 0.2, 0.34),
                (wide + 0.2, 2),
                (-wide - 0.2, 2),
            ]
        )
        canvas.paint_rounded(
            board, (10, 9, 14), (26, 22, 32), (104, 66, 70), 0.05, (0.0, -0.8, 0.35)
        )
        for side in (-1, 1):
            pillar = canvas.shape(
                [
                    (side * wide * 0.84, -low - 0.1),
                    (side * (wide + 0.1), -low - 0.1),
                    (side * (wide + 0.1), 0.4),
                    (side * wide, 0.36),
                ],
                curved=False,
            )
            canvas.paint_rounded(
                pillar, (8, 8, 12), (20, 18, 26), (70, 48, 56), 0.03, (-side * 0.8, 0.0, 0.4)
            )
        mirror = canvas.shape([(0.1, -0.42), (0.36, -0.42), (0.35, -0.335), (0.11, -0.335)])
        canvas.paint(mirror, (14, 12, 18))
        canvas.paint(
            canvas.shape([(0.118, -0.41), (0.345, -0.41), (0.336, -0.346), (0.124, -0.346)]),
            (58, 50, 88),
        )
        return Cutout.of(canvas, stage)

    @staticmethod
    def _make_wheel(stage: Stage) -> Cutout:
        """Its pin is its middle."""
        canvas = stage.canvas(-0.3, -0.3, 0.3, 0.3)
        ring = canvas.disc(0, 0, 0.27)
        inner = canvas.disc(0, 0, 0.225)
        spokes = canvas.stroke([(-0.24, 0.0), (0.24, 0.0)], 0.05, 0.08, 0.05)
        colours = (8, 7, 11), (30, 26, 36), (128, 86, 84)
        full = np.zeros_like(canvas.cover)
        full[ring.place] = ring.values
        full[inner.place] *= 1 - inner.values
        full[spokes.place] = np.maximum(full[spokes.place], spokes.values)
        whole = canvas.everything()
        canvas.paint_rounded(type(whole)(0, 0, full), *colours, 0.02, (0.0, -0.8, 0.4))
        canvas.paint_rounded(canvas.disc(0, 0.0, 0.075, 0.06), *colours, 0.04, (0.0, -0.8, 0.4))
        return Cutout.of(canvas, stage)

    def _seen(self, side: float, up: float, metres: float) -> tuple[float, float]:
        """Where something `side` metres to the right, `up` metres above the road, so far away, is
        seen: units."""
        return EYE * side / metres, HORIZON + EYE * (1.2 - up) / metres

    def _pixels(self, points: list[tuple[float, float]]) -> np.ndarray:
        there = np.array([self._stage.pixel(*point) for point in points])
        return np.round(np.clip(there, -30000, 30000) * (1 << _SHIFT)).astype(np.int32)

    def _ahead(self, spacing: float, gone: float, first: float = 0.0) -> list[float]:
        """Distances of things that stand so many metres apart, the farthest first."""
        place = (first - gone) % spacing
        return sorted((d for d in np.arange(place, FAR, spacing) if d > NEAR), reverse=True)

    def draw(self, seconds: float) -> np.ndarray:
        now = phase(seconds, self.period)
        gone = SPEED * now
        picture, stage = self._backdrop.copy(), self._stage
        for metres in self._ahead(4.0, gone):
            back = min(FAR, metres + 1.8)
            mist = min(1.0, 12 / metres)
            colour = tuple(round(90 + (232 - 90) * mist * c) for c in (1.0, 0.97, 0.86))
            for side in (-3.2, 0.0, 3.2):
                wide = 0.08 if side == 0 else 0.06
                far = back if side == 0 else min(FAR, metres + 4.05)
                quad = [
                    self._seen(side - wide, 0, metres),
                    self._seen(side + wide, 0, metres),
                    self._seen(side + wide, 0, far),
                    self._seen(side - wide, 0, far),
                ]
                cv2.fillConvexPoly(picture, self._pixels(quad), colour, cv2.LINE_AA, _SHIFT)
        for metres in self._ahead(18.0, gone, 5.0):
            self._tree(picture, metres, -1)
        for metres in self._ahead(18.0, gone, 14.0):
            self._tree(picture, metres, 1)
        for metres in self._ahead(24.0, gone):
            for side in (-1, 1):
                self._lamp(picture, metres, side)
        coming = 40.0 - (SPEED + 10.0) * ((now + 0.6) % 3.0)
        if coming > NEAR:
            for side in (-2.2, -1.2):
                self._beam.onto(
                    picture,
                    stage,
                    self._seen(side, 0.6, coming),
                    stretch=(4.5 / coming + 0.1,) * 2,
                    opacity=min(1.0, 16 / coming, (coming - 2.5) / 2),
                )
        sway = 0.003 * wave(now, 1.5)
        self._front.onto(picture, stage, (0.0, sway))
        self._wheel.onto(picture, stage, (-0.16, 0.47 + sway), 7 * wave(now, 3.0))
        return picture

    def _tree(self, picture: np.ndarray, metres: float, side: int) -> None:
        x, y = self._seen(side * 6.2, 0, metres)
        unit = self._stage.unit * EYE / metres
        mist = max(0.0, 1 - 14 / metres) if metres > 14 else 0.0
        colour = tuple(
            round(c + (m - c) * mist) for c, m in zip((22, 26, 30), (110, 66, 84), strict=True)
        )
        foot, top = self._pixels([(x, y), self._seen(side * 6.2, 2.6, metres)]).tolist()
        cv2.line(picture, foot, top, colour, max(1, round(0.3 * unit)), cv2.LINE_AA, _SHIFT)
        for off, up, radius in ((0.0, 3.6, 1.5), (-0.9, 2.8, 1.1), (0.9, 2.9, 1.1)):
            cv2.circle(
                picture,
                self._pixels([self._seen(side * 6.2 + off, up, metres)])[0].tolist(),
                round(radius * unit * (1 << _SHIFT)),
                colour,
                -1,
                cv2.LINE_AA,
                _SHIFT,
            )

    def _lamp(self, picture: np.ndarray, metres: float, side: int) -> None:
        foot, top, arm = (
            self._seen(side * 4.2, 0, metres),
            self._seen(side * 4.2, 4.4, metres),
            self._seen(side * 3.4, 4.5, metres),
        )
        unit = self._stage.unit * EYE / metres
        line = [self._pixels([foot, top]), self._pixels([top, arm])]
        for one, two in line:
            cv2.line(
                picture,
                one.tolist(),
                two.tolist(),
                (28, 26, 36),
                max(1, round(0.12 * unit)),
                cv2.LINE_AA,
                _SHIFT,
            )
        self._glow.onto(
            picture,
            self._stage,
            arm,
            stretch=(6.0 / metres + 0.06,) * 2,
            opacity=min(1.0, 20 / metres),
        )
        cv2.circle(
            picture,
            self._pixels([arm])[0].tolist(),
            round(0.16 * unit * (1 << _SHIFT)),
            LAMP,
            -1,
            cv2.LINE_AA,
            _SHIFT,
        )
