"""Recording: a movie, or a folder of pictures."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Protocol

import numpy as np

from vj.errors import Fault, Unavailable
from vj.frame import Frame, Size
from vj.sinks import Setting
from vj.sinks.pictures import Pictures
from vj.sinks.tape import FORMATS

ENDINGS = ", ".join(FORMATS)


class Take(Protocol):
    """What is being recorded: a Movie or Pictures."""

    path: Path
    frames: int
    seconds: float

    @property
    def bytes(self) -> int: ...
    def add(self, pixels: np.ndarray, moment: float) -> None: ...
    def finish(self) -> None: ...
    def abandon(self) -> None: ...


class Recorder:
    """`record:out.mp4` (also .mov, .mkv) or `record:takes/` for numbered PNGs.

    Live, frames are timed by the clock, so that the movie keeps the show's speed when some are lost; offline they are counted, and the
    same frames give the same bytes. A movie that exists is never written over: the next one is `out-2.mp4`. A folder is continued
    after its highest number. Movies have no alpha, pictures keep it.
    """

    final = True
    """After a Fault it stays closed: a full disk does not empty itself, and a torn movie is not continued."""

    @property
    def one_size(self) -> bool:
        """A movie holds pictures of one size, a folder of any."""
        return not self.folder

    path: Path
    """Where it records: the movie's own name once open."""

    def __init__(self, rest: str, setting: Setting) -> None:
        """rest: the path. Raises Fault when it is neither a movie's nor a folder's."""
        if not rest:
            raise Fault(f"record: needs a path: record:takes/ for pictures, record:out.mp4 for a movie ({ENDINGS})")
        self.uri = f"record:{rest}"
        self.asked = self.path = Path(rest).expanduser()
        ending = self.asked.suffix.lower()
        self.folder = rest.endswith(("/", "\\")) or self.asked.is_dir() or not ending
        if not self.folder and ending not in FORMATS:
            raise Fault(f"{self.uri}: can't write {ending!r} files; end it with {ENDINGS}, or with / for a folder of PNGs")
        self._setting = setting
        self._take: Take | None = None
        self._stopped = ""

    def open(self, width: int, height: int, fps: float) -> None:
        """Start a new take, making missing folders. Raises Fault naming the place that can't be written to."""
        self.close()
        self._stopped = ""
        folder = self.asked if self.folder else self.asked.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._take = self._new_take(Size(width, height), fps)
        except OSError as error:
            raise Fault(f"{self.uri}: can't write in {folder} ({_reason(error)}); record somewhere else, {_remedy(error)}") from error
        self.path = self._take.path

    def _new_take(self, size: Size, fps: float) -> Take:
        if self.folder:
            return Pictures(self.asked, fps)
        try:
            from vj.sinks.movie import Movie
        except ImportError as error:
            raise Unavailable(f"{self.uri} needs PyAV ({error}): pip install av; record:FOLDER/ does without") from error
        return Movie(self.asked, size, fps, self._setting.live)

    def send(self, frame: Frame) -> None:
        """Record one frame. Raises Fault, once, when the disk does not take it; what was written stays playable."""
        if self._take is None:
            return
        try:
            self._take.add(frame.pixels, self._setting.clock.now())
        except OSError as error:
            raise self._torn(error) from error

    def close(self) -> None:
        """Finish the take. Raises Fault when its end does not fit on the disk."""
        if self._take is None:
            return
        try:
            self._take.finish()
        except OSError as error:
            raise self._torn(error) from error
        self._stopped = f"finished: {self._length(self._take)}"
        self._take = None

    def _torn(self, error: Exception) -> Fault:
        """End the take as it is, and say how much there is of it."""
        assert self._take is not None
        take, self._take = self._take, None
        take.abandon()
        self._stopped = f"stopped ({_reason(error)}): {self._length(take)}"
        return Fault(f"{self.uri}: recording stopped, {_reason(error)}; about {self._length(take)} are in {take.path}; {_remedy(error)}")

    def _length(self, take: Take) -> str:
        return f"{take.seconds:.1f} s, {take.bytes / 1e6:.1f} MB"

    def state(self) -> str:
        """`"12.3 s, 4.1 MB"`, and the file's name where it is not the one asked for."""
        take = self._take
        if take is None:
            return self._stopped or "not recording"
        return self._length(take) + (f" in {take.path.name}" if take.path != self.asked else "")


def _reason(error: Exception) -> str:
    """The system's words without its numbers: `No space left on device`."""
    return getattr(error, "strerror", None) or str(error)


def _remedy(error: Exception) -> str:
    """What would put it right."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT):
        return "free some space and start recording again"
    return "or allow writing there"
