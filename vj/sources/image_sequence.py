"""Pictures in files of their own, played as a clip: a folder of them, or a pattern of names."""

from __future__ import annotations

import math
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from fractions import Fraction
from itertools import chain
from pathlib import Path

import numpy as np

from vj.core.errors import Fault, nearest
from vj.sources.file_names import found, gap, is_sequence, local, parted
from vj.sources.image import read_picture
from vj.sources.missing import missing
from vj.sources.picture import Picture
from vj.sources.video_file import VideoFile

AHEAD = 2
"""Pictures that are read before they are asked for, each on a thread of its own: a large PNG takes
longer to decode than it is seen."""

SOUND = "sound.wav"
"""What vj records beside pictures."""

TRIES = 40
"""Pictures beside one another that cannot be read before the folder is taken to have gone."""


class StillPicture:
    """One picture of a sequence, in place of a decoded frame: it needs no other one, and is read
    when it is shown."""

    key_frame = True
    interlaced_frame = False

    def __init__(self, sequence: PictureSequence, number: int) -> None:
        self._sequence, self._number = sequence, number

    @property
    def pixels(self) -> np.ndarray:
        """(H, W, 3 or 4) uint8 RGB(A). Raises Fault when no picture can be read any more."""
        return self._sequence.pixels(self._number)


class PictureSequence(VideoFile):
    """A folder's pictures in the order of their numbers, each seen for a frame. Numbers that are
    missing are passed over; a file that cannot be read is counted, and the one before it stays. For
    one thread."""

    def __init__(self, path: Path, fallback_fps: float, rate: float | None = None) -> None:
        """rate: frames a second, of its name; None: `fallback_fps`."""
        super().__init__(path, fallback_fps)
        self._rate = rate
        self._files: list[Path] = []
        self._number = 0
        self._shown = -1
        self._reading: dict[int, Future[np.ndarray]] = {}
        self._readers: ThreadPoolExecutor | None = None
        self._unreadable: set[int] = set()
        self._sound: Path | None = None

    def another(self) -> PictureSequence:
        return PictureSequence(self.path, self._fallback_fps, self._rate)

    @property
    def can_seek(self) -> bool:
        return True

    @property
    def sound(self) -> Path | None:
        """What vj itself records beside the pictures."""
        return self._sound

    def open(self) -> None:
        """Raises Fault where there are no pictures, or none that can be read."""
        self.close()
        try:
            self._files = found(self.path)
        except FileNotFoundError:
            raise missing("video", self.path) from None
        except OSError as error:
            raise Fault(f"video:{self.path}: cannot be read ({error.strerror})") from None
        if not self._files:
            raise Fault(self._nothing())
        self.fps, self.frames = self._rate or self._fallback_fps, len(self._files)
        self._unreadable, self._number, self.notes = set(), 0, ()
        beside = self._files[0].with_name(SOUND)
        self._sound = beside if beside.is_file() else None
        self.picture_bytes = self.pixels(0).nbytes
        lacking = gap(self._files)
        if lacking is not None:
            many, first = lacking
            self.notes = (
                f"{many} number{'s are' if many > 1 else ' is'} missing, the first is {first}; the "
                "pictures that are there play one after the other",
            )

    def _nothing(self) -> str:
        """Why there are no pictures."""
        if self.path.is_dir():
            return (
                f"video:{self.path}: is a folder without pictures (png, jpg, exr, ...); name a "
                "file in it, or a list: clips:A.mp4,B.mp4"
            )
        there = [one.name for one in found(self.path.parent)[:2000]]
        near = nearest(self.path.name, there) if there else ""
        return (
            f"video:{self.path}: no picture is called like that (looked in "
            f"{self.path.parent.absolute()}){near}"
        )

    def close(self) -> None:
        readers, self._readers = self._readers, None
        self._files, self._reading, self._shown = [], {}, -1
        if readers is not None:
            readers.shutdown(wait=False, cancel_futures=True)

    def next(self) -> Picture | None:
        if not self._files:
            raise Fault(f"video:{self.path} is not open")
        if self._number >= len(self._files):
            return None
        number, self._number = self._number, self._number + 1
        self.decoded += 1
        return Picture(number * self.step, StillPicture(self, number), self.step)

    def rewind(self) -> None:
        self._number = 0

    def seek(self, seconds: float) -> float:
        last = len(self._files) - 1
        number = round(seconds / self.step)
        if number * self.step > seconds:
            number -= 1
        self._number = min(max(0, number), last)
        return self._number * self.step

    def packets(self, begin: float) -> Iterator[tuple[float | None, float]]:
        first = max(0, math.ceil(begin / self.step - 1e-6))
        for number in range(first, len(self._files)):
            yield number * self.step, self.step

    @property
    def pixel_shape(self) -> Fraction | None:
        return None

    @property
    def tick(self) -> float:
        return 1e-6

    @property
    def format(self) -> str:
        return "image2"

    @property
    def reorders(self) -> bool:
        return False

    @property
    def stated_length(self) -> float:
        return len(self._files) * self.step

    def pixels(self, number: int) -> np.ndarray:
        """Of a picture, or of the nearest one that can be read, those before it first. Has those
        read that come next, in the direction in which it goes."""
        fault = Fault(f"video:{self.path}: none of its pictures can be read any more")
        failed = 0
        for candidate in chain(range(number, -1, -1), range(number + 1, len(self._files))):
            if candidate in self._unreadable:
                continue
            if failed == TRIES:
                break
            try:
                pixels = self._read(candidate)
            except Fault as one:
                self._unreadable.add(candidate)
                fault = fault if failed else one
                self.broken, failed = self.broken + 1, failed + 1
                continue
            self._read_ahead(number)
            return pixels
        raise fault

    def _read(self, number: int) -> np.ndarray:
        coming = self._reading.pop(number, None)
        return read_picture(self._files[number], "video") if coming is None else coming.result()

    def _read_ahead(self, number: int) -> None:
        way = -1 if number < self._shown else 1
        stride = min(abs(number - self._shown), 8) if self._shown >= 0 else 1
        self._shown = number
        wanted = [number + way * max(1, stride) * (one + 1) for one in range(AHEAD)]
        wanted = [one for one in wanted if 0 <= one < len(self._files)]
        for gone in [one for one in self._reading if one not in wanted]:
            self._reading.pop(gone).cancel()
        if self._readers is None:
            self._readers = ThreadPoolExecutor(AHEAD, "pictures of a sequence")
        for one in wanted:
            if one not in self._reading and one not in self._unreadable:
                read = self._readers.submit(read_picture, self._files[one], "video")
                self._reading[one] = read


def film_of(name: str, fallback_fps: float) -> VideoFile:
    """What `video:NAME` plays, not yet open: a video file, or pictures in files of their own.
    fallback_fps: the rate where none is stated."""
    wished = parted(name)
    path = local(wished.plain)
    film = VideoFile(path, fallback_fps)
    if is_sequence(name):
        film = PictureSequence(path, fallback_fps, wished.rate)
    film.premultiplied = wished.premultiplied
    return film


def sound_of(name: str) -> Path | None:
    """The file in which the sound of `video:NAME` would be; None where there is none."""
    path = local(parted(name).plain)
    if is_sequence(name):
        path = (path if path.is_dir() else path.parent) / SOUND
    return path if path.is_file() else None
