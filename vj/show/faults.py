"""Explains validation errors of a show in plain words."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Sequence
from typing import Any, get_args

from vj.core.errors import nearest
from vj.parameters.table import ALIASES, TABLE
from vj.show.parse import VALUE
from vj.show.section import KeyPath, PlacedFaults, Section
from vj.show.syntax import glued

Explanation = tuple[KeyPath, str, str]
"""A key path, the value's name (empty if the message contains it), and the message."""


OTHER_WORDS = {
    "address": "osc",
    "text": "value",
    "cc": "midi",
    "note": "midi",
    "parameter": "to",
    "target": "to",
    "time": "at",
    "name": "show",
}
"""Other programs' names of keys."""

LISTED = 160
"""Letters of all known keys that are read beside the nearest of them; more would only bury it."""


_NO_KEY = re.compile(r"constrained-(int|float)$|literal\[|\[key\]$")
"""Pydantic's names of one of several types that a value may have, and of a key itself."""


def explain_error(detail: Any, whole: type[Section]) -> list[Explanation]:
    """Explain one of pydantic's errors. whole: the validated section, for its known keys."""
    loc = tuple(part for part in detail["loc"] if not _NO_KEY.match(str(part)))
    name = ".".join(str(part) for part in loc)
    cause = detail.get("ctx", {}).get("error")
    if isinstance(cause, PlacedFaults):
        return [((*loc, *place), "", str(fault)) for place, fault in cause.faults]
    if detail["type"] == "extra_forbidden":
        fields = section_at(loc[:-1], whole).model_fields
        if "start" in fields and (name in TABLE.rows or name in ALIASES):
            return [(loc, "", f"{name} is a parameter: start: {{{name}: ...}} would be right")]
        return [
            (loc, "", _unknown(str(loc[-1]), [one.alias or key for key, one in fields.items()]))
        ]
    came = detail["input"]
    if came is None and detail["type"] != "missing":
        if cause is not None and "no value is" in str(cause):
            return [(loc, name, str(cause))]
        return [(loc, name, "no value is given; write a value, or leave the line out")]
    if cause is not None:
        return [(loc, name, f"{cause}{_pair_hint(came)}")]
    fix = glued(came.split(" ")[0]) if isinstance(came, str) and came else ""
    if fix and detail["type"] in ("dict_type", "model_type", "model_attributes_type", "list_type"):
        return [((*loc, VALUE), name, f"a space is missing after the colon: {fix}")]
    if detail["type"] == "list_type" and isinstance(came, dict):
        dashed = next((key for key in came if str(key).startswith("-")), None)
        if dashed is not None:
            return [
                ((*loc, dashed), name, f"a space is missing after the dash: - {str(dashed)[1:]}")
            ]
    return [(loc, name, _wanted(detail, came))]


def _unknown(key: str, known: Sequence[str]) -> str:
    if key != key.strip() or "\u00a0" in key:
        return (
            f"{key.strip()}: a no-break space stands before it; the indentation wants plain spaces"
        )
    alike = OTHER_WORDS.get(key, "")
    near = f"; did you mean {alike}?" if alike in known else nearest(key, known)
    names = ", ".join(known)
    if near and len(names) > LISTED:
        return f"unknown key {key}{near}"
    return f"unknown key {key}{near} (known: {names})"


