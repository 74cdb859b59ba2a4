"""When the pictures of a video file begin: by the times in it, or, where those are of no use, by
their number."""

from __future__ import annotations

from typing import Any

TOGETHER = 0.05
"""Seconds by which a picture that begins with its sound may be later, or a frame where that lasts
longer: encoders of sound put a little silence before it."""

LATEST = 600.0
"""Seconds by which a picture begins after its sound, at most; with more one of them is wrong."""


class PictureTimes:
    """Of one file. For one thread."""

    def __init__(self, counted: bool = False, anew: bool = False) -> None:
        self.counted, self.anew = counted, anew
        """Its times are of no use; they begin anew within it, so that its sound has none either."""
        self.timed = True
        """Its pictures have times; those of a bare stream are counted."""
        self.zero = 0.0
        """Seconds in the file's own time that are 0 of the clip, once open: where its picture or
        its sound begins. A picture that begins later is seen from there on."""
        self._start: float | None = None
        """The time that the file gives its first picture; None before it is decoded."""
        self._coming = 0.0
        """When the next picture begins if it does not say so itself."""

    @property
    def known(self) -> bool:
        """They are gone by, and the first picture has been decoded."""
        return self.timed and self._start is not None

    def begin(self) -> None:
        """The file has been opened: its first picture comes next."""
        self.timed, self._start = True, None

    def stand(self) -> None:
        """The decoder goes on from elsewhere in the file."""
        self._coming = 0.0

    def count(self, anew: bool) -> None:
        """Go by the number of pictures from now on, from the first one. anew: since times begin
        anew."""
        self.counted, self.anew, self.timed = True, anew, False

    def begins(self, decoded: Any, container: Any, step: float) -> float:
        """Seconds of the clip at which the decoder's next picture begins. container: the file,
        open. step: seconds that a picture lasts."""
        moment = decoded.time
        if self._start is None:
            self.timed = moment is not None and not self.counted
            self._start = float(moment or 0.0)
            placed = moment is not None and not self.anew
            self.zero = zero_of(container, self._start, step) if placed else 0.0
        if self.timed and moment is not None:
            begins = max(0.0, self.place(float(moment)))
        else:
            begins = self._coming
        self._coming = begins + step
        return begins

    def place(self, moment: float) -> float:
        """A moment of the file's own time in seconds of the clip; below 0 before its first
        picture."""
        start = self._start or 0.0
        return moment - (self.zero if moment > start else start)


def zero_of(container: Any, first: float, step: float) -> float:
    """Seconds of the container's own time at which a clip begins: where the first of picture and
    sound does. first: when the picture does. One that is hardly later counts as the first. step:
    seconds that a frame lasts."""
    sound = container.streams.best("audio")
    if sound is None or sound.start_time is None:
        return first
    begins = float(sound.start_time * sound.time_base)
    return begins if max(TOGETHER, step) < first - begins <= LATEST else first
