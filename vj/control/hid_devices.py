"""Foot switches, pedals and boxes that are HID devices of their own kind, neither keyboard, mouse
nor gamepad: the bytes and bits of what they report are controls."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable
from typing import Any

from vj.core.errors import Unavailable, told
from vj.core.supervisor import Supervisor
from vj.show.midi_controls import Control

REMEDY = "python3 launch.py add hid"
LONGEST = 64
"""Bytes of a report that are controls, at most."""
PERIOD, LOOKING = 0.004, 2.0
"""Seconds between two looks at open devices, and at which there are."""
OTHERS = {(1, 2), (1, 4), (1, 5), (1, 6), (1, 7)}
"""(usage page, usage) of mice, joysticks, gamepads, keyboards and keypads (HID Usage Tables 1.5,
section 4), which play as such."""

Send = Callable[[Control, float, str], None]


def hid_library() -> Any:
    """hidapi. Raises Unavailable without it."""
    try:
        import hid
    except ImportError as error:
        raise Unavailable(f"HID devices need hidapi ({error}): {REMEDY}") from error
    return hid


def name_of(found: dict[str, Any]) -> str:
    """What a device is called: its product and `VENDOR:PRODUCT` in hexadecimal."""
    numbers = f"{found['vendor_id']:04x}:{found['product_id']:04x}"
    return f"{(found.get('product_string') or '').strip()} {numbers}".strip()


class Reports:
    """The reports of one device as controls that move."""

    def __init__(self, name: str, send: Send, offer: Send) -> None:
        """send: takes what moves. offer: takes what may be learned, once it is known what it is: a
        byte that has more than two values is one pedal, and not eight switches."""
        self._name, self._send, self._offer = name, send, offer
        self._last = bytes(LONGEST)
        self._seen: dict[int, set[int]] = {}

    def take(self, report: Iterable[int]) -> None:
        """One report: bytes, of which what is missing stands as it did."""
        now = bytes(report)[:LONGEST]
        now += self._last[len(now) :]
        for place, (before, value) in enumerate(zip(self._last, now, strict=True)):
            if before != value:
                seen = self._seen.setdefault(place, {before})
                seen.add(value)
                self._pass_on(Control("byte", place), float(value), True)
                for bit in range(8):
                    down = bool(value >> bit & 1)
                    if down != bool(before >> bit & 1):
                        control = Control("bit", 8 * place + bit)
                        self._pass_on(control, float(down), False)
                        if not down and len(seen) <= 2:
                            self._offer(control, 1.0, self._name)
        self._last = now

    def _pass_on(self, control: Control, value: float, offered: bool) -> None:
        self._send(control, value, self._name)
        if offered:
            self._offer(control, value, self._name)

    def release(self) -> None:
        """The device was unplugged: everything is at 0."""
        for place, value in enumerate(self._last):
            if value:
                self._send(Control("byte", place), 0.0, self._name)
                for bit in range(8):
                    if value >> bit & 1:
                        self._send(Control("bit", 8 * place + bit), 0.0, self._name)
        self._last = bytes(LONGEST)


class HidDevices:
    """Reads the devices that a show names, or every one while something is learned, on a thread of
    its own. What is plugged in is found while it plays."""

    def __init__(
        self,
        send: Send,
        offer: Send,
        log: Callable[[str], None],
        supervisor: Supervisor,
        library: Any = None,
    ) -> None:
        """library: hidapi, unless given. Raises Unavailable without it."""
        self._send, self._offer, self._log = send, offer, log
        self._library = library or hid_library()
        self._wanted: Collection[str] = ()
        self._everything = False
        self._open: dict[bytes, tuple[Any, Reports, str]] = {}
        self._refused: set[bytes] = set()
        self._stop = threading.Event()
        self._thread = supervisor.start("hid", self._run, self._stop.is_set)

    def want(self, names: Collection[str], everything: bool) -> None:
        """Parts of names of devices. everything: all that are no keyboard, mouse or gamepad."""
        self._wanted, self._everything = tuple(names), everything

    def stop(self) -> None:
        self._stop.set()
        self._thread.join(1.0)

    def _run(self) -> None:
        looked = -LOOKING
        try:
            while not self._stop.is_set():
                now = time.monotonic()
                if now - looked >= LOOKING:
                    looked = now
                    self.look()
                self.read()
                self._stop.wait(PERIOD if self._open else 0.1)
        finally:
            for path in list(self._open):
                self._close(path)

    def look(self) -> None:
        """Open what is wanted and there, close what is not wanted any more."""
        there = {found["path"]: found for found in self._library.enumerate()}
        wanted = {path: name for path, found in there.items() if (name := self._asked(found))}
        self._refused &= there.keys()
        for path in [path for path in self._open if path not in wanted]:
            self._close(path)
        for path, name in wanted.items():
            if path in self._open or path in self._refused:
                continue
            device = self._library.device()
            try:
                device.open_path(path)
                device.set_nonblocking(1)
            except (OSError, ValueError) as error:
                self._refused.add(path)
                self._log(
                    f"hid {name}: cannot be opened ({told(error)}); on Linux it wants a udev rule, "
                    "see docs/control.md"
                )
                continue
            self._open[path] = device, Reports(name, self._send, self._offer), name
            self._log(f"hid {name}")

    def _asked(self, found: dict[str, Any]) -> str:
        """The name of a device that is wanted; empty for others."""
        name = name_of(found)
        if any(part.casefold() in name.casefold() for part in self._wanted):
            return name
        kind = found.get("usage_page", 0), found.get("usage", 0)
        return name if self._everything and kind not in OTHERS else ""

    def read(self) -> None:
        """Pass on all reports that have come."""
        for path, (device, reports, name) in list(self._open.items()):
            try:
                while report := device.read(LONGEST):
                    reports.take(report)
            except (OSError, ValueError):
                self._log(f"hid {name}: unplugged")
                self._close(path)

    def _close(self, path: bytes) -> None:
        device, reports, _ = self._open.pop(path)
        reports.release()
        device.close()
