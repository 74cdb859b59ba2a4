"""Modulation sources: oscillators, envelopes, and audio followers. All are functions of the frame's
time, so offline renders repeat exactly."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from vj.control.tempo import Tempo
from vj.core.seeded_noise import noise_at, random_at
from vj.show.durations import Duration


class ModulationSource(Protocol):
    """A value between 0 and 1 that changes over time."""

    def at(self, time: float, tempo: Tempo) -> float:
        """Its value at `time`, in seconds on the show's clock."""


WAVE_FUNCTIONS: dict[str, Callable[[float, int], float]] = {
    "sine": lambda phase, seed: 0.5 - 0.5 * math.cos(2 * math.pi * phase),
    "triangle": lambda phase, seed: 1 - abs(2 * (phase % 1) - 1),
    "saw": lambda phase, seed: phase % 1,
    "square": lambda phase, seed: 1.0 if phase % 1 < 0.5 else 0.0,
    "random": lambda phase, seed: random_at(math.floor(phase), seed),
    "noise": noise_at,
}
"""phase in periods -> 0..1; all start at 0 but for random and noise."""


@dataclass(slots=True)
class Lfo:
    """A wave with a period in seconds, bars or beats. phase: 0..1, where it starts."""

    wave: str
    period: Duration
    phase: float = 0.0
    seed: int = 0
    _ahead: float = 0.0
    """Periods by which another rate than 1 has brought it farther, or less far."""
    _last: float | None = None
    """The periods that had passed in the last frame."""

    def take_over(self, old: Lfo) -> None:
        """Take over the state of another LFO."""
        self._ahead = old._ahead
        self._last = old._last if self.period == old.period else None

    def pace(self, paces: Sequence[float], time: float, tempo: Tempo) -> None:
        """paces: its rate, times the one that is written. A rate that changes bends the wave and
        does not break it: what it has added is summed up frame by frame."""
        passed = self._passed(time, tempo)
        if self._last is not None and paces[0] != 1:
            self._ahead += (max(0.0, paces[0]) - 1) * (passed - self._last)
        self._last = passed

    def _passed(self, time: float, tempo: Tempo) -> float:
        beats = self.period.in_beats(tempo.beats_per_bar)
        return tempo.beat(time) / beats if self.period.musical else time / self.period.seconds

    def at(self, time: float, tempo: Tempo) -> float:
        position = self._passed(time, tempo) + self._ahead
        return WAVE_FUNCTIONS[self.wave](position + self.phase, self.seed)


@dataclass(slots=True)
class Envelope:
    """Attack, decay, release in seconds; sustain is a level. With sustain 0 it is a one-shot. A
    gate-on while it sounds starts from the present level."""

    attack: float = 0.01
    decay: float = 0.3
    sustain: float = 0.0
    release: float = 0.3
    _begin: float = -math.inf
    _end: float = math.inf
    _from: float = 0.0
    _gate_off: float = 0.0
    _pace: tuple[float, float] = (1.0, 1.0)

    def pace(self, paces: Sequence[float], time: float, tempo: Tempo) -> None:
        """paces: its attack and its decay, times those that are written. Where it is on its way it
        stays."""
        new = max(0.0, paces[0]), max(0.0, paces[1])
        if new == self._pace:
            return
        attack, decay = (self.attack * self._pace[0], self.decay * self._pace[1])
        wanted = self.attack * new[0], self.decay * new[1]
        passed, self._pace = time - self._begin, new
        if not math.isfinite(passed):
            return
        if passed < attack:
            self._begin = time - passed / attack * wanted[0]
        elif passed < attack + decay:
            self._begin = time - wanted[0] - (passed - attack) / decay * wanted[1]
        else:
            self._begin = time - (passed - attack - decay) - sum(wanted)

    def gate_on(self, time: float) -> None:
        self._from = self._level(time)
        self._begin, self._end = time, math.inf

    def gate_off(self, time: float) -> None:
        if self._end == math.inf and self._begin > -math.inf:
            self._gate_off = self._level(time)
            self._end = time

    def reset(self) -> None:
        """Back to silence."""
        self._begin, self._end = -math.inf, math.inf

    def take_over(self, old: Envelope) -> None:
        """Take over the state of another envelope."""
        self._begin, self._end, self._from, self._gate_off = (
            old._begin,
            old._end,
            old._from,
            old._gate_off,
        )
        self._pace = old._pace

    def _level(self, time: float) -> float:
        if self._begin == -math.inf:
            return 0.0
        if time >= self._end:
            return (
                0.0
                if self.release <= 0
                else self._gate_off * max(0.0, 1 - (time - self._end) / self.release)
            )
        attack, decay = self.attack * self._pace[0], self.decay * self._pace[1]
        passed = time - self._begin
        if passed < attack:
            return self._from + (1 - self._from) * passed / attack
        passed -= attack
        if passed < decay:
            return 1 + (self.sustain - 1) * passed / decay
        return self.sustain

    def at(self, time: float, tempo: Tempo) -> float:
        return self._level(time)


