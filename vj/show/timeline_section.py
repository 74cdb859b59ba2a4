"""`cues:`, `timeline:` and `curves:` of a show file: what is played when."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from vj.core.errors import Fault, nearest
from vj.core.happenings import MEETINGS
from vj.show.durations import HOWTO, Duration, moment
from vj.show.field_types import Computed, Moment, Shape, Time, read_by
from vj.show.marks_section import moment_or_mark
from vj.show.section import PlacedFaults, Section
from vj.show.written_delay import with_delay

Clock = Literal["timeline", "clip"]
"""Whose time is meant: the timeline's, or that of the clip on deck A."""


class CueRule(Section):
    """A named snapshot with a fade. on: whose seconds the fade counts."""

    name: str = Field(min_length=1)
    set: Annotated[dict[str, Any], BeforeValidator(with_delay)] = Field(default={})
    fade: Time = Duration()
    on: Clock = "timeline"
    ease: Shape = "linear"
    eases: dict[str, Shape] = Field(default={})
    follow: Time | None = None
    then: str | None = None


def _along(rule: TimelineRule | CurveRule) -> None:
    if rule.clip is not None and rule.on != "clip":
        raise ValueError(f"clip: {rule.clip}: goes with on: clip")


class TimelineRule(Section):
    """At a moment, at a mark of a clip, or when two meet: a cue, or a jump back to an earlier
    moment. mark: its name, where `at` is none."""

    at: Moment = Duration()
    mark: str | None = None
    when: str | None = None
    on: Clock = "timeline"
    clip: str | None = None
    cue: str | None = None
    loop: Annotated[Duration | None, read_by(lambda v: None if v is None else moment(v))] = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        return _with_mark(given, given.get("on") == "clip") if isinstance(given, dict) else given

    @model_validator(mode="after")
    def _one(self) -> TimelineRule:
        _along(self)
        if self.when is not None and self.when not in MEETINGS:
            raise ValueError(
                f"when: {self.when}: nothing that happens{nearest(self.when, MEETINGS)} "
                f"({', '.join(MEETINGS)})"
            )
        if (self.when is None) == (not {"at", "mark"} & self.model_fields_set):
            raise ValueError("an entry has either at: a moment, or when: faces meet")
        if self.loop is not None and (self.on == "clip" or self.when is not None):
            raise ValueError(
                "loop: leads back on the timeline; a clip has source/in, source/out, source/loop"
            )
        if (self.cue is None) == (self.loop is None):
            raise ValueError("an entry has either cue: NAME or loop: a moment to jump back to")
        return self

    @property
    def on_timeline(self) -> bool:
        """Its moment is one of the timeline."""
        return self.on == "timeline" and self.when is None


def _with_mark(given: dict[str, Any], clip: bool) -> dict[str, Any]:
    """Keys in which a mark's name in `at:` is `mark:`. clip: it is a moment of a clip."""
    if "mark" in given:
        raise PlacedFaults([(("mark",), Fault("mark: is said as at: NAME, with on: clip"))])
    if not clip or "at" not in given:
        return given
    try:
        at, mark = moment_or_mark(given["at"])
    except Fault as fault:
        raise PlacedFaults([(("at",), fault)]) from None
    return {**given, "at": at} if mark is None else {**given, "at": at, "mark": mark}


class Point(Section):
    """A breakpoint, and the shape of the way to it. mark: the name of one of a clip's, where `at`
    is no moment."""

    at: Moment
    mark: str | None = None
    value: float
    curve: Shape = "linear"


def _point(value: object) -> object:
    if isinstance(value, list) and len(value) in (2, 3):
        at, mark = moment_or_mark(value[0])
        return {
            "at": at,
            "mark": mark,
            "value": value[1],
            "curve": value[2] if len(value) == 3 else "linear",
        }
    raise Fault(f"{value!r}: a point is [moment, value] or [moment, value, curve]")


class CurveRule(Section):
    """Automation of a number along the timeline or a clip, by breakpoints or by an expression."""

    to: str
    on: Clock = "timeline"
    clip: str | None = None
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
        _along(self)
        for point in self.points if self.on != "clip" else ():
            if point.mark is not None:
                raise ValueError(f"{point.mark!r}: no time; {HOWTO}. A mark goes with on: clip")
        if self.loop and self.expression is not None:
            raise ValueError("loop: is for points; an expression can use t % 8 or beat % 16")
        return self


def has_timeline(timeline: Iterable[TimelineRule], curves: Iterable[CurveRule]) -> bool:
    """Whether anything is played along the timeline, so that it can be paused and sought."""
    return any(rule.on_timeline for rule in timeline) or any(
        rule.on == "timeline" for rule in curves
    )


def follows_clip(timeline: Iterable[TimelineRule], curves: Iterable[CurveRule]) -> bool:
    """Whether anything is played along a clip."""
    return any(rule.on == "clip" for rule in timeline) or any(rule.on == "clip" for rule in curves)
