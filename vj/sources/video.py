"""Video files."""

from __future__ import annotations

import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.picture_place import PicturePlace
from vj.sources import EndOfSource, SourceSettings
from vj.sources.clip_length import lasting
from vj.sources.clip_place import ClipPlace, place_ahead
from vj.sources.clip_stretches import Stretches
from vj.sources.clip_times import ClipTimes, times_of
from vj.sources.image_sequence import film_of
from vj.sources.opening import PATIENCE
from vj.sources.picture import Picture
from vj.sources.played_video import PlayedVideo
from vj.sources.upright import Upright

SLICE = 0.2
"""Seconds that `read` waits at most."""

PIPE_OPENS = 5.0
"""Seconds that a pipe gets to open in a rendering: without a writer it never does."""

LATE = 0.5
"""Seconds of delay after which a clip does not catch up any more, and goes on from where it is."""


class Video:
    """`video:PATH`, also of pictures in files of their own. With a transport it shows at each
    moment the picture of that moment, and live gives a picture when it is another one. Without one
    it runs forwards: at its own pace while live, every frame offline; it loops when the settings
    say so.

    Rotation tags and pixel shapes are honoured, so that the picture is upright and its pixels
    square; what is transparent stays so. Packets that cannot be decoded are skipped and counted. A
    pipe cannot be sought in, and is played without its transport.
    """

    live = False
    ends = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self._settings = settings
        self._file = film_of(rest, settings.fps)
        self.path = self._file.path
        self._upright = Upright()
        self._plays: PlayedVideo | None = None
        """Where it follows a transport."""
        self._number = 0
        self._pending: tuple[np.ndarray, float] | None = None
        self._offset = 0.0
        self._last = self._lasts = 0.0
        """When the last picture is due, and for how long."""

    @property
    def opening(self) -> float | None:
        """Seconds that it gets to open in a rendering."""
        return PATIENCE if self._file.can_seek else PIPE_OPENS

    @property
    def fps(self) -> float | None:
        """Frames a second on average, once open; None when the file does not state it."""
        return self._file.fps

    @property
    def frames(self) -> int | None:
        """The number of frames that the file states; None when it does not."""
        return self._file.frames

    @property
    def broken(self) -> int:
        """Packets that could not be decoded."""
        return self._file.broken if self._plays is None else self._plays.finder.broken

    @property
    def length(self) -> float | None:
        """Seconds, with the last frame's; None where it plays without a transport."""
        return None if self._plays is None else self._plays.head.length

    def position(self) -> float | None:
        """Where it is, as a share of its length, 0..1; None where it plays without a transport.
        From any thread."""
        return None if self._plays is None else self._plays.position

    @property
    def heard(self) -> ClipPlace | None:
        """Where its sound is to be read; None before it plays, and without a transport. From any
        thread."""
        plays = self._plays
        return None if plays is None else plays.heard

    def stretches(self, now: float, seconds: float) -> Stretches | None:
        """What of the clip goes by from now on, for its sound; None where it was not read now, or
        plays without a transport."""
        return None if self._plays is None else self._plays.stretches(now, seconds)

    def times(self) -> ClipTimes | None:
        """When its pictures begin; None for a pipe, which is not read for that. Reads all of the
        file. Raises Fault."""
        return times_of(self._file.another()) if self._file.can_seek else None

    def follow_pictures(self) -> None:
        """Offline, after `open`: each frame is asked for at the moment that `following` has given,
        and no picture is left out however short it is seen."""
        if self._plays is not None:
            self._plays.head.be_exact()

    def following(self) -> float | None:
        """The moment at which the picture of the last frame gives way to another one; None where
        that is not known."""
        return None if self._plays is None else self._plays.following()

    def open(self) -> None:
        """With a transport it stands at the beginning of the part that plays, its first picture
        decoded, until it is read. Raises Fault for a file that is missing or holds no video."""
        self.close()
        self._file.open()
        for note in self._file.notes:
            self._settings.once(f"video:{self.path}: {note}")
        self._upright = Upright.of(self._file, self._settings)
        self._number, self._offset = 0, self._settings.clock.now()
        if self._settings.transport is not None and self._file.can_seek:
            self._plays = PlayedVideo(self._file, self._settings)
        else:
            self._pending = self._prepared(self._next())

    def ahead(self, moment: float) -> PicturePlace | None:
        """See `vj.sources.clip_place.place_ahead`."""
        return None if self._plays is None else place_ahead(self._plays.head, moment)

    def begin(self, moment: float) -> None:
        """Set when its first frame is due. Call after `open`, from the thread of `read`."""
        self._offset = self._last = moment
        if self._plays is not None:
            self._plays.head.begin(moment)
        elif self._pending is not None:
            self._pending = self._pending[0], moment

    @property
    def due(self) -> float:
        """When the clip ends, once its last frame has been read."""
        if self._plays is not None:
            return self._plays.over
        return self._last + self._lasts

    def read(self) -> Frame | None:
        """The next frame when it is due. Raises EndOfSource after the last one of a clip that does
        not loop."""
        if self._plays is not None:
            return self._plays.read()
        clock = self._settings.clock
        while True:
            if self._pending is None:
                self._pending = self._prepared(self._next())
            pixels, due = self._pending
            now = clock.now()
            if clock.live:
                if due > now + SLICE:
                    clock.wait_until(now + SLICE)
                    return None
                clock.wait_until(due)
                behind = clock.now() - due
                if behind > LATE:
                    self._offset += behind
                elif behind > self._file.step:
                    self._pending = None  # too late: the next frame is due already
                    self._number += 1
                    continue
            frame = Frame(pixels, self._number, clock.now())
            self._number += 1
            self._pending = None
            return frame

    def pass_by(self) -> Frame | None:
        """Offline, as `read`, where nobody looks at the picture: it is not decoded, if it can be
        found later."""
        return self.read() if self._plays is None else self._plays.pass_by()

    def look_back(self) -> Frame | None:
        """The last frame that `pass_by` has given, with its picture; None where it had it."""
        return None if self._plays is None else self._plays.look_back()

    def close(self) -> None:
        self._pending = None
        if self._plays is not None:
            self._plays.finder.close()
            self._plays = None
        self._file.close()

    def _next(self) -> Picture:
        """The next decoded frame, from the beginning again at the end."""
        picture = self._file.next()
        if picture is not None:
            return picture
        if not self._settings.loop:
            raise EndOfSource
        self._file.rewind()
        self._offset = self._last + self._lasts
        picture = self._file.next()
        if picture is None:
            raise Fault(f"video:{self.path}: gives no more pictures")
        return picture

    def _prepared(self, picture: Picture) -> tuple[np.ndarray, float]:
        """A decoded frame -> upright RGB of square pixels, and the moment it is due."""
        self._last = self._offset + picture.begins
        self._lasts = lasting(self._file, picture.lasts, not self._file.reorders)
        return self._upright.pixels(picture), self._last
