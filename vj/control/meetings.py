"""When two in the input meet, and when they part: faces, or silhouettes. Heard of the frame
before."""

from __future__ import annotations

from collections.abc import Iterable

from vj.core.happenings import MEETINGS
from vj.core.input_features import InputFeatures

MEET, PART = 0.015, 0.06
"""Heights of the picture: nearer than the first they have met, farther than the second they have
parted. Between the two nothing changes, so that a trembling edge is no second kiss."""


class Meetings:
    """Says each meeting and each parting once. Belongs to the render thread."""

    def __init__(self, heard: Iterable[str], features: InputFeatures) -> None:
        """heard: what somebody waits for, of `MEETINGS` and other things; the rest is not
        measured."""
        self._features = features
        kinds = {name.partition(" ")[0] for name in heard if name in MEETINGS}
        self._together: dict[str, bool | None] = dict.fromkeys(sorted(kinds))
        """By kind, whether they are; None while there are fewer than two."""

    def take_over(self, old: Meetings) -> None:
        """Go on from another version of the show."""
        for kind in self._together:
            self._together[kind] = old._together.get(kind)

    def step(self) -> list[str]:
        """What happened in the last frame, of `MEETINGS`."""
        found = []
        for kind, before in self._together.items():
            distance = self._features.distance(kind)
            now = before
            if distance is None:
                now = None
            elif distance <= MEET:
                now = True
            elif distance >= PART or before is None:
                now = False
            self._together[kind] = now
            if now and not before:
                found.append(f"{kind} meet")
            elif before and now is False:
                found.append(f"{kind} part")
        return found
