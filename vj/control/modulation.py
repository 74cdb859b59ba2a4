"""Signals on parameters: each adds to its own, and envelopes are set off by what they wait for."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vj.control.modulators import Envelope, Follower, ModulationSource
from vj.control.tempo import Tempo
from vj.parameters.table import Value


@dataclass(slots=True)
class Modulation:
    """A source on a parameter. low, high: what it adds at 0 and at 1."""

    parameter: str
    to: str
    source: ModulationSource
    low: float
    high: float
    triggered_by: str = ""
    """For an envelope: `beat`, `bar`, `cue`, `cue NAME`, or a control in words."""


class ModulationMatrix:
    """All of a show. Belongs to the render thread."""

    def __init__(self, modulations: Sequence[Modulation]) -> None:
        self._all = list(modulations)
        self.trigger_names = frozenset(modulation.triggered_by for modulation in self._all)
        """What sets envelopes off. May be read from any thread."""

    def take_over(self, old: ModulationMatrix) -> None:
        """Go on where another version of the show was: envelopes and followers that sound."""
        sources = {modulation.parameter: modulation.source for modulation in old._all}
        for modulation in self._all:
            source, former = modulation.source, sources.get(modulation.parameter)
            if isinstance(source, Envelope) and isinstance(former, Envelope):
                source.take_over(former)
            if isinstance(source, Follower) and isinstance(former, Follower):
                source.take_over(former)

    def trigger(self, cause: str, raw: object, time: float) -> None:
        """Set off the envelopes that wait for this; a value of 0 lets go of them."""
        if cause not in self.trigger_names:
            return
        for modulation in self._all:
            if modulation.triggered_by == cause and isinstance(modulation.source, Envelope):
                if isinstance(raw, int | float) and raw > 0:
                    modulation.source.gate_on(time)
                else:
                    modulation.source.gate_off(time)

    def reset(self) -> None:
        """Nothing is set off any more."""
        for modulation in self._all:
            if isinstance(modulation.source, Envelope):
                modulation.source.reset()

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
                    level = modulation.source.at(time, tempo)
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
