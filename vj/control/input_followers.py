"""Followers of the input: its motion, and its brightness and colour. They hear of the frame before
the one that is sampled."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field

from vj.control.modulators import Gain
from vj.control.tempo import Tempo

PAUSE = 10.0
"""Seconds after which a follower that was off goes on from what is there."""


def _share(passed: float, seconds: float) -> float:
    """How much of a way is done after `passed` seconds, where `seconds` do 95% of it."""
    return 1 - math.exp(-3 * passed / seconds) if seconds > 0 else 1.0


@dataclass(slots=True)
class MotionFollower:
    """How the input moves, with gain, floor, attack and release. measured: from
    `vj.core.input_features`. signed: what it gives is -1..1, and rests in the middle. attack,
    release: seconds, away from rest and back to it."""

    measured: Callable[[], float]
    signed: bool = False
    gain: Gain = field(default_factory=Gain)
    floor: float = 0.05
    attack: float = 0.01
    release: float = 0.3
    _last: float = 0.0
    _time: float = -math.inf

    def take_over(self, old: MotionFollower) -> None:
        """Take over the state of another one."""
        self._last, self._time = old._last, old._time
        self.gain.take_over(old.gain)

    def value(self, time: float) -> float:
        """-1..1, or 0..1 where it is not signed."""
        passed, self._time = time - self._time, time
        measured = self.measured()
        wanted = math.copysign(self.gain.applied(abs(measured), passed, self.floor), measured)
        if not 0 <= passed < PAUSE:
            self._last = wanted
        else:
            rises = abs(wanted) > abs(self._last)
            way = wanted - self._last
            self._last += way * _share(passed, self.attack if rises else self.release)
        return self._last

    def at(self, time: float, tempo: Tempo) -> float:
        value = self.value(time)
        return 0.5 + 0.5 * value if self.signed else value


@dataclass(slots=True)
class PictureFollower:
    """What the input looks like, 0..1, with attack and release. measured: from
    `vj.core.input_features`, None while there is nothing. round: 0 is 1, as of a hue, which has
    neither gain nor floor."""

    measured: Callable[[], float | None]
    round: bool = False
    gain: Gain = field(default_factory=Gain)
    floor: float = 0.0
    attack: float = 0.01
    release: float = 0.3
    _last: float | None = None
    _time: float = -math.inf

    def take_over(self, old: PictureFollower) -> None:
        """Take over the state of another one."""
        self._last, self._time = old._last, old._time
        self.gain.take_over(old.gain)

    def value(self, time: float) -> float:
        """0..1."""
        passed, self._time = time - self._time, time
        measured = self.measured()
        if measured is None:
            return self._last or 0.0
        wanted = measured if self.round else self.gain.applied(measured, passed, self.floor)
        last = self._last
        if last is None or not 0 <= passed < PAUSE:
            self._last = wanted
            return wanted
        way = wanted - last
        if self.round:
            way = (way + 0.5) % 1 - 0.5
        now = last + way * _share(passed, self.attack if way > 0 else self.release)
        self._last = now % 1 if self.round else now
        return self._last

    def at(self, time: float, tempo: Tempo) -> float:
        return self.value(time)
