"""The values of a show: written from any thread, sampled once a frame into a snapshot that no
longer changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol

from vj.core.errors import Fault
from vj.core.picture_place import PicturePlace
from vj.parameters.curves import Curve
from vj.parameters.fit import fit
from vj.parameters.table import FIRED_AGAIN, FIRED_BY_PANIC, TABLE, Parameter, Table, Value

NOT_RESET = ("record",)
"""Not reset by panic: stopping a recording would lose material."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every parameter's value in one frame. time: seconds on the show's clock."""

    values: Mapping[str, Value]
    time: float

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


class Automation(Protocol):
    """Moves parameters automatically, once a frame: cues, curves, macros, modulators."""

    def update_base(self, time: float) -> None:
        """Set the base values for the frame at `time`."""

    def follow_picture(self, place: PicturePlace | None, time: float) -> bool:
        """The frame at `time` shows the picture at this place of its clip: set the base values that
        follow it. False, with nothing done, where nothing does, or where this is known."""

    def modulate(self, values: dict[str, Value], time: float) -> None:
        """Change this frame's values on top of the base values."""


Pace = Callable[[float], float]
"""Seconds on the show's clock -> the share of a transition that is done, 1 or more at the end."""
Transition = tuple[float, Curve | None, Pace | None]
"""Duration in seconds, easing curve, and a pace that replaces the duration."""