def _wanted(detail: Any, came: Any) -> str:
    """What is expected in place of the value."""
    kind, context = detail["type"], detail.get("ctx", {})
    shown = f"(came: {short(came)})"
    if kind == "missing":
        return f"is missing in {short(came)}"
    if kind == "list_type":
        if isinstance(came, dict):
            return f"a list is wanted, each entry begins with a dash: {_as_entry(came)}"
        return f"a list is wanted, each entry begins with a dash {shown}"
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        if detail["loc"] and isinstance(detail["loc"][-1], int):
            return f"an entry has the form {{name: value, ...}} {shown}"
        return f"names and values are wanted, one on each line below it {shown}"
    if kind == "string_too_short":
        return "no value is given; write at least one letter"
    if kind == "too_short":
        what = f"at least {context.get('min_length', 1)} would be right"
        return f"{len(came)} came, {what}" if came else f"no value is given, {what}"
    if kind == "too_long":
        return f"{len(came)} came, at most {context.get('max_length')} would be right"
    if kind == "string_type":
        return as_text(came)
    if kind.startswith(("float_", "int_")):
        whole = "a whole number" if kind.startswith("int_") else "a number"
        return f"{whole} is wanted {shown}{number_hint(came)}"
    if kind.startswith("bool_"):
        return f"on or off, true or false is wanted {shown}"
    if kind == "literal_error":
        choices = re.findall(r"'(.*?)'", str(context.get("expected", "")))
        return f"{short(came)}: no such choice{nearest(str(came), choices)} ({', '.join(choices)})"
    if kind in ("less_than_equal", "less_than", "greater_than_equal", "greater_than"):
        limit = next(iter(context.values()), "")
        limit = f"{limit:g}" if isinstance(limit, float) else limit
        if "equal" in kind:
            return f"{short(came)} is {'above' if kind.startswith('less') else 'below'} {limit}"
        return f"{short(came)} has to be {kind.split('_')[0]} than {limit}"
    return f"{detail['msg']} {shown}"


def _as_entry(came: dict[Any, Any]) -> str:
    """The first entry of a list, for a mapping that should have been one."""
    if not came:
        return "- ..."
    name, first = next(iter(came.items()))
    if isinstance(first, dict):
        return f"- {{name: {name}{''.join(f', {key}: ...' for key in list(first)[:3])}}}"
    if isinstance(first, list):
        return f"the entries of {name} belong here directly, without this group"
    return f"- {{{', '.join(f'{key}: {value}' for key, value in list(came.items())[:4])}}}"


def as_text(came: object) -> str:
    """The fault of a text that YAML has read as another type."""
    if isinstance(came, dict | list):
        return f"text is wanted (came: {short(came)})"
    sort = (
        "true or false"
        if isinstance(came, bool)
        else "a number"
        if isinstance(came, int | float)
        else "a date"
        if isinstance(came, datetime.date)
        else ""
    )
    text = str(came).lower() if isinstance(came, bool) else str(came) if sort else ""
    if not sort:  # a tag of YAML: !word
        return 'text that begins with ! wants quotes: "!..."'
    return f'{text[:60]} is read as {sort}; as text it wants quotes: "{text[:60]}"'


def number_hint(came: object) -> str:
    """`; write 0.5` for 0,5 and 50%."""
    if not isinstance(came, str):
        return ""
    comma = re.fullmatch(r"\s*([+-]?\d+),(\d+)\s*", came)
    if comma is not None:
        return f"; numbers take a point: {comma[1]}.{comma[2]}"
    share = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", came)
    return f"; write {float(share[1]) / 100:g}" if share is not None else ""


def _pair_hint(came: object) -> str:
    pair = (
        re.fullmatch(r"\s*(-?[\d.]+)\s*,\s*(-?[\d.]+)\s*", came) if isinstance(came, str) else None
    )
    return f"; in brackets: [{pair[1]}, {pair[2]}]" if pair is not None else ""


def short(value: Any) -> str:
    """Its repr, shortened for a message. An integer of thousands of digits has none."""
    try:
        text = repr(value)
    except (ValueError, RecursionError):
        return "a number too long to write"
    return text if len(text) <= 200 else f"{text[:180]}... ({len(text)} letters)"


def section_at(loc: Iterable[Any], whole: type[Section]) -> type[Section]:
    """The section at `loc`."""
    chosen = whole
    for key in loc:
        for name, field in chosen.model_fields.items():
            if key == (field.alias or name):
                chosen = _section_in(field.annotation) or chosen
                break
    return chosen


def _section_in(annotation: Any) -> type[Section] | None:
    """The section that an annotation such as `list[MappingRule]` holds."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    return next(
        (found for inner in get_args(annotation) if (found := _section_in(inner)) is not None), None
    )
