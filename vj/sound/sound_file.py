"""The sound of a file, by PyAV (FFmpeg): any part of it, exact to the sample."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from vj.core.errors import Fault
from vj.core.media_file import opened
from vj.core.packets import packets_of, untorn
from vj.sound import RATE, silence
from vj.sound.resampling import resampler, samples_of, silence_like

PREROLL = 0.4
"""Seconds that are decoded before a place after a seek: MP3 borrows bits from frames before, Opus
asks for 80 ms, and a resampler remembers some samples."""

STEPS_BACK = (PREROLL + 0.1, 2.0, 8.0, 32.0)
"""Seconds before a place to which is sought, one after the other, until FFmpeg stands early enough.
Then the file is decoded from its beginning."""

AHEAD = 2.0
"""Seconds that are decoded rather than sought over."""

BEHIND = 2.0
"""Seconds before a place that are decoded along where it is read backwards."""

KEPT = 6.0
"""Seconds of decoded sound that are kept, at most."""

JUMP = 0.010
"""Seconds by which times may differ from the number of samples; beyond that is a gap or overlap."""

FAR = 1 << 62
"""A sample behind every other one; with a minus before it, before."""

LARGEST_STEP = 4096
"""Input samples to which the beginning of a part is moved, so that its samples fall on ours."""


class SoundFile:
    """The best sound stream of one file. `open`, then `read`, then `close`. For one thread."""

    def __init__(self, path: Path, zero: float | None = None) -> None:
        """zero: the time, as the file counts, that is 0 here: `PictureTimes.zero` for the sound of
        a clip. None: the beginning that the file states."""
        self.path = path
        self.broken = 0
        """Packets that could not be decoded."""
        self._given_zero = zero
        self._zero = 0.0
        self._container: Any = None
        self._stream: Any = None
        self._frames: Iterator[Any] = iter(())
        self._resampler: Any = None
        self._rate = RATE
        """Samples a second of what is decoded."""
        self._kind: tuple[str, str, int] | None = None
        """Format, layout and rate of the part that is being read."""
        self._lattice: tuple[int, int] | None = None
        """Where a frame begins and how long each is, in input samples: times in milliseconds are
        made exact by it. None where times are exact, or frames of several lengths."""
        self._coming = 0
        """Where the next frame begins, in input samples, if it follows the one before."""
        self._chunks: deque[tuple[int, np.ndarray]] = deque()
        """Decoded sound: where it begins, in samples, and (n, 2) float32."""
        self._valid = 0
        """From this sample on what is kept is whole."""
        self._at = 0
        """The sample that is decoded next."""
        self._next = 0
        """The sample that the resampler gives next; what is before `_at` is cut."""
        self._end = FAR
        """What is decoded from this sample on is not heard."""
        self._ended = False
        self._length: float | None = None

    def open(self) -> bool:
        """Stands at its beginning. False for a file without sound. Raises Fault for one that is
        missing or cannot be read."""
        import av

        self.close()
        if not self._open():
            return False
        stated = (self._container.start_time or 0) / av.time_base
        self._zero = stated if self._given_zero is None else self._given_zero
        self._end = self._stated_end()
        self._lattice = self._measured_lattice()
        self._rewind()
        return True

    def _open(self) -> bool:
        import av

        try:
            self._container = opened(self.path)
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise Fault(f"{str(self.path)[:120]}: cannot be read ({reason})") from None
        self._stream = self._container.streams.best("audio")
        if self._stream is None or not self._stream.rate:
            self.close()
            return False
        for stream in self._container.streams:
            if stream is not self._stream:
                stream.discard = av.stream.Discard.all
        self._rate = self._stream.rate
        return True

    def _stated_end(self) -> int:
        """The sample at which its sound ends as an edit list says: an encoder may have filled up
        its last frame. Other files say it in the packets themselves, or cannot."""
        stream = self._stream
        if "mp4" not in self._container.format.name or stream.duration is None:
            return FAR
        end = float(((stream.start_time or 0) + stream.duration) * stream.time_base)
        return round((end - self._zero) * RATE)

    def close(self) -> None:
        """May be called twice."""
        container, self._container, self._stream = self._container, None, None
        self._frames, self._resampler = iter(()), None
        self._chunks.clear()
        if container is not None:
            container.close()

    @property
    def length(self) -> float:
        """Seconds from 0 to the end of its sound. Decodes its last seconds, once. Raises Fault when
        it is not open."""
        if self._length is None:
            self._check_open()
            import av

            stated = float((self._container.duration or 0) / av.time_base)
            self._seek(max(0.0, stated - BEHIND))
            if self._valid > 0 and not self._more():
                self._rewind()  # the file is shorter than it says
            while self._more():
                self._forget(self._at)
            self._length = max(0.0, self._at / RATE)
        return self._length

    def read(self, begin: float, count: int) -> np.ndarray:
        """`count` samples from `begin` seconds on: (count, 2) float32; silence where there are
        none, before 0 as well, unless sound is there. Reading on from where the last one ended is
        cheapest. Raises Fault when it is not open."""
        self._check_open()
        first = round(begin * RATE)
        last = first + count
        if first < self._valid:
            near = self._valid - first < KEPT * RATE
            self._seek(begin - (BEHIND if near else 0.0))
        elif first > self._at + AHEAD * RATE and not self._ended:
            self._seek(begin)
        while self._at < last and self._more():
            self._forget(first)
        found = silence(count)
        for start, samples in self._chunks:
            low, high = max(start, first), min(start + len(samples), last)
            if low < high:
                found[low - first : high - first] = samples[low - start : high - start]
        return found

    def _check_open(self) -> None:
        if self._container is None:
            raise Fault(f"{self.path}: its sound is not open")

    def _forget(self, first: int) -> None:
        """Let go what lies long before this sample."""
        while self._chunks and self._chunks[0][0] < first - KEPT * RATE:
            start, samples = self._chunks.popleft()
            self._valid = max(self._valid, start + len(samples))

    def _rewind(self) -> None:
        """To the beginning. The file is opened again: after a seek there FFmpeg leaves the
        encoder's delay in, or out of the decoder."""
        self.close()
        if not self._open():
            raise Fault(f"{self.path}: has no sound any more")
        self._start_decoding()
        self._valid = -FAR

    def _start_decoding(self) -> None:
        self._frames, self._resampler, self._ended = untorn(self._decode()), None, False
        self._chunks.clear()
        self._coming, self._at = 0, -FAR

    def _seek(self, seconds: float) -> None:
        """Decode from early enough before this place that it is right there."""
        import av

        silent = None
        for back in STEPS_BACK:
            target = seconds - back
            if target <= 0:
                break
            place = int((target + self._zero) / self._stream.time_base)
            try:
                self._container.seek(place, stream=self._stream, backward=True)
            except (av.FFmpegError, OSError, ValueError):
                break
            self._start_decoding()
            if not self._more():  # behind its end
                silent = target
                continue
            begins = self._chunks[0][0] if self._chunks else self._at
            if begins / RATE <= seconds - PREROLL:
                self._valid = round(begins + PREROLL * RATE)
                return
            silent = None
        if silent is not None and silent <= seconds - STEPS_BACK[-1]:
            self._valid = round(silent * RATE)  # and it has ended: not all of it is decoded
            return
        self._rewind()

    def _measured_lattice(self) -> tuple[int, int] | None:
        """Of a file whose times are coarser than its samples and whose frames are of one length."""
        if float(self._stream.time_base) <= 1.01 / self._rate:
            return None
        starts, lengths = [], []
        for frame in self._decode():
            if frame.pts is not None:
                starts.append(self._place(frame))
                lengths.append(frame.samples)
            if len(lengths) == 4:
                break
        if len(lengths) < 3 or len(set(lengths[1:])) != 1:
            return None
        return starts[0] + lengths[0], lengths[1]

    def _place(self, frame: Any) -> int:
        """Where a frame begins, in input samples, as its time says."""
        return round((float(frame.pts * frame.time_base) - self._zero) * self._rate)

    def _decode(self) -> Iterator[Any]:
        """Every frame, from here to the end of the file."""
        import av

        packets = packets_of(self._container, self._stream)
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

    def _more(self) -> bool:
        """Decode on. False at the end of the file."""
        if self._ended:
            return False
        frame = next(self._frames, None)
        if frame is None:
            self._flush()
            self._ended = True
            return False
        if frame.samples:
            self._feed(frame)
        return True

    def _feed(self, frame: Any) -> None:
        import av

        kind = frame.format.name, frame.layout.name, frame.rate
        if kind != self._kind:  # in the middle of a broadcast, say: what follows is a new part
            self._flush()
            self._count_in(frame.rate)
            self._kind = kind
        place = self._coming if frame.pts is None else self._place(frame)
        if self._resampler is not None and abs(place - self._coming) > JUMP * self._rate:
            self._flush()
        try:
            if self._resampler is None:
                place = self._begin_part(place, frame)
                self._coming = place
            self._keep(self._resampler.resample(frame))
        except (av.FFmpegError, ValueError):  # ValueError: PyAV's own, of another format
            # FFmpeg has no way to stereo for these channels: nine without places, for example.
            # The resampler is of no use any more, and would raise again if it were flushed.
            self._resampler = None
            self.broken += 1
        self._coming += frame.samples

    def _count_in(self, rate: int) -> None:
        """Input samples are of this rate from now on, which the file need not have said."""
        if rate != self._rate:
            self._coming = round(self._coming * rate / self._rate)
            self._rate, self._lattice = rate, None

    def _begin_part(self, place: int, frame: Any) -> int:
        """A resampler for what begins with this frame, led in by so much silence that its samples
        fall on ours. Returns the exact place."""
        if self._lattice is not None:
            origin, length = self._lattice
            # a first frame may lack its beginning, so its end counts
            behind = origin + round((place + frame.samples - origin) / length) * length
            exact = behind - frame.samples
            slack = 2 * float(self._stream.time_base) * self._rate
            place = exact if abs(exact - place) <= slack else place
        step = self._rate // math.gcd(self._rate, RATE)
        lead = place % step if step <= LARGEST_STEP else 0
        self._resampler = resampler(frame)
        begins = round((place - lead) * RATE / self._rate)
        self._at = max(self._at, begins)
        self._next = begins
        if lead:
            self._keep(self._resampler.resample(silence_like(frame, lead)))
        return place

    def _keep(self, frames: list[Any]) -> None:
        """Add resampled sound; what overlaps the part before is cut."""
        for frame in frames:
            if frame is None:  # a resampler that had nothing to do, at its end
                continue
            samples = samples_of(frame)
            start, self._next = self._next, self._next + len(samples)
            samples = samples[: max(0, self._end - start)]
            self._next = start + len(samples)
            samples = samples[max(0, self._at - start) :]
            if len(samples):
                begins = self._next - len(samples)
                self._chunks.append((begins, samples))
                self._at = self._next

    def _flush(self) -> None:
        """What the resampler still holds; the next frame begins a new part."""
        if self._resampler is not None:
            self._keep(self._resampler.resample(None))
            self._resampler = None
