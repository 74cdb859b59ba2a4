"""What hands are on while a show plays: its conductor, MIDI, takes, and the keys of the terminal."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from vj.clock import Clock
from vj.control.conducting import Ears, Modulated, make_conductor
from vj.control.conductor import Conductor
from vj.control.controls import Control
from vj.control.link import open_link
from vj.control.midi_ports import MidiPorts
from vj.control.rules import MidiRule
from vj.control.takes import Take, TakeWriter
from vj.errors import Fault
from vj.frame import Size
from vj.parameters.store import Store
from vj.parameters.table import Value

TAKES = Path("takes")

WriteCues = Callable[[dict[str, dict[str, Value]]], str]
"""Writes cues into the show file, {name: values}; says where it did."""


class Played(Modulated, Protocol):
    """A show, as far as a desk needs to know it."""

    @property
    def show(self) -> str: ...
    @property
    def midi(self) -> MidiRule: ...


class Desk:
    """Built for a show, and again when its file changes. All but `start`, `adopt` and `stop` may be called from any thread."""

    def __init__(
        self,
        show: Played,
        store: Store,
        clock: Clock,
        say: Callable[[str], None],
        *,
        latency: Callable[[], float] = lambda: 0.0,
        replay: Take | None = None,
        log: Path | None = None,
        write_cues: WriteCues | None = None,
        painted: Callable[[], Size] = lambda: Size(0, 0),
    ) -> None:
        """painted: the size at which the show is painted, for takes. replay: a take that plays instead of all hands. log: a take of
        everything is written there. Raises Fault when it cannot be."""
        self._show, self._store, self._clock, self._say, self._latency = show, store, clock, say, latency
        self._replay, self._write_cues, self._painted = replay, write_cues, painted
        self.midi: MidiPorts | None = None
        self._take: TakeWriter | None = None
        self._lock = threading.Lock()
        self._kept: set[str] = set()
        self._close_link: Callable[[], None] = lambda: None
        self.conductor, self._ears = self._make(show)
        self._conduct()
        store.listeners.append(self._changed)
        if log is not None:
            self._begin_take(log)

    def _make(self, show: Played) -> tuple[Conductor, Ears]:
        return make_conductor(show, self._store, live=True, say=self._say, now=self._clock.now, latency=self._latency)

    def _conduct(self) -> None:
        self._store.forces = self._replay if self._replay is not None else self.conductor

    def start(self) -> None:
        """Open what can be plugged in."""
        self._open()

    def _open(self) -> None:
        midi = self._show.midi
        wanted = any(rule.midi is not None for rule in self._show.mappings) or any(
            m.on.startswith("midi") for m in self.conductor.modulations
        )
        if midi.on and (wanted or midi.devices):
            values = self._store.base if midi.feedback else None
            hands = self.conductor.hands
            self.midi = MidiPorts(self, now=self._clock.now, say=self._say, devices=midi.devices, hands=hands, values=values)
            self.midi.start()
        if self._show.tempo.follow == "link":
            try:
                session, self._close_link = open_link(self.conductor.tempo.bpm)
                self.conductor.follow_link(session)
            except Fault as fault:
                self._say(f"{fault}; the tempo is the show's own")

    def adopt(self, show: Played) -> None:
        """Another version of the show. The beat and the standing cue go on; a fade that is under way ends where it would have."""
        old, ears = self.conductor, self._ears
        self._shut()
        self._show = show
        self.conductor, self._ears = self._make(show)
        self.conductor.take_over(old)
        self._conduct()
        ears.close()
        self._open()

    def _shut(self) -> None:
        if self.midi is not None:
            self.midi.stop(timeout=0.3)
            self.midi = None
        self._close_link()
        self._close_link = lambda: None

    def stop(self) -> None:
        """End, with the take closed."""
        self._shut()
        self._ears.close()
        self._end_take()

    # What MIDI hears goes to whichever conductor there is.

    def hear_midi(self, heard: Control, raw: float, device: str = "") -> None:
        self.conductor.hear_midi(heard, raw, device)

    def hear_clock(self, what: str, time: float) -> None:
        self.conductor.hear_clock(what, time)

    def key(self, key: str) -> None:
        """A key of the terminal: one that a mapping names, space or right for the next cue, left for the one before, a digit for a cue by
        its number, t for a tap."""
        if self.conductor.hear_key(key):
            return
        if key in (" ", "right"):
            self._store.set("cue/go", True)
        elif key == "left":
            self._store.set("cue/back", True)
        elif key.isdigit() and self.conductor.cues.cues:
            self._store.set("cue/fire", str(int(key) - 1))
        elif key == "t":
            self._store.set("tempo/tap", True)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        if self._replay is None or not name.startswith("cue/"):
            self.conductor.changed(name, value, origin)
        if name == "take/start":
            try:
                self._begin_take(TAKES / time.strftime("%Y-%m-%d_%H-%M-%S.take"))
            except Fault as fault:
                self._say(str(fault))
        elif name == "take/stop":
            self._end_take()
        elif name == "cue/store" and value != "":
            self._kept.add(str(value))
        elif name == "cue/write":
            threading.Thread(target=self._write, name="cues", daemon=True).start()

    def _write(self) -> None:
        """Kept cues into the show file, on a thread of its own."""
        if self._write_cues is None or not self._kept:
            self._say("no cue is kept; /vj/cue/store NAME keeps the present state" if not self._kept else "this show has no file")
            return
        cues = self.conductor.cues.cues
        states = {name: {key: _short(value) for key, value in cues[name].set.items()} for name in sorted(self._kept) if name in cues}
        try:
            self._say(self._write_cues(states))
        except Fault as fault:
            self._say(str(fault))

    def _begin_take(self, path: Path) -> None:
        with self._lock:
            if self._take is None:
                self._take = TakeWriter(path, self._show.show, self._say, self._painted)
                self._store.taps.append(self._take.hear)
                self._say(f"the take is written into {path}; render it with --replay {path} --offline")

    def _end_take(self) -> None:
        with self._lock:
            if self._take is not None:
                self._store.taps.remove(self._take.hear)
                self._take.close()
                self._say(f"the take is in {self._take.path} ({self._take.frames} frames)")
                self._take = None


def _short(value: Value) -> Value:
    """Rounded to what can be heard of it."""
    return round(value, 4) if isinstance(value, float) else value
