"""The modulation matrix: each source adds to its parameter, and envelopes are triggered by
events."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from vj.control.expression import ExpressionSource
from vj.control.input_followers import MotionFollower, PictureFollower
from vj.control.modulators import Envelope, Follower, Lfo, ModulationSource
from vj.control.tempo import Tempo
from vj.parameters.table import Value
from vj.show.expression import NoValue
from vj.show.midi_controls import Control


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
    span: tuple[float, float] | None = None
    """The parameter's range, where the source gives its value and not a level: the parameter goes
    there, as far as it is modulated, whatever it was. low and high are not used then."""
    paces: tuple[str, ...] = ()
    """The parameters that say how fast it is; none for a source that has no pace of its own."""

    def way(self, level: float, there: float) -> float:
        """How far it moves a parameter that is `there`."""
        if self.span is not None:
            return level - there
        return self.low + level * (self.high - self.low)

    def share(self, level: float) -> float:
        """The level as it is shown, 0..1 of its range."""
        if self.span is None:
            return level
        low, high = self.span
        return (level - low) / (high - low)


class AudioLevel(NamedTuple):
    """What a follower hears. name: the parameter that scales it. level: the band's, 0..1, before
    the gain."""

    name: str
    band: str
    level: float
    gain: float


_KEPT = Lfo | Envelope | Follower | MotionFollower | PictureFollower | ExpressionSource
"""Sources whose state is kept when a show is saved."""


class ModulationMatrix:
    """All modulations of a show. Belongs to the render thread."""

    def __init__(self, modulations: Sequence[Modulation]) -> None:
        self._all = list(modulations)
        self.levels: dict[str, float] = dict.fromkeys((one.parameter for one in self._all), 0.0)
        """The level 0..1 of each source in the last frame, by its parameter; 0 where it is off.
        Replaced with every frame, never changed."""
        self._reads = any(isinstance(one.source, ExpressionSource) for one in self._all)
        self._whole_beat = self._whole_bar = -1
        self.trigger_names = frozenset(modulation.triggered_by for modulation in self._all)
        """The triggers of envelopes. May be read from any thread."""

    @property
    def all(self) -> tuple[Modulation, ...]:
        """Those that have not failed. May be read from any thread."""
        return tuple(self._all)

    def audio(self) -> tuple[AudioLevel, ...]:
        """What the followers heard in the last frame."""
        return tuple(
            AudioLevel(one.parameter, source.band, min(1.0, source.heard), source.gain.present)
            for one in self._all
            if isinstance(source := one.source, Follower)
        )

    def take_over(self, old: ModulationMatrix) -> None:
        """Take over the running envelopes and followers of another version of the show."""
        self._whole_beat, self._whole_bar = old._whole_beat, old._whole_bar
        sources = {modulation.parameter: modulation.source for modulation in old._all}
        for modulation in self._all:
            source, former = modulation.source, sources.get(modulation.parameter)
            if isinstance(source, _KEPT) and isinstance(former, type(source)):
                source.take_over(former)  # type: ignore[arg-type]

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

    def trigger_by_control(self, control: Control, raw: float, time: float) -> None:
        """As `trigger`, by a MIDI control; an envelope may name its channel or none."""
        for name in {str(control), str(Control(control.kind, control.number))}:
            self.trigger(f"midi {name}", raw, time)

    def trigger_by_beat(self, time: float, tempo: Tempo) -> None:
        """As `trigger`, with each beat and bar."""
        beat = tempo.beat(time)
        whole, bar = int(beat // 1), int(beat // tempo.beats_per_bar)
        if tempo.running:
            if whole != self._whole_beat:
                self.trigger("beat", 1.0, time)
            if bar != self._whole_bar:
                self.trigger("bar", 1.0, time)
            self._whole_beat, self._whole_bar = whole, bar

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
        macros: Mapping[str, float],
    ) -> set[str]:
        """Add to one frame's values, before they are clamped. A source that fails is switched off
        and reported to `failed`; the others go on. So is an expression without a value, which stays
        where it was. macros: where they are, by their parameters, for expressions. Returns the
        modulated parameters."""
        moved: set[str] = set()
        before = {**values, **macros} if self._reads else {}
        levels = dict.fromkeys((one.parameter for one in self._all), 0.0)
        for modulation in list(self._all):
            source = modulation.source
            if modulation.paces and isinstance(source, Lfo | Envelope):
                # Off, too: how far it is when it is on again is how far it would have come.
                source.pace([float(values[name]) for name in modulation.paces], time, tempo)
            amount = float(values[modulation.parameter])
            if amount <= 0 and not isinstance(modulation.source, Follower):
                continue
            try:  # a follower that is off listens, so that its meter and its gain are right
                if isinstance(modulation.source, ExpressionSource):
                    modulation.source.values = before
                level = self._level(modulation, time, tempo, failed)
                if level is None:
                    continue
                shift = amount * modulation.way(level, float(values[modulation.to]))
                if not math.isfinite(shift):
                    raise ValueError(f"{shift} is not a finite number")
            except Exception as error:  # whatever an audio input or a file raises
                self._all.remove(modulation)
                failed(modulation.parameter, error)
                continue
            if amount > 0:
                values[modulation.to] = float(values[modulation.to]) + shift
                levels[modulation.parameter] = min(1.0, max(0.0, modulation.share(level)))
                moved.add(modulation.to)
        self.levels = levels
        return moved

    @staticmethod
    def _level(
        one: Modulation, time: float, tempo: Tempo, failed: Callable[[str, Exception], None]
    ) -> float | None:
        """An expression that has no value now stays at its last one, or moves nothing: None."""
        try:
            return one.source.at(time, tempo)
        except NoValue as lack:
            failed(one.parameter, lack)
            return lack.last
