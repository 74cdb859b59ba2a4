"""The values of a show: written from any thread, sampled once a frame into a snapshot that no
longer changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from vj.parameters.curves import Curve
from vj.parameters.table import TABLE, Parameter, Table, Value, fit

KEPT = ("record",)
"""What panic leaves alone: stopping a recording would lose material."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every parameter as it stood at one frame. time: seconds on the show's clock."""

    values: Mapping[str, Value]
    time: float

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


class Automation(Protocol):
    """What moves parameters by itself, once a frame: cues, curves, macros, modulators."""

    def update_base(self, time: float) -> None:
        """Give parameters their base values for the frame at `time`."""

    def modulate(self, values: dict[str, Value], time: float) -> None:
        """Change this frame's values on top of their base."""


Pace = Callable[[float], float]
"""Seconds on the show's clock -> the share of a way that is done, 1 or more at its end."""
Way = tuple[float, Curve | None, Pace | None]
"""Seconds, the curve, and the pace in place of the seconds."""


@dataclass(slots=True)
class _Glide:
    begin: float
    start: float
    end: float
    seconds: float
    ease: Curve | None
    quick: bool
    """A jump that is only spread over a moment, and no fade."""
    pace: Pace | None = None
    """How far it is at a moment, in place of the seconds."""


Listener = Callable[[str, Value, object], None]


