"""Checks of what moves parameters by itself: macros, modulators, the timeline and curves."""

from __future__ import annotations

from collections.abc import Iterator

from vj.core.errors import Fault, nearest
from vj.core.happenings import MEETINGS
from vj.parameters.fit import fit
from vj.parameters.table import Parameter, Table
from vj.show.expression import TIME_NAMES, Expression
from vj.show.midi_controls import control
from vj.show.modulator_section import MODULATOR_NAMES
from vj.show.section import KeyPath
from vj.show.sequence import (
    POSITION,
    RESERVED_ADDRESSES,
    Found,
    Sequence,
    cue_named,
    number_row,
)
from vj.show.validate_clip import check_expression, mark_named

ENVELOPE_TRIGGERS = (
    *("beat", "bar", "cue", "cue NAME", "cut", "midi note 36", "osc /kick", "mark NAME"),
    *MEETINGS,
)
"""What can trigger an envelope."""


def macro_faults(show: Sequence, table: Table) -> Iterator[Found]:
    for name, rule in show.macros.items():
        for target, drive in rule.drives.items():
            place = ("macros", name, "drives", target)
            for found in number_row(table, target, place):
                if not isinstance(found, Parameter):
                    yield found
                    continue
                if found.name.startswith("macro/"):
                    yield place, Fault(f"{target}: a macro cannot drive a macro")
                if found.name == POSITION:
                    yield place, Fault(f"{target}: a macro cannot drive the timeline")
                for value in (drive.low, drive.high):
                    remark = fit(found, value)[1]
                    if remark:
                        yield place, Fault(remark)


def modulator_faults(show: Sequence, table: Table) -> Iterator[Found]:
    names: set[str] = set()
    for index, rule in enumerate(show.modulators):
        if rule.name is not None:
            if rule.name in names:
                yield (
                    ("modulators", index, "name"),
                    Fault(f"{rule.name}: two modulators have this name"),
                )
            names.add(rule.name)
        for found in number_row(table, rule.to, ("modulators", index, "to")):
            if not isinstance(found, Parameter):
                yield found
            elif found.name.startswith(("macro/", "mod/", "tempo/", POSITION)):
                yield ("modulators", index, "to"), Fault(f"{rule.to}: cannot be modulated")
        if rule.envelope is not None:
            yield from _envelope(show, rule.envelope, ("modulators", index, "envelope"))
        if rule.expression is not None:
            yield from _modulating(show, table, rule.expression, index)


def _modulating(show: Sequence, table: Table, text: str, index: int) -> Iterator[Found]:
    """Check that a modulator's expression knows what it names."""
    place: KeyPath = ("modulators", index, "expression")
    expression = Expression(text)
    macros = [name for name in show.macros if name not in MODULATOR_NAMES and name.isidentifier()]
    try:
        expression.check_names((*MODULATOR_NAMES, *macros))
    except Fault as fault:
        yield place, fault
    for name in sorted(expression.parameters):
        try:
            row = table.find(name)
            if row.kind not in ("float", "int", "switch"):
                raise Fault(f"{name}: is no number ({row.range})")
        except Fault as fault:
            yield place, fault


def _envelope(show: Sequence, trigger: str, place: KeyPath) -> Iterator[Found]:
    """Check that the trigger exists."""
    word, _, rest = trigger.partition(" ")
    if word == "cue" and rest:
        yield from cue_named(show, rest, place)
    elif word == "mark":
        yield from mark_named(show, rest, None, place)
    elif word == "midi":
        try:
            control(rest)
        except Fault as fault:
            yield place, fault
    elif word == "osc":
        if not rest.startswith("/"):
            yield (
                place,
                Fault(f"envelope {trigger!r}: an OSC address begins with /, such as osc /kick"),
            )
        elif rest.startswith(RESERVED_ADDRESSES):
            yield (
                place,
                Fault(f"envelope {trigger!r}: vj itself uses this address; name another one"),
            )
    elif trigger not in ("beat", "bar", "cue", "cut", *MEETINGS):
        near = nearest(word, [one.partition(" ")[0] for one in ENVELOPE_TRIGGERS])
        yield (
            place,
            Fault(f"envelope {trigger!r}: no such trigger{near} ({', '.join(ENVELOPE_TRIGGERS)})"),
        )


