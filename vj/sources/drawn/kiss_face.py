"""A face in profile, of either of the two of `kiss`: skin, lips, an open eye, and the lid that is
laid over it.

A head's own units: its height is 1, its middle is 0, it looks to the right, y goes down.
"""

from __future__ import annotations

import numpy as np

from vj.sources.drawn.canvas import Colour, Mask, Point, ShadedCanvas
from vj.sources.drawn.cutout import Cutout, Stage

LIPS = (0.372, 0.308)
"""Where the lips meet."""

LIGHT = (0.75, -0.3, 0.42)
"""The evening sun stands low between the two."""


def _profile(strong: bool) -> list[Point]:
    """The outline of a face and neck that looks to the right; `strong`: a man's brow, nose and
    jaw."""
    more = 1.0 if strong else 0.0
    return [
        (-0.06, -0.49),
        (0.14, -0.46),
        (0.255, -0.36),
        (0.305, -0.24),
        (0.318, -0.15),
        (0.322 + 0.016 * more, -0.09),
        (0.303 + 0.006 * more, -0.035),
        (0.312, 0.01),
        (0.352 + 0.012 * more, 0.085),
        (0.408 + 0.012 * more, 0.15 - 0.004 * more),
        (0.428 + 0.012 * more, 0.182),
        (0.405 + 0.01 * more, 0.213),
        (0.352, 0.222),
        (0.344, 0.247),
        (0.366, 0.27),
        (0.38, 0.289),
        (0.364, 0.306),
        (0.374, 0.327),
        (0.352, 0.35),
        (0.327, 0.37),
        (0.332 + 0.01 * more, 0.41),
        (0.318 + 0.016 * more, 0.45 + 0.01 * more),
        (0.268 + 0.012 * more, 0.486 + 0.012 * more),
        (0.18, 0.482 + 0.014 * more),
        (0.075 + 0.02 * more, 0.468 + 0.01 * more),
        (0.035 + 0.05 * more, 0.53),
        (0.025 + 0.06 * more, 0.64),
        (0.05 + 0.08 * more, 0.8),
        (-0.06, 0.92),
        (-0.26, 0.92),
        (-0.33 - 0.04 * more, 0.78),
        (-0.29 - 0.05 * more, 0.55),
        (-0.3 - 0.02 * more, 0.33),
        (-0.4, 0.12),
        (-0.44, -0.1),
        (-0.4, -0.3),
        (-0.26, -0.45),
    ]


def face(canvas: ShadedCanvas, strong: bool, dark: Colour, middle: Colour, bright: Colour) -> Mask:
    """Skin, brow, ear, nose and lips."""
    outline = _profile(strong)
    skin = canvas.shape(outline)
    canvas.paint_rounded(skin, dark, middle, bright, 0.26, LIGHT)
    lit = canvas.shading(skin, 0.07, LIGHT)
    rim = Mask(skin.top, skin.left, skin.values * np.clip((lit - 0.8) * 3.2, 0, 1))
    canvas.add_light(rim, (60, 38, 20))

    def on(mask: Mask) -> Mask:
        return mask & skin

    shadow = (0.52, 0.4, 0.42)
    jaw = [
        (-0.12, 0.2),
        (-0.06, 0.36),
        (0.07, 0.445),
        (0.2, 0.492),
        (0.28, 0.52),
        (0.2, 0.95),
        (-0.4, 0.95),
        (-0.4, 0.3),
    ]
    canvas.multiply(on(canvas.shape(jaw, soft=0.022)), (0.56, 0.45, 0.46), 0.95)
    canvas.multiply(on(canvas.disc(0.245, -0.02, 0.075, 0.05, soft=0.03)), shadow, 0.75)
    canvas.multiply(on(canvas.disc(0.08, 0.27, 0.12, 0.1, soft=0.06)), shadow, 0.32)
    canvas.multiply(
        on(
            canvas.stroke(
                [(0.31, 0.165), (0.33, 0.215), (0.27, 0.265)], 0.02, 0.02, 0.012, soft=0.014
            )
        ),
        shadow,
        0.55,
    )
    canvas.add_light(
        on(canvas.disc(0.205, 0.12, 0.08, 0.06, soft=0.04, degrees=25)), (44, 24, 12), 0.9
    )
    canvas.multiply(on(canvas.disc(0.2, 0.17, 0.09, 0.06, soft=0.045)), (1.0, 0.72, 0.66), 0.55)
    canvas.multiply(
        on(
            canvas.stroke(
                [(0.318, 0.17), (0.326, 0.195), (0.345, 0.205)], 0.014, 0.014, 0.006, soft=0.006
            )
        ),
        shadow,
        0.75,
    )
    canvas.multiply(
        on(canvas.disc(0.378, 0.209, 0.02, 0.009, soft=0.005, degrees=-10)), (0.3, 0.18, 0.16), 0.9
    )
    mouth: Colour = (168, 74, 62) if strong else (196, 44, 52)
    upper = [
        (0.34, 0.262),
        (0.37, 0.262),
        (0.4, 0.29),
        (0.372, 0.306),
        (0.32, 0.31),
        (0.282, 0.313),
        (0.315, 0.286),
    ]
    lower = [
        (0.282, 0.313),
        (0.32, 0.31),
        (0.368, 0.306),
        (0.4, 0.32),
        (0.375, 0.345),
        (0.345, 0.353),
        (0.31, 0.338),
    ]
    canvas.paint(on(canvas.shape(upper, soft=0.004)), mouth, 0.75, inside=True)
    canvas.paint(
        on(canvas.shape(lower, soft=0.004)), tuple(1.12 * band for band in mouth), 0.75, inside=True
    )
    canvas.add_light(on(canvas.disc(0.352, 0.329, 0.016, 0.009, soft=0.006)), (70, 46, 40))
    canvas.multiply(
        on(
            canvas.stroke(
                [(0.272, 0.317), (0.31, 0.311), (0.372, 0.306)], 0.006, 0.009, 0.007, soft=0.002
            )
        ),
        (0.3, 0.16, 0.16),
        0.9,
    )
    canvas.multiply(on(canvas.disc(0.325, 0.372, 0.03, 0.014, soft=0.012)), shadow, 0.55)
    return skin


