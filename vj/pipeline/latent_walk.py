"""Walks between pictures (after ArtWalks): where on the way each frame stands, and what the model
is given there.

A walk is a chain of pictures. Its legs are walked by time, each along its own curve, or by hand;
with `walk/even` the way is taken slower where the generated image changes much and quicker where it
changes little, so that what one sees moves at constant speed. The generated image itself says how
much it changes, so it holds for any model and prompt: du/dt = v / max(change of the output for a
step of u, e).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vj.core.frame import Size
from vj.parameters.curves import Curve
from vj.parameters.fit import walk_eases
from vj.parameters.store import Snapshot
from vj.pipeline.preprocess import Fit, prepare

QUICKEST, SLOWEST = 8.0, 0.1
"""Bounds of an even walk's pace, in units of the plain one."""
BRAKE, HURRY = 0.6, 1.2
"""Bounds of how the pace changes from a frame to the next: quicker down than up, since a jump is
seen and a pause is not."""
TRUST = 0.1
"""Legs of experience after which what was measured counts as much as the guess that generated
images change as their pictures do."""


@dataclass(frozen=True, slots=True, eq=False)
class WalkStep:
    """A place on a walk. one, two: (H, W, 3) uint8, the prepared pictures of its leg, the same
    arrays for the whole leg. share: how far from one to two, 0..1, the curve in it."""

    one: np.ndarray
    two: np.ndarray
    share: float
    chain: tuple[np.ndarray, ...] = ()
    """All pictures of the walk, prepared."""
    deck: int | None = 0
    """Of which deck the walk is, 0 A and 1 B. None: it leads from deck A's picture to deck B's,
    which are other ones in every frame; then they are no image prompts."""
    leg: int = 0
    """The number of `one` in the chain."""
    made: np.ndarray | None = None
    """(H, W, 3) uint8, the picture of this place where the way leads over key pictures
    (`vj.pipeline.walk_keys`); then the model's own space is not walked in."""

    def picture(self) -> np.ndarray:
        """What is taken for the input: the picture of this place, (H, W, 3) uint8."""
        return self.crossfaded() if self.made is None else self.made

    def crossfaded(self) -> np.ndarray:
        """What stands for the input where there is no model to walk in: a new picture, or one of
        the two."""
        if self.share <= 0 or self.one is self.two:
            return self.one
        return (
            self.two
            if self.share >= 1
            else cv2.addWeighted(self.one, 1 - self.share, self.two, self.share, 0)
        )


