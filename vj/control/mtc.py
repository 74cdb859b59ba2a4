"""MIDI timecode: quarter frames and full frames of one sender become readings of its time.

After the MIDI 1.0 detailed specification (MIDI Time Code, RP-004/RP-008).
"""

from __future__ import annotations

from dataclasses import dataclass

from vj.core.timecode import RATES, Label, TimecodeRate

QUARTER, FULL = "quarter", "full"
"""A quarter frame, whose data byte is its position; and a full frame, whose position is its four
bytes in seven bits each."""
PIECES = 8
"""Quarter frames that make up one timecode, which lasts two frames."""
NEAR = 12
"""Quarter frames by which a full frame may differ from the timecode that runs, and says nothing
new: some senders repeat them meanwhile."""
LATE = 2.0
"""Quarter frames by which those that follow lost ones may come early or late."""
LONGEST = 50.0
"""Quarter frames that may be lost, half a second of them: then it is known anew from the next
eight."""


@dataclass(frozen=True, slots=True)
class TimecodeReading:
    """At `time`, in seconds on the show's clock, a sender's timecode stood at so many quarter
    frames after midnight. way: 1 or -1 as it runs, 0 as it stands. begins: it did not come here
    from the reading before."""

    time: float
    quarters: int
    rate: TimecodeRate
    way: int
    begins: bool = False


class MtcReader:
    """Of one sender. Belongs to the thread of its port."""

    def __init__(self) -> None:
        self._values = [0] * PIECES
        self._times: list[float] = []
        """When the pieces came that follow one another without a gap; the last `PIECES`."""
        self._piece = -1
        self._last = 0.0
        self._way = 0
        self._at: int | None = None
        """Quarter frames after midnight of the last piece; None while it is not known."""
        self._rate = RATES[1]

    def quarter(self, byte: int, time: float) -> list[TimecodeReading]:
        """A quarter frame: its data byte. The first eight are all told when the last of them has
        said what they mean."""
        piece, value = byte >> 4, byte & 15
        step = (piece - self._piece) % PIECES
        way = {1: 1, PIECES - 1: -1}.get(step, 0)
        if self._piece < 0 or way == 0 or (self._way and way != self._way):
            passed = self._lost(piece, time)
            if passed == 0:
                self._at, self._way = None, 0
            self._times = []
        else:
            passed, self._way = 1, way
        self._piece, self._last, self._values[piece] = piece, time, value
        self._times = [*self._times[1 - PIECES :], time]
        if self._at is not None:
            self._at = (self._at + passed * self._way) % (4 * self._rate.day)
        last = PIECES - 1 if self._way > 0 else 0
        if len(self._times) == PIECES and self._way and piece == last:
            return self._whole()
        return [] if self._at is None else [TimecodeReading(time, self._at, self._rate, self._way)]

    def _lost(self, piece: int, time: float) -> int:
        """How many pieces on it is since the last one, where some were lost on the way and as much
        time has passed as they take; 0 where it does not go on so."""
        if self._at is None:
            return 0
        taken = (time - self._last) * 4 * float(self._rate.fps)
        step = (piece - self._piece) * self._way % PIECES
        passed = step + PIECES * round((taken - step) / PIECES)
        return passed if passed > 1 and abs(passed - taken) <= LATE and taken < LONGEST else 0

    def _whole(self) -> list[TimecodeReading]:
        """A whole timecode has come. It is that of the frame in which its first piece was sent;
        the pieces 0 and 4 are sent as a frame begins."""
        frames, seconds, minutes, hours = (
            self._values[i] + 16 * self._values[i + 1] for i in range(0, PIECES, 2)
        )
        label = Label(hours & 31, minutes & 63, seconds & 63, frames & 31)
        rate = RATES[hours >> 5 & 3]
        if not label.fits(rate):
            self._times, self._at = [], None
            return []
        first = 4 * rate.frames(label) + (0 if self._way > 0 else 3)
        known = self._at is not None and rate == self._rate
        at = (first + self._way * (PIECES - 1)) % (4 * rate.day)
        if known and at == self._at:
            return [TimecodeReading(self._times[-1], at, rate, self._way)]
        self._at, self._rate = at, rate
        return [
            TimecodeReading(time, (first + self._way * i) % (4 * rate.day), rate, self._way, i == 0)
            for i, time in enumerate(self._times)
        ]

    def full(self, packed: int, time: float) -> list[TimecodeReading]:
        """A full frame: hours with the rate, minutes, seconds and frames, in seven bits each. The
        sender stands there."""
        hours, minutes, seconds, frames = (packed >> shift & 127 for shift in (21, 14, 7, 0))
        label, rate = Label(hours & 31, minutes, seconds, frames), RATES[hours >> 5 & 3]
        if not label.fits(rate):
            return []
        at = 4 * rate.frames(label)
        runs = self._at is not None and rate == self._rate and time - self._last < 0.1
        if runs and self._at is not None and abs(at - self._at) <= NEAR:
            return []
        self._times, self._at, self._piece = [], None, -1
        return [TimecodeReading(time, at, rate, 0, True)]
