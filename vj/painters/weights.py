"""The weights that people write into a text: "(ink:2) pastel", "70% ink 30% woodcut"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

NUMBER = r"-?(?:\d+(?:\.\d+)?|\.\d+)"
MOST = 1e6
"""A weight that is written larger counts as this: thousands of digits are infinite. One below 0
counts as 0: no style can be taken out of another."""
BRACKETED = re.compile(rf"\(([^():]*):\s*({NUMBER})\s*\)")
"""`(ink:2)`."""
SEPARATED = re.compile(r"[,;!?()\[\]{}\"\n/|+]+|\.(?!\d)")
WRITTEN = re.compile(rf"(?<![\w.])({NUMBER})\s*%|:+\s*({NUMBER})(?![\w.%])")
"""`70%`, before what it weighs or behind it; `:2`, behind it."""


@dataclass(frozen=True, slots=True)
class WeightedText:
    """Part of a text. weight: as it was written, 1 where none was; of all that the part names.
    share: the weight is a share of the whole, 0..1, written in per cent before or behind the part;
    of what it stands next to."""

    text: str
    weight: float = 1.0
    share: Literal["", "before", "behind"] = ""


def weighted(text: str) -> list[WeightedText]:
    """The parts of a text, in their order, those without words left out. Never raises."""
    parts: list[WeightedText] = []
    place = 0
    for match in BRACKETED.finditer(text):
        parts += _outside(text[place : match.start()])
        parts.append(WeightedText(match[1], _number(match[2])))
        place = match.end()
    parts += _outside(text[place:])
    return [part for part in parts if re.search(r"\w", part.text)]


def _number(written: str) -> float:
    return max(0.0, min(float(written), MOST))


def _outside(text: str) -> list[WeightedText]:
    """The parts of a text without brackets that have a weight."""
    parts: list[WeightedText] = []
    for clause in SEPARATED.split(text):
        found = list(WRITTEN.finditer(clause))
        if not found:
            parts.append(WeightedText(clause))
            continue
        ends = [0, *(match.end() for match in found)]
        begins = [*(match.start() for match in found), len(clause)]
        pieces = [clause[end:begin] for end, begin in zip(ends, begins, strict=True)]
        before = bool(found[0][1]) and not pieces[0].strip()  # "70% ink": they stand before
        side: Literal["before", "behind"] = "before" if before else "behind"
        for match, piece in zip(found, pieces[1:] if before else pieces, strict=False):
            if match[1]:
                parts.append(WeightedText(piece, _number(match[1]) / 100, side))
            else:
                parts.append(WeightedText(piece, _number(match[2])))
        if not before:
            parts.append(WeightedText(pieces[-1]))
    return parts
