"""`macros:` of a show file: one control for several parameters."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from vj.core.errors import Fault
from vj.show.durations import Duration
from vj.show.field_types import Shape, Time, pair, read_by
from vj.show.section import Section


class MacroDrive(Section):
    """A macro's range for one parameter: its value at 0 and at 1."""

    low: float
    high: float
    curve: Shape = "linear"


def _drive(value: object) -> object:
    if isinstance(value, list) and len(value) in (2, 3):
        pair(value[:2])
        return {
            "low": value[0],
            "high": value[1],
            "curve": value[2] if len(value) == 3 else "linear",
        }
    raise Fault(f"{value!r}: a drive is [at rest, in full] or [at rest, in full, curve]")


class MacroRule(Section):
    """One control for several parameters. attack, release: time from 0 to 1, and from 1 to 0."""

    attack: Time = Duration()
    release: Time = Duration()
    drives: dict[str, Annotated[MacroDrive, read_by(_drive)]] = Field(min_length=1)
