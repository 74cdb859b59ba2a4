"""Who leads the beat: the show's own parameter, one MIDI clock, or a Link session."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from vj.control.tempo import LOST, Tempo
from vj.parameters.store import Store
from vj.parameters.table import Value


class LinkSession(Protocol):
    """What is to be known of a Link session, see `vj.control.link`."""

    def __call__(self) -> tuple[float, float] | None: ...

    def set_tempo(self, bpm: float) -> None: ...


class TempoSource:
    """Keeps the beat and tempo/bpm together: what leads the beat shows in the parameter, and
    whoever sets the parameter sets the beat."""

    def __init__(self, tempo: Tempo, follows: str, log: Callable[[str], None]) -> None:
        """follows: `midi`, `link` or `nobody`."""
        self.tempo, self.follows, self._log = tempo, follows, log
        self._beats_per_bar = tempo.beats_per_bar
        self._session: LinkSession | None = None
        self._bpm: float | None = None
        """What tempo/bpm said last; another value there is somebody's wish."""
        self._clock = "", -math.inf
        """The device whose clock leads, and when it spoke last."""
        self._ignored_clocks: set[str] = set()
        """Second clocks that were named."""

    def take_over(self, old: TempoSource) -> None:
        """Go on with the beat of another, and with who leads it."""
        self.tempo, self._bpm, self._clock, self._ignored_clocks = (
            old.tempo,
            old._bpm,
            old._clock,
            old._ignored_clocks,
        )
        self.tempo.beats_per_bar = self._beats_per_bar
        self._session = old._session if self.follows == "link" else None
        self.tempo.linked = self.tempo.linked and self._session is not None

    def follow_link(self, session: LinkSession) -> None:
        """From now on the tempo and the beat are those of a Link session, and a tempo that is set
        here is set there."""
        self._session = session

    def on_clock(self, what: str, moment: float, device: str, position: int) -> None:
        """A MIDI clock's word. One leads at a time: while it speaks, another one is ignored, and
        named once."""
        if device != self._clock[0] and moment - self._clock[1] <= LOST:
            if device not in self._ignored_clocks:
                self._ignored_clocks.add(device)
                first = self._clock[0] or "another device"
                self._log(
                    f"MIDI {device or 'clock'}: a second clock, beside that of {first}; it is "
                    "ignored"
                )
            return
        self._clock = device, moment
        if what == "position":
            self.tempo.clock_position(position, moment)
        else:
            {
                "tick": self.tempo.clock_tick,
                "start": self.tempo.clock_start,
                "stop": self.tempo.clock_stop,
                "continue": self.tempo.clock_continue,
            }[what](moment)

    def panic(self, store: Store, time: float) -> None:
        """The store has put the parameter to the show's start; one that leads is left alone."""
        if self.tempo.is_external(time):
            store.place("tempo/bpm", self.tempo.bpm, anyway=True)

    def publish(self, store: Store, time: float) -> None:
        """What leads shows in the parameter."""
        if self._session is not None:
            now = self._session()
            self.tempo.linked = now is not None
            if now is not None:
                self.tempo.link(now[0], now[1], time)
        led = (
            self.tempo.is_external(time)
            if self._bpm is None
            else abs(self.tempo.bpm - self._bpm) > 0.02
        )
        if led and store.place("tempo/bpm", self.tempo.bpm):
            self._bpm = float(store.get("tempo/bpm"))

    def on_tempo_set(self, wanted: Value, time: float) -> None:
        """A hand, a cue, a curve or the show's start has set the parameter."""
        if wanted == self._bpm:
            return
        self._bpm = float(wanted)
        self.tempo.set_bpm(self._bpm, time)
        if self._session is not None and self.tempo.linked:
            self._session.set_tempo(self._bpm)
