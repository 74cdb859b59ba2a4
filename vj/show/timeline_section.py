"""`cues:`, `timeline:` and `curves:` of a show file: what is played when."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from vj.core.errors import Fault
from vj.show.durations import Duration, moment
from vj.show.field_types import Computed, Moment, Shape, Time, read_by
from vj.show.section import Section


class CueRule(Section):
    """A named snapshot with a fade."""

    name: str = Field(min_length=1)
    set: dict[str, Any] = Field(default={})
    fade: Time = Duration()
    ease: Shape = "linear"
    eases: dict[str, Shape] = Field(default={})
    follow: Time | None = None
    then: str | None = None


class TimelineRule(Section):
    """At a moment: a cue, or a jump back to an earlier moment."""

    at: Moment
    cue: str | None = None
    loop: Annotated[Duration | None, read_by(lambda v: None if v is None else moment(v))] = None

    @model_validator(mode="after")
    def _one(self) -> TimelineRule:
        if (self.cue is None) == (self.loop is None):
            raise ValueError("an entry has either cue: NAME or loop: a moment to jump back to")
        return self


class Point(Section):
    """A breakpoint, and the shape of the way to it."""

    at: Moment
    value: float
    curve: Shape = "linear"


def _point(value: object) -> object:
    if isinstance(value, list) and len(value) in (2, 3):
        return {
            "at": value[0],
            "value": value[1],
            "curve": value[2] if len(value) == 3 else "linear",
        }
    raise Fault(f"{value!r}: a point is [moment, value] or [moment, value, curve]")


class CurveRule(Section):
    """Automation of a number along the timeline, by breakpoints or by an expression."""

    to: str
    points: list[Annotated[Point, read_by(_point)]] = Field(default=[], min_length=2)
    expression: Computed = None
    loop: bool = False

    @model_validator(mode="after")
    def _one(self) -> CurveRule:
        if bool(self.points) == (self.expression is not None):
            raise ValueError(
                "a curve has either points: [[0:00, 0.2], [0:30, 0.8]] or expression: 0.5 + 0.3 * "
                "sin(t)"
            )
        if self.loop and self.expression is not None:
            raise ValueError("loop: is for points; an expression can use t % 8 or beat % 16")
        return self
