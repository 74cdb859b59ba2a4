"""Values brought to what a parameter takes: its kind, its range, its choices."""

from __future__ import annotations

import json
import math

from vj.core.errors import Fault, nearest
from vj.core.strokes import colour_of
from vj.parameters.colours import parse_ramp
from vj.parameters.curves import Curve, curve
from vj.parameters.scenes import parse_scenes
from vj.parameters.table import (
    FORMER_CHOICES,
    NAMED_OR_COLOURED,
    NAMED_OR_COUNTED,
    NAMES_OF,
    PALETTES,
    Parameter,
    Value,
)

TEXT_LIMIT = 10_000
"""Characters of a text parameter; longer ones are cut, with a remark."""

_ON, _OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")


def fit(row: Parameter, value: object) -> tuple[Value, str]:
    """Convert a value to this parameter's kind and range. Returns it and a remark when it had to be
    changed ("1.4 is above 1 (0 .. 1)").

    Takes ints for floats and floats for ints, numbers for switches, numerals in text. Raises Fault
    for a value that cannot be converted.
    """
    if row.kind == "text":
        return _text(row, value)
    if row.kind == "switch":
        return _switch(row, value), ""
    if row.kind == "trigger":
        return True, ""
    if row.kind == "choice":
        return _choice(row, value)
    return _amount(row, value)


def _text(row: Parameter, value: object) -> tuple[Value, str]:
    if (
        row.name in NAMED_OR_COUNTED
        and isinstance(value, int | float)
        and not isinstance(value, bool)
        and value == value // 1
    ):
        value = str(int(value))
    if not isinstance(value, str):
        if row.name in NAMED_OR_COUNTED and row.choices:
            shown = f"{value:g}" if isinstance(value, float) else repr(value)
            raise Fault(
                f"{row.name}: {shown:.60} is neither a name nor a whole number from 0 on "
                f"({row.range})"
            )
        raise Fault(f"{row.name}: {value!r} is not text")
    remark = ""
    if len(value) > TEXT_LIMIT:
        value, remark = (
            value[:TEXT_LIMIT],
            f"{row.name}: {len(value)} characters, cut to {TEXT_LIMIT}",
        )
    if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
        value = value.encode("utf-8", "replace").decode("utf-8")
        remark = remark or f"{row.name}: held halves of letters (lone surrogates), which are ? now"
    coloured = row.name in NAMED_OR_COLOURED and colour_of(value) is not None
    if row.choices and value and value not in row.choices and not coloured:
        if row.name in NAMED_OR_COUNTED and value.isdecimal() and value.isascii():
            return _counted(row, value), remark
        raise Fault(
            f"{row.name}: no such {NAMES_OF.get(row.name, row.name)} {value!r:.60}"
            f"{nearest(value[:100], row.choices)} ({row.range})"
        )
    if row.name == "prompt/list":
        parse_prompt_list(value)
    if row.name == "prompt/scenes":
        parse_scenes(value)
    if row.name in PALETTES:
        try:
            parse_ramp(value)
        except Fault as fault:
            raise Fault(f"{row.name}: {fault}") from None
    if row.name == "walk/ease":
        walk_eases(value)
    return value, remark


def _counted(row: Parameter, number: str) -> str:
    """The name that a number from 0 stands for. Raises Fault where there are not so many."""
    if len(number) < 5 and int(number) < len(row.choices):
        return row.choices[int(number)]
    last = len(row.choices) - 1
    names = ", ".join(f"{place} {name}" for place, name in enumerate(row.choices))
    raise Fault(f"{row.name}: {number:.10} is not one of 0 .. {last} ({names})")


def _finite(row: Parameter, value: object) -> float:
    """A number as a float. Raises Fault for NaN, infinity, and what is no number or too large."""
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise Fault(f"{row.name}: {_short(value)} is not a number ({row.range})") from None
    except OverflowError:
        raise Fault(f"{row.name}: the number is too large ({row.range})") from None
    if not math.isfinite(number):
        raise Fault(f"{row.name}: {number} is not a number to play with ({row.range})")
    return number


def _short(value: object) -> str:
    """Its repr, for a message."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:50]}... ({len(text)} letters)"


def _switch(row: Parameter, value: object) -> bool:
    if isinstance(value, bool | int | float):
        return _finite(row, value) >= 0.5
    word = str(value).strip().lower()
    if word in _ON or word in _OFF:
        return word in _ON
    raise Fault(f"{row.name}: {value!r} is neither on nor off (on, off, true, false, 1, 0)")


def _choice(row: Parameter, value: object) -> tuple[Value, str]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = _finite(row, value)
        index = min(len(row.choices) - 1, max(0, round(number)))  # faders and menus send the index
        return row.choices[index], "" if index == round(
            number
        ) else f"{row.name}: {number:g} is outside 0 .. {len(row.choices) - 1}"
    word = FORMER_CHOICES.get(row.name, {}).get(str(value), str(value))
    if word in row.choices:
        return word, ""
    raise Fault(
        f"{row.name}: unknown choice {value!r}{nearest(str(value), row.choices)} ({row.range})"
    )


def _amount(row: Parameter, value: object) -> tuple[Value, str]:
    number = _finite(row, value)
    kept = min(row.high, max(row.low, number))
    remark = (
        ""
        if kept == number
        else f"{row.name}: {number:g} is {'above' if number > kept else 'below'} {kept:g} "
        f"({row.range})"
    )
    return (round(kept) if row.kind == "int" else kept), remark


def parse_prompt_list(text: str) -> list[tuple[str, float]]:
    """`'[["gold", 1], ["ocean", 0.5]]'` -> the pairs; empty text is an empty list. Raises Fault."""
    if not text.strip():
        return []
    try:
        pairs = [(str(t), float(w)) for t, w in json.loads(text)]
    except (ValueError, TypeError, OverflowError, RecursionError) as error:
        raise Fault(
            f'prompt/list: not JSON of the form [["text", weight], ...] ({error})'
        ) from None
    if any(not math.isfinite(w) or w < 0 for _, w in pairs) or (
        pairs and not 0 < sum(w for _, w in pairs) < math.inf
    ):
        raise Fault("prompt/list: weights are numbers from 0 up, and not all 0")
    return pairs


def walk_eases(text: str) -> list[Curve]:
    """`"s-curve, logit"` -> the curves of a walk's legs; they repeat. Raises Fault."""
    return [curve(word) for word in text.split(",") if word.strip()] or [curve("s-curve")]
