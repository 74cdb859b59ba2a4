"""Learning which control was moved: by `launch.py learn`, and in a show that plays."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from vj.control.macros import PREFIX as MACRO
from vj.control.mapping import TOO_LARGE
from vj.control.recent_controls import LONGEST
from vj.core.errors import Fault
from vj.parameters.table import NAMED_OR_COUNTED, Parameter
from vj.show.device_controls import KINDS, word_of
from vj.show.midi_controls import Control

WriteMapping = Callable[[dict[str, Any]], str]
"""Writes a mapping, by its keys, into the show file; returns a message. Raises Fault."""

LEARN_SECONDS = 60.0
"""How long a playing show waits for a control to be moved."""
SHOWN = 5.0
"""Seconds for which the result of learning stays in the state."""
BUSY, PAUSE = 0.5, 1.0
"""A control that moved within BUSY seconds before learning began may move by itself, as an LFO sent
over OSC does: it counts once it has paused for PAUSE seconds."""
ENOUGH = 3
"""Different values of a control after which it counts as moved: a fader at rest may jitter."""
NARROW, WIDE = 2 / 127, 0.5
"""The share of its span that these values must cover, and the share with which two values are
enough, as of a button that sends 127 and 0."""
CANDIDATES = 1000
"""Controls that are watched while learning, at most."""


class LearnListener:
    """Receives controls until one is clearly moved, which it puts into `found`: the keys of a
    mapping that name the control. `on_midi` and `on_osc` from one thread at a time."""

    def __init__(self, row: Parameter | None = None) -> None:
        """row: the parameter; a text is moved by a text sent over OSC, and nothing else by one."""
        self.found: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._texts = row is not None and row.kind in ("text", "choice")
        self._numbers = row is None or row.kind != "text" or row.name in NAMED_OR_COUNTED
        self._values: dict[tuple[str, str], set[float]] = {}

    def on_midi(self, control: Control, raw: float, device: str = "") -> None:
        """A raw value of a MIDI device, a gamepad, a HID device or a lighting desk; for a note the
        velocity."""
        if not self._numbers:
            return
        if control.kind == "cc14" and raw % 128 == 0:
            # every controller below 32 may be the upper half of one; this one may have no lower
            # half
            return
        low, high = control.span
        moved = self._moved((str(control), device), raw, high - low)
        pressed = control.kind in ("note", "program") and raw > 0
        pressed = pressed or (control.kind in ("button", "bit") and raw >= 0.5)
        pedal = control.kind == "cc" and 64 <= control.number < 70 and raw > 0
        if pressed or pedal or moved:
            halves = (control.number, control.number - 32)
            if control.kind == "cc" and any(
                (str(Control("cc14", half, control.channel)), device) in self._values
                for half in halves
            ):
                return  # one half of a 14-bit control that is received as a whole too
            word = word_of(control)
            plain = control if word == "dmx" else Control(control.kind, control.number)
            found = {word: str(plain)}
            # A pad is called otherwise by a browser than by this machine.
            self.found.put({**found, "device": device} if device and word != "pad" else found)

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
        """A clock is no control."""

    def on_osc(self, address: str, arguments: tuple[Any, ...]) -> None:
        """A message, of which each number may be a control of its own, as of an XY pad. Addresses
        that no mapping can have are ignored."""
        if (
            not address.startswith("/")
            or address.startswith("/vj/")
            or any(letter in address for letter in " *?[]{}#,")
            or len(address) > LONGEST
        ):
            return
        if (not arguments and self._numbers) or (
            arguments and self._texts and isinstance(arguments[0], str)
        ):
            self.found.put({"osc": address})
            return
        for index, number in enumerate(arguments if self._numbers else ()):
            if not isinstance(number, int | float) or not abs(number) < TOO_LARGE:
                continue
            key = (address, f"osc {index}")
            moved = self._moved(key, float(number), 0.0)
            # TouchOSC sends 1 to FADER/z when a finger is laid on, before the fader moves.
            pressed = len(arguments) == 1 and number == 1 and not address.endswith("/z")
            if moved or pressed:
                self.found.put({"osc": address, **_taken(index), **_span(self._values[key])})
                return

    def _moved(self, key: tuple[str, str], raw: float, span: float) -> bool:
        """Whether a control has clearly moved. span: 0 where it is not known."""
        if key not in self._values and len(self._values) >= CANDIDATES:
            return False
        seen = self._values.setdefault(key, set())
        if len(seen) < 100 * ENOUGH:
            seen.add(raw)
        way = max(seen) - min(seen)
        return (len(seen) >= ENOUGH and way >= NARROW * span * 0.99) or (
            span > 0 and way >= WIDE * span
        )


def _taken(index: int) -> dict[str, int]:
    return {"take": index} if index else {}


def _span(values: set[float]) -> dict[str, list[float]]:
    """`in:` of a mapping, for numbers beyond 0..1."""
    low, high = min(values), max(values)
    top = 1.0 if high <= 1 else 127.0 if high <= 127 and low >= 0 else high
    top = max(top, -low)
    return {} if low >= 0 and top == 1 else {"in": [-top if low < 0 else 0, top]}


class Learner:
    """Learns controls in a show that plays, for one parameter at a time. From any thread."""

    def __init__(
        self,
        write: WriteMapping | None,
        later: Callable[[Callable[[], None]], None],
        devices: Callable[[], None],
        log: Callable[[str], None],
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """write: None for a show without a file. later: runs a task that may block, on a thread of
        its own. devices: opens the devices that learning needs, or closes them when it has
        ended."""
        self._write, self._later, self._devices = write, later, devices
        self._log, self._now = log, now
        self._lock = threading.Lock()
        self._listener: LearnListener | None = None
        self._busy: dict[str, float] = {}
        """Controls that moved as learning began, and when they did last."""
        self._timer: threading.Timer | None = None
        self._state: dict[str, Any] | None = None
        self._until = 0.0
        """When a result is no longer shown."""
        self._address = ""
        """What was found, of OSC: no error until the saved show has its mapping."""

    @property
    def listening(self) -> bool:
        return self._listener is not None

    def begin(
        self,
        row: Parameter,
        recent: Mapping[str, float] | None = None,
        seconds: float = LEARN_SECONDS,
        text: str = "move a control",
    ) -> None:
        """Wait for the control of a parameter, in place of another that is waited for. recent: the
        controls that moved within the last `BUSY` seconds. text: for the performer, meanwhile.
        Raises Fault for a show without a file."""
        if self._write is None:
            raise Fault("learn: this show has no file that a mapping could be written into")
        with self._lock:
            self._stop_timer()
            now = self._now()
            self._busy = dict.fromkeys(recent or (), now)
            self._listener = listener = LearnListener(row)
            self._state = {"name": row.name, "found": None, "text": text}
            self._timer = threading.Timer(seconds, self._time_out, [listener])
            self._timer.daemon = True
            self._timer.start()
        self._later(self._devices)

    def cancel(self) -> None:
        """End without a control."""
        with self._lock:
            self._stop_timer()
            self._listener = self._state = None
        self._later(self._devices)

    def state(self) -> dict[str, Any] | None:
        """{name, found: None or the control, text}; None when nothing is learned."""
        with self._lock:
            if self._listener is None and self._state is not None and self._now() >= self._until:
                self._state = None
            return None if self._state is None else dict(self._state)

    def on_midi(self, control: Control, raw: float, device: str = "") -> None:
        """A control's raw value, mapped or not."""
        if self._listener is not None:
            self._offer(str(control), lambda listener: listener.on_midi(control, raw, device))

    def on_osc(self, address: str, arguments: tuple[Any, ...]) -> bool:
        """A message to an address that is no parameter's own. Whether it is listened to, or was
        found a moment ago. Parameters have addresses of their own, below /vj/."""
        if address.startswith("/vj/"):
            return False
        if self._listener is None:
            return address == self._address and self._now() < self._until
        self._offer(address, lambda listener: listener.on_osc(address, arguments))
        return True

    def _offer(self, name: str, hear: Callable[[LearnListener], None]) -> None:
        with self._lock:
            listener = self._listener
            if listener is None or self._state is None or self._is_busy(name):
                return
            hear(listener)
            if listener.found.empty():
                return
            found, parameter = listener.found.get(), str(self._state["name"])
            self._stop_timer()
            self._listener, self._address = None, found.get("osc", "")
            self._show(parameter, None, f"{control_of(found)}: is written ...")
        self._later(lambda: self._write_found(parameter, found))

    def _write_found(self, name: str, found: dict[str, Any]) -> None:
        """Write a mapping. A MIDI device that was opened for it stays open for the saved show,
        which comes in a moment."""
        assert self._write is not None
        control: str | None = control_of(found)
        try:
            text = self._write({**found, "to": name.removeprefix(MACRO)})
        except Fault as fault:
            control, text = None, str(fault)
        self._log(text)
        with self._lock:
            if self._listener is None:  # else another parameter is being learned by now
                self._show(name, control, text)
        if control is None or not found.keys() & {"midi", *KINDS}:
            self._devices()

    def _is_busy(self, name: str) -> bool:
        last = self._busy.get(name)
        if last is None:
            return False
        now = self._now()
        if now - last >= PAUSE:
            del self._busy[name]
            return False
        self._busy[name] = now
        return True

    def _show(self, name: str, found: str | None, text: str) -> None:
        self._state = {"name": name, "found": found, "text": text}
        self._until = self._now() + SHOWN

    def _time_out(self, listener: LearnListener) -> None:
        with self._lock:
            if self._listener is not listener or self._state is None:
                return
            self._listener = None
            self._show(str(self._state["name"]), None, "nothing was moved; nothing is written")
        self._later(self._devices)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def control_of(mapping: Mapping[str, Any]) -> str:
    """The control of a mapping's keys, in the words of a show file: `cc 1`, `/1/fader1`."""
    if "midi" in mapping:
        return str(mapping["midi"])
    if word := next((word for word in KINDS if word in mapping), ""):
        return f"{word} {mapping[word]}"
    if "osc" in mapping:
        return f"{mapping['osc']}" + (f" value {mapping['take']}" if mapping.get("take") else "")
    return f"key {mapping.get('key')}"
