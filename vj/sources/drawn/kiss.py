"""Two people before the lights of an evening, who lean in, kiss and part."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.canvas import Colour, ramp
from vj.sources.drawn.cutout import Cutout, Stage, ease, phase, wave
from vj.sources.drawn.kiss_face import LIPS, lid
from vj.sources.drawn.kiss_heads import man, woman
from vj.sources.drawn.kiss_shoulders import dress, jacket

Pair = tuple[Cutout, Cutout]
"""His and hers."""


@dataclass(frozen=True, slots=True)
class KissPose:
    """near: 0 apart .. 1 their lips meet. breath: -1 .. 1. gap: half of what is between their lips.
    flare: of the sun. leans: degrees, his and hers. lids: how far they are lowered."""

    near: float
    breath: float
    gap: float
    flare: float
    leans: tuple[float, float]
    lids: tuple[float, float]


class Kiss:
    """See the module. The heads turn about the lips; the shoulders follow."""

    period = 8.0

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        big, small = 0.56, 0.52
        self._heads: Pair = (man(stage, big), woman(stage, small).mirrored())
        self._lids: Pair = (
            lid(stage, big, (196, 126, 92), 0.02),
            lid(stage, small, (226, 158, 124), 0.04).mirrored(),
        )
        self._bodies: Pair = (jacket(stage, big), dress(stage, small).mirrored())
        self._backdrop = self._evening()
        self._flare = Cutout.glow(stage, 0.4, (70, 40, 16))

    def _evening(self) -> np.ndarray:
        """A low sun behind them, and the lights of a town far out of focus."""
        canvas = self._stage.backdrop()
        night: list[tuple[float, Colour]] = [
            (-1.0, (20, 22, 48)),
            (-0.4, (46, 34, 66)),
            (0.05, (150, 74, 56)),
            (0.2, (186, 98, 54)),
            (0.42, (70, 38, 46)),
            (1.0, (26, 18, 30)),
        ]
        paint = np.broadcast_to(ramp(canvas.y, *night), (*canvas.cover.shape, 3))
        canvas.paint(canvas.everything(), paint)
        far = np.sqrt((canvas.x * 1.05) ** 2 + ((canvas.y - 0.06) * 1.2) ** 2)
        canvas.colour += np.exp(-((far / 0.42) ** 2))[..., None] * np.array(
            (120, 74, 34), np.float32
        )
        canvas.colour += np.exp(-((far / 0.16) ** 2))[..., None] * np.array(
            (90, 70, 40), np.float32
        )
        generator = np.random.default_rng(11)
        colours: list[Colour] = [
            (255, 172, 72),
            (255, 120, 60),
            (255, 214, 140),
            (90, 170, 190),
            (220, 90, 110),
        ]
        across = max(0.75, self._stage.wide + 0.1)
        for _index in range(46):
            x, y = generator.uniform(-across, across), generator.normal(-0.02, 0.2)
            radius = generator.uniform(0.022, 0.06)
            colour = colours[int(generator.choice(5, p=(0.36, 0.2, 0.24, 0.14, 0.06)))]
            light = generator.uniform(0.14, 0.42)
            canvas.add_light(canvas.disc(x, y, radius, soft=0.004), colour, light * 0.7)
            canvas.add_light(canvas.disc(x, y, radius * 0.8, soft=0.008), colour, -light * 0.18)
        return canvas.picture()

    def pose(self, now: float) -> KissPose:
        """What the two do at a moment of the period."""
        near = ease(now, 0.3, 3.0) - ease(now, 5.4, 7.9)
        breath = wave(now, self.period / 2)
        return KissPose(
            near=near,
            breath=breath,
            gap=0.085 * (1 - near) + 0.004 * near * wave(now, self.period / 4),
            flare=0.75 + 0.25 * wave(now, self.period / 2, 0.25),
            leans=(
                2.0 + 11.0 * near + 0.8 * breath * near,
                0.0 + 9.0 * near - 0.8 * breath * near,
            ),
            lids=(ease(near, 0.35, 0.85), ease(near, 0.25, 0.8)),
        )

    def draw(self, seconds: float) -> np.ndarray:
        pose = self.pose(phase(seconds, self.period))
        picture = self._backdrop.copy()
        self._flare.onto(picture, self._stage, (0.0, 0.02), opacity=pose.flare)
        self._lay(picture, pose, self._heads, self._lids, self._bodies)
        return picture

    def _lay(
        self, picture: np.ndarray, pose: KissPose, heads: Pair, lids: Pair, bodies: Pair
    ) -> None:
        """Lay the two down, she first."""
        stage = self._stage
        middle = (0.0, 0.035 + 0.004 * pose.breath)
        for which in (1, 0):
            side = -1 if which == 0 else 1
            head, lid, body = heads[which], lids[which], bodies[which]
            lean = pose.leans[which]
            lips = (-side * LIPS[0], LIPS[1])
            off = head.place((0.0, 0.0), lean, lips)
            at = (
                middle[0] + side * pose.gap - off[0],
                middle[1] - off[1] + side * 0.0 - (0.02 if which == 0 else -0.02) * (1 - pose.near),
            )
            neck = head.place(at, lean, (side * 0.16, 0.72))
            still = body.place((0.0, 0.0), 0.25 * lean, (side * 0.16, 0.72))
            shoulders = (neck[0] - still[0], neck[1] - still[1])
            if which == 0:
                head.onto(picture, stage, at, lean)
                lid.onto(picture, stage, at, lean, opacity=pose.lids[which])
                body.onto(picture, stage, shoulders, 0.25 * lean)
            else:
                body.onto(picture, stage, shoulders, 0.25 * lean)
                head.onto(picture, stage, at, lean)
                lid.onto(picture, stage, at, lean, opacity=pose.lids[which])
