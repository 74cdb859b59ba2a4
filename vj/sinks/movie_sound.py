"""The sound of a movie on its way to disk, beside its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
import numpy as np
from av.audio.stream import AudioStream

from vj.sinks.sound_queue import SoundQueue
from vj.sound import RATE

BASE = Fraction(1, RATE)
LATE = RATE
"""Samples that are waited for while pictures go on; then there is silence in their place. The file
takes pictures and sound in turns, and holds back what is ahead."""
PCM_BLOCK = 4800
"""Samples of a packet that an encoder without frames of its own gets."""


@dataclass(frozen=True, slots=True)
class SoundCodec:
    """encoder: FFmpeg's name. rate: bits a second, 0 where nothing is lost. delayed: the encoder
    puts samples of its own before the first one, which the file has to say."""

    encoder: str
    rate: int = 0
    delayed: bool = False


CODECS = {
    ".mp4": SoundCodec("aac", 192_000, delayed=True),
    ".m4v": SoundCodec("aac", 192_000, delayed=True),
    ".mkv": SoundCodec("flac"),
    ".mov": SoundCodec("pcm_s24le"),
}
"""A movie's ending -> how its sound is written: what the players and editors of that file take."""


class MovieSound:
    """The sound stream of one movie. Samples are counted from its first picture on."""

    def __init__(self, container: Any, ending: str) -> None:
        """Adds the stream to a container that nothing was written to."""
        codec = CODECS[ending]
        self.queue = SoundQueue()
        self._container = container
        self._stream = cast(AudioStream, container.add_stream(codec.encoder, rate=RATE))
        context = self._stream.codec_context
        context.layout, context.time_base = "stereo", BASE
        self._floats = codec.encoder == "aac"
        context.format = "fltp" if self._floats else "s32"
        if codec.rate:
            self._stream.bit_rate = codec.rate
        context.open(strict=False)
        self._block = context.frame_size or PCM_BLOCK

    def follow(self, pictures: int, live: bool) -> None:
        """Write what goes with the pictures so far. pictures: the sample at which they end. live:
        sound that does not come in time is not waited for."""
        if live:
            self.queue.pad(pictures - LATE)
        while self.queue.taken + self._block <= min(pictures, self.queue.end):
            self._encode(self._block)

    def finish(self, pictures: int) -> None:
        """Write the rest, exactly as long as the pictures."""
        self.queue.pad(pictures)
        while self.queue.taken < pictures:
            self._encode(min(self._block, pictures - self.queue.taken))
        self._container.mux(self._stream.encode(None))

    def _encode(self, count: int) -> None:
        first = self.queue.taken
        samples = np.clip(self.queue.take(count), -1, 1)
        if self._floats:
            given = np.ascontiguousarray(samples.T)
        else:  # 24 bits
            most = (1 << 23) - 1
            levels = np.rint(samples * np.float64(1 << 23)).clip(-most - 1, most)
            given = (levels.astype(np.int32) << 8).reshape(1, -1)
        form = "fltp" if self._floats else "s32"
        frame = av.AudioFrame.from_ndarray(given, format=form, layout="stereo")
        frame.rate, frame.time_base, frame.pts = RATE, BASE, first
        self._container.mux(self._stream.encode(frame))
