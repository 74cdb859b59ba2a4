"""The three places where a show's effects stand on a frame's way."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

import numpy as np

from vj.core.supervisor import StageMarker, Supervisor
from vj.effects.header import Place
from vj.effects.loaded import FrameTime
from vj.effects.played import PlayedEffect
from vj.parameters.store import Snapshot


class EffectStage:
    """The effects of one place, in the order of the show's list. `of` is called with every frame of
    the place, by one thread at a time."""

    def __init__(self, marker: StageMarker, inside: str = "") -> None:
        """marker: says for the watchdog which effect runs. inside: the stage that goes on after
        them; "" for none."""
        self._marker, self._inside = marker, inside
        self.steps: Callable[[], bool] = lambda: False
        """Whether a picture that is held is stepped on, frame by frame."""
        self.effects: tuple[PlayedEffect, ...] = ()
        """Replaced, never changed in place."""
        self._busy = threading.Lock()
        self._last: float | None = None
        self._forgotten: object = None
        self._wants_reset = False
        self._held: tuple[np.ndarray, np.ndarray] | None = None
        """What came last, and what was made of it, while the picture is held."""

    def plays(self, snapshot: Snapshot) -> bool:
        """Something would be made of this frame."""
        return (
            bool(self.effects)
            and snapshot["output/blackout"] < 1
            and any(effect.amount(snapshot) > 0 for effect in self.effects)
        )

    def reset(self) -> None:
        """What the effects remember goes, before the next frame. From any thread."""
        self._wants_reset = True

    def passed(self, snapshot: Snapshot, time: float) -> None:
        """A frame goes by of which no picture is made."""
        self._last = time
        for effect in self.effects:
            effect.passed(snapshot)

    def of(self, picture: np.ndarray, snapshot: Snapshot, time: float, number: int) -> np.ndarray:
        """picture: (H, W, 3) uint8, not written to. time: the frame's, seconds on the show's clock.
        number: the frame's, from 0. Returns the same array where nothing is done. Raises Fault
        offline alone."""
        if not self.effects or not self._busy.acquire(blocking=False):
            return picture  # one that hangs holds up its own thread, and no other
        try:
            return self._of(picture, snapshot, time, number)
        finally:
            if self._inside:
                self._marker.enter(self._inside)
            else:
                self._marker.leave()
            self._busy.release()

    def _of(self, picture: np.ndarray, snapshot: Snapshot, time: float, number: int) -> np.ndarray:
        dt = 0.0 if self._last is None else max(0.0, time - self._last)
        moment, self._last = FrameTime(time, number, dt), time
        forgotten = snapshot["memory/forget"]
        if self._wants_reset or forgotten != self._forgotten:
            self._wants_reset, self._forgotten = False, forgotten
            for effect in self.effects:
                effect.reset()
        if snapshot["output/blackout"] >= 1:  # black stays black
            return picture
        held, holds = self._held, snapshot["output/freeze"] and not self.steps()
        if holds and held is not None and np.array_equal(held[0], picture):
            return held[1]
        made = picture
        for effect in self.effects:
            made = effect.of(made, snapshot, moment, self._marker)
        self._held = (picture, made) if holds else None
        return made


class Effects:
    """Of one show. `use` replaces them between two frames."""

    def __init__(self, stage: StageMarker, supervisor: Supervisor | None = None) -> None:
        """stage: the render thread's. supervisor: watches those at the end, which may run on
        another."""
        own = StageMarker()
        self.before = EffectStage(stage, "prepare")
        self.after = EffectStage(stage, "arrive")
        self.end = EffectStage(own if supervisor is None else supervisor.watch(own))
        self.snapshot: Snapshot | None = None
        """Of the newest frame, for those at the end."""
        self._scene: int | None = None
        self._failed: Mapping[str, str] = {}
        self._cut = False
        """The next picture that leaves, and is none between two, is the first of its scene."""

    def step_by(self, steps: Callable[[], bool]) -> None:
        """steps: whether a picture that is held is stepped on."""
        for stage in self._stages.values():
            stage.steps = steps

    def use(
        self, effects: Iterable[PlayedEffect], failed: Mapping[str, str] = MappingProxyType({})
    ) -> None:
        """Go on with these, in their order. failed: others, which do not load, and why."""
        given, self._failed = list(effects), failed
        for place, stage in self._stages.items():
            stage.effects = tuple(one for one in given if one.header.at == place)

    @property
    def _stages(self) -> dict[Place, EffectStage]:
        return {"before": self.before, "after": self.after, "end": self.end}

    def scene(self, number: int) -> None:
        """The picture that is shown is of this scene: what effects remember of another goes."""
        if number != self._scene:
            self._scene, self._cut = number, True
            self.after.reset()

    def ends(self, time: float) -> bool:
        """Something is to be made of a picture that leaves now. One of which nothing is goes by."""
        snapshot = self.snapshot
        if snapshot is None or not self.end.effects:
            return False
        if self.end.plays(snapshot):
            return True
        self.end.passed(snapshot, time)
        return False

    def at_end(
        self, picture: np.ndarray, time: float, number: int, between: bool = False
    ) -> np.ndarray:
        """The picture that leaves, (H, W, 3) uint8 at the output's size. between: it was made
        between two that were painted."""
        if self._cut and not between:
            self._cut = False
            self.end.reset()
        snapshot = self.snapshot
        return picture if snapshot is None else self.end.of(picture, snapshot, time, number)

    def pass_by(self, snapshot: Snapshot, time: float) -> None:
        """A frame of a rendering goes by that is not painted."""
        self.after.passed(snapshot, time)
        self.end.passed(snapshot, time)

    def _all(self) -> list[PlayedEffect]:
        return [one for stage in self._stages.values() for one in stage.effects]

    def states(self) -> list[str]:
        """Of each, in the order in which they are run: `trails 1.2 ms`, or `trails left out:` and
        why. From any thread."""
        failed = [f"{name} left out: {reason}" for name, reason in self._failed.items()]
        return [one.state for one in self._all()] + failed

    def left_out(self) -> dict[str, str]:
        """Those that are not played, and why. From any thread."""
        out = {one.name: one.left_out for one in self._all() if one.left_out}
        return {**out, **self._failed}
