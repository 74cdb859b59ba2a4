"""A fox puppet that nods and waves before a curtain."""

from __future__ import annotations

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import ramp
from vj.sources.drawn.cutout import Cutout, Stage, ease, phase, wave
from vj.sources.drawn.fox_parts import CREAM, DARK, FUR, PALE, TEAL

LIGHT = (-0.5, -0.6, 0.6)


class Puppet:
    """A fox, seen from the front, its pose a few slow turns."""

    period = 6.0

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        self._backdrop = self._curtain(stage)
        self._body, self._arm, self._head, self._lids = (
            self._make_body(stage),
            self._make_arm(stage),
            self._make_head(stage),
            self._make_lids(stage),
        )
        self._other = self._arm.mirrored()

    @staticmethod
    def _curtain(stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        folds = np.sin(
            2 * np.pi * (canvas.x / 0.115 + 0.12 * np.sin(2 * np.pi * canvas.x / 0.41))
            + 0.5 * canvas.y
        )
        cloth = ramp(folds, (-1.0, (16, 30, 44)), (0.1, (30, 66, 84)), (1.0, (62, 116, 128)))
        canvas.paint(canvas.everything(), cloth)
        spot = np.exp(-((canvas.x / 0.5) ** 2) - ((canvas.y + 0.02) / 0.52) ** 2)
        canvas.colour *= (0.42 + 0.9 * spot)[..., None]
        wide = max(1.0, stage.wide + 0.1)
        edge = canvas.shape([(-wide, 0.38), (wide, 0.38), (wide, 1.5), (-wide, 1.5)], curved=False)
        canvas.paint(
            edge,
            ramp(
                canvas.y + 0 * canvas.x,
                (0.38, (150, 98, 52)),
                (0.42, (96, 58, 32)),
                (0.6, (42, 26, 20)),
            ),
        )
        canvas.multiply(canvas.stroke([(-wide, 0.383), (wide, 0.383)], 0.008), (1.5, 1.5, 1.4))
        return canvas.picture()

    @staticmethod
    def _make_body(stage: Stage) -> Cutout:
        """Its pin is the neck."""
        canvas = stage.canvas(-0.32, -0.12, 0.32, 0.5)
        body = canvas.shape(
            [
                (-0.1, -0.06),
                (0.1, -0.06),
                (0.17, 0.1),
                (0.2, 0.3),
                (0.2, 0.48),
                (-0.2, 0.48),
                (-0.2, 0.3),
                (-0.17, 0.1),
            ]
        )
        canvas.paint_rounded(body, DARK, FUR, PALE, 0.12, LIGHT)
        belly = canvas.shape(
            [
                (-0.055, -0.02),
                (0.055, -0.02),
                (0.1, 0.14),
                (0.11, 0.36),
                (0, 0.46),
                (-0.11, 0.36),
                (-0.1, 0.14),
            ],
            soft=0.008,
        )
        canvas.paint_rounded(belly, *CREAM, 0.08, LIGHT, inside=True)
        scarf = canvas.shape(
            [(-0.13, -0.05), (0, -0.02), (0.13, -0.05), (0.135, 0.02), (0, 0.06), (-0.135, 0.02)]
        )
        canvas.paint_rounded(scarf, *TEAL, 0.03, LIGHT)
        return Cutout.of(canvas, stage)

    @staticmethod
    def _make_arm(stage: Stage) -> Cutout:
        """The right one, hanging; its pin is the shoulder."""
        canvas = stage.canvas(-0.09, -0.08, 0.13, 0.32)
        canvas.paint_rounded(
            canvas.stroke([(0, 0), (0.025, 0.12), (0.03, 0.22)], 0.1, 0.086, 0.08),
            DARK,
            FUR,
            PALE,
            0.05,
            LIGHT,
        )
        canvas.paint_rounded(
            canvas.disc(0.03, 0.235, 0.052), (40, 20, 18), (78, 42, 34), (140, 92, 74), 0.04, LIGHT
        )
        return Cutout.of(canvas, stage)

    @staticmethod
    def _make_head(stage: Stage) -> Cutout:
        """Its pin is the neck."""
        canvas = stage.canvas(-0.34, -0.5, 0.34, 0.1)
        for side in (-1, 1):
            ear = canvas.shape(
                [
                    (side * 0.06, -0.33),
                    (side * 0.17, -0.485),
                    (side * 0.225, -0.27),
                    (side * 0.15, -0.22),
                ]
            )
            canvas.paint_rounded(ear, DARK, FUR, PALE, 0.05, LIGHT)
            canvas.paint_rounded(
                canvas.shape(
                    [(side * 0.11, -0.32), (side * 0.165, -0.43), (side * 0.19, -0.28)], soft=0.005
                ),
                (60, 26, 24),
                (120, 60, 54),
                (170, 104, 92),
                0.04,
                LIGHT,
                inside=True,
            )
        skull = canvas.shape(
            [
                (0, -0.37),
                (0.14, -0.335),
                (0.225, -0.22),
                (0.265, -0.11),
                (0.17, -0.04),
                (0.06, 0.03),
                (-0.06, 0.03),
                (-0.17, -0.04),
                (-0.265, -0.11),
                (-0.225, -0.22),
                (-0.14, -0.335),
            ]
        )
        canvas.paint_rounded(skull, DARK, FUR, PALE, 0.16, LIGHT)
        for side in (-1, 1):
            cheek = canvas.shape(
                [
                    (side * 0.02, -0.13),
                    (side * 0.1, -0.17),
                    (side * 0.19, -0.14),
                    (side * 0.245, -0.1),
                    (side * 0.16, -0.045),
                    (side * 0.06, 0.02),
                    (side * 0.015, 0.0),
                ],
                soft=0.006,
            )
            canvas.paint_rounded(cheek, *CREAM, 0.07, LIGHT, inside=True)
            canvas.paint(canvas.disc(side * 0.1, -0.205, 0.042, 0.05), (250, 246, 236))
            canvas.paint(canvas.disc(side * 0.094, -0.2, 0.03, 0.037), (38, 22, 18))
            canvas.paint(canvas.disc(side * 0.094 - 0.01, -0.214, 0.01), (255, 255, 250))
        snout = canvas.shape(
            [(-0.07, -0.13), (0.07, -0.13), (0.075, -0.05), (0.0, 0.015), (-0.075, -0.05)],
            soft=0.004,
        )
        canvas.paint_rounded(snout, *CREAM, 0.06, LIGHT)
        canvas.paint_rounded(
            canvas.disc(0, -0.105, 0.042, 0.032),
            (12, 10, 14),
            (40, 32, 38),
            (150, 140, 150),
            0.03,
            LIGHT,
        )
        canvas.paint(
            canvas.stroke([(-0.045, -0.03), (0, -0.012), (0.045, -0.03)], 0.008), (92, 44, 40)
        )
        canvas.paint(canvas.stroke([(0, -0.075), (0, -0.014)], 0.006), (92, 44, 40))
        return Cutout.of(canvas, stage)

    @staticmethod
    def _make_lids(stage: Stage) -> Cutout:
        canvas = stage.canvas(-0.34, -0.5, 0.34, 0.1)
        for side in (-1, 1):
            canvas.paint_rounded(
                canvas.disc(side * 0.1, -0.205, 0.048, 0.056), (120, 50, 24), FUR, PALE, 0.06, LIGHT
            )
            canvas.paint(
                canvas.stroke(
                    [(side * 0.062, -0.19), (side * 0.1, -0.175), (side * 0.138, -0.19)], 0.009
                ),
                (60, 26, 20),
            )
        return Cutout.of(canvas, stage)

    def draw(self, seconds: float) -> np.ndarray:
        now = phase(seconds, self.period)
        picture, stage = self._backdrop.copy(), self._stage
        sway = 0.035 * wave(now, self.period)
        lean = 5 * wave(now, self.period, 0.1)
        neck = (sway, 0.08 + 0.008 * wave(now, 1.5))
        hello = ease(now, 0.8, 1.5) - ease(now, 3.6, 4.3)
        up = -112 * hello - 18 * wave(now, 0.5) * hello - 8 + 6 * wave(now, 3.0)
        self._other.onto(
            picture, stage, (neck[0] - 0.135, neck[1] + 0.07), 10 + 12 * wave(now, 3.0, 0.25)
        )
        self._body.onto(picture, stage, neck, 0.5 * lean)
        tilt = lean + 13 * hello * wave(now, 2.0) - 5 * wave(now, self.period, 0.4)
        nod = 1 - 0.07 * (
            ease(now, 4.4, 4.7) - ease(now, 4.7, 5.0) + ease(now, 5.0, 5.3) - ease(now, 5.3, 5.6)
        )
        self._head.onto(picture, stage, neck, tilt, (1.0, nod))
        blink = max(0.0, 1 - abs(now - 2.4) / 0.1, 1 - abs(now - 5.8) / 0.1)
        self._lids.onto(picture, stage, neck, tilt, (1.0, nod), ease(blink))
        self._arm.onto(picture, stage, (neck[0] + 0.135, neck[1] + 0.07), up)
        return picture
