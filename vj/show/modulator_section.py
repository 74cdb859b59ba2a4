"""`modulators:` of a show file: LFOs, envelopes, followers and expressions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from vj.core.errors import nearest
from vj.core.input_features import DISTANCES, MOTION_FEATURES, PICTURE_FEATURES
from vj.show.durations import Duration
from vj.show.expression import TIME_NAMES, Expression
from vj.show.field_types import Computed, Time, pair, read_by
from vj.show.section import Section

WAVEFORMS = ("sine", "triangle", "saw", "square", "random", "noise")
"""What an LFO may be, see `vj.control.modulators`."""
AUDIO_FEATURES = ("level", "low", "mid", "high", "onset")
"""What a follower may follow, see `vj.control.audio`."""
MODULATOR_KINDS = (
    *("lfo", "envelope", "audio", "motion", "picture", "faces", "silhouettes"),
    "expression",
)
"""The keys of which a modulator has one."""
MOTION_NAMES = {
    "motion" if feature == "amount" else f"motion_{feature}": feature for feature in MOTION_FEATURES
}
"""How expressions call the motion of the input."""
MODULATOR_NAMES = (*TIME_NAMES, *AUDIO_FEATURES, *MOTION_NAMES, *PICTURE_FEATURES, *DISTANCES)
"""What the expression of a modulator knows, besides the show's macros."""
SOURCE_SOUND = "source"
"""The `input:` of a follower that hears what is on the decks."""


def modulator_word(rule: Mapping[str, Any]) -> str:
    """What a modulator without a name is called after: its wave, trigger or feature. rule: its keys
    as they are written."""
    kind = next((key for key in MODULATOR_KINDS if rule.get(key)), "")
    value = str(rule.get(kind, ""))
    if kind == "motion":
        value = kind if value == "amount" else f"{kind} {value}"
    if kind in ("faces", "silhouettes"):
        value = kind if value == "distance" else value
    return kind if kind == "expression" else value.replace(" ", "-").replace("/", "")


class ModulatorRule(Section):
    """An LFO, an envelope, a follower of sound, of the input's motion or its colours or of how far
    two in it are apart, or an expression, on one number."""

    name: str | None = None
    lfo: str | None = None
    envelope: str | None = None
    audio: str | None = None
    motion: str | None = None
    picture: str | None = None
    faces: str | None = None
    silhouettes: str | None = None
    expression: Computed = None
    to: str
    range: Annotated[
        tuple[float, float] | None, read_by(lambda v: None if v is None else pair(v))
    ] = None
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
                "picture: brightness, faces: distance, silhouettes: distance, or expression: 0.5 + "
                "0.3 * sin(t)"
            )
        for kind, known in (
            ("lfo", WAVEFORMS),
            ("audio", AUDIO_FEATURES),
            ("motion", MOTION_FEATURES),
            ("picture", PICTURE_FEATURES),
            ("faces", ("distance", "lips")),
            ("silhouettes", ("distance",)),
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
    def paces(self) -> tuple[str, ...]:
        """What of it can be played faster and slower."""
        if self.lfo is not None:
            return ("rate",)
        return ("attack", "decay") if self.envelope is not None else ()

    @property
    def hears(self) -> bool:
        """Whether it follows sound, so that `input` says which."""
        names = Expression(self.expression).names if self.expression is not None else ()
        return self.audio is not None or any(name in AUDIO_FEATURES for name in names)
