"""`timecode:` of a show file: the timecode that leads the timeline."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from vj.core.timecode import Label
from vj.show.durations import Duration
from vj.show.field_types import Time
from vj.show.section import Section


def _label(value: object) -> object:
    return value if isinstance(value, Label) else Label.parse(str(value))


class TimecodeRule(Section):
    """from: what kind of timecode. device: part of the name of the MIDI port that it comes by;
    empty for any. start: the timecode at which the timeline begins. freewheel: for how long the
    timeline goes on when none comes. lost: what it does then. ahead: so much before the timecode it
    runs, as long as pictures are on their way to be seen."""

    from_: Annotated[Literal["mtc"], Field(alias="from")] = "mtc"
    device: str = ""
    start: Annotated[Label, BeforeValidator(_label)] = Label()
    freewheel: Time = Duration(1.0)
    lost: Literal["stop", "go on"] = "stop"
    ahead: Time = Duration()

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, value: object) -> object:
        return {"from": value} if isinstance(value, str) else value

    @field_validator("freewheel", "ahead")
    @classmethod
    def _seconds(cls, value: Duration) -> Duration:
        if value.musical or value.seconds > 60:
            raise ValueError("0 to 60 seconds are wanted, for example 1 s or 80 ms")
        return value
