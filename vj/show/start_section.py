"""`start:` of a show file: the values that it begins with."""

from __future__ import annotations

from typing import Any

from vj.core.errors import Fault
from vj.parameters.table import Table, Value
from vj.show.section import KeyPath
from vj.show.validate import fitted as fit_written
from vj.show.validate import grouped

SHOW_PARAMETERS = (
    *("macro/", "mod/", "lora/", "sound/", "effects/", "deck/b", "image/from", "background/source"),
    "model/",
)
"""Prefixes of parameters that a show defines itself, or gives their choices."""


def fitted_start(
    values: dict[str, Any], table: Table
) -> tuple[dict[str, Value], list[tuple[KeyPath, Fault]]]:
    """Start values fitted to the table, and the faults of the others."""
    fitted: dict[str, Value] = {}
    faults: list[tuple[KeyPath, Fault]] = []
    for name, given in values.items():
        try:
            if reason := grouped(name, given):
                raise Fault(reason)
            row = table.find(name)
            if row.kind == "trigger":
                raise Fault(f"{name}: is a trigger and has no value to start with")
            if row.name in ("source", "model") and given != "":
                raise Fault(
                    f"{name}: what a show begins with stands outside of start:; {name}: ... on a "
                    "line of its own would be right"
                )
            if row.name == "cue/fire" and given != "":
                raise Fault(
                    f"{name}: a show does not start with a cue here; timeline: [{{at: 0:00, cue: "
                    f"{given}}}] would be right"
                )
            fitted[row.name], remark = fit_written(row, given)
            if remark:
                raise Fault(remark)
        except Fault as fault:
            faults.append(((name,), fault))
    return fitted, faults
