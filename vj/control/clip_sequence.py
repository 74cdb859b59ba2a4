"""What follows the clip on deck A: curves along it, entries of the timeline that are meant of it,
and marks. On the frame's time."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from vj.control.clip_clock import ClipClock
from vj.control.controlled_show import SequencedShow
from vj.control.curve_track import CurveLeg, CurveTrack, between, leg_at
from vj.control.marks import ClipMarks
from vj.control.tempo import Tempo
from vj.control.timeline import Position
from vj.core.errors import Fault
from vj.core.picture_place import PicturePlace
from vj.show.clip_names import ClipNames
from vj.show.timeline_section import CurveRule, TimelineRule


class ClipMoments:
    """Moments of the clip that plays: the clock, the marks, and which clip is meant."""

    def __init__(self, show: SequencedShow) -> None:
        self.clock = ClipClock()
        self.names = ClipNames(show.sources, show.source)
        self.marks = ClipMarks(self.names, show.marks)

    def place(self, clip: str | None) -> PicturePlace | None:
        """Where the picture stands; None where that is another clip than this one."""
        place = self.clock.place
        if place is None or clip is None or clip in self.names.of(place.uri, place.clip):
            return place
        return None

    def mark(self, name: str, source: str) -> float | None:
        """Seconds of a mark of a source, by its name in the show; empty: of the clip that plays.
        None for one that it has not."""
        if source:
            return self.marks.called(source).get(name)
        return None if self.clock.place is None else self.marks.of(self.clock.place).get(name)

    def moment(self, at: float, mark: str | None, place: PicturePlace) -> float | None:
        """Seconds of the clip: `at`, or those of a mark; None for one that it has not."""
        return at if mark is None else self.marks.of(place).get(mark)


class ClipCurve(CurveTrack):
    """A curve along a clip. Before its first breakpoint the first value holds, so that a moment of
    the clip has one value, however it is come to. Where another clip plays, or one without its
    marks, it rests. When the performer moves the parameter, it is released until the next
    breakpoint, the next round of the clip, or a seek."""

    def __init__(self, rule: CurveRule, to: str, moments: ClipMoments) -> None:
        super().__init__(rule, to)
        self._clip = moments

    @property
    def key(self) -> tuple[str, str | None]:
        return self.to, self.rule.clip or ""

    def has_begun(self, position: Position, time: float, tempo: Tempo) -> bool:
        """It leads now: its clip plays."""
        place = self._clip.place(self.rule.clip)
        return place is not None and (self._expression is not None or bool(self._ways(place)))

    def at(self, position: Position, time: float, tempo: Tempo) -> float | None:
        """The value at the place of the frame's picture; None while it rests."""
        place = self._clip.place(self.rule.clip)
        if place is None:
            return None
        now = place.seconds
        if self._expression is not None:
            if self._is_released((id(place.run), place.rounds)):
                return None
            names = {"t": now, "beat": now * tempo.bpm / 60, "bpm": tempo.bpm}
            names["bar"] = names["beat"] / tempo.beats_per_bar
            return self._expression.value(names, {})
        ways = self._ways(place)
        if not ways:
            return None
        moments, legs = [moment for moment, _ in ways], [leg for _, leg in ways]
        if self._loop and moments[-1] > moments[0] and now > moments[-1]:
            now = moments[0] + (now - moments[0]) % (moments[-1] - moments[0])
        leg = max(0, leg_at(moments, now))
        if self._is_released((id(place.run), place.rounds, leg)):
            return None
        return between(legs, moments, max(now, moments[0]), leg)

    def _ways(self, place: PicturePlace) -> list[tuple[float, CurveLeg]]:
        """The breakpoints with their moments, as they come; none where a mark is missing."""
        found = [
            (moment, leg)
            for leg in self._legs
            if (moment := self._clip.moment(leg.at.seconds, leg.mark, place)) is not None
        ]
        whole = len(found) == len(self._legs)
        return sorted(found, key=lambda one: one[0]) if whole else []


class ClipSequence:
    """Of one show. Belongs to the render thread."""

    def __init__(
        self,
        show: SequencedShow,
        curves: Sequence[tuple[CurveRule, str]],
        happened: Callable[[str, float], None],
    ) -> None:
        """curves: those along a clip, with their parameters' full names. happened: told of each
        mark that is passed, (`mark NAME`, the moment)."""
        self.moments = ClipMoments(show)
        self.curves = [ClipCurve(rule, to, self.moments) for rule, to in curves]
        self._entries = [rule for rule in show.timeline if rule.on == "clip"]
        self._happened = happened
        self.leads = bool(self.curves or self._entries or show.marks)
        """Something follows the clip."""
        self._done: set[object] = set()
        """What has come in this frame already."""
        self._time: float | None = None
        self._goes_on = False

    @property
    def clock(self) -> ClipClock:
        return self.moments.clock

    @property
    def marks(self) -> ClipMarks:
        return self.moments.marks

    def set_mark(self, name: str, moment: float) -> str:
        """Set one where the picture stood at a moment, on the show's clock. Returns words for the
        log. Raises Fault."""
        place = self.clock.at_moment(moment)
        if place is None:
            raise Fault(
                f"mark {name}: what is on deck A has no length, so it has no place for a mark; a "
                "clip has"
            )
        return self.marks.set(name, place)

    def take_over(self, old: ClipSequence) -> None:
        """Take over the state of another version of the show. (Its curves are the sequencer's.)"""
        self.clock.take_over(old.clock)
        self.marks.take_over(old.marks)
        self._time, self._goes_on = old._time, old._goes_on

    def follow(
        self, place: PicturePlace | None, time: float, goes_on: bool
    ) -> list[TimelineRule] | None:
        """The frame's picture stands at this place. goes_on: the show has begun, and is not
        stopped. Returns the entries that have come; None where this is known."""
        if self.clock.knows(place, time):
            return None
        self.clock.follow(place, time)
        if goes_on and not self._goes_on:
            self.clock.begin()
        self._goes_on = goes_on
        if time != self._time:
            self._time = time
            self._done.clear()
        if place is None or not goes_on:
            return []
        for name, at in self.marks.of(place).items():
            moment = self.clock.passed(at)
            if moment is not None and self._first(name):
                self._happened(f"mark {name}", moment)
        return [
            rule
            for number, rule in enumerate(self._entries)
            if self._has_come(rule) and self._first(number)
        ]

    def _first(self, what: object) -> bool:
        """It has not come in this frame before."""
        first = what not in self._done
        self._done.add(what)
        return first

    def _has_come(self, rule: TimelineRule) -> bool:
        place = self.moments.place(rule.clip)
        if place is None:
            return False
        at = self.moments.moment(rule.at.seconds, rule.mark, place)
        return at is not None and self.clock.passed(at) is not None
