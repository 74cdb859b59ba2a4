"""The picture of a clip at any place, forwards, backwards and at random, in bounded memory.

A decoder only goes forwards, from a key picture. So a run of pictures is decoded that ends where
the clip stands, and handed out from its end while a second decoder makes the run before it, a few
pictures at each step. Of a group of pictures that is larger than what may be kept, the last part is
kept, and the group is decoded once more for the part before. The second decoder also waits where
the clip goes on after the end of the part that plays, so that a loop has no gap.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable

from vj.core.errors import Fault
from vj.sources.picture import Picture
from vj.sources.transport import FASTEST
from vj.sources.video_file import VideoFile

MEMORY = 128 * 2**20
"""Bytes of decoded pictures that one run holds, at most; a clip has two while it runs backwards.
That is 41 pictures of 1920x1080, 291 of 640x480."""

FEWEST = 4
"""Pictures that a run may hold however large they are."""

FORWARD = 3
"""Pictures that it holds while the clip runs forwards: the one that is seen, the next, the last."""

SOON = 1.0
"""Seconds before the end of the part that plays at which what comes after it is made ready."""


class Run:
    """Neighbouring pictures up to where a decoder stands."""

    def __init__(self, file: VideoFile) -> None:
        self.file = file
        self.pictures: list[Picture] = []
        self._begins: list[float] = []
        self.complete = False
        """The last picture is the last one of the file."""
        self.most = FORWARD
        self.key = 0.0
        """Where the decoder began."""
        self.gap = 0.5
        """Seconds between two key pictures: the most that was seen so far."""
        self._passed = -math.inf
        """When the newest of those pictures begins that are only passed through."""

    @property
    def first(self) -> float:
        return self._begins[0] if self._begins else math.inf

    @property
    def begins_to_hold(self) -> float:
        """The place from which on it holds what is seen, or will, as far as it has come."""
        return self.first if self._begins else self.file.needed_from + self.file.step

    @property
    def last(self) -> float:
        """When the newest picture begins; up to there it is known what is seen."""
        return self._begins[-1] if self._begins else self._passed

    def at(self, place: float) -> tuple[Picture, float]:
        """The picture, and when the next one begins; infinity after the last."""
        index = max(0, bisect_right(self._begins, place) - 1)
        following = index + 1
        ends = self._begins[following] if following < len(self._begins) else math.inf
        return self.pictures[index], ends

    def begin(self, place: float, most: int) -> None:
        """Empty, and the decoder at the key picture before `place`. most: pictures that are kept;
        those before these are only passed through."""
        self.pictures, self._begins, self.complete, self.most = [], [], False, most
        self.file.needed_from = place - (most - 1) * self.file.step
        self.key = self._passed = self.file.seek(place)

    def grow(self) -> bool:
        """One more picture; False at the end of the file."""
        picture = self.file.next()
        if picture is None:
            self.complete = True
            return False
        self.gap = max(self.gap, picture.begins - self.key)
        if picture.decoded.key_frame:
            self.key = picture.begins
        if picture.begins < self.file.needed_from:
            self._passed = picture.begins
            return True
        if picture.begins <= self.last and self.pictures:
            picture = picture._replace(begins=self.last + 1e-6)  # a file whose times go back
        self.pictures.append(picture)
        self._begins.append(picture.begins)
        self.trim(self.most)
        return True

    def trim(self, most: int) -> None:
        """Keep the newest."""
        surplus = len(self.pictures) - most
        if surplus > 0:
            del self.pictures[:surplus], self._begins[:surplus]

    def reaches(self, place: float) -> bool:
        """What is seen at this place has been decoded."""
        return place < self.last or self.complete

    def grow_to(self, place: float) -> None:
        """Decode until what is seen at `place` is here, or the file ends."""
        while not self.reaches(place) and self.grow():
            pass


class PictureFinder:
    """Gives the picture at a place of an open file, and makes ready what comes next. For one
    thread."""

    def __init__(self, file: VideoFile, another: Callable[[], VideoFile]) -> None:
        """another: opens the file a second time, when that is first needed."""
        self._now = Run(file)
        self._another = another
        self._ahead: Run | None = None
        self._alone = False
        self._aim: tuple[float, bool] | None = None
        """What the second run is made for: a place, and whether the clip runs backwards there."""
        self._step = file.step
        self._many = max(FEWEST, MEMORY // max(1, file.picture_bytes))
        self.share = 1.0
        """Of `MEMORY`, that it may hold."""
        self._before: float | None = None
        """The place for which something was made ready last."""

    @property
    def broken(self) -> int:
        """Packets that could not be decoded."""
        return sum(run.file.broken for run in (self._now, self._ahead) if run is not None)

    @property
    def decoded(self) -> int:
        """Pictures that were decoded."""
        return sum(run.file.decoded for run in (self._now, self._ahead) if run is not None)

    def close(self) -> None:
        """The pictures go at once: whatever else refers to them is found after minutes."""
        for run in (self._now, self._ahead):
            if run is not None:
                run.file.close()
                run.trim(0)

    def at(self, place: float, back: bool) -> tuple[Picture, float]:
        """The picture that is seen at `place` seconds, and when the next one begins. back: pictures
        before it, or anywhere, will be asked for next. Raises Fault when the file gives no more."""
        run = self._leading_to(place)
        if run is None:
            run = self._now
            run.begin(place, self._kept(back))
        elif run is not self._now:
            self._now, self._ahead, self._aim = run, self._now, None
        run.most = self._kept(back)
        run.grow_to(place)
        if run.first > place:  # one that is seen for long, and began among those left out
            run.begin(place, run.most)
            run.file.needed_from = -math.inf
            run.grow_to(place)
        if not run.pictures:
            raise Fault(f"video:{run.file.path}: gives no more pictures")
        return run.at(place)

    def _leading_to(self, place: float) -> Run | None:
        """The run that holds a place, or decodes to it sooner than a seek would; None for none."""
        best, least = None, math.inf
        for run in (self._now, self._ahead):
            if run is None or place < run.begins_to_hold:
                continue
            aim = self._aim if run is self._ahead else None
            made_for_it = aim is not None and place < aim[0] + self._step
            missing = 0.0 if run.reaches(place) else place - run.last
            if missing < least and (missing <= run.gap or made_for_it):
                best, least = run, missing
        return best

    def _kept(self, back: bool) -> int:
        """How many pictures a run keeps."""
        return max(FEWEST, int(self.share * self._many)) if back else FORWARD

    def _second(self) -> Run | None:
        """None where the file cannot be opened once more: it has been moved since. What would be
        made ready is then decoded when it is asked for."""
        if self._ahead is None and not self._alone:
            try:
                self._ahead = Run(self._another())
            except Fault:
                self._alone = True
        return self._ahead

    def prepare(
        self,
        place: float,
        velocity: float,
        low: float,
        left: float,
        onward: tuple[float, bool] | None,
    ) -> None:
        """A step of what makes the next pictures ready. low: where the part that plays begins;
        left, onward: how far it is to the end that the clip runs towards, and where it goes on, see
        `Playhead`; all in seconds of the clip."""
        before, self._before = self._before, place
        moved = self._step if before is None else min(abs(place - before), FASTEST * self._step)
        now = self._now
        if velocity < 0 and now.first > low:
            aim, left = (now.first - self._step / 2, True), place - now.first
        elif onward is None or (velocity > 0 and left > SOON * max(1.0, velocity)):
            if self._ahead is not None and velocity > 0:
                self._ahead.trim(FORWARD)
            return
        else:
            aim = onward
        if now.reaches(aim[0]) and now.first <= aim[0]:
            return
        ahead = self._second()
        if ahead is None:
            return
        if self._aim is None or abs(aim[0] - self._aim[0]) > self._step / 4:
            self._aim = aim
            ahead.begin(aim[0], self._kept(aim[1]))
        if not ahead.reaches(aim[0]):
            steps = max(1.0, left / max(moved, self._step / 8))
            missing = (aim[0] - ahead.last) / self._step + 1
            for _ in range(math.ceil(missing / steps)):
                if ahead.reaches(aim[0]) or not ahead.grow():
                    break