@dataclass(slots=True)
class _Glide:
    begin: float
    start: float
    end: float
    seconds: float
    ease: Curve | None
    is_jump: bool
    """A jump spread over the row's glide time, not a fade."""
    pace: Pace | None = None
    """Replaces the duration."""


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
        self._changed: dict[str, Transition | None] = {}
        self._time = self._time_before = 0.0
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
        """Adopt another show's table and start values. A parameter at the old start value goes to
        the new one; one that was changed keeps its value. Returns the names that changed."""
        with self._lock:
            before, self.table = self.table, table
            old, self._start = self._start, self._checked(start)
            for values in (self._targets, self._values):
                for name in [name for name in values if name not in table.rows]:
                    del values[name]
                for name, value in self._start.items():
                    values.setdefault(name, value)
                    if name in before.rows and _is_other(before.rows[name], table.rows[name]):
                        values[name] = _still(table.rows[name], values[name], value)
            self._glides = {
                name: glide
                for name, glide in self._glides.items()
                if name in table.rows and table.rows[name].kind in ("float", "int")
            }
            self._changed = {
                name: transition for name, transition in self._changed.items() if name in table.rows
            }
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
        """Hold the lock, so that all changes made inside take effect in the same frame. Must not
        take long, since no frame is sampled meanwhile."""
        with self._lock:
            yield

    @property
    def time(self) -> float:
        """The time of the last frame, at which transitions begin."""
        return self._time

    def start_of(self, name: str) -> Value:
        """A parameter's start value in this show."""
        return self._start[self.table.find(name).name]

    def set(self, name: str, value: object, origin: object = None) -> str:
        """Set a parameter; a running fade of it ends. origin: the sender, passed to the listeners.
        Returns a remark when the value had to be clamped, else "". Raises Fault."""
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
        """The same, as a transition from the present value over so many seconds, or at a pace of
        its own. Values that are not numbers change at once."""
        return self._set(name, value, (seconds, ease, pace), origin)

    def _set(self, name: str, value: object, transition: Transition | None, origin: object) -> str:
        with self._lock:  # the table too: a save may take the parameter away meanwhile
            row = self.table.find(name)
            fitted, remark = fit(row, value)
            if row.name == "panic":
                self.reset()
                for fires in self.table.rows.keys() & FIRED_BY_PANIC:
                    self._set(fires, True, None, origin)
            else:
                again = FIRED_AGAIN.get(row.name)
                if again is not None and fitted == self._targets[row.name]:
                    self._set(again, True, None, origin)
                # A trigger counts up: code that reads it once a frame sees that it was fired.
                self._targets[row.name] = (
                    fitted if row.kind != "trigger" else int(self._targets[row.name]) + 1
                )
                self._changed[row.name] = transition
            # Called before a frame can be sampled, in which automation could move the parameter
            # again.
            for listener in self.listeners:
                listener(row.name, fitted, origin)
        return remark

    def place(self, name: str, value: float, anyway: bool = False) -> bool:
        """Set a number for the frame about to be sampled, without a glide. For automation: a value
        that was set since the last frame takes precedence, unless `anyway`; then nothing is changed
        and False is returned."""
        row = self.table.rows[name]
        with self._lock:
            if name in self._changed and not anyway:
                return False
            self._targets[name] = self._values[name] = fit(row, value)[0]
            self._glides.pop(name, None)
            self._changed.pop(name, None)
            return True

    def reset(self) -> None:
        """Reset every parameter to its start value, except for `NOT_RESET`. All fades end."""
        with self._lock:
            for name, value in self._start.items():
                row = self.table.rows[name]
                if (
                    name not in NOT_RESET
                    and row.kind != "trigger"
                    and (self._targets[name] != value or self._values[name] != value)
                ):
                    self._targets[name] = value
                    self._changed[name] = (row.glide, None, None)

    def get(self, name: str) -> Value:
        """A parameter's value, or the target of its transition."""
        return self._targets[self.table.find(name).name]

    def base(self) -> dict[str, Value]:
        """The present values, with fades in progress, but without macros and modulators: what a
        fader should show. Without triggers."""
        with self._lock:
            rows = self.table.rows
            return {
                name: self._values[name] if name in self._glides else value
                for name, value in self._targets.items()
                if rows[name].kind != "trigger"
            }

    def ahead(self, time: float) -> Snapshot:
        """All values or the targets of their transitions, for preparing something in advance;
        starts no glide."""
        with self._lock:
            return Snapshot(MappingProxyType(dict(self._targets)), time)

    def sample(self, time: float, place: PicturePlace | None = None) -> Snapshot:
        """The values of the frame at `time`. A glide starts at the frame before, so that its first
        step already shows. place: where in its clip the frame's picture stands, as far as that is
        known by now."""
        with self._lock:
            automation = self.automation
            if automation is not None:
                automation.update_base(time)
                automation.follow_picture(place, time)
            self._time_before = self._time
            values = self._values_at(time)
        return self._shown(values, time)

    def sample_again(self, snapshot: Snapshot, place: PicturePlace | None) -> Snapshot:
        """With these parameters another picture than was known has become the frame's, the one at
        this place of its clip: the values with what follows it. The same snapshot where nothing
        does."""
        with self._lock:
            automation, time = self.automation, snapshot.time
            if automation is None:
                return snapshot
            self._time = self._time_before  # what it begins, it begins as in the first sampling
            follows = automation.follow_picture(place, time)
            values = self._values_at(time) if follows else None
            self._time = time
        return snapshot if values is None else self._shown(values, time)

    def _shown(self, values: dict[str, Value], time: float) -> Snapshot:
        snapshot = Snapshot(MappingProxyType(values), time)
        for observer in self.observers:
            observer(snapshot)
        return snapshot

    def _values_at(self, time: float) -> dict[str, Value]:
        """The values at a moment, after automation has set the base; the lock is held. Asked twice
        for the same one it gives the same."""
        automation = self.automation
        for name, transition in self._changed.items():
            self._begin(self.table.rows[name], transition)
        self._changed.clear()
        for name, glide in list(self._glides.items()):
            share = min(
                1.0,
                (time - glide.begin) / glide.seconds if glide.pace is None else glide.pace(time),
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
        return values

    def _begin(self, row: Parameter, transition: Transition | None) -> None:
        target = self._targets[row.name]
        running = self._glides.get(row.name)
        there = self._values[row.name] if running is None else running.end
        if transition is None and target == there and (running is None or running.is_jump):
            return  # the same value again: the transition in progress is not restarted
        seconds, ease, pace = transition or (row.glide, None, None)
        if seconds > 0 and row.kind in ("float", "int"):
            self._glides[row.name] = _Glide(
                self._time,
                float(self._values[row.name]),
                float(target),
                seconds,
                ease,
                transition is None,
                pace,
            )
        else:
            self._glides.pop(row.name, None)
            self._values[row.name] = target


def _is_other(before: Parameter, row: Parameter) -> bool:
    """It takes other values by now, as one of an effect whose file was saved may do."""
    ranged = (before.kind, before.low, before.high) != (row.kind, row.low, row.high)
    return ranged or (row.kind == "choice" and before.choices != row.choices)


def _still(row: Parameter, value: Value, start: Value) -> Value:
    """A parameter's value under a row that has changed: where it does not fit any more, the start
    value."""
    try:
        fitted = int(value) if row.kind == "trigger" else fit(row, value)[0]
    except (Fault, ValueError):
        return start
    return fitted if isinstance(value, str) == isinstance(start, str) else start
