"""What a live show sounds like, block by block on its clock, as its pictures are taken; and how a
sink reads it, as much later as that sink's pictures are."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from vj.app.sound_voices import BLOCK, Part
from vj.sound import RATE, silence
from vj.sound.ramp import joined, levelled

KEPT = 400
"""Blocks that are kept, 8 s: pictures that are on their way for longer are heard too early."""
LONGEST = (KEPT - 50) * BLOCK
"""Samples of the longest delay."""

Weighted = tuple[Part, float, float]
"""A part of a block, and its weight at the block's beginning and end, 0..1."""


def mixed(parts: Sequence[Weighted]) -> np.ndarray:
    """Parts of one block, of which there is one at least: (BLOCK, 2) float32."""
    (part, begins, ends), *others = parts
    whole = levelled(part(), begins, ends)
    for part, begins, ends in others:
        whole = whole + levelled(part(), begins, ends)
    return whole


class SoundMix:
    """The newest blocks. For one thread."""

    def __init__(self) -> None:
        self._blocks: deque[Sequence[Weighted]] = deque(maxlen=KEPT)
        self.front = 0
        """The sample at which the newest block ends, counted from the clock's 0."""
        self._heard = -LONGEST
        """The same of the newest block with something in it."""

    def go_to(self, sample: int) -> None:
        """Blocks are missing, or none has come yet: the next one begins there."""
        self._blocks.clear()
        self.front = sample

    def add(self, parts: Sequence[Weighted]) -> None:
        """The next block."""
        self._blocks.append(parts)
        self.front += BLOCK
        if parts:
            self._heard = self.front

    @property
    def is_silent(self) -> bool:
        """Nothing is in it that some sink may not have heard yet."""
        return self.front - self._heard > LONGEST

    def take(self, first: int, count: int) -> np.ndarray:
        """From a sample on, (count, 2) float32; silence where there is no block."""
        found = silence(count)
        begins = self.front - len(self._blocks) * BLOCK
        at = begins + max(0, (first - begins) // BLOCK) * BLOCK
        while at < min(first + count, self.front):
            parts = self._blocks[(at - begins) // BLOCK]
            if parts:
                block = mixed(parts)
                low, high = max(at, first), min(at + BLOCK, first + count)
                found[low - first : high - first] = block[low - at : high - at]
            at += BLOCK
        return found


WANDER = round(0.003 * RATE)
"""Samples by which a delay may lie beside the one that is wanted, and nothing is done."""
FAR = round(0.02 * RATE)
JUMP = round(0.05 * RATE)
"""Samples beyond which it is not approached, but sought."""
SETTLING, EARLY_JUMP = RATE, round(0.01 * RATE)
"""Samples at the beginning in which that is less: a show's first pictures take longer."""
QUIET = 0.003
"""What nobody hears: there it is sought at once."""
SLOW, FAST = 5, 10
"""Samples of a block by which it is approached, from less and from more than `FAR`: half a percent
and one of its pitch."""
BEHIND = RATE
"""Samples behind the clock beyond which what was missed is left out."""

Send = Callable[[float, float, np.ndarray], None]
"""(when it was taken, when it is heard, samples)."""


class SoundTap:
    """Reads a mix so many samples late, and gives it away block by block as the clock goes. For one
    thread."""

    def __init__(self, mix: SoundMix, send: Send) -> None:
        self._mix, self._send = mix, send
        self._out: int | None = None
        """The sample of the clock at which the next block is heard."""
        self._began = 0
        """The sample of the clock from which on it gives anything."""
        self._place = 0
        """The sample of the mix that is heard then."""
        self._follows = False
        """The delay is being changed."""

    @property
    def delay(self) -> float:
        """Seconds from when something was taken until it is heard."""
        return 0.0 if self._out is None else (self._out - self._place) / RATE

    def rest(self) -> None:
        """There is nothing to be heard; `follow` begins anew."""
        self._out = None

    def follow(self, now: int, wanted: int, there: int) -> None:
        """Give away what is to be heard by now. now: in samples. wanted: the delay, in samples.
        there: up to which sample of the mix there is sound; what comes later is given away later,
        and heard at its moment all the same, where that can be said."""
        wanted = min(max(wanted, 0), LONGEST)
        if self._out is None or now - self._out > BEHIND:
            self._out = self._began = now
            self._place = now - wanted
        while self._out <= now and self._place + BLOCK + FAST <= there:
            jump = EARLY_JUMP if self._out - self._began < SETTLING else JUMP
            block, used = self._next(self._out - self._place - wanted, there, jump)
            self._send(self._place / RATE, self._out / RATE, block)
            self._out += BLOCK
            self._place += used

    def _next(self, beside: int, there: int, jump: int) -> tuple[np.ndarray, int]:
        """A block, and how many samples of the mix it took. beside: samples by which the delay is
        too long. jump: beyond so many it is sought."""
        mix, place = self._mix, self._place
        if abs(beside) > WANDER and place + beside + BLOCK <= there:
            now, then = mix.take(place, BLOCK), mix.take(place + beside, BLOCK)
            if abs(beside) > jump or max(np.abs(now).max(), np.abs(then).max()) < QUIET:
                self._place, self._follows = place + beside, False
                return joined(now, then), BLOCK
        if abs(beside) > WANDER or (self._follows and beside):
            self._follows = True
            most = FAST if abs(beside) > FAR else SLOW
            used = BLOCK + min(max(beside, -most), most)
            taken = mix.take(place, used + 1)
            at = np.arange(BLOCK) * (used / BLOCK)
            low = at.astype(np.int64)
            share = (at - low).astype(np.float32)[:, None]
            return taken[low] * (1 - share) + taken[low + 1] * share, used
        self._follows = False
        return mix.take(place, BLOCK), BLOCK
