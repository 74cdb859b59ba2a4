"""Somebody from close by, before a wall, who looks about and speaks, and whose face's points are
known: a performer for shows in which a face moves something, with nothing installed.

For the first second they do nothing, so that whoever watches learns how they look then.
"""

from __future__ import annotations

import math

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn import dancer_body as body
from vj.sources.drawn import dancer_head as head
from vj.sources.drawn.canvas import Point, ramp
from vj.sources.drawn.cutout import Cutout, Stage, ease, phase, wave
from vj.sources.drawn.face_shape import FaceLook, laid
from vj.sources.drawn.faced import SceneWithFace

EYES = 0.19
"""Distance of the eyes, in the picture's units."""
HEAD = EYES / (2 * head.EYE[0])
"""Height of the head."""
MIDDLE = head.EYE[1]
"""Of the eyes, in the head's own units."""
PLACE: Point = (0.0, -0.06)
CLOSE = 0.075 / (2 * head.EYE[0]) / 0.42
"""Of a mouth of `FaceLook` that is wide open, this drawn one when it is."""
SAID = (
    *((2.0, 0.9), (2.5, 0.5), (3.0, 1.0), (3.3, 0.9), (5.0, 0.8), (5.4, 0.7), (5.9, 1.0)),
    *((6.7, 0.9), (8.0, 1.0), (8.5, 0.6)),
)
"""When a syllable begins, and how far it opens the mouth. Each lasts .45 s."""
BLINKS = (1.6, 4.6, 7.2, 9.6)


class Speaker(SceneWithFace):
    """See the module."""

    period = 12.0

    def __init__(self, size: Size) -> None:
        super().__init__(size, FaceLook(x=PLACE[0], y=PLACE[1], size=EYES))
        stage = self._stage
        self._backdrop = self._wall(stage)
        self._trunk = body.trunk(stage, HEAD)
        self._behind, self._before = head.hair_behind(stage, HEAD), head.hair_before(stage, HEAD)
        self._face, self._features = head.face(stage, HEAD), head.features(stage, HEAD)
        self._lids, self._brows = _halves(head.lids(stage, HEAD)), head.brows(stage, HEAD)
        self._mouth = head.inside_mouth(stage, HEAD)
        self._lips = head.lip(stage, HEAD, upper=True), head.lip(stage, HEAD, upper=False)

    @staticmethod
    def _wall(stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        light = canvas.y - 0.7 * canvas.x + 0 * canvas.x
        wall = ramp(light, (-1.0, (214, 202, 178)), (0.0, (170, 168, 160)), (1.0, (104, 112, 122)))
        canvas.paint(canvas.everything(), wall)
        return canvas.picture()

    def pose(self, seconds: float) -> FaceLook:
        """What the face does at a moment."""
        now = phase(seconds, self.period)
        here = ease(now, 1.0, 1.8) * (1 - ease(now, self.period - 0.8, self.period - 0.1))
        said = max(
            open_ * math.sin(math.pi * min(1.0, max(0.0, (now - begin) / 0.45)))
            for begin, open_ in SAID
        )
        blink = ease(max(max(0.0, 1 - abs(now - moment) / 0.14) for moment in BLINKS))
        wink = ease(max(0.0, 1 - abs(now - 10.4) / 0.3))
        turn = 0.42 * here * wave(now, 6.0, 0.05)
        return FaceLook(
            turn=turn,
            nod=0.22 * here * wave(now, 4.0, 0.3),
            tilt=11 * here * wave(now, 12.0, 0.1),
            x=PLACE[0] + here * (0.05 * wave(now, 12.0, 0.4) + 0.05 * math.sin(turn)),
            y=PLACE[1] + 0.015 * here * wave(now, 3.0),
            size=EYES,
            jaw=CLOSE * said,
            smile=0.0,
            eyes=(max(blink, wink), blink),
            brows=0.7 * here * max(0.0, wave(now, 6.0, 0.6)),
        )

    def draw(self, seconds: float) -> np.ndarray:
        """(H, W, 3) uint8, of a moment."""
        picture, stage, pose = self._backdrop.copy(), self._stage, self.pose(seconds)
        open_, unit = 0.075 * pose.jaw / CLOSE, HEAD / EYES

        def lay(
            part: Cutout,
            own: Point,
            depth: float,
            stretch: tuple[float, float] = (1.0, 1.0),
            opacity: float = 1.0,
        ) -> None:
            """own: where its pin is, in the head's units. depth: how far before the eyes, in
            distances of the eyes."""
            place = np.array([(own[0] * unit, (own[1] - MIDDLE) * unit, depth)])
            x, y = laid(place, pose)[0]
            narrow = math.cos(pose.turn), math.cos(pose.nod)
            size = stretch[0] * (0.4 + 0.6 * narrow[0]), stretch[1] * (0.4 + 0.6 * narrow[1])
            part.onto(picture, stage, (float(x), float(y)), pose.tilt, size, opacity)

        neck = float(PLACE[0] + 0.6 * (pose.x - PLACE[0])), PLACE[1] + 0.62 * HEAD
        lay(self._behind, (0.0, 0.0), -0.5)
        self._trunk.onto(picture, stage, neck, 0.15 * pose.tilt)
        lay(self._face, (0.0, 0.0), -0.25, (1.0, 1.0 + 0.06 * pose.jaw / CLOSE))
        mouth = head.MOUTH
        wide = pose.jaw / CLOSE
        if wide > 0.03:
            lay(self._mouth, mouth, 0.1, (1.0 - 0.15 * wide, 0.15 + 0.85 * wide))
        lay(self._lips[1], (mouth[0], mouth[1] + open_), 0.1, (1.0 - 0.12 * wide, 1.0))
        lay(self._lips[0], (mouth[0], mouth[1] - 0.1 * open_), 0.1, (1.0 - 0.08 * wide, 1.0))
        lay(self._features, (0.0, 0.0), 0.1)
        for lid, shut in zip(self._lids, pose.eyes, strict=True):
            lay(lid, (0.0, 0.0), 0.1, opacity=shut)
        lay(self._brows, (0.0, -0.02 * pose.brows), 0.14)
        lay(self._before, (0.0, 0.0), 0.16)
        return picture


def _halves(part: Cutout) -> tuple[Cutout, Cutout]:
    """What is at the left of its pin, and what is at the right."""
    middle = round(-part.corner[0] * part.scale)
    left, right = part.pixels.copy(), part.pixels.copy()
    left[:, middle:], right[:, :middle] = 0, 0
    return (
        Cutout(left, part.corner, part.scale, part.grain),
        Cutout(right, part.corner, part.scale, part.grain),
    )
