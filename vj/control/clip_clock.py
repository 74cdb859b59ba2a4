"""The clip on deck A as a clock: where the picture of the frame stands, and what the clip has come
past on the way there. On the frame's time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from vj.core.picture_place import PicturePlace

REMEMBERED = 240
"""Frames, for a key that is pressed when a picture is seen, which is later than it was sampled."""


@dataclass(slots=True)
class InClip:
    """The pace of a fade that lasts so many seconds of the clip: it waits while the clip stands,
    and goes on in whichever direction it runs. Where there is no clip, time goes on as it does."""

    clock: ClipClock
    seconds: float
    begin: float
    done: float = 0.0
    last: PicturePlace | None = None

    def __call__(self, time: float) -> float:
        place, last, passed = self.clock.place, self.last, max(0.0, time - self.begin)
        self.last, self.begin = place, time
        if place is None:
            self.done += passed
        elif last is not None and place.joins(last):
            same = place.part == last.part
            self.done += abs(place.way - last.way if same else place.seconds - last.seconds)
        return self.done / self.seconds


class ClipClock:
    """Belongs to the render thread. There is no time of its own that could drift: all of it follows
    from the places that come with the pictures."""

    def __init__(self) -> None:
        self.place: PicturePlace | None = None
        """Of the frame's picture; None where what plays has no length."""
        self._time: float | None = None
        self._before: tuple[PicturePlace | None, float] = (None, 0.0)
        """The frame before, and its time."""
        self._landed: PicturePlace | None = None
        """Where the run began that goes on now: there it did not come by playing."""
        self._past: deque[tuple[float, PicturePlace | None]] = deque(maxlen=REMEMBERED)

    def take_over(self, old: ClipClock) -> None:
        """Go on from another one."""
        self.place, self._time, self._before = old.place, old._time, old._before
        self._landed, self._past = old._landed, old._past

    def knows(self, place: PicturePlace | None, time: float) -> bool:
        """This is what is known of the frame at `time`."""
        here = self.place
        if time != self._time or (here is None) != (place is None):
            return False
        if here is None or place is None:
            return True
        where = here.uri, here.clip, here.part, here.seconds
        return here.joins(place) and where == (place.uri, place.clip, place.part, place.seconds)

    def follow(self, place: PicturePlace | None, time: float) -> None:
        """The frame at `time` shows the picture at this place. Said again of the same frame, it
        holds in place of what was said before."""
        if time != self._time:
            self._before = self.place, time if self._time is None else self._time
        else:
            self._past.pop()
        self.place, self._time = place, time
        self._past.append((time, place))
        if place is not None and not place.joins(self._before[0]):
            self._landed = place

    def begin(self) -> None:
        """What came before does not count: the picture of now is where it begins."""
        self._before = None, self._before[1]
        self._landed = self.place

    def passed(self, at: float) -> float | None:
        """The moment, on the show's clock, at which the clip came to `at` (seconds of it) since the
        frame before, in whichever direction; None where it did not. A seek or a cut comes to what
        lies where it lands, and past nothing."""
        place, time, (before, last) = self.place, self._time, self._before
        if place is None or time is None:
            return None
        if before is None or not place.joins(before):
            return time if place.is_at(at) else None
        landed = self._landed
        if (
            landed is not None
            and landed.joins(before)
            and landed.is_at(at)
            and abs(before.way - landed.way) <= landed.reach
        ):
            return None  # it was there when it landed
        share = place.passes(at, before)
        return None if share is None else last + share * (time - last)

    def at_moment(self, moment: float) -> PicturePlace | None:
        """The place of the picture that was newest at a moment, of the last frames."""
        return next((place for time, place in reversed(self._past) if time <= moment), self.place)
