"""The heads of the two of `kiss`: their faces with brows, ear, beard and hair. See `kiss_face`."""

from __future__ import annotations

import numpy as np

from vj.sources.drawn.canvas import Colour, Mask, Point, ShadedCanvas
from vj.sources.drawn.cutout import Cutout, Stage
from vj.sources.drawn.kiss_face import LIGHT, eye, face


def man(stage: Stage, grain: float) -> Cutout:
    canvas = stage.canvas(-0.62, -0.62, 0.52, 0.98, grain)
    tones: tuple[Colour, Colour, Colour] = (66, 34, 38), (186, 114, 80), (255, 208, 148)
    skin = face(canvas, True, *tones)
    beard = [
        (-0.07, 0.1),
        (0.0, 0.3),
        (0.1, 0.36),
        (0.24, 0.37),
        (0.3, 0.385),
        (0.36, 0.42),
        (0.33, 0.5),
        (0.18, 0.52),
        (0.02, 0.47),
        (-0.09, 0.32),
    ]
    canvas.multiply(canvas.shape(beard, soft=0.03) & skin, (0.62, 0.56, 0.58), 0.6)
    _ear(canvas, *tones)
    eye(canvas, skin, 0.02)
    canvas.paint(
        canvas.stroke(
            [(0.165, -0.065), (0.22, -0.1), (0.29, -0.092), (0.33, -0.07)],
            0.01,
            0.03,
            0.03,
            0.014,
            soft=0.005,
        ),
        (34, 20, 18),
        0.9,
        inside=True,
    )
    cap = [
        (0.285, -0.3),
        (0.3, -0.4),
        (0.22, -0.5),
        (0.07, -0.56),
        (-0.12, -0.56),
        (-0.3, -0.5),
        (-0.43, -0.36),
        (-0.475, -0.16),
        (-0.455, 0.06),
        (-0.4, 0.22),
        (-0.325, 0.36),
        (-0.285, 0.4),
        (-0.235, 0.36),
        (-0.19, 0.24),
        (-0.155, 0.1),
        (-0.14, -0.03),
        (-0.095, -0.06),
        (-0.06, -0.02),
        (-0.045, 0.12),
        (-0.015, 0.12),
        (-0.005, -0.02),
        (0.02, -0.14),
        (0.1, -0.22),
        (0.2, -0.26),
    ]
    hair = canvas.shape(cap, soft=0.006)
    canvas.paint_rounded(hair, (14, 12, 20), (44, 30, 30), (128, 84, 58), 0.16, LIGHT)
    lines = [
        [(0.28, -0.33), (0.18, -0.46), (-0.02, -0.53), (-0.22, -0.5)],
        [(0.24, -0.3), (0.1, -0.4), (-0.12, -0.46), (-0.36, -0.38)],
        [(0.16, -0.26), (0.0, -0.3), (-0.2, -0.3), (-0.43, -0.2)],
        [(0.06, -0.2), (-0.08, -0.16), (-0.26, -0.1), (-0.42, 0.04)],
        [(-0.06, -0.1), (-0.16, -0.06), (-0.26, 0.1), (-0.34, 0.24)],
    ]
    _locks(canvas, hair, lines, 34, 0.036, 3, (74, 46, 28))
    return Cutout.of(canvas, stage)


