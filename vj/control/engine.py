"""The control engine: mappings, tempo, cues, timeline, macros and modulators of a show.

Events from other threads wait in a queue; all of them are processed once a frame, at the frame's
time, in the order base (performer or cue) -> macros -> modulators -> clamp.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

from vj.control.cues import CueList
from vj.control.macros import Macro
from vj.control.mapping import ControlMapping
from vj.control.mapping_table import MappingTable
from vj.control.modulation import Modulation, ModulationMatrix
from vj.control.tempo import Tempo
from vj.control.tempo_source import TempoSource
from vj.control.timeline import CurveTrack, Timeline
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.parameters.table import PALETTES, Value
from vj.show.control_sections import (
    CueRule,
    CurveRule,
    MacroRule,
    MappingRule,
    TempoRule,
    TimelineRule,
)
from vj.show.midi_controls import Control

TEXTS = ("prompt/a", "prompt/b", "prompt/list", "prompt/negative", *PALETTES)
QUEUE = 8192
"""Events in the queue, at most; when it is full the oldest is dropped."""
TEXT_FADE_MARGIN = 1.0
"""Seconds after its fade within which a cue's text may still arrive from the encoder and be
crossfaded at the fade's pace."""


class ControlledShow(Protocol):
    """The sections of a show that a control engine uses."""

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


