"""MIDI: byte for byte through the parser everywhere, and through a real port (a JACK dummy server)
where one can be had."""

from __future__ import annotations

import importlib.util
import itertools
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import mido
import pytest

from tests.control.timecode_sender import Sender
from tests.waiting import until
from vj.control.build import make_engine
from vj.control.learning import LearnListener
from vj.control.midi import rtmidi as midi_rtmidi
from vj.control.midi.parser import MidiReader
from vj.control.midi.ports import BACKEND, MidiPorts, counterpart, plain_name, raw_for
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.show.load import check_show, load_show
from vj.show.midi_controls import Control, control
from vj.show.save import add_mapping, write_cues


class RecordingListener:
    def __init__(self) -> None:
        self.controls: list[tuple[str, float]] = []
        self.clock: list[str] = []

    def on_midi(self, heard: Control, raw: float, device: str = "") -> None:
        self.controls.append((str(heard), raw))

    def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
        self.clock.append(what)


NRPN = (0xB0, 99, 1, 0xB0, 98, 2, 0xB0, 6, 3, 0xB0, 38, 4)


def played(*data: int) -> RecordingListener:
    """What a device's bytes become."""
    heard = RecordingListener()
    reader = MidiReader("a device", heard)
    for message in mido.parse_all(bytes(data)):
        reader.on_message(message, 0.0)
    return heard


@pytest.mark.parametrize(
    ("data", "controls"),
    [
        ((0xB0, 7, 100), [("cc 7 ch 1", 100), ("cc14 7 ch 1", 12800)]),
        ((0xBF, 70, 100), [("cc 70 ch 16", 100)]),
        ((0x90, 36, 90, 0x90, 36, 0), [("note 36 ch 1", 90), ("note 36 ch 1", 0)]),
        ((0x90, 36, 90, 0x80, 36, 64), [("note 36 ch 1", 90), ("note 36 ch 1", 0)]),
        ((0xE1, 0x00, 0x40), [("pitch ch 2", 0)]),
        ((0xE1, 0x7F, 0x7F), [("pitch ch 2", 8191)]),
        ((0xD0, 55), [("aftertouch ch 1", 55)]),
        ((0xA0, 36, 55), [("aftertouch 36 ch 1", 55)]),
        ((0xC3, 5), [("program ch 4", 5)]),
        (
            (0xB0, 1, 0x40, 0xB0, 33, 0x20),
            [
                ("cc 1 ch 1", 64),
                ("cc14 1 ch 1", 64 * 128),
                ("cc 33 ch 1", 32),
                ("cc14 1 ch 1", 64 * 128 + 32),
            ],
        ),
        ((*NRPN,), [*[(f"cc {n} ch 1", v) for n, v in ((99, 1), (98, 2), (6, 3), (38, 4))]]),
        ((0xF0, 1, 2, 3, 0xF7, 0xFE), []),
    ],
)
def test_bytes_become_controls(data: tuple[int, ...], controls: list[tuple[str, float]]) -> None:
    heard = played(*data).controls
    assert [h for h in heard if not h[0].startswith("nrpn") and h[0] != "cc14 6 ch 1"] == controls


def test_nrpn_is_joined() -> None:
    assert ("nrpn 130 ch 1", 3 * 128 + 4) in played(*NRPN).controls


def numbers(kind: str, *data: int) -> list[float]:
    """The raw values of one kind of control that a device's bytes become; each pair is a control
    change on channel 1."""
    wire = [
        byte
        for number, value in zip(data[::2], data[1::2], strict=True)
        for byte in (0xB0, number, value)
    ]
    return [raw for name, raw in played(*wire).controls if name.startswith(kind)]


CHOSEN = (99, 4, 98, 7)
"""NRPN 519."""


