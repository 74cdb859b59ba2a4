"""A plane cut into triangles, some of whose edges are given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import cv2
import numpy as np

Edge = frozenset[int]


def area(corners: np.ndarray) -> np.ndarray:
    """(T, 3, 2) -> (T,): twice the signed area."""
    one, two = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
    return np.asarray(one[:, 0] * two[:, 1] - one[:, 1] * two[:, 0])


def triangulated(points: np.ndarray, lines: Iterable[Sequence[int]]) -> list[list[int]]:
    """Triangles of points, three numbers each: Delaunay's, with edges flipped until all of the
    closed lines are edges, too (Sloan 1993).

    points: (N, 2), no two alike. lines: numbers of points, none crossing another.
    """
    flat = np.asarray((points - points.min(axis=0)) * (900 / np.ptp(points)) + 50, np.float32)
    division = cv2.Subdiv2D((0, 0, 1000, 1000))
    division.insert([tuple(map(float, point)) for point in flat])
    known = {tuple(point): number for number, point in enumerate(flat.tolist())}
    corners = np.asarray(division.getTriangleList(), np.float32).reshape(-1, 3, 2).tolist()
    found = [
        [known[tuple(corner)] for corner in three]
        for three in corners
        if all(tuple(corner) in known for corner in three)
    ]
    for line in lines:
        for start, end in zip(line, (*line[1:], line[0]), strict=True):
            _force(found, flat, start, end)
    return found


def _force(triangles: list[list[int]], points: np.ndarray, start: int, end: int) -> None:
    """Flip edges that cross a line until it is an edge itself."""
    for _ in range(50):
        sides: dict[Edge, list[int]] = {}
        for number, (a, b, c) in enumerate(triangles):
            for pair in ((a, b), (b, c), (c, a)):
                sides.setdefault(frozenset(pair), []).append(number)
        if frozenset((start, end)) in sides:
            return
        for edge, both in sides.items():
            if len(both) != 2 or edge & {start, end}:
                continue
            one, two = edge
            if not _cross(points, start, end, one, two):
                continue
            here, there = (next(p for p in triangles[n] if p not in edge) for n in both)
            if _cross(points, here, there, one, two):  # else the two are no convex quadrangle
                triangles[both[0]] = [here, there, one]
                triangles[both[1]] = [here, there, two]
                break
        else:
            break
    raise ValueError(f"the line from {start} to {end} cannot be an edge")


def _cross(points: np.ndarray, a: int, b: int, c: int, d: int) -> bool:
    """The line from a to b crosses that from c to d, beside the ends of both."""
    if {a, b} & {c, d}:
        return False
    fans = np.array([(a, b, c), (a, b, d), (c, d, a), (c, d, b)])
    one, two, three, four = area(points[fans].astype(np.float64)).tolist()
    return one * two < 0 and three * four < 0