class ControlEngine:
    """The automation of one show (see `vj.parameters.store.Automation`)."""

    def __init__(
        self,
        show: ControlledShow,
        store: Store,
        modulations: Sequence[Modulation] = (),
        *,
        now: Callable[[], float] = lambda: 0.0,
        log: Callable[[str], None] = lambda text: None,
        remark: Callable[[str], None] | None = None,
        latency: Callable[[], float] = lambda: 0.0,
    ) -> None:
        """now: the show's clock. remark: takes messages about wrong input, `log` unless given.
        latency: seconds from a change to its picture, by which quantised changes are applied
        early."""
        self.store, self._now, self._log, self._latency = store, now, log, latency
        self._remark = remark or log
        self.tempo_source = TempoSource(
            Tempo(show.tempo.bpm, show.tempo.beats_per_bar), show.tempo.follow, log
        )
        self.cues = CueList(show.cues)
        self.timeline = Timeline(show.timeline)
        self.curve_tracks = [
            CurveTrack(rule, store.table.find(rule.to).name) for rule in show.curves
        ]
        self._curve_parameters = {track.to for track in self.curve_tracks}
        self.macros = [Macro(name, rule, store.table) for name, rule in show.macros.items()]
        self.modulations = ModulationMatrix(modulations)
        self.mapping_table = MappingTable(show.mappings, store.table)
        self._events: deque[tuple[Any, ...]] = deque(maxlen=QUEUE)
        self._time = 0.0
        self._whole_beat = self._whole_bar = -1
        self._text_fade: tuple[float, float] | None = None
        self._panics = 0
        self.events = 0

    @property
    def tempo(self) -> Tempo:
        return self.tempo_source.tempo

    @property
    def mappings(self) -> list[ControlMapping]:
        return self.mapping_table.mappings

    def begin(self, time: float) -> None:
        """Call when the first generated frame is about to be sampled: the timeline and the follow
        times of cues start here."""
        if self.timeline.waits:
            self.timeline.begin(time, self.tempo)
            self.cues.begin(time, self.tempo)

    def timeline_position(self) -> tuple[float, float] | None:
        """Seconds and beats from the show's beginning to the last frame; None before it, and for a
        show without timeline and curves."""
        if not self.timeline.rules and not self.curve_tracks:
            return None
        return self.timeline.passed(self._time, self.tempo)

    def resume(self, cue: object, position: object) -> None:
        """Before the show begins: restore the position of another run. cue: its current cue.
        position: its `timeline_position`, as read from a file; entries before it are not repeated.
        The cue's follow time starts again from the beginning."""
        if isinstance(cue, str) and cue in self.cues.cues:
            self.cues.resume(cue)
        if (
            isinstance(position, Sequence)
            and len(position) == 2
            and all(isinstance(one, int | float) for one in position)
        ):
            self.timeline.resume(float(position[0]), float(position[1]))

    def take_over(self, old: ControlEngine) -> None:
        """Take over the state of another control engine. All state that lasts longer than a frame
        is listed here:

        the beat and the tempo source; queued events; values that mappings hold, smooth or quantise;
        macros; running envelopes and followers; the current cue, its follow time, and stored cues;
        the timeline; curves that the performer has overridden; the duration of a text's crossfade.
        Fades and glides of parameters are in the store. With the store's lock held.
        """
        self.tempo_source.take_over(old.tempo_source)
        self._time, self._whole_beat, self._whole_bar = old._time, old._whole_beat, old._whole_bar
        old._events.extend(self._events)
        self._events = old._events  # events still sent to the old one are processed here
        self._text_fade, self.events = old._text_fade, self.events + old.events
        self.mapping_table.take_over(old.mapping_table)
        macros = {macro.parameter: macro.value for macro in old.macros}
        for macro in self.macros:
            macro.value = macros.get(macro.parameter, 0.0)
        self.modulations.take_over(old.modulations)
        self.cues.take_over(old.cues, self.store.table)
        self.timeline.take_over(old.timeline, self._time, self.tempo)
        curves = {track.to: track for track in old.curve_tracks}
        for track in self.curve_tracks:
            if track.to in curves:
                track.take_over(curves[track.to])

    # Called from any thread; processed with the next frame.

    def on_osc(self, address: str, arguments: tuple[Any, ...]) -> bool:
        """A message to the address of a mapping. False if no mapping has the address."""
        if (
            not self.mapping_table.has_osc(address)
            and f"osc {address}" not in self.modulations.trigger_names
        ):
            return False
        self._events.append(("osc", address, arguments))
        return True

    def on_midi(self, control: Control, raw: float, device: str = "") -> None:
        """A control's raw value; for a note the velocity, 0 for note-off."""
        self._events.append(("midi", control, raw, device))

    def on_key(self, key: str) -> bool:
        """A key of the terminal."""
        if not self.mapping_table.has_key(key):
            return False
        self._events.append(("key", key))
        return True

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
        """A MIDI clock message: `tick`, `start`, `continue`, `stop` or `position` (sixteenths from
        the song's start). time: seconds on the show's clock."""
        if self.tempo_source.follows == "midi":
            self._events.append(("clock", what, time, device, position))

    def changed(self, name: str, value: Value, origin: object) -> None:
        """A listener of the store, called with its lock held."""
        if name == "panic":
            self._panic()
        elif origin is self:
            return
        elif name.startswith(("cue/", "tempo/", "timeline/")):
            self._events.append(("set", name, value, self._now()))
        elif (
            name in TEXTS
            or name in self._curve_parameters
            or any(mapping is not origin for mapping in self.mapping_table.on(name))
        ):
            self._events.append(("touch", name, origin))

    def _panic(self) -> None:
        """Stop all automation; the store has reset every parameter to its start value. The timeline
        is stopped until timeline/play or the next cue; the tempo is the show's own unless a MIDI
        clock or Link leads it."""
        self._panics += 1
        clock = [
            event for event in self._events if event[0] == "clock"
        ]  # no input of the performer, and its ticks have to be counted
        self._events.clear()
        self._events.extend(clock)
        self._text_fade = None
        self.mapping_table.release()
        self.modulations.reset()
        for macro in self.macros:
            macro.value = float(self.store.start_of(macro.parameter))
        self.cues.cancel_follow()
        self.timeline.stop(self._time, self.tempo)
        self.tempo_source.panic(self.store, self._time)

    # Once a frame, on the render thread.

    def update_base(self, time: float) -> None:
        """Set the base values for the frame at `time`."""
        passed, self._time = max(0.0, time - self._time), time
        self._process_events(time)
        self.tempo_source.publish(self.store, time)
        self._trigger_beats(time)
        for name in self.timeline.due(time, self.tempo):
            self._fire_or_log(name, time)
        following = None if self.timeline.waits else self.cues.following(time, self.tempo)
        if following is not None:
            self._fire_or_log(following, time)
        if not self.timeline.stopped:
            for track in list(self.curve_tracks):
                try:
                    value = track.at(self.timeline.position, time, self.tempo)
                    if value is not None:
                        self.store.place(track.to, value)
                except Exception as error:  # one curve fails: the others and the picture go on
                    self._switch_off(self.curve_tracks, track, f"the curve of {track.to}", error)
        for mapping in list(self.mappings):
            try:
                mapping.step(passed, self.store)
            except Exception as error:  # as above
                self._drop_mapping(mapping, error)
        for macro in list(self.macros):
            try:
                macro.follow(float(self.store.get(macro.parameter)), passed, self.tempo)
            except Exception as error:  # as above
                self._switch_off(self.macros, macro, macro.parameter, error)

    def _switch_off(self, among: list[Any], one: object, name: str, error: Exception) -> None:
        among.remove(one)
        self._failed(name, error)

    def _failed(self, name: str, error: Exception) -> None:
        self._log(
            f"{name} failed ({type(error).__name__}: {error}) and is switched off until the show "
            "is saved or started again"
        )

    def _drop_mapping(self, mapping: ControlMapping, error: Exception) -> None:
        self.mapping_table.drop(mapping)
        self._failed(f"the mapping of {mapping.rule.control} to {mapping.row.name}", error)

    def _fire_or_log(self, name: str, time: float) -> None:
        try:
            self._fire(name, time)
        except Fault as fault:
            self._log(str(fault))

    def _process_events(self, time: float) -> None:
        moves: dict[tuple[int, str], tuple[ControlMapping, object]] = {}
        panics = self._panics
        while self._events:
            kind, *event = self._events.popleft()
            self.events += kind in ("osc", "midi", "key")
            try:
                if kind in ("osc", "midi", "key"):
                    device = event[2] if kind == "midi" else ""
                    for mapping, raw in self._mappings_for(kind, event, time):
                        if mapping.continuous:
                            moves.pop((id(mapping), device), None)
                            moves[id(mapping), device] = mapping, raw
                        else:
                            self._on_value(mapping, raw, device)
                            if (
                                self._panics != panics
                            ):  # it fired panic: earlier values do not count
                                panics = self._panics
                                moves.clear()
                elif kind == "clock":
                    self.tempo_source.on_clock(*event)
                elif kind == "set":
                    self._command(event[0], event[1], event[2], time)
                else:
                    self._on_touch(event[0], event[1])
            except Fault as fault:
                self._remark(str(fault))
            except Exception as error:  # an error of our own: go on with the next event
                self._log(
                    f"{kind} {event[0]!r:.60} could not be played ({type(error).__name__}: "
                    f"{error}); please report this"
                )
        for (_, device), (mapping, raw) in moves.items():
            self._on_value(mapping, raw, device)

    def _on_value(self, mapping: ControlMapping, raw: object, device: str) -> None:
        try:
            mapping.on_value(raw, self.store, self.mapping_table, device)
            self._report_clamped(mapping)
        except Fault as fault:
            self._remark(f"{mapping.rule.control}: {fault}")
        except Exception as error:  # as in `update_base`
            self._drop_mapping(mapping, error)

    def _report_clamped(self, mapping: ControlMapping) -> None:
        """Report a control that was moved past its parameter's range."""
        if mapping.clamp_remark:
            self._remark(f"{mapping.rule.control}: {mapping.clamp_remark}; the nearest is set")
            mapping.clamp_remark = ""

    def _mappings_for(
        self, kind: str, event: list[Any], time: float
    ) -> list[tuple[ControlMapping, object]]:
        """The mappings that an event is for, with the raw value for each."""
        if kind == "osc":
            address, arguments = event
            self.modulations.trigger(f"osc {address}", arguments[0] if arguments else 1.0, time)
            return self.mapping_table.by_osc(address, arguments)
        if kind == "key":
            return self.mapping_table.by_key(event[0])
        control, raw, device = event
        for cause in {
            str(control),
            str(Control(control.kind, control.number)),
        }:  # an envelope may name a channel or none
            self.modulations.trigger(f"midi {cause}", raw, time)
        return self.mapping_table.by_midi(control, raw, device)

    def _command(self, name: str, value: Value, moment: float, time: float) -> None:
        if name == "tempo/tap":
            self.tempo.tap(moment)
        elif name == "timeline/play":
            self.timeline.play(time, self.tempo)
        elif name in ("cue/go", "cue/back"):
            found = self.cues.neighbour(1 if name == "cue/go" else -1)
            if found is None:
                self._remark(
                    f"{name}: there is no cue {'after' if name == 'cue/go' else 'before'} "
                    f"{self.cues.current or 'the start'}"
                )
            else:
                self._fire(found, time)
        elif name == "cue/fire" and value != "":
            self._fire(value, time)
        elif name == "cue/store" and value != "":
            self.cues.store(str(value), self.store.base())
            self._log(f"cue {value!r} is stored; /vj/cue/write writes it into the show file")

    def _fire(self, asked: object, time: float) -> None:
        cue = self.cues.named(asked)
        self.timeline.play(time, self.tempo)
        seconds = self.cues.fire(cue, self.store, time, self.tempo, self)
        names = {self.store.table.find(name).name for name in cue.set}
        for name in names:
            self._on_touch(name, self)
        if not names.isdisjoint(TEXTS):
            self._text_fade = (seconds, time + seconds + TEXT_FADE_MARGIN)
        self.modulations.trigger("cue", 1.0, time)
        self.modulations.trigger(f"cue {cue.name}", 1.0, time)

    def _on_touch(self, name: str, origin: object) -> None:
        """A parameter was set: other mappings and curves release it."""
        if name in TEXTS and origin is not self:
            self._text_fade = None
        for mapping in self.mapping_table.on(name):
            if mapping is not origin:
                mapping.release()
        for track in self.curve_tracks:
            if track.to == name:
                track.touch()

    def _trigger_beats(self, time: float) -> None:
        beat = self.tempo.beat(time)
        whole, bar = int(beat // 1), int(beat // self.tempo.beats_per_bar)
        if self.tempo.running:
            if whole != self._whole_beat:
                self.modulations.trigger("beat", 1.0, time)
            if bar != self._whole_bar:
                self.modulations.trigger("bar", 1.0, time)
            self._whole_beat, self._whole_bar = whole, bar
        for mapping, value in self.mapping_table.due(time, self.tempo, self._latency()):
            try:
                mapping.apply(value, self.store)
                self._report_clamped(mapping)
            except Fault as fault:
                self._remark(f"{mapping.rule.control}: {fault}")
            except Exception as error:  # as in `update_base`
                self._drop_mapping(mapping, error)

    def modulate(self, values: dict[str, Value], time: float) -> None:
        """Apply macros, modulators and the clamp to one frame's values."""
        moved: set[str] = set()
        for macro in list(self.macros):
            try:
                moved.update(macro.apply(values))  # type: ignore[arg-type]
            except Exception as error:  # as in `update_base`
                self._switch_off(self.macros, macro, macro.parameter, error)
        moved |= self.modulations.apply(values, time, self.tempo, self._failed)
        for name in moved:
            row = self.store.table.rows[name]
            kept = min(row.high, max(row.low, float(values[name])))
            values[name] = round(kept) if row.kind == "int" else kept
        self.tempo_source.on_tempo_set(values["tempo/bpm"], time)
        if self._text_fade is not None:
            if time > self._text_fade[1]:
                self._text_fade = None
            else:
                values["prompt/travel"] = min(60.0, self._text_fade[0])
