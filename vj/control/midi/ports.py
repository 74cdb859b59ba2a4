"""MIDI ports: matched by parts of their names, opened when they appear, closed when they disappear;
LEDs and motor faders are updated.

The one file that uses mido's backend, which is optional: see `vj.control.midi.rtmidi`.
"""

from __future__ import annotations

import contextlib
import os
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from vj.control.mapping import ControlMapping
from vj.control.midi.parser import MidiListener, MidiReader
from vj.core.supervisor import Supervisor
from vj.parameters.table import Value

SCAN_PERIOD = 1.0
"""Seconds between two scans for devices."""
SCAN_PERIOD_WITHOUT_MIDI = 60.0
"""The same on a machine without MIDI, where the library prints a warning each time."""
REFRESH = 0.04
ECHO = 0.4
"""Seconds in which a device may send back a value it was sent; that is no input."""
HELD = 0.15
"""Seconds after a control was moved in which it gets no feedback: a motor must not fight the hand
on the fader."""

BACKEND = "vj.control.midi.rtmidi"
REMEDY = "no MIDI library is installed: python3 launch.py add midi"

_NUMBERS = re.compile(r"\s+\d+(:\d+)?$")


def plain_name(port: str) -> str:
    """A port's name without the numbers that ALSA and Windows append, which change each time it is
    plugged in."""
    return _NUMBERS.sub("", port)


def counterpart(port: str, others: Sequence[str]) -> str | None:
    """The output that belongs to an input: of the same name, or of the same name within another
    client (JACK)."""
    for name in (str, plain_name, lambda full: plain_name(full).rpartition(":")[2]):
        for other in others:
            if name(other) == name(port):
                return other
    return None


def make_backend() -> Any:
    """mido's backend: ours, or the one that the environment variable MIDO_BACKEND names. Raises
    ImportError without a library."""
    try:
        import mido

        from vj.control.midi.rtmidi import library
    except ImportError:
        raise ImportError(REMEDY) from None

    named = os.environ.get("MIDO_BACKEND")
    if not named and library() is None:
        raise ImportError(REMEDY)
    backend = mido.Backend(named or BACKEND)
    backend.load()
    return backend


