"""Timecode: frames of a day at the four rates that MIDI knows, and as they are written.

After SMPTE ST 12-1; drop frame leaves out the numbers 00 and 01 of each minute but every tenth, so
that its numbers follow the clock at 30000/1001 frames a second.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

_WRITTEN = re.compile(r"(\d{1,2}):(\d{2}):(\d{2})(?:[:;.](\d{2}))?")


@dataclass(frozen=True, slots=True)
class TimecodeRate:
    """count: numbers a second, as they are written. fps: frames a second. drop: some numbers are
    left out."""

    name: str
    count: int
    fps: Fraction
    drop: bool = False

    @property
    def day(self) -> int:
        """Frames of a whole day."""
        return self.frames(Label(24, 0, 0, 0))

    def frames(self, label: Label) -> int:
        """Frames from midnight to this one."""
        minutes = 60 * label.hours + label.minutes
        frames = (60 * minutes + label.seconds) * self.count + label.frames
        return frames - 2 * (minutes - minutes // 10) if self.drop else frames

    def label(self, frames: int) -> Label:
        """How the frame is written that comes so many after midnight, which may be another day."""
        frames %= self.day
        if self.drop:
            tens, rest = divmod(frames, 17982)
            frames += 18 * tens + (2 * ((rest - 2) // 1798) if rest > 1 else 0)
        seconds, frames = divmod(frames, self.count)
        minutes, seconds = divmod(seconds, 60)
        return Label(minutes // 60, minutes % 60, seconds, frames)

    def seconds(self, frames: float) -> float:
        """How long so many frames last."""
        return frames * self.fps.denominator / self.fps.numerator

    def write(self, frames: int) -> str:
        """`01:02:03:04`, with `;` before the frames where some are left out."""
        one = self.label(frames)
        mark = ";" if self.drop else ":"
        return f"{one.hours:02}:{one.minutes:02}:{one.seconds:02}{mark}{one.frames:02}"


@dataclass(frozen=True, slots=True)
class Label:
    """A timecode as it is written."""

    hours: int = 0
    minutes: int = 0
    seconds: int = 0
    frames: int = 0

    @classmethod
    def parse(cls, text: str) -> Label:
        """`01:00:00:00`, or without frames `01:00:00`. Raises ValueError with what would be
        right."""
        found = _WRITTEN.fullmatch(text.strip())
        if found is None:
            raise ValueError(
                f"{text!r}: no timecode; write hours, minutes, seconds and frames: 01:00:00:00"
            )
        label = cls(*(int(part or 0) for part in found.groups()))
        if label.hours > 23 or max(label.minutes, label.seconds) > 59 or label.frames > 29:
            raise ValueError(f"{text!r}: a timecode lies between 00:00:00:00 and 23:59:59:29")
        return label

    def fits(self, rate: TimecodeRate) -> bool:
        """There is such a frame at this rate."""
        return (
            self.hours < 24
            and max(self.minutes, self.seconds) < 60
            and self.frames < rate.count
            and not (rate.drop and self.frames < 2 and self.seconds == 0 and self.minutes % 10)
        )


RATES = (
    TimecodeRate("24", 24, Fraction(24)),
    TimecodeRate("25", 25, Fraction(25)),
    TimecodeRate("29.97", 30, Fraction(30000, 1001), drop=True),
    TimecodeRate("30", 30, Fraction(30)),
)
"""By the two bits that MIDI timecode says them with."""
