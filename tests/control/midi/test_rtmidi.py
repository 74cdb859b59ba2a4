"""MIDI's library in a process of its own: when that ends or stands still, the show goes on and the
ports come back.

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

from tests.waiting import PATIENCE, until
from vj.control.midi import ports as midi_ports
from vj.control.midi import rtmidi as midi_rtmidi
from vj.control.midi import rtmidi_helper as midi_helper
from vj.control.midi.ports import MidiPorts


@pytest.fixture(params=["rtmidi", "rtmidi2"])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    monkeypatch.setattr(midi_rtmidi, "LIBRARIES", (request.param,))


@pytest.fixture(autouse=True)
def own_helpers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Whatever a test starts ends with it."""
    mine: dict[str, midi_rtmidi.Helper] = {}
    monkeypatch.setattr(midi_rtmidi, "_helpers", mine)
    monkeypatch.setattr(midi_rtmidi, "TIMEOUT", PATIENCE)  # a busy machine stands still, too
    yield
    for helper in mine.values():
        helper.end()


def test_a_port_that_ends_the_librarys_process_is_an_answer_not_the_end_of_the_show(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if importlib.util.find_spec("rtmidi2") is None:
        pytest.skip("rtmidi2 is not installed")
    monkeypatch.setattr(midi_rtmidi, "LIBRARIES", ("rtmidi2",))
    monkeypatch.setenv("JACK_DEFAULT_SERVER", "vj-no-such-server")
    monkeypatch.setenv("JACK_NO_START_SERVER", "1")
    with pytest.raises(OSError, match=r"MIDI port 'x': the MIDI library has ended"):
        midi_rtmidi.Output("x", virtual=True, api="UNIX_JACK")
    first = midi_rtmidi._helpers["UNIX_JACK"]
    until(lambda: first.gone)
    midi_rtmidi.get_devices("UNIX_JACK")
    assert midi_rtmidi._helpers["UNIX_JACK"] is not first


@pytest.mark.usefixtures("library")
def test_an_interface_that_is_not_there_is_named() -> None:
    with pytest.raises(ImportError, match="API_CARRIER_PIGEON"):
        midi_rtmidi.get_devices("CARRIER_PIGEON")


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
    monkeypatch.setattr(midi_rtmidi, "HELPER", tmp_path / "helper.py")


@pytest.mark.usefixtures("stand_in")
def test_messages_arrive_in_order_and_a_callback_that_raises_stays_registered(
    capsys: pytest.CaptureFixture[str],
) -> None:
    heard: list[int] = []

    def hear(message: mido.Message) -> None:
        heard.append(message.value)
        if message.value == 3:
            raise ValueError("no mapping thought of this")

    port = midi_rtmidi.Input("BOX 20:0", callback=hear)
    out = midi_rtmidi.Output("BOX 20:0")
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
    out = midi_rtmidi.Output("BOX 20:0")
    (first,) = midi_rtmidi._helpers.values()
    out.send(control(0, 3))
    out.close()
    assert out.closed
    assert first.gone
    again = midi_rtmidi.Output("BOX 20:0")
    assert not again.closed, "another process has begun"


@pytest.mark.usefixtures("stand_in")
def test_a_library_that_stands_still_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    out = midi_rtmidi.Output("BOX 20:0")
    monkeypatch.setattr(midi_rtmidi, "TIMEOUT", 0.1)
    out.send(control(0, 2))
    with pytest.raises(OSError, match="does not answer"):
        midi_rtmidi.get_devices()
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
    backend = mido.Backend("vj.control.midi.rtmidi", load=True)
    ports = MidiPorts(listener, now=time.monotonic, log=messages.append, backend=lambda: backend)
    ports.start()
    try:
        until(lambda: ports.devices == ["BOX"])
        midi_rtmidi.Output("BOX 20:0").send(control(0, 1))
        until(lambda: [line for line in messages if "plays" in line] == ["MIDI BOX plays"] * 2)
        assert any("has gone" in line for line in messages)
        midi_rtmidi.Output("BOX 20:0").send(control(70, 99))
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


class Drawn:
    """A port of either library, as far as the helper calls it; keeps what is done."""

    ports = ("A", "B 20:0")

    def __init__(self, *given: Any, api: int | None = None) -> None:
        self.done: list[Any] = [(*given, api)]
        self.waiting: list[Any] = []
        DRAWN.append(self)

    def ignore_types(self, **kinds: bool) -> None:
        self.done.append(sorted(kind for kind, ignored in kinds.items() if ignored))

    def get_ports(self) -> tuple[str, ...]:
        return self.ports

    def open_port(self, index: int) -> None:
        self.done.append(index)

    def open_virtual_port(self, name: str) -> None:
        self.done.append(name)

    def send_raw(self, *data: int) -> None:
        self.done.append(data)

    def send_message(self, data: bytes) -> None:
        self.done.append(tuple(data))

    def get_message(self) -> Any:
        return self.waiting.pop(0) if self.waiting else None

    def close_port(self) -> None:
        self.done.append("closed")

    def delete(self) -> None: ...


DRAWN: list[Drawn] = []


@pytest.mark.parametrize(
    ("kind", "made", "ignored", "message"),
    [
        (midi_helper.PythonRtmidi, (3, "vj-midi"), "active_sense", ([0xB0, 7, 9], 0.5)),
        (midi_helper.Rtmidi2, ("vj-midi", 3), "midi_sense", [0xB0, 7, 9]),
    ],
)
def test_the_helper_opens_what_is_named_and_passes_bytes_on(
    monkeypatch: pytest.MonkeyPatch,
    kind: type[midi_helper.Rtmidi2],
    made: tuple[Any, ...],
    ignored: str,
    message: Any,
) -> None:
    messages: list[str] = []
    monkeypatch.setattr(midi_helper, "write_line", messages.append)
    ports = midi_helper.Ports(kind(SimpleNamespace(MidiIn=Drawn, MidiOut=Drawn), 3))
    assert ports.do("list") == [["A", "B 20:0"]] * 2
    assert ports.do("in", "B 20:0", False) == 1
    port = DRAWN[-1]
    assert {word for word in port.done[0] if word} >= {*made, midi_helper.QUEUE}
    assert port.done[1:] == [[ignored], 1]
    port.waiting += [message, message]
    assert ports.pass_on()
    assert messages == ["m 1 b00709"] * 2
    assert not ports.pass_on()
    assert ports.do("out", "mine", True) == 2
    ports.do("send", 2, "903c40")
    assert DRAWN[-1].done[1:] == ["mine", (0x90, 60, 64)]
    ports.do("close", 2)
    ports.do("close", 2)
    ports.do("send", 2, "f8")
    assert DRAWN[-1].done[3:] == ["closed"]
    ports.do("close", 1)
    port.waiting.append(message)
    assert not ports.pass_on(), "nothing comes of a port that is closed"
    with pytest.raises(ValueError, match=r"not in (tuple|list)"):
        ports.do("in", "C", False)


@pytest.mark.parametrize(
    ("installed", "taken"),
    [(("rtmidi", "rtmidi2"), "rtmidi"), (("rtmidi2",), "rtmidi2"), ((), None)],
)
def test_midi_is_played_by_the_library_that_is_installed(
    monkeypatch: pytest.MonkeyPatch, installed: tuple[str, ...], taken: str | None
) -> None:
    monkeypatch.delenv("MIDO_BACKEND", raising=False)
    monkeypatch.setattr(
        midi_rtmidi.importlib.util, "find_spec", lambda name: name if name in installed else None
    )
    monkeypatch.setattr(mido.Backend, "load", lambda self: None)
    assert midi_rtmidi.library() == taken
    if taken:
        assert midi_ports.make_backend().name == "vj.control.midi.rtmidi"
    else:
        with pytest.raises(ImportError, match=r"launch\.py add midi"):
            midi_ports.make_backend()
