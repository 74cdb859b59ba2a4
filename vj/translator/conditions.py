"""What a frame becomes before a translator paints it: its condition.

The same code makes it for training and for playing, or what plays would not be what was learned.
1 is paper, or nothing; 0 is ink, or somebody.

A translator knows only conditions like those it was trained on, and another scene's are not like
them: a dim camera has fainter edges, and fewer lines are drawn of it. So every picture's edges are
measured and taken to be equally strong before they become lines. What no measure can bring into
range, training has to vary: see `vj.translator.pairs`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.kernels.cv_field import blurred
from vj.pipeline.line_art import xdog
from vj.translator.thin_edges import thin_edges, without_specks
from vj.translator.trackers import Found, Trackers, drawn

CHANNELS = {
    "lines": 1,
    "edges": 1,
    "face": 1,
    "body": 1,
    "grey": 1,
    "small": 3,
    "mask": 1,
    "next": 6,
    "pairs": 3,
}
"""Channels of every kind of condition."""
PAIRS = "pairs"
"""The kind that shows the picture as it is: what it is to become was given with it."""
KINDS = tuple(kind for kind in CHANNELS if kind != PAIRS)
"""Those that are made of the frames that are to be painted."""
TRACKED = ("face", "body", "mask")
"""Kinds for which somebody has to be found in the picture first."""
SMALLEST_UNIT, LARGEST_UNIT = 0.7, 2.3
"""Pixels in a unit, see `unit_of`: what the built-in model's family of networks is trained with."""
LEAST_STRENGTH = 0.15
"""The least strength that is trained; under it the painted picture fades into the input."""
WEAKEST, STRONGEST = 0.4, 5.0
"""How much weaker or stronger at most a picture's edges are taken to be than they are."""
NOISE = 0.006
"""Of `edges_of`: up to this an edge is a camera's noise."""
ENOUGH = 0.01
"""Share of a picture's pixels that lie at edges, from which on these tell how strong they are."""


@dataclass(frozen=True, slots=True)
class ConditionSettings:
    """What a kind of condition was made with; kept in the model's card.

    width, detail: of lines, as `vj.pipeline.line_art.xdog` has them. cells: rows of the picture of
    `small`. edges: how strong those of every picture are taken to be, see `edges_of`. face: (468)
    x and y of the trained face's mean points, 0..1 of the trained square; empty where there is
    none. body: the middle of the trained body's shoulders and their width, in the same units, or
    empty.
    """

    width: float = 0.9
    detail: float = 0.65
    cells: float = 16.0
    edges: float = 0.07
    face: list[list[float]] = field(default_factory=list)
    body: list[float] = field(default_factory=list)


def settings_from(values: Mapping[str, Any]) -> ConditionSettings:
    """Settings out of a card; what this version does not know is left out. Raises Fault."""
    known = {one.name for one in fields(ConditionSettings)}
    given = {name: value for name, value in values.items() if name in known}
    for name, value in given.items():
        if name in ("face", "body"):
            shape = (468, 2) if name == "face" else (3,)
            if not _is_list(value, shape):
                wanted = "468 pairs of numbers" if name == "face" else "three numbers above 0"
                raise Fault(f"settings: {name}: {value!r:.60} is not {wanted}")
        elif not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
            raise Fault(f"settings: {name}: {value!r:.60} is not a number from 0")
    return ConditionSettings(**given)


def _is_list(value: object, shape: tuple[int, ...]) -> bool:
    """An empty list, or numbers of a shape; of three the last is a size."""
    try:
        numbers = np.asarray(value, np.float64)
    except (ValueError, TypeError):
        return False
    if not isinstance(value, list) or not np.isfinite(numbers).all():
        return False
    return not numbers.size or (
        numbers.shape == shape and (len(shape) == 2 or bool(numbers[-1] > 0))
    )


@dataclass(frozen=True, slots=True)
class LineStyle:
    """How a drawing differs from the one that the settings ask for: training varies it. width:
    times as wide. detail: added. contrast: times as strong."""

    width: float = 1.0
    detail: float = 0.0
    contrast: float = 1.0


PLAIN = LineStyle()


