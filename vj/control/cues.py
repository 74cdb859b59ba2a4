"""Cues: named sets of values that are faded to. On the frame's time."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from vj.control.clip_clock import ClipClock, InClip
from vj.control.tempo import Tempo
from vj.core.errors import Fault, nearest
from vj.parameters.curves import curve
from vj.parameters.store import Store
from vj.parameters.table import Table, Value
from vj.show.durations import Duration
from vj.show.timeline_section import CueRule

NOT_KEPT = (
    *("cue/", "mark/", "take/", "tempo/", "timeline/", "record", "panic", "display/"),
    *("source", "deck/b", "model"),
)
"""What parameters begin with that a stored cue does not contain. A source or model may be one that
the show's file does not name; a cue that is written by hand may set them."""
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


@dataclass(frozen=True, slots=True)
class _CueFade:
    """The fade of the cue that was fired last. begin: seconds on the show's clock. pace: of one in
    beats, or along the clip."""

    cue: str
    begin: float
    length: Duration
    pace: InBeats | InClip | None


class CueList:
    """The cues in their order, and the current one."""

    def __init__(self, rules: Sequence[CueRule], clip: ClipClock | None = None) -> None:
        """clip: the one that plays, for fades along it."""
        self._clip = clip or ClipClock()
        self.cues: dict[str, CueRule] = {rule.name: rule for rule in rules}
        self.current: str | None = None
        self.stored: dict[str, CueRule] = {}
        """Cues that were stored while playing and are not yet written into the show file."""
        self._due_time, self._due_beat = math.inf, math.inf
        self._fade: _CueFade | None = None

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
            self._fade = old._fade

    def cancel(self) -> None:
        """Cancel the current cue's follow; its fade was ended."""
        self._due_time, self._due_beat = math.inf, math.inf
        self._fade = None

    def hold(self, seconds: float, beats: float) -> None:
        """So much time does not count for the current cue's follow."""
        self._due_time += seconds
        self._due_beat += beats

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
        for name, value in cue.set.items():
            ease = curve(cue.eases.get(name, cue.ease))
            store.fade(name, value, seconds, ease, origin, self._pace(cue, store.time, tempo))
        pace = self._pace(cue, store.time, tempo)
        self._fade = _CueFade(cue.name, store.time, cue.fade, pace) if seconds > 0 else None
        self.current = cue.name
        self._plan(cue, time, tempo)
        return seconds

    def _pace(self, cue: CueRule, time: float, tempo: Tempo) -> InBeats | InClip | None:
        beats = cue.fade.in_beats(tempo.beats_per_bar)
        if beats > 0:
            return InBeats(tempo, beats, tempo.beat(time))
        along = cue.on == "clip" and cue.fade.seconds > 0
        return InClip(self._clip, cue.fade.seconds, time, last=self._clip.place) if along else None

    def stand(self, name: str | None, time: float, tempo: Tempo) -> None:
        """Make a cue the current one without a fade, or none; its follow time starts now."""
        self.current = name
        self.cancel()
        if name is not None:
            self._plan(self.cues[name], time, tempo)

    def fading(self, time: float, tempo: Tempo) -> tuple[str, float, float] | None:
        """The cue that was fired last, the share of its fade's time that is done, 0..1, and the
        fade's seconds at the present tempo. None when the fade is over."""
        fade = self._fade
        if fade is None:
            return None
        seconds = fade.length.in_seconds(tempo.bpm, tempo.beats_per_bar)
        share = (time - fade.begin) / seconds if fade.pace is None else fade.pace(time)
        if share >= 1:
            self._fade = None
            return None
        return fade.cue, max(0.0, share), seconds

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
