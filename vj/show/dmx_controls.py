"""DMX controls as a show file names them: `12` of the show's universe, `1/12`, and `1/12+13` for a
value of 16 bits on two channels."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vj.core.errors import Fault
from vj.show.midi_controls import Control

CHANNELS = 512
"""Of a universe, counted from 1."""
UNIVERSES = 63999
"""The last one of sACN; Art-Net has 32768."""
HOWTO = "write dmx: 12, dmx: 1/12 (universe/channel), or dmx: 1/12+13 (16 bits: coarse, then fine)"

_NAME = re.compile(r"(?:(\d+)\s*/\s*)?(\d+)(?:\s*\+\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class DmxControl(Control):
    """A channel of a universe, or two. kind: `dmx`. number: the channel, 1..512, the coarse one of
    two. channel: the universe, 0 for the show's own. fine: the fine channel, 0 for none."""

    fine: int = 0

    def __str__(self) -> str:
        universe = f"{self.channel}/" if self.channel else ""
        return f"{universe}{self.number}" + (f"+{self.fine}" if self.fine else "")

    @property
    def span(self) -> tuple[float, float]:
        """The range of its raw values."""
        return 0.0, 65535.0 if self.fine else 255.0

    def is_played_by(self, moved: Control) -> bool:
        """See `Control`: it is told by its very name."""
        return self == moved

    def level(self, levels: bytes) -> float | None:
        """Its raw value. levels: those of its universe, as many as are sent; None where its channel
        is not among them."""
        if max(self.number, self.fine) > len(levels):
            return None
        coarse = levels[self.number - 1]
        return float(coarse * 256 + levels[self.fine - 1] if self.fine else coarse)


def dmx_control(asked: object) -> DmxControl:
    """Parse a control. Raises Fault."""
    if isinstance(asked, DmxControl):
        return asked
    found = None if isinstance(asked, bool) else _NAME.fullmatch(str(asked).strip())
    if found is None:
        raise Fault(f"dmx {asked!r:.40}: no such control; {HOWTO}")
    universe, channel, fine = (None if digits is None else int(digits) for digits in found.groups())
    for number in (channel, fine):
        if number is not None and not 1 <= number <= CHANNELS:
            raise Fault(f"dmx {asked}: channel {number}: a universe has 1 .. {CHANNELS}")
    if universe is not None and not 1 <= universe <= UNIVERSES:
        raise Fault(
            f"dmx {asked}: universe {universe}: they are 1 .. {UNIVERSES}; the first is Art-Net's 0"
        )
    if channel == fine:
        raise Fault(f"dmx {asked}: coarse and fine are one channel; 1/12+13 would be right")
    return DmxControl("dmx", channel or 0, universe or 0, fine or 0)
