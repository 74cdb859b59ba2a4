"""One sound of a show: it goes on and on, or is started again and again."""

from __future__ import annotations

import numpy as np

from vj.sound import silence
from vj.sound.ramp import RAMP
from vj.sound.running import ONE, PitchFollows, PitchKept, Running, parts_of
from vj.sound.samples import HELD, Samples

VOICES = 6
"""Of one that is started again while it sounds, at most; then the oldest goes."""
SLOWEST_RAMP = 4800
"""Samples in which a level reaches what a frame says, at most."""
CUT = 0.2
"""Changes of a level that are larger are cuts, and take `RAMP` samples."""


class _Voice:
    """A run of the sound. For one thread."""

    def __init__(self, running: Running, rises: bool) -> None:
        """rises: it begins in the middle of sound, which would click."""
        self.running = running
        self._level, self._step = (0.0, 1 / RAMP) if rises else (1.0, 0.0)

    @property
    def over(self) -> bool:
        return self.running.over or (self._step < 0 and self._level <= 0)

    @property
    def leaving(self) -> bool:
        return self._step < 0

    def leave(self) -> None:
        """It goes without a click."""
        self._step = -1 / RAMP

    def take(self, count: int, step: int) -> np.ndarray:
        block = self.running.take(count, step)
        if not self._step:
            return block
        levels = np.clip(self._level + self._step * np.arange(1, count + 1), 0, 1)
        self._level = float(levels[-1])
        if self._level >= 1:
            self._step = 0.0
        return block * levels.astype(np.float32)[:, None]

    def skip(self, count: int, step: int) -> None:
        self.running.skip(count, step)
        if self._step:
            self._level = min(max(self._level + self._step * count, 0.0), 1.0)
            self._step = 0.0 if self._level >= 1 else self._step


class Track:
    """Plays it block by block. For one thread."""

    def __init__(self, samples: Samples, loop: bool, keeps_pitch: bool = False) -> None:
        """samples: closed with the track."""
        self._samples, self._loop, self._keeps_pitch = samples, loop, keeps_pitch
        self._voices: list[_Voice] = []
        self._most = VOICES if samples.length <= HELD else 1
        self._pace = ONE
        self._gain = self._wanted = 0.0
        self._slope = 0.0
        """How much the gain changes with each sample, until it is what is wanted."""
        self._since: int | None = None
        """The sample at which a frame said something last."""
        self._plays = self._stops = 0

    def begin(self, place: int = 0, rises: bool = False) -> None:
        """What loops begins, at a place: samples of it that have gone by. rises: something else is
        heard already."""
        if self._loop:
            self._voices = [_Voice(self._run(place % self._samples.length), rises)]

    def frame(self, at: int, gain: float, pace: float, plays: int, stops: int = 0) -> None:
        """What a frame says, from this sample of the show on. plays, stops: how often it was
        started and stopped so far."""
        if self._since is None:
            self._gain, self._slope = gain, 0.0
        elif gain != self._wanted:
            way = gain - self._gain
            count = min(max(at - self._since, RAMP), SLOWEST_RAMP)
            self._slope = way / (RAMP if abs(way) >= CUT else count)
        self._since, self._wanted, self._pace = at, gain, parts_of(pace)
        if stops > self._stops:
            self._stops = stops
            for voice in self._voices:
                voice.leave()
        if plays > self._plays:
            self._plays = plays
            self._play()

    def leave(self) -> None:
        """It is taken off: its level goes."""
        self._wanted, self._slope = 0.0, -max(self._gain, 1e-6) / RAMP

    def _run(self, place: int = 0) -> Running:
        kind = PitchKept if self._keeps_pitch else PitchFollows
        return kind(self._samples, self._loop, place)

    def _play(self) -> None:
        """From its beginning. What loops jumps there; of another one, runs before ring on."""
        stay = 0 if self._loop else self._most - 1
        sounding = [voice for voice in self._voices if not voice.leaving]
        for voice in sounding[: max(0, len(sounding) - stay)]:
            voice.leave()
        self._voices.append(_Voice(self._run(), rises=self._loop))

    @property
    def silent(self) -> bool:
        """Nothing of it will be heard unless a frame says so."""
        return not self._voices or (self._gain == 0 and self._wanted == 0)

    def add_to(self, mixed: np.ndarray) -> None:
        """Add the next block to (n, 2) float32, as loud as it is."""
        count = len(mixed)
        self._voices = [voice for voice in self._voices if not voice.over]
        if self.silent:
            self.skip(count)
            return
        block = silence(count)
        for voice in self._voices:
            block += voice.take(count, self._pace)
        if self._gain != self._wanted or self._gain != 1:
            block *= self._levels(count)[:, None]
        mixed += block

    def skip(self, count: int) -> None:
        """The next block goes by unheard."""
        for voice in self._voices:
            voice.skip(count, self._pace)
        self._levels(count)

    def _levels(self, count: int) -> np.ndarray:
        """(count,) float32: the gain at each sample."""
        if self._gain == self._wanted:
            return np.full(count, self._gain, np.float32)
        levels = self._gain + self._slope * np.arange(1, count + 1)
        low, high = sorted((self._gain, self._wanted))
        levels = np.clip(levels, low, high)
        self._gain = float(levels[-1])
        if abs(self._gain - self._wanted) < 1e-9:
            self._gain = self._wanted
        return levels.astype(np.float32)

    def close(self) -> None:
        """May be called twice."""
        self._voices = []
        self._samples.close()
