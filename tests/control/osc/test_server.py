"""OSC from real programs over a real socket: liblo's oscsend, python-osc's own client, and packets
that mean harm."""

from __future__ import annotations

import itertools
import shutil
import socket
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pythonosc.osc_bundle_builder import IMMEDIATELY, OscBundleBuilder
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.shows import free_port
from tests.waiting import PATIENCE, until
from vj.control.osc.datagram_writer import ERRORS_A_SECOND
from vj.control.osc.packet import Message, unpack
from vj.control.osc.pattern import matching
from vj.control.osc.server import OscServer
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.parameters.store import Store

needs_oscsend = pytest.mark.skipif(
    shutil.which("oscsend") is None, reason="oscsend is missing: apt install liblo-tools"
)


def message(address: str, *values: Any) -> bytes:
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    data: bytes = builder.build().dgram
    return data


class Peer:
    """A socket of its own that sends to the server, and receives its replies."""

    def __init__(self, to: tuple[str, int]) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.to = to

    def send(self, packet: bytes) -> None:
        self.socket.sendto(packet, self.to)

    def received(self, seconds: float = PATIENCE) -> tuple[str, list[Any]] | None:
        """The next message but for the status; None when none comes."""
        self.socket.settimeout(seconds)
        try:
            while True:
                osc = OscMessage(self.socket.recv(65536))
                if not osc.address.startswith("/vj/status"):
                    return osc.address, osc.params
        except (TimeoutError, BlockingIOError):
            return None

    def replies(self, count: int) -> list[tuple[str, list[Any]]]:
        """So many messages."""
        found = [self.received() for _ in range(count)]
        return [message for message in found if message is not None]

    def pending(self) -> list[tuple[str, list[Any]]]:
        """What has come so far."""
        return list(iter(lambda: self.received(0), None))

    def until_reply(self) -> list[tuple[str, list[Any]]]:
        """Ask a question, and wait for its reply. Returns what was sent to this peer before."""
        self.send(message("/vj/guidance"))
        return list(itertools.takewhile(lambda one: one[0] != "/vj/guidance", self._all()))

    def _all(self) -> Iterator[tuple[str, list[Any]]]:
        while (found := self.received()) is not None:
            yield found
        raise AssertionError("no answer")

    def ask(self, packet: bytes) -> tuple[str, list[Any]]:
        self.send(packet)
        return next(self._all())


class Rig:
    def __init__(self, **more: Any) -> None:
        self.store = Store({"prompt/a": "calm"})
        self.marks = 0
        self.messages: list[str] = []
        self.server = OscServer(
            self.store,
            ("127.0.0.1", 0),
            clock=WallClock(),
            status=lambda: {"fps": [24.5], "sinks": ["ndi:vj", "preview"]},
            on_message=self.messages.append,
            **more,
        )
        self.server.start()
        self.peer = Peer(self.server.address)

    def until(self, true: Callable[[], bool]) -> None:
        until(true, lambda: (self.messages, self.store.sample(0).values))

    def echoed(self, peer: Peer | None = None) -> list[tuple[str, list[Any]]]:
        """Wait until a subscriber has all values that are to be echoed now. Returns what it got."""
        peer = peer or self.peer
        found: list[tuple[str, list[Any]]] = []
        for _ in range(2):  # in one round of echoes the mark may come before another value
            self.marks += 1
            mark = "/vj/prompt/negative", [f"mark {self.marks}"]
            self.store.set("prompt/negative", mark[1][0])
            found += itertools.takewhile(lambda one, mark=mark: one != mark, peer._all())  # type: ignore[misc]
        return [one for one in found if one[0] != "/vj/prompt/negative"]

    def settle(self) -> None:
        """Wait until all that was sent has been taken."""
        assert self.peer.ask(message("/vj/steps"))[0] == "/vj/steps"


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.server.stop()
    made.peer.socket.close()