class Conditioner:
    """Makes the conditions of one kind. Belongs to one thread, but for `find`, which may belong to
    another."""

    def __init__(self, kind: str, settings: ConditionSettings) -> None:
        """Raises Fault for a kind there is none of, and where files are missing that finding
        somebody needs."""
        if kind not in CHANNELS:
            raise Fault(f"{kind}: is no condition; there are {', '.join(CHANNELS)}")
        self.kind, self.settings, self.channels = kind, settings, CHANNELS[kind]
        self._trackers = Trackers(kind, settings.face, settings.body) if kind in TRACKED else None

    def find(self, image: np.ndarray, time: float | None = None) -> Found | None:
        """The slow part of a condition: who is where. None for kinds that need nobody.

        image: (H, W, 3) uint8. time: of the frame, in seconds; None for a thirtieth after the one
        before. To be called with every frame. Raises whatever the networks do.
        """
        return None if self._trackers is None else self._trackers.find(image, time)

    def of(
        self,
        image: np.ndarray,
        simplicity: float = 0.0,
        before: Sequence[np.ndarray] = (),
        found: Found | None = None,
        style: LineStyle = PLAIN,
    ) -> np.ndarray:
        """(H, W, 3) uint8 -> (H, W, C) float32, 0..1, new.

        simplicity: 0..1, how much is left out. before: the frames before in the order of time, the
        newest last, as large as the image: for `next`, in whose condition they are, without the
        image; the image stands in where there are none. found: of `find`, where it was called
        elsewhere; else it is called here. style: see `LineStyle`.
        """
        unit = unit_of(min(image.shape[:2]))
        if self._trackers is not None:
            seen = found if found is not None else self._trackers.find(image, None)
            made = drawn(seen, image.shape, self.settings.width * style.width)
            return _channels(_softer(made, (6 if self.kind == "mask" else 2) * simplicity * unit))
        if self.kind == "next":
            newest = list(before)[-2:] or [image]
            two = newest if len(newest) == 2 else newest * 2
            return _unit_range(_softer(np.dstack(two), 3 * simplicity * unit))
        if self.kind == PAIRS:
            return _unit_range(_softer(image, 3 * simplicity * unit))
        if self.kind == "small":
            return _unit_range(_small(image, self.settings.cells * (1 - 0.75 * simplicity)))
        if self.kind == "grey":
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            return _channels(_unit_range(_softer(grey, 8 * simplicity * unit)))
        contrast = style.contrast * self._contrast(image)
        detail = self.settings.detail + style.detail
        if self.kind == "edges":
            grey = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY)
            return _channels(thin_edges(grey, unit, detail, contrast, simplicity))
        width = self.settings.width * style.width * (1 + 1.2 * simplicity)
        lines = xdog(image, width, detail * (1 - 0.6 * simplicity), contrast)
        if simplicity > 0:
            lines = without_specks(lines, 60 * simplicity * unit * unit)
        return _channels(_unit_range(lines))

    def _contrast(self, image: np.ndarray) -> float:
        """By how much this picture's edges are weaker than they are taken to be."""
        strength, share = edges_of(image)
        if strength == 0:
            return 1.0
        contrast = min(STRONGEST, max(WEAKEST, self.settings.edges / strength))
        return 1 + (contrast - 1) * min(1.0, share / ENOUGH)


def edges_of(image: np.ndarray) -> tuple[float, float]:
    """How strong the edges of (H, W, 3) uint8 are, about 0..0.1, however few there are: the
    difference of two blurs at 128 rows, of which lines are made, weighted by itself; and the share
    of the picture that they are, 0..1."""
    shrink = 128 / min(image.shape[:2])
    size = [max(8, round(length * shrink)) for length in image.shape[1::-1]]
    small = cv2.cvtColor(
        cv2.resize(image, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
    ).astype(np.float32)
    edges = np.abs(cv2.GaussianBlur(small, (0, 0), 0.6) - cv2.GaussianBlur(small, (0, 0), 1.0))
    edges = np.maximum(edges - np.float32(255 * NOISE), 0)
    total = float(edges.sum())
    if total == 0:
        return 0.0, 0.0
    return float((edges * edges).sum()) / total / 255, float(np.count_nonzero(edges)) / edges.size


def unit_of(height: int) -> float:
    """Pixels in a unit of the texture field of a picture so high, within what is trained."""
    return min(LARGEST_UNIT, max(SMALLEST_UNIT, height / 256))


def style_numbers(strength: float, simplicity: float, unit: float) -> list[float]:
    """The style of `vj.pocket.network.Network` that a translator is given: strength, simplicity,
    log2 of the unit, relief - 1."""
    return [strength, simplicity, math.log2(unit), 0.0]


def softened(picture: np.ndarray, strength: float) -> np.ndarray:
    """What a translator sees of the picture itself: all of it at strength 0, even grey at 1, ever
    softer and paler between. (H, W, 3) float32, 0..1 -> the same, new."""
    if strength >= 1:
        return np.full_like(picture, 0.5)
    soft = blurred(picture, strength * strength * min(picture.shape[:2]) / 16)
    out: np.ndarray = cv2.addWeighted(soft, 1 - strength, soft, 0, 0.5 * strength)
    return out


def luma_of(condition: np.ndarray) -> np.ndarray:
    """What the texture field follows: (H, W, C) float32 of any kind -> (H, W) float32, 0..1. Of
    several frames it is the newest."""
    if condition.shape[2] == 1:
        return np.ascontiguousarray(condition[..., 0])
    newest = np.ascontiguousarray(condition[..., -3:])
    out: np.ndarray = cv2.cvtColor(newest, cv2.COLOR_RGB2GRAY)
    return out


def _small(image: np.ndarray, rows: float) -> np.ndarray:
    """The picture as so many rows of it show it, as large as before."""
    height, width = image.shape[:2]
    shrink = max(2.0, rows) / min(height, width)
    size = (max(2, round(width * shrink)), max(2, round(height * shrink)))
    cells = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    out: np.ndarray = cv2.resize(cells, (width, height), interpolation=cv2.INTER_LINEAR)
    return out


def _softer(picture: np.ndarray, sigma: float) -> np.ndarray:
    """Blurred, of any number of channels."""
    if picture.ndim == 3 and picture.shape[2] > 4:
        parts = np.split(picture, picture.shape[2] // 3, axis=2)
        return np.dstack([blurred(np.ascontiguousarray(part), sigma) for part in parts])
    return blurred(picture, sigma)


def _unit_range(picture: np.ndarray) -> np.ndarray:
    return picture.astype(np.float32) / np.float32(255)


def _channels(condition: np.ndarray) -> np.ndarray:
    """(H, W) -> (H, W, 1)."""
    return np.ascontiguousarray(condition, np.float32)[..., None]
