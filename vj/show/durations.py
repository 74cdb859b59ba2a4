"""Times as a show file writes them: `4 s`, `300 ms`, `0:30`, `2 bars`, `1/4 bar`, `1 beat`, or a
number of seconds."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from vj.core.errors import Fault

_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)")
_AMOUNT = re.compile(
    r"(\d+/\d+|\d+(?:\.\d+)?|\.\d+)?\s*(s|sec|seconds?|ms|min|minutes?|h|bars?|beats?)"
)
_SECONDS = {
    "s": 1.0,
    "sec": 1.0,
    "second": 1.0,
    "ms": 1e-3,
    "min": 60.0,
    "minute": 60.0,
    "h": 3600.0,
}
HOWTO = "write 4 s, 300 ms, 0:30, 2 bars, 1/4 bar, 1 beat, or a number of seconds"


@dataclass(frozen=True, slots=True)
class Duration:
    """A duration in seconds, and in beats or bars, whose length depends on the tempo."""

    seconds: float = 0.0
    beats: float = 0.0
    bars: float = 0.0

    @property
    def musical(self) -> bool:
        return self.beats > 0 or self.bars > 0

    def in_beats(self, beats_per_bar: float) -> float:
        return self.beats + self.bars * beats_per_bar

    def in_seconds(self, bpm: float, beats_per_bar: float) -> float:
        return self.seconds + self.in_beats(beats_per_bar) * 60 / bpm


def duration(asked: object) -> Duration:
    """Parse a duration. Raises Fault."""
    if isinstance(asked, Duration):
        return asked
    if isinstance(asked, int | float) and not isinstance(asked, bool):
        if math.isfinite(asked) and asked >= 0:
            return Duration(float(asked))
        raise Fault(f"{asked}: no time; {HOWTO}")
    text = str(asked).strip().lower()
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = clock.groups()
        return Duration(int(hours or 0) * 3600 + int(minutes) * 60 + float(seconds))
    amount = _AMOUNT.fullmatch(text)
    if amount:
        try:
            number = float(Fraction(amount[1] or "1"))
        except ZeroDivisionError:
            raise Fault(f"{asked!r}: divides by zero; {HOWTO}") from None
        unit = amount[2] if amount[2] in _SECONDS else amount[2].rstrip("s")
        if unit == "bar":
            return Duration(bars=number)
        return Duration(beats=number) if unit == "beat" else Duration(number * _SECONDS[unit])
    try:
        return duration(float(text))
    except ValueError:
        raise Fault(f"{asked!r}: no time; {HOWTO}") from None


def moment(asked: object) -> Duration:
    """A point in time from the show's start: as a duration, or `bar 8` (the 8th bar begins after 7
    bars)."""
    text = str(asked).strip().lower()
    word, _, number = text.partition(" ")
    if word in ("bar", "beat") and number.strip():
        try:
            count = float(number)
        except ValueError:
            raise Fault(f"{asked!r}: no moment; write 0:30, 12 s, or bar 8") from None
        if count < 1:
            raise Fault(f"{asked!r}: bars and beats count from 1")
        return Duration(bars=count - 1) if word == "bar" else Duration(beats=count - 1)
    return duration(asked)
