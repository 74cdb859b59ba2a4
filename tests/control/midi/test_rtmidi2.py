"""MIDI by rtmidi2, in a process of its own: when that ends or stands still, the show goes on and
the ports come back.

tests/control/midi/test_midi.py plays it through real JACK ports.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import mido
import pytest

from tests.waiting import until
from vj.control.midi import ports as midi_ports
from vj.control.midi import rtmidi2 as midi_rtmidi2
from vj.control.midi import rtmidi2_helper as midi_helper
from vj.control.midi.ports import MidiPorts

needs_rtmidi2 = pytest.mark.skipif(
    importlib.util.find_spec("rtmidi2") is None, reason="rtmidi2 is not installed"
)


@pytest.fixture(autouse=True)
def own_helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test starts ends with it."""
    mine: dict[str, midi_rtmidi2.Helper] = {}
    monkeypatch.setattr(midi_rtmidi2, "_helpers", mine)
    yield
    for helper in mine.values():
        helper.end()


@needs_rtmidi2
def test_a_port_that_ends_the_librarys_process_is_an_answer_not_the_end_of_the_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "vj-no-such-server")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    with pytest.raises(OSError, match=r"MIDI port 'x': the MIDI library has ended"):
        midi_rtmidi2.Output("x", virtual=True, api="UNIX_JACK")
    first = midi_rtmidi2._helpers["UNIX_JACK"]
    until(lambda: first.gone)
    midi_rtmidi2.get_devices("UNIX_JACK")
    assert midi_rtmidi2._helpers["UNIX_JACK"] is not first


@needs_rtmidi2
def test_an_interface_that_is_not_there_is_named() -> None:
    with pytest.raises(ImportError, match="API_CARRIER_PIGEON"):
        midi_rtmidi2.get_devices("CARRIER_PIGEON")


STAND_IN = """
import json, sys, time
def tell(line): sys.stdout.write(line + chr(10)); sys.stdout.flush()
tell("r 0 null")
ending = False
for line in sys.stdin:
    number, _, text = line.partition(" ")
    word, *given = json.loads(text)
    if word == "list": tell(f"r {number} " + json.dumps([["BOX 20:0"], ["BOX 20:0"]]))
    if word == "in": tell(f"r {number} 1")
    if word == "out": tell(f"r {number} 2")
    if word == "send":
        data = given[1]
        if data == "b00001": sys.exit(1)
        if data == "b00002": time.sleep(60)
        tell("m 1 " + data); tell("m 9 f8"); tell("m 1 zz"[:3] + " 1 07")
        if data == "b00003": ending = True
    if word == "close": sys.exit(1) if ending else tell(f"r {number} null")
"""
"""Echoes what is sent; controller 0 at 1 ends it, at 2 it stands still, at 3 closing ends it."""


def control(number: int, value: int) -> mido.Message:
    return mido.Message("control_change", control=number, value=value)


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "helper.py").write_text(STAND_IN)
    monkeypatch.setattr(midi_rtmidi2, "HELPER", tmp_path / "helper.py")


@pytest.mark.usefixtures("stand_in")
def test_messages_arrive_in_order_and_a_callback_that_raises_stays_registered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard: list[int] = []

    def hear(message: mido.Message) -> None:
        heard.append(message.value)
        if message.value == 3:
            raise ValueError("no mapping thought of this")

    port = midi_rtmidi2.Input("BOX 20:0", callback=hear)
    out = midi_rtmidi2.Output("BOX 20:0")
    for value in range(50):
        out.send(control(7, value))
    until(lambda: len(heard) == 50)
    assert heard == list(range(50))
    assert "no mapping thought of this" in capsys.readouterr().err
    port.close()
    port.close()
    out.close()
    with pytest.raises(OSError, match="closed"):
        out.send(control(7, 1))


@pytest.mark.usefixtures("stand_in")
def test_a_library_that_ends_while_a_port_is_closed_has_closed_it() -> None:
    """JACK's does, now and then."""
    out = midi_rtmidi2.Output("BOX 20:0")
    (first,) = midi_rtmidi2._helpers.values()
    out.send(control(0, 3))
    out.close()
    assert out.closed
    assert first.gone
    again = midi_rtmidi2.Output("BOX 20:0")
    assert not again.closed, "another process has begun"


@pytest.mark.usefixtures("stand_in")
def test_a_library_that_stands_still_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi_rtmidi2, "TIMEOUT", 1.0)
    out = midi_rtmidi2.Output("BOX 20:0")
    monkeypatch.setattr(midi_rtmidi2, "TIMEOUT", 0.1)
    out.send(control(0, 2))
    with pytest.raises(OSError, match="does not answer"):
        midi_rtmidi2.get_devices()
    until(lambda: out.closed)


