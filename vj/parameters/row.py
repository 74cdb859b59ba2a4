"""A row of the parameter table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Value = float | int | bool | str
Kind = Literal["float", "int", "switch", "choice", "text", "trigger"]

QUICK = 0.08
"""Seconds: short enough to feel immediate, long enough that a fader's steps don't show."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One row. choices: of a text, the texts that it may be besides none, any without. glide:
    seconds a jump is spread over, 0 for none."""

    name: str
    kind: Kind
    start: Value
    help: str
    low: float = 0.0
    high: float = 1.0
    unit: str = ""
    choices: tuple[str, ...] = ()
    glide: float = 0.0

    @property
    def address(self) -> str:
        return f"/vj/{self.name}"

    @property
    def range(self) -> str:
        """`0 .. 1`, the choices, or the kind of value that is accepted."""
        if self.kind in ("float", "int"):
            return f"{self.low:g} .. {self.high:g}"
        return {
            "switch": "on or off",
            "choice": ", ".join(self.choices),
            "text": ", ".join(self.choices) or "text",
            "trigger": "no value",
        }[self.kind]


def number(
    name: str, low: float, high: float, start: float, unit: str, help: str, glide: float = 0.0
) -> Parameter:
    """A row of any number from low to high."""
    return Parameter(name, "float", start, help, low, high, unit, glide=glide)


def whole(name: str, low: int, high: int, start: int, unit: str, help: str) -> Parameter:
    """A row of a whole number."""
    return Parameter(name, "int", start, help, low, high, unit)
