"""A still picture of a face that does what somebody does: a piecewise warp of the triangles of
`mesh`, and the inside of a mouth where its lips part.

The head is held as the performer holds theirs, within what a flat picture bears; its eyes close
altogether, its lips part, by its own size and not by the performer's.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from vj.core.frame import Size
from vj.core.mean_face import LIDS
from vj.pipeline.landmarks.connections import OVAL
from vj.pipeline.portraits.head_pose import HeadPose, in_head, placed
from vj.pipeline.portraits.mesh import EYES, RINGS, rings_within, unfolded, ways
from vj.pipeline.portraits.mouth import LOWER, UPPER, Mouth
from vj.pipeline.portraits.performance import LIPS, Doing, still

MOST = HeadPose(0.55, 0.5, 0.2, math.radians(24), 0.4, 0.3)
"""How far a head may go: distances of the eyes, logarithm of the size, radians."""
FLATTER, FARTHEST = 0.75, -0.32
"""Of the depth of a head, and how far back it goes: what a flat picture has not is not turned to
the front."""
SHUT, AWAKE, WIDE = 0.5, 0.9, 1.25
"""How open an eye is, by how open it is when nothing is done, that is shut, or open as the
picture's, or as wide as it gets."""
WIDER = 0.25
"""By how much of its height a picture's eye opens farther at most."""
_UPPER = 0.5 + 0.36 * np.sin(np.pi * np.arange(1, 8) / 8)[:, None]
"""Share of the way that the upper lid goes, from its outer to its inner corner."""
CORNERS = ((33, 133), (263, 362))
"""Of the eyes, outer and inner, as `LIDS` go."""
BELOW_NOSE = 0.5, 0.8
"""Distances of the eyes below these, from and to, where what moves belongs to the mouth."""
LEAST, MOST_MOUTH = 0.6, 1.7
"""By how much what a mouth does is made smaller or larger for its width."""


class MovedPortrait:
    """One picture at one size. Belongs to one thread. Making it takes half a second the first
    time."""

    def __init__(self, picture: np.ndarray, points: np.ndarray) -> None:
        """picture: (H, W, 3) uint8, which nobody writes to. points: (468, 2), of its face, in
        pixels, a pixel's middle at .5."""
        self.picture = picture
        points = _parted(points.astype(np.float64))
        self.points = points.astype(np.float32)
        self._head, self._pose = still(points, FLATTER, FARTHEST)
        about, self._follows = rings_within(points, (picture.shape[1], picture.shape[0]))
        depth = np.tile(self._head[list(OVAL), 2], len(RINGS))
        self._about = np.column_stack([in_head(about, depth, self._pose), depth])
        self._mouth = Mouth.of(picture, points)
        self._lashes = [_darkest(picture, points[list(eye)]) for eye in EYES]
        self._everything = np.concatenate([points, about])
        self._broad = float(np.linalg.norm(self._head[LIPS[0], :2] - self._head[LIPS[1], :2]))
        low, high = BELOW_NOSE
        share = np.clip((self._head[:, 1] - low) / (high - low), 0, 1)
        self._of_mouth = (share * share * (3 - 2 * share))[:, None]
        ways(self._everything, self._everything + 1, *picture.shape[:2])  # not with the first frame

    @property
    def size(self) -> Size:
        return Size(self.picture.shape[1], self.picture.shape[0])

    def moved(
        self, doing: Doing, head: float = 1.0, face: float = 1.0
    ) -> tuple[np.ndarray, np.ndarray]:
        """The picture doing something, (H, W, 3) uint8, and where its face's points are then,
        (468, 2) float32. head, face: how far it does what the head, and the face, does. Doing
        nothing it is the picture itself."""
        shape = self._head.copy()
        if doing.face is not None and face > 0:
            shape[:, :2] += self._expression(doing, face)
        pose = self._held(doing, head)
        points = placed(shape, pose)
        about = placed(self._about, pose)
        resting = self._everything[len(points) :]
        about = resting + self._follows * (about - resting)
        points = _parted(points)
        everything = unfolded(self._everything, np.concatenate([points, about]))
        found = ways(self._everything, everything, *self.picture.shape[:2])
        if found is None:
            return self.picture, self.points
        (left, top, right, bottom), columns, rows = found
        out = self.picture.copy()
        out[top:bottom, left:right] = cv2.remap(
            self.picture, columns, rows, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT_101
        )
        moved = everything[: len(points)]
        self._mouth.onto(out, moved)
        for number, (corners, (upper, lower)) in enumerate(zip(CORNERS, LIDS, strict=True)):
            both = (moved[list(upper)] + moved[list(lower)]) / 2
            line = np.vstack([moved[corners[0]], both, moved[corners[1]]])
            _draw_shut(out, line, self._lashes[number], self._shut(doing, face)[number])
        return out, moved.astype(np.float32)

    def _held(self, doing: Doing, gain: float) -> HeadPose:
        own = self._pose
        ways_ = (doing.x, doing.y, doing.nearer, doing.tilt, doing.turn, doing.nod)
        x, y, nearer, tilt, turn, nod = (
            most * math.tanh(gain * way / most) for way, most in zip(ways_, MOST, strict=True)
        )
        return HeadPose(
            own.x + x * own.scale,
            own.y + y * own.scale,
            own.scale * math.exp(nearer),
            own.tilt + tilt,
            own.turn + turn,
            own.nod + nod,
        )

    @staticmethod
    def _shut(doing: Doing, gain: float) -> list[float]:
        """How far each eye is shut, 0..1."""
        ways_ = ((AWAKE - openness) / (AWAKE - SHUT) for openness in doing.lids)
        return [max(0.0, min(1.0, gain * way)) for way in ways_]

    def _expression(self, doing: Doing, gain: float) -> np.ndarray:
        """(468, 2), distances of the eyes."""
        assert doing.face is not None
        broad = min(MOST_MOUTH, max(LEAST, self._broad / max(doing.mouth, 1e-3)))
        out = gain * doing.face * (1 + self._of_mouth * (broad - 1))
        for eye in EYES:
            out[list(eye)] = 0
        both = zip(LIDS, doing.lids, self._shut(doing, gain), strict=True)
        for (upper, lower), openness, shut in both:
            gap = self._head[list(lower), :2] - self._head[list(upper), :2]
            wide = WIDER * (openness - 1) / (WIDE - 1)
            goes = shut - max(0.0, min(WIDER, gain * wide))
            out[list(upper)] = _UPPER * goes * gap
            out[list(lower)] = (_UPPER - 1) * goes * gap
        return np.asarray(out)


