"""The sound that comes with an NDI picture, on the show's clock.

A sender counts time by its own clock, and both its pictures and its sound carry that count. Where
the count of the pictures stands beside the show's clock is known from when they came, so sound is
placed where its picture is, however it was bundled on its way.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import av
import numpy as np

from vj.sound import CHANNELS, RATE
from vj.sound.sound_line import SoundLine

KEPT = 10.0
"""Seconds of sound that are kept: longer than any picture is on its way."""
TICKS = 10_000_000
"""NDI counts tenths of a microsecond."""
LATEST = 0.5
"""Seconds by which the count may lie beside when sound has come; otherwise it is not believed."""
DRIFT = 0.02
"""Seconds by which sound may lie beside its time before it is placed anew: two clocks never run
alike, and their small steps would be heard."""
CENTRE = 0.7071
"""How much of the centre and of each surround goes to either side."""


def stereo(channels: np.ndarray) -> np.ndarray:
    """(c, n) -> (2, n) float32. Mono goes to both sides; of 5.1 and 7.1 centre and surrounds are
    mixed in; of any other number the first two count, since NDI does not say what the others
    are."""
    count = len(channels)
    if count == 1:
        return np.repeat(channels, 2, axis=0)
    if count not in (6, 8):
        return channels[:2]
    mixed = channels[:2] + CENTRE * channels[2]
    for first in range(4, count, 2):
        mixed = mixed + CENTRE * channels[first : first + 2]
    return mixed


class NdiSound:
    """Takes a sender's sound frames, and the time codes of its pictures. For one thread; the line
    is for any."""

    def __init__(self) -> None:
        self.line: SoundLine | None = None
        """None until sound has come."""
        self._leads: deque[float] = deque(maxlen=15)
        """How far the show's clock was ahead of the sender's, at the last pictures."""
        self._resampler: av.AudioResampler | None = None
        self._rate = 0

    def begin_again(self) -> None:
        """Another sender follows."""
        self._leads.clear()
        self._resampler, self._rate = None, 0

    def picture(self, timecode: int, captured: float) -> None:
        """The newest picture's count, and its moment on the show's clock."""
        lead = captured - timecode / TICKS
        if self._leads and abs(lead - self._leads[-1]) > LATEST:  # its count has begun anew
            self._leads.clear()
        self._leads.append(lead)

    def hear(self, audio: Any, arrived: float) -> None:
        """A sound frame of the library's, before it is freed. arrived: on the show's clock."""
        channels = np.asarray(audio.data, np.float32)
        if channels.ndim != 2 or not channels.size or audio.sample_rate <= 0:
            return
        channels = np.nan_to_num(channels, nan=0.0, posinf=0.0, neginf=0.0)
        seconds = channels.shape[1] / audio.sample_rate
        samples = self._resampled(stereo(channels), int(audio.sample_rate))
        if not len(samples):
            return
        if self.line is None:
            self.line = SoundLine(KEPT, DRIFT)
        self.line.put(self._moment(audio.timecode, arrived, seconds), samples)

    def _moment(self, timecode: int, arrived: float, seconds: float) -> float:
        """When it is heard: by the sender's count where pictures have it too, else when it came."""
        if self._leads:
            moment = timecode / TICKS + sorted(self._leads)[len(self._leads) // 2]
            if abs(moment - arrived) < LATEST + seconds:
                return moment
        return arrived

    def _resampled(self, sides: np.ndarray, rate: int) -> np.ndarray:
        """(2, n) at the sender's rate -> (m, 2) float32 at ours."""
        if rate == RATE:
            return np.ascontiguousarray(sides.T)
        if self._resampler is None or rate != self._rate:
            self._resampler = av.AudioResampler(format="fltp", layout="stereo", rate=RATE)
            self._rate = rate
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sides), "fltp", "stereo")
        frame.sample_rate = rate
        parts = [part.to_ndarray().T for part in self._resampler.resample(frame)]
        return (
            np.ascontiguousarray(np.concatenate(parts))
            if parts
            else np.empty((0, CHANNELS), np.float32)
        )
