"""A measured figure, and what it has to reach."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    """One measured number and the gate it has to reach, or not to pass; None for one that is only
    to be known."""

    name: str
    value: float
    gate: float | None = None
    at_most: bool = False

    @property
    def reached(self) -> bool:
        if self.gate is None:
            return True
        return self.value <= self.gate if self.at_most else self.value >= self.gate

    def row(self) -> str:
        """Of a table in Markdown."""
        missed = "" if self.reached else " **missed**"
        bound = "at most" if self.at_most else "at least"
        gate = "" if self.gate is None else f"{bound} {self.gate:.3g}"
        return f"| {self.name} | {self.value:.3g}{missed} | {gate} |"


def table(figures: Iterable[Measurement]) -> list[str]:
    """The lines of a table in Markdown."""
    return ["| figure | measured | gate |", "|---|---|---|", *(one.row() for one in figures)]
