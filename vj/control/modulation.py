"""Signals on parameters: each adds to its own, and envelopes are set off by what they wait for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vj.control.modulators import Envelope, Follower, Signal
from vj.control.tempo import Tempo
from vj.parameters.table import Value


@dataclass(slots=True)
class Modulation:
    """A signal on a parameter. low, high: what it adds at 0 and at 1."""

    parameter: str
    to: str
    signal: Signal
    low: float
    high: float
    on: str = ""
    """For an envelope: `beat`, `bar`, `cue`, `cue NAME`, or a control in words."""


class Modulations:
    """All of a show. Belongs to the render thread."""

    def __init__(self, modulations: Sequence[Modulation]) -> None:
        self._all = list(modulations)
        self.causes = frozenset(modulation.on for modulation in self._all)
        """What sets envelopes off. May be read from any thread."""

    def take_over(self, old: Modulations) -> None:
        """Go on where another version of the show was: envelopes and followers that sound."""
        signals = {modulation.parameter: modulation.signal for modulation in old._all}
        for modulation in self._all:
            signal, former = modulation.signal, signals.get(modulation.parameter)
            if isinstance(signal, Envelope) and isinstance(former, Envelope):
                signal.take_over(former)
            if isinstance(signal, Follower) and isinstance(former, Follower):
                signal.take_over(former)

    def trigger(self, cause: str, raw: object, time: float) -> None:
        """Set off the envelopes that wait for this; a value of 0 lets go of them."""
        if cause not in self.causes:
            return
        for modulation in self._all:
            if modulation.on == cause and isinstance(modulation.signal, Envelope):
                if isinstance(raw, int | float) and raw > 0:
                    modulation.signal.gate_on(time)
                else:
                    modulation.signal.gate_off(time)

    def rest(self) -> None:
        """Nothing is set off any more."""
        for modulation in self._all:
            if isinstance(modulation.signal, Envelope):
                modulation.signal.rest()

    def apply(
        self,
        values: dict[str, Value],
        time: float,
        tempo: Tempo,
        failed: Callable[[str, Exception], None],
    ) -> set[str]:
        """Add to one frame's values; the clamp comes after it. One that fails is switched off and
        told to `failed`; the others and the picture go on. Returns the parameters it moved."""
        moved: set[str] = set()
        for modulation in list(self._all):
            amount = float(values[modulation.parameter])
            if amount > 0:
                try:
                    level = modulation.signal.at(time, tempo)
                    shift = amount * (modulation.low + level * (modulation.high - modulation.low))
                    if not math.isfinite(shift):
                        raise ValueError(f"{shift} is no number to play with")
                except Exception as error:  # whatever an input or a file has
                    self._all.remove(modulation)
                    failed(modulation.parameter, error)
                    continue
                values[modulation.to] = float(values[modulation.to]) + shift
                moved.add(modulation.to)
        return moved
