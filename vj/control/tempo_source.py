"""The tempo source: the parameter tempo/bpm, a MIDI clock, or a Link session."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from vj.control.memory_reset import BarReset
from vj.control.tempo import LOST, Tempo
from vj.parameters.store import Store
from vj.parameters.table import Value


class LinkSession(Protocol):
    """A Link session, see `vj.control.link`."""

    def __call__(self) -> tuple[float, float] | None: ...

    def set_tempo(self, bpm: float) -> None: ...


class TempoSource:
    """Synchronises the beat and tempo/bpm: the leading source's tempo is shown in the parameter,
    and setting the parameter sets the tempo."""

    def __init__(self, tempo: Tempo, follows: str, log: Callable[[str], None]) -> None:
        """follows: `midi`, `link` or `nobody`."""
        self.tempo, self.follows, self._log = tempo, follows, log
        self._beats_per_bar = tempo.beats_per_bar
        self._session: LinkSession | None = None
        self._bpm: float | None = None
        """The last known value of tempo/bpm; another value means that it was set."""
        self._clock = "", -math.inf
        """The device whose clock leads, and the time of its last message."""
        self._ignored_clocks: set[str] = set()
        """Second clocks that were reported."""
        self._bars = BarReset()

    def take_over(self, old: TempoSource) -> None:
        """Take over another one's beat and leading source."""
        self.tempo, self._bpm, self._clock, self._ignored_clocks = (
            old.tempo,
            old._bpm,
            old._clock,
            old._ignored_clocks,
        )
        self._bars, self.tempo.beats_per_bar = old._bars, self._beats_per_bar
        self._session = old._session if self.follows == "link" else None
        self.tempo.linked = self.tempo.linked and self._session is not None

    def follow_link(self, session: LinkSession) -> None:
        """Follow a Link session from now on; a tempo that is set here is set in the session,
        too."""
        self._session = session

    def on_clock(self, what: str, moment: float, device: str, position: int) -> None:
        """A MIDI clock message. One device leads at a time; while it sends, another one is ignored,
        and logged once."""
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
        """The store has reset the parameter; restore the tempo of an external source."""
        if self.tempo.is_external(time):
            store.place("tempo/bpm", self.tempo.bpm, anyway=True)

    def publish(self, store: Store, time: float) -> None:
        """Write the leading source's tempo into the parameter, and act on a bar that begins."""
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
        self._bars.step(self.tempo, store, time, self)

    def on_tempo_set(self, wanted: Value, time: float) -> None:
        """The parameter was set, by the performer, a cue, a curve or the show's start."""
        if wanted == self._bpm:
            return
        self._bpm = float(wanted)
        self.tempo.set_bpm(self._bpm, time)
        if self._session is not None and self.tempo.linked:
            self._session.set_tempo(self._bpm)
