"""Everything that plays a show's parameters besides bare OSC addresses, in one place: mappings, tempo, cues, timeline, macros, modulators.

Whatever is heard on other threads waits in a queue; all of it happens once a frame, on the frame's time, in the order
base (hand or cue) -> macros -> modulators -> clamp.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vj.control.controls import Control
from vj.control.cues import CueList, Schedule, Timeline
from vj.control.hands import BEATS, Hand, taken
from vj.control.macros import PREFIX as MACRO
from vj.control.macros import Macro
from vj.control.modulators import Envelope, Signal
from vj.control.rules import CueRule, CurveRule, MacroRule, MappingRule, TempoRule, TimelineRule
from vj.control.tempo import Tempo
from vj.errors import Fault
from vj.parameters.store import Store
from vj.parameters.table import PALETTES, Value

TEXTS = ("prompt/a", "prompt/b", "prompt/list", "prompt/negative", *PALETTES)
QUEUE = 8192
"""Events that wait for the next frame, at most; more lose the oldest."""
HAND_OVER = 1.0
"""Seconds beside its fade in which a cue's text may come late from the encoder and still travel at the fade's pace."""


@dataclass(slots=True)
class Modulation:
    """A signal on a parameter. low, high: what it adds at 0 and at 1."""

    parameter: str
    to: str
    signal: Signal
    low: float
    high: float
    on: str = ""
    """For an envelope: `beat`, `bar`, `cue`, `cue NAME`, or a control in words."""


class Playable(Protocol):
    """What a conductor needs to know of a show."""

    @property
    def mappings(self) -> Sequence[MappingRule]: ...
    @property
    def macros(self) -> Mapping[str, MacroRule]: ...
    @property
    def cues(self) -> Sequence[CueRule]: ...
    @property
    def timeline(self) -> Sequence[TimelineRule]: ...
    @property
    def curves(self) -> Sequence[CurveRule]: ...
    @property
    def tempo(self) -> TempoRule: ...


class Conductor:
    """The forces of one show (see `vj.parameters.store.Forces`)."""

    def __init__(
        self,
        show: Playable,
        store: Store,
        modulations: Sequence[Modulation] = (),
        *,
        now: Callable[[], float] = lambda: 0.0,
        say: Callable[[str], None] = lambda text: None,
        latency: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """now: the show's clock. latency: seconds from a change to its picture, which quantised changes are early by."""
        self.store, self._now, self._say, self._latency = store, now, say, latency
        self.tempo = Tempo(show.tempo.bpm, show.tempo.beats_per_bar)
        self.follows = show.tempo.follow
        self.cues = CueList(show.cues)
        self.timeline = Timeline(show.timeline)
        self.schedules = [Schedule(rule) for rule in show.curves]
        self._scheduled = {schedule.to for schedule in self.schedules}
        self.macros = [Macro(name, rule) for name, rule in show.macros.items()]
        self.modulations = list(modulations)
        self.hands: list[Hand] = []
        self._on: dict[str, list[Hand]] = {}
        """The hands on each parameter."""
        self._osc: dict[str, list[Hand]] = {}
        self._midi: dict[tuple[str, int], list[Hand]] = {}
        self._keys: dict[str, list[Hand]] = {}
        for rule in show.mappings:
            self._add(rule)
        self._events: deque[tuple[Any, ...]] = deque(maxlen=QUEUE)
        self._pending: list[tuple[Hand, object]] = []
        self._time = 0.0
        self._whole_beat = -1
        self._travel: tuple[float, float] | None = None
        self._links: Callable[[], tuple[float, float] | None] | None = None
        self._last_bpm = self.tempo.bpm
        self.events = 0

    def _add(self, rule: MappingRule) -> None:
        target = self.store.table.find(MACRO + rule.to if MACRO + rule.to in self.store.table.rows else rule.to)
        span = rule.in_ or (rule.midi.span if rule.midi is not None else (0.0, 1.0))
        hand = Hand(rule, target, span)
        self.hands.append(hand)
        self._on.setdefault(target.name, []).append(hand)
        if rule.osc is not None:
            self._osc.setdefault(rule.osc, []).append(hand)
        elif rule.midi is not None:
            self._midi.setdefault((rule.midi.kind, rule.midi.number), []).append(hand)
        elif rule.key is not None:
            self._keys.setdefault(rule.key, []).append(hand)

    def take_over(self, old: Conductor) -> None:
        """Go on where another left off: the beat, the standing cue, the timeline, and where macros are."""
        bpm = self.tempo.bpm if self.tempo.bpm != old.tempo.bpm and not old.tempo.heard else None
        self.tempo, self._time, self._whole_beat = old.tempo, old._time, old._whole_beat
        if bpm is not None:
            self.tempo.set_bpm(bpm, self._time)
        self._last_bpm = self.tempo.bpm
        self.cues.standing = old.cues.standing if old.cues.standing in self.cues.cues else None
        self.timeline.go_on(old.timeline)
        values = {macro.parameter: macro.value for macro in old.macros}
        for macro in self.macros:
            macro.value = values.get(macro.parameter, 0.0)

    # Heard on any thread; happens with the next frame.

    def osc_addresses(self) -> list[str]:
        """The addresses that mappings listen to."""
        return list(self._osc)

    def hear_osc(self, address: str, arguments: tuple[Any, ...]) -> bool:
        """A message to an address of a mapping. False when none listens to it."""
        hands = self._osc.get(address)
        if hands is None and not any(m.on == f"osc {address}" for m in self.modulations):
            return False
        self._events.append(("osc", address, arguments))
        return True

    def hear_midi(self, heard: Control, raw: float, device: str = "") -> None:
        """A control's raw value; a note's is its velocity, 0 for its end."""
        self._events.append(("midi", heard, raw, device))

    def hear_key(self, key: str) -> bool:
        """A key of the terminal."""
        if key not in self._keys:
            return False
        self._events.append(("key", key))
        return True

    def hear_clock(self, what: str, time: float) -> None:
        """`tick`, `start`, `continue` or `stop` of a MIDI clock, at a moment of the show's clock."""
        if self.follows == "midi":
            self._events.append(("clock", what, time))

    def follow_link(self, session: Callable[[], tuple[float, float] | None]) -> None:
        """session: (bpm, beat) of a Link session now, None when nobody is in it."""
        self._links = session

    def changed(self, name: str, value: Value, origin: object) -> None:
        """A listener of the store."""
        if origin is self:
            return
        if name.startswith(("cue/", "tempo/")):
            self._events.append(("set", name, value, self._now()))
        elif name in TEXTS or name in self._scheduled or any(hand is not origin for hand in self._on.get(name, ())):
            self._events.append(("touch", name, origin))

    # Once a frame, on the render thread.

    def before(self, time: float) -> None:
        """Base values for the frame at `time`."""
        passed, self._time = max(0.0, time - self._time), time
        self._hear_all(time)
        if self._links is not None and (session := self._links()) is not None:
            self.tempo.link(session[0], session[1], time)
        if abs(self.tempo.bpm - self._last_bpm) > 0.02:
            self._last_bpm = self.tempo.bpm
            self.store.place("tempo/bpm", self.tempo.bpm)
        self._play_beats(time)
        for name in self.timeline.due(time, self.tempo):
            self._fire(name, time)
        following = self.cues.following(time, self.tempo)
        if following is not None:
            self._fire(following, time)
        for schedule in self.schedules:
            value = schedule.at(self.timeline.position, time, self.tempo)
            if value is not None:
                self.store.place(schedule.to, value)
        for hand in self.hands:
            hand.step(passed, self.store)
        for macro in self.macros:
            macro.follow(float(self.store.get(macro.parameter)), passed, self.tempo)

    def _hear_all(self, time: float) -> None:
        moves: dict[int, tuple[Hand, object]] = {}
        while self._events:
            kind, *event = self._events.popleft()
            self.events += kind in ("osc", "midi", "key")
            try:
                if kind in ("osc", "midi", "key"):
                    for hand, raw in self._moved(kind, event, time):
                        if hand.continuous:
                            moves.pop(id(hand), None)
                            moves[id(hand)] = hand, raw
                        else:
                            hand.hear(raw, self.store, self)
                elif kind == "clock":
                    {
                        "tick": self.tempo.clock_tick,
                        "start": self.tempo.clock_start,
                        "stop": self.tempo.clock_stop,
                        "continue": self.tempo.clock_continue,
                    }[event[0]](event[1])
                elif kind == "set":
                    self._command(event[0], event[1], event[2], time)
                else:
                    self._touched(event[0], event[1])
            except Fault as fault:
                self._say(str(fault))
        for hand, raw in moves.values():
            try:
                hand.hear(raw, self.store, self)
            except Fault as fault:
                self._say(f"{hand.rule.control}: {fault}")

    def _moved(self, kind: str, event: list[Any], time: float) -> list[tuple[Hand, object]]:
        """The mappings that an event is for, with the raw value each takes from it."""
        if kind == "osc":
            address, arguments = event
            self._strike(f"osc {address}", arguments[0] if arguments else 1.0, time)
            pairs = [(hand, taken(hand.rule, arguments)) for hand in self._osc.get(address, ())]
            return [(hand, raw) for hand, raw in pairs if raw is not None]
        if kind == "key":
            return [(hand, raw) for hand in self._keys[event[0]] for raw in (1.0, 0.0)]
        heard, raw, device = event
        self._strike(f"midi {Control(heard.kind, heard.number)}", raw, time)
        return [
            (hand, raw)
            for hand in self._midi.get((heard.kind, heard.number), ())
            if hand.rule.midi is not None
            and hand.rule.midi.channel in (0, heard.channel)
            and hand.rule.device.casefold() in device.casefold()
        ]

    def _command(self, name: str, value: Value, moment: float, time: float) -> None:
        if name == "tempo/tap":
            self.tempo.tap(moment)
        elif name == "tempo/bpm":
            self.tempo.set_bpm(float(value), time)
            self._last_bpm = self.tempo.bpm
        elif name in ("cue/go", "cue/back"):
            found = self.cues.neighbour(1 if name == "cue/go" else -1)
            if found is None:
                self._say(f"{name}: there is no cue {'after' if name == 'cue/go' else 'before'} {self.cues.standing or 'the start'}")
            else:
                self._fire(found, time)
        elif name == "cue/fire" and value != "":
            self._fire(int(value) if str(value).isdigit() and str(value) not in self.cues.cues else value, time)
        elif name == "cue/store" and value != "":
            self.cues.store(str(value), self.store.base())
            self._say(f"cue {value!r} is kept; /vj/cue/write writes it into the show file")

    def _fire(self, asked: object, time: float) -> None:
        cue = self.cues.named(asked)
        seconds = self.cues.fire(cue, self.store, time, self.tempo, self)
        for name in cue.set:
            self._touched(self.store.table.find(name).name, self)
        self._travel = (seconds, time + seconds + HAND_OVER) if any(text in cue.set for text in TEXTS) and seconds > 0 else None
        self._strike("cue", 1.0, time)
        self._strike(f"cue {cue.name}", 1.0, time)

    def _touched(self, name: str, origin: object) -> None:
        """Somebody has moved a parameter: whoever else moved it lets go."""
        if name in TEXTS and origin is not self:
            self._travel = None
        for hand in self._on.get(name, ()):
            if hand is not origin:
                hand.let_go()
        for schedule in self.schedules:
            if schedule.to == name:
                schedule.touch()

    def at_beat(self, hand: Hand, value: object) -> None:
        """Keep a quantised change for its beat; a later one of the same hand takes its place."""
        self._pending = [(other, kept) for other, kept in self._pending if other is not hand] + [(hand, value)]

    def _play_beats(self, time: float) -> None:
        whole = int(self.tempo.beat(time) // 1)
        if whole != self._whole_beat and self.tempo.running:
            self._whole_beat = whole
            self._strike("beat", 1.0, time)
            if whole % max(1, round(self.tempo.beats_per_bar)) == 0:
                self._strike("bar", 1.0, time)
        waiting = []
        for hand, value in self._pending:
            beats = BEATS[hand.rule.quantise or "beat"] * (1 if hand.rule.quantise == "beat" else self.tempo.beats_per_bar / 4)
            ahead = hand.rule.ahead.seconds + self._latency()
            due = hand.due if hand.due is not None else self.tempo.next(time + ahead, beats)
            if time + ahead >= due - 1e-6:
                hand.due = None
                hand.apply(value, self.store)
            else:
                hand.due = due
                waiting.append((hand, value))
        self._pending = waiting

    def _strike(self, cause: str, raw: object, time: float) -> None:
        """Set off the envelopes that wait for this; a value of 0 lets go of them."""
        for modulation in self.modulations:
            if modulation.on == cause and isinstance(modulation.signal, Envelope):
                if isinstance(raw, int | float) and raw > 0:
                    modulation.signal.press(time)
                else:
                    modulation.signal.let_go(time)

    def after(self, values: dict[str, Value], time: float) -> None:
        """Macros, modulators, and the clamp, on one frame's values."""
        moved: set[str] = set()
        for macro in self.macros:
            moved.update(macro.apply(values))  # type: ignore[arg-type]
        for modulation in self.modulations:
            amount = float(values[modulation.parameter])
            if amount > 0:
                level = modulation.signal.at(time, self.tempo)
                values[modulation.to] = float(values[modulation.to]) + amount * (
                    modulation.low + level * (modulation.high - modulation.low)
                )
                moved.add(modulation.to)
        for name in moved:
            row = self.store.table.rows[name]
            kept = min(row.high, max(row.low, float(values[name])))
            values[name] = round(kept) if row.kind == "int" else kept
        if self._travel is not None:
            if time > self._travel[1]:
                self._travel = None
            else:
                values["prompt/travel"] = min(60.0, self._travel[0])
