"""Cues, the timeline that fires them, and curves along it. All run on the frame's time."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vj.control.tempo import Tempo
from vj.core.errors import Fault, nearest
from vj.parameters.curves import Curve, curve
from vj.parameters.store import Store
from vj.parameters.table import Table, Value
from vj.show.control_sections import CueRule, CurveRule, TimelineRule
from vj.show.durations import Duration

NOT_KEPT = ("cue/", "take/", "tempo/", "timeline/", "record", "panic")
"""Parameters that a stored cue does not contain."""
FARTHEST = 4.0
"""Beats from one frame to the next, at most; more means that the beat was repositioned."""
NAME, MOST = 255, 999
"""Characters of a name, and number of cues, at most: a script that stores one a frame must not fill
the memory."""


@dataclass(slots=True)
class InBeats:
    """The pace of a fade that lasts so many beats, whatever the tempo. A repositioned beat does not
    move it."""

    tempo: Tempo
    beats: float
    begin: float
    done: float = 0.0

    def __call__(self, time: float) -> float:
        beat = self.tempo.beat(time)
        share = (beat - self.begin) / self.beats
        if not self.done <= share <= self.done + FARTHEST / self.beats:
            self.begin, share = beat - self.done * self.beats, self.done
        self.done = share
        return share


class CueList:
    """The cues in their order, and the current one."""

    def __init__(self, rules: Sequence[CueRule]) -> None:
        self.cues: dict[str, CueRule] = {rule.name: rule for rule in rules}
        self.current: str | None = None
        self.stored: dict[str, CueRule] = {}
        """Cues that were stored while playing and are not yet written into the show file."""
        self._due_time, self._due_beat = math.inf, math.inf

    def take_over(self, old: CueList, table: Table) -> None:
        """Take over the state of another list: the current cue, its follow time, and stored cues,
        without parameters that are no longer in the table."""
        for name, rule in old.stored.items():
            known = {key: value for key, value in rule.set.items() if key in table.rows}
            self.cues[name] = self.stored[name] = (
                rule if len(known) == len(rule.set) else rule.model_copy(update={"set": known})
            )
        if old.current in self.cues:
            self.current = old.current
            self._due_time, self._due_beat = old._due_time, old._due_beat

    def cancel_follow(self) -> None:
        """Cancel the current cue's follow."""
        self._due_time, self._due_beat = math.inf, math.inf

    def neighbour(self, step: int) -> str | None:
        """The cue after (or before) the current one; before the first go, the first. None at either
        end."""
        names = list(self.cues)
        if self.current not in self.cues:
            return names[0] if names and step > 0 else None
        index = names.index(self.current) + step
        return names[index] if 0 <= index < len(names) else None

    def named(self, asked: object) -> CueRule:
        """By name, or by number from 0 as program changes count. A number, 2 or "2", is a name
        where a cue has it. Raises Fault."""
        if (
            isinstance(asked, str)
            and asked not in self.cues
            and asked.isascii()
            and asked.isdecimal()
            and len(asked) < 5
        ):
            asked = int(asked)
        if isinstance(asked, bool):
            raise Fault("cue: which one? Its name, or its number counted from 0, would be right")
        if isinstance(asked, int | float):
            names = list(self.cues)
            whole = math.isfinite(asked) and asked == int(asked)
            if whole and str(int(asked)) in self.cues:
                return self.cues[str(int(asked))]
            if whole and 0 <= asked < len(names):
                return self.cues[names[int(asked)]]
            there = "is 1 cue" if len(names) == 1 else f"are {len(names)} cues"
            raise Fault(f"cue {asked!r:.40}: there {there}, counted from 0")
        if str(asked) not in self.cues:
            raise Fault(
                f"cue {asked!r}: no such cue{nearest(str(asked), self.cues)} "
                f"({', '.join(self.cues) or 'the show has none'})"
            )
        return self.cues[str(asked)]

    def check_name(self, name: str, others: Collection[str] = ()) -> None:
        """Check whether a cue may be stored under a name. others: names that are about to be
        stored. Raises Fault."""
        if len(name) > NAME:
            raise Fault(f"cue: a name of {len(name)} letters; {NAME} are the most")
        count = len({*self.cues, *others})
        if count >= MOST and name not in self.cues and name not in others:
            raise Fault(
                f"cue {name!r}: there are {count} cues, and {MOST} are the most; store over one "
                "of them"
            )

    def fire(self, cue: CueRule, store: Store, time: float, tempo: Tempo, origin: object) -> float:
        """Start the cue's fades. Returns their duration in seconds."""
        seconds = cue.fade.in_seconds(tempo.bpm, tempo.beats_per_bar)
        beats = cue.fade.in_beats(tempo.beats_per_bar)
        for name, value in cue.set.items():
            pace = InBeats(tempo, beats, tempo.beat(store.time)) if beats > 0 else None
            store.fade(name, value, seconds, curve(cue.eases.get(name, cue.ease)), origin, pace)
        self.current = cue.name
        self._plan(cue, time, tempo)
        return seconds

    def resume(self, name: str) -> None:
        """Make a cue the current one without firing it; its follow is still due."""
        self.current, self._due_time = name, 0.0

    def begin(self, time: float, tempo: Tempo) -> None:
        """The show begins: the follow time of a cue that was fired before starts now."""
        if self.current is not None and (self._due_time, self._due_beat) != (math.inf, math.inf):
            self._plan(self.cues[self.current], time, tempo)

    def _plan(self, cue: CueRule, time: float, tempo: Tempo) -> None:
        """Set when the cue's follow is due, if it has one."""
        self._due_time, self._due_beat = math.inf, math.inf
        if cue.follow is not None and cue.follow.musical:
            beat = tempo.beat(time) + cue.follow.in_beats(tempo.beats_per_bar)
            line = tempo.beats_per_bar if cue.follow.bars else 1.0
            self._due_beat = (
                math.floor(beat / line + 1e-6) * line if beat - tempo.beat(time) >= line else beat
            )
        elif cue.follow is not None:
            self._due_time = time + cue.follow.seconds

    def following(self, time: float, tempo: Tempo) -> str | None:
        """The name of the following cue, if it is due."""
        if self.current is None or (
            time < self._due_time - 1e-9 and tempo.beat(time) < self._due_beat - 1e-9
        ):
            return None
        self._due_time, self._due_beat = math.inf, math.inf
        return self.cues[self.current].then or self.neighbour(1)

    def store(self, name: str, values: dict[str, Value]) -> CueRule:
        """Store values as a cue. It replaces one of the same name and keeps its fade. Raises
        Fault."""
        self.check_name(name)
        kept = {key: value for key, value in values.items() if not key.startswith(NOT_KEPT)}
        old = self.cues.get(name)
        rule = (
            old.model_copy(update={"set": kept})
            if old
            else CueRule(name=name, set=kept, fade=Duration(1.0))
        )
        self.cues[name] = self.stored[name] = rule
        return rule


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
