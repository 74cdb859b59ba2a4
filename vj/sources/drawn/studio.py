"""A room to dance in: a window with evening light, a poster, a shelf of books, a lamp, a chair."""

from __future__ import annotations

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import Colour, Mask, Point, ShadedCanvas, ramp
from vj.sources.drawn.cutout import Stage

FLOOR = 0.33
"""Where the wall ends, in the picture's units."""
LIGHT = (-0.65, -0.4, 0.6)
"""From the window."""
WOOD: tuple[Colour, Colour, Colour] = (58, 34, 24), (132, 84, 52), (196, 142, 92)
BOOKS: tuple[Colour, ...] = (
    (166, 58, 48),
    (214, 178, 108),
    (52, 92, 112),
    (90, 122, 86),
    (224, 214, 190),
    (120, 62, 92),
    (44, 52, 76),
)


def _box(canvas: ShadedCanvas, one: Point, two: Point, soft: float = 0.0) -> Mask:
    (left, top), (right, bottom) = one, two
    corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    return canvas.shape(corners, soft, curved=False)


def studio(stage: Stage) -> np.ndarray:
    """(H, W, 3) uint8 RGB."""
    canvas = stage.backdrop()
    wide = max(1.2, stage.wide + 0.2)
    down = canvas.y + 0 * canvas.x
    wall = ramp(down, (-0.9, (86, 112, 118)), (0.0, (122, 148, 146)), (FLOOR, (136, 156, 148)))
    canvas.paint(canvas.everything(), wall + 5 * canvas.noise(0.05, 3)[..., None])
    boards = ramp(down, (FLOOR, (84, 56, 42)), (0.6, (138, 96, 66)), (1.0, (160, 114, 80)))
    grain = 9 * canvas.noise(0.01, 9, across=0.22)[..., None]
    canvas.paint(_box(canvas, (-wide, FLOOR), (wide, 2.0)), boards + grain)
    for index in range(-16, 17):
        gap = canvas.stroke([(index * 0.11, FLOOR), (index * 0.3, 1.2)], 0.003, 0.01)
        canvas.multiply(gap, (0.68, 0.64, 0.62))
    canvas.paint(_box(canvas, (-wide, FLOOR - 0.035), (wide, FLOOR)), (206, 202, 188))
    seam = canvas.stroke([(-wide, FLOOR + 0.006), (wide, FLOOR + 0.006)], 0.014, soft=0.006)
    canvas.multiply(seam, (0.5, 0.46, 0.46))
    _window(canvas)
    _poster(canvas)
    _shelf(canvas)
    _lamp(canvas)
    _chair(canvas)
    warm = np.exp(-(((canvas.x + 0.5) / 0.62) ** 2) - ((canvas.y + 0.02) / 0.55) ** 2)
    tint = np.array((0.06, 0.02, -0.05), np.float32)
    canvas.colour *= 0.7 + (0.46 + tint) * warm[..., None]
    return canvas.picture()


def _window(canvas: ShadedCanvas) -> None:
    """At the left, a town before an evening sky, and its light on the floor."""
    left, right, top, bottom = -0.8, -0.44, -0.43, 0.13
    canvas.multiply(
        _box(canvas, (left - 0.02, top), (right + 0.07, bottom + 0.08), 0.025), (0.7,) * 3
    )
    frame = _box(canvas, (left - 0.035, top - 0.035), (right + 0.035, bottom + 0.04))
    canvas.paint_rounded(
        frame, (150, 142, 128), (222, 216, 202), (250, 246, 236), 0.02, (0.6, -0.4, 0.6)
    )
    pane = _box(canvas, (left, top), (right, bottom))
    sky = ramp(
        canvas.y + 0 * canvas.x,
        (top, (92, 132, 190)),
        (-0.1, (246, 196, 150)),
        (bottom, (255, 232, 186)),
    )
    canvas.paint(pane, sky)
    canvas.paint(canvas.disc(-0.56, -0.03, 0.04, soft=0.01) & pane, (255, 244, 214))
    houses = [(-0.81, 0.0), (-0.75, 0.0), (-0.75, -0.08), (-0.69, -0.08), (-0.69, 0.03)]
    houses += [(-0.62, 0.03), (-0.59, -0.02), (-0.56, 0.03), (-0.5, 0.03), (-0.5, -0.05)]
    houses += [(-0.43, -0.05), (-0.43, 0.2), (-0.81, 0.2)]
    canvas.paint(canvas.shape(houses, curved=False) & pane, (92, 92, 126))
    for x, y in ((-0.73, -0.05), (-0.71, -0.02), (-0.47, -0.02), (-0.46, 0.02), (-0.65, 0.06)):
        canvas.paint(_box(canvas, (x - 0.007, y - 0.009), (x + 0.007, y + 0.009)), (255, 220, 140))
    for bar in ([(-0.62, top), (-0.62, bottom)], [(left, -0.19), (right, -0.19)]):
        canvas.paint(canvas.stroke(bar, 0.018), (226, 220, 206))
    patch = [(-0.62, 0.37), (-0.34, 0.37), (-0.12, 0.5), (-0.5, 0.5)]
    canvas.add_light(canvas.shape(patch, soft=0.014, curved=False), (66, 46, 24))


