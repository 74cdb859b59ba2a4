"""The parts of a fox puppet's head and shoulders, seen from the front, lit from above.

Own units: the distance of its eyes is 1, the place between them is 0, y goes down.
"""

from __future__ import annotations

from vj.sources.drawn.canvas import Colour, Point
from vj.sources.drawn.cutout import Cutout, Stage

LIGHT = (0.0, -0.72, 0.6)
DARK: Colour = (96, 34, 18)
FUR: Colour = (206, 96, 38)
PALE: Colour = (246, 168, 92)
CREAM: tuple[Colour, Colour, Colour] = ((176, 140, 118), (240, 222, 198), (255, 248, 236))
TEAL: tuple[Colour, Colour, Colour] = ((20, 60, 70), (40, 138, 144), (130, 220, 210))
INK: Colour = (74, 30, 26)
EYE: Point = (0.5, 0.0)
"""The middle of the right one."""
BOTH = (-1, 1)


def _both(half: list[Point]) -> list[Point]:
    """An outline whose right half goes from its top to its bottom."""
    return [*half, *((-x, y) for x, y in reversed(half) if x > 0)]


def body(stage: Stage, grain: float) -> Cutout:
    """Shoulders, chest and scarf; its pin is the neck."""
    canvas = stage.canvas(-1.9, -0.8, 1.9, 3.6, grain)
    half = [(0.0, -0.45), (0.62, -0.35), (1.0, 0.3), (1.5, 1.0), (1.66, 2.2), (1.7, 3.5)]
    fur = canvas.shape(_both([*half, (0.0, 3.6)]))
    canvas.paint_rounded(fur, DARK, FUR, PALE, 0.7, LIGHT)
    chest = [(0.0, 0.1), (0.42, 0.2), (0.66, 1.0), (0.6, 2.0), (0.4, 3.4), (0.0, 3.6)]
    pale = canvas.shape(_both(chest), soft=0.05)
    canvas.paint_rounded(pale, *CREAM, 0.45, LIGHT, inside=True)
    for side in BOTH:
        for x, y in ((0.3, 0.75), (0.42, 1.15), (0.26, 1.5)):
            lock = [(side * x, y - 0.16), (side * (x - 0.06), y), (side * (x - 0.16), y + 0.12)]
            canvas.multiply(canvas.stroke(lock, 0.01, 0.035, 0.01, soft=0.01), (0.8, 0.7, 0.62))
    shade = canvas.disc(0.0, 0.36, 0.9, 0.3, soft=0.12)
    canvas.multiply(shade & canvas.covered(), (0.55, 0.45, 0.45), 0.8)
    scarf = canvas.shape(_both([(0.0, -0.12), (0.7, -0.3), (0.86, 0.02), (0.6, 0.34), (0.0, 0.46)]))
    canvas.paint_rounded(scarf, *TEAL, 0.2, LIGHT)
    for side in BOTH:
        fold = [(side * 0.72, 0.0), (side * 0.36, 0.16), (0.0, 0.2)]
        canvas.multiply(canvas.stroke(fold, 0.02, 0.05, 0.03, soft=0.02), (0.6, 0.66, 0.7))
    return Cutout.of(canvas, stage)


def ear(stage: Stage, grain: float) -> Cutout:
    """The right one; its pin is the middle of its root."""
    canvas = stage.canvas(-0.7, -1.2, 0.7, 0.4, grain)
    outer = canvas.shape([(-0.48, 0.1), (-0.14, -0.64), (0.1, -0.98), (0.36, -0.3), (0.4, 0.2)])
    canvas.paint_rounded(outer, DARK, FUR, PALE, 0.25, LIGHT)
    tip = canvas.shape([(-0.2, -0.52), (0.1, -1.05), (0.4, -0.4), (0.06, -0.6)], soft=0.06)
    canvas.paint(tip & outer, (58, 26, 22), 0.85, inside=True)
    inner = canvas.shape([(-0.2, 0.04), (0.06, -0.62), (0.22, 0.1)], soft=0.025)
    red: tuple[Colour, Colour, Colour] = (60, 26, 24), (120, 60, 54), (170, 104, 92)
    canvas.paint_rounded(inner, *red, 0.2, LIGHT, inside=True)
    return Cutout.of(canvas, stage)


def skull(stage: Stage, grain: float) -> Cutout:
    canvas = stage.canvas(-1.6, -1.1, 1.6, 1.5, grain)
    half = [(0.0, -0.84), (0.68, -0.68), (1.12, -0.1), (1.24, 0.26), (1.42, 0.5)]
    half += [(1.16, 0.64), (1.2, 0.84), (0.84, 0.9), (0.34, 1.16), (0.0, 1.2)]
    head = canvas.shape(_both(half))
    canvas.paint_rounded(head, DARK, FUR, PALE, 0.8, LIGHT)
    stripe = canvas.shape(_both([(0.0, -0.8), (0.16, -0.6), (0.1, 0.0), (0.0, 0.3)]), soft=0.08)
    canvas.multiply(stripe & head, (0.78, 0.68, 0.6), 0.7)
    return Cutout.of(canvas, stage)


