"""The timeline that fires cues, and curves along it. Both run on the frame's time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from vj.control.tempo import Tempo
from vj.parameters.curves import Curve, curve
from vj.show.control_sections import CurveRule, TimelineRule
from vj.show.durations import Duration


class Position:
    """The position on the timeline, in seconds and beats; a loop moves it back."""

    def __init__(self) -> None:
        self._time = self._beat = 0.0

    def seconds(self, time: float) -> float:
        return time - self._time

    def beats(self, time: float, tempo: Tempo) -> float:
        return tempo.beat(time) - self._beat

    def reached(self, at: Duration, time: float, tempo: Tempo) -> bool:
        if at.musical:
            return self.beats(time, tempo) >= at.in_beats(tempo.beats_per_bar) - 1e-9
        return self.seconds(time) >= at.seconds - 1e-9

    def back(self, at: Duration, to: Duration, tempo: Tempo) -> None:
        """Move back from one moment to an earlier one, keeping the fraction of a frame."""
        seconds = at.in_seconds(tempo.bpm, tempo.beats_per_bar) - to.in_seconds(
            tempo.bpm, tempo.beats_per_bar
        )
        self._time += seconds
        self._beat += seconds * tempo.bpm / 60

    def skip(self, seconds: float, beats: float) -> None:
        """Leave out time during which the timeline was stopped."""
        self._time += seconds
        self._beat += beats


class Timeline:
    """The timeline's entries in their order; each fires once, until a loop."""

    def __init__(self, rules: Sequence[TimelineRule]) -> None:
        self.position = Position()
        self.rules, self._next = rules, 0
        self._stopped_at: tuple[float, float] | None = None
        self.waits = False
        """The show has not begun: live, the model is still loading."""
        self._from = 0.0, 0.0

    @property
    def stopped(self) -> bool:
        """It was stopped, or has not begun; curves are stopped, too."""
        return self._stopped_at is not None or self.waits

    def begin(self, time: float, tempo: Tempo) -> None:
        """The show begins at this time. Does nothing when it has begun."""
        if self.waits:
            self.waits = False
            seconds, beats = self._from
            self.position.skip(time - seconds, tempo.beat(time) - beats)
            self._next = self._count_past(time, tempo) if seconds > 0 else 0
            if self._stopped_at is not None:
                self._stopped_at = time, tempo.beat(time)

    def resume(self, seconds: float, beats: float) -> None:
        """Have it begin at a later position."""
        self._from = seconds, beats

    def passed(self, time: float, tempo: Tempo) -> tuple[float, float] | None:
        """Seconds and beats since its beginning; None before it."""
        if self.waits:
            return None
        time, beat = self._stopped_at or (time, tempo.beat(time))
        return self.position.seconds(time), beat - tempo.beat(time) + self.position.beats(
            time, tempo
        )

    def _count_past(self, time: float, tempo: Tempo) -> int:
        return sum(1 for rule in self.rules if self.position.reached(rule.at, time, tempo))

    def stop(self, time: float, tempo: Tempo) -> None:
        """Stop until `play`."""
        if self._stopped_at is None:
            self._stopped_at = time, tempo.beat(time)

    def play(self, time: float, tempo: Tempo) -> None:
        """Go on from where it was stopped."""
        if self._stopped_at is not None and not self.waits:
            self.position.skip(time - self._stopped_at[0], tempo.beat(time) - self._stopped_at[1])
        self._stopped_at = None

    def take_over(self, old: Timeline, time: float, tempo: Tempo) -> None:
        """Take over another timeline's position: entries before it are not repeated."""
        self.position, self._stopped_at, self.waits = old.position, old._stopped_at, old.waits
        if self.waits:
            self._next = 0
        elif self.rules == old.rules:
            self._next = old._next
        else:
            self._next = self._count_past(time, tempo)

    def due(self, time: float, tempo: Tempo) -> list[str]:
        """The cues that are due."""
        found: list[str] = []
        if self.stopped:
            return found
        for _ in range(1000):  # a loop shorter than a frame must not hang
            if self._next >= len(self.rules):
                break
            rule = self.rules[self._next]
            if not self.position.reached(rule.at, time, tempo):
                break
            self._next += 1
            if rule.cue is not None:
                found.append(rule.cue)
            elif rule.loop is not None:
                self.position.back(rule.at, rule.loop, tempo)
                target = rule.loop.in_seconds(tempo.bpm, tempo.beats_per_bar)
                moments = [r.at.in_seconds(tempo.bpm, tempo.beats_per_bar) for r in self.rules]
                self._next = next(
                    (i for i, moment in enumerate(moments) if moment >= target - 1e-9),
                    len(self.rules),
                )
        return found


@dataclass(slots=True)
class _Leg:
    at: Duration
    value: float
    shape: Curve


class CurveTrack:
    """The curve of one parameter. When the performer moves the parameter, the curve is released
    until the next breakpoint, or the next round of a loop."""

    def __init__(self, rule: CurveRule, to: str = "") -> None:
        """to: the parameter's full name."""
        self.to, self.rule = to or rule.to, rule
        self._legs = [_Leg(point.at, point.value, curve(point.curve)) for point in rule.points]
        self._loop = rule.loop
        self._released = self._touch_pending = False
        self._released_leg: int | None = None

    def touch(self) -> None:
        """The performer has moved the parameter."""
        self._touch_pending = True

    def take_over(self, old: CurveTrack) -> None:
        """Take over the state of another curve of the parameter."""
        self._touch_pending = old._touch_pending or old._released
        if self.rule == old.rule:
            self._touch_pending, self._released, self._released_leg = (
                old._touch_pending,
                old._released,
                old._released_leg,
            )

    def at(self, position: Position, time: float, tempo: Tempo) -> float | None:
        """The value in the frame at `time`; None while it is released, or before the first
        point."""
        moments = [leg.at.in_seconds(tempo.bpm, tempo.beats_per_bar) for leg in self._legs]
        now = (
            position.beats(time, tempo) * 60 / tempo.bpm
            if any(leg.at.musical for leg in self._legs)
            else position.seconds(time)
        )
        rounds = 0
        if self._loop and now > moments[-1] > moments[0]:
            whole, rest = divmod(now - moments[0], moments[-1] - moments[0])
            now, rounds = moments[0] + rest, int(whole)
        leg = sum(1 for moment in moments if now >= moment - 1e-9) - 1
        here = rounds * len(moments) + leg
        if self._touch_pending:
            self._touch_pending, self._released, self._released_leg = False, True, here
        if self._released and self._released_leg == here:
            return None
        self._released = False
        if leg < 0:
            return None
        if leg == len(self._legs) - 1:
            return self._legs[-1].value
        start, end = self._legs[leg], self._legs[leg + 1]
        length = moments[leg + 1] - moments[leg]
        share = 1.0 if length <= 0 else (now - moments[leg]) / length
        return start.value + end.shape(min(1.0, max(0.0, share))) * (end.value - start.value)
