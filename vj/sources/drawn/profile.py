"""Somebody in profile on black, who leans in to the picture's middle and back: with a mirror there
(`input/mirror: left`) they kiss themselves."""

from __future__ import annotations

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.cutout import Stage, ease, phase, wave
from vj.sources.drawn.kiss_face import LIPS, lid
from vj.sources.drawn.kiss_heads import man
from vj.sources.drawn.kiss_shoulders import jacket

GRAIN = 0.52
"""Height of the head in the picture's units."""
APART = 0.23
"""How far the lips are from the middle when they are not there, in the picture's units."""
TOUCHING = 0.010
"""How far the lips still are in the kiss: their rims touch, and no face goes beyond it."""
RAISED = -20.0
"""Degrees: the head goes back in the kiss, or the noses would meet before the lips."""


class Profile:
    """See the module. The head turns about the lips; the shoulders follow."""

    period = 8.0

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        self._head, self._body = man(stage, GRAIN), jacket(stage, GRAIN)
        self._lid = lid(stage, GRAIN, (196, 126, 92), 0.02)

    def lips(self, seconds: float) -> tuple[float, float]:
        """Where they are at a moment, in pixels."""
        return self._stage.pixel(*self._lips(phase(seconds, self.period))[:2])

    def _lips(self, now: float) -> tuple[float, float, float]:
        """x and y of the lips in the picture's units, and how near they are, 0..1."""
        near = ease(now, 0.4, 3.0) - ease(now, 5.2, 7.8)
        breath = wave(now, self.period / 2)
        x = -APART * (1 - near) - TOUCHING * near + 0.004 * (1 - near) * breath
        return x, 0.05 + 0.004 * breath, near

    def draw(self, seconds: float) -> np.ndarray:
        now = phase(seconds, self.period)
        x, y, near = self._lips(now)
        stage, head, body = self._stage, self._head, self._body
        lean = RAISED * ease(near, 0.3, 1.0) + 0.8 * wave(now, self.period / 2) * near
        off = head.place((0.0, 0.0), lean, LIPS)
        at = (x - off[0], y - off[1])
        neck = head.place(at, lean, (-0.16, 0.72))
        still = body.place((0.0, 0.0), 0.25 * lean, (-0.16, 0.72))
        shoulders = (neck[0] - still[0], neck[1] - still[1])
        picture = np.zeros((stage.size.height, stage.size.width, 3), np.uint8)
        head.onto(picture, stage, at, lean)
        self._lid.onto(picture, stage, at, lean, opacity=ease(near, 0.35, 0.85))
        body.onto(picture, stage, shoulders, 0.25 * lean)
        return picture
