"""MIDI controls as a show file names them: `cc 64`, `cc14 1 ch 2`, `note 36`, `pitch`,
`aftertouch`, `program`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from vj.core.errors import Fault, nearest

KINDS = ("cc", "cc14", "note", "pitch", "aftertouch", "program", "nrpn")
SPANS = {"cc14": 16383.0, "nrpn": 16383.0, "pitch": 8191.0}
SPANS |= {"axis": 1.0, "button": 1.0, "byte": 255.0, "bit": 1.0}  # see `vj.show.device_controls`
LOWEST = {"pitch": -8192.0, "axis": -1.0}
"""The largest raw value of a kind, 127 for the others; the smallest, 0 for the others."""
NUMBERED = ("cc", "cc14", "note", "nrpn", "axis", "button", "byte", "bit")
HOWTO = (
    "write cc 64, cc14 1, note 36, pitch, aftertouch, or program, and ch 2 after it for one "
    "channel only"
)

_NAME = re.compile(r"([a-z]+(?:14)?)(?:\s+(\d+))?(?:\s+(?:ch|channel)\s*(\d+))?")


@dataclass(frozen=True, slots=True)
class Control:
    """kind, its number if it has one, and the channel 1..16, 0 for every channel."""

    kind: str
    number: int = 0
    channel: int = 0

    def __str__(self) -> str:
        number = f" {self.number}" if self.kind in NUMBERED or self.number else ""
        return f"{self.kind}{number}" + (f" ch {self.channel}" if self.channel else "")

    def is_played_by(self, moved: Control) -> bool:
        """Whether a control of this kind and number that has moved is the one a mapping means."""
        return self.channel in (0, moved.channel)

    @property
    def span(self) -> tuple[float, float]:
        """The range of its raw values."""
        return LOWEST.get(self.kind, 0.0), SPANS.get(self.kind, 127.0)


def control(asked: object) -> Control:
    """Parse a control. Raises Fault."""
    if isinstance(asked, Control):
        return asked
    found = _NAME.fullmatch(str(asked).strip().lower())
    if found is None or found[1] not in KINDS:
        word = str(asked).split(" ")[0].lower()
        raise Fault(f"midi {asked!r}: no such control{nearest(word, KINDS)}; {HOWTO}")
    kind, number, channel = found[1], found[2], int(found[3] or 0)
    if kind in NUMBERED and number is None:
        raise Fault(f"midi {asked!r}: which one? {HOWTO}")
    highest = {"cc14": 31, "nrpn": 16383}.get(kind, 127)
    if number is not None and int(number) > highest:
        raise Fault(f"midi {asked!r}: {number} is above {highest}")
    if channel > 16 or (found[3] and channel == 0):
        raise Fault(f"midi {asked!r}: channels count from 1 to 16")
    return Control(kind, int(number or 0), channel)
