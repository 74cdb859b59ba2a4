"""The triangles of a face and of what is about it, and a picture that is moved by them.

They are those of Delaunay of the mean face with its mouth open, so every face has the same ones,
and its lips and lids are edges. About the face lie rings of more points, which follow the head the
less the farther out they are; beyond the last one nothing moves.
"""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from vj.core.mean_face import JAW, mean_face
from vj.pipeline.landmarks.connections import FACE_CLOSED, OVAL
from vj.pipeline.portraits.triangulation import area, triangulated

INNER_LIPS = FACE_CLOSED[2]
EYES = FACE_CLOSED[3], FACE_CLOSED[4]
LEADS = {point for part in FACE_CLOSED[1:] for point in part}
"""Points of lips and lids: what they do is seen, and all else makes room for it."""
RINGS = ((1.22, 1.0), (1.6, 0.94), (2.05, 0.6), (2.55, 0.2), (3.1, 0.0))
"""Of each ring how much larger than the face's oval it is, and how far it follows the head."""
ABOVE = 0.4
"""How much farther out a ring is above the face, where hair, ears and hats are, and nearer below
it."""
CLOSEST, FREE = 1.04, 0.25
"""How much larger than the oval a ring is at least, though it leaves the picture; and how far from
the picture's edge it follows as it would, in ovals."""
SMOOTHINGS, LEAST = 14, 0.06
"""How often points are moved as those about them at most, and how small a triangle may become."""
FLAT = 0.02
"""Square pixels: a smaller triangle is none."""
FINE = 288
"""Up to this shorter side the way of every pixel is found; of larger pictures that of every other
one."""


@lru_cache(1)
def triangles() -> np.ndarray:
    """(T, 3) int: points of the face, and of the rings, numbered from 468, a ring after the other,
    each in the order of `OVAL`; all turning the same way."""
    everywhere = _layout()
    out = np.array(triangulated(everywhere, FACE_CLOSED[1:]))
    turned = area(everywhere[out]) < 0
    out[turned] = out[turned][:, ::-1]
    return out


def _layout() -> np.ndarray:
    """(N, 2): all points where no two are alike."""
    rest, jaw = mean_face()
    flat = (rest + JAW * jaw)[:, :2]
    return np.concatenate([flat, with_rings(flat)])


def with_rings(points: np.ndarray) -> np.ndarray:
    """(468, 2) -> (R, 2): the points of the rings about a face."""
    return rings_within(points, None)[0]


def rings_within(
    points: np.ndarray, within: tuple[int, int] | None
) -> tuple[np.ndarray, np.ndarray]:
    """(468, 2) -> the points of the rings about a face, (R, 2), and how far each follows the head,
    (R, 1). within: width and height of a picture that the rings do not leave; at its edge nothing
    moves."""
    oval = points[list(OVAL)]
    middle = oval.mean(axis=0)
    out = oval - middle
    down = out[:, 1] / np.linalg.norm(out, axis=1)
    room = np.full(len(out), np.inf)
    if within is not None:
        edge = np.where(out > 0, within - middle, -middle)
        ratio = edge / np.where(np.abs(out) < 1e-6, np.copysign(1e-6, out), out)
        room = np.maximum(ratio.min(axis=1), CLOSEST)
    rings, follows = [], []
    for large, follow in RINGS:
        far = 1 + (large - 1) * (1 - ABOVE * down)
        rings.append(middle + np.minimum(far, room)[:, None] * out)
        free = np.clip((room - far) / FREE, 0, 1)
        follows.append(follow * free * free * (3 - 2 * free))
    return np.concatenate(rings), np.concatenate(follows)[:, None]


@lru_cache(1)
def opens() -> np.ndarray:
    """(T,) bool: triangles between the lips, or between the lids, which may close altogether."""
    everywhere = _layout()
    middles = everywhere[triangles()].mean(axis=1).tolist()
    parts = [everywhere[list(part)].astype(np.float32) for part in (INNER_LIPS, *EYES)]
    return np.array(
        [any(cv2.pointPolygonTest(part, middle, False) > 0 for part in parts) for middle in middles]
    )


@lru_cache(1)
def _of_skin() -> np.ndarray:
    """(K,): the triangles that shall not fold: a lid may come down over what is below it."""
    lids = np.isin(triangles(), [point for eye in EYES for point in eye]).any(axis=1)
    return np.flatnonzero(~opens() & ~lids)