@needs_oscsend
@pytest.mark.parametrize(
    ("address", "kind", "value", "name", "expected"),
    [
        ("/vj/strength", "f", "0.7", "strength", 0.7),
        ("/vj/strength", "i", "1", "strength", 1.0),
        ("/vj/steps", "f", "3.0", "steps", 3),
        ("/vj/steps", "d", "2.0", "steps", 2),
        ("/vj/prompt", "s", "molten gold", "prompt/a", "molten gold"),
        ("/vj/prompt/b", "s", "深い海 ذهب 🌊", "prompt/b", "深い海 ذهب 🌊"),
        ("/vj/prompt", "s", "", "prompt/a", ""),
        ("/vj/mix/mode", "s", "screen", "mix/mode", "screen"),
        ("/vj/output/freeze", "T", None, "output/freeze", True),
        ("/vj/output/freeze", "f", "1.0", "output/freeze", True),
    ],
)
def test_oscsend_plays_it(
    rig: Rig, address: str, kind: str, value: str | None, name: str, expected: Any
) -> None:
    host, port = rig.server.address
    subprocess.run(
        ["oscsend", host, str(port), address, kind, *([value] if value is not None else [])],
        check=True,
    )
    rig.until(lambda: rig.store.get(name) == pytest.approx(expected))
    assert rig.server.messages == 1


@needs_oscsend
def test_oscsend_can_panic(rig: Rig) -> None:
    rig.store.set("strength", 0.9)
    host, port = rig.server.address
    subprocess.run(["oscsend", host, str(port), "/vj/panic"], check=True)
    rig.until(lambda: rig.store.get("strength") == 0.5)
    assert rig.store.get("prompt/a") == "calm", "back to the show's start, not to the table's"
    assert rig.server.messages == 1


def test_no_argument_asks_for_the_value(rig: Rig) -> None:
    rig.store.set("strength", 0.25)
    assert rig.peer.ask(message("/vj/strength")) == ("/vj/strength", [0.25])
    assert rig.peer.ask(message("/vj/prompt/a")) == ("/vj/prompt/a", ["calm"])
    assert rig.peer.ask(message("/vj/output/freeze")) == ("/vj/output/freeze", [False])


def test_the_status_comes_by_itself_and_when_asked_for(rig: Rig) -> None:
    rig.peer.send(message("/vj/status"))
    rig.peer.socket.settimeout(PATIENCE)
    heard = [OscMessage(rig.peer.socket.recv(65536)) for _ in range(4)]
    assert {(one.address, tuple(one.params)) for one in heard} == {
        ("/vj/status/fps", (24.5,)),
        ("/vj/status/sinks", ("ndi:vj", "preview")),
    }


def test_what_turns_out_later_to_mean_nothing_is_reported_to_the_user(rig: Rig) -> None:
    """A prompt is understood a moment after it was sent: the answer comes then, and at once."""
    stranger = Peer(rig.server.address)
    rig.peer.send(message("/vj/prompt", "a cat in space"))
    rig.until(lambda: rig.store.get("prompt/a") == "a cat in space")
    rig.server.remark("“a cat in space” names nothing")
    assert rig.peer.replies(1) == [("/vj/error", ["“a cat in space” names nothing"])]
    assert stranger.until_reply() == [], "a peer that has sent nothing gets nothing"
    begun = time.monotonic()
    for number in range(200):
        rig.server.remark(f"remark {number}")
    remarks: list[Any] = []
    # One batch of messages may hold several questions; what turned out comes after it.
    rig.until(lambda: bool(remarks.extend(rig.peer.until_reply()) or remarks))
    remarks += rig.peer.until_reply()
    most = ERRORS_A_SECOND * (time.monotonic() - begun + 2)
    assert 0 < len(remarks) <= most, "nobody is flooded"


def test_a_number_out_of_range_is_clamped_and_logged(rig: Rig) -> None:
    assert rig.peer.ask(message("/vj/strength", 1.5)) == (
        "/vj/error",
        ["/vj/strength: 1.5 is above 1 (0 .. 1); the nearest is set"],
    )
    assert rig.store.get("strength") == 1.0
    rig.until(lambda: bool(rig.messages))
    assert "1.5 is above 1" in rig.messages[0]


