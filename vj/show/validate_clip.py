"""Checks of what a show means of its clips: marks, curves along a clip, entries of the timeline."""

from __future__ import annotations

from collections.abc import Iterator

from vj.core.errors import Fault, nearest
from vj.show.clip_names import OWN, ClipNames
from vj.show.expression import Expression
from vj.show.section import KeyPath
from vj.show.sequence import Found, Sequence
from vj.show.timeline_section import Point, TimelineRule

CLIP_TIME = ("t", "beat", "bar", "bpm")
"""What the expression of a curve along a clip knows: seconds of the clip, and beats counted on
them."""


def clip_faults(show: Sequence) -> Iterator[Found]:
    """Clips and marks that the show has not, and moments that are none of a clip."""
    known = ClipNames(show.sources, show.source).known
    for clip in show.marks:
        if clip != OWN:
            yield from _clip_named(known, clip, ("marks", clip))
    for index, entry in enumerate(show.timeline):
        if entry.on == "clip":
            place: KeyPath = ("timeline", index)
            yield from _clip_named(known, entry.clip, (*place, "clip"))
            yield from _moment(show, entry, entry.clip, (*place, "at"))
    for index, rule in enumerate(show.curves):
        if rule.on == "clip":
            place = ("curves", index)
            yield from _clip_named(known, rule.clip, (*place, "clip"))
            for number, point in enumerate(rule.points):
                yield from _moment(show, point, rule.clip, (*place, "points", number))
            moments = [point.at.seconds for point in rule.points if point.mark is None]
            for number in range(1, len(moments)):
                if len(moments) == len(rule.points) and moments[number] < moments[number - 1]:
                    yield (*place, "points", number), Fault("comes before the point above it")
    for index, cue in enumerate(show.cues):
        if cue.on == "clip" and cue.fade.musical:
            yield ("cues", index, "fade"), Fault(NO_BEATS)


NO_BEATS = "a clip has no beats; write 0:03.4, or a number of seconds"


def _moment(
    show: Sequence, entry: TimelineRule | Point, clip: str | None, place: KeyPath
) -> Iterator[Found]:
    if entry.mark is not None:
        yield from mark_named(show, entry.mark, clip, place)
    elif entry.at.musical:
        yield place, Fault(NO_BEATS)


def _clip_named(known: list[str], clip: str | None, place: KeyPath) -> Iterator[Found]:
    if clip is not None and clip not in known:
        yield (
            place,
            Fault(f"{clip}: no such clip in this show{nearest(clip, known)} ({', '.join(known)})"),
        )


def mark_named(show: Sequence, mark: str, clip: str | None, place: KeyPath) -> Iterator[Found]:
    """Check that the show has a mark of this name; with a clip, that it may be one of it."""
    clips = [one for one in show.marks if clip is None or one in (clip, OWN)]
    names = list(dict.fromkeys(name for one in clips for name in show.marks[one]))
    if not mark:
        yield place, Fault(f"mark: of which name? ({', '.join(names) or 'the show has none'})")
    elif mark not in names:
        of = "" if clip is None else f" in {clip}"
        yield (
            place,
            Fault(
                f"{mark}: no such mark{of}{nearest(mark, names)} "
                f"({', '.join(names) or 'it has none'}); marks: {{{mark}: 0:03.4}} would be one, "
                f"and /vj/mark/set {mark} sets it while the clip plays"
            ),
        )


def check_expression(text: str, place: KeyPath) -> Iterator[Found]:
    """Check that an expression along a clip is one of the clip alone."""
    expression = Expression(text)
    try:
        expression.check_names(CLIP_TIME)
        for name in expression.parameters:
            raise Fault(f'p("{name}") belongs in modulators:')
    except Fault as fault:
        yield place, Fault(f"{fault}; a curve along a clip knows {', '.join(CLIP_TIME)} and pi")