@lru_cache(1)
def _neighbours() -> np.ndarray:
    """(E, 2): every edge, from each of its ends."""
    three = triangles()
    edges = np.concatenate([three[:, [0, 1]], three[:, [1, 2]], three[:, [2, 0]]])
    return np.unique(np.concatenate([edges, edges[:, ::-1]]), axis=0)


def unfolded(still: np.ndarray, moved: np.ndarray) -> np.ndarray:
    """Points that moved from (N, 2) to (N, 2) -> the same; where the picture would fold, they move
    more as those about them do."""
    chosen = triangles()[_of_skin()]
    before = area(still[chosen])
    sound = before > FLAT
    chosen, before = chosen[sound], before[sound]
    way = moved - still
    led = np.zeros(len(way), bool)
    for _ in range(SMOOTHINGS):
        folded = area((still + way)[chosen]) < LEAST * before
        if not folded.any():
            return still + way
        start, end = _neighbours().T
        sums = np.column_stack([np.bincount(start, axis[end]) for axis in way.T])
        mean = sums / np.bincount(start)[:, None]
        led[chosen[folded]] = True
        led[list(LEADS)] = False
        way[led] = mean[led]
    return still + way


def ways(
    still: np.ndarray, moved: np.ndarray, height: int, width: int
) -> tuple[tuple[int, int, int, int], np.ndarray, np.ndarray] | None:
    """Where the pixels of a moved picture come from: a rectangle (left, top, right, bottom), and
    the columns and rows of the still one, float32 as large as it; None where nothing moves.

    still, moved: (N, 2), of the face and its rings, in pixels, a pixel's middle at .5.
    """
    if float(np.abs(moved - still).max()) < 1e-3:
        return None
    step = 1 if min(height, width) <= FINE else 2
    both = np.concatenate([still, moved])
    low = np.maximum(np.floor(both.min(axis=0) / step).astype(int) * step, 0)
    high = np.minimum(np.ceil(both.max(axis=0) / step).astype(int) * step, (width, height))
    (left, top), (right, bottom) = low.tolist(), high.tolist()
    if right - left < 2 or bottom - top < 2:
        return None
    across, down = -(-(right - left) // step), -(-(bottom - top) // step)
    corners, sources = moved[triangles()], still[triangles()]
    sound = area(corners) > FLAT
    corners, sources = corners[sound], sources[sound]
    # Of each triangle: how far its source is from a place in it, as a plane over that place.
    planes = np.zeros((len(corners) + 1, 2, 3))
    (x1, x2), (y1, y2) = ((corners[:, 1:, axis] - corners[:, :1, axis]).T for axis in range(2))
    goes = sources - corners
    one, two = goes[:, 1] - goes[:, 0], goes[:, 2] - goes[:, 0]
    size = (x1 * y2 - x2 * y1)[:, None]
    planes[1:, :, 0] = (one * y2[:, None] - two * y1[:, None]) / size
    planes[1:, :, 1] = (two * x1[:, None] - one * x2[:, None]) / size
    planes[1:, :, 2] = goes[:, 0] - (planes[1:, :, :2] * corners[:, :1]).sum(axis=2)
    which = np.zeros((down, across), np.int32)
    shift = 4
    fine = np.rint(((corners - low) / step - 0.5) * (1 << shift)).astype(np.int32)
    for number, corner in enumerate(fine, 1):
        cv2.fillConvexPoly(which, corner, number, cv2.LINE_8, shift)
    x = (np.arange(across, dtype=np.float32) + 0.5) * step + left
    y = ((np.arange(down, dtype=np.float32) + 0.5) * step + top)[:, None]
    found = planes.astype(np.float32).reshape(-1, 6)[which]
    moves = np.empty((down, across, 2), np.float32)
    for axis in range(2):
        part = found[..., 3 * axis : 3 * axis + 3]
        moves[..., axis] = part[..., 0] * x + part[..., 1] * y + part[..., 2]
    moves = cv2.blur(moves, (3, 3))
    if step > 1:
        moves = cv2.resize(moves, (across * step, down * step), interpolation=cv2.INTER_LINEAR)
        moves = moves[: bottom - top, : right - left]
    columns = moves[..., 0] + np.arange(left, right, dtype=np.float32)
    rows = moves[..., 1] + np.arange(top, bottom, dtype=np.float32)[:, None]
    return (left, top, right, bottom), columns, rows
