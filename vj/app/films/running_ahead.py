"""On its way to its first frame a piece looks only at the pictures of which something is left: a
clip is decoded from a key picture before them on, and not from its beginning."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace

from vj.app.films.looking import FilmLook, checksum
from vj.core.errors import Fault
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_range import RUN_IN, FrameRange

CHECKED = 8
"""Frames that are compared with those of the first pass before any is needed: a decoder that was
sent on may give others, where a file has no true key pictures."""


class NotTheSame(Fault):
    """What was sought is not what was seen when the film was looked through."""


def running_ahead(frames: FrameRange, looked: FilmLook, goes_on: bool) -> FrameRange:
    """These frames, and which of those before are seen. goes_on: what earlier ones have left in the
    picture is known at the first that is painted. `NotTheSame` is raised while it is rendered."""
    if len(looked.pictures) != looked.frames:  # of another version
        return frames
    unseen = max(0, _needed(frames.paints, looked, goes_on) - CHECKED)
    if not unseen:
        return frames

    def check(number: int, snapshot: Snapshot, context: FrameContext, backend: Backend) -> None:
        if number < unseen or number >= len(looked.pictures):
            return
        if checksum(context) != looked.pictures[number]:
            raise NotTheSame(f"frame {number} is another picture where the clip is sought")

    return replace(frames, unseen=unseen, look=check)


def _needed(paints: int, looked: FilmLook, goes_on: bool) -> int:
    """The first frame of which something is left in those that are painted, from `paints` on."""
    clean = paints if goes_on else paints + RUN_IN  # from there on nothing else is left
    needed = paints if looked.kept_on is None else min(paints, looked.kept_on)
    if not goes_on:  # a hard cut among the first that are painted has to be found
        found = zip(looked.cuts, looked.against, strict=True)
        needed = min([needed, *(one for cut, one in found if cut >= paints > one)])
    last = bisect_right(looked.cuts, clean) - 1
    begins = looked.cuts[last] if last >= 0 else 0
    if any(first < paints and end >= begins for first, end in looked.watched):
        needed = min(needed, looked.against[last] if last >= 0 else 0)
    return needed
