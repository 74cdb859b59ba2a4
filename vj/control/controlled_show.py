"""What a show has for its control engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from vj.show.cut_section import CutRule
from vj.show.idle_section import IdleRule
from vj.show.macro_section import MacroRule
from vj.show.mapping_section import MappingRule
from vj.show.prompts_section import SceneRule
from vj.show.sounds_section import SoundRule
from vj.show.tempo_section import TempoRule
from vj.show.timecode_section import TimecodeRule
from vj.show.timeline_section import CueRule, CurveRule, TimelineRule


class SequencedShow(Protocol):
    """The sections of a show that happen one after another."""

    @property
    def cues(self) -> Sequence[CueRule]: ...
    @property
    def timeline(self) -> Sequence[TimelineRule]: ...
    @property
    def timecode(self) -> TimecodeRule | None: ...
    @property
    def curves(self) -> Sequence[CurveRule]: ...
    @property
    def marks(self) -> Mapping[str, Mapping[str, float]]: ...
    @property
    def sources(self) -> Mapping[str, str]: ...
    @property
    def source(self) -> Sequence[str]: ...


class ControlledShow(SequencedShow, Protocol):
    """The sections of a show that a control engine uses."""

    @property
    def mappings(self) -> Sequence[MappingRule]: ...
    @property
    def sounds(self) -> Mapping[str, SoundRule]: ...
    @property
    def macros(self) -> Mapping[str, MacroRule]: ...
    @property
    def prompts(self) -> Sequence[SceneRule]: ...
    @property
    def idle(self) -> IdleRule | None: ...
    @property
    def tempo(self) -> TempoRule: ...
    @property
    def cuts(self) -> Sequence[CutRule]: ...
