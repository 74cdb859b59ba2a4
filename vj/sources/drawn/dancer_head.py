"""The head of the one who dances: seen from the front, in parts that move against each other as a
head turns, blinks and sings.

Own units: from the crown to the chin is 1, the middle is 0, y goes down.
"""

from __future__ import annotations

import numpy as np

from vj.sources.drawn.canvas import Colour, Mask, Point, ShadedCanvas
from vj.sources.drawn.cutout import Cutout, Stage

LIGHT = (-0.55, -0.42, 0.72)
"""From the window, and from above."""
SKIN: tuple[Colour, Colour, Colour] = (112, 62, 50), (208, 146, 114), (252, 216, 184)
HAIR: tuple[Colour, Colour, Colour] = (16, 11, 14), (54, 33, 27), (140, 90, 62)
SHADOW: Colour = (0.62, 0.48, 0.46)
INK: Colour = (44, 24, 20)
EYE: Point = (0.158, 0.035)
"""The middle of the right one."""
MOUTH: Point = (0.0, 0.315)
"""Where the lips meet."""
MOUTH_CORNER = 0.118
NOSE: Point = (0.0, 0.19)
"""Its tip."""
CHIN: Point = (0.0, 0.5)
BOTH = (-1, 1)


def _canvas(stage: Stage, grain: float, corner: Point, far: Point) -> ShadedCanvas:
    return stage.canvas(*corner, *far, grain)


def face(stage: Stage, grain: float) -> Cutout:
    """Skin with its light, ears, cheeks and the hollows of the eyes; no features yet."""
    canvas = _canvas(stage, grain, (-0.46, -0.52), (0.46, 0.56))
    for side in BOTH:
        ear = [(0.31, 0.0), (0.37, -0.035), (0.4, 0.02), (0.385, 0.12), (0.345, 0.19), (0.31, 0.16)]
        shape = canvas.shape([(side * x, y) for x, y in ear])
        canvas.paint_rounded(shape, *SKIN, 0.03, LIGHT)
        fold = canvas.stroke(
            [(side * 0.345, 0.01), (side * 0.372, 0.04), (side * 0.35, 0.12)], 0.02
        )
        canvas.multiply(fold & shape, SHADOW, 0.7)
    half = [(0.0, -0.47), (0.17, -0.44), (0.29, -0.3), (0.333, -0.12), (0.338, 0.05)]
    half += [(0.322, 0.2), (0.275, 0.33), (0.19, 0.44), (0.09, 0.495)]
    outline = [*half, CHIN, *[(-x, y) for x, y in half[:0:-1]]]
    skin = canvas.shape(outline)
    canvas.paint_rounded(skin, *SKIN, 0.3, LIGHT)

    def on(mask: Mask) -> Mask:
        return mask & skin

    for side in BOTH:
        hollow = canvas.disc(side * EYE[0], EYE[1] - 0.02, 0.11, 0.075, soft=0.03)
        canvas.multiply(on(hollow), SHADOW, 0.42)
        cheek = canvas.disc(side * 0.2, 0.19, 0.09, 0.07, soft=0.045)
        canvas.multiply(on(cheek), (1.0, 0.78, 0.74), 0.55)
        laugh = [(side * 0.085, 0.2), (side * 0.135, 0.26), (side * 0.16, 0.33)]
        canvas.multiply(on(canvas.stroke(laugh, 0.012, 0.016, 0.008, soft=0.012)), SHADOW, 0.4)
        canvas.multiply(on(canvas.disc(side * 0.33, 0.18, 0.07, 0.3, soft=0.05)), SHADOW, 0.35)
    canvas.add_light(on(canvas.disc(-0.19, 0.13, 0.06, 0.04, soft=0.03, degrees=-25)), (34, 24, 16))
    canvas.add_light(on(canvas.disc(-0.06, -0.2, 0.15, 0.08, soft=0.06)), (30, 22, 14))
    canvas.multiply(on(canvas.disc(0.0, 0.405, 0.07, 0.02, soft=0.016)), SHADOW, 0.5)
    canvas.add_light(on(canvas.disc(-0.02, 0.45, 0.05, 0.03, soft=0.02)), (26, 18, 12))
    return Cutout.of(canvas, stage)


