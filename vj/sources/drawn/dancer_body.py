"""The body of the one who dances: trunk, arms and hands, each a part with its pin.

Own units: the height of the head is 1, y goes down. Arms hang; theirs is the picture's right side.
"""

from __future__ import annotations

import numpy as np

from vj.sources.drawn.canvas import Colour, Mask, Point, ShadedCanvas
from vj.sources.drawn.cutout import Cutout, Stage
from vj.sources.drawn.dancer_head import BOTH, LIGHT, SHADOW, SKIN

SHIRT: tuple[Colour, Colour, Colour] = (128, 62, 18), (206, 128, 34), (244, 188, 84)
STRIPE: Colour = (238, 222, 190)
TROUSERS: tuple[Colour, Colour, Colour] = (16, 20, 34), (44, 54, 82), (104, 116, 142)
SHOULDER = (0.6, 0.31)
"""Of the right arm, from the neck's foot."""
UPPER, FORE = 1.05, 0.9
"""Lengths of the arm from shoulder to elbow, from elbow to wrist."""


def trunk(stage: Stage, grain: float) -> Cutout:
    """Neck, shirt and trousers; its pin is the neck's foot, between the collar bones."""
    canvas = stage.canvas(-1.05, -0.5, 1.05, 4.1, grain)
    for side in BOTH:
        leg = [(0.02, 2.3), (0.62, 2.2), (0.66, 2.8), (0.56, 4.3), (0.14, 4.3), (0.04, 2.7)]
        shape = canvas.shape([(side * x, y) for x, y in leg])
        canvas.paint_rounded(shape, *TROUSERS, 0.3, LIGHT)
    neck = [(-0.2, -0.48), (0.2, -0.48), (0.2, -0.16), (0.3, 0.02), (0.1, 0.24), (-0.1, 0.24)]
    skin = canvas.shape([*neck, (-0.3, 0.02), (-0.2, -0.16)])
    canvas.paint_rounded(skin, *SKIN, 0.24, LIGHT)
    canvas.multiply(canvas.disc(0.03, -0.32, 0.3, 0.2, soft=0.07) & skin, SHADOW, 0.95)
    for side in BOTH:
        cord = canvas.stroke([(side * 0.16, -0.15), (side * 0.05, 0.12)], 0.03, 0.05, soft=0.03)
        canvas.multiply(cord & skin, SHADOW, 0.3)
    half = [(0.22, -0.03), (0.36, 0.05), (0.56, 0.12), (0.74, 0.26), (0.72, 0.5), (0.62, 0.85)]
    half += [(0.56, 1.3), (0.55, 1.75), (0.6, 2.1), (0.64, 2.4)]
    opening = [(-0.14, 0.14), (0.0, 0.21), (0.14, 0.14)]
    outline = [*half, (0.0, 2.47), *[(-x, y) for x, y in half[::-1]], *opening]
    shirt = canvas.shape(outline)
    canvas.paint_rounded(shirt, *SHIRT, 0.42, LIGHT)
    for side in BOTH:
        fold = [(side * 0.62, 0.5), (side * 0.5, 0.72), (side * 0.3, 0.82)]
        canvas.multiply(canvas.stroke(fold, 0.03, 0.07, 0.02, soft=0.04) & shirt, SHADOW, 0.5)
        chest = canvas.disc(side * 0.27, 0.78, 0.27, 0.12, soft=0.1)
        canvas.multiply(chest & shirt, SHADOW, 0.26)
        side_shade = canvas.disc(side * 0.66, 1.3, 0.16, 1.0, soft=0.09)
        canvas.multiply(side_shade & shirt, SHADOW, 0.35 if side < 0 else 0.6)
    for y, slant in ((1.5, 0.2), (1.68, -0.14), (1.9, 0.1), (2.15, -0.2)):
        fold = [(-0.5, y), (-0.1, y + slant * 0.6), (0.44, y + slant)]
        canvas.multiply(canvas.stroke(fold, 0.01, 0.07, 0.01, soft=0.03) & shirt, SHADOW, 0.42)
    for y in (0.62, 0.78, 0.94):
        band = [
            (-0.8, y - 0.06),
            (-0.4, y + 0.02),
            (0.0, y + 0.04),
            (0.4, y + 0.02),
            (0.8, y - 0.06),
        ]
        _stripe(canvas, band, shirt)
    collar = [(-0.25, -0.02), (-0.15, 0.15), (0.0, 0.225), (0.15, 0.15), (0.25, -0.02)]
    canvas.paint(canvas.stroke(collar, 0.05), (196, 120, 32))
    canvas.multiply(
        canvas.stroke([(x, y + 0.03) for x, y in collar], 0.02, soft=0.012), SHADOW, 0.7
    )
    return Cutout.of(canvas, stage)


