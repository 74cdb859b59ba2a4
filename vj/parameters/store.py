"""The values of a show: written from any thread, sampled once a frame into a snapshot that no longer changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from vj.parameters.table import TABLE, Parameter, Table, Value, fit


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every parameter as it stood at one frame. time: seconds on the show's clock."""

    values: Mapping[str, Value]
    time: float

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


@dataclass(slots=True)
class _Glide:
    begin: float
    start: float
    end: float


class Store:
    """Values, their glides and the show's start. Time comes in with `sample` alone, so an offline run repeats exactly."""

    def __init__(self, start: Mapping[str, Value] | None = None, table: Table = TABLE) -> None:
        self.table = table
        self._lock = threading.Lock()
        self._start = {name: row.start for name, row in table.rows.items()}
        for name, value in (start or {}).items():
            row = table.find(name)
            self._start[row.name] = fit(row, value)[0]
        self._targets = dict(self._start)
        self._values = dict(self._start)
        self._glides: dict[str, _Glide] = {}
        self._changed: set[str] = set()
        self._time = 0.0
        self.listeners: list[Callable[[str, Value], None]] = []
        """Called with (name, value) after a change, on the thread that made it; must not block."""

    def set(self, name: str, value: object) -> str:
        """Give a parameter a new value. Returns a remark when the value had to be clamped, else "". Raises Fault."""
        row = self.table.find(name)
        fitted, remark = fit(row, value)
        if row.name == "panic":
            self.reset()
        else:
            with self._lock:
                self._targets[row.name] = fitted
                self._changed.add(row.name)
        for listener in self.listeners:
            listener(row.name, fitted)
        return remark

    def reset(self) -> None:
        """Every parameter back to the show's start; recording is left alone, since stopping it would lose material."""
        with self._lock:
            for name, value in self._start.items():
                if name != "record" and self._targets[name] != value:
                    self._targets[name] = value
                    self._changed.add(name)

    def get(self, name: str) -> Value:
        """Where a parameter stands or is going."""
        return self._targets[self.table.find(name).name]

    def ahead(self, time: float) -> Snapshot:
        """Where everything stands or is going, for whoever prepares something; starts no glide."""
        with self._lock:
            return Snapshot(MappingProxyType(dict(self._targets)), time)

    def sample(self, time: float) -> Snapshot:
        """The values of the frame at `time`. A glide starts at the frame before, so that its first step already shows."""
        with self._lock:
            for name in self._changed:
                self._begin(self.table.rows[name])
            self._changed.clear()
            for name, glide in list(self._glides.items()):
                share = min(1.0, (time - glide.begin) / self.table.rows[name].glide)
                self._values[name] = glide.start + share * (glide.end - glide.start)
                if share >= 1:
                    self._values[name] = glide.end
                    del self._glides[name]
            self._time = time
            return Snapshot(MappingProxyType(dict(self._values)), time)

    def _begin(self, row: Parameter) -> None:
        target = self._targets[row.name]
        under_way = self._glides.get(row.name)
        if target == (self._values[row.name] if under_way is None else under_way.end):
            return  # said again while it is on its way: the way does not begin anew
        if row.glide > 0:
            self._glides[row.name] = _Glide(self._time, float(self._values[row.name]), float(target))
        else:
            self._values[row.name] = target
