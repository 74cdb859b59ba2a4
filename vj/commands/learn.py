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
from typing import Any

from vj.control.dmx.receiver import DmxReceiver
from vj.control.gamepads import Gamepads, no_pads_here
from vj.control.hid_devices import HidDevices
from vj.control.learning import LearnListener
from vj.control.midi.ports import MidiPorts
from vj.control.osc.network import datagram_socket
from vj.control.osc.packet import unpack
from vj.control.pads import Pads
from vj.core.errors import Fault
from vj.core.supervisor import Supervisor
from vj.parameters.table import Parameter
from vj.show.dmx_section import DmxRule
from vj.show.load import find_show, load_show
from vj.show.own_shows import copies, how_to_play, is_shipped, writable
from vj.show.save import add_mapping
from vj.show.schema import Show

LISTEN = 30.0
ENDED = 130
"""The exit code of what Ctrl-C ended."""


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
    if is_shipped(path):
        path = next(iter(copies(path)), path)
    show = load_show(path)
    row = None
    if options.to not in show.macros:
        row = show.table().find(options.to)
        options.to = row.name
    try:
        with _signals():
            found = _listen(show, options.to, row, log, seconds)
    except KeyboardInterrupt:
        log("nothing is written")
        return ENDED
    if found is None:
        log("nothing was moved; nothing is written")
        return 1
    path, remark = writable(path)
    if remark:
        log(f"{remark}; to play it: {how_to_play(path)}")
    log(add_mapping(path, {**found, "to": options.to}))
    return 0


def _listen(
    show: Show,
    target: str,
    row: Parameter | None,
    log: Callable[[str], None],
    seconds: float,
) -> dict[str, Any] | None:
    listener = LearnListener(row)
    midi = MidiPorts(listener, now=time.monotonic, log=log)
    osc = _osc_socket(show.osc.listen, log)
    others = contextlib.ExitStack()
    try:
        midi.start()
        _other_devices(listener, show.dmx, others, log)
        log(f"move the control for {target} (Ctrl-C ends) ...")
        return _wait(listener, osc, seconds)
    finally:
        others.close()
        midi.stop()
        if osc is not None:
            osc.close()


def _other_devices(
    listener: LearnListener,
    dmx: DmxRule,
    closing: contextlib.ExitStack,
    log: Callable[[str], None],
) -> None:
    """Lighting desks; gamepads and HID devices, where their libraries are."""
    supervisor = Supervisor(log)
    desks = DmxReceiver(lambda control, raw: None, listener.on_midi, log, supervisor)
    closing.callback(desks.stop)
    desks.want(dmx, (), learning=True)
    with contextlib.suppress(Fault):
        if not no_pads_here():
            pads = Gamepads(Pads(listener.on_midi), log, supervisor)
            closing.callback(pads.stop)
    with contextlib.suppress(Fault):
        hid = HidDevices(lambda control, raw, device: None, listener.on_midi, log, supervisor)
        closing.callback(hid.stop)
        hid.want((), everything=True)


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
            f"OSC {address} cannot be bound ({error.strerror}); is the show playing? Only MIDI is "
            "listened to"
        )
        return None
    made.settimeout(0.05)
    return made


def _wait(
    listener: LearnListener, osc: socket.socket | None, seconds: float
) -> dict[str, Any] | None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if osc is not None:
            try:
                for message in unpack(osc.recv(65536)).messages:
                    listener.on_osc(message.address, message.arguments)
            except OSError:
                pass  # nothing came; or, on Windows, an earlier answer was not received
        try:
            return listener.found.get(timeout=0.01 if osc is not None else 0.1)
        except queue.Empty:
            continue
    return None
