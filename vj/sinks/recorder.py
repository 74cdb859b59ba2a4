"""Recording: a movie, or a folder of pictures."""

from __future__ import annotations

import errno
import shutil
import time
from pathlib import Path
from typing import Protocol

import numpy as np

from vj.core.errors import Fault, Unavailable
from vj.core.frame import Frame, Size
from vj.sinks import SinkSettings
from vj.sinks.codecs import ENDINGS, FORMATS, LOOPS
from vj.sinks.image_sequence import ImageSequence
from vj.sinks.mark import Mark

CHECK_PERIOD = 0.4
"""Seconds between two checks whether the file or folder still exists."""

FULL = (errno.ENOSPC, errno.EDQUOT)

LEAST_FREE = 50_000_000
"""Bytes that have to be free where a recording goes on after a disk was full."""


class DestinationGone(OSError):
    """The file or folder that is recorded into does not exist any more."""


class Recording(Protocol):
    """A recording in progress: a `Movie`, a `LoopPicture` or an `ImageSequence`."""

    path: Path
    frames: int
    seconds: float
    mark: Mark | None

    @property
    def bytes(self) -> int: ...
    def exists(self) -> bool: ...
    def add(self, pixels: np.ndarray, moment: float, lasts: float = 0.0) -> None: ...
    def add_sound(self, samples: np.ndarray, moment: float) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


