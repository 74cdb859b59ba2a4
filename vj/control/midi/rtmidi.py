"""A mido backend on python-rtmidi, or on rtmidi2 for Pythons (3.13 and newer) without builds of it.

Both call Python from threads of the MIDI system's, and hold Python's lock while they close a port:
a message that comes just then stands the interpreter still for good. rtmidi2 1.5.0 also ends its
process when a port does not open (uncaught C++ exceptions). So the library runs in a process of its
own, rtmidi_helper.py: when that ends or does not answer, its ports count as unplugged, and the next
scan starts another.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import queue
import subprocess
import sys
import threading
import traceback
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mido import Message

HELPER = Path(__file__).with_name("rtmidi_helper.py")
LIBRARIES = ("rtmidi", "rtmidi2")
"""The packages of python-rtmidi and rtmidi2; the first one installed is used."""
TIMEOUT = 4.0
"""Seconds until a request times out."""
START = 30.0
"""The same for the start of the process, which a cold disk or a busy machine holds up: a library
that has not begun counts as a machine without MIDI, which is looked at once a minute."""
DEFAULT_API = {"win32": "WINDOWS_MM", "darwin": "MACOSX_CORE"}
"""The system's own MIDI; ALSA elsewhere."""


def library() -> str | None:
    """The package that is used; None where none is installed."""
    return next((name for name in LIBRARIES if importlib.util.find_spec(name)), None)


class Helper:
    """The helper process for one of RtMidi's interfaces."""

    def __init__(self, api: str) -> None:
        """Raises ImportError without a library."""
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(HELPER), library() or LIBRARIES[0], api],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
        )
        self._numbers = itertools.count(1)
        self._answers: dict[int, queue.SimpleQueue[Any]] = {0: queue.SimpleQueue()}
        self._callbacks: dict[int, Callable[[Message], None]] = {}
        self._lock = threading.Lock()
        self.gone = False
        threading.Thread(target=self._read, name="midi helper", daemon=True).start()
        try:
            self._answer(0, START)
        except OSError as error:
            raise ImportError(str(error)) from None

    def request(self, *words: Any) -> Any:
        """Send a command and wait for the answer. Raises OSError: an error of the library, or the
        process has ended or does not answer."""
        number = next(self._numbers)
        self._answers[number] = queue.SimpleQueue()
        self._write(number, words)
        return self._answer(number, TIMEOUT)

    def send(self, port: int, data: bytes) -> None:
        """Raises OSError when the process has ended."""
        self._write(0, ("send", port, data.hex()))

    def listen(self, port: int, callback: Callable[[Message], None]) -> None:
        """Call `callback` with every message of a port, on the helper's thread."""
        self._callbacks[port] = callback

    def end(self) -> None:
        """Kill the process; the system closes its ports."""
        self.gone = True
        self._process.kill()

    def _write(self, number: int, words: tuple[Any, ...]) -> None:
        assert self._process.stdin is not None
        with self._lock:
            if self.gone:
                raise OSError("the MIDI library has ended; it is started again")
            try:
                self._process.stdin.write(f"{number} {json.dumps(words)}\n".encode("ascii"))
            except BrokenPipeError:  # it is not known yet
                self.gone = True
                raise OSError("the MIDI library has ended; it is started again") from None

    def _answer(self, number: int, seconds: float) -> Any:
        try:
            answer = self._answers[number].get(timeout=seconds)
        except queue.Empty:
            self.end()
            raise OSError("the MIDI library does not answer; it is started again") from None
        finally:
            self._answers.pop(number, None)
        if isinstance(answer, dict):
            raise OSError(answer["error"])
        return answer

    def _read(self) -> None:
        """Read its output until the process ends."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, _, rest = line.decode("ascii").partition(" ")
            number, _, text = rest.partition(" ")
            if kind == "r":
                if answers := self._answers.get(int(number)):
                    answers.put(json.loads(text))
            elif callback := self._callbacks.get(int(number)):
                try:
                    message = Message.from_bytes(bytes.fromhex(text))
                except ValueError:  # no valid message: some devices send such
                    continue
                try:
                    callback(message)
                except Exception:  # as python-rtmidi does: print it, and go on
                    traceback.print_exc()
        self.gone = True
        for answers in list(self._answers.values()):
            answers.put({"error": "the MIDI library has ended; it is started again"})
        self._process.wait()


_helpers: dict[str, Helper] = {}
_starting = threading.Lock()


def _helper(api: str | None) -> Helper:
    """The running helper, or a new one. Raises ImportError."""
    name = api or DEFAULT_API.get(sys.platform, "LINUX_ALSA")
    with _starting:
        if name not in _helpers or _helpers[name].gone:
            _helpers[name] = Helper(name)
        return _helpers[name]


def get_devices(api: str | None = None) -> list[dict[str, Any]]:
    """All ports, as mido wants them. Raises ImportError without the library, OSError on a machine
    without MIDI."""
    inputs, outputs = _helper(api).request("list")
    return [
        {"name": name, "is_input": name in inputs, "is_output": name in outputs}
        for name in dict.fromkeys([*inputs, *outputs])
    ]


class Port:
    """Common base of inputs and outputs."""

    def __init__(self, kind: str, name: str, virtual: bool, api: str | None) -> None:
        self.name, self._helper = name, _helper(api)
        try:
            self._number = int(self._helper.request(kind, name, virtual))
        except OSError as error:
            raise OSError(f"MIDI port {name!r}: {error}") from None
        self._shut = False

    @property
    def closed(self) -> bool:
        """True also when the helper process has ended."""
        return self._shut or self._helper.gone

    def close(self) -> None:
        """May be called twice. A helper that hangs while closing is killed; that, or one that ends
        while closing, closes the port as well. Raises OSError: an error of the library."""
        if self.closed:
            return
        self._shut = True
        try:
            self._helper.request("close", self._number)
        except OSError:
            if not self._helper.gone:
                raise


class Input(Port):
    """An input port: mido messages go to the callback, on a thread of its own, or else to
    `iter_pending`."""

    def __init__(
        self,
        name: str,
        *,
        callback: Callable[[Message], None] | None = None,
        virtual: bool = False,
        api: str | None = None,
        **_: Any,
    ) -> None:
        """Raises ImportError, OSError."""
        super().__init__("in", name, virtual, api)
        self._waiting: deque[Message] = deque(maxlen=10_000)
        self._helper.listen(self._number, callback or self._waiting.append)

    def iter_pending(self) -> Iterator[Message]:
        """The messages since the last call."""
        while self._waiting:
            yield self._waiting.popleft()


class Output(Port):
    """An output port."""

    def __init__(
        self, name: str, *, virtual: bool = False, api: str | None = None, **_: Any
    ) -> None:
        """Raises ImportError, OSError."""
        super().__init__("out", name, virtual, api)

    def send(self, message: Message) -> None:
        """Raises OSError when the port is closed, or the library has ended."""
        if self.closed:
            raise OSError(f"MIDI port {self.name!r} is closed")
        self._helper.send(self._number, bytes(message.bytes()))