@pytest.mark.parametrize(
    ("packet", "words"),
    [
        (message("/vj/strenght", 1.0), "/vj/strenght: no such address; did you mean /vj/strength?"),
        (message("/live/play", 1), "/live/play: no such address"),
        (message("/vj/strength", "much"), "/vj/strength: 'much' is not a number (0 .. 1)"),
        (
            message("/vj/strength", 0.1, 0.2),
            "/vj/strength: 2 values came, one would be right (0 .. 1)",
        ),
        (message("/vj/prompt", 3.0), "/vj/prompt: 3.0 is not text"),
        (message("/vj/mix/mode", "multipy"), "did you mean multiply?"),
        (message("/vj/nothing/*", 1), "/vj/nothing/*: matches no address"),
        (message("/vj/[strength", 1), "/vj/[strength: matches no address"),
        (message("/vj/prompt/list", "[["), "not JSON"),
    ],
)
def test_what_cannot_be_meant_is_answered_and_changes_nothing(
    rig: Rig, packet: bytes, words: str
) -> None:
    before = dict(rig.store.sample(0).values)
    address, (text,) = rig.peer.ask(packet)
    assert address == "/vj/error"
    assert words in text
    assert dict(rig.store.sample(1).values) == before


def test_patterns_set_and_ask_many_but_never_fire(rig: Rig) -> None:
    rig.store.set("strength", 0.9)
    rig.peer.send(message("/vj/feedback/{x,y}", 0.1))
    rig.peer.send(message("/vj/*", 1.0))
    rig.settle()
    assert [rig.store.get(f"feedback/{name}") for name in ("x", "y", "zoom")] == pytest.approx(
        [0.1, 0.1, 1.0]
    )
    assert rig.store.get("strength") == 1.0, "set, and not wiped by panic"
    assert rig.store.get("record") is False
    rig.peer.send(message("/vj/picture/*"))
    assert {address for address, _ in rig.peer.replies(5)} == {
        f"/vj/picture/{name}" for name in ("brightness", "contrast", "saturation", "hue", "sharpen")
    }


def test_a_button_fires_when_pressed_and_not_when_released(rig: Rig) -> None:
    rig.store.set("strength", 0.9)
    rig.peer.send(message("/vj/panic", 0.0))
    rig.settle()
    assert rig.store.get("strength") == 0.9
    rig.peer.send(message("/vj/panic", 1.0))
    rig.settle()
    assert rig.store.get("strength") == 0.5


def bundle(when: float, *packets: bytes) -> bytes:
    builder = OscBundleBuilder(when)
    for packet in packets:
        builder.add_content(OscMessage(packet))
    data: bytes = builder.build().dgram
    return data


def test_a_bundle_is_played_in_order(rig: Rig) -> None:
    rig.peer.send(
        bundle(
            IMMEDIATELY, message("/vj/strength", 0.9), message("/vj/panic"), message("/vj/steps", 2)
        )
    )
    rig.settle()
    assert (rig.store.get("strength"), rig.store.get("steps")) == (0.5, 2)


def test_a_timetag_a_little_ahead_is_kept_and_one_far_off_means_now(rig: Rig) -> None:
    order: list[str] = []
    rig.store.listeners.append(lambda name, value, origin: order.append(name))
    rig.peer.send(bundle(time.time() + 600, message("/vj/delta", 0.5)))
    rig.peer.send(bundle(time.time() - 600, message("/vj/guidance", 2.0)))
    sent = time.monotonic()
    rig.peer.send(bundle(time.time() + 0.3, message("/vj/steps", 3)))
    rig.until(lambda: rig.store.get("steps") == 3)
    assert time.monotonic() - sent > 0.29, "not before its time"
    rig.until(lambda: len(order) == 3)  # it is told of a value after that is set
    assert order == ["delta", "guidance", "steps"]
    rig.until(lambda: any("its clock is off" in line for line in rig.messages))


def test_the_last_value_of_a_flood_lands_and_the_texts_keep_their_order(rig: Rig) -> None:
    for number in range(5000):
        rig.peer.send(message("/vj/strength", number / 10000))
        if number % 500 == 0:
            rig.peer.send(message("/vj/prompt", f"text {number}"))
        if number % 100 == 0:
            time.sleep(0.002)
    rig.until(lambda: rig.store.get("strength") == pytest.approx(0.4999))
    assert rig.store.get("prompt/a") == "text 4500"