def features(stage: Stage, grain: float) -> Cutout:
    """Eyes and nose, which slide over the face as it turns."""
    canvas = _canvas(stage, grain, (-0.3, -0.16), (0.3, 0.28))
    dark = (96, 50, 40)
    bridge = [(0.03, -0.03), (0.036, 0.07), (0.05, 0.16)]
    canvas.paint(canvas.stroke(bridge, 0.016, 0.026, 0.04, soft=0.014), dark, 0.42)
    canvas.paint(
        canvas.stroke([(-0.008, 0.0), (-0.012, 0.15)], 0.014, 0.024, soft=0.01), SKIN[2], 0.5
    )
    tip = canvas.disc(*NOSE, 0.048, 0.042, soft=0.01)
    canvas.paint_rounded(tip, (150, 92, 72), (212, 150, 118), (255, 226, 198), 0.05, LIGHT)
    for side in BOTH:
        wing = canvas.disc(side * 0.052, 0.2, 0.026, 0.025, soft=0.008)
        canvas.paint_rounded(wing, (140, 84, 66), (202, 138, 108), (236, 184, 152), 0.03, LIGHT)
        hole = canvas.disc(side * 0.026, 0.223, 0.019, 0.009, soft=0.004, degrees=side * 14)
        canvas.paint(hole, (70, 32, 28), 0.85)
    canvas.paint(canvas.disc(0.0, 0.242, 0.06, 0.01, soft=0.008), dark, 0.35)
    for side in BOTH:
        _eye(canvas, side)
    return Cutout.of(canvas, stage)


def _eye(canvas: ShadedCanvas, side: int) -> None:
    x, y = side * EYE[0], EYE[1]
    rim = [(-0.072, 0.008), (-0.03, -0.03), (0.02, -0.032), (0.07, -0.004), (0.03, 0.024)]
    rim += [(-0.03, 0.026)]
    white = canvas.shape([(x + side * dx, y + dy) for dx, dy in rim], soft=0.002)
    canvas.paint(white, (232, 224, 216))
    canvas.paint(canvas.disc(x, y - 0.002, 0.031) & white, (84, 54, 34))
    canvas.paint(canvas.disc(x, y - 0.002, 0.015) & white, (14, 10, 12))
    canvas.paint(
        canvas.stroke([(x - 0.07, y - 0.03), (x + 0.07, y - 0.03)], 0.022) & white, INK, 0.3
    )
    canvas.paint(canvas.disc(x - 0.012, y - 0.013, 0.007), (255, 255, 250))
    lash = [(-0.074, 0.008), (-0.032, -0.03), (0.02, -0.033), (0.072, -0.006), (0.088, -0.016)]
    upper = [(x + side * dx, y + dy) for dx, dy in lash]
    canvas.paint(canvas.stroke(upper, 0.006, 0.013, 0.015, 0.014, 0.005, soft=0.001), INK)
    crease = [(x + side * dx, y + dy - 0.022) for dx, dy in lash[:-1]]
    canvas.paint(canvas.stroke(crease, 0.004, 0.009, 0.006, soft=0.004), (110, 62, 48), 0.6)
    lower = [(x + side * dx, y + dy) for dx, dy in [(-0.06, 0.014), (0.0, 0.028), (0.06, 0.008)]]
    canvas.paint(canvas.stroke(lower, 0.004, 0.006, 0.004, soft=0.002), (104, 58, 48), 0.7)


