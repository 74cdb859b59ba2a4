"""`learn SHOW PARAMETER`: listen, wait until a control is moved, and write the mapping into the
show file."""

from __future__ import annotations

import argparse
import contextlib
import queue
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from vj.control.midi.ports import MidiPorts
from vj.control.osc.network import datagram_socket
from vj.control.osc.packet import unpack
from vj.show.load import find_show, load_show
from vj.show.midi_controls import Control
from vj.show.save import add_mapping

LISTEN = 30.0
ENDED = 130
"""The exit code of what Ctrl-C ended."""
ENOUGH = 3
"""Messages of one control after which it is meant: a single one may be a fader that trembles."""


class LearnListener:
    """Hears controls until one is clearly moved."""

    def __init__(self) -> None:
        self.found: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        self._counts: dict[tuple[str, str], set[float]] = {}

    def on_midi(self, heard: Control, raw: float, device: str = "") -> None:
        if heard.kind == "cc14" and raw % 128 == 0:
            # every controller below 32 may be the upper half of one; this one may have no lower
            # half
            return
        seen = self._counts.setdefault((str(heard), device), set())
        seen.add(raw)
        pressed = heard.kind in ("note", "program") and raw > 0
        pedal = heard.kind == "cc" and 64 <= heard.number < 70 and raw > 0
        if pressed or pedal or len(seen) >= ENOUGH:
            halves = (heard.number, heard.number - 32)
            if heard.kind == "cc" and any(
                (str(Control("cc14", half, heard.channel)), device) in self._counts
                for half in halves
            ):
                return  # the coarse or the fine half of a control that is heard as a whole too
            found = {"midi": str(Control(heard.kind, heard.number))}
            self.found.put({**found, "device": device} if device else found)

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
        """A clock is no control."""

    def on_osc(self, address: str, arguments: tuple[Any, ...]) -> None:
        numbers = [float(a) for a in arguments if isinstance(a, int | float)]
        seen = self._counts.setdefault((address, "osc"), set())
        seen.update(numbers)
        if len(seen) >= ENOUGH or not numbers or set(numbers) == {1.0}:
            found: dict[str, Any] = {"osc": address}
            top = max([1.0, *numbers])
            self.found.put(found if top <= 1 else {**found, "in": [0, 127 if top <= 127 else top]})


def learn(arguments: Sequence[str], log: Callable[[str], None], seconds: float = LISTEN) -> int:
    """Returns 0, 1 when nothing was moved, or 130 when it was ended by Ctrl-C, SIGTERM or a
    terminal that was closed. Raises Fault."""
    made = argparse.ArgumentParser(
        prog="launch.py learn",
        description="Move a control; its mapping is written into the show file.",
    )
    made.add_argument("show", metavar="SHOW", help="a show file")
    made.add_argument(
        "to", metavar="PARAMETER", help="a parameter or a macro of the show, for example strength"
    )
    options = made.parse_args(arguments)
    path = find_show(options.show)
    show = load_show(path)
    if options.to not in show.macros:
        row = show.table().find(options.to)
        options.to = row.name
    try:
        with _signals():
            found = _hear(show.osc.listen, options.to, log, seconds)
    except KeyboardInterrupt:
        log("nothing is written")
        return ENDED
    if found is None:
        log("nothing was moved; nothing is written")
        return 1
    log(add_mapping(Path(path), {**found, "to": options.to}))
    return 0


def _hear(
    address: str, target: str, log: Callable[[str], None], seconds: float
) -> dict[str, Any] | None:
    ear = LearnListener()
    midi = MidiPorts(ear, now=time.monotonic, log=log)
    heard = _osc_socket(address, log)
    try:
        midi.start()
        log(f"move the control for {target} (Ctrl-C ends) ...")
        return _wait(ear, heard, seconds)
    finally:
        midi.stop()
        if heard is not None:
            heard.close()


@contextlib.contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and a terminal that is closed end it as Ctrl-C does."""

    def end(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    before: dict[int, Any] = {}
    ends: list[int] = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    if threading.current_thread() is threading.main_thread():
        for number in ends:
            before[number] = signal.signal(number, end)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _osc_socket(address: str, log: Callable[[str], None]) -> socket.socket | None:
    from vj.show.schema import parse_address

    try:
        made = datagram_socket(*parse_address(address))
    except OSError as error:
        log(
            f"OSC {address} cannot be heard ({error.strerror}); is the show playing? Only MIDI is "
            "listened to"
        )
        return None
    made.settimeout(0.05)
    return made


def _wait(ear: LearnListener, heard: socket.socket | None, seconds: float) -> dict[str, Any] | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if heard is not None:
            try:
                for message in unpack(heard.recv(65536)).messages:
                    ear.on_osc(message.address, message.arguments)
            except OSError:
                pass  # nothing came; or, on Windows, an answer that nobody took
        try:
            return ear.found.get(timeout=0.01 if heard is not None else 0.1)
        except queue.Empty:
            continue
    return None
