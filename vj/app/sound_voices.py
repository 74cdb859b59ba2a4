"""Voices of a live show's sound: a clip that is followed, and a line that something else fills.
Each gives its sound block by block, and comes and goes without a click."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import numpy as np

from vj.core.errors import Fault, told
from vj.sound import RATE, silence
from vj.sound.ramp import RAMP, joined
from vj.sound.sound_file import SoundFile
from vj.sound.sound_line import SoundLine
from vj.sound.varied import read_at
from vj.sources.clip_place import ClipPlace

BLOCK = 960
"""Samples of a block, 20 ms."""
JUMP = 0.04
"""Seconds of the clip by which its sound may lie beside its picture; beyond that it jumps there."""
EXACT = 0.001
"""Seconds within which it runs on untouched; between the two its speed changes a little."""
CATCH_UP = 0.02
"""That change, at most, as a share."""


Part = Callable[[], np.ndarray]
"""Gives a block, (BLOCK, 2) float32, when it is needed: what a sender sounded like then may not
have come before."""


class Voice(Protocol):
    """Something that sounds."""

    @property
    def sounds(self) -> bool:
        """It is no file without sound."""

    def part(self, moment: float) -> Part | None:
        """Its next block, which begins at this moment; None while it is silent."""

    def close(self) -> None: ...


class LineVoice:
    """What lies in a line, by the moments of the show's clock."""

    sounds = True

    def __init__(self, line: SoundLine) -> None:
        self.line = line

    def part(self, moment: float) -> Part | None:
        return lambda: self.line.take(moment, BLOCK)

    def close(self) -> None:
        """The line is another's."""


class ClipVoice:
    """The sound of one file, where its picture stands: it follows every speed, seek and loop."""

    def __init__(
        self,
        path: Path,
        zero: float | None,
        where: Callable[[float], ClipPlace | None],
        log: Callable[[str], None],
    ) -> None:
        """zero: see `ClipPlace`. where: the place near a moment; None: it is silent. log: told what
        cannot be read, once."""
        self._where, self._log = where, log
        self._file: SoundFile | None = None
        self._place: float | None = None
        """Where the next block goes on; None after silence."""
        self._velocity = 0.0
        file = SoundFile(path, zero)
        try:
            self._file = file if file.open() else None
        except Fault as fault:
            log(f"sound of {fault}; it is silent")

    @property
    def sounds(self) -> bool:
        return self._file is not None

    def part(self, moment: float) -> Part | None:
        if self._file is None:
            return None
        try:
            block = self._block(self._where(moment), moment)
        except Exception as error:  # a share that is lost, whatever a decoder raises
            self._log(f"sound of {self._file.path.name}: {told(error)}; it is silent")
            self.close()
            return None
        return None if block is None else lambda: block

    def _block(self, clip: ClipPlace | None, moment: float) -> np.ndarray | None:
        if clip is None or clip.velocity == 0:
            if self._place is None:
                return None
            old = self._tail()
            self._place = None
            return joined(old, silence(BLOCK))
        wanted, velocity = clip.at(moment), clip.velocity
        if self._place is None:
            return joined(silence(RAMP), self._run(clip, wanted, velocity))
        beside = wanted - self._place
        if clip.loops:
            span = clip.high - clip.low
            beside = (beside + span / 2) % span - span / 2
        if velocity * self._velocity < 0 or abs(beside) > JUMP * max(1.0, abs(velocity)):
            return joined(self._tail(), self._run(clip, wanted, velocity))
        speed = velocity
        if abs(beside) > EXACT:
            most = CATCH_UP * abs(velocity)
            speed += min(max(beside, -most), most)
        return self._run(clip, self._place, speed, velocity)

    def _tail(self) -> np.ndarray:
        """How it would have gone on: (RAMP, 2)."""
        assert self._file is not None
        assert self._place is not None
        return read_at(self._file, self._place, self._velocity, RAMP)

    def _run(
        self, clip: ClipPlace, place: float, speed: float, velocity: float | None = None
    ) -> np.ndarray:
        """A block from a place on, over the seam of a loop. velocity: what it runs at afterwards,
        where that is another."""
        assert self._file is not None
        parts, left = [], BLOCK
        while left:
            count = left
            end = clip.high if speed > 0 else clip.low
            if clip.loops:
                count = min(left, max(1, round((end - place) / speed * RATE)))
            parts.append(read_at(self._file, place, speed, count))
            place, left = place + count / RATE * speed, left - count
            if clip.loops and (end - place) / speed * RATE < 0.5:
                place += clip.low - clip.high if speed > 0 else clip.high - clip.low
        self._place, self._velocity = place, speed if velocity is None else velocity
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def close(self) -> None:
        file, self._file = self._file, None
        if file is not None:
            file.close()


class Fading:
    """A voice on its way in or out. For one thread."""

    def __init__(self, voice: Voice, seconds: float) -> None:
        """seconds: until it is fully there."""
        self.voice = voice
        self._level, self._step = 0.0, self._stride(seconds)

    @staticmethod
    def _stride(seconds: float) -> float:
        return 1 / max(RAMP, seconds * RATE)

    def leave(self, seconds: float) -> None:
        """It goes, within so many seconds."""
        if self._step >= 0:
            self._step = -self._stride(seconds)

    @property
    def leaving(self) -> bool:
        return self._step < 0

    @property
    def gone(self) -> bool:
        return self._step < 0 and self._level <= 0

    def part(self, moment: float) -> Part | None:
        """As of a voice, as loud as it is on its way."""
        begins = self._level
        ends = self._level = min(max(begins + BLOCK * self._step, 0.0), 1.0)
        part = self.voice.part(moment)
        if part is None or begins == ends == 1:
            return part
        step = self._step
        levels = np.clip(begins + step * np.arange(BLOCK, dtype=np.float32), 0, 1)[:, None]
        return lambda: part() * levels
