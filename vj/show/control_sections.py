"""The control sections of a show file: mappings, macros, modulators, cues, timeline, curves, tempo,
MIDI."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from vj.core.errors import Fault, nearest
from vj.core.input_features import MOTION_FEATURES, PICTURE_FEATURES
from vj.parameters.curves import curve
from vj.show.durations import Duration, duration, moment
from vj.show.expression import TIME_NAMES, Expression
from vj.show.midi_controls import Control, control
from vj.show.section import Section

WAVEFORMS = ("sine", "triangle", "saw", "square", "random", "noise")
"""What an LFO may be, see `vj.control.modulators`."""
AUDIO_FEATURES = ("level", "low", "mid", "high", "onset")
"""What a follower may follow, see `vj.control.audio`."""
MODULATOR_KINDS = ("lfo", "envelope", "audio", "motion", "picture", "expression")
"""The keys of which a modulator has one."""
MOTION_NAMES = {
    "motion" if feature == "amount" else f"motion_{feature}": feature for feature in MOTION_FEATURES
}
"""How expressions call the motion of the input."""
MODULATOR_NAMES = (*TIME_NAMES, *AUDIO_FEATURES, *MOTION_NAMES, *PICTURE_FEATURES)
"""What the expression of a modulator knows, besides the show's macros."""


def _of(read: Any) -> BeforeValidator:
    """A reader that raises Fault, as a pydantic validator."""

    def check(value: object) -> object:
        try:
            return read(value)
        except Fault as fault:
            raise ValueError(str(fault)) from None

    return BeforeValidator(check)


def _curve(value: object) -> object:
    curve(value)
    return value


def _pair(value: object) -> object:
    if (
        isinstance(value, list)
        and len(value) == 2
        and all(isinstance(v, int | float) and math.isfinite(v) for v in value)
    ):
        return float(value[0]), float(value[1])
    raise Fault(f"{value!r}: two numbers are wanted, for example [0, 1]")


Time = Annotated[Duration, _of(duration)]
Moment = Annotated[Duration, _of(moment)]
Shape = Annotated[str | float, _of(_curve)]
Pair = Annotated[tuple[float, float], _of(_pair)]


def _a_control(value: object) -> object:
    return None if value is None else control(value)


def _an_expression(value: object) -> object:
    if isinstance(value, bool) or not isinstance(value, str | int | float | None):
        raise Fault(f"{value!r}: an expression is wanted, for example 0.5 + 0.3 * sin(t * pi)")
    return None if value is None else Expression(str(value)).text


Computed = Annotated[str | None, _of(_an_expression)]


class MappingRule(Section):
    """One control to one parameter."""

    osc: str | None = None
    midi: Annotated[Control | None, _of(_a_control)] = None
    key: str | None = None
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
        named = [name for name in ("osc", "midi", "key") if getattr(self, name) is not None]
        if len(named) != 1:
            raise ValueError("a mapping has one control: osc: /address, or midi: cc 64, or key: c")
        return self

    @property
    def control(self) -> str:
        """The control's name in messages."""
        if self.osc is not None:
            return f"osc {self.osc}" + (f" value {self.take}" if self.take != 0 else "")
        return (
            f"midi {self.midi}" + (f" of {self.device}" if self.device else "")
            if self.midi is not None
            else f"key {self.key}"
        )


class MacroDrive(Section):
    """A macro's range for one parameter: its value at 0 and at 1."""

    low: float
    high: float
    curve: Shape = "linear"


def _drive(value: object) -> object:
    if isinstance(value, list) and len(value) in (2, 3):
        _pair(value[:2])
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
    drives: dict[str, Annotated[MacroDrive, _of(_drive)]] = Field(min_length=1)


def modulator_word(rule: Mapping[str, Any]) -> str:
    """What a modulator without a name is called after: its wave, trigger or feature. rule: its keys
    as they are written."""
    kind = next((key for key in MODULATOR_KINDS if rule.get(key)), "")
    value = str(rule.get(kind, ""))
    if kind == "motion":
        value = kind if value == "amount" else f"{kind} {value}"
    return kind if kind == "expression" else value.replace(" ", "-").replace("/", "")


SOURCE_SOUND = "source"
"""The `input:` of a follower that hears what is on the decks."""


class ModulatorRule(Section):
    """An LFO, an envelope, a follower of sound, of the input's motion or of its colours, or an
    expression, on one number."""

    name: str | None = None
    lfo: str | None = None
    envelope: str | None = None
    audio: str | None = None
    motion: str | None = None
    picture: str | None = None
    expression: Computed = None
    to: str
    range: Annotated[tuple[float, float] | None, _of(lambda v: None if v is None else _pair(v))] = (
        None
    )
    depth: float | None = None
    rate: Time = Duration(1.0)
    phase: float = 0.0
    seed: int = 0
    attack: Time = Duration(0.01)
    decay: Time = Duration(0.3)
    sustain: float = Field(0.0, ge=0, le=1)
    release: Time = Duration(0.3)
    input: str = ""
    gain: Annotated[float, Field(ge=0, le=1000)] | Literal["auto"] = 1.0
    floor: float = Field(0.05, ge=0, lt=1)
    smooth: Time = Duration(0.1)

    @model_validator(mode="after")
    def _whole(self) -> ModulatorRule:
        if sum(getattr(self, kind) is not None for kind in MODULATOR_KINDS) != 1:
            raise ValueError(
                "a modulator is one of lfo: sine, envelope: beat, audio: low, motion: amount, "
                "picture: brightness, or expression: 0.5 + 0.3 * sin(t)"
            )
        for kind, known in (
            ("lfo", WAVEFORMS),
            ("audio", AUDIO_FEATURES),
            ("motion", MOTION_FEATURES),
            ("picture", PICTURE_FEATURES),
        ):
            given = getattr(self, kind)
            if given is not None and given not in known:
                what = "wave" if kind == "lfo" else "feature"
                raise ValueError(
                    f"{kind} {given!r}: no such {what}{nearest(given, known)} ({', '.join(known)})"
                )
        if self.lfo is not None and self.rate == Duration():
            raise ValueError(
                "rate: a period longer than nothing is wanted, for example 4 s or 1/4 bar"
            )
        if self.expression is not None and self.range is not None and self.depth is not None:
            raise ValueError("an expression has range: or depth: or neither, not both")
        if self.expression is None and (self.range is None) == (self.depth is None):
            raise ValueError("say how far it moves: either range: [0.3, 0.7] or depth: 0.1")
        return self

    @property
    def word(self) -> str:
        """What it is called after when it has no name."""
        return modulator_word({kind: getattr(self, kind) for kind in MODULATOR_KINDS})

    @property
    def hears(self) -> bool:
        """Whether it follows sound, so that `input` says which."""
        names = Expression(self.expression).names if self.expression is not None else ()
        return self.audio is not None or any(name in AUDIO_FEATURES for name in names)


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
    loop: Annotated[Duration | None, _of(lambda v: None if v is None else moment(v))] = None

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
    points: list[Annotated[Point, _of(_point)]] = Field(default=[], min_length=2)
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


class TempoRule(Section):
    """The initial tempo, and the clock that it follows."""

    bpm: Annotated[float, Field(ge=20, le=300)] = 120.0
    beats_per_bar: Annotated[float, Field(ge=1, le=32)] = 4.0
    follow: Literal["midi", "link", "nobody"] = "midi"


class MidiRule(Section):
    """MIDI input. devices: parts of names; none for all. feedback: send values back to LEDs and
    motors."""

    devices: list[str] = Field(default=[])
    feedback: bool = True
    on: bool = True
