"""The control session of a show: its control engine, MIDI, Link, takes, and the keys of the
terminal."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from vj.control.build import AudioInputs, ModulatedShow, make_engine
from vj.control.engine import ControlEngine
from vj.control.keyboard import cue_keys
from vj.control.link import open_link
from vj.control.midi.ports import MidiPorts
from vj.control.takes import Take, TakeWriter
from vj.core.clock import Clock
from vj.core.errors import Fault
from vj.core.frame import Size
from vj.core.supervisor import Supervisor, TaskQueue
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.show.control_sections import MidiRule
from vj.show.midi_controls import Control

TAKES = Path("takes")

WriteCues = Callable[[dict[str, dict[str, Value]]], str]
"""Writes cues, {name: values}, into the show file; returns a message."""


class SessionShow(ModulatedShow, Protocol):
    """The sections of a show that a control session uses."""

    @property
    def show(self) -> str: ...
    @property
    def midi(self) -> MidiRule: ...


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
        render_size: Callable[[], Size] = lambda: Size(0, 0),
        remark: Callable[[str], None] | None = None,
        waits: bool = False,
        supervisor: Supervisor | None = None,
    ) -> None:
        """waits: the show, and the take with it, begins when `begin` is called. render_size: the
        current render size, for takes. replay: a take that plays instead of all controls. take_log:
        write a take of the whole show there. remark: takes messages about wrong input, `log` unless
        given. supervisor: for the threads of MIDI, takes and disk access. Raises Fault when the
        take cannot be written."""
        self._show, self._store, self._clock, self._log, self._latency = (
            show,
            store,
            clock,
            log,
            latency,
        )
        self._replay, self._write_cues, self._render_size, self._remark = (
            replay,
            write_cues,
            render_size,
            remark,
        )
        self.midi: MidiPorts | None = None
        self._take: TakeWriter | None = None
        self._lock = threading.Lock()
        self._supervisor = supervisor or Supervisor(log)
        self._tasks = TaskQueue(self._supervisor, "the control session")
        """Tasks that access the disk, in order."""
        self._close_link: Callable[[], None] = lambda: None
        self._audio_inputs: AudioInputs | None = None
        self.engine, self._audio_inputs = self._make(show)
        self._waits = self.engine.timeline.waits = waits
        if replay is not None:
            replay.waits = waits
        self._use_engine()
        store.listeners.append(self._changed)
        if take_log is not None:
            self._begin_take(take_log)

    def _make(
        self, show: SessionShow, store: Store | None = None
    ) -> tuple[ControlEngine, AudioInputs]:
        log, now, audio_inputs = self._log, self._clock.now, self._audio_inputs
        return make_engine(
            show,
            store or self._store,
            live=True,
            log=log,
            now=now,
            remark=self._remark,
            latency=self._latency,
            audio_inputs=audio_inputs,
        )

    def _use_engine(self) -> None:
        self._store.automation = self._replay if self._replay is not None else self.engine

    def start(self) -> None:
        """Open MIDI devices, and join Link."""
        self._open()

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
        if self._take is not None:
            self._observe(self._take)

    def _open(self) -> None:
        """Open the devices that the show needs, and close those it does not need."""
        midi = self._show.midi
        wanted = self._device_needs(self._show)[1]
        if self.midi is not None:
            self.midi.stop(timeout=0.3)
            self.midi = None
        if midi.on and (wanted or midi.devices):
            values = self._store.base if midi.feedback else None
            mappings = self.engine.mappings
            self.midi = MidiPorts(
                self,
                now=self._clock.now,
                log=self._log,
                devices=midi.devices,
                mappings=mappings,
                values=values,
                supervisor=self._supervisor,
            )
            self.midi.start()
        if self._show.tempo.follow == "link":
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
            if self._device_needs(show) != self._device_needs(was) or (
                show.tempo.follow == "link" and was.tempo.follow != "link"
            ):
                self._open()
            elif self.midi is not None:
                self.midi.adopt(self.engine.mappings)

        return afterwards

    @staticmethod
    def _device_needs(show: SessionShow) -> tuple[object, ...]:
        """Devices are reopened when this changes: the MIDI section, and whether any rule uses
        MIDI."""
        wanted = any(rule.midi is not None for rule in show.mappings) or any(
            (rule.envelope or "").startswith("midi") for rule in show.modulators
        )
        follows = show.tempo.follow == "midi" and "follow" in show.tempo.model_fields_set
        return show.midi, wanted or follows

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
            if self.midi is not None:
                steps.callback(self.midi.stop, timeout=0.3)
                self.midi = None
            steps.callback(self._end_take)
            steps.callback(self._tasks.close, 2.0)

    # MIDI events go to the present control engine.

    def on_midi(self, control: Control, raw: float, device: str = "") -> None:
        self.engine.on_midi(control, raw, device)

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
        self.engine.on_clock(what, time, device, position)

    def key(self, key: str) -> None:
        """A key of the terminal: a mapped one; space or right for the next cue, left for the one
        before, a digit for a cue by its position (the first is 1), t to tap the tempo."""
        if self.engine.on_key(key):
            return
        if key in (" ", "right"):
            self._store.set("cue/go", True)
        elif key == "left":
            self._store.set("cue/back", True)
        elif key.isdecimal() and self.engine.cues.cues:
            name = self.cue_keys().get(key)
            if name is None:
                self._log(
                    f"key {key}: there is no such cue; "
                    f"{', '.join(f'{one} {cue}' for one, cue in self.cue_keys().items())}"
                )
            else:
                self._store.set("cue/fire", name)
        elif key == "t":
            self._store.set("tempo/tap", True)

    def cue_keys(self) -> dict[str, str]:
        """Which key fires which cue."""
        return cue_keys(list(self.engine.cues.cues), self.engine.mappings)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        if self._replay is None or not name.startswith("cue/"):
            self.engine.changed(name, value, origin)
        # Files are opened and closed on another thread: this may run on the render thread.
        if name == "take/start":
            self._tasks.put(lambda: self._log_faults(self._start_take))
        elif name == "take/stop":
            self._tasks.put(lambda: self._log_faults(self._end_take))
        elif name == "cue/write":
            self._tasks.put(lambda: self._log_faults(self._write))

    def _log_faults(self, task: Callable[[], None]) -> None:
        try:
            task()
        except Fault as fault:
            self._log(str(fault))

    def _write(self) -> None:
        """Write stored cues into the show file."""
        kept = dict(self.engine.cues.stored)
        if self._write_cues is None or not kept:
            self._log(
                "no cue is stored; /vj/cue/store NAME stores the present state"
                if not kept
                else "this show has no file"
            )
            return
        states = {
            name: {key: _rounded(value) for key, value in rule.set.items()}
            for name, rule in sorted(kept.items())
        }
        self._log(self._write_cues(states))
        for name, rule in kept.items():
            if self.engine.cues.stored.get(name) is rule:
                del self.engine.cues.stored[name]

    def _start_take(self) -> None:
        self._begin_take(TAKES / time.strftime("%Y-%m-%d_%H-%M-%S.take"))

    def _begin_take(self, path: Path) -> None:
        if self._take is not None and self._take.ended:
            self._end_take()
        with self._lock:
            if self._take is None:
                self._take = TakeWriter(
                    path, self._show.show, self._log, self._render_size, self._supervisor
                )
                if not self._waits:
                    self._observe(self._take)
                path = self._take.path
                self._log(
                    f"the take is written into {path}; render it with --replay {path} --offline"
                )

    def _observe(self, take: TakeWriter) -> None:
        if take.record not in self._store.observers:
            self._store.observers.append(take.record)

    def _end_take(self) -> None:
        with self._lock:
            if self._take is not None:
                with contextlib.suppress(ValueError):  # the show has not begun
                    self._store.observers.remove(self._take.record)
                self._take.close()
                self._log(f"the take is in {self._take.path} ({self._take.frames} frames)")
                self._take = None


def _rounded(value: Value) -> Value:
    """Rounded to four decimals."""
    return round(value, 4) if isinstance(value, float) else value
