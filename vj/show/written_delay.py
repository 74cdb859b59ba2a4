"""`output/delay` as a show file may write it: `1 beat`, `0.5 s`, `500 ms`, or milliseconds."""

from __future__ import annotations

from typing import Any

from vj.core.errors import Fault
from vj.show.durations import duration

DELAY, BEATS = "output/delay", "output/delay/beats"


def with_delay(values: Any) -> Any:
    """Values by their parameters' names, that of `DELAY` as the two numbers that it is. Raises
    ValueError."""
    if not isinstance(values, dict) or not isinstance(values.get(DELAY), str):
        return values
    try:
        asked = duration(values[DELAY])
    except Fault as fault:
        raise ValueError(f"{DELAY}: {fault}") from None
    if asked.bars:
        raise ValueError(f"{DELAY}: {values[DELAY]}: beats are wanted, or a time")
    given = {DELAY: asked.seconds * 1e3, BEATS: asked.beats}
    return {**{name: value for name, value in values.items() if name not in given}, **given}
