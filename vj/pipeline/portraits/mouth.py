"""The inside of a mouth where its lips part: what a picture shows of it moves with the upper lip,
and what it has not is drawn in its own colours."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vj.pipeline.portraits.mesh import INNER_LIPS

CORNERS = 78, 308
MIDDLE = 13
"""Of the upper lip's edge."""
LOWER = INNER_LIPS[:11]
"""The inner edge of the lower lip, from one corner to the other."""
UPPER = (INNER_LIPS[0], *INNER_LIPS[:9:-1])
"""That of the upper one, the same way."""
CLOSED = 0.06
"""Between the lips of a picture, by the mouth's width: where they are further apart, it has teeth
of its own."""
TEETH, TONGUE = 0.11, 0.16
"""How far they come into the mouth at most, by its width."""
FLESH = np.array((178.0, 74.0, 76.0))
"""A tongue, RGB, which a picture's lips give their colour to."""
_SHIFT = 4


@dataclass(frozen=True, slots=True, eq=False)
class Mouth:
    """Of a picture. dark, teeth, tongue: colours, RGB 0..255. gaps: (11,) between its lips, by the
    mouth's width; none where it is shut."""

    picture: np.ndarray
    points: np.ndarray
    dark: np.ndarray
    teeth: np.ndarray
    tongue: np.ndarray
    gaps: np.ndarray | None

    @classmethod
    def of(cls, picture: np.ndarray, points: np.ndarray) -> Mouth:
        """Of a picture (H, W, 3) uint8 whose face's points (468, 2) are given."""
        _, gaps, _, width = _lips(points)
        low = np.maximum(points.min(axis=0).astype(int), 0)
        high = points.max(axis=0).astype(int) + 1
        face = picture[low[1] : high[1], low[0] : high[0]].reshape(-1, 3).astype(np.float64)
        places = points[[0, 17, 37, 267, 84, 314]].astype(int)
        places = np.clip(places, 0, np.array(picture.shape[1::-1]) - 1)
        red = np.median(picture[places[:, 1], places[:, 0]].astype(np.float64), axis=0)
        light = np.percentile(face, 92, axis=0) if len(face) else np.full(3, 220.0)
        tongue = 0.7 * FLESH * min(1.2, light.mean() / 200) + 0.3 * red
        gaps = gaps / width
        return cls(
            picture,
            points,
            0.27 * tongue,
            0.35 * light + 0.6 * light.mean() + 6,
            tongue,
            gaps if gaps.max() > CLOSED else None,
        )

    def onto(self, picture: np.ndarray, points: np.ndarray) -> None:
        """Draw it between the lips at points (468, 2), into a picture (H, W, 3) uint8."""
        upper, gaps, down, width = _lips(points)
        own = np.zeros(len(gaps)) if self.gaps is None else self.gaps * width
        more = float((gaps - own).max())
        if more < 0.35:
            return
        lower = upper + gaps[:, None] * down  # what closes beyond shut is shut
        hole = np.concatenate([lower, upper[::-1]])
        low = np.maximum(np.floor(hole.min(axis=0)).astype(int) - 2, 0)
        high = np.minimum(np.ceil(hole.max(axis=0)).astype(int) + 3, picture.shape[1::-1])
        if (high - low < 2).any():
            return
        (left, top), (right, bottom) = low.tolist(), high.tolist()
        shape = (bottom - top, right - left)
        there = picture[top:bottom, left:right]
        inside = np.empty((*shape, 3), np.float32)
        inside[:] = self.dark * np.linspace(0.7, 1.2, shape[0])[:, None, None]
        swell = np.minimum(0.42 * np.maximum(gaps - own, 0), TONGUE * width)[:, None] * down
        inside += _between(shape, low, lower - swell, lower) * (self.tongue - inside)
        if self.gaps is None:
            depth = np.minimum(0.3 * gaps, TEETH * width)[:, None] * down
            inside += _between(shape, low, upper, upper + depth) * (self.teeth - inside)
        else:
            depth = np.minimum(own, gaps)[:, None] * down
            seen = _between(shape, low, upper, upper + depth)
            inside += seen * (self._own(points, low, shape) - inside)
        seen = _filled(shape, hole - low) * min(1.0, (more - 0.35) / 1.2)
        there[:] = np.rint(there + seen * (inside - there)).astype(np.uint8)

    def _own(self, points: np.ndarray, low: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
        """(h, w, 3) float32: what the picture shows of it, moved with the upper lip."""
        here, there = _frame(points - low), _frame(self.points)
        turn = there[1] @ np.linalg.inv(here[1])
        shift = there[0] - turn @ here[0]
        # places are counted from a pixel's edge, pixels from their middles
        matrix = np.column_stack([turn, shift + turn @ (0.5, 0.5) - 0.5])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        found = cv2.warpAffine(
            self.picture, matrix, shape[::-1], flags=flags, borderMode=cv2.BORDER_REPLICATE
        )
        return found.astype(np.float32)


def _frame(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Of the upper lip: the middle of its edge, (2,), and the ways along and across, (2, 2)."""
    across = points[CORNERS[1]] - points[CORNERS[0]]
    return points[MIDDLE], np.array([[across[0], -across[1]], [across[1], across[0]]])


def _lips(points: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """The edge of the upper lip, (11, 2), how far the lower one is from it, (11,), the way down,
    (2,), and the mouth's width."""
    lower, upper = points[list(LOWER)], points[list(UPPER)]
    across = points[CORNERS[1]] - points[CORNERS[0]]
    width = max(1e-6, float(np.linalg.norm(across)))
    down = np.array([-across[1], across[0]]) / width
    return upper, np.maximum((lower - upper) @ down, 0.0), down, width


def _between(
    shape: tuple[int, int], low: np.ndarray, upper: np.ndarray, lower: np.ndarray
) -> np.ndarray:
    """(h, w, 1): what lies between two lines from corner to corner."""
    return _filled(shape, np.concatenate([upper[1:-1], lower[1:-1][::-1]]) - low)


def _filled(shape: tuple[int, int], outline: np.ndarray) -> np.ndarray:
    """(h, w, 1) float32, 0..1: how much of each pixel lies inside; outline: (N, 2), pixels."""
    sheet = np.zeros(shape, np.uint8)
    places = np.rint((outline - 0.5) * (1 << _SHIFT)).astype(np.int32)
    cv2.fillPoly(sheet, [places], 255, cv2.LINE_AA, _SHIFT)
    return sheet[..., None].astype(np.float32) / np.float32(255)
