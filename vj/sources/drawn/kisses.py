"""The two of `kiss` again, from close by and from all sides of the picture: a camera goes over
faces, hair and lips while they come near and part.

Made to train a translator on: a minute of one view would be one drawing and one painting, learned
by heart.
"""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np

from vj.core.frame import Size
from vj.sources.drawn.cutout import Cutout, ease, phase, wave
from vj.sources.drawn.kiss import Kiss, KissPose

FINE = 2
"""The two are painted so many times as large as they are seen from farthest away."""
WIDE = 1.5
"""Width of what is painted over its height: the camera goes past them on either side."""
NEAREST, FARTHEST = 2.5, 1.06


class Kisses:
    """See the module."""

    period = 48.0

    def __init__(self, size: Size) -> None:
        self._size = size
        high = FINE * min(size)
        ratio = max(WIDE, WIDE * size.width / size.height)
        self._pair = _Pair(Size(round(ratio * high), high))

    def draw(self, seconds: float) -> np.ndarray:
        now = phase(seconds, self.period)
        return self._seen(self._pair.draw(now), now)

    def subject(self, seconds: float) -> np.ndarray:
        """Where the two are: (H, W) uint8, 255 there."""
        now = phase(seconds, self.period)
        return np.ascontiguousarray(self._seen(self._pair.silhouette(now), now)[..., 0])

    def _seen(self, whole: np.ndarray, now: float) -> np.ndarray:
        """What the camera sees of a picture, (H, W, 3) uint8."""

        def moves(count: int, shift: float = 0.0) -> float:
            return wave(now, self.period / count, shift)

        width, height = self._size
        share = 0.5 + 0.42 * moves(3, 0.75) + 0.08 * moves(10)
        zoom = FARTHEST * (NEAREST / FARTHEST) ** share
        spare = 0.5 - 0.5 / zoom
        x = (0.1 + 0.5 * spare) * moves(5, 0.1) + 0.06 * moves(13)
        y = 0.02 + 0.85 * spare * (0.8 * moves(7, 0.3) + 0.2 * moves(17))
        turn = math.radians(9 * share * moves(4, 0.6) + 2 * moves(9))
        # To twice the size, then down: pixels that are skipped would flicker.
        scale = zoom * 2 / FINE
        cos, sin = scale * math.cos(turn), scale * math.sin(turn)
        rows, columns = whole.shape[:2]
        at = columns / 2 + x * rows - 0.5, rows / 2 + y * rows - 0.5
        matrix = np.array(
            [
                [cos, -sin, width - 0.5 - cos * at[0] + sin * at[1]],
                [sin, cos, height - 0.5 - sin * at[0] - cos * at[1]],
            ]
        )
        large = cv2.warpAffine(
            whole, matrix, (2 * width, 2 * height), borderMode=cv2.BORDER_REPLICATE
        )
        out: np.ndarray = cv2.resize(large, (width, height), interpolation=cv2.INTER_AREA)
        return out


class _Pair(Kiss):
    """Who come near and part again and again, each time otherwise."""

    period = Kisses.period

    def __init__(self, size: Size) -> None:
        super().__init__(size)
        self._outlines = tuple(
            (_outline(pair[0]), _outline(pair[1]))
            for pair in (self._heads, self._lids, self._bodies)
        )

    def pose(self, now: float) -> KissPose:
        def moves(count: int, shift: float = 0.0) -> float:
            return wave(now, self.period / count, shift)

        near = ease(0.5 + 0.9 * moves(4, 0.7))
        usual = super().pose(now)
        sway = moves(11), moves(15, 0.4)
        blinks = [max(0.0, 1 - abs((now + at) % 4 - 2) / 0.16) for at in (0.0, 1.3)]
        lids = [
            max(ease(near, 0.3, 0.85) * (0.75 + 0.25 * moves(6, at)), ease(blink))
            for blink, at in zip(blinks, (0.0, 0.5), strict=True)
        ]
        return replace(
            usual,
            near=near,
            breath=moves(14),
            gap=0.006 * near * max(0.0, moves(19)) + (0.07 + 0.05 * moves(3)) * (1 - near),
            flare=0.75 + 0.25 * moves(8),
            leans=(2 + 11 * near + 3.5 * sway[0], 9 * near + 3.5 * sway[1]),
            lids=(lids[0], lids[1]),
        )

    def silhouette(self, seconds: float) -> np.ndarray:
        """(H, W, 3) uint8, 255 where the two are."""
        heads, lids, bodies = self._outlines
        picture = np.zeros_like(self._backdrop)
        self._lay(picture, self.pose(phase(seconds, self.period)), heads, lids, bodies)
        return picture


def _outline(part: Cutout) -> Cutout:
    """The part in white."""
    cover = part.pixels[..., 3]
    return Cutout(np.dstack([cover] * 4), part.corner, part.scale, part.grain)