def test_long_texts(rig: Rig) -> None:
    rig.peer.send(message("/vj/prompt", "x" * 10_000))
    rig.until(lambda: rig.store.get("prompt/a") == "x" * 10_000)
    _, (text,) = rig.peer.ask(message("/vj/prompt", "y" * 30_000))
    assert "cut to 10000" in text
    assert rig.store.get("prompt/a") == "y" * 10_000


def test_answers_to_wrong_addresses_are_not_endless(rig: Rig) -> None:
    begun = time.monotonic()
    for _ in range(500):
        rig.peer.send(message("/no/such", 1))
    replies = rig.peer.until_reply()
    assert 0 < len(replies) <= ERRORS_A_SECOND * (time.monotonic() - begun + 2)
    assert len(rig.messages) <= 2


def test_answers_go_to_the_port_that_the_show_names() -> None:
    target = Peer(("127.0.0.1", 0))
    rig = Rig(reply=("127.0.0.1", target.socket.getsockname()[1]))
    try:
        everything = dict(rig.echoed(target))
        assert everything["/vj/strength"] == [0.5], "the port that is named gets everything once"
        for _ in range(2):
            rig.peer.send(message("/vj/strength"))
            assert target.received() == ("/vj/strength", [0.5])
        assert rig.peer.pending() == []
        target.socket.settimeout(PATIENCE)
        assert OscMessage(target.socket.recv(4096)).address.startswith("/vj/status/")
    finally:
        rig.server.stop()
        target.socket.close()


def test_a_port_in_use_and_an_address_that_is_not_ours() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]
        with pytest.raises(Fault, match=rf"127.0.0.1:{port}: another program uses this port"):
            OscServer(Store(), ("127.0.0.1", port), clock=WallClock()).start()
    for host in ("192.0.2.7", "no.such.host.invalid"):
        with pytest.raises(Fault, match="cannot be bound there"):
            OscServer(Store(), (host, 9000), clock=WallClock()).start()


def test_the_start_says_how_a_tablet_gets_in(rig: Rig) -> None:
    assert "--osc 0.0.0.0:" in rig.server.describe()[0]
    server = OscServer(Store(), ("0.0.0.0", 0), clock=WallClock())
    server.start()
    assert "every address" in server.describe()[0]
    server.stop()
    server.stop()


def crafted() -> list[bytes]:
    """What is known to hang or kill OSC programs, and its kin."""
    good = message("/vj/strength", 0.5)
    head = b"#bundle\0" + struct.pack(">Q", 1)
    deep = good
    for _ in range(2500):
        deep = head + struct.pack(">i", len(deep)) + deep
    return [
        b"",
        b"\0" * 4,
        b"/",
        head + struct.pack(">i", -4),
        head + struct.pack(">i", 0) * 100,
        head + struct.pack(">i", 2**31 - 1) + good,
        head + struct.pack(">i", 6) + good,
        head[:12],
        deep[:65000],
        (head + struct.pack(">i", len(good)) + good) * 3,
        head + (struct.pack(">i", len(good)) + good) * 2000,
        b"/vj/" + b"*" * 28 + b"!\0\0\0,\0\0\0",
        b"/vj/" + b"*a" * 400 + b"\0\0\0\0,f\0\0" + struct.pack(">f", 1),
        b"/vj/" + b"{" * 100 + b"\0\0\0\0",
        message("/vj/prompt", "x").replace(b"x", b"\xff"),
        b"/vj/strength\0\0\0\0,f\0\0",
        b"/vj/strength\0\0\0\0,f\0\0\1\2",
        b"/vj/strength\0\0\0\0,f\0\0" + struct.pack(">f", float("nan")),
        b"/vj/strength\0\0\0\0,f\0\0" + struct.pack(">f", float("inf")),
        b"/vj/strength\0\0\0\0,d\0\0" + struct.pack(">d", float("-inf")),
        b"/vj/strength\0\0\0\0,b\0\0" + struct.pack(">i", -1),
        b"/vj/strength\0\0\0\0,b\0\0" + struct.pack(">i", 2**30),
        b"/vj/strength\0\0\0\0,[[[[" + b"\0" * 4,
        b"/vj/strength\0\0\0\0," + b"T" * 2000 + b"\0" * 3,
        b"/vj/strength\0\0\0\0,q\0\0",
        b"/vj/strength\0\0\0\0,f\0\0" + struct.pack(">f", 0.5) + b"rest",
        b"/vj/str\xf0ngth\0\0,\0\0\0",
        b"/vj/strength\0\0\0\0,i\0\0" + b"\0" * 3,
        b"\xff" * 60000,
    ]


