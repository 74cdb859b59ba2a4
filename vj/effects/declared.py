"""The parameters that the header of an effect's file declares: `delay = Slider(0.2, 0, 2)`.

Each says what becomes of it in the parameter table. What a constructor is given that cannot be
played raises ValueError.
"""

from __future__ import annotations

import math
from typing import TypeAlias

from vj.parameters.row import QUICK, Parameter


def _finite(what: str, *values: object) -> None:
    for value in values:
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not math.isfinite(value)
        ):
            raise ValueError(f"{what} takes numbers (start, low, high); {value!r:.40} came")


def _said(says: object) -> str:
    if not isinstance(says, str):
        raise ValueError(f"says= is a text; {says!r:.40} came")
    return says


class Slider:
    """A number from `low` to `high`, in `unit`. A jump of it is smoothed over `glide` seconds."""

    def __init__(
        self,
        start: float = 0.5,
        low: float = 0.0,
        high: float = 1.0,
        unit: str = "",
        says: str = "",
        glide: float = QUICK,
    ) -> None:
        _finite("Slider", start, low, high, glide)
        _in_range("Slider", start, low, high)
        self.start, self.low, self.high = float(start), float(low), float(high)
        self.unit, self.says, self.glide = _said(unit), _said(says), max(0.0, float(glide))

    def row(self, name: str) -> Parameter:
        """The parameter of this name."""
        return Parameter(
            name, "float", self.start, self.says, self.low, self.high, self.unit, glide=self.glide
        )


class Whole:
    """A whole number from `low` to `high`."""

    def __init__(
        self, start: int = 1, low: int = 0, high: int = 10, unit: str = "", says: str = ""
    ) -> None:
        _finite("Whole", start, low, high)
        _in_range("Whole", start, low, high)
        if any(value != int(value) for value in (start, low, high)):
            raise ValueError("Whole takes whole numbers (start, low, high); Slider takes any")
        self.start, self.low, self.high = int(start), int(low), int(high)
        self.unit, self.says = _said(unit), _said(says)

    def row(self, name: str) -> Parameter:
        """The parameter of this name."""
        return Parameter(name, "int", self.start, self.says, self.low, self.high, self.unit)


class Switch:
    """On or off."""

    def __init__(self, start: bool = False, says: str = "") -> None:
        if not isinstance(start, bool):
            raise ValueError(f"Switch begins with True or False; {start!r:.40} came")
        self.start, self.says = start, _said(says)

    def row(self, name: str) -> Parameter:
        """The parameter of this name."""
        return Parameter(name, "switch", self.start, self.says)


class Choice:
    """One of several words; it begins with the first."""

    def __init__(self, *words: str, says: str = "") -> None:
        if len(words) < 2 or len(set(words)) < len(words):
            raise ValueError('Choice takes two different words or more: Choice("soft", "hard")')
        if not all(isinstance(word, str) and word for word in words):
            raise ValueError("Choice takes words, each a text of one letter or more")
        self.words, self.says = words, _said(says)

    def row(self, name: str) -> Parameter:
        """The parameter of this name."""
        return Parameter(name, "choice", self.words[0], self.says, choices=self.words)


class Text:
    """Words."""

    def __init__(self, start: str = "", says: str = "") -> None:
        if not isinstance(start, str):
            raise ValueError(f"Text begins with a text; {start!r:.40} came")
        self.start, self.says = start, _said(says)

    def row(self, name: str) -> Parameter:
        """The parameter of this name."""
        return Parameter(name, "text", self.start, self.says)


class Trigger:
    """Something that is fired. The effect sees how often it was: a number that has changed since
    the last frame means now."""

    def __init__(self, says: str = "") -> None:
        self.says = _said(says)

    def row(self, name: str) -> Parameter:
        """The parameter of this name."""
        return Parameter(name, "trigger", False, self.says)


def _in_range(kind: str, start: float, low: float, high: float) -> None:
    if not low < high:
        raise ValueError(f"{kind}: low is {low:g} and high {high:g}; low is to be below high")
    if not low <= start <= high:
        raise ValueError(f"{kind}: it begins with {start:g}, outside {low:g} .. {high:g}")


Declared: TypeAlias = Slider | Whole | Switch | Choice | Text | Trigger

KINDS: dict[str, type[Declared]] = {
    kind.__name__: kind for kind in (Slider, Whole, Switch, Choice, Text, Trigger)
}
"""By their names."""