@pytest.mark.usefixtures("stand_in")
def test_devices_come_back_when_the_librarys_process_has_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(midi_ports, "SCAN_PERIOD", 0.05)
    messages: list[str] = []
    heard: list[float] = []
    listener = SimpleNamespace(
        on_midi=lambda control, raw, device: heard.append(raw), on_clock=lambda *given: None
    )
    backend = mido.Backend("vj.control.midi.rtmidi2", load=True)
    ports = MidiPorts(listener, now=time.monotonic, log=messages.append, backend=lambda: backend)
    ports.start()
    try:
        until(lambda: ports.devices == ["BOX"])
        midi_rtmidi2.Output("BOX 20:0").send(control(0, 1))
        until(lambda: [line for line in messages if "plays" in line] == ["MIDI BOX plays"] * 2)
        assert any("has gone" in line for line in messages)
        midi_rtmidi2.Output("BOX 20:0").send(control(70, 99))
        until(lambda: heard == [99])
    finally:
        ports.stop()


def test_a_library_that_ends_while_ports_are_listed_is_asked_again_soon(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """And not taken for a machine without MIDI, which is looked at once a minute."""
    monkeypatch.setattr(midi_ports, "SCAN_PERIOD", 0.05)
    messages: list[str] = []
    listed: list[bool] = []

    def names() -> list[str]:
        listed.append(len(listed) != 1)
        if not listed[-1]:
            raise OSError("the MIDI library has ended; it is started again")
        return ["BOX 20:0"]

    def opened(name: str, callback: object) -> object:
        return SimpleNamespace(closed=False, close=lambda: None)

    backend = SimpleNamespace(get_input_names=names, open_input=opened)
    listener = SimpleNamespace(on_midi=lambda *given: None, on_clock=lambda *given: None)
    ports = MidiPorts(listener, now=time.monotonic, log=messages.append, backend=lambda: backend)
    ports.start()
    try:
        until(lambda: len(listed) > 3, seconds=20)
        assert ports.devices == ["BOX"]
        assert len([line for line in messages if "has ended" in line]) == 1
        assert not [line for line in messages if "not to be had" in line]
    finally:
        ports.stop()


def test_the_helper_opens_what_is_named_and_passes_bytes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages: list[str] = []
    done: list[Any] = []
    monkeypatch.setattr(midi_helper, "write_line", messages.append)

    class Made:
        ports = ("A", "B 20:0")

        def __init__(self, client: str, api: int) -> None:
            self.client, self.api, self.callback = client, api, None
            done.append(self)

        def ignore_types(self, **kinds: bool) -> None:
            done.append(sorted(kind for kind, ignored in kinds.items() if ignored))

        def open_port(self, index: int) -> None:
            done.append((self.client, index))

        def open_virtual_port(self, name: str) -> None:
            done.append((self.client, name))

        def send_raw(self, *data: int) -> None:
            done.append(data)

        def close_port(self) -> None:
            done.append("closed")

    ports = midi_helper.Ports(SimpleNamespace(MidiIn=Made, MidiOut=Made), 3)
    assert ports.do("list") == [["A", "B 20:0"]] * 2
    assert ports.do("in", "B 20:0", False) == 1
    assert done[-2:] == [["midi_sense"], ("vj-midi", 1)]
    made = next(each for each in reversed(done) if isinstance(each, Made))
    made.callback([0xB0, 7, 9], 0.0)
    assert messages == ["m 1 b00709"]
    assert ports.do("out", "mine", True) == 2
    ports.do("send", 2, "903c40")
    assert done[-2:] == [("RtMidi", "mine"), (0x90, 60, 64)]
    ports.do("close", 2)
    ports.do("close", 2)
    ports.do("send", 2, "f8")
    assert done[-1] == "closed"
    with pytest.raises(ValueError, match="not in tuple"):
        ports.do("in", "C", False)


@pytest.mark.parametrize(
    ("installed", "taken"),
    [
        (("rtmidi", "rtmidi2"), "mido.backends.rtmidi"),
        (("rtmidi2",), "vj.control.midi.rtmidi2"),
        ((), ""),
    ],
)
def test_midi_is_played_by_the_library_that_is_installed(
    monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], taken: str
) -> None:
    monkeypatch.delenv("MIDO_BACKEND", raising=False)
    monkeypatch.setattr(
        midi_ports.importlib.util, "find_spec", lambda name: name if name in installed else None
    )
    monkeypatch.setattr(mido.Backend, "load", lambda self: None)
    if taken:
        assert midi_ports.make_backend().name == taken
    else:
        with pytest.raises(ImportError, match=r"launch\.py add midi"):
            midi_ports.make_backend()
