"""The shoulders of the two of `kiss`, in the units of their heads, see `kiss_face`."""

from __future__ import annotations

from vj.sources.drawn.cutout import Cutout, Stage
from vj.sources.drawn.kiss_face import LIGHT


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