def _darkest(picture: np.ndarray, eye: np.ndarray) -> np.ndarray:
    """The colour of its lashes."""
    low = np.maximum(eye.min(axis=0).astype(int) - 1, 0)
    high = eye.max(axis=0).astype(int) + 2
    about = picture[low[1] : high[1], low[0] : high[0]].reshape(-1, 3)
    if not len(about):
        return np.zeros(3)
    grey = about.sum(axis=1)
    return np.asarray(about[grey <= np.percentile(grey, 12)].mean(axis=0))


def _draw_shut(picture: np.ndarray, line: np.ndarray, colour: np.ndarray, shut: float) -> None:
    """The lashes of a closing eye, over what is left of it. line: (N, 2), pixels, from corner to
    corner. Writes into picture."""
    seen = (shut - 0.7) / 0.3
    if seen <= 0:
        return
    thick = max(1, round(0.07 * float(np.linalg.norm(line[-1] - line[0]))))
    low = np.maximum(np.floor(line.min(axis=0)).astype(int) - thick - 2, 0)
    high = np.minimum(np.ceil(line.max(axis=0)).astype(int) + thick + 3, picture.shape[1::-1])
    if (high - low < 2).any():
        return
    there = picture[low[1] : high[1], low[0] : high[0]]
    sheet = np.zeros(there.shape[:2], np.uint8)
    places = np.rint((line - low - 0.5) * 16).astype(np.int32)
    cv2.polylines(sheet, [places], False, 255, thick, cv2.LINE_AA, 4)
    cover = sheet[..., None] * np.float32(seen / 255)
    there[:] = np.rint(there + cover * (colour - there)).astype(np.uint8)


def _parted(points: np.ndarray) -> np.ndarray:
    """Points of a face, (468, 2), with the inner edges of lips that lie over each other in the
    middle between them."""
    across = points[LIPS[1]] - points[LIPS[0]]
    down = np.array([-across[1], across[0]]) / max(1e-6, float(np.linalg.norm(across)))
    lower, upper = list(LOWER[1:-1]), list(UPPER[1:-1])
    over = np.minimum((points[lower] - points[upper]) @ down, 0.0)[:, None] * down
    if not over.any():
        return points
    out = points.copy()
    out[lower] -= over / 2
    out[upper] += over / 2
    return out
