"""A toy car on a table, under a lamp that swings."""

from __future__ import annotations

import math

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import ramp
from vj.sources.drawn.cutout import Cutout, Stage, phase, wave

LIGHT = (-0.5, -0.6, 0.6)


class Crash:
    """A toy car goes slowly round a road of tape on a table, and the light goes to and fro. Calm:
    it is there to be disturbed."""

    period = 6.0

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        self._table, self._car, self._shadow = (
            self._make_table(stage),
            self._make_car(stage),
            self._make_shadow(stage),
        )
        self._lamp = self._make_lamp(stage)

    @staticmethod
    def _make_table(stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        grain = canvas.noise(0.02, 5, across=0.5) + 0.5 * canvas.noise(0.006, 6, across=0.3)
        canvas.paint(
            canvas.everything(),
            ramp(grain, (-1.2, (92, 54, 32)), (0.0, (140, 88, 52)), (1.2, (178, 122, 78))),
        )
        turns = np.linspace(0, 2 * np.pi, 72)
        loop = [(0.34 * math.cos(t), 0.03 + 0.27 * math.sin(t)) for t in turns]
        canvas.paint(canvas.stroke(loop, 0.125), (58, 60, 68))
        canvas.paint(canvas.stroke(loop, 0.112), (72, 74, 84))
        for index in range(24):
            dash = [
                (0.34 * math.cos(t), 0.03 + 0.27 * math.sin(t))
                for t in np.linspace(index, index + 0.45, 4) * 2 * np.pi / 24
            ]
            canvas.paint(canvas.stroke(dash, 0.008), (236, 226, 196))
        for x, y, r in ((0.0, 0.02, 0.075), (-0.085, 0.07, 0.05), (0.09, 0.075, 0.045)):
            canvas.multiply(canvas.disc(x + 0.02, y + 0.025, r, soft=0.012), (0.55, 0.55, 0.55))
            canvas.paint_rounded(
                canvas.disc(x, y, r), (16, 52, 32), (48, 112, 58), (148, 190, 104), r, LIGHT
            )
        for x, y, colour in (
            (-0.43, -0.33, (206, 60, 48)),
            (0.42, -0.36, (60, 108, 190)),
            (0.44, 0.42, (226, 176, 54)),
        ):
            canvas.multiply(
                canvas.shape(
                    [
                        (x - 0.03, y - 0.03),
                        (x + 0.1, y - 0.03),
                        (x + 0.1, y + 0.1),
                        (x - 0.03, y + 0.1),
                    ],
                    soft=0.015,
                    curved=False,
                ),
                (0.5, 0.5, 0.5),
            )
            block = canvas.shape(
                [
                    (x - 0.05, y - 0.05),
                    (x + 0.06, y - 0.05),
                    (x + 0.06, y + 0.06),
                    (x - 0.05, y + 0.06),
                ],
                curved=False,
            )
            canvas.paint_rounded(
                block,
                tuple(0.5 * c for c in colour),  # type: ignore[arg-type]
                colour,
                tuple(min(255.0, 1.3 * c + 30) for c in colour),  # type: ignore[arg-type]
                0.02,
                LIGHT,
            )
        return canvas.picture()

    @staticmethod
    def _make_car(stage: Stage) -> Cutout:
        """Seen from above, heading to the right; its pin is its middle."""
        canvas = stage.canvas(-0.13, -0.08, 0.13, 0.08)
        for x in (-0.058, 0.058):
            for y in (-0.044, 0.044):
                canvas.paint(
                    canvas.shape(
                        [
                            (x - 0.02, y - 0.012),
                            (x + 0.02, y - 0.012),
                            (x + 0.02, y + 0.012),
                            (x - 0.02, y + 0.012),
                        ],
                        curved=False,
                    ),
                    (22, 20, 24),
                )
        body = canvas.shape(
            [
                (-0.098, -0.03),
                (-0.06, -0.045),
                (0.05, -0.045),
                (0.1, -0.028),
                (0.106, 0),
                (0.1, 0.028),
                (0.05, 0.045),
                (-0.06, 0.045),
                (-0.098, 0.03),
            ]
        )
        canvas.paint_rounded(body, (96, 10, 20), (214, 34, 44), (255, 150, 130), 0.03, LIGHT)
        canvas.paint_rounded(
            canvas.shape([(-0.05, -0.034), (0.03, -0.034), (0.03, 0.034), (-0.05, 0.034)]),
            (120, 16, 26),
            (228, 50, 54),
            (255, 176, 150),
            0.02,
            LIGHT,
        )
        canvas.paint(
            canvas.shape(
                [(0.026, -0.03), (0.052, -0.034), (0.052, 0.034), (0.026, 0.03)], curved=False
            ),
            (40, 62, 84),
        )
        canvas.paint(
            canvas.shape(
                [(-0.066, -0.03), (-0.05, -0.028), (-0.05, 0.028), (-0.066, 0.03)], curved=False
            ),
            (40, 62, 84),
        )
        for y in (-0.026, 0.026):
            canvas.paint(canvas.disc(0.095, y, 0.008), (255, 244, 190))
        return Cutout.of(canvas, stage)

    @staticmethod
    def _make_shadow(stage: Stage) -> Cutout:
        canvas = stage.canvas(-0.16, -0.11, 0.16, 0.11)
        canvas.paint(canvas.disc(0, 0, 0.105, 0.055, soft=0.012), (14, 10, 12), 0.6)
        return Cutout.of(canvas, stage)

    @staticmethod
    def _make_lamp(stage: Stage) -> np.ndarray:
        """Light on twice the picture's size, so that it can be moved: (2H, 2W, 3) uint8, 128
        keeps."""
        width, height = stage.size
        x, y = (
            np.arange(2 * n, dtype=np.float32) / stage.unit - n / stage.unit
            for n in (width, height)
        )
        pool = np.exp(-((x[None, :] / 0.44) ** 2) - (y[:, None] / 0.42) ** 2)
        warm = np.array((1.0, 0.92, 0.76), np.float32)
        return np.clip(128 * (0.28 + 1.05 * pool)[..., None] * warm, 0, 255).astype(np.uint8)

    def draw(self, seconds: float) -> np.ndarray:
        now = phase(seconds, self.period)
        picture, stage = self._table.copy(), self._stage
        turn = 2 * np.pi * now / self.period
        at = (0.34 * math.cos(turn), 0.03 + 0.27 * math.sin(turn))
        heading = math.degrees(math.atan2(0.27 * math.cos(turn), -0.34 * math.sin(turn)))
        lamp = (0.16 * wave(now, 3.0), 0.06 * wave(now, self.period, 0.2))
        away = (at[0] - lamp[0], at[1] - lamp[1])
        self._shadow.onto(
            picture, stage, (at[0] + 0.07 * away[0], at[1] + 0.07 * away[1] + 0.008), heading
        )
        self._car.onto(picture, stage, at, heading)
        width, height = stage.size
        left, top = (
            round(width / 2 - lamp[0] * stage.unit),
            round(height / 2 - lamp[1] * stage.unit),
        )
        light = self._lamp[top : top + height, left : left + width]
        out: np.ndarray = cv2.multiply(picture, light, scale=1 / 128)
        return out
