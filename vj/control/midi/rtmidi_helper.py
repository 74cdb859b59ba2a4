"""The process in which python-rtmidi or rtmidi2 runs, `python -I rtmidi_helper.py PACKAGE API`. It
imports nothing of vj; vj/control/midi/rtmidi.py starts it.

It reads a command a line, `NUMBER [WORD, ...]` in JSON, and answers it with a line, `r NUMBER
ANSWER`: {"error": ...} when it fails.

    ["list"]                     -> [[inputs], [outputs]]
    ["in" or "out", NAME, OWN]   -> the port's number; OWN opens a new port of that name,
                                    which others can connect to
    ["close", PORT]              -> null
    ["send", PORT, BYTES]        -> no answer; bytes in hexadecimal digits

Messages of input ports are printed as `m PORT BYTES`. The process ends when its input does.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import Any

_writing = threading.Lock()
CLIENT_NAME = "vj-midi"
"""The name of our own ports, which other programs see and vj ignores."""
LOOK, REST = 0.001, 0.004
"""Seconds between two looks at the inputs while they are played, and else."""
PLAYED = 5.0
"""Seconds after a message in which more are likely."""
QUEUE = 10_000
"""Messages that an input keeps meanwhile."""


def write_line(line: str) -> None:
    """Write a line atomically, from any thread."""
    with _writing, contextlib.suppress(OSError):  # the parent process has ended
        os.write(1, (line + "\n").encode("ascii"))


class PythonRtmidi:
    """What is called of python-rtmidi."""

    def __init__(self, library: Any, api: int) -> None:
        self._library, self._api = library, api

    def input(self, client: str) -> Any:
        port = self._library.MidiIn(self._api, client, QUEUE)
        port.ignore_types(sysex=False, timing=False, active_sense=True)
        return port

    def output(self, client: str) -> Any:
        return self._library.MidiOut(self._api, client)

    def names(self, port: Any) -> list[str | None]:
        return list(port.get_ports())

    def next(self, port: Any) -> Sequence[int] | None:
        event = port.get_message()
        return event and event[0]

    def send(self, port: Any, data: bytes) -> None:
        port.send_message(data)

    def close(self, port: Any) -> None:
        port.close_port()
        port.delete()  # a port of our own stays otherwise


class Rtmidi2:
    """What is called of rtmidi2."""

    def __init__(self, library: Any, api: int) -> None:
        self._library, self._api = library, api

    def input(self, client: str) -> Any:
        port = self._library.MidiIn(client, QUEUE, api=self._api)
        port.ignore_types(midi_sysex=False, midi_time=False, midi_sense=True)
        return port

    def output(self, client: str) -> Any:
        return self._library.MidiOut(client, api=self._api)

    def names(self, port: Any) -> list[str | None]:
        return list(port.ports)

    def next(self, port: Any) -> Sequence[int] | None:
        found: Sequence[int] | None = port.get_message()
        return found

    def send(self, port: Any, data: bytes) -> None:
        port.send_raw(*data)

    def close(self, port: Any) -> None:
        port.close_port()


class Ports:
    """The open ports. The libraries could call what a message is for, too, but from a thread of the
    MIDI system's, for which opening and closing ports wait while they hold the lock that it needs.
    """

    def __init__(self, library: PythonRtmidi | Rtmidi2) -> None:
        self._library = library
        self._open: dict[int, Any] = {}
        self._inputs: set[int] = set()
        self._lock = threading.Lock()

    def do(self, word: str, *given: Any) -> Any:
        """Execute a command. Raises whatever the library does."""
        with self._lock:
            return getattr(self, f"_{word}")(*given)

    def pass_on(self) -> bool:
        """Print the messages that have come. Returns whether any have."""
        came = False
        with self._lock:
            for number in self._inputs:
                while (message := self._library.next(self._open[number])) is not None:
                    write_line(f"m {number} {bytes(message).hex()}")
                    came = True
        return came

    def _list(self) -> list[list[str]]:
        return [
            [name or "" for name in self._library.names(kind(CLIENT_NAME))]
            for kind in (self._library.input, self._library.output)
        ]

    def _in(self, name: str, own: bool) -> int:
        number = self._opened(self._library.input(_client(own)), name, own)
        self._inputs.add(number)
        return number

    def _out(self, name: str, own: bool) -> int:
        return self._opened(self._library.output(_client(own)), name, own)

    def _opened(self, port: Any, name: str, own: bool) -> int:
        if own:
            port.open_virtual_port(name)
        else:
            port.open_port(self._library.names(port).index(name))
        number = len(self._open) + 1
        self._open[number] = port
        return number

    def _close(self, number: int) -> None:
        port, self._open[number] = self._open[number], None
        self._inputs.discard(number)
        if port is not None:
            self._library.close(port)

    def _send(self, number: int, data: str) -> None:
        port = self._open[number]
        if port is not None:
            self._library.send(port, bytes.fromhex(data))


def _client(own: bool) -> str:
    return "RtMidi" if own else CLIENT_NAME


def _keep_looking(ports: Ports) -> None:
    played = -PLAYED
    while True:
        now = time.monotonic()
        with contextlib.suppress(Exception):  # the next message may be a better one
            if ports.pass_on():
                played = now
        time.sleep(LOOK if now - played < PLAYED else REST)


def main(package: str, api: str) -> None:
    for name in (
        "SIGINT",
        "SIGHUP",
        "SIGTERM",
    ):  # the show handles these; this process ends with its input
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if api == "UNIX_JACK":
        # rtmidi2's wheel carries the libjack of JACK 1.9.14, which a newer server does not speak
        # to. The system's, loaded first, takes its place.
        with contextlib.suppress(OSError):
            ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
    try:
        library = importlib.import_module(package)
        kind = Rtmidi2 if package == "rtmidi2" else PythonRtmidi
        ports = Ports(kind(library, getattr(library, f"API_{api}")))
        write_line("r 0 null")
    except (ImportError, AttributeError) as error:
        write_line(f"r 0 {json.dumps({'error': str(error)})}")
        return
    threading.Thread(target=_keep_looking, args=(ports,), daemon=True).start()
    for line in sys.stdin.buffer:
        number, _, text = line.decode("ascii").partition(" ")
        word, *given = json.loads(text)
        try:
            answer = ports.do(word, *given)
        except Exception as error:  # whatever the library raises is the answer
            answer = {"error": str(error) or type(error).__name__}
        if word != "send":
            write_line(f"r {number} {json.dumps(answer)}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
    os._exit(0)  # the library would wait for its ports
