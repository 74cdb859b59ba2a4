"""Who is in a clip's frames, for the kinds of condition that show somebody."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from vj.core.errors import Fault
from vj.translator.body_place import mean_stature
from vj.translator.conditions import Conditioner, ConditionSettings
from vj.translator.face_place import mean_face, to_units
from vj.translator.footage import Footage
from vj.translator.preparing import Preparing
from vj.translator.trackers import Found, somebody

THERE = 0.6
"""Share of the frames in which a face, a body or a person has to be found."""
SMALL_FACE = 0.25
"""Share of the picture's height under which a face says little."""


def people_in(footage: Footage, conditioner: Conditioner, preparing: Preparing) -> dict[int, Found]:
    """Who is in each of the frames that somebody is in, by their numbers; of drawn ones what
    their scene says. Raises Fault where these are too few, and Stopped."""
    who = {"face": "a face", "body": "a body", "mask": "a person"}[conditioner.kind]
    frames = footage.frames if footage.inputs is None else footage.inputs
    everybody: dict[int, Found] = {}
    for clip in footage.clips:
        for number in clip:
            preparing.at(f"looking for {who}", number, len(footage))
            told = footage.drawn.face(number) if footage.drawn is not None else None
            if told is not None and conditioner.kind == "face":
                everybody[number] = Found(face=told)
                continue
            found = conditioner.find(frames[number])
            if found is not None and somebody(found):
                everybody[number] = found
    there = len(everybody) / len(footage)
    if there < THERE:
        raise Fault(
            f"{', '.join(footage.names)[:120]}: {who} was found in {there:.0%} of its frames; in "
            f"{THERE:.0%} or more there should be one, large and in good light"
        )
    return everybody


def with_people(
    settings: ConditionSettings,
    people: Sequence[Found],
    size: int,
    on_message: Callable[[str], None],
    rest: np.ndarray | None = None,
) -> ConditionSettings:
    """Settings with the mean face or body of those who were found in frames of `size`. rest: the
    face to take for the mean, in pixels: of one that is drawn doing everything the mean has its
    mouth half open."""
    square = (size, size)
    faces = [to_units(one.face, square) for one in people if one.face is not None]
    if faces:
        high = size * float(np.mean([np.ptp(face[:, 1]) for face in faces]))
        if high < SMALL_FACE * size:
            on_message(
                f"the face is {high:.0f} of {size} pixels high; in a closer one there is more to "
                "be seen of what it does"
            )
        mean_or_rest = mean_face(faces) if rest is None else to_units(rest, square)
        return replace(settings, face=np.round(mean_or_rest.astype(np.float64), 5).tolist())
    bodies = [one.body for one in people if one.body is not None]
    mean = mean_stature([(to_units(one.points, square), one.visible) for one in bodies])
    return settings if mean is None else replace(settings, body=np.round(mean, 5).tolist())
