"""Writes the cues that were stored while a show played into its file."""

from __future__ import annotations

from collections.abc import Callable

from vj.control.cues import CueList
from vj.parameters.table import Value

WriteCues = Callable[[dict[str, dict[str, Value]]], str]
"""Writes cues, {name: values}, into the show file; returns a message. Raises Fault."""


def stored_cues(cues: CueList) -> dict[str, dict[str, Value]]:
    """The cues that were stored and are not written yet, with their values, rounded to four
    decimals."""
    return {
        name: {key: _rounded(value) for key, value in rule.set.items()}
        for name, rule in sorted(dict(cues.stored).items())
    }


def write_stored(cues: CueList, write: WriteCues | None) -> str:
    """Write them. write: None for a show without a file. Returns a message. Waits for the disk.
    Raises Fault."""
    kept = dict(cues.stored)
    if not kept:
        return "no cue is stored; /vj/cue/store NAME stores the present state"
    if write is None:
        return "this show has no file"
    report = write(stored_cues(cues))
    for name, rule in kept.items():
        if cues.stored.get(name) is rule:  # else it was stored anew meanwhile
            del cues.stored[name]
    return report


def _rounded(value: Value) -> Value:
    return round(value, 4) if isinstance(value, float) else value
