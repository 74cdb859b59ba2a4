"""The modulation matrix: each source adds to its parameter, and envelopes are triggered by
events."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vj.control.modulators import Envelope, Follower, ModulationSource
from vj.control.tempo import Tempo
from vj.parameters.table import Value


@dataclass(slots=True)
class Modulation:
    """A source and its parameter. low, high: added to the parameter at 0 and at 1."""

    parameter: str
    to: str
    source: ModulationSource
    low: float
    high: float
    triggered_by: str = ""
    """For an envelope, its trigger: `beat`, `bar`, `cue`, `cue NAME`, or a control in words."""


class ModulationMatrix:
    """All modulations of a show. Belongs to the render thread."""

    def __init__(self, modulations: Sequence[Modulation]) -> None:
        self._all = list(modulations)
        self.trigger_names = frozenset(modulation.triggered_by for modulation in self._all)
        """The triggers of envelopes. May be read from any thread."""

    def take_over(self, old: ModulationMatrix) -> None:
        """Take over the running envelopes and followers of another version of the show."""
        sources = {modulation.parameter: modulation.source for modulation in old._all}
        for modulation in self._all:
            source, former = modulation.source, sources.get(modulation.parameter)
            if isinstance(source, Envelope) and isinstance(former, Envelope):
                source.take_over(former)
            if isinstance(source, Follower) and isinstance(former, Follower):
                source.take_over(former)

    def trigger(self, cause: str, raw: object, time: float) -> None:
        """Gate on the envelopes with this trigger; a value of 0 gates them off."""
        if cause not in self.trigger_names:
            return
        for modulation in self._all:
            if modulation.triggered_by == cause and isinstance(modulation.source, Envelope):
                if isinstance(raw, int | float) and raw > 0:
                    modulation.source.gate_on(time)
                else:
                    modulation.source.gate_off(time)

    def reset(self) -> None:
        """Stop all envelopes."""
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
        """Add to one frame's values, before they are clamped. A source that fails is switched off
        and reported to `failed`; the others go on. Returns the modulated parameters."""
        moved: set[str] = set()
        for modulation in list(self._all):
            amount = float(values[modulation.parameter])
            if amount > 0:
                try:
                    level = modulation.source.at(time, tempo)
                    shift = amount * (modulation.low + level * (modulation.high - modulation.low))
                    if not math.isfinite(shift):
                        raise ValueError(f"{shift} is not a finite number")
                except Exception as error:  # whatever an audio input or a file raises
                    self._all.remove(modulation)
                    failed(modulation.parameter, error)
                    continue
                values[modulation.to] = float(values[modulation.to]) + shift
                moved.add(modulation.to)
        return moved
