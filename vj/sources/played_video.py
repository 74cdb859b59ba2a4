"""A video file that follows a transport."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from vj.core.frame import Frame
from vj.sources import EndOfSource, SourceSettings
from vj.sources.between_pictures import BetweenPictures
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
        self._between = None if settings.between is None else BetweenPictures(settings.between())
        self._number = 0
        self._given: tuple[float, float, int] | None = None
        """When the picture of the last frame begins, how far it was to the next one, and how many
        seeks it followed."""
        self._passed: tuple[Frame, float, float | None] | None = None
        """The last frame at which nobody looked, and where its picture is."""
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
            between = self._place_between()
            picture, ends, share = self._seen(place, between)
            wanted = now + LOOK
            self._span = picture.begins, ends
            if not clock.live or self._is_wanted(picture, share, seeks, now):
                return self._frame(picture, share, ends, seeks, now)
            if came_over or now >= patience:
                return None
            if not self._prepared:
                self._prepared = True
                self.finder.prepare(place, head.velocity, head.low, head.left, head.onward)
            due = head.due(picture.begins, ends)
            if between is not None and self._earliest > now:
                wanted = min(wanted, self._earliest)
            elif due is not None:
                fast = abs(head.velocity) > 1
                wanted = min(wanted, max(due, self._earliest if fast else due))
            clock.wait_until(min(wanted, patience))

    def pass_by(self) -> Frame:
        """Offline, in place of `read`, where nobody looks: nothing is decoded, the pixels are those
        of an earlier frame. Raises EndOfSource as `read` does."""
        now, head = self._settings.clock.now(), self.head
        place = head.at(now)
        self.position, self.heard = head.position, self._place(now)
        self._look_at_end()
        frame = self._numbered(self._pixels)
        self._passed = frame, place, self._place_between()
        return frame

    def look_back(self) -> Frame:
        """The last frame that `pass_by` has given, with its picture."""
        assert self._passed is not None
        frame, place, between = self._passed
        picture, ends, share = self._seen(place, between)
        return replace(frame, picture=self._pixels_at(picture, share, ends))

    def _seen(self, place: float, between: float | None) -> tuple[Picture, float, float]:
        """The picture at a place, when it ends, and how far it is to the next one, 0..1, where one
        is made between them."""
        picture, ends = self._find(place if between is None else between)
        if between is None or ends >= self.head.high - 1e-6:
            return picture, ends, 0.0
        share = (between - picture.begins) / (ends - picture.begins)
        return picture, ends, min(max(share, 0.0), 1.0)

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

    def _place_between(self) -> float | None:
        """The place between two pictures, in seconds of the clip, where one is made there; None
        where pictures are held. To and fro it goes evenly from the first picture to the last and
        back: the time for which the last one would be held is that of the way back from it."""
        head = self.head
        if self._between is None or not self._control.now().flowing or abs(head.velocity) >= 1:
            return None
        place = head.exact - (head.slack if head.velocity < 0 else 0)
        if head.loop == "ping-pong":
            first, last = head.insets
            turns = head.high - last
            place = place - first if head.turned else min(place, 2 * turns - place)
        return max(place, head.low)

    def _is_wanted(self, picture: Picture, share: float, seeks: int, now: float) -> bool:
        """It is another picture than that of the last frame, and its time has come."""
        if self._given is None or self._given[2] != seeks:
            return True
        paced = abs(self.head.velocity) > 1 or share > 0 or self._given[1] > 0
        return (picture.begins, share) != self._given[:2] and not (paced and now < self._earliest)

    def _pixels_at(self, picture: Picture, share: float, ends: float) -> np.ndarray:
        self._convert(picture)
        if self._between is None or share == 0:
            return self._pixels

        def following() -> np.ndarray:
            return self._upright.pixels(self._find(ends)[0])

        return self._between.picture(share, picture.begins, self._pixels, following)

    def _frame(self, picture: Picture, share: float, ends: float, seeks: int, now: float) -> Frame:
        pixels = self._pixels_at(picture, share, ends)
        self._given, self._prepared = (picture.begins, share, seeks), False
        self._earliest = max(self._earliest, now - self._frame_time) + self._frame_time
        return self._numbered(pixels)

    def _numbered(self, pixels: np.ndarray) -> Frame:
        number, self._number = self._number, self._number + 1
        place = picture_place(self.head)
        return Frame(pixels, number, self._settings.clock.now(), place=place)
