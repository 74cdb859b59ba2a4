"""The state of a show, saved while it plays, so that `--resume` continues from it after a crash, a
power cut or a kill. A show that ends normally leaves nothing behind."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vj.control.engine import ControlEngine
from vj.core import cache
from vj.core.errors import Fault
from vj.parameters.store import NOT_RESET, Store
from vj.show.validate import POSITION

PERIOD = 5.0
"""Seconds between two saves."""
NOT_SAVED = (
    *(*NOT_RESET, POSITION, "cue/", "mark/", "model/prepare"),
    *("source/position", "deck/b/position", "source/at", "deck/b/at"),
)
"""What parameters begin with that are not restored: they do something when they are set. The
timeline's own position and the standing cue are saved by themselves."""


class Autosave:
    """One show's state in the user's cache. `save` from one thread."""

    def __init__(self, show: Path, store: Store, piece: str = "") -> None:
        """show: its file; the saved state is found by its path. piece: its name in a room, where
        the same show may play twice."""
        self._store, self._piece = store, piece
        self._last: dict[str, Any] = {}
        self._show = self._name = ""
        self.follow(show)

    def follow(self, show: Path) -> None:
        """The show is played from this file from now on: a copy of the one before."""
        path = str(show.resolve())
        if path == self._show:
            return
        if self._name:
            self.clear()
        self._show, self._last = path, {}
        digest = hashlib.sha1(f"{path}{self._piece and f'#{self._piece}'}".encode()).hexdigest()
        self._name = f"state/{show.stem}-{digest[:10]}.json"

    def save(self, engine: ControlEngine) -> bool:
        """Save parameters, cue and timeline, if one has changed. Waits for the disk. False when
        they could not be written."""
        values = {
            name: value
            for name, value in self._store.base().items()
            if not name.startswith(NOT_SAVED)
        }
        state = {
            "show": self._show,
            "values": values,
            "cue": engine.cues.current,
            "timeline": engine.timeline_position(),
        }
        if state == self._last:
            return True
        self._last = state
        return cache.write(self._name, {**state, "time": time.time()})

    def clear(self) -> None:
        """Remove the saved state: the show has ended normally."""
        cache.remove(self._name)

    def resume(self, engine: ControlEngine, log: Callable[[str], None]) -> bool:
        """Restore the saved state, before the show begins. False when there is none, or it cannot
        be used, which is logged."""
        state = cache.read(self._name)
        try:
            values, moment = dict(state["values"]), float(state["time"])
        except (TypeError, KeyError, ValueError):
            log("--resume: the show ended as it should, or was never played here; it begins anew")
            return False
        lost = []
        with self._store.together():
            for name, value in values.items():
                if name.startswith(NOT_SAVED):
                    continue  # as an earlier version has saved it
                try:
                    if self._store.get(name) != value:
                        self._store.set(name, value, self)
                except Fault:
                    lost.append(name)
            engine.resume(state.get("cue"), state.get("timeline"))
        ago = f"{max(0.0, time.time() - moment):.0f} s ago"
        gone = f"; no longer in the show: {', '.join(lost)}" if lost else ""
        cue = f", cue {state['cue']!r}" if state.get("cue") else ""
        log(f"--resume: it goes on as it stood {ago}{cue}{gone}")
        return True
