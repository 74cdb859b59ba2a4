"""The beat, from a tempo, taps, a MIDI clock or Ableton Link, as a linear function of time."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise
from statistics import median

SLOWEST, FASTEST = 20.0, 300.0
PULSES = 24
"""MIDI clock ticks a quarter note."""
TICKS = 96
"""Ticks in the linear fit of the tempo. Jitter of 2 ms gives 0.05 BPM of standard deviation (0.14
over 48, 0.39 over 24)."""
TAP_PATIENCE = 60 / SLOWEST
LOST = 0.5
"""Seconds without a tick after which a clock is lost, and another one may lead."""


class Tempo:
    """Beats go on at `bpm`; a new tempo changes the slope from the present beat on, so that the
    beat does not jump."""

    def __init__(self, bpm: float = 120.0, beats_per_bar: float = 4.0) -> None:
        self.bpm, self.beats_per_bar = bpm, beats_per_bar
        self.running = True
        self.linked = False
        """A Link session gives the beat."""
        self._time, self._beat = 0.0, 0.0
        self._taps: deque[float] = deque(maxlen=8)
        self._ticks: deque[float] = deque(maxlen=TICKS)
        self._last_tick = -math.inf
        self._tick_number: int | None = None
        """The number of the next tick in the song; None while unknown."""

    def beat(self, time: float) -> float:
        """Beats since the start, at `time` in seconds."""
        if not self.running:
            return self._beat
        return self._beat + (time - self._time) * self.bpm / 60

    def next(self, time: float, beats: float) -> float:
        """The time of the next multiple of so many beats, in seconds; `time` itself if it is one;
        infinity while stopped."""
        if not self.running:
            return math.inf
        now = self.beat(time)
        due = math.ceil(now / beats - 1e-6) * beats
        return time + (due - now) * 60 / self.bpm

    def set_bpm(self, bpm: float, time: float) -> None:
        self._anchor(time, self.beat(time))
        self._restart(time)
        self.bpm = min(FASTEST, max(SLOWEST, bpm))

    def _restart(self, time: float) -> None:
        """Restart a beat that a clock has stopped, when the tempo is set and no clock ticks."""
        if not self.running and not self.is_external(time):
            self.running = True

    def _anchor(self, time: float, beat: float) -> None:
        self._time, self._beat = time, beat

    def tap(self, time: float) -> None:
        """A tap is a beat; from the second one on the median interval gives the tempo."""
        self._anchor(time, self.beat(time))
        self._restart(time)
        if self._taps and not 60 / FASTEST <= time - self._taps[-1] <= TAP_PATIENCE:
            self._taps.clear()
        self._taps.append(time)
        if len(self._taps) >= 2:
            self.bpm = min(
                FASTEST, max(SLOWEST, 60 / median(b - a for a, b in pairwise(self._taps)))
            )
        self._anchor(time, round(self.beat(time)))

    def is_external(self, time: float) -> bool:
        """A MIDI clock or Link leads: the tempo cannot be set here."""
        return self.linked or time - self._last_tick <= LOST

    def link(self, bpm: float, beat: float, time: float) -> None:
        """Update from a Link session."""
        self.running = self.linked = True
        self.bpm = min(FASTEST, max(SLOWEST, bpm))
        self._anchor(time, beat)

    def clock_start(self, time: float) -> None:
        """The clock's next tick is the first of the song."""
        self.running = True
        self._ticks.clear()
        self._tick_number = 0
        self._anchor(time, 0.0)

    def clock_position(self, sixteenths: int, time: float) -> None:
        """The song position, in sixteenths from the start, of the next tick after a continue."""
        self._ticks.clear()
        self._tick_number = sixteenths * PULSES // 4
        self._anchor(time, sixteenths / 4)

    def clock_continue(self, time: float) -> None:
        """The next tick is the one after the last before the stop, or that of the song position."""
        self._ticks.clear()
        if not self.running:
            self.running = True
            self._anchor(time, self._beat)

    def clock_stop(self, time: float) -> None:
        """Stop the beat; ticks while stopped are ignored."""
        beat = (
            self.beat(time)
            if self._tick_number is None or not self._ticks
            else self._tick_number / PULSES
        )
        self._anchor(time, beat)
        self._tick_number = round(beat * PULSES)
        self.running = False

    def clock_tick(self, time: float) -> None:
        """A linear fit through the last ticks gives tempo and phase. A clock that was already
        running when it connects does not move the beat: its ticks are counted from the present
        beat."""
        self._last_tick = time
        if not self.running:
            return
        if self._ticks and time - self._ticks[-1] > LOST:
            self._ticks.clear()
            self._tick_number = None
        if self._tick_number is None:
            self._tick_number = round(self.beat(time) * PULSES)
        self._ticks.append(time)
        count = len(self._ticks)
        here = self._tick_number
        self._tick_number += 1
        if count < PULSES:
            return
        middle = (count - 1) / 2
        mean = sum(self._ticks) / count
        slope = sum((i - middle) * (t - mean) for i, t in enumerate(self._ticks)) / sum(
            (i - middle) ** 2 for i in range(count)
        )
        if slope <= 0:
            return
        self.bpm = min(FASTEST, max(SLOWEST, 60 / (PULSES * slope)))
        self._anchor(mean + middle * slope, here / PULSES)
