"""A video file that follows a transport."""

from __future__ import annotations

import numpy as np

from vj.core.frame import Frame
from vj.sources import EndOfSource, SourceSettings
from vj.sources.clip_length import measure
from vj.sources.clip_place import ClipPlace, picture_place
from vj.sources.clip_stretches import Stretches, stretches
from vj.sources.picture import Picture
from vj.sources.picture_finder import PictureFinder
from vj.sources.playhead import Playhead
from vj.sources.upright import Upright
from vj.sources.video_file import VideoFile

SLICE = 0.2
"""Seconds that `read` waits at most."""

LOOK = 0.01
"""Seconds between two looks at the transport while a picture stands."""


class PlayedVideo:
    """An open file with its playhead. For one thread."""

    def __init__(self, file: VideoFile, settings: SourceSettings) -> None:
        """Stands at the beginning of the part that plays, its first picture decoded. settings: with
        a transport."""
        assert settings.transport is not None
        self._file, self._settings, self._control = file, settings, settings.transport
        length, file.fps, ends = measure(file)
        if file.times.anew:
            settings.once(
                f"video:{file.path}: its times begin anew within it; its pictures are counted, and "
                "its sound is left out"
            )
        self.head = Playhead(self._control, length, file.step, settings.clock.live, ends)
        self.finder = PictureFinder(file, self._another)
        self._upright = Upright.of(file, settings)
        self._pixels = np.empty(0, np.uint8)
        self._converted: float | None = None
        """When the picture begins whose pixels these are."""
        self._number = 0
        self._given: tuple[float, int] | None = None
        """When the picture of the last frame begins, and how many seeks it followed."""
        self._prepared = True
        """What comes after the last frame was worked on."""
        self._frame_time = min(file.step, 1 / settings.fps)
        self._earliest = 0.0
        """The moment before which no other frame is given while the clip runs faster than its own
        speed: it skips pictures then."""
        self._is_over = False
        self._span: tuple[float, float] | None = None
        """From when to when the picture of the last frame is seen, in seconds of the clip."""
        self.position = self.head.position
        """Where it was at the last look, 0..1."""
        self.heard: ClipPlace | None = None
        """The same for its sound; None before the first look."""
        self.over = 0.0
        """The moment at which it ended."""
        self._convert(self._find(self.head.place)[0])

    def _another(self) -> VideoFile:
        file = self._file.another()
        file.open()
        file.fps = self._file.fps
        return file

    def _find(self, place: float) -> tuple[Picture, float]:
        """The picture at a place, and when the next one begins."""
        self.finder.share = self._control.share
        return self.finder.at(place, back=self.head.velocity <= 0)

    def _convert(self, picture: Picture) -> None:
        if self._converted != picture.begins:
            self._pixels = self._upright.pixels(picture)
            self._converted = picture.begins

    def read(self) -> Frame | None:
        """Live, the next picture as soon as it is due, or one that was sought, or None after a
        while; offline the picture of the clock's moment. Raises EndOfSource after a clip that plays
        once, if the show does not loop."""
        clock, head = self._settings.clock, self.head
        patience = clock.now() + SLICE
        while True:
            now, seeks = clock.now(), self._control.seeks
            place = head.at(now)
            self.position, self.heard = head.position, self._place(now)
            came_over = self._look_at_end()
            picture, ends = self._find(place)
            wanted = now + LOOK
            self._span = picture.begins, ends
            if not clock.live or self._is_wanted(picture, seeks, now):
                return self._frame(picture, seeks, now)
            if came_over or now >= patience:
                return None
            if not self._prepared:
                self._prepared = True
                self.finder.prepare(place, head.velocity, head.low, head.left, head.onward)
            due = head.due(picture.begins, ends)
            if due is not None:
                fast = abs(head.velocity) > 1
                wanted = min(wanted, max(due, self._earliest if fast else due))
            clock.wait_until(min(wanted, patience))

    def _place(self, now: float) -> ClipPlace | None:
        head, path, zero = self.head, self._file.sound, self._file.times.zero
        if path is None:
            return None
        low, high, loops = head.low, head.high, head.loop == "loop"
        return ClipPlace(path, zero, now, head.exact, head.velocity, low, high, loops)

    def stretches(self, now: float, seconds: float) -> Stretches | None:
        """What of the clip goes by from now on; None where `read` was not called now, or where it
        has no sound in any case."""
        head, path = self.head, self._file.sound
        if path is None or not head.seen(now):
            return None
        span = head.high - head.low if head.loop == "loop" else None
        parts, since = stretches(head, seconds), now - head.begun
        return Stretches(path, self._file.times.zero, parts, span, head.slack, since)

    def following(self) -> float | None:
        """The moment at which the picture of the last frame gives way to another one; None while it
        stays."""
        return None if self._span is None else self.head.due(*self._span)

    def _look_at_end(self) -> bool:
        """Whether the clip has come to its end just now: whoever goes on to another source wants
        to know at once."""
        over = self.head.over
        came, self._is_over = over is not None and not self._is_over, over is not None
        if over is not None:
            self.over = over
            if self.head.loop == "once" and not self._settings.loop:
                raise EndOfSource
        return came

    def _is_wanted(self, picture: Picture, seeks: int, now: float) -> bool:
        """It is another picture than that of the last frame, and its time has come."""
        if self._given is None or self._given[1] != seeks:
            return True
        fast = abs(self.head.velocity) > 1
        return picture.begins != self._given[0] and not (fast and now < self._earliest)

    def _frame(self, picture: Picture, seeks: int, now: float) -> Frame:
        self._convert(picture)
        self._given, self._prepared = (picture.begins, seeks), False
        self._earliest = max(self._earliest, now - self._frame_time) + self._frame_time
        number, self._number = self._number, self._number + 1
        place = picture_place(self.head)
        return Frame(self._pixels, number, self._settings.clock.now(), place=place)
