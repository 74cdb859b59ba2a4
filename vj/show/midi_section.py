"""`midi:` of a show file."""

from __future__ import annotations

from pydantic import Field

from vj.show.section import Section


class MidiRule(Section):
    """MIDI input. devices: parts of names; none for all. feedback: send values back to LEDs and
    motors."""

    devices: list[str] = Field(default=[])
    feedback: bool = True
    on: bool = True
