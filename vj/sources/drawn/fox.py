"""A fox puppet from close by, that looks about and speaks: head and shoulders before a dark wall.

It does everything that a face does, each in a rhythm of its own, so that a translator that is
trained on it has seen every look with every other. Nothing else moves than what the face's points
tell: the shoulders follow the head, and the light follows both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sources.drawn import fox_parts as parts
from vj.sources.drawn.canvas import Colour, smooth
from vj.sources.drawn.cutout import Cutout, Stage, ease, phase, wave
from vj.sources.drawn.face_anchors import Anchors, fox_anchors
from vj.sources.drawn.face_shape import FaceLook, laid
from vj.sources.drawn.faced import SceneWithFace

EYES = 0.2
"""Distance of its eyes, in the picture's units, where it is neither near nor far."""
NEAREST = 1.3
PLACE = (0.0, -0.06)
"""Of the middle between its eyes."""
DROP = 0.42
"""How far the jaw falls, in distances of the eyes."""
_SHIFT = 4
"""Fractional bits of the mouth's coordinates."""


class Fox(SceneWithFace):
    """See the module."""

    period = 50.0

    def __init__(self, size: Size) -> None:
        super().__init__(size, FaceLook(x=PLACE[0], y=PLACE[1], size=EYES))
        stage = self._stage
        grain = EYES * NEAREST
        self._backdrop = self._wall(stage)
        self._glow = Cutout.glow(stage, 0.75, (58, 62, 44), 1.5)
        self._body = parts.body(stage, grain)
        self._ear, self._skull = parts.ear(stage, grain), parts.skull(stage, grain)
        self._cheeks, self._jaw = parts.cheeks(stage, grain), parts.jaw(stage, grain)
        self._muzzle, self._nose = parts.muzzle(stage, grain), parts.nose(stage, grain)
        self._eye, self._lid = parts.eye(stage, grain), parts.lid(stage, grain)
        self._brow = parts.brow(stage, grain)
        self._other_ear, self._other_eye = self._ear.mirrored(), self._eye.mirrored()
        self._other_lid, self._other_brow = self._lid.mirrored(), self._brow.mirrored()

    @staticmethod
    def _wall(stage: Stage) -> np.ndarray:
        canvas = stage.backdrop()
        canvas.paint(canvas.everything(), (20, 44, 56))
        return canvas.picture()

    def pose(self, seconds: float) -> FaceLook:
        """What its face does at a moment."""
        now = phase(seconds, self.period)

        def turns(count: int, shift: float = 0.0) -> float:
            return wave(now, self.period / count, shift)

        # Rhythms without a common divisor: 50 s hold every look together with every other.
        turn = 0.42 * turns(7) + 0.12 * turns(19, 0.3)
        nod = 0.2 * turns(9, 0.2) + 0.05 * turns(23)
        speaks = ease(turns(4, 0.1), -0.5, 0.3)
        jaw = speaks * max(0.0, turns(47, 0.2) * (0.8 + 0.2 * turns(11)))
        blinks = [max(0.0, 1 - abs((now + at) % 2.5 - 1.2) / 0.17) for at in (0.0, 0.0)]
        winks = [max(0.0, turns(13, at) - 0.72) / 0.28 for at in (0.0, 0.45)]
        drowsy = 0.75 * max(0.0, turns(5, 0.6) - 0.45) / 0.55
        left, right = (
            ease(max(blink, wink, drowsy)) for blink, wink in zip(blinks, winks, strict=True)
        )
        return FaceLook(
            turn=turn,
            nod=nod,
            tilt=13 * turns(8, 0.15) + 3 * turns(21),
            x=PLACE[0] + 0.13 * turns(3) + 0.04 * turns(17) + 0.05 * math.sin(turn),
            y=PLACE[1] + 0.05 * turns(6, 0.4) + 0.02 * turns(25),
            size=EYES * math.exp(0.2 * turns(2, 0.3) + 0.06 * turns(14)),
            jaw=jaw,
            smile=0.5 * (1 + turns(10, 0.7)) * 0.9,
            eyes=(left, right),
            brows=0.8 * turns(12, 0.25) + 0.2 * turns(27),
        )

    def draw(self, seconds: float) -> np.ndarray:
        return self.drawn(self.pose(seconds))

    def drawn(self, pose: FaceLook) -> np.ndarray:
        """(H, W, 3) uint8, with its face in a pose."""
        picture, stage = self._backdrop.copy(), self._stage
        self._glow.onto(picture, stage, (pose.x, pose.y))
        neck = FaceLook(0.3 * pose.turn, 0.2 * pose.nod, 0.5 * pose.tilt, size=pose.size)
        at = laid(np.array([(0.0, 1.05, -0.35)]), pose)[0]
        wide = (self._stretch(self._body, pose) * math.cos(neck.turn),) * 2
        self._body.onto(picture, stage, (at[0], at[1]), 0.3 * pose.tilt, wide)
        for side, ear in ((-1, self._other_ear), (1, self._ear)):
            self._lay(picture, ear, pose, (side * 0.74, -0.56, -0.5), side * -0.25)
        self._lay(picture, self._skull, pose, (0.0, 0.0, -0.35), flat=0.35)
        self._lay(picture, self._cheeks, pose, (0.0, 0.0, -0.08), flat=0.7)
        for side, eye, lid, brow in (
            (-1, self._other_eye, self._other_lid, self._other_brow),
            (1, self._eye, self._lid, self._brow),
        ):
            closed = pose.eyes[0 if side < 0 else 1]
            self._lay(picture, eye, pose, (side * 0.5, 0.0, 0.0), side * 0.3)
            self._lay(
                picture, lid, pose, (side * 0.5, -0.28, 0.0), side * 0.3, down=0.14 + 0.86 * closed
            )
            high = -0.46 - 0.16 * pose.brows
            self._lay(picture, brow, pose, (side * 0.52, high, 0.06), side * 0.3, spin=side * 4.0)
        self._mouth(picture, pose)
        self._lay(picture, self._nose, pose, (0.0, 0.5, 0.63))
        return picture

    @staticmethod
    def _stretch(part: Cutout, pose: FaceLook) -> float:
        return pose.size / part.grain

    def _lay(
        self,
        picture: np.ndarray,
        part: Cutout,
        pose: FaceLook,
        at: tuple[float, float, float],
        looks: float = 0.0,
        flat: float = 1.0,
        down: float = 1.0,
        spin: float = 0.0,
    ) -> None:
        """Lay a part down with its pin at a place of the head. looks: radians by which it faces
        aside. flat: how much narrower a turn makes it. down: stretches it."""
        x, y = laid(np.array([at]), pose)[0]
        size = self._stretch(part, pose)
        across = math.cos(pose.turn - looks) / math.cos(looks)
        narrow = 1 + flat * (across - 1), 1 + flat * (math.cos(pose.nod) - 1)
        stretch = size * max(0.15, narrow[0]), size * narrow[1] * down
        part.onto(picture, self._stage, (x, y), pose.tilt + spin, stretch)

    def _mouth(self, picture: np.ndarray, pose: FaceLook) -> None:
        """Lower jaw, what is between the lips, muzzle and upper lip."""
        drop, wide = DROP * pose.jaw, 0.34 + 0.07 * pose.smile - 0.05 * pose.jaw
        up = 0.13 * pose.smile
        corner = 0.87 - up + 0.3 * drop
        self._lay(picture, self._jaw, pose, (0.0, 0.95 + drop, 0.34))
        lower = [(-wide, corner), (-0.6 * wide, 0.95 + 0.86 * drop), (0.0, 0.96 + drop)]
        lower += [(-x, y) for x, y in lower[-2::-1]]
        upper = [(wide, corner), (0.5 * wide, 0.94), (0.0, 0.92), (-0.5 * wide, 0.94)]
        if drop > 0.01:
            self._fill(picture, pose, lower + upper, (70, 16, 24))
            tongue = [(-0.6 * wide, 0.95 + 0.86 * drop), (0.0, 0.96 + 0.97 * drop)]
            tongue += [(0.6 * wide, 0.95 + 0.86 * drop), (0.3 * wide, 0.95 + 0.5 * drop)]
            tongue += [(0.0, 0.95 + 0.56 * drop), (-0.3 * wide, 0.95 + 0.5 * drop)]
            self._fill(picture, pose, tongue, (206, 84, 88))
            for x in (-0.55 * wide, 0.55 * wide):
                fang = [(x - 0.04, 0.9), (x + 0.04, 0.9), (x, 0.93 + min(0.1, 0.5 * drop))]
                self._fill(picture, pose, fang, (250, 244, 230), curved=False)
        self._lay(picture, self._muzzle, pose, (0.0, 0.0, 0.42))
        for side in (-1, 1):
            lip = [(side * wide, corner - 0.01), (side * 0.5 * wide, 0.945), (0.0, 0.9)]
            self._line(picture, pose, lip, 0.045)
        self._line(picture, pose, [(0.0, 0.62), (0.0, 0.9)], 0.035)

    def _places(
        self, pose: FaceLook, points: Sequence[tuple[float, float]] | np.ndarray
    ) -> np.ndarray:
        """Points of the mouth in pixels: (N, 2). It bends backwards to its corners."""
        deep = [(x, y, 0.48 - 0.9 * x * x - 0.3 * max(0.0, y - 0.95)) for x, y in points]
        pixels = self._pixels(laid(np.array(deep), pose)) - 0.5
        return np.rint(pixels * (1 << _SHIFT)).astype(np.int32)

    def _fill(
        self,
        picture: np.ndarray,
        pose: FaceLook,
        outline: Sequence[tuple[float, float]],
        colour: Colour,
        curved: bool = True,
    ) -> None:
        points = smooth(outline, per=5) if curved else outline
        cv2.fillPoly(picture, [self._places(pose, points)], colour, cv2.LINE_AA, _SHIFT)

    def _line(
        self,
        picture: np.ndarray,
        pose: FaceLook,
        line: Sequence[tuple[float, float]],
        width: float,
    ) -> None:
        points = smooth(line, closed=False, per=6) if len(line) > 2 else line
        thick = max(1, round(width * pose.size * self._stage.unit))
        places = self._places(pose, points)
        cv2.polylines(picture, [places], False, parts.INK, thick, cv2.LINE_AA, _SHIFT)


def fox_ahead(size: Size) -> tuple[np.ndarray, Anchors]:
    """The fox that looks ahead and does nothing, (H, W, 3) uint8, and where its face is."""
    pose = FaceLook(x=PLACE[0], y=PLACE[1], size=EYES)
    return Fox(size).drawn(pose), fox_anchors(*PLACE, EYES)
