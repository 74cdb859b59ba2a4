"""What the checks of a show's sequence share: its sections, and the names in them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from vj.core.errors import Fault, nearest
from vj.parameters.table import Parameter, Table
from vj.show.cut_section import CutRule
from vj.show.idle_section import IdleRule
from vj.show.macro_section import MacroRule
from vj.show.mapping_section import MappingRule
from vj.show.modulator_section import ModulatorRule
from vj.show.prompts_section import SceneRule
from vj.show.section import KeyPath
from vj.show.sounds_section import SoundRule
from vj.show.tempo_section import TempoRule
from vj.show.timecode_section import TimecodeRule
from vj.show.timeline_section import CueRule, CurveRule, TimelineRule

Found = tuple[KeyPath, Fault]

POSITION = "timeline/position"
"""The parameter that sets the timeline's position. It keeps the value that was set last, and does
not move by itself."""
RESERVED_ADDRESSES = ("/vj/status/", "/vj/error", "/vj/subscribe", "/vj/unsubscribe")
"""Addresses that never reach a mapping."""


class Sequence(Protocol):
    """The sections of a show that are checked."""

    @property
    def mappings(self) -> list[MappingRule]: ...
    @property
    def macros(self) -> dict[str, MacroRule]: ...
    @property
    def modulators(self) -> list[ModulatorRule]: ...
    @property
    def prompts(self) -> list[SceneRule]: ...
    @property
    def idle(self) -> IdleRule | None: ...
    @property
    def cues(self) -> list[CueRule]: ...
    @property
    def timeline(self) -> list[TimelineRule]: ...
    @property
    def curves(self) -> list[CurveRule]: ...
    @property
    def timecode(self) -> TimecodeRule | None: ...
    @property
    def marks(self) -> dict[str, dict[str, float]]: ...
    @property
    def sources(self) -> dict[str, str]: ...
    @property
    def source(self) -> list[str]: ...
    @property
    def cuts(self) -> list[CutRule]: ...
    @property
    def sounds(self) -> dict[str, SoundRule]: ...
    @property
    def tempo(self) -> TempoRule: ...
    @property
    def answers(self) -> dict[str, str | float]: ...
    @property
    def ignored(self) -> list[str]: ...


def number_row(table: Table, name: str, place: KeyPath) -> Iterator[Found | Parameter]:
    """The row of a number, or what is wrong with its name."""
    try:
        row = table.find(name)
    except Fault as fault:
        yield place, fault
        return
    if row.kind not in ("float", "int"):
        yield place, Fault(f"{name}: is no number ({row.range})")
    else:
        yield row


def cue_named(show: Sequence, name: str, place: KeyPath) -> Iterator[Found]:
    """Check that the show has a cue of this name."""
    names = [cue.name for cue in show.cues]
    if name not in names:
        yield (
            place,
            Fault(
                f"{name}: no such cue{nearest(name, names)} "
                f"({', '.join(names) or 'the show has none'})"
            ),
        )
