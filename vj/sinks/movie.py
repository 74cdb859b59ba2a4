"""One H.264 movie on its way to disk, playable at every moment of its making."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from os import SEEK_END
from pathlib import Path

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from vj.core.frame import Size
from vj.sinks.fit import fitted, opaque
from vj.sinks.mark import Mark, movie_tags, xmp_box
from vj.sinks.output_file import FORMATS, create_unused
from vj.sinks.rate import exact_rate

TICKS = 90_000
"""Live time stamps a second, as MPEG has them."""
KEY_PERIOD = 1.0
"""Seconds between pictures that stand by themselves; a killed recording loses no more than this."""
BT709 = 1
"""BT.709's number among H.264's colour primaries and transfers."""


def container_options(ending: str) -> dict[str, str]:
    """What makes a file whole to its last second after a crash.

    MP4 and MOV are written in fragments of a second and get an ordinary index at the very end,
    because editors are at home with that one and some are not with fragments (FFmpeg 7.1 and later
    call it hybrid). Matroska's clusters need no index to be played.
    """
    options = {
        "flush_packets": "1",
        "fflags": "+bitexact",
    }  # bitexact: no dates, no random numbers, the same bytes again
    if ending == ".mkv":
        return options | {"cluster_time_limit": str(round(KEY_PERIOD * 1000))}
    return options | {
        "movflags": "+hybrid_fragmented+frag_keyframe",
        "frag_duration": str(round(KEY_PERIOD * 1_000_000)),
    }


def codec_options(live: bool) -> dict[str, str]:
    """x264's settings. One thread: the render loop wants the others, and the bytes then do not hang
    on the number of cores. No B frames: a picture leaves the encoder in the order it came, so every
    fragment stands by itself and the first frame is at 0."""
    options = {"crf": "18", "threads": "1", "bf": "0"}
    return options | (
        {"preset": "superfast", "tune": "zerolatency"} if live else {"preset": "veryfast"}
    )


@contextmanager
def as_os_errors() -> Iterator[None]:
    """FFmpeg's errors as OSError, the only kind that the recorder handles."""
    try:
        yield
    except av.FFmpegError as error:
        raise OSError(error.errno, f"{error.strerror} (FFmpeg)") from error


class Movie:
    """Writes frames into a new file. Raises OSError when they cannot be written; what was written
    until then stays playable."""

    def __init__(self, path: Path, size: Size, fps: float, live: bool) -> None:
        """size: of the first frame; odd sides get one more row or column. live: frames are timed by
        the clock, else counted."""
        self.size = Size(size.width + size.width % 2, size.height + size.height % 2)
        self.mark: Mark | None = None
        """Written with the first frame; later ones change nothing."""
        self.frames = 0
        self.seconds = 0.0
        """How long it plays."""
        self._live = live
        self._ending = path.suffix.lower()
        self._written: Mark | None = None
        self._rate = exact_rate(fps)
        self._base = Fraction(1, TICKS) if live else 1 / self._rate
        self._first = 0.0
        self._last = 0
        self._last_key = 0
        self._to_yuv = VideoReformatter()
        self._file = create_unused(path)
        self.path = self._file.path
        try:
            with as_os_errors():
                self._prepare()
        except OSError:
            self._file.release()
            self.path.unlink()
            raise

    def _prepare(self) -> None:
        """Set up container and encoder; the first frame writes the first byte."""
        self._container = av.open(
            self._file,
            "w",
            format=FORMATS[self._ending],
            container_options=container_options(self._ending),
            buffer_size=16
            # holds a whole fragment, so that one reaches the disk in one piece or not at all
            << 20,
        )
        stream = self._container.add_stream(
            "libx264", rate=self._rate, options=codec_options(self._live)
        )
        stream.width, stream.height, stream.pix_fmt = self.size.width, self.size.height, "yuv420p"
        context = stream.codec_context
        context.time_base = self._base
        context.gop_size = max(1, round(float(self._rate) * KEY_PERIOD))
        context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
        context.color_primaries = context.color_trc = BT709
        self._stream = stream

    @property
    def bytes(self) -> int:
        return self._file.size

    def exists(self) -> bool:
        """The file still exists at its path."""
        return self._file.exists()

    def add(self, pixels: np.ndarray, moment: float) -> None:
        """pixels: (H, W, 3 or 4) uint8, any size. moment: seconds on the show's clock, used live
        only."""
        picture = av.VideoFrame.from_ndarray(fitted(opaque(pixels), self.size), format="rgb24")
        # Without being told, swscale takes BT.601 and the tags below would turn reds orange.
        picture = self._to_yuv.reformat(
            picture,
            format="yuv420p",
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )
        if self.frames == 0:
            self._first = moment
            self._write_tags()
        stamp = self._stamp(moment)
        picture.pts, picture.time_base, picture.duration = (
            stamp,
            self._base,
            round(1 / self._rate / self._base),
        )
        picture.pict_type = PictureType.NONE
        if self._live and (stamp - self._last_key) * self._base >= KEY_PERIOD:
            # The encoder counts frames, not seconds, and at half the rate would let two seconds
            # pass.
            picture.pict_type = PictureType.I
            self._last_key = stamp
        with as_os_errors():
            self._container.mux(self._stream.encode(picture))
        self._last = stamp
        self.frames += 1
        self.seconds = float(stamp * self._base + 1 / self._rate)

    def _write_tags(self) -> None:
        """Give the mark to the container, whose header the first frame writes."""
        self._written = self.mark
        if self.mark is not None:
            self._container.metadata.update(movie_tags(self.mark, self._ending))

    def _write_xmp(self) -> None:
        """Put the XMP packet at the end of a whole MP4. One without room for it is marked all the
        same, by its tags."""
        if self._written is not None and FORMATS[self._ending] == "mp4":
            with suppress(OSError):
                self._file.seek(0, SEEK_END)
                self._file.write(xmp_box(self._written))

    def _stamp(self, moment: float) -> int:
        """When the frame is shown, in ticks of the stream: strictly rising, live at least a
        millisecond apart (Matroska's tick)."""
        if not self._live:
            return self.frames
        stamp = round((moment - self._first) * TICKS)
        return stamp if self.frames == 0 else max(stamp, self._last + TICKS // 1000)

    def finish(self) -> None:
        """Write what is still in the encoder and the index. Raises OSError when they don't fit; the
        file is released in any case."""
        try:
            with as_os_errors():
                if self.frames:
                    self._container.mux(self._stream.encode(None))
                self._container.close()
            self._write_xmp()
        finally:
            self._file.release()

    def abandon(self) -> None:
        """Leave the file as it is: a movie up to its last whole fragment."""
        self._file.closed = True
        try:
            self._container.close()
        finally:
            self._file.release()
