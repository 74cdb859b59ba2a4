"""Strokes on a canvas as they come in: checked, and kept as points.

A stroke comes in parts, as `docs/page_protocol.md` says: points from 0 to 1 with a pressure.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vj.core.brush import NOWHERE, Area
from vj.core.errors import Fault

Colour = tuple[int, int, int]
"""Red, green, blue, 0 .. 255."""

PART_POINTS = 1000
"""Points of one part, at most: a pen gives four a millisecond at the very most, and a part goes out
every 16 ms."""
STROKE_POINTS = 4000
"""Points of a stroke, after which it goes on as another one."""
WIDTHS = (0.0005, 0.25)
"""Share of the height that a stroke may be wide."""
LIGHTEST = 0.25
"""Share of its width that a stroke has without any pressure."""
RATE, BURST = 5000.0, 10000.0
"""Points a second that one person may draw, and all at once: ten fingers and a fast pen."""


@dataclass(frozen=True, slots=True, eq=False)
class StrokePart:
    """A part of a stroke. points: (n, 3) float32, x and y from 0 to 1, and the width as a share of
    the height. colour: None is the ink that goes with the paper."""

    person: int
    number: int
    points: np.ndarray
    colour: Colour | None
    eraser: bool
    end: bool


@dataclass(slots=True, eq=False)
class Stroke:
    """A stroke that is drawn, or was. points: as in its parts. parts: for each, how many points
    there were with it, and when it came. box: where it lies, in pixels."""

    person: int
    number: int
    colour: Colour
    eraser: bool
    points: np.ndarray = field(default_factory=lambda: np.zeros((0, 3), np.float32))
    parts: list[tuple[int, float]] = field(default_factory=list)
    box: Area = NOWHERE

    def add(self, points: np.ndarray, time: float) -> None:
        """Another part's points, which came at `time`."""
        self.points = np.concatenate([self.points, points])
        self.parts.append((len(self.points), time))


def stroke_part(person: int, asked: Mapping[str, Any]) -> StrokePart:
    """What a page sends, checked: `stroke`, `points`, `colour`, `width`, `eraser`, `end`; without a
    colour the ink goes with the paper. Raises Fault."""
    number = asked.get("stroke", 0)
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < 2**53:
        raise Fault(f"stroke: {_shown(number)} came; a whole number of the page's own is right")
    where = f"stroke {number}"
    width = asked.get("width", 0.01)
    low, high = WIDTHS
    if not _is_number(width) or not low <= width <= high:
        raise Fault(
            f"{where}: width: {_shown(width)} came; a share of the height from {low} to {high} is "
            "right"
        )
    flags = []
    for name in ("eraser", "end"):
        flag = asked.get(name, False)
        if not isinstance(flag, bool):
            raise Fault(f"{where}: {name}: {_shown(flag)} came; true or false is right")
        flags.append(flag)
    points = _points(where, asked.get("points"))
    points[:, 2] = width * (LIGHTEST + (1 - LIGHTEST) * points[:, 2])
    return StrokePart(person, number, points, _colour(where, asked.get("colour")), *flags)


def _points(where: str, asked: Any) -> np.ndarray:
    """(n, 3) float32: x, y, pressure."""
    if not isinstance(asked, list):
        raise Fault(f"{where}: points: {_shown(asked)} came; [[x, y, pressure], ...] is right")
    if len(asked) > PART_POINTS:
        raise Fault(
            f"{where}: {len(asked)} points came at once; {PART_POINTS} are the most in one part"
        )
    out = np.ones((len(asked), 3), np.float32)
    for index, point in enumerate(asked):
        right = (
            isinstance(point, list)
            and len(point) in (2, 3)
            and all(_is_number(value) and 0 <= value <= 1 for value in point)
        )
        if not right:
            raise Fault(
                f"{where}: points[{index}]: {_shown(point)} came; x, y and pressure from 0 to 1 "
                "are right"
            )
        out[index, : len(point)] = point
    return out


def _colour(where: str, asked: Any) -> Colour | None:
    if asked is None:
        return None
    if isinstance(asked, str) and (colour := colour_of(asked)) is not None:
        return colour
    raise Fault(f"{where}: colour: {_shown(asked)} came; #rrggbb is right")


def colour_of(text: str) -> Colour | None:
    """`"#ff8000"` -> (255, 128, 0); None for what is none."""
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", text):
        return None
    return int(text[1:3], 16), int(text[3:5], 16), int(text[5:7], 16)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = repr(value) if not isinstance(value, list) or len(value) < 10 else f"{len(value)} values"
    return text if len(text) <= 60 else f"{text[:57]}..."


class PointMeter:
    """How much each person draws: `RATE` points a second, `BURST` at once. From any thread."""

    PEOPLE = 256
    """So many are remembered; who has rested longest goes."""

    def __init__(self, now: Callable[[], float]) -> None:
        """now: seconds on a clock."""
        self._now = now
        self._drawn: dict[int, tuple[float, float]] = {}
        """Person -> (points not yet worked off, when that was)."""
        self._lock = threading.Lock()

    def take(self, part: StrokePart) -> None:
        """Count a part; an empty one counts too. Raises Fault when it is too much."""
        now = self._now()
        with self._lock:
            level, moment = self._drawn.pop(part.person, (0.0, now))
            level = max(0.0, level - (now - moment) * RATE)
            wanted = level + len(part.points) + 1
            self._drawn[part.person] = (wanted if wanted <= BURST else level, now)
            if len(self._drawn) > self.PEOPLE:
                del self._drawn[next(iter(self._drawn))]
        if wanted > BURST:
            raise Fault(
                f"stroke {part.number}: more than {RATE:g} points a second came; this part is left "
                "out"
            )

    def people(self, seconds: float) -> int:
        """How many have drawn within so many seconds."""
        now = self._now()
        with self._lock:
            return sum(now - moment <= seconds for _, moment in self._drawn.values())