class MidiPorts:
    """Receives from all wanted devices, and scans for new ones on a thread."""

    def __init__(
        self,
        listener: MidiListener,
        *,
        now: Callable[[], float],
        log: Callable[[str], None],
        devices: Sequence[str] = (),
        mappings: Sequence[ControlMapping] = (),
        values: Callable[[], Mapping[str, Value]] | None = None,
        backend: Callable[[], Any] = make_backend,
        supervisor: Supervisor | None = None,
    ) -> None:
        """devices: parts of names; none for all. mappings, values: for feedback to LEDs and motors;
        without values there is none."""
        self._supervisor = supervisor or Supervisor(log)
        self._listener, self._now, self._log, self._devices = (
            listener,
            now,
            log,
            [d.casefold() for d in devices],
        )
        self.mappings, self._values, self._make = list(mappings), values, backend
        self._inputs: dict[str, tuple[Any, MidiReader]] = {}
        self._outputs: dict[str, Any] = {}
        self._counterparts: dict[str, str] = {}
        """The output that belongs to an input."""
        self._moved: dict[tuple[str, str, int], float] = {}
        self._reported: dict[tuple[str, int], float] = {}
        self._sent: dict[tuple[str, str, int], deque[tuple[int, float]]] = {}
        """The last values sent to each control of a port, and when."""
        self._failed: set[str] = set()
        self._troubles: set[str] = set()
        self._listed = False
        """The last scan had a list of ports."""
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.state = "starting"

    def start(self) -> None:
        self._thread = self._supervisor.start("MIDI", self._run, self._stop.is_set)

    def stop(self, timeout: float = 1.0) -> None:
        """End. May be called twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None

    def adopt(self, mappings: Sequence[ControlMapping]) -> None:
        """Use other mappings; the ports stay open, and pressed notes stay pressed."""
        self.mappings = list(mappings)
        self._reported.clear()

    @property
    def devices(self) -> list[str]:
        """The devices that are open."""
        return [reader.device for _, reader in list(self._inputs.values())]  # a scan may add one

    def _run(self) -> None:
        try:
            backend = self._make()
        except Exception as error:  # ImportError, or whatever a broken driver raises
            self.state = "no MIDI"
            self._log(f"MIDI cannot be used ({error}); the show plays without it")
            return
        looked = -SCAN_PERIOD
        while not self._stop.is_set():
            if time.monotonic() - looked >= (
                SCAN_PERIOD if self.state != "no MIDI" else SCAN_PERIOD_WITHOUT_MIDI
            ):
                looked = time.monotonic()
                self._guarded("ports", lambda: self._scan(backend))
            self._guarded("LEDs", self._update_leds)
            self._stop.wait(REFRESH)
        for port in [*(port for port, _ in self._inputs.values()), *self._outputs.values()]:
            with contextlib.suppress(Exception):
                port.close()

    def _guarded(self, what: str, work: Callable[[], None]) -> None:
        """Run work that may raise anything, since drivers do; the thread goes on. Logged once until
        it works again."""
        try:
            work()
            self._troubles.discard(what)
        except Exception as error:
            self._supervisor.count(f"MIDI {what}")
            if what not in self._troubles:
                self._troubles.add(what)
                self._log(f"MIDI {what}: {type(error).__name__}: {error}; it is tried again")

    def _scan(self, backend: Any) -> None:
        """Open devices that have appeared, close those that have disappeared."""
        try:
            names = {
                name
                for name in backend.get_input_names()
                if "vj-" not in name and "Midi Through" not in name
            }
        except Exception as error:  # no sequencer on this machine
            if self._listed:  # there was one: a library's process may have ended
                self._listed = False
                raise
            if self.state != "no MIDI":
                self.state = "no MIDI"
                self._log(
                    f"MIDI is not to be had on this machine ({error}); the show plays without it"
                )
            return
        self._listed = True
        wanted = {
            name
            for name in names
            if not self._devices or any(part in name.casefold() for part in self._devices)
        }
        for name in [
            name
            for name, (port, _) in self._inputs.items()
            if name not in names or getattr(port, "closed", False)
        ]:
            port, reader = self._inputs.pop(name)
            with contextlib.suppress(Exception):
                port.close()
            output = self._outputs.pop(name, None)
            with contextlib.suppress(Exception):
                if output is not None:
                    output.close()
            reader.disconnected()
            self._log(f"MIDI {reader.device} has gone; what it held down is let go")
        for name in sorted(wanted - self._inputs.keys() - self._failed):
            self._open(backend, name)
        self._failed &= names
        self.state = ", ".join(self.devices) or "no MIDI device"

    def _open(self, backend: Any, name: str) -> None:
        reader = MidiReader(self._device_name(name), self._listener)

        def on_message(message: Any) -> None:
            moment = self._now()
            if not self._is_echo(name, message):
                self._note_move(name, message)
                reader.on_message(message, moment)

        try:
            self._inputs[name] = backend.open_input(name, callback=on_message), reader
        except Exception as error:  # another program holds it (Windows)
            self._failed.add(name)
            self._log(
                f"MIDI {plain_name(name)} cannot be opened ({error}); another program may hold it"
            )
            return
        self._log(f"MIDI {reader.device} plays")
        if self._values is None:
            return
        taken = {self._counterparts[port] for port in self._outputs}
        other = counterpart(
            name, [port for port in backend.get_output_names() if port not in taken]
        )
        if other is not None:
            with contextlib.suppress(Exception):
                self._outputs[name] = backend.open_output(other)
                self._counterparts[name] = other
                self._reported.clear()

    def _device_name(self, port: str) -> str:
        """The device's name for mappings; a second device of the same name is NAME (2)."""
        plain, taken = plain_name(port), {reader.device for _, reader in self._inputs.values()}
        return next(
            name for name in (plain, *(f"{plain} ({n})" for n in range(2, 99))) if name not in taken
        )

    @staticmethod
    def _control(message: Any) -> tuple[str, int] | None:
        kind = {
            "control_change": "cc",
            "note_on": "note",
            "note_off": "note",
            "pitchwheel": "pitch",
        }.get(message.type)
        if kind is None:
            return None
        return kind, message.control if kind == "cc" else message.note if kind == "note" else 0

    def _note_move(self, port: str, message: Any) -> None:
        control = self._control(message)
        if control is not None:
            self._moved[port, *control] = time.monotonic()

    def _is_echo(self, port: str, message: Any) -> bool:
        """Whether a message only repeats a value just sent to the device, as some devices do: it
        must not interrupt a fade."""
        control = self._control(message)
        if control is None or control[0] == "note":
            return False
        raw = message.value if control[0] == "cc" else message.pitch
        now = time.monotonic()
        return any(
            report == raw and now - moment < ECHO
            for report, moment in list(self._sent.get((port, *control), ()))
        )

    def _update_leds(self) -> None:
        """Send changed values to LEDs and motors, except to a control that is being moved."""
        if self._values is None or not self._outputs:
            return
        import mido

        values, now = self._values(), time.monotonic()
        for name, port in list(self._outputs.items()):
            if name not in self._inputs:
                continue
            device = self._inputs[name][1].device
            for index, mapping in enumerate(self.mappings):
                midi = mapping.rule.midi
                if (
                    midi is None
                    or midi.kind not in ("cc", "note", "pitch")
                    or mapping.rule.device.casefold() not in device.casefold()
                ):
                    continue
                raw = raw_for(mapping, values.get(mapping.row.name))
                if raw is None or self._reported.get((name, index)) == raw:
                    continue
                if now - self._moved.get((name, midi.kind, midi.number), -HELD) < HELD:
                    continue
                self._reported[name, index] = raw
                self._sent.setdefault((name, midi.kind, midi.number), deque(maxlen=32)).append(
                    (raw, now)
                )
                channel = max(0, midi.channel - 1)
                if midi.kind == "cc":
                    port.send(
                        mido.Message(
                            "control_change", control=midi.number, value=raw, channel=channel
                        )
                    )
                elif midi.kind == "note":
                    port.send(
                        mido.Message("note_on", note=midi.number, velocity=raw, channel=channel)
                    )
                else:
                    port.send(mido.Message("pitchwheel", pitch=raw, channel=channel))


def raw_for(mapping: ControlMapping, value: Value | None) -> int | None:
    """The raw value that an LED or a motor shows for a parameter's value; None if it shows none."""
    midi = mapping.rule.midi
    if (
        value is None
        or midi is None
        or mapping.rule.relative is not None
        or mapping.rule.value is not None
    ):
        return None
    if isinstance(value, bool):
        return 127 if value != mapping.rule.invert else 0
    if not isinstance(value, int | float):
        return None
    low, high = midi.span
    return round(min(high, max(low, mapping.raw_of(float(value)))))
