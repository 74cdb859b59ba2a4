"""The control engine: mappings, tempo, cues, timeline, macros and modulators of a show.

Events from other threads wait in a queue; all of them are processed once a frame, at the frame's
time, in the order base (performer or cue) -> macros -> modulators -> clamp.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from typing import Any

from vj.control import outline
from vj.control.control_inputs import KINDS, ControlInputs
from vj.control.controlled_show import ControlledShow
from vj.control.cues import CueList
from vj.control.cuts import Cutter
from vj.control.held_keys import Phase
from vj.control.idle import Idle, by_hand
from vj.control.live_state import LiveState
from vj.control.macros import Macro, apply_macros
from vj.control.mapping import ControlMapping
from vj.control.meetings import Meetings
from vj.control.modulation import Modulation, ModulationMatrix
from vj.control.scenes import SceneWalk
from vj.control.sequencer import TEXTS, Sequencer
from vj.control.tempo import Tempo
from vj.control.tempo_source import TempoSource
from vj.control.timeline import Timeline
from vj.core.errors import Fault
from vj.core.happenings import Happenings
from vj.core.input_features import InputFeatures
from vj.core.picture_place import PicturePlace
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.show.expression import NoValue
from vj.show.midi_controls import Control
from vj.show.validate import POSITION

QUEUE = 8192
"""Events in the queue, at most; when it is full the oldest is dropped."""


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
        happenings: Happenings | None = None,
        features: InputFeatures | None = None,
    ) -> None:
        """now: the show's clock. remark: takes messages about wrong input, `log` unless given.
        latency: seconds from a change to its picture, by which quantised changes are applied
        early."""
        self.store, self._now, self._log, self._latency = store, now, log, latency
        self._without_value: set[str] = set()
        """Expressions that had none, which has been told."""
        self._remark = remark or log
        self.tempo_source = TempoSource(
            Tempo(show.tempo.bpm, show.tempo.beats_per_bar), show.tempo.follow, log
        )
        self.sequencer = Sequencer(
            show,
            store,
            origin=self,
            fired=self._on_fired,
            log=log,
            failed=self._failed,
            happened=self._on_happened,
        )
        self.happenings = happenings or Happenings()
        self.cutter = Cutter(show, store, self, self.sequencer.clip.moments.mark, self._log)
        self.macros = [Macro(name, rule, store.table) for name, rule in show.macros.items()]
        self.modulations = ModulationMatrix(modulations)
        heard = [*self.modulations.trigger_names, *self.sequencer.waits_for]
        heard += [cause for sound in show.sounds.values() for cause in sound.on]
        self.meetings = Meetings(heard, features or InputFeatures())
        self.scenes = SceneWalk(show.prompts, store, self)
        self.idle = Idle(show.idle)
        self.inputs = ControlInputs(
            show.mappings, store.table, self.modulations, self._remark, self._failed
        )
        self.mapping_table = self.inputs.mapping_table
        self._events: deque[tuple[Any, ...]] = deque(maxlen=QUEUE)
        self._time = 0.0
        self._passed = 0.0
        """Seconds since the macros were moved."""
        self.events = 0
        self._live_state = LiveState.of(self, 0.0)

    @property
    def tempo(self) -> Tempo:
        return self.tempo_source.tempo

    @property
    def mappings(self) -> list[ControlMapping]:
        return self.mapping_table.mappings

    @property
    def cues(self) -> CueList:
        return self.sequencer.cues

    @property
    def timeline(self) -> Timeline:
        return self.sequencer.timeline

    # What is played, for those who show it; from any thread.

    def live_state(self) -> LiveState:
        """What is going on in the last frame; nothing goes on before the first, and while a take
        plays instead of this engine. Never waits."""
        return self._live_state

    def moved_by(self) -> dict[str, list[dict[str, str]]]:
        """What moves which parameter, see `vj.control.outline.moved_by`."""
        return outline.moved_by(
            tuple(self.macros),
            self.modulations.all,
            tuple(self.sequencer.curve_tracks),
            self.scenes,
        )

    def mapped(self) -> dict[str, list[str]]:
        """The controls of each parameter, as a show file writes them."""
        return outline.mapped(tuple(self.mappings))

    def timeline_outline(self) -> dict[str, Any] | None:
        """The timeline's entries and length, see `vj.control.outline.timeline_outline`."""
        return outline.timeline_outline(
            self.timeline.rules, tuple(self.sequencer.curve_tracks), self.tempo
        )

    def timeline_position(self) -> tuple[float, float, str] | None:
        """Seconds and beats from the show's beginning to the last frame, and how the timeline
        stands; None before the beginning, and for a show without timeline and curves."""
        passed = self.timeline.passed(self._time, self.tempo) if self.sequencer.runs else None
        return None if passed is None else (*passed, self.timeline.state)

    # How a show begins, goes on after a crash, and goes on when its file is saved.

    def begin(self, time: float) -> None:
        """Call when the first generated frame is about to be sampled: the timeline and the follow
        times of cues start here."""
        self.sequencer.begin(time, self.tempo)

    def resume(self, cue: object, position: object) -> None:
        """Before the show begins: restore the position of another run. cue: its current cue.
        position: its `timeline_position`, as read from a file; entries before it are not repeated.
        The cue's follow time starts again from the beginning."""
        self.sequencer.resume(cue, position)

    def take_over(self, old: ControlEngine) -> None:
        """Take over the state of another control engine. All state that lasts longer than a frame
        is listed here:

        the beat and the tempo source; queued events; values that mappings hold, smooth or quantise;
        macros; running envelopes and followers; the scene that stands; keys that are held, and how
        long nobody has played; the current cue, its follow time, and stored cues; the timeline;
        curves that the performer has overridden; the duration of a text's crossfade.
        Fades and glides of parameters are in the store. With the store's lock held.
        """
        self.tempo_source.take_over(old.tempo_source)
        self._time = old._time
        old._events.extend(self._events)
        self._events = old._events  # events still sent to the old one are processed here
        self.events += old.events
        self.inputs.take_over(old.inputs)
        macros = {macro.parameter: macro.value for macro in old.macros}
        for macro in self.macros:
            macro.value = macros.get(macro.parameter, 0.0)
        self.modulations.take_over(old.modulations)
        self.meetings.take_over(old.meetings)
        self.cutter.take_over(old.cutter)
        self.scenes.take_over(old.scenes)
        self.idle.take_over(old.idle)
        self.sequencer.take_over(old.sequencer, self.store, self._time, self.tempo)
        self._live_state = old._live_state

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

    def on_midi(self, control: Control, raw: float | None, device: str = "") -> None:
        """A raw value of a MIDI device, a gamepad, a HID pedal or a lighting desk; for a note the
        velocity, 0 for note-off. None: it has gone, and what it holds goes back to the start."""
        self._events.append(("midi", control, raw, device))

    def on_key(self, key: str, phase: Phase = "tap") -> bool:
        """A key of the terminal or of a page. False if no mapping has it."""
        if not self.mapping_table.has_key(key):
            return False
        self._events.append(("key", key, phase))
        return True

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
        """A MIDI clock message: `tick`, `start`, `continue`, `stop` or `position` (sixteenths from
        the song's start); or timecode, see `vj.control.mtc`. time: on the show's clock."""
        timecode = self.sequencer.chase.hear(what, time, device, position)
        if not timecode and self.tempo_source.follows == "midi":
            self._events.append(("clock", what, time, device, position))

    def changed(self, name: str, value: Value, origin: object) -> None:
        """A listener of the store, called with its lock held."""
        if by_hand(name, origin):
            self.idle.hand()
        if name == "panic":
            self._panic()
        elif origin is self or (name == POSITION and origin is self.store):
            return  # a cue; or a saved file, which says where the show begins, not where it goes
        elif name.startswith("mark/"):  # where the picture stands that is seen
            self._events.append(("set", name, value, self._now() - self._latency()))
        elif name.startswith(("cue/", "tempo/", "timeline/")):
            self._events.append(("set", name, value, self._now()))
        elif (
            name in TEXTS
            or name in self.sequencer.curve_parameters
            or any(mapping is not origin for mapping in self.mapping_table.on(name))
        ):
            self._events.append(("touch", name, origin))

    def _panic(self) -> None:
        """Stop all automation; the store has reset every parameter to its start value. The timeline
        is stopped until timeline/play or the next cue; the tempo is the show's own unless a MIDI
        clock or Link leads it."""
        clock = [
            event for event in self._events if event[0] == "clock"
        ]  # no input of the performer, and its ticks have to be counted
        self._events.clear()
        self._events.extend(clock)
        self.inputs.panic()
        self.modulations.reset()
        self.cutter.begin()
        self.scenes.reset()
        self.idle.panic()
        for macro in self.macros:
            macro.value = float(self.store.start_of(macro.parameter))
        self.sequencer.panic(self._time, self.tempo)
        self.tempo_source.panic(self.store, self._time)

    # Once a frame, on the render thread.

    def update_base(self, time: float) -> None:
        """Set the base values for the frame at `time`."""
        passed, self._time = max(0.0, time - self._time), time
        if self.timeline.pending is not None:  # counted at the tempo that the show begins with
            self.tempo_source.on_tempo_set(self.store.get("tempo/bpm"), time)
            self.sequencer.begin_at_pending(self.store, time, self.tempo)
        self._process_events(time)
        self.tempo_source.publish(self.store, time)
        self.modulations.trigger_by_beat(time, self.tempo)
        for name in self.meetings.step():
            self._on_happened(name, time)
            self.sequencer.happened(name, self.store, time, self.tempo)
        self.inputs.player.set_due(time, self.tempo, self._latency(), self.store)
        self.sequencer.rest(self.idle, self.inputs.held, self.store, time, self.tempo)
        self.sequencer.step(passed, self.store, time, self.tempo)
        self.scenes.choose(self.store, self.inputs.release)
        self.inputs.player.step(passed, self.store)
        self.cutter.step(passed, self.store)
        if self.cutter.cuts:
            self._on_happened("cut", time)
        self._passed += passed

    def follow_picture(self, place: PicturePlace | None, time: float) -> bool:
        """See `vj.parameters.store.Automation`."""
        return self.sequencer.follow_picture(place, self.store, time, self.tempo)

    def _failed(self, name: str, error: Exception) -> None:
        if isinstance(error, NoValue):
            if name not in self._without_value:
                self._without_value.add(name)
                self._log(f"{name} has no value ({error}): it stays where it was until it has one")
            return
        self._log(
            f"{name} failed ({type(error).__name__}: {error}) and is switched off until the show "
            "is saved or started again"
        )

    def _process_events(self, time: float) -> None:
        while self._events:
            kind, *event = self._events.popleft()
            played = kind in KINDS
            self.events += played
            try:
                if played:
                    self.idle.hand()
                    self.inputs.play(kind, event, time, self.store)
                elif kind == "clock":
                    self.tempo_source.on_clock(*event)
                elif kind == "set":
                    name, value, moment = event
                    self.sequencer.command(name, value, moment, self.store, time, self.tempo)
                else:  # a parameter was set: other mappings and its curve release it
                    self.inputs.release(event[0], event[1])
                    self.sequencer.touch(event[0], by_hand=True)
            except Fault as fault:
                self._remark(str(fault))
            except Exception as error:  # an error of our own: go on with the next event
                self._log(
                    f"{kind} {event[0]!r:.60} could not be played ({type(error).__name__}: "
                    f"{error}); please report this"
                )
        self.inputs.end_events(time, self.store)

    def _on_fired(self, cue: str | None, names: Collection[str], time: float) -> None:
        """A cue was fired, or a position set: mappings release what was set, and envelopes hear of
        the cue."""
        for name in names:
            self.inputs.release(name)
        if cue is not None:
            self.modulations.trigger("cue", 1.0, time)
            self._on_happened(f"cue {cue}", time)

    def _on_happened(self, name: str, time: float) -> None:
        """Envelopes hear of it, and whoever else acts on it."""
        self.modulations.trigger(name, 1.0, time)
        self.happenings.tell(name, time)

    def modulate(self, values: dict[str, Value], time: float) -> None:
        """Apply macros, modulators and the clamp to one frame's values."""
        passed, self._passed = self._passed, 0.0
        moved = apply_macros(self.macros, values, passed, self.tempo, self._failed)
        macro_values = {macro.parameter: macro.value for macro in self.macros}
        moved |= self.modulations.apply(values, time, self.tempo, self._failed, macro_values)
        moved |= self.scenes.apply(values)
        for name in moved:
            row = self.store.table.rows[name]
            kept = min(row.high, max(row.low, float(values[name])))
            values[name] = round(kept) if row.kind == "int" else kept
        self.tempo_source.on_tempo_set(values["tempo/bpm"], time)
        self.sequencer.travel(values, time)
        self.cutter.follow(values)
        self._live_state = LiveState.of(self, time)
