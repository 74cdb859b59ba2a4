"""A backend for mido that stands on pylibremidi: MIDI for the Pythons (3.13 and newer) that python-rtmidi has no wheels for.

Of the libraries that have wheels there, rtmidi2 1.5.0 ends the whole process when a port does not open (its C++ exceptions are not
caught), and holds Python's lock while it waits for its own callback. libremidi answers with an error, and its driver threads never run
Python: messages wait in its queue until they are asked for. docs/control.md has the figures.
"""

from __future__ import annotations

import contextlib
import ctypes
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from mido import Message, Parser

QUICK, CALM = 0.001, 0.004
"""Seconds between two looks into the queue: while messages come, and when none has come for a while."""
LATELY = 1.0
"""Seconds after a message in which more are expected."""
OWN = "vj-in", "vj-out"
"""What our own ends of a connection are called; other programs see them as ports."""


def _load() -> Any:
    """The library. Raises ImportError."""
    if sys.platform == "linux" and "pylibremidi" not in sys.modules:
        # Its wheels carry the libjack of JACK 1.9.14, which a newer server does not speak to. The system's, loaded first, takes its place.
        with contextlib.suppress(OSError):  # a machine without JACK
            ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
    import pylibremidi

    return pylibremidi


def _interface(library: Any, api: str | None) -> Any:
    """The system's MIDI, or the one that is named. Raises OSError when this machine has none."""
    found = {each.name: each for each in library.available_apis()}
    # Windows: by WinMM this library (5.4.3) loses start, stop and continue; by UWP it passes on all that comes.
    usual = {
        "linux": ["ALSA_SEQ"],
        "win32": ["WINDOWS_UWP", "WINDOWS_MM"],
        "darwin": ["COREMIDI"],
    }.get(sys.platform, [])
    for name in [api] if api else usual:
        if name in found:
            return found[name]
    if api is None and sys.platform == "linux":
        raise OSError(
            "no ALSA sequencer: sudo modprobe snd-seq, and this user has to be in the group audio"
        )
    raise OSError(
        f"no MIDI by {api or ' or '.join(usual) or sys.platform} here; there is {', '.join(sorted(found))}"
    )


def name_of(port: Any, api: str) -> str:
    """What a port is called, as python-rtmidi would call it: the name, and behind it the number by which its system knows it."""
    if api == "ALSA_SEQ":
        return f"{port.device_name}:{port.port_name} {port.port & 0xFFFFFFFF}:{port.port >> 32}"
    if api == "WINDOWS_MM":
        return f"{port.port_name} {port.port}"
    return str(port.port_name if api == "JACK_MIDI" else port.display_name)


def told_apart(names: list[str]) -> list[str]:
    """Names of which no two are the same: the second X is X 2."""
    seen: Counter[str] = Counter()
    apart = []
    for name in names:
        seen[name] += 1
        apart.append(name if seen[name] == 1 else f"{name} {seen[name]}")
    return apart


def _ports(library: Any, interface: Any, outputs: bool) -> dict[str, Any]:
    """Name -> port, of all that is plugged in now."""
    wanted = library.ObserverConfiguration()
    wanted.track_virtual = wanted.track_any = True
    observer = library.Observer(wanted, interface)
    ports = list(observer.get_output_ports() if outputs else observer.get_input_ports())
    return dict(
        zip(told_apart([name_of(port, interface.name) for port in ports]), ports, strict=True)
    )


def get_devices(api: str | None = None) -> list[dict[str, Any]]:
    """All ports, as mido wants them. Raises ImportError without the library, OSError on a machine without MIDI."""
    library = _load()
    interface = _interface(library, api)
    inputs, outputs = (_ports(library, interface, is_output) for is_output in (False, True))
    return [
        {"name": name, "is_input": name in inputs, "is_output": name in outputs}
        for name in dict.fromkeys([*inputs, *outputs])
    ]


def get_api_names() -> list[str]:
    """What mido may name behind a slash: MIDO_BACKEND=vj.control.midi_libremidi/JACK_MIDI."""
    return [str(each.name) for each in _load().available_apis()]


def _open(
    port: Any, name: str, found: Callable[[], dict[str, Any]], own: str, virtual: bool
) -> None:
    """Raises OSError."""
    if virtual:
        failed = port.open_virtual_port(name)
    else:
        there = found()
        if name not in there:
            raise OSError(f"no MIDI port {name!r}; there is {', '.join(there) or 'none'}")
        failed = port.open_port(there[name], own)
    if failed:  # an error counts as true
        raise OSError(f"MIDI port {name!r}: {failed}")


def _closed(port: Any) -> None:
    """Close it. The connection to the system's MIDI ends with the object, so nobody may keep that: this gives what to keep instead."""
    if port is not None:
        port.close_port()


class Input:
    """A port that is listened to. With a callback a thread hands over mido messages, without one `iter_pending` gives them."""

    def __init__(
        self,
        name: str,
        *,
        callback: Callable[[Any], None] | None = None,
        virtual: bool = False,
        api: str | None = None,
        **_: Any,
    ) -> None:
        """Raises ImportError, OSError."""
        library = _load()
        interface = _interface(library, api)
        self.name, self._parser, self._callback = name, Parser(), callback
        self._raw: list[list[int]] = []
        wanted = library.InputConfiguration()
        wanted.ignore_sysex = wanted.ignore_timing = False
        raw = self._raw
        # Must not raise: the library would end the process.
        wanted.on_raw_data = lambda received, _time: raw.append(received)
        self._port: Any = library.MidiIn(wanted, interface)
        _open(self._port, name, lambda: _ports(library, interface, False), OWN[0], virtual)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="midi in", daemon=True)
        if callback is not None:
            self._thread.start()

    def iter_pending(self) -> Iterator[Message]:
        """What has come since the last time; nothing once it is closed."""
        if self._port is not None:
            self._port.poll()
        received, self._raw[:] = self._raw[:], []
        for piece in received:
            self._parser.feed(piece)
        yield from self._parser

    def close(self) -> None:
        """May be called twice, and by the callback."""
        self._stop.set()
        if self._thread.is_alive() and self._thread is not threading.current_thread():
            self._thread.join(1.0)
        self._port = _closed(self._port)

    def _run(self) -> None:
        heard = time.monotonic() - LATELY
        while not self._stop.is_set():
            for message in self.iter_pending():
                heard = time.monotonic()
                if self._callback is not None:
                    self._callback(message)
            time.sleep(QUICK if time.monotonic() - heard < LATELY else CALM)


class Output:
    """A port that is played to."""

    def __init__(
        self, name: str, *, virtual: bool = False, api: str | None = None, **_: Any
    ) -> None:
        """Raises ImportError, OSError."""
        library = _load()
        interface = _interface(library, api)
        self.name = name
        self._port: Any = library.MidiOut(library.OutputConfiguration(), interface)
        _open(self._port, name, lambda: _ports(library, interface, True), OWN[1], virtual)

    def send(self, message: Message) -> None:
        """Raises OSError when the device has gone, or the port is closed."""
        if self._port is None:
            raise OSError(f"MIDI port {self.name!r} is closed")
        if failed := self._port.send_message(message.bytes()):
            raise OSError(f"MIDI port {self.name!r}: {failed}")

    def close(self) -> None:
        """May be called twice."""
        self._port = _closed(self._port)