def upper_arm(stage: Stage, grain: float) -> Cutout:
    """Its pin is the shoulder."""
    canvas = stage.canvas(-0.34, -0.34, 0.34, UPPER + 0.3, grain)
    sleeve = canvas.stroke([(0.0, 0.0), (0.01, 0.5), (0.0, UPPER)], 0.42, 0.36, 0.31)
    canvas.paint_rounded(sleeve, *SHIRT, 0.3, LIGHT)
    for y in (0.42, 0.58, 0.74):
        _stripe(canvas, [(-0.3, y - 0.03), (0.0, y + 0.03), (0.3, y - 0.03)], sleeve)
    _folds(canvas, UPPER - 0.06)
    # Towards the body it fades, so that no seam shows on the shoulder.
    below = np.interp(canvas.y, (-0.2, 0.12), (0.0, 1.0))
    outside = np.interp(canvas.x, (-0.08, 0.12), (0.0, 1.0))
    canvas.cover *= np.maximum(below, outside).astype(np.float32)
    return Cutout.of(canvas, stage)


def forearm(stage: Stage, grain: float) -> Cutout:
    """Its pin is the elbow; the sleeve ends a hand's breadth before the wrist."""
    canvas = stage.canvas(-0.28, -0.28, 0.28, FORE + 0.16, grain)
    bare = canvas.stroke([(0.0, 0.3), (0.0, FORE + 0.04)], 0.26, 0.16)
    canvas.paint_rounded(bare, *SKIN, 0.11, LIGHT)
    sleeve = canvas.stroke([(0.0, 0.0), (0.01, 0.3), (0.0, 0.56)], 0.32, 0.31, 0.27)
    canvas.multiply(canvas.disc(0.0, 0.72, 0.12, 0.03, soft=0.02), SHADOW, 0.7)
    canvas.paint_rounded(sleeve, *SHIRT, 0.15, LIGHT)
    cuff = canvas.stroke([(-0.12, 0.66), (0.0, 0.69), (0.12, 0.66)], 0.05)
    canvas.paint_rounded(cuff, *SHIRT, 0.03, LIGHT)
    _folds(canvas, 0.1)
    return Cutout.of(canvas, stage)


def _stripe(canvas: ShadedCanvas, points: list[Point], cloth: Mask) -> None:
    """Woven in: it takes the cloth's light."""
    band = canvas.stroke(points, 0.07) & cloth
    light = canvas.colour[band.place].mean(axis=-1, keepdims=True) / 120
    canvas.paint(band, np.clip(light, 0.3, 1.1) * np.array(STRIPE, np.float32), 0.9, inside=True)


def _folds(canvas: ShadedCanvas, y: float) -> None:
    """Where a sleeve bends."""
    for rise in (-0.1, 0.02):
        fold = canvas.stroke(
            [(-0.13, y + rise), (0.02, y + rise + 0.06), (0.14, y + rise)],
            0.01,
            0.04,
            0.01,
            soft=0.02,
        )
        canvas.multiply(fold, SHADOW, 0.5)


def hand(stage: Stage, grain: float) -> Cutout:
    """Open, seen from its back, the thumb towards the body; its pin is the wrist."""
    canvas = stage.canvas(-0.3, -0.12, 0.3, 0.7, grain)
    fingers = (
        [(0.1, 0.26), (0.135, 0.42), (0.15, 0.52)],
        [(0.045, 0.28), (0.06, 0.47), (0.06, 0.6)],
        [(-0.02, 0.28), (-0.02, 0.48), (-0.025, 0.62)],
        [(-0.08, 0.26), (-0.1, 0.44), (-0.11, 0.55)],
    )
    for finger in fingers:
        canvas.paint_rounded(canvas.stroke(finger, 0.078, 0.07, 0.055), *SKIN, 0.04, LIGHT)
        for x, y in finger[1:2]:
            canvas.multiply(canvas.disc(x, y - 0.03, 0.03, 0.008, soft=0.006), SHADOW, 0.4)
    thumb = canvas.stroke([(-0.07, 0.08), (-0.17, 0.2), (-0.2, 0.33)], 0.1, 0.085, 0.06)
    canvas.paint_rounded(thumb, *SKIN, 0.045, LIGHT)
    palm = canvas.shape(
        [(-0.08, -0.05), (0.08, -0.05), (0.13, 0.12), (0.13, 0.3), (-0.11, 0.31), (-0.12, 0.12)]
    )
    canvas.paint_rounded(palm, *SKIN, 0.12, LIGHT)
    for x in (0.085, 0.025, -0.035):
        canvas.multiply(
            canvas.stroke([(x, 0.3), (x * 0.9, 0.2)], 0.012, 0.006, soft=0.006), SHADOW, 0.35
        )
    return Cutout.of(canvas, stage)
