"""MIDI messages to controls: joins 14-bit pairs and NRPN, reads note-on of velocity 0 as note-off,
and tracks pressed notes and pedals.

After the MIDI 1.0 detailed specification (RP-018 for NRPN and RPN) and the behaviour of real
senders.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from vj.control.mapping import PEDALS
from vj.control.mtc import FULL, QUARTER
from vj.show.midi_controls import Control

CLOCK = {
    "clock": "tick",
    "start": "start",
    "stop": "stop",
    "continue": "continue",
    "songpos": "position",
}
DATA, DATA_FINE, UP, DOWN = 6, 38, 96, 97
"""Data entry controllers: they set the value of the selected parameter number."""
NUMBERS = {98: ("nrpn", "low"), 99: ("nrpn", "high"), 100: ("rpn", "low"), 101: ("rpn", "high")}
RESET, SILENT = 121, (120, 123, 124, 125, 126, 127)
"""Controllers that release pedals, and notes."""
NOTHING = 127, 127
"""The null parameter number."""


class MidiListener(Protocol):
    """Receives controls: the control engine, or `learn`."""

    def on_midi(self, control: Control, raw: float, device: str = "") -> None: ...

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None: ...


PAIR_WINDOW = 0.05
"""Seconds within which both halves of a value arrive."""


@dataclass(slots=True)
class FourteenBit:
    """A 14-bit value in two halves, in either order, or the upper half (MSB) alone."""

    high: int | None = None
    low: int = 0
    low_first: bool = False
    _waiting: bool = False
    _since: float = 0.0

    def on_high(self, value: int, time: float) -> int:
        """A new upper half. Returns the value; the lower half counts as 0 until it arrives."""
        if self._waiting and time - self._since > PAIR_WINDOW:
            self.low_first = self._waiting = False  # that lower half belonged to an earlier value
        if value != self.high and not self._waiting:
            self.low = 0
        self.high, self._waiting = value, False
        return value * 128 + self.low

    def on_low(self, value: int, time: float) -> int | None:
        """A new lower half. Returns the value, or None while the upper half is awaited: from a
        sender that sends the lower half first, or has sent nothing else yet."""
        self.low = value
        if self.high is None:
            self.low_first = True
        if self.low_first and not self._waiting:
            self._waiting, self._since = True, time
            return None
        return None if self.high is None else self.high * 128 + value


@dataclass(slots=True)
class ParameterNumber:
    """The selected parameter number of one channel."""

    kind: str = ""
    high: int | None = None
    low: int | None = None

    def choose(self, kind: str, half: str, value: int) -> None:
        if kind != self.kind:
            self.kind, self.high, self.low = kind, None, None
        setattr(self, half, value)

    @property
    def nrpn(self) -> int | None:
        """The NRPN if one is fully selected; None for an RPN, half a number, and the null
        number."""
        if (
            self.kind != "nrpn"
            or self.high is None
            or self.low is None
            or (self.high, self.low) == NOTHING
        ):
            return None
        return self.high * 128 + self.low


class MidiReader:
    """Parses one device's messages. `on_message` takes mido messages, on the thread of its port."""

    def __init__(self, device: str, listener: MidiListener) -> None:
        self.device, self._listener = device, listener
        self._pairs: dict[tuple[int, int], FourteenBit] = {}
        self._numbers: dict[int, ParameterNumber] = {}
        self._data: dict[tuple[int, int], FourteenBit] = {}
        self._pressed: set[Control] = set()
        self._time = 0.0
        self.messages = 0

    def on_message(self, message: Any, time: float) -> None:
        """message: a mido.Message; time: seconds on the show's clock. Messages that are no controls
        (active sensing) are ignored."""
        self.messages += 1
        self._time = time
        kind = message.type
        if kind in CLOCK:
            self._listener.on_clock(CLOCK[kind], time, self.device, getattr(message, "pos", 0))
            return
        if kind == "quarter_frame":
            byte = message.frame_type << 4 | message.frame_value
            self._listener.on_clock(QUARTER, time, self.device, byte)
            return
        if kind == "sysex":
            self._full_frame(message.data, time)
            return
        channel = getattr(message, "channel", -1) + 1
        if kind == "control_change":
            self._controller(message.control, message.value, channel)
        elif kind in ("note_on", "note_off"):
            velocity = message.velocity if kind == "note_on" else 0
            self._press(Control("note", message.note, channel), velocity)
        elif kind == "pitchwheel":
            self._emit(Control("pitch", 0, channel), message.pitch)
        elif kind == "aftertouch":
            self._emit(Control("aftertouch", 0, channel), message.value)
        elif kind == "polytouch":
            self._emit(Control("aftertouch", message.note, channel), message.value)
        elif kind == "program_change":
            self._emit(Control("program", 0, channel), message.program)

    def _full_frame(self, data: Sequence[int], time: float) -> None:
        """A system exclusive message; those that are no timecode are ignored."""
        if len(data) == 8 and data[0] == 0x7F and tuple(data[2:4]) == (1, 1):
            hours, minutes, seconds, frames = data[4:]
            packed = hours << 21 | minutes << 14 | seconds << 7 | frames
            self._listener.on_clock(FULL, time, self.device, packed)

    def disconnected(self) -> None:
        """The device was unplugged: release its notes and pedals."""
        self._release(("cc", "note"))

    def _release(self, kinds: tuple[str, ...], channel: int = 0) -> None:
        """Release pressed controls; channel 0 for all channels."""
        for control in sorted(self._pressed, key=str):
            if control.kind in kinds and channel in (0, control.channel):
                self._press(control, 0)

    def _emit(self, control: Control, raw: float) -> None:
        if math.isfinite(raw):
            self._listener.on_midi(control, raw, self.device)

    def _press(self, control: Control, raw: int) -> None:
        (self._pressed.add if raw > 0 else self._pressed.discard)(control)
        self._emit(control, raw)

    def _controller(self, number: int, value: int, channel: int) -> None:
        control = Control("cc", number, channel)
        if number in PEDALS:
            self._press(control, value)
        else:
            self._emit(control, value)
        if number < 64:
            pair = self._pairs.setdefault((channel, number % 32), FourteenBit())
            self._emit_pair(
                Control("cc14", number % 32, channel), self._half(pair, number < 32, value)
            )
        elif number == RESET:
            self._release(("cc",), channel)
        elif number in SILENT:
            self._release(("note",), channel)
        if number in NUMBERS:
            self._numbers.setdefault(channel, ParameterNumber()).choose(*NUMBERS[number], value)
        elif number in (DATA, DATA_FINE, UP, DOWN):
            self._data_entry(number, value, channel)

    def _data_entry(self, number: int, value: int, channel: int) -> None:
        """Data entry for the selected parameter number."""
        chosen = self._numbers.get(channel, ParameterNumber()).nrpn
        if chosen is None:
            return
        pair = self._data.setdefault((channel, chosen), FourteenBit())
        if number in (UP, DOWN):
            whole = min(
                16383, max(0, (pair.high or 0) * 128 + pair.low + (1 if number == UP else -1))
            )
            pair.high, pair.low = divmod(whole, 128)
            self._emit_pair(Control("nrpn", chosen, channel), whole)
        else:
            self._emit_pair(
                Control("nrpn", chosen, channel), self._half(pair, number == DATA, value)
            )

    def _half(self, pair: FourteenBit, upper: bool, value: int) -> int | None:
        return pair.on_high(value, self._time) if upper else pair.on_low(value, self._time)

    def _emit_pair(self, control: Control, raw: int | None) -> None:
        if raw is not None:
            self._emit(control, raw)
