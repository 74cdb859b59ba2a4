"""Macros: one control for several parameters, with attack and release times."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from vj.control.tempo import Tempo
from vj.parameters.curves import Curve, curve
from vj.parameters.table import Table, Value
from vj.show.durations import Duration
from vj.show.macro_section import MacroDrive, MacroRule

PREFIX = "macro/"


@dataclass(frozen=True, slots=True)
class _Drive:
    low: float
    high: float
    shape: Curve

    @classmethod
    def of(cls, drive: MacroDrive) -> _Drive:
        return cls(drive.low, drive.high, curve(drive.curve))


class Macro:
    """Follows its control, limited by attack and release, and shifts the parameters it drives.

    At 0 it changes nothing; at 1 it shifts a parameter by the distance from the drive's first value
    to its second. A parameter that is set meanwhile is shifted from its new value.
    """

    def __init__(self, name: str, rule: MacroRule, table: Table) -> None:
        self.parameter = PREFIX + name
        self.value = 0.0
        self._attack, self._release = rule.attack, rule.release
        self._drives = {
            table.find(target).name: _Drive.of(drive) for target, drive in rule.drives.items()
        }

    @property
    def drives(self) -> tuple[str, ...]:
        """The parameters that it moves."""
        return tuple(self._drives)

    def follow(self, wanted: float, seconds: float, tempo: Tempo) -> None:
        """Move towards the control's value by one frame. seconds: the frame's duration."""
        way = wanted - self.value
        whole: Duration = self._attack if way > 0 else self._release
        time = whole.in_seconds(tempo.bpm, tempo.beats_per_bar)
        most = abs(way) if time <= 0 else seconds / time
        self.value += max(-most, min(most, way))

    def apply(self, values: dict[str, object]) -> list[str]:
        """Shift the driven parameters in one frame's values; returns their names."""
        if self.value <= 0:
            return []
        for target, drive in self._drives.items():
            shift = drive.shape(min(1.0, self.value)) * (drive.high - drive.low)
            values[target] = float(values[target]) + shift  # type: ignore[arg-type]
        return list(self._drives)


def apply_macros(
    macros: list[Macro],
    values: dict[str, Value],
    seconds: float,
    tempo: Tempo,
    failed: Callable[[str, Exception], None],
) -> set[str]:
    """Move all macros by one frame and shift its values; returns the names of what they drive. One
    that fails is taken out and reported to `failed`; the others and the picture go on. seconds: the
    frame's duration."""
    moved: set[str] = set()
    for macro in list(macros):
        try:  # its control may be on a cue's fade
            macro.follow(float(values[macro.parameter]), seconds, tempo)
            moved.update(macro.apply(values))  # type: ignore[arg-type]
        except Exception as error:
            macros.remove(macro)
            failed(macro.parameter, error)
    return moved
