"""Measured figures, the gates they have to reach, and the report they make."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from vj.pocket.techniques import CELLS, TECHNIQUES
from vj.training import measures
from vj.training.measurement import Measurement, table

FACE_NEAR, FACE_SHARE = 0.05, 0.8
"""A painted face is that face when its points are this near, in widths of the face; and how many of
the frames that has to be true of."""
FREE = 0.05
"""How far below its target's agreement a technique of cells may stay."""
ALONG = 0.85


@dataclass(slots=True)
class ReportRow:
    """One technique, each figure with its drawn target's."""

    name: str
    right: float = 1.0
    near: float = 100.0
    """dB to the target."""
    energy: float = 1.0
    """Of its target's."""
    target_energy: float = 0.0
    """Of the input's."""
    along: tuple[float, float] = (1.0, 1.0)
    faces: tuple[float, float] | None = None
    """Shares of frames in which the face is that face."""
    apart: tuple[float, float] | None = None
    """Median distance of the face's points, in widths of the face."""
    known: tuple[float, float] | None = None
    """Shares of frames in which the mesh takes it for a face at all."""
    flicker: tuple[float, float] | None = None

    def misses(self) -> list[str]:
        """Which gates it misses."""
        found = []
        if not 0.75 <= self.energy <= 1.25:
            found.append("energy")
        free = self.name in CELLS
        if self.along[0] < (self.along[1] - FREE if free else ALONG):
            found.append("form")
        if self.faces and self.faces[0] < FACE_SHARE <= self.faces[1]:
            found.append("faces")
        if self.flicker and self.flicker[0] > 2:
            found.append("flicker")
        return found


@dataclass(slots=True)
class Report:
    """All that was measured."""

    figures: list[Measurement] = field(default_factory=list)
    rows: list[ReportRow] = field(default_factory=list)
    confusion: np.ndarray = field(default_factory=lambda: np.zeros((0, 0), int))

    @property
    def reached(self) -> bool:
        return all(figure.reached for figure in self.figures) and not any(
            row.misses() for row in self.rows
        )

    def markdown(self) -> str:
        lines = [*table(self.figures), "", *self._techniques(), "", *self._mistakes()]
        return "\n".join(lines) + "\n"

    def _techniques(self) -> list[str]:
        head = "| technique | right | dB to the target | energy of the target's (the target's of"
        head += " the input's) | edges along"
        head += f" the input's (target) | faces within {FACE_NEAR:.0%} (target), median distance"
        head += " (target), taken for a face (target) | flicker (target) | misses |"
        lines = [head, "|---|---|---|---|---|---|---|---|"]

        def pair(both: tuple[float, float] | None, form: str = ".2f") -> str:
            return "–" if both is None else f"{both[0]:{form}} ({both[1]:{form}})"

        for row in self.rows:
            cells = [
                row.name,
                f"{row.right:.2f}",
                f"{row.near:.1f}",
                f"{row.energy:.2f} ({row.target_energy:.1f})",
                pair(row.along),
                f"{pair(row.faces)}, {pair(row.apart, '.3f')}, {pair(row.known)}",
                pair(row.flicker),
                ", ".join(row.misses()),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        return lines

    def _mistakes(self) -> list[str]:
        names = list(TECHNIQUES)
        if not self.confusion.size:
            return []
        asked_for = self.confusion.sum(1)
        lines = ["| asked | taken for | of |", "|---|---|---|"]
        for name, other, count in measures.mistakes(self.confusion, names):
            lines.append(f"| {name} | {other} | {count} of {asked_for[names.index(name)]} |")
        return lines if len(lines) > 2 else ["Every technique was told apart in every picture."]
