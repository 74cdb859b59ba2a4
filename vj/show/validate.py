"""Checks of a show's sequence that involve several sections."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vj.core.errors import Fault, nearest
from vj.effects.header import PREFIX as EFFECTS
from vj.parameters.fit import fit
from vj.parameters.rows.sound import PLAY, STOP
from vj.parameters.table import FIRED_AGAIN, NAMED_OR_COUNTED, Parameter, Table, Value
from vj.show.faults import as_text, number_hint
from vj.show.section import KeyPath
from vj.show.sequence import POSITION as POSITION
from vj.show.sequence import RESERVED_ADDRESSES, Found, Sequence, cue_named
from vj.show.validate_automation import (
    curve_faults,
    cut_faults,
    macro_faults,
    modulator_faults,
    timeline_faults,
)
from vj.show.validate_clip import clip_faults
from vj.show.validate_sounds import sound_faults

IN_CUES = (
    *("snapshot", "image/grab", "mask/learn", "subject/pick"),
    *("canvas/clear", "canvas/take", "film/begin", "memory/forget"),
)
"""Triggers that a cue may fire."""
KEYS = ("left", "right", "up", "down")


def check_sequence(show: Sequence, table: Table) -> list[Found]:
    """Every fault, with its key path: parameters and cues that do not exist, values out of range,
    and duplicates."""
    return [
        *_mappings(show, table),
        *macro_faults(show, table),
        *modulator_faults(show, table),
        *_cues(show, table),
        *_scenes(show, table),
        *_idle(show),
        *timeline_faults(show),
        *curve_faults(show, table),
        *clip_faults(show),
        *cut_faults(show, table),
        *sound_faults(show),
        *_addresses(show),
    ]


def fitted(row: Parameter, given: object) -> tuple[Value, str]:
    """As `fit`, with hints for values that YAML reads in an unexpected way. Raises Fault."""
    if given is None:
        raise Fault(
            f"{row.name}: no value is given"
            + ('; no text at all is ""' if row.kind == "text" else f" ({row.range})")
        )
    counted = (
        row.name in NAMED_OR_COUNTED
        and isinstance(given, int | float)
        and not isinstance(given, bool)
    )
    if row.kind == "text" and not isinstance(given, str) and not counted:
        raise Fault(f"{row.name}: {as_text(given)}")
    try:
        return fit(row, given)
    except Fault as fault:
        raise Fault(
            f"{fault}{number_hint(given)}" if row.kind in ("float", "int") else str(fault)
        ) from None


def grouped(name: str, given: object) -> str:
    """The fault of a nested mapping where one value is expected; empty for one value."""
    if not isinstance(given, dict):
        return ""
    inner = ", ".join(f"{name}/{key}: {value}" for key, value in list(given.items())[:3])
    return f"{name}: names are written whole here, without groups: {inner or name + '/...'}"


def _mappings(show: Sequence, table: Table) -> Iterator[Found]:
    macros: dict[str, str] = {}
    for index, rule in enumerate(show.mappings):
        place: KeyPath = ("mappings", index)
        if rule.to in show.macros:
            other = macros.setdefault(rule.control, rule.to)
            if other != rule.to:
                yield (
                    (*place, "to"),
                    Fault(
                        f"{rule.control} plays two macros, {other} and {rule.to}; let one macro "
                        "drive both"
                    ),
                )
            row = table.rows[f"macro/{rule.to}"]
        else:
            try:
                row = table.find(rule.to)
            except Fault as fault:
                names = [*table.rows, *show.macros]
                yield (
                    (*place, "to"),
                    fault
                    if "did you" in str(fault)
                    else Fault(f"{fault}{nearest(rule.to, names)}"),
                )
                continue
        if rule.range is not None and row.kind in ("float", "int"):
            for value in rule.range:
                remark = fit(row, value)[1]
                if remark:
                    yield (*place, "range"), Fault(remark)
        if row.name == POSITION and rule.smooth.seconds > 0:
            yield (
                (*place, "smooth"),
                Fault(f"{rule.to}: a position of the timeline is set at once; leave smooth: out"),
            )
        if rule.value is not None:
            try:
                fitted(row, rule.value)
                if row.name == "cue/fire":
                    yield from _cue_meant(show, rule.value, (*place, "value"))
            except Fault as fault:
                yield (*place, "value"), fault
        if rule.osc is not None and rule.osc.startswith(RESERVED_ADDRESSES):
            yield (
                (*place, "osc"),
                Fault(
                    f"{rule.osc}: vj itself uses this address, and it never reaches a mapping; "
                    "name another one"
                ),
            )
        if rule.osc is not None and rule.osc in show.ignored:
            yield (
                (*place, "osc"),
                Fault(
                    f"{rule.osc}: is listed in ignored: too, and never received; remove it there"
                ),
            )
        if rule.key is not None and len(rule.key) != 1 and rule.key not in KEYS:
            yield (
                (*place, "key"),
                Fault(f"key {rule.key}: a terminal gives single letters, and {', '.join(KEYS)}"),
            )


def _addresses(show: Sequence) -> Iterator[Found]:
    """Check the addresses of `answers` and `ignored`."""
    for address in show.answers:
        if not address.startswith("/") or any(letter in address for letter in " *?[]{}#,"):
            yield (
                ("answers", address),
                Fault(
                    f"{address!r} is no OSC address; they begin with / and hold no spaces or "
                    "wildcards"
                ),
            )
    for index, address in enumerate(show.ignored):
        if not address.startswith("/"):
            yield (
                ("ignored", index),
                Fault(
                    f"{address!r} is no OSC address; they begin with /, and one that ends in / is "
                    "all below it"
                ),
            )


def _cue_meant(show: Sequence, asked: Any, place: KeyPath) -> Iterator[Found]:
    """Check a cue's name. A number is accepted however few cues there are: a controller's pads
    count the cues that a show may have."""
    if isinstance(asked, str) and asked and not asked.isdecimal():
        yield from cue_named(show, asked, place)


def _cues(show: Sequence, table: Table) -> Iterator[Found]:
    seen: set[str] = set()
    for index, cue in enumerate(show.cues):
        place: KeyPath = ("cues", index)
        if cue.name in seen:
            yield (*place, "name"), Fault(f"{cue.name}: two cues have this name")
        seen.add(cue.name)
        if cue.then is not None:
            yield from cue_named(show, cue.then, (*place, "then"))
            if cue.then == cue.name:
                yield (*place, "then"), Fault(f"{cue.name}: a cue cannot follow itself")
            if cue.follow is None:
                yield (
                    (*place, "then"),
                    Fault(
                        f"{cue.name}: then: wants follow: too, which says when, for example "
                        "follow: 8 s"
                    ),
                )
        for name, value in cue.set.items():
            yield from _value(table, name, value, (*place, "set", name))
        for name in cue.eases:
            if name not in cue.set:
                yield (
                    (*place, "eases", name),
                    Fault(f"{name}: has an ease, but the cue does not set it"),
                )


def _in_cues(name: str) -> bool:
    of_sound = name.startswith("sound/") and name.endswith((PLAY, STOP))
    return name in IN_CUES or of_sound or name.startswith(EFFECTS)


NOT_IN_SCENES = ("prompt/", "palette/", "macro/", "mod/", "cue/", "tempo/", "timeline/", "record")
"""What parameters begin with that scenes do not set: their own words, and what would lead them."""


def _scenes(show: Sequence, table: Table) -> Iterator[Found]:
    for index, scene in enumerate(show.prompts):
        for name, value in scene.set.items():
            place: KeyPath = ("prompts", index, "set", name)
            reason = _not_in_scenes(table, name)
            yield from [(place, Fault(reason))] if reason else _value(table, name, value, place)


def _not_in_scenes(table: Table, name: str) -> str:
    """Why a scene does not set a parameter; empty where it may, and for unknown ones."""
    try:
        row = table.find(name)
    except Fault:
        return ""
    if row.name.startswith(NOT_IN_SCENES):
        return (
            f"{name}: a scene does not set it; its words are prompt: and palette:, and what leads "
            "the scenes stands outside of them"
        )
    if row.kind == "trigger":
        return f"{name}: a scene holds values, and a trigger has none"
    return ""


def _idle(show: Sequence) -> Iterator[Found]:
    for key in ("cue", "wake") if show.idle is not None else ():
        if (name := getattr(show.idle, key)) is not None:
            yield from cue_named(show, name, ("idle", key))


def _value(table: Table, name: str, value: Any, place: KeyPath) -> Iterator[Found]:
    try:
        if reason := grouped(name, value):
            raise Fault(reason)
        row = table.find(name)
        if row.name == POSITION:
            raise Fault(
                f"{name}: a cue does not move the timeline that fires it; timeline: [{{at: 1:30, "
                "loop: 0:00}] leads back"
            )
        if row.name in FIRED_AGAIN.values():
            again = next(name for name, fired in FIRED_AGAIN.items() if fired == row.name)
            raise Fault(
                f"{name}: a cue holds values, and a trigger has none; {again}: in its place does "
                "it, also with the value that it has"
            )
        fires = row.kind == "trigger" and not _in_cues(row.name)
        if fires and not row.name.startswith("cue/"):
            fired = ", ".join((*IN_CUES, f"sound/NAME{PLAY}", f"sound/NAME{STOP}"))
            raise Fault(f"{name}: a cue fires no other triggers than {fired}")
        if fires or row.name.startswith("cue/"):
            raise Fault(
                f"{name}: a cue names itself or another here; cues hold values, and follow: and "
                "then: lead on"
            )
        remark = fitted(row, value)[1]
        if remark:
            raise Fault(remark)
    except Fault as fault:
        yield place, fault
