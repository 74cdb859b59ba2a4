"""Checks of OSC arguments for a parameter, beyond those of the table."""

from __future__ import annotations

from typing import Any

from vj.control.osc.packet import Character, Impulse, TimeTag
from vj.parameters.table import Parameter

NOT_VALUES = (bytes, tuple, Impulse, Character, TimeTag, type(None))
"""Argument types that are no value of a number, switch or choice."""


def type_fault(row: Parameter, value: Any) -> str:
    """Why a value has the wrong type for a parameter, beyond the checks of the table; "" if it
    has not."""
    if isinstance(value, NOT_VALUES) and not (row.kind == "text" and isinstance(value, Character)):
        return (
            f"{named(value)} came, "
            f"{'a number' if row.kind in ('float', 'int') else row.range} would be right"
        )
    if not isinstance(value, bool | int | float | str | bytes):
        return f"{value!r:.60} is not {'a number' if row.kind in ('float', 'int') else row.range}"
    return ""


def named(value: Any) -> str:
    """The kind of an argument, for a message."""
    if isinstance(value, Character):
        return f"the character {str(value)!r}"
    words = {bytes: "a blob", tuple: "an array", Impulse: "an impulse", TimeTag: "a time"}
    return words.get(type(value), "nothing")
