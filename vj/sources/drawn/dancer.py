"""Somebody seen from near who comes into a room, dances, sings and leaves: near enough to a person
for networks that look for persons, faces and bodies."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from vj.core.frame import Size
from vj.sources.drawn import dancer_body as body
from vj.sources.drawn import dancer_head as head
from vj.sources.drawn.canvas import Point
from vj.sources.drawn.cutout import Cutout, Stage, ease, phase, wave
from vj.sources.drawn.studio import studio

PERIOD = 12.0
"""Seconds: one empty, one to come in, nine to dance, one to leave."""
BEAT = 0.5
HEAD = 0.29
"""Height of the head in the picture's units."""
ABOVE_NECK = 0.66
"""The head's middle above the neck's foot, in heads."""
BLINKS = (2.6, 4.1, 6.35, 8.7, 10.2)
SUNG = (
    (3.0, 0.8),
    (3.5, 0.5),
    (4.0, 1.0),
    (6.0, 0.6),
    (6.5, 0.9),
    (7.0, 0.5),
    (8.0, 1.0),
    (9.0, 0.7),
)
"""When a syllable begins, and how far it opens the mouth. Each lasts .45 s."""
ARMS = (
    (0.0, 12, 4, 12, 4),
    (2.2, 12, 4, 12, 4),
    (2.8, 30, -95, 26, -60),
    (3.3, 26, -60, 30, -100),
    (3.8, 30, -100, 26, -55),
    (4.3, 26, -55, 30, -105),
    (4.9, 62, 120, 30, -90),
    (5.5, 70, 165, 30, -70),
    (6.0, 60, 130, 58, 125),
    (6.5, 74, 168, 74, 168),
    (7.0, 60, 128, 62, 130),
    (7.5, 76, 165, 72, 170),
    (8.1, 30, -80, 68, 150),
    (8.7, 28, -100, 76, 172),
    (9.3, 34, -70, 34, -105),
    (9.9, 30, -105, 30, -70),
    (10.6, 12, 6, 12, 6),
    (PERIOD, 12, 4, 12, 4),
)
"""Poses: the second; then for the arm at the left and at the right how many degrees upper arm and
forearm are turned outwards, hanging being 0 and straight up 180."""


@dataclass(frozen=True, slots=True)
class Pose:
    """How the body stands. neck: the neck's foot, in the picture's units. lean, tilt: degrees
    clockwise of trunk and head. turn, nod: -1 .. 1, how far the face looks to the right and down.
    mouth, shut: 0 .. 1. arms: for each side (-1 left, 1 right) degrees outwards."""

    neck: Point
    lean: float
    tilt: float
    turn: float
    nod: float
    mouth: float
    shut: float
    brow: float
    arms: dict[int, tuple[float, float]]


def _arms(now: float) -> dict[int, tuple[float, float]]:
    later = next(i for i, key in enumerate(ARMS) if key[0] > now)
    one, two = ARMS[later - 1], ARMS[later]
    way = ease(now, one[0], two[0])
    turns = [a + way * (b - a) for a, b in zip(one[1:], two[1:], strict=True)]
    return {-1: (turns[0], turns[1]), 1: (turns[2], turns[3])}


def pose(now: float, away: float) -> Pose | None:
    """At this second of the period; None while nobody is there. away: units from the middle where
    they are out of the picture."""
    comes, goes = ease(now, 1.0, 2.2), ease(now, 10.7, PERIOD)
    if comes <= 0 or goes >= 1:
        return None
    here = comes * (1 - goes)
    step = 1 - here
    x = away * (1 - comes) - away * goes + 0.035 * wave(now, 4.0) * here
    beat = abs(wave(now, 2 * BEAT))
    bounce = 0.012 * beat * here + 0.02 * abs(wave(now, 1.2 * BEAT)) * min(1.0, 4 * step * here)
    sway = wave(now, 4 * BEAT)
    walking = -min(1.0, 3 * step)
    sung = max(
        open_ * math.sin(math.pi * min(1.0, max(0.0, (now - begin) / 0.45)))
        for begin, open_ in SUNG
    )
    blink = max(max(0.0, 1 - abs(now - moment) / 0.1) for moment in BLINKS)
    return Pose(
        neck=(x + 0.02 * sway * here, -0.055 - bounce),
        lean=3.0 * sway * here + 2.5 * walking,
        tilt=7.0 * wave(now, 4 * BEAT, 0.1) * here - 3.0 * wave(now, 3.0) * here,
        turn=0.75 * wave(now, 6.0, 0.2) * here + walking,
        nod=0.5 * wave(now, 2 * BEAT, 0.25) * here + 0.2 * wave(now, 4.0),
        mouth=sung,
        shut=ease(blink),
        brow=max(0.0, wave(now, 3.0, 0.3)) * here,
        arms=_arms(now),
    )


def _turned(at: Point, degrees: float, length: float) -> Point:
    """`length` heads from `at`, hanging straight down turned clockwise."""
    angle = math.radians(degrees)
    return at[0] - HEAD * length * math.sin(angle), at[1] + HEAD * length * math.cos(angle)