def test_packets_that_mean_harm_are_ignored_in_bounded_time_and_it_plays_on(rig: Rig) -> None:
    rng = np.random.default_rng(7)
    packets = crafted()
    seeds = [
        message("/vj/strength", 0.5),
        message("/vj/prompt", "gold"),
        bundle(IMMEDIATELY, message("/vj/steps", 2)),
    ]
    for _ in range(1000):
        torn = bytearray(seeds[rng.integers(3)])
        for place in rng.integers(0, len(torn), rng.integers(1, 6)):
            torn[place] = rng.integers(256)
        packets.append(bytes(torn[: rng.integers(1, len(torn) + 1)]))
    packets += [rng.bytes(int(rng.integers(0, 200))) for _ in range(100_000)]
    begun = time.thread_time()
    for packet in packets:
        unpack(packet)
    assert (time.thread_time() - begun) / len(packets) < 1e-3, "of the processor, not of the wall"
    for number, packet in enumerate(packets[:3000]):
        rig.peer.send(packet)
        if number % 50 == 0:
            time.sleep(0.001)
    looks = itertools.count()

    def plays_on() -> bool:
        if next(looks) % 50 == 0:  # the kernel drops what a busy machine does not read
            rig.peer.send(message("/vj/delta", 0.5))
        return rig.store.get("delta") == 0.5

    rig.until(plays_on)
    rig.peer.until_reply()
    assert rig.server.ignored > 500
    assert len(rig.messages) < 20, "counted, not shouted"


def test_a_single_hostile_packet_takes_no_time() -> None:
    for packet in crafted():
        begun = time.thread_time()
        for one in unpack(packet).messages:
            matching(one.address, ["/vj/strength", "/vj/prompt/a"])
        assert time.thread_time() - begun < 0.2, packet[:40]


@pytest.mark.parametrize("index", [3, 5, 8, 10, 14, 15, 17, 20, 25])
def test_each_of_the_known_ones_is_distinguished(index: int) -> None:
    assert unpack(crafted()[index]).problems


def test_packets_are_read_as_python_osc_writes_them() -> None:
    assert unpack(message("/a", 1, 0.5, "zwölf", True, False, b"xy")) == (
        [Message("/a", (1, 0.5, "zwölf", True, False, b"xy"))],
        [],
    )
    assert unpack(b"/vj/panic\0\0\0") == ([Message("/vj/panic", ())], [])


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("/vj/*", ["/vj/strength", "/vj/steps"]),
        ("/vj/st*", ["/vj/strength", "/vj/steps"]),
        ("/vj/*s", ["/vj/steps"]),
        ("/vj/s?eps", ["/vj/steps"]),
        ("/vj/ste[a-q]s", ["/vj/steps"]),
        ("/vj/ste[!p]s", []),
        ("/vj/{strength,delta}", ["/vj/strength"]),
        ("/vj/{st,s}*th", ["/vj/strength"]),
        ("/*/prompt/?", ["/vj/prompt/a"]),
        ("/vj/{strength", []),
        ("/vj/**", ["/vj/strength", "/vj/steps"]),
    ],
)
def test_patterns(pattern: str, found: list[str]) -> None:
    assert matching(pattern, ["/vj/strength", "/vj/steps", "/vj/prompt/a"]) == found


# Feedback


