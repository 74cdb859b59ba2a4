"""Two people for `kiss`: heads in profile, shoulders, and eyelids that close, each a part with its
pin."""

from __future__ import annotations

import numpy as np

from vj.sources.drawn.canvas import Colour, Mask, Point, ShadedCanvas
from vj.sources.drawn.cutout import Cutout, Stage

LIPS = (0.372, 0.308)
"""Where the lips meet, in a head's own units: its height is 1, its middle is 0, it looks to the
right."""

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


def _face(canvas: ShadedCanvas, strong: bool, dark: Colour, middle: Colour, bright: Colour) -> Mask:
    """Skin, brow, ear, nose and lips."""
    outline = _profile(strong)
    skin = canvas.shape(outline)
    canvas.paint_rounded(skin, dark, middle, bright, 0.26, LIGHT)
    lit = canvas.shading(skin, 0.07, LIGHT)
    canvas.paint(skin * 0.5, bright, 1.0, inside=True) if False else None
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


def _eye(canvas: ShadedCanvas, skin: Mask, lashes: float) -> None:
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


def man(stage: Stage, grain: float) -> Cutout:
    canvas = stage.canvas(-0.62, -0.62, 0.52, 0.98, grain)
    tones: tuple[Colour, Colour, Colour] = (66, 34, 38), (186, 114, 80), (255, 208, 148)
    skin = _face(canvas, True, *tones)
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
    _eye(canvas, skin, 0.02)
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
    skin = _face(canvas, False, *tones)
    _eye(canvas, skin, 0.035)
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


def jacket(stage: Stage, grain: float) -> Cutout:
    """A man's shoulders from the side, turned a little towards us."""
    canvas = stage.canvas(-0.95, 0.45, 0.55, 2.2, grain)
    shirt = canvas.shape(
        [
            (-0.36, 0.62),
            (-0.1, 0.76),
            (0.06, 0.72),
            (0.16, 0.86),
            (0.14, 1.1),
            (0.0, 1.3),
            (-0.3, 0.9),
        ]
    )
    canvas.paint_rounded(shirt, (96, 92, 110), (206, 190, 176), (255, 240, 214), 0.08, LIGHT)
    coat = [
        (-0.38, 0.66),
        (-0.5, 0.82),
        (-0.74, 0.98),
        (-0.88, 1.3),
        (-0.92, 2.4),
        (0.42, 2.4),
        (0.36, 1.6),
        (0.28, 1.2),
        (0.17, 1.0),
        (0.06, 1.12),
        (-0.04, 1.12),
        (-0.16, 0.94),
        (-0.3, 0.76),
    ]
    cloth = canvas.shape(coat)
    canvas.paint_rounded(cloth, (12, 14, 28), (32, 40, 66), (110, 98, 104), 0.3, LIGHT)
    lapel = canvas.shape(
        [
            (-0.38, 0.64),
            (-0.16, 0.93),
            (-0.03, 1.13),
            (0.06, 1.4),
            (-0.12, 1.3),
            (-0.2, 1.12),
            (-0.34, 1.0),
            (-0.46, 0.84),
        ]
    )
    canvas.paint_rounded(
        lapel & cloth, (16, 18, 34), (44, 52, 80), (130, 112, 112), 0.05, LIGHT, inside=True
    )
    canvas.multiply(
        canvas.stroke([(-0.6, 1.1), (-0.52, 1.6), (-0.56, 2.3)], 0.02, 0.06, 0.05, soft=0.03)
        & cloth,
        (0.5, 0.5, 0.55),
        0.8,
    )
    return Cutout.of(canvas, stage)


def dress(stage: Stage, grain: float) -> Cutout:
    """A woman's shoulders: bare, with a dark red dress."""
    canvas = stage.canvas(-0.95, 0.55, 0.6, 2.3, grain)
    body = [
        (-0.24, 0.66),
        (-0.3, 0.82),
        (-0.52, 0.96),
        (-0.68, 1.12),
        (-0.74, 1.5),
        (-0.74, 2.5),
        (0.36, 2.5),
        (0.34, 1.7),
        (0.27, 1.35),
        (0.16, 1.1),
        (0.06, 0.96),
        (0.02, 0.8),
        (0.0, 0.66),
    ]
    skin = canvas.shape(body)
    canvas.paint_rounded(skin, (88, 44, 46), (212, 140, 106), (255, 222, 174), 0.3, LIGHT)
    canvas.multiply(canvas.disc(-0.1, 0.72, 0.2, 0.12, soft=0.06) & skin, (0.56, 0.44, 0.44), 0.7)
    canvas.add_light(
        canvas.stroke([(0.1, 1.07), (-0.06, 1.05), (-0.22, 1.0)], 0.012, 0.03, 0.012, soft=0.015)
        & skin,
        (54, 32, 20),
    )
    dress = (
        canvas.shape(
            [
                (0.4, 1.42),
                (0.2, 1.36),
                (-0.1, 1.42),
                (-0.4, 1.3),
                (-0.8, 1.24),
                (-0.9, 2.6),
                (0.5, 2.6),
            ]
        )
        & skin
    )
    canvas.paint_rounded(dress, (46, 8, 20), (146, 24, 40), (238, 96, 76), 0.25, LIGHT, inside=True)
    strap = canvas.stroke([(-0.12, 1.42), (-0.2, 1.16), (-0.34, 0.9)], 0.04, 0.035, 0.03) & skin
    canvas.paint_rounded(strap, (46, 8, 20), (146, 24, 40), (238, 96, 76), 0.02, LIGHT, inside=True)
    return Cutout.of(canvas, stage)
