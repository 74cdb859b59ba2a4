"""`marks:` of a show file: moments of its clips that have names.

`marks: {impact: 0:03.4}` are those of the show's own source, `marks: {kiss: {lips: 0:05.1}}` those
of one of its clips (`vj.show.clip_names`). Both may stand together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

from pydantic import BeforeValidator

from vj.core.errors import Fault
from vj.show.clip_names import OWN
from vj.show.durations import Duration, moment
from vj.show.section import KeyPath, PlacedFaults

LONGEST = 80
"""Letters of a mark's name, at most."""


def as_marks(value: object) -> object:
    """Clip -> name -> seconds. Raises PlacedFaults."""
    if not isinstance(value, Mapping):
        return value
    found: dict[str, dict[str, float]] = {}
    faults: list[tuple[KeyPath, Fault]] = []
    for name, given in value.items():
        clip = isinstance(given, Mapping)
        marks = given if clip else {name: given}
        for mark, at in marks.items():
            try:
                seconds = _seconds(str(mark), at)
            except Fault as fault:
                faults.append(((name, mark) if clip else (mark,), fault))
            else:
                found.setdefault(str(name) if clip else OWN, {})[str(mark)] = seconds
    if faults:
        raise PlacedFaults(faults)
    return found


def _seconds(mark: str, given: object) -> float:
    check_name(mark)
    if given is None:
        raise Fault(f"{mark}: no time is given; a moment of the clip is wanted, such as 0:03.4")
    at = moment(given)
    if at.musical:
        raise Fault(f"{mark}: {given}: a clip has no beats; write 0:03.4, or a number of seconds")
    return at.seconds


def check_name(mark: str) -> None:
    """Raises Fault for a name that cannot be a mark's: a time is no name."""
    if not mark.strip() or mark != mark.strip():
        raise Fault(f"mark {mark!r}: a name is wanted, such as impact")
    if len(mark) > LONGEST:
        raise Fault(f"mark: a name of {len(mark)} letters; {LONGEST} are the most")
    try:
        moment(mark)
    except Fault:
        return
    raise Fault(f"mark {mark!r}: this is a time; a name is wanted, such as impact")


Marks = Annotated[dict[str, dict[str, float]], BeforeValidator(as_marks)]
"""Clip (`OWN` for the show's own source) -> name -> seconds of the clip."""


def marks_of(marks: Mapping[str, Mapping[str, float]], names: Sequence[str]) -> dict[str, float]:
    """The marks of a clip that has these names, the first name's where two differ."""
    return {mark: at for name in reversed(names) for mark, at in marks.get(name, {}).items()}


def moment_or_mark(given: object) -> tuple[Duration, str | None]:
    """A moment, or the name of a mark: what stands in `at:` and in a point."""
    try:
        return moment(given), None
    except Fault:
        if not isinstance(given, str) or not given.strip() or given.strip()[0].isdigit():
            raise
        return Duration(), given.strip()
