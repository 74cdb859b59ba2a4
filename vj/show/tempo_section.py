"""`tempo:` of a show file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vj.show.section import Section


class TempoRule(Section):
    """The initial tempo, and the clock that it follows."""

    bpm: Annotated[float, Field(ge=20, le=300)] = 120.0
    beats_per_bar: Annotated[float, Field(ge=1, le=32)] = 4.0
    follow: Literal["midi", "link", "nobody"] = "midi"
