"""The timeline that fires cues: played, paused, and sought. On the frame's time."""

from __future__ import annotations

from collections.abc import Sequence

from vj.control.tempo import Tempo
from vj.show.durations import Duration
from vj.show.timeline_section import TimelineRule

SNAP = 0.005
"""Seconds. An entry so near after a position that is set counts as passed: OSC rounds its numbers,
and one who names an entry's moment means the entry."""
PLAYING, PAUSED, STOPPED = "playing", "paused", "stopped"
"""How the timeline stands: paused until `timeline/play`, or stopped by panic, until that or the
next cue."""


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

    def seek(self, seconds: float, time: float, tempo: Tempo) -> None:
        """Be at so many seconds in the frame at `time`, and at their beats at the present tempo."""
        self._time = time - seconds
        self._beat = tempo.beat(time) - seconds * tempo.bpm / 60


class Timeline:
    """The timeline's entries in their order; each fires once, until a loop."""

    def __init__(self, rules: Sequence[TimelineRule], begin_at: float = 0.0) -> None:
        """begin_at: the position in seconds at which the show begins."""
        self.position = Position()
        self.rules, self._next = rules, 0
        self._loop: int | None = None
        """The loop that was played last, by its index."""
        self._round = 0
        """The entry that the present round began with, by its index."""
        self._stopped_at: tuple[float, float] | None = None
        self._paused = False
        self.waits = False
        """The show has not begun: live, the model is still loading."""
        self._from = 0.0, 0.0
        self.pending: float | None = begin_at if begin_at > 0 else None
        """A position to be set when the show begins."""

    @property
    def stopped(self) -> bool:
        """It was stopped, or has not begun; curves are stopped, too."""
        return self._stopped_at is not None or self.waits

    @property
    def state(self) -> str:
        """`PLAYING`, `PAUSED` or `STOPPED`."""
        return PLAYING if self._stopped_at is None else PAUSED if self._paused else STOPPED

    def begin(self, time: float, tempo: Tempo) -> None:
        """The show begins at this time. Does nothing when it has begun."""
        if self.waits:
            self.waits = False
            seconds, beats = self._from
            self.position.skip(time - seconds, tempo.beat(time) - beats)
            self._next = self._count_past(time, tempo) if seconds > 0 else 0
            if self._stopped_at is not None:
                self._stopped_at = time, tempo.beat(time)

    def resume(self, seconds: float, beats: float, state: str = PLAYING) -> None:
        """Have it begin at a later position, in the state of another run."""
        self._from, self.pending = (seconds, beats), None
        if state in (PAUSED, STOPPED):
            self._stopped_at, self._paused = (0.0, 0.0), state == PAUSED

    def passed(self, time: float, tempo: Tempo) -> tuple[float, float] | None:
        """Seconds and beats since its beginning; None before it. 0 while a timecode leads up to
        it."""
        if self.waits:
            return None
        time, beat = self._stopped_at or (time, tempo.beat(time))
        beats = beat - tempo.beat(time) + self.position.beats(time, tempo)
        return max(0.0, self.position.seconds(time)), max(0.0, beats)

    def seconds(self, time: float, tempo: Tempo) -> float:
        """The position; before the show begins, the one at which it will."""
        if self.pending is not None:
            return self.pending
        passed = self.passed(time, tempo)
        return self._from[0] if passed is None else passed[0]

    def _count_past(self, time: float, tempo: Tempo) -> int:
        return sum(1 for rule in self.rules if self.position.reached(rule.at, time, tempo))

    def stop(self, time: float, tempo: Tempo) -> None:
        """Stop until `play` or `go_on`."""
        if self._stopped_at is None:
            self._stopped_at = time, tempo.beat(time)
        if self.pending is not None:  # it begins there, but nothing is fired
            self._from, self.pending = (self.pending, self.pending * tempo.bpm / 60), None

    def pause(self, time: float, tempo: Tempo) -> None:
        """Stop until `play`; `go_on` does nothing."""
        if self._stopped_at is None:
            self._stopped_at = time, tempo.beat(time)
        self._paused = True

    def play(self, time: float, tempo: Tempo) -> None:
        """Go on from where it was stopped."""
        self.settle(time, tempo)
        self._stopped_at, self._paused = None, False

    def go_on(self, time: float, tempo: Tempo) -> None:
        """A cue was fired: go on, unless it was paused."""
        if not self._paused:
            self.play(time, tempo)

    def settle(self, time: float, tempo: Tempo) -> None:
        """While it is stopped: leave out the time until now."""
        if self._stopped_at is not None and not self.waits:
            self.position.skip(time - self._stopped_at[0], tempo.beat(time) - self._stopped_at[1])
            self._stopped_at = time, tempo.beat(time)

    def take_over(self, old: Timeline, time: float, tempo: Tempo) -> None:
        """Take over another timeline's position: entries before it are not repeated."""
        old.settle(time, tempo)
        self.position, self._stopped_at, self.waits = old.position, old._stopped_at, old.waits
        self._paused, self._from, self.pending = old._paused, old._from, old.pending
        if self.waits:
            self._next = 0
        elif self.rules == old.rules:
            self._next, self._loop, self._round = old._next, old._loop, old._round
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
                self._go_back(self._next - 1, _seconds(rule.loop, tempo), tempo)
        return found

    def _go_back(self, loop: int, target: float, tempo: Tempo) -> None:
        """Begin a round at the first entry from a loop's target on. loop: its index."""
        self._loop = loop
        moments = [_seconds(rule.at, tempo) for rule in self.rules]
        self._round = self._next = next(
            (i for i, moment in enumerate(moments) if moment >= target - 1e-9), len(self.rules)
        )

    def seek(self, seconds: float, time: float, tempo: Tempo) -> None:
        """Go to a position, also while it is stopped. Entries before it count as passed, and are
        not due; a position behind a loop is the one to which the loop leads. Musical moments count
        at the present tempo."""
        self.settle(time, tempo)
        moments = [_seconds(rule.at, tempo) for rule in self.rules]
        self._loop, self._round, self._next = None, 0, 0
        for index, rule in enumerate(self.rules):
            if rule.loop is not None and moments[index] <= seconds + SNAP:
                target = _seconds(rule.loop, tempo)
                length = moments[index] - target
                rest = max(0.0, seconds - moments[index])
                seconds = target + (rest % length if length > 0 else 0.0)
                self._go_back(index, target, tempo)
                break
        while (
            self._next < len(self.rules)
            and self.rules[self._next].loop is None
            and moments[self._next] <= seconds + SNAP
        ):
            self._next += 1
        self.position.seek(seconds, time, tempo)

    def move(self, way: float, passed: float, time: float, tempo: Tempo) -> None:
        """Be led on by `way` seconds, forwards or back, instead of those that have passed since the
        last frame. Musical moments count at the present tempo."""
        self.position.seek(self.position.seconds(time) - passed + way, time, tempo)

    def passes_back(self, way: float, passed: float, time: float, tempo: Tempo) -> bool:
        """Whether such a move comes back to before an entry that counts as passed."""
        if way >= 0 or self._next == self._round:
            return False
        to = self.position.seconds(time) - passed + way
        return to < _seconds(self.rules[self._next - 1].at, tempo)

    def passed_cues(self) -> list[str]:
        """The cues of the entries up to the position, in the order in which they are played; the
        first round's too, where it is a later one."""
        first = self.rules[: self._loop] if self._loop is not None else ()
        done = (*first, *self.rules[self._round : self._next])
        return [rule.cue for rule in done if rule.cue is not None]


def _seconds(moment: Duration, tempo: Tempo) -> float:
    return moment.in_seconds(tempo.bpm, tempo.beats_per_bar)
