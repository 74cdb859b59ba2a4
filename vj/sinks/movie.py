"""One movie on its way to disk, playable at every moment of its making."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fractions import Fraction
from os import SEEK_END
from pathlib import Path
from typing import cast

import av
import cv2
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter
from av.video.stream import VideoStream

from vj.core.frame import Size
from vj.sinks.codecs import CODECS, FORMATS, Codec
from vj.sinks.fit import fitted, opaque
from vj.sinks.mark import Mark, movie_tags, xmp_box
from vj.sinks.movie_sound import MovieSound
from vj.sinks.output_file import create_unused
from vj.sinks.rate import exact_rate
from vj.sound import RATE

TICKS = 90_000
"""Live time stamps a second, as MPEG has them."""
KEY_PERIOD = 1.0
"""Seconds between pictures that stand by themselves; a killed recording loses no more than this."""
INTRA_FRAGMENT = 0.25
"""Seconds of a fragment where every picture stands by itself: those are large, and a fragment has
to fit into the buffer."""
MOST_AHEAD = 10
"""Seconds of sound that wait for pictures, at most."""
AVX_512 = 256
"""OpenCV's number of those instructions. x264 plans with them by what lies beside small pictures in
memory: of 60 times 96x64 there were 13 different files, with AVX2 one, and the same as with SSE."""
BT709 = 1
"""BT.709's number among FFmpeg's colour primaries and transfers."""


def container_options(ending: str, intra: bool = False, sound: bool = False) -> dict[str, str]:
    """What makes a file whole to its last second after a crash.

    MP4 and MOV are written in fragments of a second and get an ordinary index at the very end,
    because editors are at home with that one and some are not with fragments (FFmpeg 7.1 and later
    call it hybrid). Matroska's clusters need no index to be played. intra: every picture stands by
    itself, and no fragment has to wait for one. sound: its encoder's delay stands in the header,
    which waits for the first fragment then.
    """
    options = {
        "flush_packets": "1",
        "fflags": "+bitexact",
    }  # bitexact: no dates, no random numbers, the same bytes again
    if ending == ".mkv":
        return options | {"cluster_time_limit": str(round(KEY_PERIOD * 1000))}
    period = INTRA_FRAGMENT if intra else KEY_PERIOD
    return options | {
        "movflags": "+hybrid_fragmented"
        + ("" if intra else "+frag_keyframe")
        + ("+delay_moov" if sound else ""),
        "frag_duration": str(round(period * 1_000_000)),
    }


def codec_options(codec: Codec, live: bool) -> dict[str, str]:
    """The encoder's settings. x264: one thread, since the render loop wants the others, and the
    bytes then do not hang on the number of cores. No B frames: a picture leaves the encoder in the
    order it came, so every fragment stands by itself and the first frame is at 0."""
    if codec.intra:
        return codec.options
    options = {"crf": "18", "threads": "1", "bf": "0"}
    if live:
        return options | {"preset": "superfast", "tune": "zerolatency"}
    if cv2.checkHardwareSupport(AVX_512):
        options["x264-params"] = "asm=avx2"
    return options | {"preset": "veryfast"}


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

    def __init__(
        self,
        path: Path,
        size: Size,
        fps: float,
        live: bool,
        codec: Codec = CODECS["h264"],
        alpha: bool = False,
        timed: bool = False,
        sound: bool = False,
    ) -> None:
        """size: of the first frame; odd sides get one more row or column where the codec wants even
        ones. live: frames are timed by the clock, else counted. alpha: is kept, where the codec
        can. timed: each frame brings its time, though the show is not live; fps is their average
        then. sound: there will be some."""
        even = (size.width % 2, size.height % 2) if codec.even else (0, 0)
        self.size = Size(size.width + even[0], size.height + even[1])
        self._codec = codec
        self._alpha = alpha and bool(codec.alpha_pixels)
        self._pixels = codec.alpha_pixels if self._alpha else codec.pixels
        self.mark: Mark | None = None
        """Written with the first frame; later ones change nothing."""
        self.frames = 0
        self.seconds = 0.0
        """How long it plays."""
        self._live, self._timed = live, live or timed
        self._ending = path.suffix.lower()
        self._written: Mark | None = None
        self._rate = exact_rate(fps)
        self._base = Fraction(1, TICKS) if self._timed else 1 / self._rate
        self._first = 0.0
        self._last = 0
        self._end = Fraction(0)
        """Seconds at which the last frame ends."""
        self._last_key = 0
        self._durations: dict[int, int] = {}
        """Stamp -> ticks, of frames on their way through the encoder."""
        self._to_yuv = VideoReformatter()
        self._sounds = sound
        self._sound: MovieSound | None = None
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
            container_options=container_options(self._ending, self._codec.intra, self._sounds),
            buffer_size=16
            # holds a whole fragment, so that one reaches the disk in one piece or not at all
            << 20,
        )
        codec = self._codec
        options = codec_options(codec, self._live)
        stream = cast(
            VideoStream, self._container.add_stream(codec.encoder, rate=self._rate, options=options)
        )
        stream.width, stream.height, stream.pix_fmt = *self.size, self._pixels
        context = stream.codec_context
        context.time_base = self._base
        context.gop_size = 1 if codec.intra else max(1, round(float(self._rate) * KEY_PERIOD))
        if codec.yuv:
            context.color_range, context.colorspace = ColorRange.MPEG, Colorspace.ITU709
            context.color_primaries = context.color_trc = BT709
        self._stream = stream
        if self._sounds:
            self._sound = MovieSound(self._container, self._ending)

    @property
    def bytes(self) -> int:
        return self._file.size

    def exists(self) -> bool:
        """The file still exists at its path."""
        return self._file.exists()

    def add(self, pixels: np.ndarray, moment: float, lasts: float = 0.0) -> None:
        """pixels: (H, W, 3 or 4) uint8, any size. moment: seconds on the show's clock, used where
        frames are timed. lasts: seconds that it is seen, 0 for a frame of the rate."""
        picture = self._converted(pixels)
        if self.frames == 0:
            self._first = moment
            self._write_tags()
        stamp = self._stamp(moment)
        ticks = max(1, round((lasts or 1 / self._rate) / self._base))
        picture.pts, picture.time_base, picture.duration = stamp, self._base, ticks
        if lasts:
            self._durations[stamp] = ticks
        picture.pict_type = PictureType.NONE
        if (
            self._timed
            and not self._codec.intra
            and (stamp - self._last_key) * self._base >= KEY_PERIOD
        ):
            # The encoder counts frames, not seconds, and at half the rate would let two seconds
            # pass.
            picture.pict_type = PictureType.I
            self._last_key = stamp
        with as_os_errors():
            self._mux(self._stream.encode(picture))
        self._last = stamp
        self.frames += 1
        self._end = (stamp + ticks) * self._base
        self.seconds = float(self._end)
        if self._sound is not None:
            with as_os_errors():
                self._sound.follow(round(self._end * RATE), self._live)

    def add_sound(self, samples: np.ndarray, moment: float) -> None:
        """What is heard from `moment` on: (n, 2) float32, see `vj.sound`. The moment is that of a
        frame's clock, used live; else samples follow each other. What is not there by the end is
        silence, and what is longer than the pictures is cut. Nothing in a movie without sound, or
        before its first frame."""
        if self._sound is None or self.frames == 0:
            return
        if self._live and self._sound.queue.end > (self._end + MOST_AHEAD) * RATE:
            return  # pictures have stopped coming
        first = round((moment - self._first) * RATE) if self._live else None
        self._sound.queue.put(first, samples)
        with as_os_errors():
            self._sound.follow(round(self._end * RATE), live=False)

    def _mux(self, packets: Iterable[av.Packet]) -> None:
        """Some encoders forget how long a frame lasts, and the last one's nothing else says."""
        for packet in packets:
            if packet.pts is not None and packet.pts in self._durations:
                packet.duration = self._durations.pop(packet.pts)
            self._container.mux(packet)

    def _converted(self, pixels: np.ndarray) -> av.VideoFrame:
        """In the codec's own pixel format."""
        if self._alpha and pixels.shape[2] == 3:
            pixels = cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA)
        kept = pixels if self._alpha else opaque(pixels)
        given = av.VideoFrame.from_ndarray(
            fitted(kept, self.size), format="rgba" if self._alpha else "rgb24"
        )
        if not self._codec.yuv:
            return self._to_yuv.reformat(given, format=self._pixels, threads=1)
        # Without being told, swscale takes BT.601 and the tags below would turn reds orange.
        return self._to_yuv.reformat(
            given,
            format=self._pixels,
            dst_colorspace=Colorspace.ITU709,
            src_color_range=ColorRange.JPEG,
            dst_color_range=ColorRange.MPEG,
            threads=1,
        )

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
        """When the frame is shown, in ticks of the stream: strictly rising, live and in Matroska
        at least a millisecond apart, which is its tick."""
        if not self._timed:
            return self.frames
        stamp = round((moment - self._first) * TICKS)
        least = TICKS // 1000 if self._live or self._ending == ".mkv" else 1
        return stamp if self.frames == 0 else max(stamp, self._last + least)

    def finish(self) -> None:
        """Write what is still in the encoder and the index. Raises OSError when they don't fit; the
        file is released in any case."""
        try:
            with as_os_errors():
                if self.frames:
                    self._mux(self._stream.encode(None))
                    if self._sound is not None:
                        self._sound.finish(round(self._end * RATE))
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
