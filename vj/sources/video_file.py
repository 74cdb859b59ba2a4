"""A video file as pictures with times, by PyAV (FFmpeg): on from any of them, found exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from os.path import isfile
from pathlib import Path
from typing import Any

from vj.core.errors import Fault
from vj.core.packets import believed, packets_of
from vj.sources.decoder import Decoder, last_packet
from vj.sources.picture import Picture
from vj.sources.picture_times import PictureTimes
from vj.sources.picture_track import leads_to, open_film, place_of
from vj.sources.tone_map import stated_peak

STEPS_BACK = (0.0, 0.5, 2.0, 8.0, 32.0)
"""Seconds before a place at which a key picture is looked for, one after the other: after a seek
FFmpeg may stand behind it. Then the file is decoded from its beginning."""

KEYS_WITH_WRONG_TIMES = {"mpeg": 1}
"""Key pictures after a seek whose times FFmpeg guesses, and those of the pictures after them, in a
format that does not give each picture its time: MPEG program streams (.mpg, .vob)."""

SILENT = (".gif", ".webp", ".png", ".apng")
"""Endings of pictures that move."""


class VideoFile:
    """One file, open, and where in it the decoder stands. For one thread."""

    def __init__(self, path: Path, fallback_fps: float) -> None:
        """fallback_fps: the rate of a file that states none."""
        self.path = path
        self.fps: float | None = None
        """Frames a second on average, once open; None when the file does not state it."""
        self.frames: int | None = None
        """The number of frames that the file states; None when it does not."""
        self.broken = 0
        """Packets that could not be decoded."""
        self.decoded = 0
        """Pictures that were decoded."""
        self.picture_bytes = 0
        """Of a decoded picture, once open."""
        self.peak: float | None = None
        """Nits of the brightest thing in it, once open; None where it does not say."""
        self.premultiplied = False  # with its alpha, see `vj.sources.file_names.parted`
        self.notes: tuple[str, ...] = ()
        """What is to be said of it once, when it is open."""
        self.needed_from = -math.inf
        """Seconds before which pictures may be left out that no other one needs: the decoder only
        passes through there."""
        self._fallback_fps = fallback_fps
        self._container: Any = None
        self._stream: Any = None
        self._decoder: Any = None
        self._pictures: Iterator[Any] = iter(())
        self._kept: Picture | None = None
        self._before: Any = None
        self._ahead: Picture | None = None
        """Neighbours of the last picture: the decoded one before, and the one after it."""
        self._interlaced = False
        """Pictures that are interlaced have been seen."""
        self.times = PictureTimes()
        self._beginning: Any = None
        """Which packet is the first of the file, once it has been read; see `place_of`."""
        self._leads_back: bool | None = None
        """Whether a seek to 0 leads there; None before it is tried."""

    @property
    def step(self) -> float:
        """Seconds a frame lasts, on average."""
        return 1 / (self.fps or self._fallback_fps)

    def another(self) -> VideoFile:
        """The same one once more, not open."""
        other = VideoFile(self.path, self._fallback_fps)
        other.times = PictureTimes(self.times.counted, self.times.anew)
        return other

    @property
    def can_seek(self) -> bool:
        """It is no pipe."""
        return isfile(self.path)  # not Path's own, which raises for names that no system takes

    @property
    def sound(self) -> Path | None:
        """The file in which its sound would be; None for a picture that moves."""
        return None if self.times.anew or self.path.suffix.lower() in SILENT else self.path

    @property
    def pixel_shape(self) -> Fraction | None:
        shape: Fraction | None = self._stream.sample_aspect_ratio
        return shape

    def open(self) -> None:
        """Stands before its first picture. Raises Fault for a file that is missing or holds no
        video."""
        self.close()
        self._open()
        rate = self._stream.average_rate or self._stream.guessed_rate
        self.fps = float(rate) if rate else None
        self.frames = self._stream.frames or None
        self.times.begin()
        self._beginning = self._leads_back = None
        first = self.next()
        if first is None:
            self.close()
            raise Fault(
                f"video:{self.path}: no picture in it could be decoded; the file is broken or cut "
                "off"
            )
        self._kept = first
        self.peak = stated_peak(first.decoded)
        self.picture_bytes = sum(plane.buffer_size for plane in first.decoded.planes)

    def _open(self) -> None:
        self._container, self._stream = open_film(self.path)
        self._decoder = Decoder(self._stream)
        self._stand_here()

    def _stand_here(self) -> None:
        """The decoder goes on from where the file is read now."""
        self._decoder.forget()
        self.times.stand()
        self._pictures = believed(self._decode(), self.format)
        self._kept = self._before = self._ahead = None

    def close(self) -> None:
        container, self._container, self._stream = self._container, None, None
        decoder, self._decoder = self._decoder, None
        self._pictures, self._kept, self._before, self._ahead = iter(()), None, None, None
        if decoder is not None:
            decoder.close()
        if container is not None:
            container.close()

    def next(self) -> Picture | None:
        """The next picture; None at the end of the file. Raises Fault when it is not open."""
        if self._container is None:
            raise Fault(f"video:{self.path} is not open")
        if self._kept is not None:
            kept, self._kept = self._kept, None
            return kept
        picture, self._ahead = self._ahead or self._pull(), None
        if picture is None:
            return None
        before, self._before = self._before, picture.decoded
        if picture.decoded.interlaced_frame:
            self._interlaced, self._ahead = True, self._pull()
            after = None if self._ahead is None else self._ahead.decoded
            picture = picture._replace(before=before, after=after)
        return picture

    def _pull(self) -> Picture | None:
        decoded = next(self._pictures, None)
        if decoded is None:
            return None
        self.decoded += 1
        begins = self.times.begins(decoded, self._container, self.step)
        lasts = float((decoded.duration or 0) * (decoded.time_base or 0))
        return Picture(begins, decoded, lasts)

    def count(self, anew: bool) -> None:
        """Go by the number of pictures from now on, and back to the first one. anew: since times
        begin anew. Raises Fault."""
        self.times.count(anew)
        self.rewind()

    def rewind(self) -> None:
        """Back to the first picture. A file without seeking is opened again. Raises Fault."""
        import av

        try:
            if self.times.timed and self._leads_back is None:
                self._leads_back = leads_to(self._beginning, self._container, self._stream)
            if not self.times.timed or not self._leads_back:
                raise av.FFmpegError(0, "pictures are counted, or a seek misses the first ones")
            self._container.seek(0, backward=True)
            self._stand_here()
        except av.FFmpegError:
            self.close()
            self._open()

    def seek(self, seconds: float) -> float:
        """Go to a picture from which the decoder gives all later ones, and that begins at this
        moment or before: the last such one, as far as the file leads there. Returns when it
        begins."""
        import av

        reached = 0.0
        for back in STEPS_BACK:
            target = seconds - back
            if target <= self.step or not self.times.known:
                break
            try:
                self._read_from(target)
            except (av.FFmpegError, OSError, ValueError):
                break
            self._stand_here()
            first = self._next_key(seconds)
            if first is not None and first.begins > 0 and first.decoded.interlaced_frame:
                first = self.next()  # of the key picture the neighbour before is not known
            if first is not None and first.begins <= seconds:
                self._kept, reached = first, first.begins
                return reached
        self.rewind()
        first = self.next()
        self._kept = first
        return 0.0 if first is None else first.begins

    def _read_from(self, seconds: float) -> None:
        """The file is read from there on, as far as its index leads. Raises av.FFmpegError, OSError
        or ValueError."""
        place = int((seconds + self.times.zero) / self._stream.time_base)
        self._container.seek(place, stream=self._stream, backward=True)

    def _next_key(self, limit: float) -> Picture | None:
        """The first picture here that needs no other one. Those that come before it may have needed
        what was passed over (an open group of pictures). limit: later ones are not looked for."""
        doubtful = KEYS_WITH_WRONG_TIMES.get(self._container.format.name, 0)
        while True:
            picture = self.next()
            if picture is None or picture.begins > limit:
                return picture
            if picture.decoded.key_frame:
                doubtful -= 1
                if doubtful < 0:
                    return picture

    def _decode(self) -> Iterator[Any]:
        """Every frame, from here to the end of the file."""
        import av

        packets = packets_of(self._container, self._stream)
        decoder, context = self._decoder, self._decoder.context
        leaves_out, context.skip_frame = False, "DEFAULT"
        while True:
            try:
                packet = next(packets)
                self._beginning = self._beginning or place_of(packet)
            except StopIteration:
                return
            except av.FFmpegError:
                self.broken += 1  # the rest of the file cannot be read
                packet, packets = last_packet(self._stream), iter(())
            if self._may_leave_out(packet) != leaves_out:
                leaves_out = not leaves_out
                context.skip_frame = "NONREF" if leaves_out else "DEFAULT"
            try:
                yield from decoder.decode(packet)
            except av.FFmpegError:
                self.broken += 1

    def _may_leave_out(self, packet: Any) -> bool:
        if packet.pts is None or not self.times.known or self._interlaced:
            return False  # of what is interlaced any may be a neighbour
        begins = self.times.place(float(packet.pts * packet.time_base))
        return begins < self.needed_from and self._decoder.knows_dispensable

    @property
    def tick(self) -> float:
        """Seconds, to which the times of its pictures are rounded."""
        return float(self._stream.time_base)

    @property
    def format(self) -> str:
        """FFmpeg's name of its container."""
        return str(self._container.format.name)

    @property
    def reorders(self) -> bool:
        """Its pictures are not in the file in the order in which they are seen."""
        return bool(self._stream.codec_context.has_b_frames)

    @property
    def stated_length(self) -> float:
        """Seconds as the file says, 0 where it does not. It may be wrong, or that of its sound."""
        import av

        if self._stream.duration is not None:
            return float(self._stream.duration * self._stream.time_base)
        return float((self._container.duration or 0) / av.time_base)

    @property
    def track(self) -> int:
        """The number that the file gives its stream."""
        return int(self._stream.id)

    def packets(self, begin: float) -> Iterator[tuple[float | None, float]]:
        """What the file holds from about `begin` seconds on, not decoded: for each picture, in the
        order of decoding, when it begins, None where the file does not say, and how long it is
        seen, 0 likewise. The decoder stands nowhere then: rewind or seek."""
        import av

        try:
            if begin > 0:
                self._read_from(begin)
            else:
                self.rewind()
        except (av.FFmpegError, OSError, ValueError):
            self.close()
            self._open()
        try:
            for packet in believed(packets_of(self._container, self._stream), self.format):
                if packet.size and not packet.is_discard:  # before where an edit list begins
                    moment = packet.pts if packet.pts is not None else packet.dts
                    ticks = packet.time_base
                    begins = None if moment is None else self.times.place(float(moment * ticks))
                    yield begins, float((packet.duration or 0) * ticks)
        except av.FFmpegError:
            return
