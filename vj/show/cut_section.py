"""`cuts:` of a show file: the places between which it cuts, see `vj.control.cuts`."""

from __future__ import annotations

from pydantic import model_validator

from vj.show.field_types import Time
from vj.show.names import ChosenName
from vj.show.section import Section


class CutRule(Section):
    """A place to cut to: a source, by its name, and where in it; without one the source that
    plays, without the other where the part that plays begins."""

    source: ChosenName | None = None
    at: Time | None = None

    @model_validator(mode="after")
    def _somewhere(self) -> CutRule:
        if self.source is None and self.at is None:
            raise ValueError("a cut names a source, a place in it, or both: {source: kiss, at: 3}")
        return self

    @property
    def seconds(self) -> float | None:
        """Where in the clip, in its own seconds."""
        return None if self.at is None else self.at.seconds


def as_cut(value: object) -> object:
    """A source's name alone, or the section."""
    return {"source": value} if isinstance(value, str | int | float) else value
