"""`mappings:` of a show file: one control to one parameter."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from vj.core.errors import nearest
from vj.show.device_controls import device_control, word_of
from vj.show.dmx_controls import DmxControl, dmx_control
from vj.show.durations import Duration
from vj.show.field_types import Pair, Shape, Time, read_by
from vj.show.midi_controls import Control, control
from vj.show.section import Section


def _a_control(value: object) -> object:
    return None if value is None else control(value)


def _a_channel(value: object) -> object:
    return None if value is None else dmx_control(value)


def _of_a_device(word: str) -> Any:
    return read_by(lambda value: None if value is None else device_control(word, value))


MEANT_FOR = {
    "take": ("osc",),
    "relative": ("osc", "midi"),
    "step": ("osc", "midi"),
    "device": ("midi", "pad", "hid"),
}
"""Keys that only some controls have a use for."""


class MappingRule(Section):
    """One control to one parameter."""

    osc: str | None = None
    midi: Annotated[Control | None, read_by(_a_control)] = None
    key: str | None = None
    pad: Annotated[Control | None, _of_a_device("pad")] = None
    hid: Annotated[Control | None, _of_a_device("hid")] = None
    dmx: Annotated[DmxControl | None, read_by(_a_channel)] = None
    device: str = ""
    to: str
    take: int | str = 0
    in_: Annotated[Pair | None, Field(alias="in")] = None
    range: Pair | None = None
    curve: Shape = "linear"
    invert: bool = False
    smooth: Time = Duration()
    hysteresis: float = Field(0.0, ge=0, lt=1)
    quantise: Literal["beat", "bar", "2 bars", "4 bars"] | None = None
    ahead: Time = Duration()
    takeover: bool | None = None
    relative: Literal["twos", "offset", "sign"] | None = None
    step: float | None = Field(None, gt=0, le=1)
    as_: Annotated[
        Literal["value", "raw", "momentary", "toggle", "trigger", "velocity"], Field(alias="as")
    ] = "value"
    value: Any = None

    @field_validator("range", "in_")
    @classmethod
    def _rising(cls, pair: tuple[float, float] | None) -> tuple[float, float] | None:
        if pair is not None and pair[0] >= pair[1]:
            low, high = sorted(pair)
            raise ValueError(
                f"[{pair[0]:g}, {pair[1]:g}] runs backwards; write [{low:g}, {high:g}] with "
                "invert: true"
            )
        return pair

    @field_validator("take")
    @classmethod
    def _taken(cls, take: int | str) -> int | str:
        word, *path = str(take).split() or [""]
        numbers = all(step.lstrip("-").isdecimal() for step in path)
        known = (
            word in ("last", "count") and not path,
            word == "json" and path and numbers,
            word == "share" and len(path) == 1 and numbers,
        )
        if not any((*known, isinstance(take, int) and take >= 0)):
            hint = nearest(word, ("last", "count", "json", "share"))
            raise ValueError(
                f"{take!r}: which value of a message{hint}? 0, 1, ..., last, count, json 0 1, or "
                "share 1"
            )
        return take

    @field_validator("osc")
    @classmethod
    def _address(cls, address: str | None) -> str | None:
        if address is not None and (
            not address.startswith("/") or any(c in address for c in " *?[]{}#,")
        ):
            raise ValueError(
                f"{address!r} is no OSC address; they begin with / and hold no spaces or wildcards"
            )
        return address

    @model_validator(mode="after")
    def _one(self) -> MappingRule:
        kinds = ("osc", "midi", "key", "pad", "hid", "dmx")
        if sum(getattr(self, name) is not None for name in kinds) != 1:
            raise ValueError(
                "a mapping has one control: osc: /address, or midi: cc 64, or key: c, or pad: axis "
                "0, or hid: bit 0, or dmx: 1/12"
            )
        if self.hid is not None and not self.device:
            raise ValueError(
                f"hid {self.hid}: of which device? device: takes a part of its name, or 05f3:00ff"
            )
        for key, controls in MEANT_FOR.items():
            if key in self.model_fields_set and all(getattr(self, one) is None for one in controls):
                meant = " and ".join(f"{one}:" for one in controls)
                raise ValueError(f"{self.control}: {key}: is for {meant} only; leave it out")
        return self

    @property
    def device_control(self) -> Control | None:
        """The control, where it is of a MIDI device, a gamepad, a HID device or a lighting desk."""
        return self.midi or self.pad or self.hid or self.dmx

    @property
    def control(self) -> str:
        """The control's name in messages."""
        if self.osc is not None:
            return f"osc {self.osc}" + (f" value {self.take}" if self.take != 0 else "")
        control = self.device_control
        if control is None:
            return f"key {self.key}"
        return f"{word_of(control)} {control}" + (f" of {self.device}" if self.device else "")
