"""Three pictures in brush strokes: a meadow, a harbour and a portrait. Still, for walks between
them."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.brush_strokes import in_strokes
from vj.sources.drawn.canvas import ShadedCanvas, ramp
from vj.sources.drawn.cutout import Stage


class Painting(ABC):
    """A still picture; `compose` draws what is then painted in strokes."""

    period = 0.0
    seed = 0

    def __init__(self, size: Size) -> None:
        canvas = Stage(size).backdrop()
        self.compose(canvas)
        self._picture = in_strokes(canvas.picture(), self.seed)

    @abstractmethod
    def compose(self, canvas: ShadedCanvas) -> None:
        """Draw what it shows."""

    def draw(self, seconds: float) -> np.ndarray:
        return self._picture.copy()


class Meadow(Painting):
    """Hills in yellow and green, a path, a large sun."""

    seed = 1

    def compose(self, canvas: ShadedCanvas) -> None:
        sky = ramp(
            canvas.y + 0.03 * np.sin(9 * canvas.x),
            (-0.7, (66, 128, 206)),
            (-0.25, (146, 196, 226)),
            (0.02, (252, 232, 176)),
        )
        canvas.paint(canvas.everything(), sky)
        glow = np.exp(-(((canvas.x - 0.2) / 0.3) ** 2) - ((canvas.y + 0.24) / 0.3) ** 2)
        canvas.colour += glow[..., None] * np.array((60, 44, -20), np.float32)
        canvas.paint(canvas.disc(0.2, -0.24, 0.115, soft=0.006), (255, 240, 150))
        wide = 2.4
        for points, dark, bright in (
            (
                [(-wide, 0.0), (-0.5, -0.08), (-0.1, -0.02), (0.4, -0.1), (wide, -0.02)],
                (70, 112, 96),
                (128, 168, 130),
            ),
            (
                [(-wide, 0.05), (-0.6, 0.08), (-0.1, 0.0), (0.3, 0.07), (0.7, 0.02), (wide, 0.06)],
                (76, 132, 60),
                (170, 200, 84),
            ),
            (
                [(-wide, 0.2), (-0.5, 0.1), (0.0, 0.2), (0.5, 0.13), (wide, 0.22)],
                (64, 118, 40),
                (214, 206, 74),
            ),
        ):
            hill = canvas.shape([*points, (wide, 2), (-wide, 2)])
            canvas.paint_rounded(
                hill,
                dark,
                tuple((a + b) / 2 for a, b in zip(dark, bright, strict=True)),  # type: ignore[arg-type]
                bright,
                0.14,
                (0.4, -0.8, 0.5),
            )
        path = canvas.shape(
            [
                (-0.02, 0.17),
                (0.03, 0.17),
                (0.0, 0.24),
                (0.12, 0.33),
                (0.2, 0.6),
                (-0.25, 0.6),
                (-0.12, 0.36),
                (-0.06, 0.25),
            ]
        )
        canvas.paint_rounded(
            path, (166, 118, 70), (226, 186, 124), (250, 226, 170), 0.05, (0.3, -0.7, 0.5)
        )
        generator = np.random.default_rng(3)
        for _ in range(90):
            x, y = generator.uniform(-1.0, 1.0), generator.uniform(0.22, 0.6)
            if abs(x + 0.02) > 0.1 + 0.3 * (y - 0.2):
                colour = ((206, 44, 40), (240, 236, 230), (150, 70, 170))[
                    int(generator.integers(3))
                ]
                canvas.paint(canvas.disc(x, y, 0.007 + 0.018 * (y - 0.15)), colour)
        for x, y, r in ((-0.36, -0.02, 0.085), (-0.26, 0.01, 0.065), (-0.44, 0.02, 0.06)):
            canvas.paint(canvas.stroke([(x, y), (x, y + 0.12)], 0.016), (66, 44, 30))
            canvas.paint_rounded(
                canvas.disc(x, y, r),
                (24, 62, 34),
                (56, 112, 46),
                (150, 178, 70),
                r,
                (0.6, -0.6, 0.5),
            )


class Harbour(Painting):
    """Boats with sails on an evening sea, and all of it once more in the water."""

    seed = 2

    def compose(self, canvas: ShadedCanvas) -> None:
        sky = ramp(
            canvas.y + 0.02 * np.sin(6 * canvas.x + 1),
            (-0.7, (30, 34, 92)),
            (-0.3, (120, 66, 138)),
            (-0.12, (232, 110, 106)),
            (0.0, (255, 190, 110)),
        )
        canvas.paint(canvas.everything(), sky)
        canvas.paint(canvas.disc(-0.16, -0.045, 0.07, soft=0.005), (255, 226, 150))
        canvas.paint(
            canvas.shape(
                [
                    (0.16, 0.012),
                    (0.3, -0.06),
                    (0.46, -0.04),
                    (0.62, -0.11),
                    (2.4, -0.05),
                    (2.4, 0.02),
                    (0.16, 0.02),
                ]
            ),
            (74, 48, 100),
        )
        wide = 2.4
        water = canvas.shape([(-wide, 0.0), (wide, 0.0), (wide, 2), (-wide, 2)], curved=False)
        canvas.paint(
            water,
            ramp(
                canvas.y + 0 * canvas.x,
                (0.0, (246, 160, 110)),
                (0.1, (150, 84, 120)),
                (0.3, (52, 48, 112)),
                (0.6, (18, 26, 66)),
            ),
        )
        shine = np.exp(
            -(((canvas.x + 0.16) / (0.05 + 0.2 * np.clip(canvas.y, 0, 1))) ** 2)
        ) * np.clip(canvas.y * 40, 0, 1)
        canvas.colour += (shine * (0.6 + 0.6 * np.sin(canvas.y * 130 + 3 * np.sin(9 * canvas.x))))[
            ..., None
        ] * np.array((120, 84, 30), np.float32)
        for x, y, s, sail in (
            (-0.3, 0.16, 0.85, (250, 236, 214)),
            (0.26, 0.24, 1.25, (214, 62, 48)),
            (0.02, 0.055, 0.38, (240, 214, 180)),
        ):
            self._boat(canvas, x, y, s, sail)

    @staticmethod
    def _boat(
        canvas: ShadedCanvas, x: float, y: float, s: float, sail: tuple[float, float, float]
    ) -> None:
        dim = tuple(0.5 * c for c in sail)
        for turn, strength in ((1, 1.0), (-1, 0.4)):  # upright, and in the water

            def at(u: float, v: float, turn: int = turn) -> tuple[float, float]:
                return x + s * u, y + turn * s * v * (1.0 if turn > 0 else 0.8)

            hull = canvas.shape(
                [at(-0.14, -0.01), at(0.16, -0.02), at(0.12, 0.035), at(-0.1, 0.035)], curved=False
            )
            canvas.paint(hull, (40, 26, 44), strength)
            main = canvas.shape([at(0.0, -0.34), at(0.03, -0.2), at(0.13, -0.05), at(0.0, -0.045)])
            canvas.paint(main, sail if turn > 0 else dim, strength)
            jib = canvas.shape(
                [at(-0.01, -0.31), at(-0.03, -0.17), at(-0.12, -0.045), at(-0.015, -0.045)]
            )
            canvas.paint(jib, tuple(0.82 * c for c in sail), strength)
            canvas.paint(
                canvas.stroke([at(-0.005, -0.36), at(-0.005, 0.0)], 0.008 * s),
                (36, 26, 36),
                strength,
            )


class Portrait(Painting):
    """A face in three-quarter view under a broad hat, before a dark ground."""

    seed = 5

    def compose(self, canvas: ShadedCanvas) -> None:
        light = (-0.7, -0.35, 0.55)
        ground = ramp(
            canvas.noise(0.3, 8) + 1.4 * canvas.x - 0.6 * canvas.y,
            (-1.4, (96, 62, 40)),
            (0.0, (44, 34, 36)),
            (1.4, (14, 16, 24)),
        )
        canvas.paint(canvas.everything(), ground)
        coat = canvas.shape(
            [
                (-0.44, 0.62),
                (-0.36, 0.36),
                (-0.14, 0.24),
                (0.0, 0.27),
                (0.13, 0.23),
                (0.34, 0.34),
                (0.46, 0.62),
            ]
        )
        canvas.paint_rounded(coat, (20, 30, 40), (40, 74, 92), (120, 166, 172), 0.16, light)
        neck = canvas.shape([(-0.09, 0.1), (0.08, 0.08), (0.09, 0.26), (-0.01, 0.32), (-0.1, 0.27)])
        canvas.paint_rounded(neck, (92, 50, 36), (170, 106, 78), (226, 164, 126), 0.07, light)
        hair = canvas.shape(
            [
                (-0.19, -0.12),
                (-0.05, -0.24),
                (0.16, -0.2),
                (0.23, -0.02),
                (0.21, 0.17),
                (0.1, 0.2),
                (-0.14, 0.08),
            ]
        )
        canvas.paint_rounded(hair, (30, 14, 10), (92, 44, 24), (178, 100, 52), 0.1, light)
        face = canvas.shape(
            [
                (-0.165, -0.13),
                (-0.03, -0.2),
                (0.1, -0.15),
                (0.14, -0.02),
                (0.11, 0.1),
                (0.02, 0.19),
                (-0.06, 0.195),
                (-0.125, 0.11),
                (-0.165, 0.0),
            ]
        )
        canvas.paint_rounded(face, (112, 60, 42), (212, 146, 110), (252, 214, 176), 0.17, light)
        canvas.add_light(canvas.disc(-0.1, 0.045, 0.045, soft=0.02), (40, 4, 0))
        canvas.add_light(canvas.disc(0.05, 0.05, 0.045, soft=0.02), (34, 2, 0))
        for x, w in ((-0.105, 0.03), (0.025, 0.036)):
            canvas.multiply(canvas.disc(x, -0.035, w * 1.5, 0.03, soft=0.012), (0.7, 0.62, 0.6))
            canvas.paint(canvas.disc(x, -0.03, w, 0.014), (240, 230, 216))
            canvas.paint(canvas.disc(x - 0.006, -0.03, 0.0135), (50, 64, 60))
            canvas.paint(canvas.disc(x - 0.006, -0.03, 0.006), (12, 10, 12))
            canvas.paint(
                canvas.stroke([(x - w, -0.03), (x, -0.047), (x + w, -0.032)], 0.006, 0.01, 0.005),
                (50, 26, 20),
            )
            canvas.paint(
                canvas.stroke(
                    [(x - 1.2 * w, -0.07), (x, -0.085), (x + 1.3 * w, -0.068)], 0.006, 0.014, 0.006
                ),
                (70, 36, 24),
            )
        canvas.multiply(
            canvas.stroke(
                [(-0.045, -0.03), (-0.06, 0.03), (-0.075, 0.062)], 0.012, 0.02, 0.012, soft=0.006
            ),
            (0.72, 0.6, 0.55),
        )
        canvas.paint_rounded(
            canvas.disc(-0.072, 0.06, 0.03, 0.022),
            (150, 84, 62),
            (222, 152, 116),
            (255, 222, 190),
            0.03,
            light,
        )
        canvas.multiply(
            canvas.stroke([(-0.09, 0.078), (-0.066, 0.084), (-0.045, 0.078)], 0.008, soft=0.003),
            (0.5, 0.4, 0.4),
        )
        canvas.paint(
            canvas.shape(
                [
                    (-0.108, 0.122),
                    (-0.07, 0.112),
                    (-0.05, 0.116),
                    (-0.005, 0.122),
                    (-0.05, 0.144),
                    (-0.075, 0.145),
                ]
            ),
            (176, 58, 60),
        )
        canvas.paint(
            canvas.stroke([(-0.108, 0.124), (-0.06, 0.127), (-0.005, 0.123)], 0.004), (96, 28, 32)
        )
        shadow = canvas.shape(
            [(-0.2, -0.16), (0.18, -0.17), (0.16, -0.07), (-0.18, -0.08)], soft=0.02
        )
        canvas.multiply(shadow, (0.62, 0.55, 0.55), 0.8)
        crown = canvas.shape(
            [(-0.16, -0.16), (-0.14, -0.34), (0.0, -0.385), (0.15, -0.34), (0.19, -0.16)]
        )
        canvas.paint_rounded(crown, (60, 16, 18), (150, 44, 40), (226, 116, 88), 0.12, light)
        canvas.paint(
            canvas.stroke([(-0.165, -0.185), (0.01, -0.2), (0.19, -0.185)], 0.04), (34, 22, 30)
        )
        brim = canvas.disc(0.01, -0.155, 0.36, 0.062, degrees=-4)
        canvas.paint_rounded(brim, (54, 14, 18), (140, 40, 38), (222, 110, 84), 0.05, light)