class LatentWalk:
    """Walks one chain at a time. Belongs to the render thread."""

    def __init__(self, size: Size, fit: Fit) -> None:
        self._size, self._fit = size, fit
        self._chain: tuple[np.ndarray, ...] = ()
        self._prepared: list[np.ndarray] = []
        self._lengths: list[float] = []
        self._time: float | None = None
        self.position = 0.0
        """Legs walked so far; a walk of n pictures has n - 1."""
        self._way = 1
        self._seen: np.ndarray | None = None
        self._eased = self._seen_eased = 0.0
        """Legs walked so far with the curves in them."""
        self._change = 0.0
        """How much the output changes for a whole leg, at the rate of just now."""
        self._stride, self._used, self._on_leg = 1.0, 0.0, -1
        self._shown, self._expected = 0.0, 0.0
        """How much it has changed in all, and how much the pictures did."""

    def at(self, chain: tuple[np.ndarray, ...], snapshot: Snapshot) -> WalkStep:
        """The place of this frame. chain: at least one picture, (H, W, 3 or 4) uint8 each, of any
        sizes."""
        if len(chain) != len(self._chain) or any(
            a is not b for a, b in zip(chain, self._chain, strict=False)
        ):
            self._chain, self._prepared = (
                chain,
                [prepare(picture, self._size, self._fit) for picture in chain],
            )
            self.position, self._way, self._time, self._seen = 0.0, 1, None, None
            self._change = self._shown = self._expected = 0.0
            self._on_leg = -1
            self._lengths = [self._apart(i, (i + 1) % len(chain)) for i in range(len(chain))]
        round_trip = snapshot["walk/end"] == "round" and len(chain) > 1
        legs = len(chain) - (0 if round_trip else 1)
        if snapshot["walk/leg"] > 0:
            self._advance(snapshot, legs)
        else:
            self.position = snapshot["walk/position"] * (len(chain) - 1)
        self._time = snapshot.time
        leg = self._leg(legs)
        share = self._ease(leg, snapshot)(min(1.0, max(0.0, self.position - leg))) if legs else 0.0
        self._eased = leg + share
        return WalkStep(
            self._prepared[leg],
            self._prepared[(leg + 1) % len(chain)],
            share,
            tuple(self._prepared),
            leg=leg,
        )

    @staticmethod
    def _ease(leg: int, snapshot: Snapshot) -> Curve:
        eases = walk_eases(snapshot["walk/ease"])
        return eases[leg % len(eases)]

    def _leg(self, legs: int) -> int:
        return max(0, min(legs - 1, int(self.position)))

    def _apart(self, one: int, two: int) -> float:
        """How much two pictures differ, in the measure of `observe`."""
        return float(np.abs(_small(self._prepared[one]) - _small(self._prepared[two])).mean())

    def _advance(self, snapshot: Snapshot, legs: int) -> None:
        passed = 0.0 if self._time is None else max(0.0, snapshot.time - self._time)
        even = snapshot["walk/even"]
        pace = 1.0
        if even > 0 and legs > 0:
            leg, plain = self._leg(legs), passed / snapshot["walk/leg"]
            if leg != self._on_leg:
                self._on_leg, self._used, self._stride, self._change = leg, 0.0, 1.0, 0.0
            self._used += plain
            self._set_stride(leg)
            pace = self._pace_for(self._stride * plain, plain, snapshot, legs) ** even
        self.position += self._way * pace * passed / snapshot["walk/leg"]
        if legs == 0:
            self.position = 0.0
        elif snapshot["walk/end"] == "round":
            self.position %= legs
        elif snapshot["walk/end"] == "back":
            folded = (self.position if self._way > 0 else 2 * legs - self.position) % (2 * legs)
            self.position, self._way = (folded, 1) if folded <= legs else (2 * legs - folded, -1)
        else:
            self.position, self._way = min(float(legs), max(0.0, self.position)), 1

    def _set_stride(self, leg: int) -> None:
        """How many times the plain step of the eased way comes next: so many that the output
        changes by an even share of what it changes in all, hurried or held back where the leg would
        not end in time."""
        length = self._lengths[leg]
        guess = TRUST * max(length, 1e-3)
        wanted = length * (guess + self._shown) / (guess + self._expected)
        if wanted <= 0 or self._change <= 0:
            return
        done = self._eased - leg if self._way > 0 else leg + 1 - self._eased
        late = min(2.0, max(0.5, (1 - done) / max(0.05, 1 - self._used)))
        asked = late * wanted / self._change
        self._stride = min(
            4.0, max(SLOWEST, min(HURRY * self._stride, max(BRAKE * self._stride, asked)))
        )

    def _pace_for(self, share: float, plain: float, snapshot: Snapshot, legs: int) -> float:
        """How many times the plain step of position moves the eased way by `share`; by halving,
        since an ease is any curve."""
        leg = self._leg(legs)
        ease = self._ease(leg, snapshot)
        here = self.position - leg
        begin = ease(min(1.0, max(0.0, here)))
        rest = (1 - here if self._way > 0 else here) + 1e-6
        if plain <= 0 or abs(ease(1.0 if self._way > 0 else 0.0) - begin) <= share:
            return (
                min(QUICKEST, rest / plain) if plain > 0 else 1.0
            )  # not beyond the picture: the next leg has another curve
        low, high = SLOWEST, min(QUICKEST, rest / plain)
        for _ in range(16):
            middle = 0.5 * (low + high)
            there = min(1.0, max(0.0, here + self._way * middle * plain))
            low, high = (middle, high) if abs(ease(there) - begin) < share else (low, middle)
        return 0.5 * (low + high)

    def observe(self, generated: np.ndarray) -> None:
        """Tell it what was shown for the last step, (H, W, 3) uint8: an even walk goes by that."""
        small = _small(generated)
        moved = abs(self._eased - self._seen_eased)
        if self._seen is not None and 1e-4 < moved < 0.5:
            change = float(np.abs(small - self._seen).mean())
            self._shown += change
            self._expected += moved * self._lengths[int(min(self._eased, len(self._lengths) - 1))]
            self._change = change / moved
        self._seen, self._seen_eased = small, self._eased


def _small(picture: np.ndarray) -> np.ndarray:
    """(48, 48, 3) float32, 0..255: movement of single pixels, and grain, say nothing about a walk's
    pace."""
    out: np.ndarray = cv2.resize(picture, (48, 48), interpolation=cv2.INTER_AREA).astype(np.float32)
    return out