def lids(stage: Stage, grain: float) -> Cutout:
    """Both eyes shut."""
    canvas = _canvas(stage, grain, (-0.3, -0.1), (0.3, 0.14))
    for side in BOTH:
        x, y = side * EYE[0], EYE[1]
        lid = canvas.disc(x, y - 0.001, 0.078, 0.036, soft=0.006)
        canvas.paint_rounded(lid, (146, 92, 72), (190, 130, 102), (226, 170, 138), 0.05, LIGHT)
        line = [(x - side * 0.074, y + 0.01), (x, y + 0.029), (x + side * 0.08, y + 0.002)]
        canvas.paint(canvas.stroke(line, 0.007, 0.014, 0.006, soft=0.001), INK)
    return Cutout.of(canvas, stage)


def brows(stage: Stage, grain: float) -> Cutout:
    canvas = _canvas(stage, grain, (-0.32, -0.16), (0.32, 0.02))
    for side in BOTH:
        line = [(0.058, -0.068), (0.12, -0.096), (0.19, -0.1), (0.25, -0.07)]
        brow = canvas.stroke(
            [(side * x, y) for x, y in line], 0.022, 0.03, 0.024, 0.008, soft=0.005
        )
        canvas.paint(brow, (48, 28, 23), 0.9)
    return Cutout.of(canvas, stage)


def inside_mouth(stage: Stage, grain: float) -> Cutout:
    """What an open mouth shows, as high as it is when wide open; its pin is MOUTH."""
    canvas = _canvas(stage, grain, (-0.14, -0.06), (0.14, 0.16))
    hole = canvas.shape(
        [
            (-0.1, 0.0),
            (-0.05, -0.02),
            (0.05, -0.02),
            (0.1, 0.0),
            (0.07, 0.08),
            (0.0, 0.105),
            (-0.07, 0.08),
        ]
    )
    canvas.paint(hole, (58, 14, 18))
    canvas.paint(canvas.disc(0.0, 0.085, 0.055, 0.03, soft=0.006) & hole, (168, 72, 72))
    canvas.paint(canvas.disc(0.0, -0.006, 0.075, 0.024, soft=0.002) & hole, (240, 234, 222))
    return Cutout.of(canvas, stage)


def lip(stage: Stage, grain: float, upper: bool) -> Cutout:
    """The upper or the lower one, shut; its pin is MOUTH."""
    canvas = _canvas(stage, grain, (-0.16, -0.08), (0.16, 0.1))
    if upper:
        half = [(0.0, -0.026), (0.035, -0.038), (0.08, -0.018), (MOUTH_CORNER, 0.002)]
        edge = [(0.06, 0.004), (0.0, 0.008), (-0.06, 0.004)]
        tones: tuple[Colour, Colour, Colour] = (112, 40, 44), (172, 78, 76), (206, 112, 104)
    else:
        half = [(0.0, 0.006), (0.06, 0.002), (MOUTH_CORNER, 0.002)]
        edge = [(0.07, 0.034), (0.0, 0.05), (-0.07, 0.034)]
        tones = (124, 48, 50), (190, 92, 88), (236, 150, 138)
    outline = [*half, *edge, *[(-x, y) for x, y in half[:0:-1]]]
    shape = canvas.shape(outline, soft=0.003)
    canvas.paint_rounded(shape, *tones, 0.03, LIGHT)
    if upper:
        line = [(-MOUTH_CORNER - 0.008, 0.0), (-0.05, 0.004), (0.0, 0.008), (0.05, 0.004)]
        line += [(MOUTH_CORNER + 0.008, 0.0)]
        canvas.paint(canvas.stroke(line, 0.006, 0.01, 0.01, 0.006, soft=0.002), (86, 26, 30), 0.9)
    else:
        canvas.paint(
            canvas.disc(-0.02, 0.026, 0.032, 0.007, soft=0.006) & shape, (255, 214, 204), 0.5
        )
    return Cutout.of(canvas, stage)


