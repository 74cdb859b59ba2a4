"""Moments that a show means of its clips, and that lie behind their ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from vj.commands.check_result import CheckResult
from vj.show.clip_names import OWN
from vj.show.names import clip_name, source_names
from vj.show.save_marks import written
from vj.show.schema import Show
from vj.show.section import KeyPath
from vj.sources import split_uri


class _Moment(NamedTuple):
    """place: where it stands in the file. clip: which is meant; None: whichever plays. seconds: of
    the clip. then: what becomes of it behind the end. last: the end itself is still right."""

    place: KeyPath
    clip: str | None
    seconds: float
    then: str
    last: bool = False


def check_clips(show: Show, result: CheckResult) -> None:
    """Warns of them, where it is known how long the clips are. After `check_files`, which opens
    them."""
    lengths = _lengths(show, result.lengths)
    for moment in _moments(show):
        length = lengths.get(moment.clip)
        if length is None or moment.seconds < length or (moment.last and moment.seconds == length):
            continue
        clip = {None: "each clip", OWN: "the show's source"}.get(moment.clip, moment.clip)
        result.warn(
            moment.place,
            f"{written(moment.seconds)} is behind the end of {clip}, {written(length)}: "
            f"{moment.then}",
        )


def _moments(show: Show) -> Iterator[_Moment]:
    for clip, marks in show.marks.items():
        for name, at in marks.items():
            place: KeyPath = ("marks", name) if clip == OWN else ("marks", clip, name)
            yield _Moment(place, clip, at, "the mark is never passed")
    for index, entry in enumerate(show.timeline):
        if entry.on == "clip" and entry.mark is None:
            at = entry.at.seconds
            yield _Moment(("timeline", index, "at"), entry.clip, at, "the cue is never fired")
    for index, curve in enumerate(show.curves):
        for number, point in enumerate(curve.points if curve.on == "clip" else ()):
            if point.mark is None:
                place = ("curves", index, "points", number)
                then = "the curve never gets there"
                yield _Moment(place, curve.clip, point.at.seconds, then, last=True)
    for index, cut in enumerate(show.cuts):
        if cut.seconds is not None:
            yield _Moment(("cuts", index), cut.source, cut.seconds, "it is cut to the last picture")


def _lengths(show: Show, known: Mapping[str, float]) -> dict[str | None, float | None]:
    """Of every clip by its name, the longest where several may be meant; None where that is not
    known."""
    sources = source_names(show.sources, show.source)
    found: dict[str | None, float | None] = {
        clip_name(part): _longest([part], known)
        for uri in sources.values()
        if split_uri(uri)[0] == "clips"
        for part in _parts(uri)
    }
    found |= {name: _longest([uri], known) for name, uri in sources.items()}
    own, anything = _longest(show.source, known), _longest(list(sources.values()), known)
    return {**found, OWN: own, None: anything}


def _longest(uris: Sequence[str], known: Mapping[str, float]) -> float | None:
    parts = [part for uri in uris for part in _parts(uri)]
    if any(split_uri(part)[0] == "video" and part not in known for part in parts):
        return None
    return max((known[part] for part in parts if part in known), default=None)


def _parts(uri: str) -> list[str]:
    """A source, or the clips of a list."""
    kind, rest = split_uri(uri)
    return [part.strip() for part in rest.split(",")] if kind == "clips" else [uri]