class LevelSource(Protocol):
    """A source of audio levels, see `vj.control.audio`."""

    def level(self, band: str, time: float) -> float:
        """A band's level at `time`, 0 for silence, 1 for full scale."""


AUTO_GAIN_DECAY = 12.0
"""Automatic gain: seconds in which the measured maximum decays."""
AUTO_GAIN_FLOOR = 0.02
"""Automatic gain: the least maximum, so that noise is not amplified."""


@dataclass(slots=True)
class Gain:
    """A gain, or an automatic one, by which the maximum of the last seconds is about 1. fixed:
    below 0 it is automatic."""

    fixed: float = 1.0
    _loudest: float = 0.0

    @property
    def present(self) -> float:
        """That of the last frame; an automatic one is what it has found."""
        return self.fixed if self.fixed >= 0 else 1 / max(self._loudest, AUTO_GAIN_FLOOR)

    def applied(self, level: float, passed: float, floor: float) -> float:
        """A level from 0 as 0..1; up to `floor` (0..1) it is 0. passed: seconds since the last
        one."""
        if self.fixed < 0:
            fading = math.exp(-passed / AUTO_GAIN_DECAY) if 0 <= passed < math.inf else 0.0
            self._loudest = max(level, self._loudest * fading)
        return min(1.0, max(0.0, (level * self.present - floor) / (1 - floor)))

    def take_over(self, old: Gain) -> None:
        """Take over what another one has found."""
        self._loudest = old._loudest


@dataclass(slots=True)
class Follower:
    """The level of an audio band, with gain, floor and smoothing. floor: the level that counts as
    silence, 0..1. smooth: seconds."""

    audio: LevelSource
    band: str
    gain: Gain = field(default_factory=Gain)
    floor: float = 0.05
    smooth: float = 0.1
    _last: float = 0.0
    _time: float = field(default=-math.inf)
    heard: float = 0.0
    """The band's level in the last frame, before gain, floor and smoothing."""

    def take_over(self, old: Follower) -> None:
        """Take over the state of another follower."""
        self._last, self._time, self.heard = old._last, old._time, old.heard
        self.gain.take_over(old.gain)

    def at(self, time: float, tempo: Tempo) -> float:
        passed = time - self._time
        self._time = time
        level = self.heard = self.audio.level(self.band, time)
        wanted = self.gain.applied(level, passed, self.floor)
        if self.smooth <= 0 or not 0 <= passed < 10:
            self._last = wanted
        elif wanted > self._last:  # rises quickly, falls slowly: a drum hit is seen as it sounds
            self._last = wanted + (self._last - wanted) * math.exp(-passed * 12 / self.smooth)
        else:
            self._last = wanted + (self._last - wanted) * math.exp(-passed * 3 / self.smooth)
        return self._last
