"""The room's one clock: a tempo, and the beat at a moment of the clock that all processes of a
machine share (`time.perf_counter`: CLOCK_MONOTONIC, mach_absolute_time, QueryPerformanceCounter).

Every piece counts the beat from these three numbers by itself, so that they agree to the rounding
of a float however late a message comes. Where Ableton Link is there the room is one member of its
session and passes its beat on; the pieces are not members each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from vj.control.link import open_link
from vj.control.tempo_source import LinkSession
from vj.core.errors import Unavailable

PERIOD = 0.1
"""Seconds between two looks at the Link session."""
STRAY = 0.002
"""Seconds by which the session's beat may be beside the room's before the room follows: reading it
takes that long on a busy machine."""

Told = Callable[[dict[str, float]], None]


class RoomBeat:
    """`start`, then `stop`. From any thread."""

    def __init__(
        self,
        bpm: float,
        on_change: Told,
        log: Callable[[str], None],
        now: Callable[[], float] = time.perf_counter,
    ) -> None:
        """on_change: told what pieces are to be told, `{bpm, beat, at}`."""
        self._now, self._on_change, self._log = now, on_change, log
        self._lock = threading.Lock()
        self.bpm, self._beat, self._at = bpm, 0.0, now()
        self._session: LinkSession | None = None
        self._close: Callable[[], None] = lambda: None
        self._over = threading.Event()
        self.linked = False
        """Others are in the Link session, and lead."""

    def start(self, link: Callable[..., tuple[Any, Callable[[], None]]] = open_link) -> None:
        """Join the Link session of this network; without its package, say what would install
        it."""
        try:
            self._session, self._close = link(self.bpm)
        except Unavailable:
            self._log("the room beats by itself; with Ableton Link: python3 launch.py add link")
            return
        threading.Thread(target=self._follow, name="room's Link", daemon=True).start()

    def stop(self) -> None:
        """May be called twice."""
        self._over.set()
        close, self._close = self._close, lambda: None
        close()

    def told(self) -> dict[str, float]:
        """What a piece is to be told now."""
        with self._lock:
            return {"bpm": self.bpm, "beat": self._beat, "at": self._at}

    def beat(self, at: float) -> float:
        """The beat at a moment of the machine's clock."""
        with self._lock:
            return self._beat + (at - self._at) * self.bpm / 60

    def set(self, bpm: float, beat: float, at: float) -> None:
        """A piece's performer has set or tapped the tempo."""
        if self._session is not None:
            self._session.set_tempo(bpm)
            if self.linked:  # its bars are everybody's: only the tempo changes
                beat, at = self.beat(self._now()), self._now()
        self._change(bpm, beat, at)

    def look(self) -> None:
        """Follow the Link session, if others are in it."""
        found = self._session() if self._session is not None else None
        if self.linked != (found is not None):
            self.linked = found is not None
            self._log("Link leads the room's tempo" if self.linked else "Link: nobody else is left")
        if found is None:
            return
        bpm, beat = found
        at = self._now()
        if abs(bpm - self.bpm) > 0.005 or abs(beat - self.beat(at)) * 60 / bpm > STRAY:
            self._change(bpm, beat, at)

    def _change(self, bpm: float, beat: float, at: float) -> None:
        with self._lock:
            self.bpm, self._beat, self._at = bpm, beat, at
        self._on_change(self.told())

    def _follow(self) -> None:
        while not self._over.wait(PERIOD):
            self.look()
