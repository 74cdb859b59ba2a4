"""MIDI by pylibremidi: which of a system's interfaces is taken, what ports are called, and what happens when one does not open.

tests/test_midi.py plays it through real JACK ports; here a stand-in is ALSA, Windows and macOS.
"""

from __future__ import annotations

import enum
import sys
import time
from types import SimpleNamespace
from typing import Any

import mido
import pytest

from vj.control import midi_libremidi, midi_ports


class API(enum.Enum):
    ALSA_SEQ, ALSA_RAW, COREMIDI, WINDOWS_MM, WINDOWS_UWP, JACK_MIDI = range(6)


class Library:
    """Like pylibremidi. `there`: the ports that are plugged in. `failure`: what the next opening answers, "" for success."""

    API = API
    InputConfiguration = OutputConfiguration = ObserverConfiguration = SimpleNamespace

    def __init__(self, *interfaces: API, there: tuple[Any, ...] = ()) -> None:
        self.interfaces, self.there, self.failure = interfaces, there, ""
        self.opened: list[Any] = []
        self.sent: list[list[int]] = []
        self.waiting: list[list[int]] = []

    def available_apis(self) -> list[API]:
        return list(self.interfaces)

    def Observer(self, wanted: Any, interface: API) -> Any:
        return SimpleNamespace(
            get_input_ports=lambda: self.there, get_output_ports=lambda: self.there
        )

    def MidiIn(self, wanted: Any, interface: API) -> Any:
        def poll() -> None:
            while self.waiting:
                wanted.on_raw_data(self.waiting.pop(0), 0)

        return SimpleNamespace(
            open_port=self.open, close_port=lambda: self.opened.clear(), poll=poll
        )

    def MidiOut(self, wanted: Any, interface: API) -> Any:
        return SimpleNamespace(
            open_port=self.open,
            close_port=lambda: self.opened.clear(),
            send_message=lambda data: self.failure or self.sent.append(data),
        )

    def open(self, port: Any, own: str) -> str:
        self.opened.append((port, own))
        return self.failure


def alsa(client: int, number: int = 0) -> Any:
    return SimpleNamespace(
        device_name="APC mini",
        port_name="APC mini MIDI 1",
        display_name="",
        port=client + (number << 32),
    )


def windows(index: int) -> Any:
    return SimpleNamespace(port_name="MIDImix", display_name="MIDImix", device_name="", port=index)


def plugged(
    monkeypatch: pytest.MonkeyPatch, platform: str, *interfaces: API, there: tuple[Any, ...]
) -> Library:
    library = Library(*interfaces, there=there)
    monkeypatch.setitem(sys.modules, "pylibremidi", library)
    monkeypatch.setattr(midi_libremidi.sys, "platform", platform)
    return library


def names(api: str | None = None) -> list[str]:
    return [str(device["name"]) for device in midi_libremidi.get_devices(api)]


@pytest.mark.parametrize(
    ("platform", "interfaces", "there", "called"),
    [
        (
            "linux",
            (API.ALSA_RAW, API.ALSA_SEQ),
            (alsa(24), alsa(28)),
            ["APC mini:APC mini MIDI 1 24:0", "APC mini:APC mini MIDI 1 28:0"],
        ),
        ("win32", (API.WINDOWS_MM,), (windows(0), windows(1)), ["MIDImix 0", "MIDImix 1"]),
        (
            "win32",
            (API.WINDOWS_MM, API.WINDOWS_UWP),
            (windows(0), windows(1)),
            ["MIDImix", "MIDImix 2"],
        ),
        (
            "darwin",
            (API.COREMIDI,),
            (windows(7), windows(9), windows(8)),
            ["MIDImix", "MIDImix 2", "MIDImix 3"],
        ),
    ],
)
def test_two_devices_of_one_name_have_two_names_and_one_that_mappings_know(
    monkeypatch: pytest.MonkeyPatch,
    platform: str,
    interfaces: tuple[API, ...],
    there: tuple[Any, ...],
    called: list[str],
) -> None:
    plugged(monkeypatch, platform, *interfaces, there=there)
    assert names() == called
    assert len({midi_ports.plain_name(name) for name in called}) == 1


def test_each_of_two_alike_is_opened_by_its_own_name(monkeypatch: pytest.MonkeyPatch) -> None:
    library = plugged(monkeypatch, "linux", API.ALSA_SEQ, there=(alsa(24), alsa(28, 1)))
    midi_libremidi.Input("APC mini:APC mini MIDI 1 28:1")
    assert library.opened[0][0].port == alsa(28, 1).port
    assert "vj-" in library.opened[0][1], "what vj itself opens is not taken for a device"


def test_a_machine_without_a_sequencer_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    plugged(monkeypatch, "linux", API.ALSA_RAW, API.JACK_MIDI, there=())
    with pytest.raises(OSError, match="modprobe snd-seq"):
        names()
    with pytest.raises(OSError, match="no MIDI by WINDOWS_MM here; there is ALSA_RAW, JACK_MIDI"):
        names("WINDOWS_MM")


def test_a_port_that_another_program_holds_is_an_answer_not_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = plugged(monkeypatch, "win32", API.WINDOWS_UWP, there=(windows(0),))
    library.failure = "Device or resource busy"
    for kind in (midi_libremidi.Input, midi_libremidi.Output):
        with pytest.raises(OSError, match=r"MIDImix.*busy"):
            kind("MIDImix")
        with pytest.raises(OSError, match=r"no MIDI port 'MIDImax'; there is MIDImix"):
            kind("MIDImax")


def test_messages_come_whole_and_in_order_however_they_are_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    library = plugged(monkeypatch, "darwin", API.COREMIDI, there=(windows(0),))
    library.waiting = [[0xB0, 7, 1, 0xB0, 7], [2], [0xF0, 1, 2], [3, 0xF7, 0xFA], [0x90, 60, 9]]
    heard: list[str] = []
    port = midi_libremidi.Input("MIDImix", callback=lambda message: heard.append(message.type))
    end = time.monotonic() + 5
    while len(heard) < 5:
        assert time.monotonic() < end
        time.sleep(0.001)
    port.close()
    port.close()
    assert heard == ["control_change", "control_change", "sysex", "start", "note_on"]
    assert not library.opened
    assert list(port.iter_pending()) == []


def test_a_lamp_of_a_device_that_has_gone_is_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    library = plugged(monkeypatch, "darwin", API.COREMIDI, there=(windows(0),))
    port = midi_libremidi.Output("MIDImix")
    lit = mido.Message("note_on", note=3, velocity=127)
    port.send(lit)
    assert library.sent == [[0x90, 3, 127]]
    library.failure = "No such device"
    with pytest.raises(OSError, match="No such device"):
        port.send(lit)
    port.close()
    with pytest.raises(OSError, match="is closed"):
        port.send(lit)


@pytest.mark.parametrize(
    ("installed", "taken"),
    [
        (("rtmidi", "pylibremidi"), "mido.backends.rtmidi"),
        (("pylibremidi",), "vj.control.midi_libremidi"),
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
