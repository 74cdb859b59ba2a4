"""Video files, by PyAV (FFmpeg)."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.sources import EndOfSource, SourceSettings
from vj.sources.missing import missing

SLICE = 0.2
"""Seconds that `read` waits at most."""

LATE = 0.5
"""Seconds of delay after which a clip does not catch up any more, and goes on from where it is."""


class Video:
    """`video:PATH`. At its own pace while live, every frame offline; loops when the settings say
    so.

    Rotation tags and pixel shapes are honoured, so that the picture is upright and its pixels
    square. Packets that cannot be decoded are skipped and counted. Alpha is left out.
    """

    live = False
    ends = True

    def __init__(self, rest: str, settings: SourceSettings) -> None:
        self.path = Path(rest).expanduser()
        self.fps: float | None = None
        """Frames a second on average, once open; None when the file does not state it."""
        self.frames: int | None = None
        """The number of frames that the file states; None when it does not."""
        self.broken = 0
        """Packets that could not be decoded."""
        self._settings = settings
        self._container: Any = None
        self._stream: Any = None
        self._pictures: Iterator[Any] = iter(())
        self._number = 0
        self._pending: tuple[np.ndarray, float] | None = None
        self._start: float | None = None
        self._offset = 0.0
        self._last = 0.0

    def open(self) -> None:
        """Raises Fault for a file that is missing or holds no video."""
        import av

        self.close()
        try:
            there = self.path.exists()
        except (
            OSError,
            ValueError,
        ) as error:  # a name too long for the file system, or a folder without permission
            raise Fault(
                f"video:{str(self.path)[:120]}: cannot be opened "
                f"({getattr(error, 'strerror', None) or error})"
            ) from None
        if not there:
            raise missing("video", self.path)
        if self.path.is_dir():
            raise Fault(f"video:{self.path}: is a folder; name a file in it")
        try:
            self._container = av.open(str(self.path))
        except (av.FFmpegError, OSError) as error:
            raise Fault(
                f"video:{self.path}: is not a video that FFmpeg can read "
                f"({error.strerror or error})"
            ) from None
        if not self._container.streams.video:
            tracks = (
                ", ".join(sorted({stream.type for stream in self._container.streams})) or "nothing"
            )
            self.close()
            raise Fault(f"video:{self.path}: holds no picture, only {tracks}")
        self._stream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        self._stream.codec_context.thread_count = 2
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.frames = self._stream.frames or None
        self._number, self._pending, self._start, self._offset = (
            0,
            None,
            None,
            self._settings.clock.now(),
        )
        self._pictures = self._decode()
        first = next(self._pictures, None)
        if first is None:
            self.close()
            raise Fault(
                f"video:{self.path}: no picture in it could be decoded; the file is broken or cut "
                "off"
            )
        self._pending = self._prepared(first)

    def begin(self, moment: float) -> None:
        """Set when its first frame is due. Call after `open`, before the first `read`."""
        self._offset = self._last = moment
        if self._pending is not None:
            self._pending = self._pending[0], moment

    @property
    def due(self) -> float:
        """When the clip ends, once its last frame has been read."""
        return self._last + self._duration()

    def read(self) -> Frame | None:
        """The next frame when it is due. Raises EndOfSource after the last one of a clip that does
        not loop."""
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
                elif behind > self._duration():
                    self._pending = None  # too late: the next frame is due already
                    self._number += 1
                    continue
            frame = Frame(pixels, self._number, clock.now())
            self._number += 1
            self._pending = None
            return frame

    def close(self) -> None:
        container, self._container, self._stream = self._container, None, None
        self._pictures, self._pending = iter(()), None
        if container is not None:
            container.close()

    def _duration(self) -> float:
        """Seconds a frame lasts, on average."""
        return 1 / (self.fps or self._settings.fps)

    def _next(self) -> Any:
        """The next decoded frame, from the beginning again at the end."""
        if self._container is None:
            raise Fault(f"video:{self.path} is not open")
        picture = next(self._pictures, None)
        if picture is not None:
            return picture
        if not self._settings.loop:
            raise EndOfSource
        self._rewind()
        picture = next(self._pictures, None)
        if picture is None:
            raise Fault(f"video:{self.path}: gives no more pictures")
        return picture

    def _rewind(self) -> None:
        """Back to the first frame, which is due one frame after the last one."""
        import av

        try:
            self._container.seek(0, backward=True)
            self._pictures = self._decode()
        except av.FFmpegError:  # a file without seeking is opened again
            number, last = self._number, self._last
            self.open()
            self._number, self._last = number, last
        self._offset, self._start = self._last + self._duration(), None

    def _decode(self) -> Iterator[Any]:
        """Every frame, from here to the end of the file."""
        import av

        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except av.FFmpegError:
                self.broken += 1  # the rest of the file cannot be read
                return
            try:
                yield from packet.decode()
            except av.FFmpegError:
                self.broken += 1

    def _prepared(self, picture: Any) -> tuple[np.ndarray, float]:
        """A decoded frame -> upright RGB of square pixels, and the moment it is due."""
        moment = picture.time if picture.time is not None else self._number * self._duration()
        if self._start is None:
            self._start = moment
        self._last = self._offset + max(0.0, moment - self._start)
        return upright(picture, self._stream.sample_aspect_ratio), self._last


def upright(picture: Any, pixel_shape: Fraction | None) -> np.ndarray:
    """A decoded frame -> (H, W, 3) uint8 RGB, turned as its rotation tag says, its pixels square.
    Pictures of 720 lines and more that do not name their colours are taken for BT.709, as players
    do."""
    from av.video.reformatter import Colorspace

    unnamed = int(picture.colorspace) == 2
    colours = {"src_colorspace": Colorspace.ITU709} if unnamed and picture.height >= 720 else {}
    pixels = picture.reformat(format="rgb24", **colours).to_ndarray()
    if pixel_shape and pixel_shape != 1 and 0.1 < pixel_shape < 10:
        width = max(1, round(pixels.shape[1] * pixel_shape))
        pixels = cv2.resize(pixels, (width, pixels.shape[0]), interpolation=cv2.INTER_LINEAR)
    turns = round((picture.rotation or 0) / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels
