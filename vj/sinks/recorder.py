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
from vj.sinks.image_sequence import Pictures
from vj.sinks.output_file import FORMATS

ENDINGS = ", ".join(FORMATS)


LOOK = 0.4
"""Seconds between two looks whether what is recorded into is still there."""

FULL = (errno.ENOSPC, errno.EDQUOT)

ROOM = 50_000_000
"""Bytes that have to be free where a recording goes on after a disk was full."""


class Gone(OSError):
    """What was recorded into is not there any more."""


class Recording(Protocol):
    """What is being recorded: a Movie or Pictures."""

    path: Path
    frames: int
    seconds: float

    @property
    def bytes(self) -> int: ...
    def there(self) -> bool: ...
    def add(self, pixels: np.ndarray, moment: float) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


class Recorder:
    """`record:out.mp4` (also .mov, .mkv) or `record:takes/` for numbered PNGs.

    Live, frames are timed by the clock, so that the movie keeps the show's speed when some are
    lost; offline they are counted, and the same frames give the same bytes. A movie that exists is
    never written over: the next one is `out-2.mp4`. A folder is continued after its highest number.
    Movies have no alpha, pictures keep it.

    When its folder or its disk goes, or is full, that is said, and the recording goes on in the
    setting's spare folder where there is one with room; else it stops.
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

    def __init__(self, rest: str, setting: SinkSettings) -> None:
        """rest: the path. Raises Fault when it is neither a movie's nor a folder's."""
        if not rest:
            raise Fault(
                "record: needs a path: record:takes/ for pictures, record:out.mp4 for a movie "
                f"({ENDINGS})"
            )
        self.uri = f"record:{rest}"
        self.asked = self.path = Path(rest).expanduser()
        ending = self.asked.suffix.lower()
        # A disk that does not answer is not asked about what has a movie's ending.
        self.folder = (
            rest.endswith(("/", "\\"))
            or not ending
            or (ending not in FORMATS and self.asked.is_dir())
        )
        if not self.folder and ending not in FORMATS:
            raise Fault(
                f"{self.uri}: can't write {ending!r} files; end it with {ENDINGS}, or with / for "
                "a folder of PNGs"
            )
        self._setting = setting
        self._take: Recording | None = None
        self._stopped = ""
        self._size, self._fps = Size(0, 0), 0.0
        self._next_look = 0.0
        self._spared = False
        """The spare folder has been taken."""
        self.recorded: list[tuple[Path, int]] = []
        """What was recorded into, and how many frames of it are there, as far as is known."""

    def open(self, width: int, height: int, fps: float) -> None:
        """Start a new take, making missing folders. Raises Fault naming the place that can't be
        written to."""
        self.close()
        self._stopped = ""
        self._size, self._fps = Size(width, height), fps
        spare = self._setting.spare
        place = spare / self.asked.name if self._spared and spare is not None else self.asked
        try:
            self._begin(place)
        except OSError as error:
            folder = place if self.folder else place.parent
            raise Fault(
                f"{self.uri}: can't write in {folder} ({_reason(error)}); record somewhere else, "
                f"{_remedy(error)}"
            ) from error

    def _begin(self, path: Path) -> None:
        """Record there from now on. Raises OSError."""
        (path if self.folder else path.parent).mkdir(parents=True, exist_ok=True)
        self._take = self._new_recording(path, self._size, self._fps)
        self.path = self._take.path
        self._next_look = time.monotonic() + LOOK

    def _new_recording(self, path: Path, size: Size, fps: float) -> Recording:
        if self.folder:
            return Pictures(path, fps)
        try:
            from vj.sinks.movie import Movie
        except ImportError as error:
            raise Unavailable(
                f"{self.uri} needs PyAV ({error}): pip install av; record:FOLDER/ does without"
            ) from error
        return Movie(path, size, fps, self._setting.live)

    def send(self, frame: Frame) -> None:
        """Record one frame. Raises Fault, once, when the disk does not take it and there is no
        other place; what was written stays playable."""
        if self._take is None:
            return
        try:
            self._look()
            self._add(frame)
        except OSError as error:
            report = self._torn(error)
            if not self._go_on(frame, report, error):
                raise Fault(report + _again(error)) from error

    def _add(self, frame: Frame) -> None:
        assert self._take is not None
        self._take.add(frame.pixels, self._setting.clock.now())

    def _look(self) -> None:
        """Raises OSError when what is recorded into has gone."""
        assert self._take is not None
        if time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LOOK
        if not self._take.there():
            raise Gone(errno.ENOENT, f"{self._take.path} is not there any more")

    def _go_on(self, frame: Frame, report: str, error: OSError) -> bool:
        """Record on in the spare folder. False when that can't be done, either."""
        spare = self._setting.spare
        if spare is None or self._spared or (error.errno in FULL and not _room(spare)):
            return False
        self._spared = True  # once: a place that is lost again and again is none
        try:
            self._begin(spare / self.asked.name)
            self._add(frame)
        except OSError as other:
            self._setting.log(f"{self.uri}: can't go on in {spare} ({_reason(other)})")
            if self._take is not None:
                self._torn(other)
            return False
        self._setting.log(f"{report}; it goes on in {self.path}")
        return True

    def close(self) -> None:
        """Finish the take. Raises Fault when its end does not fit on the disk."""
        if self._take is None:
            return
        try:
            self._take.finish()
        except OSError as error:
            raise Fault(self._torn(error) + _again(error)) from error
        self.recorded.append((self._take.path, self._take.frames))
        self._stopped = f"finished: {self._length(self._take)}"
        self._take = None

    def _torn(self, error: OSError) -> str:
        """End the take as it is; the words for it, with how much there is of it."""
        assert self._take is not None
        take, self._take = self._take, None
        self._stopped = f"stopped ({_reason(error)}): {self._length(take)}"
        if isinstance(error, Gone):
            try:
                take.finish()  # it may have been moved, and plays there
            except OSError:
                take.abandon()
            return (
                f"{self.uri}: recording stopped, {_reason(error)}; it held about "
                f"{self._length(take)}"
            )
        take.abandon()
        self.recorded.append((take.path, take.frames))
        return (
            f"{self.uri}: recording stopped, {_reason(error)}; about {self._length(take)} are "
            f"in {take.path}"
        )

    def _length(self, take: Recording) -> str:
        return f"{take.seconds:.1f} s, {take.bytes / 1e6:.1f} MB"

    def state(self) -> str:
        """`"12.3 s, 4.1 MB"`, and the file's name where it is not the one asked for."""
        take = self._take
        if take is None:
            return self._stopped or "not recording"
        name = take.path.name if take.path.parent == self.asked.parent else take.path
        return self._length(take) + (f" in {name}" if take.path != self.asked else "")


def _reason(error: Exception) -> str:
    """The system's words without its numbers: `No space left on device`."""
    return getattr(error, "strerror", None) or str(error)


def _remedy(error: Exception) -> str:
    """What would put it right, where recording cannot begin."""
    return (
        "or free some space" if getattr(error, "errno", None) in FULL else "or allow writing there"
    )


def _again(error: Exception) -> str:
    """What would let it begin again."""
    return (
        "; free some space and start recording again"
        if getattr(error, "errno", None) in FULL
        else ""
    )


def _room(folder: Path) -> bool:
    """There is room for a while of recording, as far as is known."""
    there = next((place for place in (folder, *folder.absolute().parents) if place.is_dir()), None)
    return there is not None and shutil.disk_usage(there).free >= ROOM
