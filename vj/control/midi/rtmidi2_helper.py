"""The process in which rtmidi2 runs, `python -I rtmidi2_helper.py API`. It imports nothing of vj;
vj/control/midi/rtmidi2.py starts it.

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
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from typing import Any

_writing = threading.Lock()
CLIENT_NAME = "vj-midi"
"""The name of our own ports, which other programs see and vj ignores."""


def write_line(line: str) -> None:
    """Write a line atomically, from any thread."""
    with _writing, contextlib.suppress(OSError):  # the parent process has ended
        os.write(1, (line + "\n").encode("ascii"))


class Ports:
    """The open ports."""

    def __init__(self, library: Any, api: int) -> None:
        self._library, self._api = library, api
        self._open: dict[int, Any] = {}

    def do(self, word: str, *given: Any) -> Any:
        """Execute a command. Raises whatever the library does."""
        return getattr(self, f"_{word}")(*given)

    def _list(self) -> list[list[str]]:
        return [
            [name or "" for name in kind(CLIENT_NAME, api=self._api).ports]
            for kind in (self._library.MidiIn, self._library.MidiOut)
        ]

    def _in(self, name: str, own: bool) -> int:
        number = len(self._open) + 1
        port = self._library.MidiIn(_client(own), api=self._api)
        port.ignore_types(midi_sysex=False, midi_time=False, midi_sense=True)
        port.callback = _callback(number)
        return self._opened(number, port, name, own)

    def _out(self, name: str, own: bool) -> int:
        return self._opened(
            len(self._open) + 1, self._library.MidiOut(_client(own), api=self._api), name, own
        )

    def _opened(self, number: int, port: Any, name: str, own: bool) -> int:
        if own:
            port.open_virtual_port(name)
        else:
            port.open_port(port.ports.index(name))
        self._open[number] = port
        return number

    def _close(self, number: int) -> None:
        port, self._open[number] = self._open[number], None
        if port is not None:
            port.close_port()

    def _send(self, number: int, data: str) -> None:
        port = self._open[number]
        if port is not None:
            port.send_raw(*bytes.fromhex(data))


def _client(own: bool) -> str:
    return "RtMidi" if own else CLIENT_NAME


def _callback(number: int) -> Callable[[Sequence[int], float], None]:
    def on_message(message: Sequence[int], _time: float) -> None:
        write_line(f"m {number} {bytes(message).hex()}")

    return on_message


def main(api: str) -> None:
    for name in (
        "SIGINT",
        "SIGHUP",
        "SIGTERM",
    ):  # the show handles these; this process ends with its input
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    if api == "UNIX_JACK":
        # The wheel carries the libjack of JACK 1.9.14, which a newer server does not speak to. The
        # system's, loaded first, takes its place.
        with contextlib.suppress(OSError):
            ctypes.CDLL("libjack.so.0", mode=ctypes.RTLD_GLOBAL)
    try:
        import rtmidi2

        ports = Ports(rtmidi2, getattr(rtmidi2, f"API_{api}"))
        write_line("r 0 null")
    except (ImportError, AttributeError) as error:
        write_line(f"r 0 {json.dumps({'error': str(error)})}")
        return
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
    main(sys.argv[1])
    os._exit(0)  # the library would wait for its ports
