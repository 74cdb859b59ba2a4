"""Where a timecode stands at any moment: a line through what was read of it last."""

from __future__ import annotations

import math
from collections import deque

from vj.control.mtc import TimecodeReading
from vj.core.timecode import Label, TimecodeRate

NEWEST = 48
"""Readings of the line: half a second of them. Jitter of 5 ms makes 1 ms of its end."""
ENOUGH = 24
"""Readings from which on they say how fast it runs; fewer are taken for the rate's own speed,
unless they differ from it by more than `VARIED`, as a jog wheel does."""
VARIED = 0.2
FASTEST = 4.0
"""How many times as fast as its rate a timecode runs, at most. What comes faster was held up on the
way, and comes all at once: the last of it is nearest to where the timecode stands."""
PAUSE = 0.1
"""Seconds without a reading, beyond its pace, after which the line begins anew."""


class TimecodeLine:
    """Of the timecode that leads. Belongs to the render thread."""

    def __init__(self) -> None:
        self._points: deque[tuple[float, float]] = deque(maxlen=NEWEST)
        """(time, quarter frames since `_base`)"""
        self._base = 0
        self._line: tuple[float, float, float] | None = None
        """A moment, the quarter frames then, and those a second; None when it has to be found."""
        self._speed = 0.0
        self.last: TimecodeReading | None = None

    def add(self, reading: TimecodeReading) -> None:
        """The next reading. Those of one run follow each other by a quarter frame."""
        before, self.last, self._line = self.last, reading, None
        pace = 4 * float(reading.rate.fps)
        gap = math.inf if before is None else reading.time - before.time
        goes_on = before is not None and before.way == reading.way and not reading.begins
        if not goes_on or gap > PAUSE + 2 / max(pace / 4, abs(self._speed)):
            self._points.clear()
        if not self._points:
            self._base = reading.quarters
        day = 4 * reading.rate.day
        away = (reading.quarters - self._base + day // 2) % day - day // 2
        self._points.append((reading.time, away))

    def _fitted(self) -> tuple[float, float, float]:
        """The line, once a frame in which something was read."""
        if self._line is None:
            count = len(self._points)
            time = sum(t for t, _ in self._points) / count
            at = sum(q for _, q in self._points) / count
            self._speed = self._slope(time, at)
            if abs(self._speed) > FASTEST * abs(self._own):
                self._points = deque([self._points[-1]], NEWEST)
                (time, at), self._speed = self._points[0], self._own
            self._line = time, at, self._speed
        return self._line

    def _slope(self, time: float, at: float) -> float:
        """Quarter frames a second, by the points about their middle."""
        own = self._own
        count, spread = len(self._points), sum((t - time) ** 2 for t, _ in self._points)
        if count < 8 or own == 0 or spread <= 0:
            return own
        found = sum((t - time) * (q - at) for t, q in self._points) / spread
        return own if count < ENOUGH and abs(found / own - 1) < VARIED else found

    @property
    def _own(self) -> float:
        """Quarter frames a second, as its rate says."""
        assert self.last is not None
        return 4 * float(self.last.rate.fps) * self.last.way

    @property
    def rate(self) -> TimecodeRate | None:
        return None if self.last is None else self.last.rate

    def speed(self) -> float:
        """Seconds of timecode a second; 0 as it stands."""
        rate = self.rate
        return 0.0 if rate is None else self._fitted()[2] / (4 * float(rate.fps))

    def frames(self, time: float) -> float:
        """Frames after midnight at a moment, which may lie on another day."""
        moment, at, speed = self._fitted()
        return (self._base + at + (time - moment) * speed) / 4

    def seconds(self, time: float, start: Label) -> float:
        """Seconds since `start` at a moment, from -12 to 12 hours."""
        rate = self.rate
        assert rate is not None
        away = self.frames(time) - rate.frames(start)
        half = rate.day / 2
        return rate.seconds((away + half) % rate.day - half)
