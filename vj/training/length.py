"""How long a run of a training is, and how much of it is done, also where it was made longer."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

AGAIN = 0.5
"""The share of the run at which one that is made longer goes on, at most. The learning rate, which
has fallen by then, rises again to what it is in the middle of a run, or little more would be
learned; what takes part from an earlier share on, goes on taking part."""


@dataclass(frozen=True, slots=True)
class Length:
    """How long a run is, over all its sessions: so many steps, or else so many seconds."""

    steps: int | None = None
    seconds: float = math.inf

    def share(self, step: int, seconds: float) -> float:
        """How much of it is done, 0..1."""
        return Leg(self).share(step, seconds)

    def left(self, step: int, seconds: float, pace: float) -> float:
        """Seconds to go, where a step takes `pace` seconds."""
        if self.steps is None:
            return max(0.0, self.seconds - seconds)
        return max(0, self.steps - step) * pace


@dataclass(frozen=True, slots=True)
class Leg:
    """The part of a run that is trained towards one length: all of it, or what was left when
    another length was asked for."""

    length: Length
    step: int = 0
    """At which it began."""
    seconds: float = 0.0
    """The same."""
    begun: float = 0.0
    """The share of the run that was done then."""

    def share(self, step: int, seconds: float) -> float:
        """How much of the run is done, 0..1: from `begun` on to the end."""
        if self.length.steps is None:
            done, whole = seconds - self.seconds, self.length.seconds - self.seconds
        else:
            done, whole = step - self.step, self.length.steps - self.step
        if done >= whole:
            return 1.0
        return self.begun + (1 - self.begun) * max(0.0, done / whole)

    def towards(self, length: Length, step: int, seconds: float) -> Leg:
        """The same where the length is the same, else the one that begins here."""
        if length == self.length:
            return self
        return Leg(length, step, seconds, min(AGAIN, self.share(step, seconds)))

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return asdict(self)


def leg_of(state: dict[str, Any]) -> Leg:
    """What `Leg.state` gave."""
    leg = Leg(**state)
    return replace(leg, length=Length(**state["length"]))
