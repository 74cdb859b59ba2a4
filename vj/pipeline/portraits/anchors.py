"""The 468 points of a face in which no network finds any: an animal, a drawing, a mask.

Somebody says where a handful of places are, and the mean face is bent onto them by a thin-plate
spline (Bookstein 1989): it goes through all of them, and bends no more than it must between.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from vj.core.errors import Fault, nearest
from vj.core.mean_face import LIDS, mean_face

Points = Sequence[tuple[int, ...]]

ANCHORS: dict[str, Points] = {
    "left eye": ((33,), (159,), (133,), (145,)),
    "right eye": ((263,), (386,), (362,), (374,)),
    "left brow": ((70, 46), (105, 52), (107, 55)),
    "right brow": ((300, 276), (334, 282), (336, 285)),
    "nose": ((4,),),
    "mouth": ((61,), (0,), (291,), (17,)),
    "lips": ((13, 14),),
    "chin": ((152,),),
    "forehead": ((10,),),
    "left cheek": ((234,),),
    "right cheek": ((454,),),
    "left jaw": ((172,),),
    "right jaw": ((397,),),
}
"""Of each anchor its places, and of each place the points of the face whose middle it is. Left and
right are the picture's. An eye: its outer corner, the middle of its upper lid, its inner corner,
the middle of its lower lid. A brow: its outer end, middle and inner end. The mouth: its left
corner, its upper edge, its right corner, its lower edge; lips: where these meet."""
CLEAR = 1.12, 1.3
"""What is about an eye is at least so far out, in its half axes; what is farther out stays."""
FLAT = 1e-3
"""An eye or a mouth is at least so high, in its widths."""
NEEDED = ("left eye", "right eye", "mouth")


def from_anchors(given: Mapping[str, Any], what: str) -> np.ndarray:
    """Where anchors are, by the names in `ANCHORS`, each a pair of numbers or a list of such -> the
    points, (468, 2) float32, in the same unit. what: named in the Fault, raised for a name that is
    none, another number of places, and where one of `NEEDED` is missing."""
    chosen: list[np.ndarray] = []
    places: list[Sequence[float]] = []
    rest = mean_face()[0][:, :2]
    for name, value in given.items():
        if name not in ANCHORS:
            raise Fault(f"{what}: {name}: is no anchor{nearest(str(name), ANCHORS)}")
        pairs = _pairs(value)
        wanted = ANCHORS[name]
        if pairs is None or len(pairs) != len(wanted):
            shape = "[x, y]" if len(wanted) == 1 else f"{len(wanted)} of [x, y]"
            raise Fault(f"{what}: {name}: {value!r:.60}: {shape} would be right")
        places += pairs
        chosen += [rest[list(points)].mean(axis=0) for points in wanted]
    for name in NEEDED:
        if name not in given:
            raise Fault(f"{what}: {name} is missing ({', '.join(NEEDED)} are needed)")
    for name in NEEDED:
        _check_open(np.asarray(given[name], np.float64), f"{what}: {name}")
    points = _bent(np.array(chosen), np.array(places, np.float64), rest)
    for name, lids in (("left eye", LIDS[0]), ("right eye", LIDS[1])):
        _round(points, ANCHORS[name], *lids)
    return points.astype(np.float32)


def _check_open(places: np.ndarray, what: str) -> None:
    """Check that left, upper, right and lower places (4, 2) span an area. Raises Fault."""
    wide, tall = places[2] - places[0], places[3] - places[1]
    area = abs(wide[0] * tall[1] - wide[1] * tall[0])
    if area < FLAT * max(np.hypot(*wide), np.hypot(*tall), 1e-9) ** 2:
        raise Fault(
            f"{what}: its places lie on one line, or on each other; a corner, the upper edge, "
            "the other corner and the lower edge would be right"
        )


def _round(points: np.ndarray, eye: Points, upper: Sequence[int], lower: Sequence[int]) -> None:
    """Lay the lids of an eye, lists of points from its outer corner on, on ellipses through its
    four places, and what is not its own outside. Writes into points (468, 2)."""
    outer, top, inner, bottom = (points[place[0]].copy() for place in eye)
    middle = (outer + inner) / 2
    along = inner - middle
    own = [place[0] for place in eye]
    for lid, edge in ((upper, top - middle), (lower, bottom - middle)):
        turn = np.pi * np.arange(1, len(lid) + 1) / (len(lid) + 1)
        points[list(lid)] = middle - np.outer(np.cos(turn), along) + np.outer(np.sin(turn), edge)
        own += lid
    tall = (bottom - top) / 2
    ellipse = np.linalg.inv(np.column_stack([along, tall]))
    centre = middle + (top + bottom - 2 * middle) / 2
    away = points - centre
    far = np.linalg.norm(away @ ellipse.T, axis=1)
    near = np.flatnonzero(far < CLEAR[1])
    near = near[~np.isin(near, own)]
    low, high = CLEAR
    goes = low + (high - low) * far[near] / high
    points[near] = centre + away[near] * (goes / np.maximum(far[near], 1e-6))[:, None]


def _pairs(value: Any) -> list[Sequence[float]] | None:
    """A pair of numbers, or a list of them, as a list; None for anything else."""
    try:
        pairs = np.asarray(value, np.float64)
    except (ValueError, TypeError):
        return None
    pairs = pairs[None] if pairs.ndim == 1 else pairs
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not np.isfinite(pairs).all():
        return None
    return [tuple(pair) for pair in pairs.tolist()]


def _bent(known: np.ndarray, goes: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The thin-plate spline that takes `known` (K, 2) to `goes`, of `points` (N, 2)."""

    def bends(one: np.ndarray, other: np.ndarray) -> np.ndarray:
        square = ((one[:, None] - other[None]) ** 2).sum(axis=2)
        return np.asarray(square * np.log(np.maximum(square, 1e-12)))

    def plane(at: np.ndarray) -> np.ndarray:
        return np.column_stack([np.ones(len(at)), at])

    count = len(known)
    system = np.zeros((count + 3, count + 3))
    system[:count, :count] = bends(known, known)
    system[:count, count:] = plane(known)
    system[count:, :count] = plane(known).T
    right = np.zeros((count + 3, 2))
    right[:count] = goes
    found = np.linalg.lstsq(system, right, rcond=None)[0]
    return np.asarray(np.hstack([bends(points, known), plane(points)]) @ found)


def anchors_beside(picture: Path) -> Path:
    """The file in which a picture's anchors are: `fox.jpg` has `fox.face.yaml`."""
    return picture.with_name(f"{picture.stem}.face.yaml")


def read_anchors(path: Path) -> np.ndarray:
    """The points of a file of anchors, (468, 2) float32, in pixels of its picture as an image
    viewer shows it. Raises Fault."""
    try:
        given = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise Fault(f"{path}: cannot be read ({reason})") from None
    except YAMLError as error:
        raise Fault(f"{path}: is no YAML ({' '.join(str(error).split())[:120]})") from None
    if not isinstance(given, dict):
        raise Fault(f"{path}: anchors are wanted, such as chin: [120, 310]")
    return from_anchors(given, str(path))