class Store:
    """Values, their glides and the show's start. Time comes in with `sample` alone, so an offline
    run repeats exactly."""

    def __init__(self, start: Mapping[str, Value] | None = None, table: Table = TABLE) -> None:
        self.table = table
        self._lock = threading.RLock()
        self._start = self._checked(start or {})
        self._targets = dict(self._start)
        self._values = dict(self._start)
        self._glides: dict[str, _Glide] = {}
        self._changed: dict[str, Way | None] = {}
        self._time = 0.0
        self.automation: Automation | None = None
        self.listeners: list[Listener] = []
        """Called with (name, value, origin) after a change, on the thread that made it and before
        the next frame is sampled; must not block, nor wait for another thread."""
        self.observers: list[Callable[[Snapshot], None]] = []
        """Called with every frame's snapshot, on the render thread; must not block."""

    def _checked(self, start: Mapping[str, Value]) -> dict[str, Value]:
        values = {name: row.start for name, row in self.table.rows.items()}
        for name, value in start.items():
            row = self.table.find(name)
            values[row.name] = fit(row, value)[0]
        return values

    def adopt(self, start: Mapping[str, Value], table: Table) -> list[str]:
        """Another show's table and start. What stands where the old show put it goes to the new
        start; what a hand has moved stays. Returns the names that changed."""
        with self._lock:
            self.table = table
            old, self._start = self._start, self._checked(start)
            for values in (self._targets, self._values):
                for name in [name for name in values if name not in table.rows]:
                    del values[name]
                for name, value in self._start.items():
                    values.setdefault(name, value)
            self._glides = {
                name: glide for name, glide in self._glides.items() if name in table.rows
            }
            self._changed = {name: way for name, way in self._changed.items() if name in table.rows}
            moved = [
                n
                for n, v in self._start.items()
                if old.get(n, v) != v and self._targets[n] == old[n]
            ]
        for name in moved:
            self.set(name, self._start[name], self)
        return moved

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is changed meanwhile stands in one and the same frame: none is sampled in between,
        so it must not take long."""
        with self._lock:
            yield

    @property
    def time(self) -> float:
        """The moment of the last frame: where ways begin."""
        return self._time

    def start_of(self, name: str) -> Value:
        """What the show starts a parameter with."""
        return self._start[self.table.find(name).name]

    def set(self, name: str, value: object, origin: object = None) -> str:
        """Give a parameter a new value; a fade it was in ends. origin: whoever says so, told to the
        listeners. Returns a remark when the value had to be clamped, else "". Raises Fault."""
        return self._set(name, value, None, origin)

    def fade(
        self,
        name: str,
        value: object,
        seconds: float,
        ease: Curve | None = None,
        origin: object = None,
        pace: Pace | None = None,
    ) -> str:
        """The same, on a way of so many seconds, or at a pace of its own, from where it stands.
        What is no number changes at once."""
        return self._set(name, value, (seconds, ease, pace), origin)

    def _set(self, name: str, value: object, way: Way | None, origin: object) -> str:
        with self._lock:  # the table too: a save may take the parameter away meanwhile
            row = self.table.find(name)
            fitted, remark = fit(row, value)
            if row.name == "panic":
                self.reset()
            else:
                # A trigger counts: whoever looks at it once a frame sees that it has been pulled.
                self._targets[row.name] = (
                    fitted if row.kind != "trigger" else int(self._targets[row.name]) + 1
                )
                self._changed[row.name] = way
            # Heard before a frame can be sampled: it would move on what a hand has just taken.
            for listener in self.listeners:
                listener(row.name, fitted, origin)
        return remark

    def place(self, name: str, value: float, anyway: bool = False) -> bool:
        """Put a number where it shall stand in the frame about to be sampled, without a glide. For
        automation, whose values move by themselves: what somebody has set since the last frame
        stands, unless `anyway`, and False is returned."""
        row = self.table.rows[name]
        with self._lock:
            if name in self._changed and not anyway:
                return False
            self._targets[name] = self._values[name] = fit(row, value)[0]
            self._glides.pop(name, None)
            self._changed.pop(name, None)
            return True

    def reset(self) -> None:
        """Every parameter back to the show's start, but for a recording. Fades end, those too that
        were heading there."""
        with self._lock:
            for name, value in self._start.items():
                row = self.table.rows[name]
                if (
                    name not in KEPT
                    and row.kind != "trigger"
                    and (self._targets[name] != value or self._values[name] != value)
                ):
                    self._targets[name] = value
                    self._changed[name] = (row.glide, None, None)

    def get(self, name: str) -> Value:
        """Where a parameter stands or is going."""
        return self._targets[self.table.find(name).name]

    def base(self) -> dict[str, Value]:
        """Where everything stands, fades half done, but without macros and modulators: what a fader
        should show. Triggers stand nowhere."""
        with self._lock:
            rows = self.table.rows
            return {
                name: self._values[name] if name in self._glides else value
                for name, value in self._targets.items()
                if rows[name].kind != "trigger"
            }

    def ahead(self, time: float) -> Snapshot:
        """Where everything stands or is going, for whoever prepares something; starts no glide."""
        with self._lock:
            return Snapshot(MappingProxyType(dict(self._targets)), time)

    def sample(self, time: float) -> Snapshot:
        """The values of the frame at `time`. A glide starts at the frame before, so that its first
        step already shows."""
        with self._lock:
            automation = self.automation
            if automation is not None:
                automation.update_base(time)
            for name, way in self._changed.items():
                self._begin(self.table.rows[name], way)
            self._changed.clear()
            for name, glide in list(self._glides.items()):
                share = min(
                    1.0,
                    (time - glide.begin) / glide.seconds
                    if glide.pace is None
                    else glide.pace(time),
                )
                shaped = share if glide.ease is None else glide.ease(share)
                value = glide.start + shaped * (glide.end - glide.start)
                self._values[name] = round(value) if self.table.rows[name].kind == "int" else value
                if share >= 1:
                    self._values[name] = self._targets[name]
                    del self._glides[name]
            self._time = time
            values = dict(self._values)
            if automation is not None:
                automation.modulate(values, time)
        snapshot = Snapshot(MappingProxyType(values), time)
        for tap in self.observers:
            tap(snapshot)
        return snapshot

    def _begin(self, row: Parameter, way: Way | None) -> None:
        target = self._targets[row.name]
        under_way = self._glides.get(row.name)
        there = self._values[row.name] if under_way is None else under_way.end
        if way is None and target == there and (under_way is None or under_way.quick):
            return  # said again while it is on its way: the way does not begin anew
        seconds, ease, pace = way or (row.glide, None, None)
        if seconds > 0 and row.kind in ("float", "int"):
            self._glides[row.name] = _Glide(
                self._time,
                float(self._values[row.name]),
                float(target),
                seconds,
                ease,
                way is None,
                pace,
            )
        else:
            self._glides.pop(row.name, None)
            self._values[row.name] = target
