"""The sound of clips in a rendering: as their pictures are played, exact to the sample."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from vj.app.offline_deck import OfflineDeck, PlayedSource
from vj.core.errors import Fault
from vj.sound import RATE, silence
from vj.sound.ramp import RAMP, joined, levelled
from vj.sound.sound_file import SoundFile
from vj.sound.varied import read_at
from vj.sources.clip_stretches import Stretch, Stretches

ROUNDED = 0.001
"""Seconds of the clip by which places are rounded, at most: beside them it runs on without a
seam."""


class ClipSound:
    """The sound of one file, block by block. For one thread."""

    def __init__(
        self, path: Path, zero: float | None, log: Callable[[str], None], hard: bool = False
    ) -> None:
        """zero: see `SoundFile`. log: told what cannot be read. hard: it may begin in the middle of
        sound, since nothing was heard before."""
        self._hard = hard
        self._file: SoundFile | None = SoundFile(path, zero)
        self._next: tuple[float, float] | None = None
        """Where the next block goes on, and its velocity; None after silence."""
        try:
            if not self._file.open():
                self._file = None
        except Fault as fault:
            log(f"sound of {fault}; it is silent")
            self._file = None

    @property
    def sounds(self) -> bool:
        """There is something to be heard in it."""
        return self._file is not None

    def block(self, ahead: Stretches | None, count: int) -> np.ndarray:
        """What is heard while this goes by: (count, 2) float32. None: nothing does."""
        if self._file is None:
            return silence(count)
        parts = () if ahead is None else ahead.parts
        if ahead is None or not parts:
            return self._stand(count)
        found, done, passed = [], 0, 0.0
        total = sum(part.seconds for part in parts)
        for number, part in enumerate(parts):
            passed += part.seconds
            last = count if number == len(parts) - 1 else round(passed / total * count)
            if part.velocity:
                onward = self._onward(part, ahead, number > 0)
                found.append(self._run(part, onward, last - done))
            else:
                found.append(self._stand(last - done))
            done = last
        return np.concatenate(found)

    def early(self, ahead: Stretches) -> np.ndarray:
        """What was heard since the clip began, which was not at a frame: (n, 2) float32. To be
        called before the first block, which goes on from it."""
        part = ahead.parts[0] if ahead.parts else None
        if self._file is None or part is None or not part.velocity:
            return silence(0)
        count = round(ahead.since * RATE)
        self._next = part.place, part.velocity
        began = part.place - count / RATE * part.velocity
        return read_at(self._file, began, part.velocity, count)

    def _stand(self, count: int) -> np.ndarray:
        block = silence(count)
        if self._next is not None:
            block = joined(self._tail(), block)
        self._next = None
        return block

    def _onward(self, part: Stretch, ahead: Stretches, within: bool) -> tuple[float, float] | None:
        """The place and the velocity of a part that goes on from what was heard before; None where
        it jumps. within: it is not the first of its block.

        A picture runs at another speed from the frame before the one that says so on, when its
        sound was heard already: that catches up within the block."""
        if self._next is None:
            return None
        place, velocity = self._next
        if within:
            return (part.place, part.velocity) if part.joins else None
        beside = part.place - place
        if ahead.span is not None:
            beside = (beside + ahead.span / 2) % ahead.span - ahead.span / 2
        change = abs(part.velocity - velocity)
        near = ROUNDED + ahead.slack + change * part.seconds
        if velocity * part.velocity < 0 or abs(beside) > near:
            return None
        caught_up = part.velocity + (beside / part.seconds if change else 0.0)
        if caught_up * velocity <= 0:
            return None
        return part.place - beside, caught_up

    def _run(self, part: Stretch, onward: tuple[float, float] | None, count: int) -> np.ndarray:
        assert self._file is not None
        place, velocity = (part.place, part.velocity) if onward is None else onward
        if velocity == 1:  # its own samples
            place = round(place * RATE) / RATE
        block = read_at(self._file, place, velocity, count)
        if onward is None and (self._next is not None or self._cuts_in(place, velocity)):
            block = joined(self._tail(), block)
        self._next = place + count / RATE * velocity, part.velocity
        return block

    def _cuts_in(self, place: float, velocity: float) -> bool:
        """It begins in the middle of sound, which would click."""
        assert self._file is not None
        before = place - RAMP / RATE if velocity > 0 else place
        hard, self._hard = self._hard, False
        return not hard and bool(self._file.read(before, RAMP).any())

    def _tail(self) -> np.ndarray:
        """How it would have gone on, for a moment."""
        if self._next is None or self._file is None:
            return silence(RAMP)
        place, velocity = self._next
        return read_at(self._file, place, velocity, RAMP)

    def end(self, count: int) -> np.ndarray:
        """It is taken off: the last block, in which it goes."""
        block = joined(self._tail(), silence(max(count, RAMP)))[:count]
        self.close()
        return block

    def close(self) -> None:
        """May be called twice."""
        file, self._file, self._next = self._file, None, None
        if file is not None:
            file.close()


Key = tuple[int, Path, float]
"""Which source, which file, and when it began."""


class OfflineDeckSound:
    """What is heard of one deck. For one thread."""

    def __init__(self, deck: OfflineDeck, log: Callable[[str], None]) -> None:
        self._deck, self._log = deck, log
        self._voices: dict[Key, tuple[PlayedSource, ClipSound, float]] = {}
        """Which clip -> the source that plays it, its sound, and its level."""
        self._last: float | None = None
        """The moment of the last block."""
        self.early = silence(0)
        """What a clip that began between two frames adds to the end of the block before:
        (n, 2) float32."""

    @property
    def sounds(self) -> bool:
        """Something that is on it has sound."""
        return any(voice.sounds for _, voice, _ in self._voices.values())

    def block(self, now: float, until: float, count: int) -> np.ndarray:
        """What is heard from a frame's moment to the next one's: (count, 2) float32. To be called
        after the deck has given the frame."""
        before, self._voices = self._voices, {}
        block, self.early = silence(count), silence(0)
        for played, level in self._deck.heard(now):
            ahead = played.stretches(now, until - now)
            key = None if ahead is None else (id(played), ahead.path, round(now - ahead.since, 6))
            if key is None or ahead is None:
                key = next((key for key in before if key[0] == id(played)), None)
                if key is None:
                    continue
            _, voice, last = before.pop(key, (None, None, level))
            if voice is None:
                assert ahead is not None
                voice = ClipSound(ahead.path, ahead.zero, self._log, hard=self._last is None)
                if self._last is not None and 0 < ahead.since < now - self._last:
                    self.early = level * voice.early(ahead)
            block += levelled(voice.block(ahead, count), last, level)
            self._voices[key] = played, voice, level
        for _, voice, last in before.values():
            block += last * voice.end(count)
        self._last = now
        return block

    def close(self) -> None:
        """May be called twice."""
        for _, voice, _ in self._voices.values():
            voice.close()
        self._voices = {}