def timeline_faults(show: Sequence) -> Iterator[Found]:
    last, bars = -1.0, show.tempo.beats_per_bar
    for index, rule in enumerate(show.timeline):
        if rule.cue is not None:
            yield from cue_named(show, rule.cue, ("timeline", index, "cue"))
        if rule.on == "clip" or rule.when is not None:
            continue
        at = rule.at.in_seconds(show.tempo.bpm, bars)
        if at < last:
            yield (
                ("timeline", index, "at"),
                Fault(
                    "comes before the entry above it; write them in the order in which they happen"
                ),
            )
        last = at
        if rule.loop is not None and rule.loop.in_seconds(show.tempo.bpm, bars) >= at:
            yield (
                ("timeline", index, "loop"),
                Fault("a loop leads back, to a moment before its own"),
            )
    timed = any(rule.on_timeline for rule in show.timeline)
    if show.timecode is not None and not (
        timed or any(rule.on == "timeline" for rule in show.curves)
    ):
        yield (
            ("timecode",),
            Fault(
                "timecode: leads the timeline, and this show has none; timeline: [{at: 0:00, "
                "cue: NAME}] would be one"
            ),
        )


def cut_faults(show: Sequence, table: Table) -> Iterator[Found]:
    """Places to cut to are of sources that the show has."""
    row = table.find("source")
    for index, rule in enumerate(show.cuts):
        if rule.source is not None:
            try:
                fit(row, rule.source)
            except Fault as fault:
                yield ("cuts", index), fault
        if rule.mark is not None:
            yield from mark_named(show, rule.mark, rule.source, ("cuts", index))
        if rule.at is not None and rule.at.musical:
            yield (
                ("cuts", index),
                Fault("at: is a place in the clip, in its own time, for example 0:02.5"),
            )


def curve_faults(show: Sequence, table: Table) -> Iterator[Found]:
    for index, rule in enumerate(show.curves):
        last = -1.0
        for found in number_row(table, rule.to, ("curves", index, "to")):
            if not isinstance(found, Parameter):
                yield found
                continue
            if found.name == POSITION:
                yield ("curves", index, "to"), Fault(f"{rule.to}: a curve runs along the timeline")
            if rule.expression is not None:
                place: KeyPath = ("curves", index, "expression")
                along_clip = rule.on == "clip"
                check = check_expression if along_clip else _along_the_timeline
                yield from check(rule.expression, place)
            for number, point in enumerate(rule.points):
                at = point.at.in_seconds(show.tempo.bpm, show.tempo.beats_per_bar)
                if at < last and rule.on == "timeline":
                    yield (
                        ("curves", index, "points", number),
                        Fault("comes before the point above it"),
                    )
                last = at
                remark = fit(found, point.value)[1]
                if remark:
                    yield ("curves", index, "points", number), Fault(remark)


def _along_the_timeline(text: str, place: KeyPath) -> Iterator[Found]:
    """Check that a curve's expression is one of the timeline alone, so that it can be sought."""
    expression = Expression(text)
    other = sorted(expression.names.intersection(MODULATOR_NAMES).difference(TIME_NAMES))
    if expression.parameters:
        other.append(f'p("{min(expression.parameters)}")')
    if other:
        yield (
            place,
            Fault(
                f"a curve runs along the timeline and knows {', '.join(TIME_NAMES)} and pi; "
                f"{other[0]} belongs in modulators:"
            ),
        )
        return
    try:
        expression.check_names(TIME_NAMES)
    except Fault as fault:
        yield place, fault
