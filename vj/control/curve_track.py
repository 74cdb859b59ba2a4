"""Curves: a parameter drawn along the timeline, by breakpoints or by an expression. On the frame's
time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vj.control.tempo import Tempo
from vj.control.timeline import Position
from vj.parameters.curves import Curve, curve
from vj.show.durations import Duration
from vj.show.expression import Expression
from vj.show.timeline_section import CurveRule


@dataclass(slots=True)
class CurveLeg:
    """The way to a breakpoint. mark: names its moment where `at` does not."""

    at: Duration
    value: float
    shape: Curve
    mark: str | None = None


def leg_at(moments: Sequence[float], now: float) -> int:
    """The breakpoint that was passed last, by its index; -1 before the first. moments: theirs."""
    return sum(1 for moment in moments if now >= moment - 1e-9) - 1


def between(legs: Sequence[CurveLeg], moments: Sequence[float], now: float, leg: int) -> float:
    """The value after the breakpoint `leg`, on the way to the next one or behind the last."""
    if leg == len(legs) - 1:
        return legs[-1].value
    start, end = legs[leg], legs[leg + 1]
    length = moments[leg + 1] - moments[leg]
    share = 1.0 if length <= 0 else (now - moments[leg]) / length
    return start.value + end.shape(min(1.0, max(0.0, share))) * (end.value - start.value)


class CurveTrack:
    """The curve of one parameter. When the performer moves the parameter, the curve is released
    until the next breakpoint, or the next round of a loop; an expression, which has no breakpoints,
    until the timeline goes to an earlier position."""

    def __init__(self, rule: CurveRule, to: str = "") -> None:
        """to: the parameter's full name."""
        self.to, self.rule = to or rule.to, rule
        self._legs = [
            CurveLeg(point.at, point.value, curve(point.curve), point.mark) for point in rule.points
        ]
        self._expression = None if rule.expression is None else Expression(rule.expression)
        self._loop = rule.loop
        self._last_position = 0.0
        self._released = self._touch_pending = False
        self._released_leg: object = None

    @property
    def key(self) -> tuple[str, str | None]:
        """Of which no show has two: the parameter, and for a curve along a clip whose."""
        return self.to, None

    def touch(self) -> None:
        """The performer has moved the parameter."""
        self._touch_pending = True

    def hold_again(self) -> None:
        """Another position was set: what the performer did before it no longer counts."""
        self._released = self._touch_pending = False

    def take_over(self, old: CurveTrack) -> None:
        """Take over the state of another curve of the parameter."""
        self._touch_pending = old._touch_pending or old._released
        self._last_position = old._last_position
        if self.rule == old.rule:
            self._touch_pending, self._released, self._released_leg = (
                old._touch_pending,
                old._released,
                old._released_leg,
            )

    def has_begun(self, position: Position, time: float, tempo: Tempo) -> bool:
        """The first breakpoint has passed."""
        if self._expression is not None:
            return True
        first = self._legs[0].at.in_seconds(tempo.bpm, tempo.beats_per_bar)
        return self._now(position, time, tempo) >= first - 1e-9

    def _now(self, position: Position, time: float, tempo: Tempo) -> float:
        """The position in seconds, by the beat where a breakpoint is."""
        if any(leg.at.musical for leg in self._legs):
            return position.beats(time, tempo) * 60 / tempo.bpm
        return position.seconds(time)

    def at(self, position: Position, time: float, tempo: Tempo) -> float | None:
        """The value in the frame at `time`; None while it is released, or before the first
        point. Raises NoValue where an expression has none."""
        if self._expression is not None:
            return self._computed(self._expression, position, time, tempo)
        moments = [leg.at.in_seconds(tempo.bpm, tempo.beats_per_bar) for leg in self._legs]
        now = self._now(position, time, tempo)
        rounds = 0
        if self._loop and now > moments[-1] > moments[0]:
            whole, rest = divmod(now - moments[0], moments[-1] - moments[0])
            now, rounds = moments[0] + rest, int(whole)
        leg = leg_at(moments, now)
        if self._is_released(rounds * len(moments) + leg) or leg < 0:
            return None
        return between(self._legs, moments, now, leg)

    def _is_released(self, here: object) -> bool:
        """The performer has moved the parameter, on the leg where it is. here: says which."""
        if self._touch_pending:
            self._touch_pending, self._released, self._released_leg = False, True, here
        self._released = self._released and self._released_leg == here
        return self._released

    def _computed(
        self, expression: Expression, position: Position, time: float, tempo: Tempo
    ) -> float | None:
        now, beat = position.seconds(time), position.beats(time, tempo)
        if self._touch_pending:
            self._touch_pending, self._released = False, True
        elif now < self._last_position:
            self._released = False
        self._last_position = now
        if self._released:
            return None
        bar = beat / tempo.beats_per_bar
        return expression.value({"t": now, "beat": beat, "bar": bar, "bpm": tempo.bpm}, {})