def _poster(canvas: ShadedCanvas) -> None:
    """Stripes and a disc, on the wall behind whoever dances."""
    left, right, top, bottom = 0.2, 0.46, -0.44, -0.06
    shade = _box(canvas, (left + 0.012, top + 0.015), (right + 0.012, bottom + 0.015), 0.01)
    canvas.multiply(shade, (0.66,) * 3)
    paper = _box(canvas, (left, top), (right, bottom))
    canvas.paint(paper, (236, 226, 200))
    inner = _box(canvas, (left + 0.02, top + 0.02), (right - 0.02, bottom - 0.07))
    canvas.paint(inner, (38, 66, 92))
    canvas.paint(canvas.disc(0.33, -0.3, 0.075) & inner, (228, 92, 58))
    for index in range(4):
        y = -0.235 + 0.03 * index
        band = canvas.stroke([(left, y + 0.02), (0.31, y - 0.012), (right, y + 0.016)], 0.012)
        canvas.paint(band & inner, (240, 196, 96))
    for index, far in enumerate((0.16, 0.11)):
        y = bottom - 0.048 + 0.024 * index
        canvas.paint(canvas.stroke([(left + 0.03, y), (left + 0.03 + far, y)], 0.01), (60, 58, 64))


def _shelf(canvas: ShadedCanvas) -> None:
    """At the right, with books of many colours."""
    generator = np.random.default_rng(11)
    for board in (-0.2, 0.04):
        canvas.multiply(_box(canvas, (0.56, board), (0.9, board + 0.06), 0.016), (0.62,) * 3)
        x = 0.57
        while x < 0.84:
            thick, tall = generator.uniform(0.018, 0.034), generator.uniform(0.11, 0.165)
            colour = BOOKS[int(generator.integers(len(BOOKS)))]
            book = _box(canvas, (x, board - tall), (x + thick - 0.003, board))
            dark, bright = tuple(0.5 * c for c in colour), tuple(min(255, 1.25 * c) for c in colour)
            canvas.paint_rounded(book, dark, colour, bright, 0.012, LIGHT)  # type: ignore[arg-type]
            label = [(x + 0.005, board - 0.7 * tall), (x + thick - 0.008, board - 0.7 * tall)]
            canvas.paint(canvas.stroke(label, 0.008), (232, 220, 190), 0.8)
            x += thick
        plank = _box(canvas, (0.55, board), (0.91, board + 0.018))
        canvas.paint_rounded(plank, *WOOD, 0.01, LIGHT)


def _lamp(canvas: ShadedCanvas) -> None:
    """A standing lamp between window and poster."""
    canvas.add_light(canvas.disc(-0.3, -0.24, 0.2, 0.24, soft=0.08), (58, 42, 20), 0.8)
    canvas.paint(canvas.stroke([(-0.3, -0.2), (-0.3, 0.37)], 0.012), (46, 40, 42))
    canvas.paint(canvas.disc(-0.3, 0.375, 0.07, 0.014), (40, 34, 36))
    shade = [(-0.345, -0.34), (-0.255, -0.34), (-0.225, -0.18), (-0.375, -0.18)]
    cloth = canvas.shape(shade, curved=False)
    canvas.paint_rounded(
        cloth, (206, 150, 88), (250, 212, 140), (255, 246, 210), 0.09, (0, 0.4, 0.8)
    )


def _chair(canvas: ShadedCanvas) -> None:
    """Of bent wood, at the right before the wall."""
    canvas.multiply(canvas.disc(0.66, 0.475, 0.17, 0.025, soft=0.012), (0.55,) * 3)
    for x, foot in ((0.6, 0.43), (0.76, 0.43)):
        leg = canvas.stroke([(x, 0.3), (x + 0.01, foot)], 0.022, 0.016)
        canvas.paint_rounded(leg, *WOOD, 0.012, LIGHT)
    back = [(0.585, 0.29), (0.575, 0.13), (0.6, 0.075), (0.69, 0.06), (0.77, 0.08), (0.785, 0.13)]
    for curve in ([*back, (0.765, 0.29)], [(0.63, 0.28), (0.63, 0.13), (0.69, 0.1), (0.735, 0.28)]):
        canvas.paint_rounded(canvas.stroke(curve, 0.022), *WOOD, 0.012, LIGHT)
    for x, foot in ((0.535, 0.49), (0.79, 0.5)):
        leg = canvas.stroke([(x + 0.02, 0.32), (x, foot)], 0.026, 0.018)
        canvas.paint_rounded(leg, *WOOD, 0.014, LIGHT)
    seat = canvas.shape([(0.57, 0.285), (0.78, 0.285), (0.815, 0.33), (0.525, 0.33)])
    canvas.paint_rounded(seat, (92, 24, 26), (172, 58, 48), (224, 112, 84), 0.03, LIGHT)


class Studio:
    """The room alone: what a clean plate is learned from."""

    period = 0.0

    def __init__(self, size: Size) -> None:
        self._backdrop = studio(Stage(size))

    def draw(self, seconds: float) -> np.ndarray:
        return self._backdrop.copy()