class Dancer:
    """See the module. Nobody throws a shadow, so that the room is the studio's to the bit beside
    them."""

    period = PERIOD

    def __init__(self, size: Size) -> None:
        stage = self._stage = Stage(size)
        self._backdrop = studio(stage)
        self._trunk = body.trunk(stage, HEAD)
        arm = (body.upper_arm(stage, HEAD), body.forearm(stage, HEAD), body.hand(stage, HEAD))
        self._arms = {1: arm, -1: tuple(part.mirrored() for part in arm)}
        self._behind, self._before = head.hair_behind(stage, HEAD), head.hair_before(stage, HEAD)
        self._face, self._features = head.face(stage, HEAD), head.features(stage, HEAD)
        self._lids, self._brows = head.lids(stage, HEAD), head.brows(stage, HEAD)
        self._mouth = head.inside_mouth(stage, HEAD)
        self._lips = head.lip(stage, HEAD, upper=True), head.lip(stage, HEAD, upper=False)

    def _pose(self, seconds: float) -> Pose | None:
        return pose(phase(seconds, PERIOD), self._stage.wide + 0.42)

    def draw(self, seconds: float) -> np.ndarray:
        picture = self._backdrop.copy()
        now = self._pose(seconds)
        if now is not None:
            self._draw_head(picture, now)
            for side in (-1, 1):
                self._draw_arm(picture, now, side)
        return picture

    def features(self, seconds: float) -> dict[str, Point] | None:
        """Where the face's features lie, in pixels: eyes, corners of the mouth, nose, lips, chin;
        None while nobody is there. left, right: of the picture."""
        now = self._pose(seconds)
        if now is None:
            return None
        at, slide = self._head_at(now), _slide(now)
        open_ = 0.075 * now.mouth
        own = {
            "left eye": (slide[0] - head.EYE[0], slide[1] + head.EYE[1]),
            "right eye": (slide[0] + head.EYE[0], slide[1] + head.EYE[1]),
            "nose": (1.35 * slide[0], slide[1] + head.NOSE[1]),
            "left corner": (slide[0] - head.MOUTH_CORNER, slide[1] + head.MOUTH[1] + 0.3 * open_),
            "right corner": (slide[0] + head.MOUTH_CORNER, slide[1] + head.MOUTH[1] + 0.3 * open_),
            "upper lip": (slide[0], slide[1] + head.MOUTH[1]),
            "lower lip": (slide[0], slide[1] + head.MOUTH[1] + open_),
            "chin": (0.3 * slide[0], head.CHIN[1] * _stretch(now)),
        }
        return {
            name: self._stage.pixel(*self._face.place(at, now.tilt, point))
            for name, point in own.items()
        }

    @staticmethod
    def _head_at(now: Pose) -> Point:
        return _turned(now.neck, 180 + 0.6 * now.tilt, ABOVE_NECK)

    def _draw_head(self, picture: np.ndarray, now: Pose) -> None:
        """Trunk and head, from behind to before."""
        stage, at, (x, y) = self._stage, self._head_at(now), _slide(now)

        def lay(
            part: Cutout,
            own: Point,
            stretch: tuple[float, float] = (1.0, 1.0),
            opacity: float = 1.0,
        ) -> None:
            part.onto(picture, stage, part.place(at, now.tilt, own), now.tilt, stretch, opacity)

        lay(self._behind, (-0.35 * x, -0.3 * y))
        self._trunk.onto(picture, stage, now.neck, now.lean)
        lay(self._face, (0.2 * x, 0.0), (1.0, _stretch(now)))
        open_ = 0.075 * now.mouth
        mouth = (x, y + head.MOUTH[1])
        if now.mouth > 0.03:
            lay(self._mouth, mouth, (1.0 - 0.15 * now.mouth, 0.15 + 0.85 * now.mouth))
        lay(self._lips[1], (mouth[0], mouth[1] + open_), (1.0 - 0.12 * now.mouth, 1.0))
        lay(self._lips[0], (mouth[0], mouth[1] - 0.1 * open_), (1.0 - 0.08 * now.mouth, 1.0))
        lay(self._features, (x, y))
        lay(self._lids, (x, y), opacity=now.shut)
        lay(self._brows, (x, y - 0.02 * now.brow))
        lay(self._before, (0.3 * x, 0.4 * y))

    def _draw_arm(self, picture: np.ndarray, now: Pose, side: int) -> None:
        stage, (upper, fore) = self._stage, now.arms[side]
        above, below, hand = self._arms[side]
        shoulder = self._trunk.place(
            now.neck, now.lean, (side * body.SHOULDER[0], body.SHOULDER[1])
        )
        turn = now.lean - side * upper
        elbow = _turned(shoulder, turn, body.UPPER)
        bend = now.lean - side * fore
        wrist = _turned(elbow, bend, body.FORE)
        above.onto(picture, stage, shoulder, turn)
        hand.onto(picture, stage, wrist, bend + 0.12 * side * fore)
        below.onto(picture, stage, elbow, bend)


def _slide(now: Pose) -> Point:
    """How far the features slide over the face as it turns and nods."""
    return 0.055 * now.turn, 0.022 * now.nod


def _stretch(now: Pose) -> float:
    """The jaw drops."""
    return 1.0 + 0.06 * now.mouth