def test_a_subscriber_gets_everything_and_then_every_change_from_any_sender(rig: Rig) -> None:
    other = Peer(rig.server.address)
    for peer in (rig.peer, other):
        peer.send(message("/vj/subscribe"))
    everything = dict(rig.echoed())
    assert everything["/vj/strength"] == [0.5]
    assert everything["/vj/prompt/a"] == ["calm"]
    assert everything["/vj/output/freeze"] == [False]
    assert "/vj/panic" not in everything
    rig.store.set("strength", 0.75)
    assert rig.echoed() == [("/vj/strength", [0.75])]
    begun, echoes, step = time.monotonic(), list[tuple[str, list[Any]]](), 0
    while len(echoes) < 5:
        step += 1
        rig.store.set("strength", step % 1000 / 1000)
        echoes += rig.peer.pending()
    echoes += rig.echoed()
    most = 20 * (time.monotonic() - begun) + 2
    assert 5 <= len(echoes) <= most, "rate-limited to twenty a second"
    assert echoes[-1] == ("/vj/strength", [pytest.approx(step % 1000 / 1000)]), (
        "the last value always arrives"
    )
    rig.peer.send(message("/vj/unsubscribe"))
    rig.peer.until_reply()
    rig.store.set("strength", 0.1)
    assert ("/vj/strength", [pytest.approx(0.1)]) in rig.echoed(other)
    assert rig.peer.pending() == []
    other.socket.close()


