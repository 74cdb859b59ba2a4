"""The control session of a show: its control engine, MIDI, Link, takes, learning, and the keys of
the terminal."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from vj.control.audio import AudioInput, SourceSound
from vj.control.build import AudioInputs, make_engine
from vj.control.cue_writing import WriteCues, write_stored
from vj.control.device_ports import DevicePorts
from vj.control.engine import ControlEngine
from vj.control.held_keys import Phase
from vj.control.keyboard import cue_keys, play_key
from vj.control.learning import (
    BUSY,
    LEARN_SECONDS,
    Learner,
    WriteMapping,
    control_of,
)
from vj.control.link import open_link
from vj.control.mapping import TOO_LARGE
from vj.control.mapping_list import mapping_list
from vj.control.marks import WriteMarks
from vj.control.midi.ports import MidiPorts
from vj.control.recent_controls import RecentControls
from vj.control.session_show import SessionShow, uses_midi
from vj.control.take_recording import TakeRecording
from vj.control.takes import Take
from vj.core.clock import Clock
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.happenings import Happenings
from vj.core.input_features import InputFeatures
from vj.core.supervisor import Supervisor, TaskQueue
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.show.midi_controls import Control
from vj.show.midi_section import MidiRule
from vj.show.sound_section import sound_choice

MOST_VALUES, MOST_SHOWN = 16, 24
"""Values of one OSC message, and controls, that are shown as coming in, at most."""


class ControlSession:
    """Built for a show, and again when its file changes. All but `start`, `adopt` and `stop` may be
    called from any thread."""

    def __init__(
        self,
        show: SessionShow,
        store: Store,
        clock: Clock,
        log: Callable[[str], None],
        *,
        latency: Callable[[], float] = lambda: 0.0,
        replay: Take | None = None,
        take_log: Path | None = None,
        write_cues: WriteCues | None = None,
        write_marks: WriteMarks | None = None,
        write_mapping: WriteMapping | None = None,
        render_size: Callable[[], Size] = lambda: Size(0, 0),
        remark: Callable[[str], None] | None = None,
        waits: bool = False,
        supervisor: Supervisor | None = None,
        features: InputFeatures | None = None,
        source_sound: SourceSound | None = None,
    ) -> None:
        """waits: the show, and the take with it, begins when `begin` is called. render_size: that
        of now, for takes. replay: a take that plays instead of all controls. take_log: write a take
        of the whole show there. remark: takes messages about wrong input, `log` unless given.
        supervisor: for the threads of devices, takes and disk access. features: what the pipeline
        measures of the input. source_sound: what the decks sound like. Raises Fault when
        the take cannot be written."""
        self._show, self._store, self._clock, self._log, self._latency = (
            show,
            store,
            clock,
            log,
            latency,
        )
        self._replay, self._remark = replay, remark
        self._write_cues, self._write_marks = write_cues, write_marks
        self.happenings = Happenings()
        """What happens in each frame, for whoever acts on it; of all control engines."""
        self.midi: MidiPorts | None = None
        self._midi_section: MidiRule | None = None
        """What the ports were opened with."""
        self._devices = threading.Lock()
        self._stopping = False
        self._recent = RecentControls()
        self._supervisor = supervisor or Supervisor(log)
        self.take = TakeRecording(store, log, render_size, self._supervisor, waits)
        self._tasks = TaskQueue(self._supervisor, "the control session")
        """Tasks that access the disk or open devices, in order."""
        self._learner = Learner(write_mapping, self._tasks.put, self._open_devices, log)
        offer, supervised = self._learner.on_midi, self._supervisor
        self.ports = DevicePorts(self, self._recent, offer, log, supervised)
        self.pads = self.ports.pads
        self._close_link: Callable[[], None] = lambda: None
        self._audio_inputs: AudioInputs | None = None
        self._features, self._source_sound = features, source_sound
        self.engine, self._audio_inputs = self._make(show)
        self._waits = self.engine.timeline.waits = waits
        if replay is not None:
            replay.waits = waits
        self._use_engine()
        store.listeners.append(self._changed)
        store.observers.append(lambda snapshot: self.pads.let_go())
        if take_log is not None:
            self.take.start(show.show, take_log)

    def _make(
        self, show: SessionShow, store: Store | None = None
    ) -> tuple[ControlEngine, AudioInputs]:
        log, now, audio_inputs = self._log, self._clock.now, self._audio_inputs
        engine, made = make_engine(
            show,
            store or self._store,
            live=True,
            log=log,
            now=now,
            remark=self._remark,
            latency=self._latency,
            audio_inputs=audio_inputs,
            features=self._features,
            source_sound=self._source_sound,
            happenings=self.happenings,
        )
        heard = sound_choice(show.sound)
        if heard.kind == "input":
            made.at(heard.name)
        return engine, made

    def _use_engine(self) -> None:
        self._store.automation = self._replay if self._replay is not None else self.engine

    def start(self) -> None:
        """Open MIDI devices, and join Link."""
        self._open_devices()
        if self._show.tempo.follow == "link":
            self._join_link()

    def begin(self, time: float) -> None:
        """Call when the first generated frame is about to be sampled: timeline, cues, the replayed
        take and the one being written start here. On the render thread; does not block. Called
        again, it does nothing."""
        if not self._waits:
            return
        self._waits = False
        self.engine.begin(time)
        if self._replay is not None:
            self._replay.waits = False
        self.take.begin()

    def _open_devices(self) -> None:
        """Open the devices that the show needs, or learning does; close the others."""
        with self._devices:
            midi = self._show.midi
            wanted = midi.on and (
                uses_midi(self._show) or bool(midi.devices) or self._learner.listening
            )
            if self.midi is not None and (not wanted or midi != self._midi_section):
                self.midi.stop(timeout=0.3)
                self.midi = None
            mappings = self.engine.mappings
            if self.midi is not None:
                self.midi.adopt(mappings)
            elif wanted and not self._stopping:
                self._midi_section = midi
                self.midi = MidiPorts(
                    self,
                    now=self._clock.now,
                    log=self._log,
                    devices=midi.devices,
                    mappings=mappings,
                    values=self._store.base if midi.feedback else None,
                    supervisor=self._supervisor,
                )
                self.midi.start()
        self.ports.open(self._show, self._learner.listening)

    def _join_link(self) -> None:
        self._leave_link()
        try:
            session, self._close_link = open_link(
                self.engine.tempo.bpm, self._show.tempo.beats_per_bar
            )
            self.engine.tempo_source.follow_link(session)
        except Fault as fault:
            self._log(f"{fault}; the tempo is the show's own")

    def prepare(self, show: SessionShow, store: Store) -> tuple[ControlEngine, AudioInputs]:
        """Prepare another version of the show for `adopt`. store: one with that version's start
        values; it is not kept. Raises Fault, and whatever the show's rules raise."""
        return self._make(show, store)

    def discard(self, prepared: tuple[ControlEngine, AudioInputs]) -> None:
        """Discard what `prepare` returned; the present version plays on."""
        prepared[1].close(but=self._audio_inputs)

    def adopt(
        self, show: SessionShow, prepared: tuple[ControlEngine, AudioInputs] | None = None
    ) -> Callable[[], None]:
        """Switch to another version of the show, whose table and start values the store has
        adopted. State is taken over, see `ControlEngine.take_over`. prepared: from `prepare`, so
        that nothing can fail here. Returns a function to call afterwards, which opens and closes
        devices and may block; this one does not, so that it can be called inside
        `Store.together`."""
        made = prepared or self._make(show)
        was, audio_inputs = self._show, self._audio_inputs
        with self._store.together():  # no frame is sampled meanwhile, and no event is lost
            made[0].store = self._store
            made[0].take_over(self.engine)
            self._show = show
            self.engine, self._audio_inputs = made
            self._use_engine()

        def afterwards() -> None:
            if audio_inputs is not None:
                audio_inputs.close(but=made[1])
            if show.tempo.follow != was.tempo.follow:
                self._leave_link()
            self._open_devices()
            if show.tempo.follow == "link" and was.tempo.follow != "link":
                self._join_link()

        return afterwards

    def audio_input(self, name: str) -> AudioInput | None:
        """The open sound input of this name, the same that modulators hear; None where it could not
        be opened, and for one that nothing in the show names."""
        inputs = self._audio_inputs
        return None if inputs is None else inputs.opened(name)

    def _leave_link(self) -> None:
        self._close_link()
        self._close_link = lambda: None

    def stop(self) -> None:
        """Stop, and close the take."""
        with (
            contextlib.ExitStack() as steps
        ):  # each step is done, whatever another raises; last one first
            if self._audio_inputs is not None:
                steps.callback(self._audio_inputs.close)
            steps.callback(self._leave_link)
            self._stopping = True
            steps.callback(self._close_midi)
            steps.callback(self.ports.stop)
            steps.callback(self.take.end)
            steps.callback(self._tasks.close, 2.0)
            steps.callback(self._learner.cancel)

    def _close_midi(self) -> None:
        """Close what is open, or was being opened as the session stopped; not for a driver that
        hangs."""
        if self._devices.acquire(timeout=0.5):
            try:
                if self.midi is not None:
                    self.midi.stop(timeout=0.3)
                    self.midi = None
            finally:
                self._devices.release()

    # MIDI events go to the present control engine, and to learning.

    def on_midi(self, control: Control, raw: float, device: str = "") -> None:
        self.engine.on_midi(control, raw, device)
        if control.kind != "cc14" or raw % 128:  # each controller may be half of a pair
            self._recent.note(str(control), raw)
        self._learner.on_midi(control, raw, device)

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
        self.engine.on_clock(what, time, device, position)

    def on_osc(self, address: str, arguments: tuple[Any, ...]) -> bool:
        """A message to an address that is no parameter's own, mapped or not (the mappings get it
        from the dispatcher). Whether it is being learned, so that it needs no error reply."""
        for index, value in enumerate(arguments[:MOST_VALUES]):
            if isinstance(value, int | float) and abs(value) < TOO_LARGE:
                self._recent.note(control_of({"osc": address, "take": index}), float(value))
        return self._learner.on_osc(address, arguments)

    # Learning, and what is mapped.

    def learn(self, parameter: str | None, seconds: float = LEARN_SECONDS) -> None:
        """Map the next control that clearly moves, MIDI or OSC, to a parameter, and write that into
        the show file. None cancels. Does not block. Raises Fault for an unknown parameter, and for
        a show that has no file to write into."""
        if parameter is None:
            self._learner.cancel()
            return
        row = self._store.table.find(parameter)
        text = "move a control" if self._show.midi.on else "move a control; midi: is off here"
        self._learner.begin(row, self._recent.values(BUSY), seconds, text)

    def learn_state(self) -> dict[str, Any] | None:
        """{name, found: None or the control, text}; None when nothing is learned."""
        return self._learner.state()

    def mappings(self) -> list[dict[str, Any]]:
        """What is mapped to what, see `vj.control.mapping_list`."""
        return mapping_list(self.engine.mappings)

    def recent_controls(self) -> dict[str, float]:
        """The raw values that came in during the last two seconds, by their controls."""
        return self._recent.values(most=MOST_SHOWN)

    def key(self, key: str, phase: Phase = "tap") -> None:
        """A key of the terminal, or of a page, which says when it goes down and up: a mapped one;
        space or right for the next cue, left for the one before, a digit for a cue by its position
        (the first is 1), t to tap the tempo."""
        if not self.engine.on_key(key, phase) and phase in ("tap", "down"):
            play_key(key, self._store, self.cue_keys(), self._log)

    def cue_keys(self) -> dict[str, str]:
        """Which key fires which cue."""
        return cue_keys(list(self.engine.cues.cues), self.engine.mappings)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        if self._replay is None or not name.startswith("cue/"):
            self.engine.changed(name, value, origin)
        # Files are opened and closed on another thread: this may run on the render thread.
        if name == "take/start":
            self._tasks.put(lambda: self._log_faults(lambda: self.take.start(self._show.show)))
        elif name == "take/stop":
            self._tasks.put(lambda: self._log_faults(self.take.end))
        elif name == "mark/write":
            self._tasks.put(lambda: self._log_faults(self._write_marks_into_file))
        elif name == "cue/write":
            self._tasks.put(lambda: self._log_faults(self._write_cues_into_file))

    def _write_cues_into_file(self) -> None:
        self._log(write_stored(self.engine.cues, self._write_cues))

    def _write_marks_into_file(self) -> None:
        self._log(self.engine.sequencer.clip.marks.write(self._write_marks))

    def _log_faults(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Fault as fault:
            self._log(str(fault))
