"""Checks of `sounds:` that need the whole show: what starts a sound."""

from __future__ import annotations

from collections.abc import Iterator

from vj.core.errors import Fault, nearest
from vj.core.happenings import MEETINGS
from vj.show.section import KeyPath
from vj.show.sequence import Found, Sequence, cue_named
from vj.show.validate_clip import mark_named

STARTS = ("cue NAME", "cue", "mark NAME", "cut", *MEETINGS)
"""What can start a sound."""


def sound_faults(show: Sequence) -> Iterator[Found]:
    for name, rule in show.sounds.items():
        for index, cause in enumerate(rule.on):
            yield from _start(show, cause, ("sounds", name, "on", index))


def _start(show: Sequence, cause: str, place: KeyPath) -> Iterator[Found]:
    word, _, rest = cause.partition(" ")
    if word == "cue" and rest:
        yield from cue_named(show, rest, place)
    elif word == "mark":
        yield from mark_named(show, rest, None, place)
    elif cause == "cut" and not show.cuts:
        yield place, Fault("cut: the show has no cuts:")
    elif cause not in STARTS:
        near = nearest(cause, [*STARTS, "mark"])
        yield (
            place,
            Fault(
                f"{cause!r:.60}: nothing of this name happens{near} ({', '.join(STARTS)}); a key "
                "or a pad is mapped to sound/NAME/play"
            ),
        )