@pytest.mark.parametrize(
    ("kind", "data", "raws"),
    [
        ("nrpn 519", (*CHOSEN, 6, 90), [90 * 128]),
        ("nrpn 519", (98, 7, 99, 4, 6, 90), [90 * 128]),
        ("nrpn 519", (*CHOSEN, 6, 90, 38, 5), [90 * 128, 90 * 128 + 5]),
        ("nrpn 519", (*CHOSEN, 38, 5, 6, 90), [90 * 128 + 5]),
        ("nrpn 519", (*CHOSEN, 6, 90, 38, 5, 6, 91), [90 * 128, 90 * 128 + 5, 91 * 128]),
        ("nrpn 519", (*CHOSEN, 6, 1, 38, 127, 96, 0, 96, 0, 97, 0), [128, 255, 256, 257, 256]),
        ("nrpn 519", (*CHOSEN, 97, 0), [0]),
        ("nrpn", (*CHOSEN, 101, 0, 100, 0, 6, 12, 38, 0, 96, 0), []),
        ("nrpn", (*CHOSEN, 99, 127, 98, 127, 6, 12), []),
        ("nrpn", (*CHOSEN, 101, 127, 100, 127, 6, 12), []),
        ("nrpn 519", (*CHOSEN, 101, 0, 100, 0, *CHOSEN, 6, 3), [384]),
        ("nrpn", (99, 4, 6, 90), []),
        ("cc14 9", (9, 100), [12800]),
        ("cc14 9", (41, 3, 9, 100), [12803]),
        ("cc14 9", (41, 3, 9, 100, 41, 4, 9, 100), [12803, 12804]),
        ("cc14 9", (41, 3, 9, 100, 41, 4, 41, 5), [12803, 12805]),
        ("cc14 9", (9, 100, 41, 3, 41, 9, 9, 101), [12800, 12803, 12809, 12928]),
    ],
)
def test_pairs_and_parameter_numbers_are_read_as_the_specification_has_them(
    kind: str, data: tuple[int, ...], raws: list[float]
) -> None:
    assert numbers(kind, *data) == raws


@pytest.mark.parametrize("order", ["upper first", "lower first"])
def test_a_slow_move_of_14_bits_never_runs_backwards(order: str) -> None:
    sent = range(100, 400, 7)
    wire = [
        pair
        for raw in sent
        for pair in (
            (9, raw >> 7, 41, raw & 127) if order == "upper first" else (41, raw & 127, 9, raw >> 7)
        )
    ]
    heard = numbers("cc14 9", *wire)
    assert heard == sorted(heard)
    assert set(sent) <= set(heard)


@pytest.mark.parametrize(
    ("number", "left"), [(121, ["note 40 ch 1"]), (123, ["cc 64 ch 1"]), (120, ["cc 64 ch 1"])]
)
def test_reset_and_all_notes_off_release_what_is_pressed(number: int, left: list[str]) -> None:
    heard = RecordingListener()
    reader = MidiReader("a device", heard)
    for message in mido.parse_all(
        bytes((0x90, 40, 9, 0xB0, 64, 127, 0x91, 40, 9, 0xB0, number, 0))
    ):
        reader.on_message(message, 0.0)
    released = [name for name, raw in heard.controls if raw == 0 and name != f"cc {number} ch 1"]
    assert len(released) == 1
    assert "ch 1" in released[0]
    heard.controls.clear()
    reader.disconnected()
    assert sorted(name for name, _ in heard.controls) == sorted([*left, "note 40 ch 2"])


def test_the_song_position_is_received() -> None:
    heard: list[tuple[str, int, str]] = []

    class Clock(RecordingListener):
        def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None:
            heard.append((what, position, device))

    reader = MidiReader("box", Clock())
    for message in mido.parse_all(bytes((0xF2, 64, 1, 0xFB))):
        reader.on_message(message, 0.0)
    assert heard == [("position", 192, "box"), ("continue", 0, "box")]


def test_learning_takes_a_plain_controller_for_one_and_a_pair_for_a_pair() -> None:
    plain, pair = LearnListener(), LearnListener()
    readers = MidiReader("x", plain), MidiReader("x", pair)
    for value in range(20, 30):
        for message in mido.parse_all(bytes((0xB0, 7, value))):
            readers[0].on_message(message, 0.0)
        for message in mido.parse_all(bytes((0xB0, 7, value, 0xB0, 39, 3 * value % 128))):
            readers[1].on_message(message, 0.0)
    assert plain.found.get_nowait()["midi"] == "cc 7"
    assert pair.found.get_nowait()["midi"] == "cc14 7"


def test_the_clock_is_no_control() -> None:
    heard = played(0xFA, 0xF8, 0xF8, 0xFC, 0xFB)
    assert heard.clock == ["start", "tick", "tick", "stop", "continue"]
    assert heard.controls == []