def _locks(canvas: ShadedCanvas, hair: Mask, curves: list[list[Point]], seed: int) -> None:
    """Strands between neighbouring curves, light and dark by turns."""
    generator = np.random.default_rng(seed)
    given = np.array(curves)
    count = 9 * (len(curves) - 1)
    for index in range(count):
        place = (index + generator.uniform(0, 1)) / count * (len(curves) - 1)
        low = min(int(place), len(curves) - 2)
        line = given[low] + (place - low) * (given[low + 1] - given[low])
        points = [(float(x), float(y)) for x, y in line]
        lock = canvas.stroke(points, 0.006, 0.03, 0.008, soft=0.007) & hair
        if index % 2:
            canvas.add_light(lock, (58, 38, 26), generator.uniform(0.3, 0.9))
        else:
            canvas.multiply(lock, (0.5, 0.46, 0.48), generator.uniform(0.3, 0.7))


def hair_behind(stage: Stage, grain: float) -> Cutout:
    """What hangs behind face and neck."""
    canvas = _canvas(stage, grain, (-0.56, -0.6), (0.56, 0.74))
    half = [(0.0, -0.57), (0.24, -0.53), (0.4, -0.38), (0.46, -0.14), (0.47, 0.14), (0.475, 0.4)]
    half += [(0.42, 0.6), (0.28, 0.64)]
    outline = [*half, (0.0, 0.56), *[(-x, y) for x, y in half[:0:-1]]]
    hair = canvas.shape(outline, soft=0.006)
    canvas.paint_rounded(hair, HAIR[0], (38, 24, 22), (104, 66, 48), 0.2, LIGHT)
    for side in BOTH:
        curves = [
            [(side * x, -0.2), (side * (x + 0.04), 0.1), (side * (x + 0.03), 0.35), (side * x, 0.6)]
            for x in (0.26, 0.32, 0.38, 0.43)
        ]
        _locks(canvas, hair, curves, 5 + side)
    return Cutout.of(canvas, stage)


def hair_before(stage: Stage, grain: float) -> Cutout:
    """What falls over the forehead, parted at the right."""
    canvas = _canvas(stage, grain, (-0.52, -0.62), (0.52, 0.46))
    outline = [(0.1, -0.4), (-0.06, -0.35), (-0.2, -0.22), (-0.27, -0.08), (-0.31, 0.1)]
    outline += [(-0.33, 0.3), (-0.39, 0.42), (-0.46, 0.3), (-0.465, 0.02), (-0.43, -0.26)]
    outline += [(-0.33, -0.46), (-0.14, -0.56), (0.06, -0.575), (0.26, -0.52), (0.4, -0.36)]
    outline += [(0.455, -0.12), (0.465, 0.18), (0.43, 0.38), (0.36, 0.3), (0.335, 0.1)]
    outline += [(0.31, -0.1), (0.25, -0.26), (0.17, -0.36)]
    hair = canvas.shape(outline, soft=0.005)
    canvas.paint_rounded(hair, *HAIR, 0.13, LIGHT)
    left = [
        [(0.1, -0.42), (-0.14, -0.34), (-0.28, -0.1), (-0.36, 0.36)],
        [(0.1, -0.46), (-0.2, -0.42), (-0.37, -0.14), (-0.4, 0.36)],
        [(0.1, -0.54), (-0.24, -0.5), (-0.42, -0.2), (-0.44, 0.3)],
    ]
    right = [
        [(0.12, -0.41), (0.24, -0.32), (0.33, -0.08), (0.37, 0.3)],
        [(0.12, -0.46), (0.3, -0.38), (0.38, -0.1), (0.4, 0.34)],
        [(0.12, -0.54), (0.34, -0.44), (0.43, -0.16), (0.44, 0.3)],
    ]
    _locks(canvas, hair, left, 2)
    _locks(canvas, hair, right, 4)
    canvas.multiply(canvas.stroke([(0.1, -0.4), (0.11, -0.56)], 0.008, soft=0.006), (0.5,) * 3)
    return Cutout.of(canvas, stage)
