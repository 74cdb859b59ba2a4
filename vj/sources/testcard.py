"""The test card: a drawn scene with a dancer, so that there is always something worth painting
over. Every picture follows from its number alone."""

from __future__ import annotations

import itertools
import math

import cv2
import numpy as np

from vj.core.frame import Frame, Size
from vj.sources import SourceSettings
from vj.sources.pacing import Pace

BARS = (
    (235, 235, 235),
    (235, 220, 30),
    (30, 210, 220),
    (40, 200, 60),
    (215, 50, 200),
    (225, 40, 35),
    (35, 60, 215),
)
"""RGB of the colour bars, left to right: white, yellow, cyan, green, magenta, red, blue."""

SKIN, HAIR, SHIRT, TROUSERS, SHOES = (
    (236, 178, 140),
    (58, 34, 24),
    (206, 36, 44),
    (34, 54, 120),
    (24, 22, 28),
)
_SHIFT = 4
"""Fractional bits of coordinates, so that movement is smooth."""

BEAT = 0.5
"""Seconds between two steps of the dancer."""


class DancerScene:
    """Draws pictures of one size. The backdrop is drawn once."""

    def __init__(self, size: Size, fps: float) -> None:
        self.size, self._fps = size, fps
        self._unit = min(size.height * 0.9, size.width * 3 / 4)
        self._middle = (size.width / 2, size.height / 2)
        self._backdrop = self._draw_backdrop()

    def draw(self, number: int) -> np.ndarray:
        """Picture `number`: (H, W, 3) uint8 RGB, a new array."""
        picture = self._backdrop.copy()
        seconds = number / self._fps
        self._shapes(picture, seconds)
        self._dancer(picture, seconds)
        self._clock(picture, number, seconds)
        return picture

    def _at(self, x: float, y: float) -> tuple[int, int]:
        """Units from the middle (y down; the frame's height is about 1) -> fixed-point pixels."""
        scale = 1 << _SHIFT
        return round((self._middle[0] + x * self._unit) * scale), round(
            (self._middle[1] + y * self._unit) * scale
        )

    def _long(self, length: float) -> int:
        return max(1, round(length * self._unit))

    def _disc(
        self, picture: np.ndarray, x: float, y: float, radius: float, colour: tuple[int, int, int]
    ) -> None:
        cv2.circle(
            picture,
            self._at(x, y),
            round(radius * self._unit * (1 << _SHIFT)),
            colour,
            -1,
            cv2.LINE_AA,
            _SHIFT,
        )

    def _limb(
        self,
        picture: np.ndarray,
        points: list[tuple[float, float]],
        width: float,
        colour: tuple[int, int, int],
    ) -> None:
        """A thick line with round joints."""
        for begin, end in itertools.pairwise(points):
            cv2.line(
                picture,
                self._at(*begin),
                self._at(*end),
                colour,
                self._long(width),
                cv2.LINE_AA,
                _SHIFT,
            )
        for point in points:
            self._disc(picture, *point, width / 2, colour)

    def _draw_backdrop(self) -> np.ndarray:
        """An evening sky, a stage floor in perspective, colour bars and a grey ramp along its
        edge."""
        width, height = self.size
        rows = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        stops = np.array([(22, 28, 78), (96, 58, 132), (232, 118, 92), (252, 204, 140)], np.float32)
        place = np.clip(rows[:, 0, 0] / 0.66, 0, 1) * (len(stops) - 1)
        low = np.minimum(place.astype(int), len(stops) - 2)
        sky = stops[low] + (place - low)[:, None] * (stops[low + 1] - stops[low])
        picture = np.repeat(sky[:, None, :], width, axis=1)
        horizon = round(height * 0.68)
        depth = np.linspace(0, 1, max(1, height - horizon), dtype=np.float32)[:, None, None]
        picture[horizon:] = np.array((30, 92, 96), np.float32) * (0.55 + 0.6 * depth)
        light = 1 - 0.35 * (np.linspace(-1, 1, width, dtype=np.float32)[None, :, None] ** 2)
        made = np.clip(picture * light, 0, 255).astype(np.uint8)
        for i in range(-8, 9):  # boards that run towards the viewer
            far, near = round(width * (0.5 + i * 0.09)), round(width * (0.5 + i * 0.42))
            cv2.line(
                made, (far, horizon), (near, height), (20, 62, 70), self._long(0.005), cv2.LINE_AA
            )
        edge = max(2, height // 14)
        for index, colour in enumerate(BARS):
            made[height - edge :, width * index // 7 : width * (index + 1) // 7] = colour
        made[height - edge - max(1, edge // 2) : height - edge] = np.linspace(
            0, 255, width, dtype=np.uint8
        )[None, :, None]
        return made

    def _shapes(self, picture: np.ndarray, seconds: float) -> None:
        """A sun that wanders, and three shapes that turn and drift."""
        wide = self.size.width / self._unit / 2
        self._disc(
            picture,
            0.55 * wide * math.sin(seconds * 0.35),
            -0.2 + 0.06 * math.cos(seconds * 0.5),
            0.15,
            (255, 238, 178),
        )
        for index, (corners, colour) in enumerate(
            ((3, (60, 214, 128)), (4, (255, 196, 40)), (6, (46, 140, 244)))
        ):
            x = wide * (-0.74, 0.74, 0.5)[index] + 0.07 * math.sin(
                seconds * (0.9 + 0.2 * index) + index
            )
            y = (-0.08, 0.02, -0.32)[index] + 0.06 * math.cos(seconds * (0.7 + 0.3 * index))
            radius, turn = (0.13, 0.12, 0.09)[index], seconds * (0.8, -0.6, 1.1)[index]
            angles = [turn + 2 * math.pi * corner / corners for corner in range(corners)]
            points = np.array(
                [self._at(x + radius * math.cos(a), y + radius * math.sin(a)) for a in angles],
                np.int32,
            )
            cv2.fillPoly(picture, [points], colour, cv2.LINE_AA, _SHIFT)

    def _dancer(self, picture: np.ndarray, seconds: float) -> None:
        """Somebody who dances: steps from foot to foot, arms that swing and rise."""
        swing = math.sin(math.pi * seconds / BEAT)
        slow = math.sin(math.pi * seconds / (4 * BEAT))
        lift = abs(math.cos(math.pi * seconds / BEAT)) * 0.02
        x = 0.12 * math.sin(seconds * 0.6)
        hip = (x + 0.035 * swing, 0.13 - lift)
        chest = (x + 0.012 * swing, -0.1 - lift)
        head = (x - 0.012 * swing, -0.262 - lift)
        cv2.ellipse(
            picture,
            self._at(x, 0.405),
            (self._long(0.17 * 16), self._long(0.028 * 16)),
            0,
            0,
            360,
            (16, 50, 56),
            -1,
            cv2.LINE_AA,
            _SHIFT,
        )
        for side in (-1, 1):
            up = max(0.0, side * swing) * 0.05
            foot = (x + side * 0.11, 0.39 - up)
            knee = (hip[0] + side * (0.085 + 0.5 * up), 0.26 - up)
            self._limb(picture, [(hip[0] + side * 0.04, hip[1]), knee, foot], 0.066, TROUSERS)
            self._limb(picture, [foot, (foot[0] + side * 0.035, foot[1] + 0.008)], 0.044, SHOES)
        self._limb(picture, [chest, hip], 0.165, SHIRT)
        self._limb(
            picture,
            [(chest[0] - 0.075, chest[1] - 0.035), (chest[0] + 0.075, chest[1] - 0.035)],
            0.085,
            SHIRT,
        )
        for side in (-1, 1):
            raised = 0.5 + 0.5 * math.sin(
                math.pi * seconds / (2 * BEAT) + (0 if side > 0 else 2.1)
            ) * (0.6 + 0.4 * slow)
            shoulder = (chest[0] + side * 0.095, chest[1] - 0.035)
            angle = math.radians(62 - 120 * raised)
            elbow = (
                shoulder[0] + side * 0.115 * math.cos(angle),
                shoulder[1] + 0.115 * math.sin(angle),
            )
            bend = angle - math.radians(35 + 30 * swing * side)
            hand = (elbow[0] + side * 0.12 * math.cos(bend), elbow[1] + 0.12 * math.sin(bend))
            self._limb(picture, [shoulder, elbow], 0.05, SHIRT)
            self._limb(picture, [elbow, hand], 0.038, SKIN)
            self._disc(picture, *hand, 0.027, SKIN)
        self._limb(picture, [(chest[0], chest[1] - 0.06), head], 0.05, SKIN)
        self._disc(picture, head[0], head[1] - 0.016, 0.078, HAIR)
        self._disc(picture, *head, 0.066, SKIN)
        for side in (-1, 1):
            self._disc(picture, head[0] + side * 0.025, head[1] - 0.008, 0.009, (40, 26, 24))
        self._limb(
            picture,
            [(head[0] - 0.02, head[1] + 0.03), (head[0] + 0.02, head[1] + 0.03)],
            0.011,
            (176, 70, 66),
        )

    def _clock(self, picture: np.ndarray, number: int, seconds: float) -> None:
        whole = int(seconds)
        text = f"{whole // 60:02d}:{whole % 60:02d}.{int(seconds * 100) % 100:02d}  {number}"
        height = self.size.height / 512
        self.write(picture, text, (round(14 * height), round(34 * height)), 0.85 * height)

    @staticmethod
    def write(picture: np.ndarray, text: str, at: tuple[int, int], scale: float) -> None:
        """White letters with a dark edge, in place."""
        for colour, thick in (((20, 20, 30), 4), ((255, 255, 255), 1)):
            cv2.putText(
                picture,
                text,
                at,
                cv2.FONT_HERSHEY_SIMPLEX,
                scale,
                colour,
                max(1, round(thick * max(0.4, scale))),
                cv2.LINE_AA,
            )


class TestCard:
    """`testcard`. Draws at the show's size and rate; never ends."""

    live = False
    fps: float

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self._settings = settings
        self.fps = settings.fps
        self._scene: DancerScene | None = None
        self._pace = Pace(settings)

    def open(self) -> None:
        self._scene = DancerScene(self._settings.size, self._settings.fps)
        self._pace.start()

    def read(self) -> Frame | None:
        """The next picture; live, at its time. Late frames are skipped, so that the clock in the
        picture is right."""
        assert self._scene is not None, "open comes first"
        number, captured = self._pace.next()
        return Frame(self._scene.draw(number), number, captured)

    def close(self) -> None:
        self._scene = None
