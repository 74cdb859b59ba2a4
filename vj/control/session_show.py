"""What a show has for its control session."""

from __future__ import annotations

from typing import Protocol

from vj.control.build import ModulatedShow
from vj.show.dmx_section import DmxRule
from vj.show.midi_section import MidiRule


class SessionShow(ModulatedShow, Protocol):
    """The sections of a show that a control session uses."""

    @property
    def show(self) -> str: ...
    @property
    def sound(self) -> str: ...
    @property
    def midi(self) -> MidiRule: ...
    @property
    def dmx(self) -> DmxRule: ...


def uses_midi(show: SessionShow) -> bool:
    """Whether any rule of the show uses MIDI."""
    follows = show.tempo.follow == "midi" and "follow" in show.tempo.model_fields_set
    return (
        follows
        or show.timecode is not None
        or any(rule.midi is not None for rule in show.mappings)
        or any((rule.envelope or "").startswith("midi") for rule in show.modulators)
    )