def eye(canvas: ShadedCanvas, skin: Mask, lashes: float) -> None:
    """An open eye seen from the side, half lowered."""
    white = [
        (0.215, 0.0),
        (0.245, -0.022),
        (0.275, -0.02),
        (0.281, 0.0),
        (0.27, 0.012),
        (0.238, 0.012),
    ]
    inside = canvas.shape(white, soft=0.003) & skin
    canvas.paint(inside, (226, 204, 184), 0.9, inside=True)
    canvas.paint(
        canvas.disc(0.27, -0.004, 0.012, 0.018, soft=0.002) & inside, (46, 26, 18), inside=True
    )
    lid = canvas.stroke(
        [(0.2, 0.004), (0.24, -0.026), (0.283, -0.022)], 0.008, 0.014, 0.012, soft=0.003
    )
    canvas.paint(lid, (44, 22, 18), 0.85, inside=True)
    canvas.paint(
        canvas.stroke(
            [(0.272, -0.022), (0.29, -0.024), (0.285 + lashes, -0.04)], 0.012, 0.009, 0.004
        ),
        (36, 18, 16),
        0.9,
    )


def lid(stage: Stage, grain: float, colour: Colour, lashes: float) -> Cutout:
    """The lowered lid, to be laid over the open eye."""
    canvas = stage.canvas(0.14, -0.12, 0.4, 0.12, grain)
    canvas.paint(
        canvas.shape(
            [
                (0.19, 0.0),
                (0.235, -0.04),
                (0.283, -0.034),
                (0.292, 0.0),
                (0.272, 0.024),
                (0.225, 0.026),
            ],
            soft=0.008,
        ),
        colour,
    )
    canvas.multiply(
        canvas.stroke(
            [(0.2, -0.012), (0.235, -0.034), (0.28, -0.03)], 0.008, 0.012, 0.008, soft=0.006
        ),
        (0.6, 0.48, 0.46),
    )
    canvas.paint(
        canvas.stroke(
            [(0.2, 0.0), (0.235, 0.021), (0.268, 0.02), (0.288, 0.008)],
            0.007,
            0.014,
            0.014,
            0.01,
            soft=0.002,
        ),
        (44, 22, 18),
    )
    canvas.paint(
        canvas.stroke([(0.275, 0.014), (0.292, 0.02), (0.29 + lashes, 0.034)], 0.012, 0.009, 0.004),
        (36, 18, 16),
    )
    return Cutout.of(canvas, stage)
