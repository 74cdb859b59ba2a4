"""Small trainings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from vj.training.length import Length
from vj.translator.plan import TranslatorPlan

SIDE = 64
TINY = (16, 24, 32, 48)
"""Widths of a network that learns little, but at once."""


def plan(clip: Path, folder: Path, steps: int, **more: Any) -> TranslatorPlan:
    given = {"size": SIDE, "widths": TINY, "rate": 1.5e-3, **more}
    return TranslatorPlan((clip,), given.pop("kind", "grey"), folder, Length(steps), **given)


def quiet(_: object) -> None:
    """Says nothing."""