def test_a_fader_that_is_held_gets_no_echo_of_its_own_value(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = Peer(rig.server.address)
    rig.peer.send(message("/vj/subscribe"))
    other.send(message("/vj/subscribe", other.socket.getsockname()[1]))
    rig.echoed()
    rig.echoed(other)
    rig.peer.pending()
    # Both peers are at one address here, so both count as holding the fader until it rests.
    monkeypatch.setattr("vj.control.osc.echo.HELD", 1e6)  # it does not rest
    for step in range(20):
        rig.peer.send(message("/vj/strength", step / 20))
    rig.until(lambda: rig.store.get("strength") == pytest.approx(0.95))
    assert rig.echoed() == []
    monkeypatch.setattr("vj.control.osc.echo.HELD", 0.0)
    assert rig.echoed() == [("/vj/strength", [pytest.approx(0.95)])], (
        "once, when it has been let go"
    )
    assert ("/vj/strength", [pytest.approx(0.95)]) in rig.echoed(other)
    other.socket.close()


@pytest.mark.parametrize("port", [0, 70000, "nine", -5])
def test_a_port_that_is_none_is_answered(rig: Rig, port: object) -> None:
    assert "is no port" in rig.peer.ask(message("/vj/subscribe", port))[1][0]


def test_mapped_addresses_are_received_and_echoed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("vj.control.osc.echo.HELD", 0.0)  # the fader is let go at once
    from vj.control.build import make_engine
    from vj.show.load import check_show

    rig = Rig()
    show = check_show(
        {"mappings": [{"osc": "/1/fader1", "to": "strength", "range": [0.2, 0.8], "invert": True}]},
        "test",
    )
    engine, _ = make_engine(show, rig.store, live=False, log=print)
    rig.store.automation = engine
    rig.server.use_engine(engine)
    try:
        rig.peer.send(message("/vj/subscribe"))
        rig.echoed()
        rig.peer.send(message("/1/fader1", 0.25))
        rig.until(lambda: rig.store.sample(time.monotonic())["strength"] > 0.649)
        assert rig.store.get("strength") == pytest.approx(0.65)
        rig.store.set("strength", 0.2)

        def follows() -> bool:
            """The tablet's fader; an echo of its own move may still be on its way before. A glide
            goes on only while frames are sampled."""
            rig.store.sample(time.monotonic())
            return dict(rig.echoed()).get("/1/fader1") == [pytest.approx(1.0, abs=1e-3)]

        rig.until(follows)
        assert "did you mean /1/fader1" in rig.peer.ask(message("/1/fader11", 1.0))[1][0]
    finally:
        rig.server.stop()


def test_switches_and_menus_of_mappings_are_echoed_too() -> None:
    from vj.control.build import make_engine
    from vj.show.load import check_show

    rig = Rig()
    rules = [
        {"osc": "/2/freeze", "to": "output/freeze", "in": [0, 127]},
        {"osc": "/2/thaw", "to": "output/freeze", "invert": True},
        {"osc": "/2/toggle", "to": "mask/invert", "as": "toggle"},
        {"osc": "/2/menu", "to": "mix/mode", "as": "raw"},
        {"osc": "/2/seed", "to": "seed/a", "as": "raw"},
        {"osc": "/2/on", "to": "output/freeze", "value": "on"},
    ]
    engine, _ = make_engine(
        check_show({"mappings": rules}, "test"), rig.store, live=False, log=print
    )
    rig.server.use_engine(engine)
    try:
        rig.peer.send(message("/vj/subscribe"))
        report = dict(rig.echoed())
        assert [report[f"/2/{name}"] for name in ("freeze", "thaw", "toggle", "menu", "seed")] == [
            [0.0],
            [1.0],
            [0.0],
            [0.0],
            [2.0],
        ]
        assert "/2/on" not in report, "a button that sets one thing stands nowhere"
        for name, value in (
            ("output/freeze", True),
            ("mask/invert", True),
            ("mix/mode", "multiply"),
            ("seed/a", 77),
        ):
            rig.store.set(name, value)
        report = dict(rig.echoed())
        assert [report[f"/2/{name}"] for name in ("freeze", "thaw", "toggle", "menu", "seed")] == [
            [127.0],
            [0.0],
            [1.0],
            [3.0],
            [77.0],
        ]
    finally:
        rig.server.stop()


def test_of_two_programs_on_one_machine_only_the_one_that_moves_gets_no_echo(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.control.osc.echo.HELD", 1e6)
    other = Peer(rig.server.address)
    for peer in (rig.peer, other):
        peer.send(message("/vj/subscribe"))
        rig.echoed(peer)
    for step in range(3):
        rig.peer.send(message("/vj/strength", step / 20))
        rig.until(lambda value=step / 20: rig.store.get("strength") == pytest.approx(value))  # type: ignore[misc]
        assert rig.echoed(other) == [("/vj/strength", [pytest.approx(step / 20)])]
    assert not [one for one in rig.echoed() if one[0] == "/vj/strength"]
    other.socket.close()


def test_a_value_that_does_not_fit_into_a_datagram_is_logged_and_the_others_are_sent(
    rig: Rig,
) -> None:
    rig.peer.send(message("/vj/subscribe"))
    rig.echoed()
    rig.store._targets["prompt/b"] = "y" * 70_000
    rig.store._targets["seed/b"] = 2**70
    rig.store.set("strength", 0.75)
    assert ("/vj/strength", [0.75]) in rig.echoed()
    assert any(
        "/vj/prompt/b is not sent: it is too long for a datagram" in line for line in rig.messages
    )
    assert any(
        "/vj/seed/b is not sent" in line and "too large for OSC" in line for line in rig.messages
    )


def test_two_of_them_that_reply_to_each_other_come_to_rest() -> None:
    """Each tells the other its values: they must neither complain about them, nor swap them for
    ever."""
    messages: list[str] = []
    here, there = (("127.0.0.1", free_port()) for _ in range(2))
    stores = [Store({"strength": 0.2, "delta": 0.3}), Store({"strength": 0.9, "delta": 0.8})]
    servers = [
        OscServer(
            store,
            mine,
            clock=WallClock(),
            reply=other,
            status=lambda: {"fps": [24.0], "sinks": []},
            on_message=messages.append,
        )
        for store, mine, other in zip(stores, (here, there), (there, here), strict=True)
    ]

    def resting() -> bool:
        """Two lines of status a second come, and nothing else."""
        before, begun = [server.messages for server in servers], time.monotonic()
        time.sleep(0.4)
        most = 2 * (time.monotonic() - begun + 1)
        return all(
            server.messages - old <= most for server, old in zip(servers, before, strict=True)
        )

    for server in servers:
        server.start()
    try:
        until(resting)
        assert messages == []
        stores[0].set("strength", 0.6)  # a hand on one still moves the other
        until(lambda: stores[1].get("strength") == pytest.approx(0.6))
        for store, value in zip(stores, (0.1, 0.95), strict=True):
            store.set(
                "delta", value
            )  # two hands at once: the two tell each other in the same moment
        until(resting)  # the values are not swapped for ever
    finally:
        for server in servers:
            server.stop()


# Addresses


def test_ipv6_is_received_and_answered() -> None:
    for host, to in (("[::1]", "::1"), ("::", "::1"), ("[::]", "127.0.0.1")):
        server = OscServer(Store(), (host, 0), clock=WallClock())
        try:
            server.start()
        except Fault:
            pytest.skip("this machine has no IPv6")
        try:
            family = socket.AF_INET6 if ":" in to else socket.AF_INET
            with socket.socket(family, socket.SOCK_DGRAM) as peer:
                peer.settimeout(PATIENCE)
                peer.sendto(message("/vj/steps"), (to, server.address[1]))
                assert OscMessage(peer.recv(4096)).params == [1]
            assert str(server.address[1]) in server.describe()[0]
        finally:
            server.stop()


def test_a_multicast_group_is_joined_or_refused_in_a_line() -> None:
    server = OscServer(Store(), ("239.66.6.6", 0), clock=WallClock())
    try:
        server.start()
    except Fault:
        pytest.skip("this machine has no route for multicast")
    try:
        assert "multicast group" in server.describe()[0]
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as peer:
            peer.settimeout(PATIENCE)
            peer.sendto(message("/vj/steps"), ("239.66.6.6", server.address[1]))
            assert OscMessage(peer.recv(4096)).params == [1]
    finally:
        server.stop()


def test_a_reply_to_a_host_that_is_none_is_logged_and_nothing_waits_for_it() -> None:
    rig = Rig(reply=("no.such.host.invalid", 9001))
    try:
        assert "no such address to send to" in rig.messages[0]
        rig.store.set("strength", 0.3)
    finally:
        rig.server.stop()


# Time and load


def test_the_status_goes_on_when_the_system_clock_is_set_back() -> None:
    wall = [time.time()]
    server = OscServer(
        Store(),
        ("127.0.0.1", 0),
        clock=WallClock(),
        status=lambda: {"fps": [1.0]},
        wall=lambda: wall[0],
    )
    server.start()
    peer = Peer(server.address)
    try:
        peer.send(message("/vj/steps"))
        wall[0] -= 3600
        peer.socket.settimeout(PATIENCE)
        heard = {OscMessage(peer.socket.recv(4096)).address for _ in range(2)}
        assert "/vj/status/fps" in heard
        peer.send(bundle(time.time() + 0.3, message("/vj/steps", 3)))
        until(lambda: server._store.get("steps") == 3, lambda: "an hour late")
    finally:
        server.stop()
        peer.socket.close()


def test_a_question_is_answered_soon_in_a_flood_of_unknown_addresses(rig: Rig) -> None:
    flood = [message(f"/composition/layers/{number}/video/opacity", 0.5) for number in range(200)]
    other, begun = Peer(rig.server.address), time.monotonic()
    for number in range(2000):
        other.send(flood[number % 200])
        if number % 10 == 0:
            time.sleep(0.002)
        if number % 200 == 199:
            assert rig.peer.ask(message("/vj/steps")) == ("/vj/steps", [1])
    assert len(rig.messages) <= time.monotonic() - begun + 2, "one line a second"
    other.socket.close()


def test_a_bundle_over_the_wire_is_answered_and_played(rig: Rig) -> None:
    broken = b"/vj/mix/wet\0,f\0\0" + struct.pack(">f", float("nan"))
    packet = b"#bundle\0" + struct.pack(">Q", 1)
    for element in (broken, message("/vj/steps", 3)):
        packet += struct.pack(">i", len(element)) + element
    assert "/vj/mix/wet: NaN or infinity" in rig.peer.ask(packet)[1][0]
    rig.until(lambda: rig.store.get("steps") == 3)