def test_a_device_that_vanishes_lets_go_of_what_it_held() -> None:
    heard = RecordingListener()
    reader = MidiReader("a device", heard)
    for message in mido.parse_all(
        bytes((0x90, 36, 90, 0x90, 38, 90, 0x80, 36, 0, 0xB0, 64, 127, 0xB0, 7, 100))
    ):
        reader.on_message(message, 0.0)
    heard.controls.clear()
    reader.disconnected()
    assert heard.controls == [("cc 64 ch 1", 0), ("note 38 ch 1", 0)], (
        "the key and the pedal, not the fader"
    )


def test_random_bytes_do_no_harm() -> None:
    data = os.urandom(20_000)
    heard = RecordingListener()
    reader = MidiReader("a device", heard)
    parser = mido.Parser()
    parser.feed(data)
    for message in parser:
        reader.on_message(message, 0.0)
    assert all(-8192 <= raw <= 16383 for _, raw in heard.controls)


@pytest.mark.parametrize(
    "text",
    [
        "cc 7",
        "cc 7 ch 3",
        "cc14 1",
        "note 36 ch 10",
        "pitch",
        "aftertouch",
        "program ch 2",
        "nrpn 300",
    ],
)
def test_controls_are_written_as_they_are_read(text: str) -> None:
    assert str(control(text)) == text


@pytest.mark.parametrize(
    "text", ["cc", "cc 200", "fader 3", "", "cc 7 ch 17", "cc14 40", "note -1"]
)
def test_what_is_no_control_is_refused(text: str) -> None:
    with pytest.raises(Fault, match="midi"):
        control(text)


class Plugged:
    """A backend of ports that tests feed: what a device sends, and what it was told."""

    def __init__(self, *names: str) -> None:
        self.names = list(names)
        self.callbacks: dict[str, Callable[[Any], None]] = {}
        self.report: dict[str, list[Any]] = {name: [] for name in names}

    def get_input_names(self) -> list[str]:
        return self.names

    get_output_names = get_input_names

    def open_input(self, name: str, callback: Callable[[Any], None]) -> Any:
        self.callbacks[name] = callback
        return self

    def open_output(self, name: str) -> Any:
        report = self.report[name]
        return type(
            "Out", (), {"send": staticmethod(report.append), "close": staticmethod(lambda: None)}
        )()

    def close(self) -> None: ...


def plugged(mappings: list[dict[str, Any]], *names: str) -> tuple[Plugged, MidiPorts, Store, Any]:
    show = check_show({"mappings": mappings, "start": {"noise/hold": 0.25}}, "test")
    store, backend = Store(show.start, show.table()), Plugged(*names)
    engine, _ = make_engine(show, store, live=False, log=print)
    store.listeners.append(engine.changed)
    store.automation = engine
    ports = MidiPorts(
        engine,
        now=time.monotonic,
        log=print,
        mappings=engine.mappings,
        values=store.base,
        backend=lambda: backend,
    )
    ports.start()
    until(lambda: len(backend.callbacks) == len(names))
    return backend, ports, store, engine


def test_a_driver_that_throws_when_something_is_plugged_in_ends_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    backend, ports, store, _ = plugged(
        [{"midi": "cc 7", "to": "noise/hold", "takeover": False}], "BOX"
    )
    try:
        until(lambda: bool(backend.report["BOX"]))
        names = backend.get_output_names
        asked: list[int] = []

        def broken() -> list[str]:
            asked.append(len(asked))
            raise ZeroDivisionError

        backend.get_output_names = broken  # type: ignore[method-assign]
        backend.report["SECOND"] = []
        backend.names.append("SECOND")
        until(lambda: bool(asked))
        backend.get_output_names = names  # type: ignore[method-assign]
        until(lambda: "SECOND" in ports.devices)
        store.set("noise/hold", 1.0)
        store.sample(1.0)
        store.sample(2.0)
        until(lambda: backend.report["BOX"][-1].value == 127)
        assert sorted(ports.devices) == ["BOX", "SECOND"]
    finally:
        ports.stop()


TWINS = "BOX:BOX MIDI 1 20:0", "BOX:BOX MIDI 1 24:0"