def cheeks(stage: Stage, grain: float) -> Cutout:
    canvas = stage.canvas(-1.5, -0.2, 1.5, 1.4, grain)
    for side in BOTH:
        half = [(0.06, 0.36), (0.46, 0.2), (0.92, 0.34), (1.3, 0.52), (1.1, 0.64), (1.1, 0.8)]
        half += [(0.78, 0.84), (0.3, 1.12), (0.02, 1.14)]
        cheek = canvas.shape([(side * x, y) for x, y in half], soft=0.03)
        canvas.paint_rounded(cheek, *CREAM, 0.35, LIGHT)
    return Cutout.of(canvas, stage)


def muzzle(stage: Stage, grain: float) -> Cutout:
    """Down to the upper lip."""
    canvas = stage.canvas(-0.7, 0.0, 0.7, 1.2, grain)
    half = [(0.0, 0.24), (0.26, 0.32), (0.42, 0.6), (0.48, 0.82), (0.3, 0.97), (0.0, 0.94)]
    snout = canvas.shape(_both(half), soft=0.015)
    canvas.paint_rounded(snout, *CREAM, 0.3, LIGHT)
    for side in BOTH:
        for x, y in ((0.2, 0.74), (0.29, 0.69), (0.3, 0.81)):
            canvas.paint(canvas.disc(side * x, y, 0.018), (150, 104, 84), inside=True)
    return Cutout.of(canvas, stage)


def nose(stage: Stage, grain: float) -> Cutout:
    """Its pin is its middle."""
    canvas = stage.canvas(-0.4, -0.3, 0.4, 0.3, grain)
    shape = canvas.disc(0.0, 0.0, 0.22, 0.17)
    canvas.paint_rounded(shape, (12, 10, 14), (40, 32, 38), (150, 140, 150), 0.14, LIGHT)
    canvas.add_light(canvas.disc(0.0, -0.08, 0.07, 0.03, soft=0.02), (90, 90, 96))
    return Cutout.of(canvas, stage)


def jaw(stage: Stage, grain: float) -> Cutout:
    """The lower one; its pin is where the lips meet."""
    canvas = stage.canvas(-0.7, -0.7, 0.7, 0.6, grain)
    half = [(0.0, -0.6), (0.5, -0.56), (0.5, -0.2), (0.4, 0.06), (0.2, 0.22), (0.0, 0.26)]
    chin = canvas.shape(_both(half), soft=0.015)
    canvas.paint_rounded(chin, *CREAM, 0.24, LIGHT)
    return Cutout.of(canvas, stage)


def eye(stage: Stage, grain: float) -> Cutout:
    """The right one, wide open; its pin is its middle."""
    canvas = stage.canvas(-0.4, -0.4, 0.4, 0.4, grain)
    canvas.paint(canvas.disc(0.0, 0.0, 0.25, 0.28, soft=0.01), (66, 30, 22))
    canvas.paint(canvas.disc(0.0, 0.012, 0.215, 0.245), (250, 246, 236))
    canvas.paint(canvas.disc(-0.02, 0.03, 0.15, 0.175), (120, 68, 26))
    canvas.paint(canvas.disc(-0.02, 0.03, 0.105, 0.13), (26, 16, 16))
    canvas.paint(canvas.disc(-0.02, -0.045, 0.048), (255, 255, 250))
    return Cutout.of(canvas, stage)


def lid(stage: Stage, grain: float) -> Cutout:
    """Of the right eye, closed; its pin is its upper edge, from which it comes down."""
    canvas = stage.canvas(-0.4, -0.1, 0.4, 0.7, grain)
    canvas.paint_rounded(
        canvas.disc(0.0, 0.28, 0.262, 0.292, soft=0.008), (150, 64, 30), FUR, PALE, 0.5, LIGHT
    )
    lashes = [(-0.23, 0.4), (-0.12, 0.52), (0.0, 0.556), (0.12, 0.52), (0.23, 0.4)]
    canvas.paint(canvas.stroke(lashes, 0.03, 0.055, 0.06, 0.055, 0.03), INK, inside=True)
    return Cutout.of(canvas, stage)


def brow(stage: Stage, grain: float) -> Cutout:
    """The right one; its pin is its middle."""
    canvas = stage.canvas(-0.5, -0.25, 0.5, 0.25, grain)
    line = [(-0.26, 0.03), (-0.05, -0.06), (0.14, -0.05), (0.3, 0.05)]
    canvas.paint(canvas.stroke(line, 0.07, 0.12, 0.1, 0.03, soft=0.01), (92, 38, 22))
    return Cutout.of(canvas, stage)
