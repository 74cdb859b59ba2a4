"""From MIDI messages to controls: 14-bit pairs and NRPN joined, note-on of velocity 0 read as note-off, what is pressed remembered."""

from __future__ import annotations

import math
from typing import Any, Protocol

from vj.control.controls import Control
from vj.control.hands import PEDALS


class Listener(Protocol):
    """Who hears controls: the conductor, or `learn`."""

    def hear_midi(self, heard: Control, raw: float, device: str = "") -> None: ...

    def hear_clock(self, what: str, time: float) -> None: ...


class MidiReader:
    """One device. `hear` takes mido messages, on the thread of its port."""

    def __init__(self, device: str, listener: Listener) -> None:
        self.device, self._listener = device, listener
        self._high: dict[tuple[int, int], int] = {}
        self._nrpn: dict[int, tuple[int, int]] = {}
        self._pressed: set[Control] = set()
        self.messages = 0

    def hear(self, message: Any, time: float) -> None:
        """message: a mido.Message; time: seconds on the show's clock. What is no control (sysex, active sensing) is passed over."""
        self.messages += 1
        kind = message.type
        if kind in ("clock", "start", "stop", "continue"):
            self._listener.hear_clock("tick" if kind == "clock" else kind, time)
            return
        channel = getattr(message, "channel", -1) + 1
        if kind == "control_change":
            self._controller(message.control, message.value, channel)
        elif kind in ("note_on", "note_off"):
            velocity = message.velocity if kind == "note_on" else 0
            self._press(Control("note", message.note, channel), velocity)
        elif kind == "pitchwheel":
            self._say(Control("pitch", 0, channel), message.pitch)
        elif kind == "aftertouch":
            self._say(Control("aftertouch", 0, channel), message.value)
        elif kind == "polytouch":
            self._say(Control("aftertouch", message.note, channel), message.value)
        elif kind == "program_change":
            self._say(Control("program", 0, channel), message.program)

    def vanished(self) -> None:
        """The device has gone: whatever it held down is let go."""
        for control in sorted(self._pressed, key=str):
            self._say(control, 0)
        self._pressed.clear()

    def _say(self, control: Control, raw: float) -> None:
        if math.isfinite(raw):
            self._listener.hear_midi(control, raw, self.device)

    def _press(self, control: Control, raw: int) -> None:
        (self._pressed.add if raw > 0 else self._pressed.discard)(control)
        self._say(control, raw)

    def _controller(self, number: int, value: int, channel: int) -> None:
        control = Control("cc", number, channel)
        if number in PEDALS:
            self._press(control, value)
        else:
            self._say(control, value)
        if number < 32:
            self._high[channel, number] = value
        elif number < 64 and (channel, number - 32) in self._high:
            self._say(Control("cc14", number - 32, channel), self._high[channel, number - 32] * 128 + value)
        if number in (98, 99):
            low, high = self._nrpn.get(channel, (0, 0))
            self._nrpn[channel] = (value, high) if number == 98 else (low, value)
        elif number == 38 and channel in self._nrpn and (channel, 6) in self._high:
            low, high = self._nrpn[channel]
            self._say(Control("nrpn", high * 128 + low, channel), self._high[channel, 6] * 128 + value)
