"""One piece of a saved show, built beside what plays."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


def nothing() -> None:
    """Nothing is left to do."""


@dataclass
class AdoptedPart:
    """Something new, ready to take the place of what plays."""

    names: list[str]
    """What is said to have changed."""
    switch: Callable[[], Any]
    """Takes the place. Nothing in it can fail, as far as one can know."""
    drop: Callable[[], Any] = field(default=nothing)
    """Ends it instead, with what plays as it was."""
