"""Checks of a show's score that need more than one of its lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from vj.control.rules import CueRule, CurveRule, MacroRule, MappingRule, ModulatorRule, TempoRule, TimelineRule
from vj.errors import Fault, nearest
from vj.parameters.table import Parameter, Table, fit
from vj.section import Place

Found = tuple[Place, Fault]


class Scored(Protocol):
    """The sections of a show that are checked here."""

    @property
    def mappings(self) -> list[MappingRule]: ...
    @property
    def macros(self) -> dict[str, MacroRule]: ...
    @property
    def modulators(self) -> list[ModulatorRule]: ...
    @property
    def cues(self) -> list[CueRule]: ...
    @property
    def timeline(self) -> list[TimelineRule]: ...
    @property
    def curves(self) -> list[CurveRule]: ...
    @property
    def tempo(self) -> TempoRule: ...


def check_score(show: Scored, table: Table) -> list[Found]:
    """Every fault, with its place. All parameters that are named exist, all cues too, and nothing is said twice."""
    return [
        *_mappings(show, table),
        *_macros(show, table),
        *_modulators(show, table),
        *_cues(show, table),
        *_timeline(show),
        *_curves(show, table),
    ]


def _number(table: Table, name: str, place: Place) -> Iterator[Found | Parameter]:
    try:
        row = table.find(name)
    except Fault as fault:
        yield place, fault
        return
    if row.kind not in ("float", "int"):
        yield place, Fault(f"{name}: is no number ({row.range})")
    else:
        yield row


def _mappings(show: Scored, table: Table) -> Iterator[Found]:
    macros: dict[str, str] = {}
    for index, rule in enumerate(show.mappings):
        place: Place = ("mappings", index)
        if rule.to in show.macros:
            other = macros.setdefault(rule.control, rule.to)
            if other != rule.to:
                yield (*place, "to"), Fault(f"{rule.control} plays two macros, {other} and {rule.to}; let one macro drive both")
            row = table.rows[f"macro/{rule.to}"]
        else:
            try:
                row = table.find(rule.to)
            except Fault as fault:
                names = [*table.rows, *show.macros]
                yield (*place, "to"), fault if "did you" in str(fault) else Fault(f"{fault}{nearest(rule.to, names)}")
                continue
        if rule.range is not None and row.kind in ("float", "int"):
            for value in rule.range:
                remark = fit(row, value)[1]
                if remark:
                    yield (*place, "range"), Fault(remark)
        if rule.value is not None:
            try:
                fit(row, rule.value)
            except Fault as fault:
                yield (*place, "value"), fault


def _macros(show: Scored, table: Table) -> Iterator[Found]:
    for name, rule in show.macros.items():
        for target, drive in rule.drives.items():
            place = ("macros", name, "drives", target)
            for found in _number(table, target, place):
                if not isinstance(found, Parameter):
                    yield found
                    continue
                if found.name.startswith("macro/"):
                    yield place, Fault(f"{target}: a macro cannot drive a macro")
                for value in (drive.low, drive.high):
                    remark = fit(found, value)[1]
                    if remark:
                        yield place, Fault(remark)


def _modulators(show: Scored, table: Table) -> Iterator[Found]:
    names: set[str] = set()
    for index, rule in enumerate(show.modulators):
        if rule.name is not None:
            if rule.name in names:
                yield ("modulators", index, "name"), Fault(f"{rule.name}: two modulators have this name")
            names.add(rule.name)
        for found in _number(table, rule.to, ("modulators", index, "to")):
            if not isinstance(found, Parameter):
                yield found
            elif found.name.startswith(("macro/", "mod/", "tempo/")):
                yield ("modulators", index, "to"), Fault(f"{rule.to}: cannot be modulated")
        if rule.envelope is not None and rule.envelope.startswith("cue "):
            yield from _cue_named(show, rule.envelope[4:], ("modulators", index, "envelope"))


def _cue_named(show: Scored, name: str, place: Place) -> Iterator[Found]:
    names = [cue.name for cue in show.cues]
    if name not in names:
        yield place, Fault(f"{name}: no such cue{nearest(name, names)} ({', '.join(names) or 'the show has none'})")


def _cues(show: Scored, table: Table) -> Iterator[Found]:
    seen: set[str] = set()
    for index, cue in enumerate(show.cues):
        place: Place = ("cues", index)
        if cue.name in seen:
            yield (*place, "name"), Fault(f"{cue.name}: two cues have this name")
        seen.add(cue.name)
        if cue.then is not None:
            yield from _cue_named(show, cue.then, (*place, "then"))
            if cue.then == cue.name:
                yield (*place, "then"), Fault(f"{cue.name}: a cue cannot follow itself")
            if cue.follow is None:
                yield (*place, "then"), Fault(f"{cue.name}: then: wants follow: too, which says when, for example follow: 8 s")
        for name, value in cue.set.items():
            yield from _value(table, name, value, (*place, "set", name))
        for name in cue.eases:
            if name not in cue.set:
                yield (*place, "eases", name), Fault(f"{name}: has an ease, but the cue does not set it")


def _value(table: Table, name: str, value: Any, place: Place) -> Iterator[Found]:
    try:
        row = table.find(name)
        if row.kind == "trigger" or row.name.startswith("cue/"):
            raise Fault(f"{name}: a cue names itself or another here; cues hold values, and follow: and then: lead on")
        remark = fit(row, value)[1]
        if remark:
            raise Fault(remark)
    except Fault as fault:
        yield place, fault


def _timeline(show: Scored) -> Iterator[Found]:
    last, bars = -1.0, show.tempo.beats_per_bar
    for index, rule in enumerate(show.timeline):
        at = rule.at.in_seconds(show.tempo.bpm, bars)
        if at < last:
            yield ("timeline", index, "at"), Fault("stands before the entry above it; write them in the order in which they happen")
        last = at
        if rule.cue is not None:
            yield from _cue_named(show, rule.cue, ("timeline", index, "cue"))
        if rule.loop is not None and rule.loop.in_seconds(show.tempo.bpm, bars) >= at:
            yield ("timeline", index, "loop"), Fault("a loop leads back, to a moment before its own")


def _curves(show: Scored, table: Table) -> Iterator[Found]:
    for index, rule in enumerate(show.curves):
        last = -1.0
        for found in _number(table, rule.to, ("curves", index, "to")):
            if not isinstance(found, Parameter):
                yield found
                continue
            for number, point in enumerate(rule.points):
                at = point.at.in_seconds(show.tempo.bpm, show.tempo.beats_per_bar)
                if at < last:
                    yield ("curves", index, "points", number), Fault("stands before the point above it")
                last = at
                remark = fit(found, point.value)[1]
                if remark:
                    yield ("curves", index, "points", number), Fault(remark)
