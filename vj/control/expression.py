"""Expressions as modulators: computed once a frame from the time, sound, the input and
parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from vj.control.input_followers import MotionFollower, PictureFollower
from vj.control.modulators import Follower
from vj.control.tempo import Tempo
from vj.parameters.table import Value
from vj.show.expression import Expression

Heard = Callable[[float, Tempo], float]
"""(time, tempo) -> what a name in an expression stands for."""

TIME_VALUES: dict[str, Heard] = {
    "t": lambda time, tempo: time,
    "beat": lambda time, tempo: tempo.beat(time),
    "bar": lambda time, tempo: tempo.beat(time) / tempo.beats_per_bar,
    "bpm": lambda time, tempo: tempo.bpm,
}
"""See `vj.show.expression.TIME_NAMES`."""


@dataclass(slots=True)
class ExpressionSource:
    """An expression that modulates. followers: what of sound and of the input it names. read: the
    parameter that each name in it stands for: macros by their names, and those of p("...")."""

    expression: Expression
    followers: Mapping[str, Follower | MotionFollower | PictureFollower]
    read: Mapping[str, str]
    values: Mapping[str, Value] = field(default_factory=dict)
    """This frame's parameters before the modulators, which `vj.control.modulation` sets."""

    def take_over(self, old: ExpressionSource) -> None:
        """Take over the followers of another one."""
        for name, follower in self.followers.items():
            former = old.followers.get(name)
            if isinstance(former, type(follower)):
                follower.take_over(former)  # type: ignore[arg-type]

    def at(self, time: float, tempo: Tempo) -> float:
        """Raises NoValue where it has none."""
        names: dict[str, float] = {}
        for name in self.expression.names:
            follower = self.followers.get(name)
            if follower is None:
                known = TIME_VALUES.get(name)
                names[name] = (
                    float(self.values[self.read[name]]) if known is None else known(time, tempo)
                )
            elif isinstance(follower, Follower):
                names[name] = follower.at(time, tempo)
            else:
                names[name] = follower.value(time)
        given = {name: float(self.values[self.read[name]]) for name in self.expression.parameters}
        return self.expression.value(names, given)