class Recorder:
    """`record:out.mp4` (also .mov, .mkv), `record:loop.gif` or .webp, or `record:takes/` for
    numbered PNGs. The settings' codec says what a movie is written with.

    Live, frames are timed by the clock, so that the movie keeps the show's speed when some are
    lost; offline they are counted, or where they come at varying times each is timed by its own,
    and the same frames give the same bytes. A movie that exists is
    never written over: the next one is `out-2.mp4`. A folder is continued after its highest number.
    Pictures keep alpha, and movies of some codecs.

    When its folder or its disk disappears, or is full, that is logged, and the recording goes on in
    the settings' spare folder if there is one with room; else it stops.

    A movie has a sound stream if the settings say at its first frame that there is sound; a folder
    gets `sound.wav`. It is written as it comes, for as long as the pictures are.

    The settings' mark is in each picture, and at the beginning of a movie, where the first one
    stays. A movie that was begun without one goes on in a new file as soon as there is one.
    """

    final = True
    """After a Fault it stays closed: a full disk does not empty itself, and a torn movie is not
    continued."""

    @property
    def one_size(self) -> bool:
        """A movie holds pictures of one size, a folder of any."""
        return not self.folder

    path: Path
    """Where it records: the movie's own name once open."""

    def __init__(self, rest: str, settings: SinkSettings) -> None:
        """rest: the path. Raises Fault when it is neither a movie's nor a folder's."""
        if not rest:
            raise Fault(
                "record: needs a path: record:takes/ for pictures, record:out.mp4 for a movie or a "
                f"loop ({ENDINGS})"
            )
        self.uri = f"record:{rest}"
        self.requested = self.path = Path(rest).expanduser()
        ending = self.requested.suffix.lower()
        # A path with a movie's ending is not looked up, since the disk may not answer.
        self.folder = (
            rest.endswith(("/", "\\"))
            or not ending
            or (ending not in (*FORMATS, *LOOPS) and self.requested.is_dir())
        )
        if not self.folder and ending not in (*FORMATS, *LOOPS):
            raise Fault(
                f"{self.uri}: can't write {ending!r} files; end it with {ENDINGS}, or with / for "
                "a folder of PNGs"
            )
        self._settings = settings
        self._recording: Recording | None = None
        self._stopped = ""
        self._size, self._fps = Size(0, 0), 0.0
        self._next_check = 0.0
        self._spare_used = False
        """The spare folder has been taken."""
        self.silent = not self.folder and ending in LOOPS
        """It carries no sound."""
        self._silence_said = False
        self._mark: Mark | None = None
        """The last one. It stays when there is none any more: a model that has gone lingers in
        feedback and fades."""
        self.recorded: list[tuple[Path, int]] = []
        """Finished recordings: path, and number of frames as far as is known."""

    def open(self, width: int, height: int, fps: float) -> None:
        """Start a new recording, making missing folders. Raises Fault naming the place that can't
        be written to."""
        self.close()
        self._stopped = ""
        self._size, self._fps = Size(width, height), fps
        spare = self._settings.spare
        place = (
            spare / self.requested.name
            if self._spare_used and spare is not None
            else self.requested
        )
        try:
            self._begin(place)
        except OSError as error:
            folder = place if self.folder else place.parent
            raise Fault(
                f"{self.uri}: can't write in {folder} ({_reason(error)}); record somewhere else, "
                f"{_remedy(error)}"
            ) from error

    def _begin(self, path: Path) -> None:
        """Start a recording there. Raises OSError."""
        (path if self.folder else path.parent).mkdir(parents=True, exist_ok=True)
        self._recording = self._new_recording(path, self._size, self._fps)
        self.path = self._recording.path
        self._next_check = time.monotonic() + CHECK_PERIOD

    def _new_recording(self, path: Path, size: Size, fps: float) -> Recording:
        settings = self._settings
        timed = settings.span is not None
        if self.folder:
            return ImageSequence(path, fps, timed, settings.live, settings.sound())
        live, fade, alpha = settings.live, settings.loop_fade, settings.alpha
        try:
            if path.suffix.lower() in LOOPS:
                from vj.sinks.loop_picture import LoopPicture

                if settings.sound() and not self._silence_said:
                    self._silence_said = True
                    settings.log(f"{self.uri}: a loop has no sound; it is left out")
                return LoopPicture(path, size, fps, live, fade, alpha, timed)
            from vj.sinks.movie import Movie
        except ImportError as error:
            raise Unavailable(
                f"{self.uri} needs PyAV ({error}): pip install av; record:FOLDER/ does without"
            ) from error
        return Movie(path, size, fps, live, settings.codec, alpha, timed, settings.sound())

    def send(self, frame: Frame) -> None:
        """Record one frame. Raises Fault, once, when it cannot be written and there is no other
        folder; what was written stays playable."""
        if self._recording is None:
            return
        self._follow_mark(self._recording)
        if getattr(self._recording, "full", False):
            self.close()
            self.open(*self._size, self._fps)
            self._settings.log(
                f"{self.uri}: is written, since a WebP waits in memory until its end; it goes on "
                f"in {self.path}"
            )
        try:
            self._check_exists()
            self._add(frame)
        except OSError as error:
            report = self._end_broken(error)
            if not self._continue_in_spare(frame, report, error):
                raise Fault(report + _advice(error)) from error

    def send_sound(self, moment: float, samples: np.ndarray) -> None:
        """Record what is heard from `moment` on: (n, 2) float32. Pictures that loop have no sound.
        Raises Fault as `send` does."""
        if self._recording is None:
            return
        try:
            self._recording.add_sound(samples, moment)
        except OSError as error:
            report = self._end_broken(error)
            if not self._continue_in_spare(None, report, error):
                raise Fault(report + _advice(error)) from error

    def _follow_mark(self, recording: Recording) -> None:
        """Take over the mark of the pictures that come now. Raises Fault when a movie has to go on
        in a new file, and cannot."""
        mark = self._settings.mark()
        if mark is None:
            return
        if self._mark is None and self.one_size and recording.frames:
            self.close()
            self.open(*self._size, self._fps)
            self._settings.log(f"{self.uri}: {mark.model} paints; it goes on in {self.path}")
        self._mark = mark

    def _add(self, frame: Frame) -> None:
        assert self._recording is not None
        self._recording.mark = self._mark
        if self._settings.span is None:
            self._recording.add(frame.pixels, self._settings.clock.now())
            return
        begins, ends = self._settings.span()
        self._recording.add(frame.pixels, begins, ends - begins)

    def _check_exists(self) -> None:
        """Raises OSError when the file or folder does not exist any more."""
        assert self._recording is not None
        if time.monotonic() < self._next_check:
            return
        self._next_check = time.monotonic() + CHECK_PERIOD
        if not self._recording.exists():
            raise DestinationGone(errno.ENOENT, f"{self._recording.path} is not there any more")

    def _continue_in_spare(self, frame: Frame | None, report: str, error: OSError) -> bool:
        """Record on in the spare folder, from this frame on, None: from the next. False when that
        can't be done, either."""
        spare = self._settings.spare
        if spare is None or self._spare_used or (error.errno in FULL and not _has_room(spare)):
            return False
        self._spare_used = True  # once only: a folder that is lost too does not help
        try:
            self._begin(spare / self.requested.name)
            if frame is not None:
                self._add(frame)
        except OSError as other:
            self._settings.log(f"{self.uri}: can't go on in {spare} ({_reason(other)})")
            if self._recording is not None:
                self._end_broken(other)
            return False
        self._settings.log(f"{report}; it goes on in {self.path}")
        return True

    def close(self) -> None:
        """Finish the recording. Raises Fault when its end does not fit on the disk."""
        if self._recording is None:
            return
        try:
            self._recording.finish()
        except OSError as error:
            raise Fault(self._end_broken(error) + _advice(error)) from error
        if remark := getattr(self._recording, "remark", ""):
            self._settings.log(f"{self.uri}: {remark}")
        self.recorded.append((self._recording.path, self._recording.frames))
        self._stopped = f"finished: {self._length(self._recording)}"
        self._recording = None

    def _end_broken(self, error: OSError) -> str:
        """End the recording as it is. Returns the message, which says how much was recorded."""
        assert self._recording is not None
        recording, self._recording = self._recording, None
        self._stopped = f"stopped ({_reason(error)}): {self._length(recording)}"
        if isinstance(error, DestinationGone):
            try:
                recording.finish()  # it may have been moved, and should be playable there
            except OSError:
                recording.abandon()
            return (
                f"{self.uri}: recording stopped, {_reason(error)}; it held about "
                f"{self._length(recording)}"
            )
        recording.abandon()
        self.recorded.append((recording.path, recording.frames))
        return (
            f"{self.uri}: recording stopped, {_reason(error)}; about {self._length(recording)} are "
            f"in {recording.path}"
        )

    def _length(self, recording: Recording) -> str:
        return f"{recording.seconds:.1f} s, {recording.bytes / 1e6:.1f} MB"

    def state(self) -> str:
        """`"12.3 s, 4.1 MB"`, and the file's name where it is not the one that was asked for."""
        recording = self._recording
        if recording is None:
            return self._stopped or "not recording"
        name = (
            recording.path.name
            if recording.path.parent == self.requested.parent
            else recording.path
        )
        return self._length(recording) + (f" in {name}" if recording.path != self.requested else "")


def _reason(error: Exception) -> str:
    """The system's words without its numbers: `No space left on device`."""
    return getattr(error, "strerror", None) or str(error)


def _remedy(error: Exception) -> str:
    """What to do when a recording cannot begin."""
    return (
        "or free some space" if getattr(error, "errno", None) in FULL else "or allow writing there"
    )


def _advice(error: Exception) -> str:
    """What to do before recording again."""
    return (
        "; free some space and record again"
        if getattr(error, "errno", None) in FULL
        else ""
    )


def _has_room(folder: Path) -> bool:
    """There is room to record for a while, as far as is known."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.is_dir()), None)
    return there is not None and shutil.disk_usage(there).free >= LEAST_FREE
