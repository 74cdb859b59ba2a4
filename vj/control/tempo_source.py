"""The tempo source: the parameter tempo/bpm, a MIDI clock, or a Link session."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Protocol

from vj.control.memory_reset import BarReset
from vj.control.shared_beat import SharedBeat
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
        self._room: SharedBeat | None = None
        self._room_bpm: float | None = None
        """What the room's tempo was at the last frame; another one here means a tap."""
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
        self._room, self._room_bpm = old._room, old._room_bpm
        led = self._session is not None or self._room is not None
        self.tempo.linked = self.tempo.linked and led

    def follow_link(self, session: LinkSession) -> None:
        """Follow a Link session from now on; a tempo that is set here is set in the session,
        too."""
        self._session = session

    def follow_room(self, beat: SharedBeat) -> None:
        """Beat with the room that this show plays in; a tempo that is set or tapped here is the
        room's. A MIDI clock that runs, and the show's own Link session, lead instead."""
        self._room = beat

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
        if self._room is not None and not (self._session is not None and self.tempo.linked):
            self._beat_with(self._room, store, time)
        led = (
            self.tempo.is_external(time)
            if self._bpm is None
            else abs(self.tempo.bpm - self._bpm) > 0.02
        )
        if led and store.place("tempo/bpm", self.tempo.bpm):
            self._bpm = float(store.get("tempo/bpm"))
        self._bars.step(self.tempo, store, time, self)

    def _beat_with(self, room: SharedBeat, store: Store, time: float) -> None:
        if time - self._clock[1] <= LOST:
            self.tempo.linked, self._room_bpm = False, None
            return
        if self._room_bpm is not None and self.tempo.bpm != self._room_bpm:
            room.set(self.tempo.bpm, self.tempo.beat(time), time)
        self.tempo.link(*room.at(time), time)
        if self._room_bpm is None:  # it has come in: its own start, or what it resumes, is no wish
            store.place("tempo/bpm", self.tempo.bpm, anyway=True)
            self._bpm = float(store.get("tempo/bpm"))
        self._room_bpm = self.tempo.bpm

    def on_tempo_set(self, wanted: Value, time: float) -> None:
        """The parameter was set, by the performer, a cue, a curve or the show's start."""
        if wanted == self._bpm:
            return
        self._bpm = float(wanted)
        self.tempo.set_bpm(self._bpm, time)
        if self._session is not None and self.tempo.linked:
            self._session.set_tempo(self._bpm)
        elif self._room is not None and self.tempo.linked:
            self._room_bpm = self.tempo.bpm
            self._room.set(self.tempo.bpm, self.tempo.beat(time), time)
