"""`cuts:` of a show file: the places between which it cuts, see `vj.control.cuts`."""

from __future__ import annotations

from typing import Any

from pydantic import model_validator

from vj.core.errors import Fault
from vj.show.field_types import Time
from vj.show.marks_section import moment_or_mark
from vj.show.names import ChosenName
from vj.show.section import PlacedFaults, Section


class CutRule(Section):
    """A place to cut to: a source, by its name, and where in it; without one the source that
    plays, without the other where the part that plays begins. mark: the name of one of the clip's,
    where `at` is no moment."""

    source: ChosenName | None = None
    at: Time | None = None
    mark: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("at") is None or "mark" in given:
            return given
        try:
            at, mark = moment_or_mark(given["at"])
        except Fault as fault:
            raise PlacedFaults([(("at",), fault)]) from None
        return {**given, "at": at} if mark is None else {**given, "at": None, "mark": mark}

    @model_validator(mode="after")
    def _somewhere(self) -> CutRule:
        if self.source is None and self.at is None and self.mark is None:
            raise ValueError("a cut names a source, a place in it, or both: {source: kiss, at: 3}")
        return self

    @property
    def seconds(self) -> float | None:
        """Where in the clip, in its own seconds."""
        return None if self.at is None else self.at.seconds


def as_cut(value: object) -> object:
    """A source's name alone, or the section."""
    return {"source": value} if isinstance(value, str | int | float) else value