def test_two_devices_of_one_name_both_get_feedback_and_each_has_its_own_soft_takeover() -> None:
    backend, ports, store, _ = plugged([{"midi": "cc 7", "to": "noise/hold"}], *TWINS)
    try:
        until(lambda: all(backend.report.values()))
        assert {message.value for report in backend.report.values() for message in report} == {32}
        for name, values in ((TWINS[0], (10, 30, 33, 60)), (TWINS[1], (100, 90))):
            for value in values:
                backend.callbacks[name](mido.Message("control_change", control=7, value=value))
                store.sample(time.monotonic())
        assert store.get("noise/hold") == pytest.approx(60 / 127), (
            "the second one has not met the value"
        )
        assert sorted(ports.devices) == ["BOX:BOX MIDI 1", "BOX:BOX MIDI 1 (2)"]
    finally:
        ports.stop()


def test_a_device_that_sends_its_feedback_back_does_not_end_a_fade(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("vj.control.midi.ports.ECHO", 1e6)  # however late it comes back here
    backend, ports, store, _ = plugged(
        [{"midi": "cc 7", "to": "noise/hold", "takeover": False}], "MOTOR"
    )
    try:
        sent = backend.report["MOTOR"]
        until(lambda: sent)
        store.fade("noise/hold", 1.0, 1.0)
        for frame in range(1, 14):  # the fade ends with the tenth
            value = round(store.sample(frame / 10)["noise/hold"] * 127)
            until(lambda value=value: sent[-1].value == value)  # type: ignore[misc]
            backend.callbacks["MOTOR"](sent[-1])
        assert len(sent) > 5
        assert store.get("noise/hold") == 1.0
        assert store.base()["noise/hold"] == 1.0
    finally:
        ports.stop()


def test_leds_and_motors_follow_the_parameter() -> None:
    show = check_show(
        {
            "mappings": [
                {"midi": "cc 7", "to": "strength", "range": [0.2, 0.8], "curve": 2.0},
                {"midi": "note 1", "to": "output/freeze"},
                {"midi": "pitch", "to": "mix/wet"},
                {"midi": "cc 9", "to": "mix/wet", "relative": "twos"},
                {"midi": "note 5", "to": "prompt/a", "value": "gold"},
            ]
        },
        "test",
    )
    store = Store(show.start, show.table())
    mappings = make_engine(show, store, live=False, log=print)[0].mappings
    assert raw_for(mappings[0], 0.35) == round(0.5 * 127)
    assert raw_for(mappings[0], 0.9) == 127
    assert (raw_for(mappings[1], True), raw_for(mappings[1], False)) == (127, 0)
    assert (raw_for(mappings[2], 1.0), raw_for(mappings[2], 0.0)) == (8191, -8192)
    assert raw_for(mappings[3], 0.5) is None
    assert raw_for(mappings[4], "gold") is None


def test_without_midi_the_show_plays_and_says_so() -> None:
    messages: list[str] = []

    def none() -> Any:
        raise ImportError("No module named 'rtmidi'")

    ports = MidiPorts(RecordingListener(), now=time.monotonic, log=messages.append, backend=none)
    ports.start()
    until(lambda: bool(messages))
    ports.stop()
    assert "MIDI cannot be used (No module named 'rtmidi'); the show plays without it" in messages
    assert ports.state == "no MIDI"


def test_a_machine_without_a_sequencer_says_so_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.control.midi.ports.SCAN_PERIOD_WITHOUT_MIDI", 0.02)
    messages: list[str] = []

    class Broken:
        asked = 0

        def get_input_names(self) -> list[str]:
            Broken.asked += 1
            raise OSError("ALSA: no such device")

    ports = MidiPorts(RecordingListener(), now=time.monotonic, log=messages.append, backend=Broken)
    ports.start()
    until(lambda: Broken.asked > 2)
    ports.stop()
    assert len(messages) == 1
    assert "no such device" in messages[0]


# Through a real port


def control_change(number: int, value: int) -> mido.Message:
    return mido.Message("control_change", control=number, value=value)


LIBRARIES = ("rtmidi", "rtmidi2")
"""The two libraries that a machine may have, by its Python."""


@pytest.fixture(scope="module")
def server() -> Iterator[None]:
    """A JACK dummy server, which bears with clients that a busy machine keeps waiting."""
    if shutil.which("jackd") is None:
        pytest.skip("jackd is missing: apt install jackd2")
    name = f"vj{os.getpid()}"
    running = subprocess.Popen(
        ["jackd", "--no-realtime", "-n", name, "-d", "dummy", "-r", "48000", "-p", "256"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    before = os.environ.get("JACK_DEFAULT_SERVER")
    os.environ["JACK_DEFAULT_SERVER"] = name
    try:
        yield
    finally:
        running.terminate()
        try:
            running.wait(5)
        except subprocess.TimeoutExpired:  # it waits for a client
            running.kill()
            running.wait()
        if before is None:
            del os.environ["JACK_DEFAULT_SERVER"]
        else:
            os.environ["JACK_DEFAULT_SERVER"] = before


@pytest.fixture(scope="module", params=LIBRARIES)
def jack(request: pytest.FixtureRequest, server: None) -> Iterator[Any]:
    """mido's backend on it, once by each library."""
    if importlib.util.find_spec(request.param) is None:
        pytest.skip(f"{request.param} is not installed")
    backend = mido.Backend(f"{BACKEND}/UNIX_JACK", load=True)

    def there() -> bool:
        try:
            backend.open_input("probe", virtual=True).close()
        except Exception:
            return False
        return True

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(midi_rtmidi, "LIBRARIES", (request.param,))
        helpers: dict[str, midi_rtmidi.Helper] = {}
        patched.setattr(midi_rtmidi, "_helpers", helpers)
        try:
            until(there)
        except AssertionError:
            pytest.skip(
                f"the JACK dummy server does not start here, or {request.param} is without JACK"
            )
        yield backend
        for helper in helpers.values():
            helper.end()


@pytest.mark.long
def test_ports_are_opened_and_closed_while_messages_come(jack: Any) -> None:
    """Either library stands still for good where it calls Python for a message meanwhile."""
    desk = midi_rtmidi.Helper("UNIX_JACK")
    out = desk.request("out", "the desk", True)
    ended = threading.Event()

    def play() -> None:
        while not ended.wait(0.001):
            for number in range(20):
                desk.send(out, bytes(control_change(number, 1).bytes()))

    playing = threading.Thread(target=play)
    playing.start()
    try:
        until(lambda: any("desk" in name for name in jack.get_input_names()))
        (name,) = (name for name in jack.get_input_names() if "desk" in name)
        helper = midi_rtmidi._helpers["UNIX_JACK"]
        for _ in range(10):
            heard: list[mido.Message] = []
            port = jack.open_input(name, callback=heard.append)
            until(lambda: len(heard) > 20)  # noqa: B023
            assert name in jack.get_input_names()
            port.close()
        assert not helper.gone, "nothing had to be ended"
    finally:
        ended.set()
        playing.join()
        desk.request("close", out)  # JACK waits for one that is killed
        desk.end()


@pytest.mark.long
def test_a_real_port_plays_is_unplugged_and_comes_back(jack: Any) -> None:
    messages: list[str] = []
    show = check_show(
        {
            "start": {"strength": 0.0},
            "mappings": [{"midi": "cc 7", "device": "nano", "to": "noise/hold", "takeover": False}],
        },
        "test",
    )
    store = Store(show.start, show.table())
    engine, _ = make_engine(show, store, live=False, log=messages.append)
    store.automation = engine
    heard = RecordingListener()

    class Both:
        def on_midi(self, found: Control, raw: float, device: str = "") -> None:
            if found.kind != "cc14":  # every controller below 32 may be the upper half of one
                heard.on_midi(found, raw, device)
            engine.on_midi(found, raw, device)

        def on_clock(self, what: str, time: float, device: str = "", position: int = 0) -> None: ...

    def until_received(out: Any, message: mido.Message, control: tuple[str, float]) -> None:
        """Send until it is received: JACK itself drops what a busy machine keeps waiting."""
        looks = itertools.count()

        def last() -> bool:
            if next(looks) % 20 == 0:
                out.send(message)
            return heard.controls[-1:] == [control]

        until(last, lambda: heard.controls[-3:])

    ports = MidiPorts(
        Both(), now=time.monotonic, log=messages.append, devices=["nano"], backend=lambda: jack
    )
    ports.start()
    try:
        for _ in range(2):
            out = jack.open_output("nanoKONTROL2", virtual=True)
            until(lambda: any("plays" in line for line in messages))
            for value in range(100):
                out.send(control_change(7, value))
                time.sleep(0.001)
            until_received(out, control_change(7, 99), ("cc 7 ch 1", 99))
            raws = [raw for _, raw in heard.controls]
            assert raws == sorted(raws)
            assert store.sample(1.0)["noise/hold"] == pytest.approx(99 / 127)
            note = mido.Message("note_on", note=40, velocity=100)
            until_received(out, note, ("note 40 ch 1", 100))
            out.close()
            until(lambda: any("has gone" in line for line in messages))
            assert heard.controls[-1] == ("note 40 ch 1", 0), (
                "unplugged in mid-note: nothing stays pressed"
            )
            messages.clear()
            heard.controls.clear()
    finally:
        ports.stop()


def test_leds_and_motors_of_a_real_port_follow_but_do_not_fight_the_hand(
    jack: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = [
        {"midi": "cc 7", "to": "strength", "takeover": False},
        {"midi": "note 1", "to": "output/freeze", "as": "toggle"},
    ]
    show = check_show({"start": {"strength": 0.0}, "mappings": rules}, "test")
    store = Store(show.start, show.table())
    engine, _ = make_engine(show, store, live=False, log=print)
    store.automation = engine
    knobs = jack.open_output("motorfader", virtual=True)
    motors = jack.open_input("motorfader", virtual=True)
    ports = MidiPorts(
        engine,
        now=time.monotonic,
        log=print,
        devices=["motorfader"],
        mappings=engine.mappings,
        values=store.base,
        backend=lambda: jack,
    )
    ports.start()

    def pending() -> list[tuple[int, int]]:
        """(control, value) of what the motors were sent, (-note, velocity) of the LEDs."""
        store.sample(time.monotonic())
        return [
            (message.control, message.value)
            if message.type == "control_change"
            else (-message.note, message.velocity)
            for message in motors.iter_pending()
        ]

    def until_sent(*wanted: tuple[int, int]) -> set[tuple[int, int]]:
        """Wait until all of these were sent. Returns all that was sent meanwhile."""
        seen: set[tuple[int, int]] = set()
        looks = itertools.count(1)

        def all_there() -> bool:
            seen.update(pending())
            if next(looks) % 100 == 0:
                ports._reported.clear()  # JACK itself drops what a busy machine keeps waiting
            return seen >= set(wanted)

        until(all_there, lambda: seen)
        return seen

    try:
        until(lambda: bool(ports._outputs))
        until_sent((-1, 0), (7, 0))  # where everything stands, at the beginning
        store.set("strength", 1.0)
        store.set("output/freeze", True)
        until_sent((-1, 127), (7, 127))
        monkeypatch.setattr("vj.control.midi.ports.HELD", 1e6)  # the fader does not rest
        looks = itertools.count()

        def moved() -> bool:
            if next(looks) % 20 == 0:
                knobs.send(mido.Message("control_change", control=7, value=20))
            store.sample(time.monotonic())
            return store.get("strength") == pytest.approx(20 / 127)

        until(moved)
        store.set("output/freeze", False)
        seen = until_sent((-1, 0))  # 127 may have been sent twice before
        assert not {(7, value) for value in range(127)} & seen, "a motor must not fight the hand"
        monkeypatch.setattr("vj.control.midi.ports.HELD", 0.0)
        until_sent((7, 20))
    finally:
        ports.stop()
        knobs.close()
        motors.close()


@pytest.mark.long
def test_timecode_of_a_real_port_leads_the_timeline(jack: Any) -> None:
    show = check_show(
        {
            "cues": [{"name": "a"}],
            "timeline": [{"at": "0:01", "cue": "a"}],
            "timecode": {"device": "desk", "start": "01:00:00:00"},
        },
        "test",
    )
    store = Store(show.start, show.table())
    engine, _ = make_engine(show, store, live=False, log=print)
    store.automation = engine
    sender = Sender("25")
    out = jack.open_output("the desk", virtual=True)
    ports = MidiPorts(engine, now=time.monotonic, log=print, devices=["desk"], backend=lambda: jack)
    ports.start()

    def stood(wanted: str, send: Callable[[], None]) -> bool:
        send()
        store.sample(time.monotonic())
        return engine.sequencer.chase.text.endswith(wanted)

    begun = time.monotonic()
    coming = sender.quarters(0.5, 60.0)
    waiting = next(coming)

    def send_due() -> None:
        nonlocal waiting
        while begun + waiting[0] - 0.5 <= time.monotonic():
            out.send(waiting[1])
            waiting = next(coming)

    try:
        until(lambda: bool(ports.devices))
        until(lambda: stood("01:00:02:00 25 fps standing", lambda: out.send(sender.full(2.0))))
        assert engine.cues.current == "a"
        begun = time.monotonic()
        until(lambda: stood("25 fps chasing", send_due))

        def follows() -> bool:
            send_due()
            now = time.monotonic()
            store.sample(now)
            return abs(engine.timeline.seconds(now, engine.tempo) - 0.5 - now + begun) < 0.3

        until(follows)  # a busy machine delivers some late
    finally:
        ports.stop()
        out.close()


# Learn


@pytest.mark.parametrize(
    ("moves", "found"),
    [
        (
            [("cc 7 ch 1", 60), ("cc 7 ch 1", 61), ("cc 7 ch 1", 62)],
            {"midi": "cc 7", "device": "nano"},
        ),
        (
            [("cc 7 ch 1", 60), ("cc 7 ch 1", 60), ("note 36 ch 10", 99)],
            {"midi": "note 36", "device": "nano"},
        ),
        ([("cc 64 ch 1", 127)], {"midi": "cc 64", "device": "nano"}),
        (
            [
                move
                for high in (3, 4, 5)
                for move in (
                    ("cc 1 ch 1", high),
                    ("cc 33 ch 1", 7),
                    ("cc14 1 ch 1", high * 128 + 7),
                )
            ],
            {"midi": "cc14 1", "device": "nano"},
        ),
    ],
)
def test_learn_finds_the_control_that_is_moved(
    moves: list[tuple[str, int]], found: dict[str, str]
) -> None:
    listener = LearnListener()
    for name, raw in moves:
        listener.on_midi(control(name), raw, "nano")
    assert listener.found.get(timeout=1) == found


SHOW = """\
# My show. Do not lose this line.
show: Mine   # nor this
start: {strength: 0.5}  # half

mappings:
  # the left hand
  - {osc: /1/fader1, to: mix/wet}   # fader one
  - {midi: cc 7, to: strength}

cues:
  - name: calm
    fade: 4 s   # slowly
    set: {strength: 0.2}
"""


def test_a_learned_line_is_added_and_comments_stay(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SHOW, encoding="utf-8")
    messages = add_mapping(path, {"midi": "cc 20", "device": "nano", "to": "noise/hold"})
    text = path.read_text(encoding="utf-8")
    assert "cc 20" in messages
    for kept in (
        "# My show. Do not lose this line.",
        "# nor this",
        "# half",
        "# the left hand",
        "# fader one",
        "# slowly",
    ):
        assert kept in text
    assert [line for line in text.split("\n") if line not in SHOW.split("\n")] == [
        "  - {midi: cc 20, device: nano, to: noise/hold}"
    ]
    assert load_show(path).mappings[-1].to == "noise/hold"
    add_mapping(path, {"midi": "cc 20", "device": "nano", "to": "noise/hold"})
    assert path.read_text(encoding="utf-8") == text, "learned again it is the same line"


def test_a_file_that_would_be_wrong_afterwards_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SHOW, encoding="utf-8")
    with pytest.raises(Fault, match="no such parameter"):
        add_mapping(path, {"midi": "cc 20", "to": "nothing"})
    assert path.read_text(encoding="utf-8") == SHOW


def test_kept_cues_are_written_back_with_their_fades(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(SHOW, encoding="utf-8")
    write_cues(path, {"calm": {"strength": 0.3, "prompt/a": "sea: deep"}, "new": {"strength": 0.9}})
    cues = load_show(path).cues
    assert (cues[0].set, cues[0].fade.seconds) == ({"strength": 0.3, "prompt/a": "sea: deep"}, 4.0)
    assert (cues[1].name, cues[1].set) == ("new", {"strength": 0.9})
    assert "# slowly" in path.read_text(encoding="utf-8")


def test_port_names_are_compared_without_their_numbers() -> None:
    assert plain_name("nanoKONTROL2:nanoKONTROL2 MIDI 1 28:0") == "nanoKONTROL2:nanoKONTROL2 MIDI 1"
    assert plain_name("nanoKONTROL2 1") == "nanoKONTROL2"
    assert counterpart("nanoKONTROL2 0", ["Microsoft GS 0", "nanoKONTROL2 1"]) == "nanoKONTROL2 1"
    assert counterpart("In:a", ["Out:b", "Out:a"]) == "Out:a"
    assert counterpart("a", ["b"]) is None