def woman(stage: Stage, grain: float) -> Cutout:
    canvas = stage.canvas(-0.78, -0.64, 0.5, 1.12, grain)
    tones: tuple[Colour, Colour, Colour] = (88, 44, 46), (218, 146, 110), (255, 222, 174)
    skin = face(canvas, False, *tones)
    eye(canvas, skin, 0.035)
    canvas.paint(
        canvas.stroke(
            [(0.16, -0.075), (0.215, -0.108), (0.275, -0.104), (0.312, -0.088)],
            0.006,
            0.017,
            0.018,
            0.008,
            soft=0.004,
        ),
        (70, 34, 24),
        0.85,
        inside=True,
    )
    mane = [
        (0.295, -0.3),
        (0.285, -0.42),
        (0.19, -0.53),
        (0.02, -0.585),
        (-0.17, -0.575),
        (-0.36, -0.5),
        (-0.49, -0.35),
        (-0.555, -0.12),
        (-0.55, 0.14),
        (-0.6, 0.36),
        (-0.58, 0.58),
        (-0.63, 0.8),
        (-0.5, 1.0),
        (-0.3, 1.04),
        (-0.16, 0.93),
        (-0.2, 0.74),
        (-0.1, 0.56),
        (-0.135, 0.4),
        (-0.06, 0.22),
        (-0.08, 0.05),
        (-0.01, -0.08),
        (0.09, -0.17),
        (0.21, -0.24),
    ]
    hair = canvas.shape(mane, soft=0.006)
    canvas.multiply(
        canvas.shape([(x + 0.03, y + 0.02) for x, y in mane], soft=0.025) & skin,
        (0.5, 0.38, 0.38),
        0.7,
    )
    canvas.paint_rounded(hair, (42, 14, 16), (134, 58, 28), (238, 150, 74), 0.2, LIGHT)
    lines = [
        [(0.27, -0.36), (-0.1, -0.57), (-0.46, -0.36), (-0.54, 0.1), (-0.57, 0.5), (-0.5, 0.95)],
        [(0.26, -0.32), (-0.06, -0.48), (-0.36, -0.28), (-0.45, 0.12), (-0.5, 0.5), (-0.5, 0.9)],
        [(0.22, -0.28), (0.0, -0.38), (-0.24, -0.18), (-0.34, 0.16), (-0.4, 0.5), (-0.4, 0.98)],
        [(0.16, -0.24), (0.02, -0.26), (-0.14, -0.06), (-0.22, 0.2), (-0.28, 0.5), (-0.3, 0.98)],
        [(0.06, -0.17), (-0.02, -0.12), (-0.08, 0.06), (-0.1, 0.26), (-0.18, 0.52), (-0.2, 0.92)],
    ]
    _locks(canvas, hair, lines, 44, 0.045, 5, (96, 52, 22))
    return Cutout.of(canvas, stage)


def _ear(canvas: ShadedCanvas, dark: Colour, middle: Colour, bright: Colour) -> None:
    ear = [
        (-0.055, 0.0),
        (-0.095, -0.035),
        (-0.14, -0.02),
        (-0.15, 0.05),
        (-0.125, 0.12),
        (-0.09, 0.165),
        (-0.06, 0.15),
        (-0.058, 0.08),
    ]
    canvas.paint_rounded(canvas.shape(ear), dark, middle, bright, 0.03, LIGHT, inside=True)
    canvas.multiply(
        canvas.stroke(
            [(-0.075, 0.02), (-0.115, 0.015), (-0.118, 0.075), (-0.085, 0.11)],
            0.012,
            0.016,
            0.008,
            soft=0.006,
        ),
        (0.5, 0.36, 0.34),
    )


def _locks(
    canvas: ShadedCanvas,
    hair: Mask,
    lines: list[list[Point]],
    count: int,
    width: float,
    seed: int,
    bright: Colour,
) -> None:
    """Locks along curves between the given ones, light and dark."""
    generator = np.random.default_rng(seed)
    given = np.array(lines)
    for index in range(count):
        place = (index + generator.uniform(0, 1)) / count * (len(lines) - 1)
        low = min(int(place), len(lines) - 2)
        line = (
            given[low]
            + (place - low) * (given[low + 1] - given[low])
            + generator.normal(0, 0.006, given[low].shape)
        )
        lock = (
            canvas.stroke(
                [tuple(point) for point in line], 0.1 * width, width, 0.2 * width, soft=width * 0.25
            )
            & hair
        )
        if index % 2:
            canvas.add_light(lock, bright, generator.uniform(0.25, 0.9))
        else:
            canvas.multiply(lock, (0.5, 0.46, 0.5), generator.uniform(0.3, 0.7))
