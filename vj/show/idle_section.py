"""`idle:` of a show file: what happens when nobody has played for a while."""

from __future__ import annotations

from pydantic import model_validator

from vj.show.durations import Duration
from vj.show.field_types import Time
from vj.show.section import Section

FADE = Duration(4.0)
"""Back to the show's start, unless `fade` says otherwise."""


class IdleRule(Section):
    """No hand on any control for `after`: the cue is fired, or without one everything fades back to
    the show's start. wake: a cue that the next hand fires."""

    after: Time
    cue: str | None = None
    fade: Time | None = None
    wake: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_time(cls, value: object) -> object:
        if isinstance(value, dict | IdleRule):
            return value
        raise ValueError(
            f"{value!r:.40}: after how long? idle: {{after: 60 s}} would be right; without the "
            "section nothing happens"
        )

    @model_validator(mode="after")
    def _whole(self) -> IdleRule:
        if self.after.musical or self.after.seconds <= 0:
            raise ValueError("after: seconds are wanted, more than none, for example 60 s")
        if self.cue is not None and self.fade is not None:
            raise ValueError("has cue: or fade:, not both; the cue has a fade of its own")
        return self
