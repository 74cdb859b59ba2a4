"""What the fuzzers have found, each once more, with another input."""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.control.osc.test_dispatch import DispatchHarness, bundle, f32, raw
from tests.fuzz.http import asked
from tests.fuzz.osc import Rig, Wire
from tests.waiting import PATIENCE
from vj.control.osc import datagram_reader, dispatch
from vj.control.osc import pattern as osc_pattern
from vj.control.osc.packet import pack
from vj.parameters.store import Store
from vj.show.load import ShowFaults, parse, show_of
from vj.web.server import WebServer


class Heard(Wire):
    """Keeps what is sent."""

    def __init__(self) -> None:
        super().__init__()
        self.report: list[tuple[int, OscMessage]] = []

    def sendto(self, data: bytes, target: tuple[object, ...]) -> int:
        self.report.append((int(str(target[1])), OscMessage(data)))
        return len(data)


@pytest.mark.parametrize("port", [0.25, 0.999, 65536.0])
def test_a_fraction_is_no_port_to_be_told_at(port: float) -> None:
    rig = Rig(seed=0)
    heard = Heard()
    rig.use(heard)
    rig.feed(raw("/vj/subscribe", "f", f32(port)))
    assert [
        report
        for _, report in heard.report
        if report.address == "/vj/error" and "is no port (1 .. 65535)" in report.params[0]
    ]
    rig.feed(raw("/vj/strength", "f", f32(0.4)), peer=5001)
    assert not [port for port, report in heard.report if report.address == "/vj/strength"]


def test_a_bundle_of_a_thousand_patterns_does_not_hold_osc_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[str] = []

    def matching(pattern: str, addresses: Sequence[str]) -> list[str]:
        looked.append(pattern)
        return osc_pattern.matching.__wrapped__(pattern, addresses)  # type: ignore[attr-defined]

    monkeypatch.setattr(osc_pattern, "matching", functools.wraps(osc_pattern.matching)(matching))
    session = DispatchHarness()
    session.play(bundle(*[raw("/vj/*/[m-x]*", "f", f32(0.5))] * 1000))
    assert session.store.get("prompt/mix") == 0.5
    assert looked == ["/vj/*/[m-x]*"], "each look takes a third of a millisecond"
    for number in range(300):
        session.log(f"/vj/*/{number}?", 0.5)
    assert len(session.dispatcher._addresses.settable._known) <= osc_pattern.KNOWN, (
        "and what is remembered has an end"
    )
    session.log("/vj/record", 1.0)
    session.log("/vj/rec*", 0.0)
    assert session.store.get("record") is True, "no pattern means a recording"


def test_what_takes_long_leaves_the_picture_its_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    rests: list[float] = []
    session = DispatchHarness()
    session.dispatcher._sleep = rests.append
    monkeypatch.setattr(dispatch, "HOLD", 1e-4)
    session.play(
        bundle(*[raw(f"/vj/[a-{letter}]*/*", "f", f32(0.5)) for letter in "mnopqrst"] * 20)
    )
    assert len(rests) > 10, "a bundle of many patterns rests in between"
    assert session.store.get("prompt/mix") == 0.5
    rests.clear()
    session.play(bundle(raw("/vj/delta", "f", f32(0.5))))
    assert not rests


def test_a_batch_of_what_takes_long_ends_before_all_is_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = Rig(seed=0)
    monkeypatch.setattr(datagram_reader, "HOLD", 1e-9)
    peer = ("10.0.0.1", 5000)
    rig.wire.waiting.extend((raw("/vj/*/*", "f", f32(0.25)), peer) for _ in range(4))
    assert [rig.reader.read_batch() for _ in range(5)] == [1, 1, 1, 1, 0]
    faders = [raw("/vj/delta", "f", f32(number / 100)) for number in range(50)]
    rig.wire.waiting.extend((packet, peer) for packet in faders)
    assert rig.reader.read_batch() == 50, "faders alone are all read in one go"
    assert rig.store.get("delta") == pytest.approx(0.49)


VALUES = (
    "",
    "a",
    "abc",
    "vier",
    "水墨",
    0.1,
    -0.0,
    1,
    -1,
    2**31,
    -(2**63),
    True,
    False,
    b"x",
    b"four",
)


@pytest.mark.parametrize("value", VALUES)
def test_what_is_told_is_what_another_program_writes(value: Any) -> None:
    made = OscMessageBuilder("/vj/x")
    made.add_arg(value, "h" if type(value) is int and abs(value) >= 2**31 else None)
    assert pack("/vj/x", [value]) == made.build().dgram


@pytest.mark.parametrize(
    ("address", "value"), [("/a", 1e300), ("/a", 2**63), ("", 1), ("/a", None)]
)
def test_what_osc_cannot_say_is_refused(address: str, value: Any) -> None:
    with pytest.raises(ValueError, match=r"too large|without an address|is not a type of OSC"):
        pack(address, [value])


def test_a_thousand_questions_for_a_long_prompt_do_not_hold_osc_up() -> None:
    begun = time.thread_time()
    for _ in range(100):
        pack("/vj/prompt/a", ["ink, " * 2000])
    assert time.thread_time() - begun < 0.02, "seconds; they were 0.07"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("mappings:\n  - {midi: cc 7, " + "y" * 3000 + "}", 2),
        ("z" * 4000 + ": 1", 1),
        ("model: {name: " + "w" * 3000 + ", x: 1}", 1),
    ],
)
def test_a_fault_is_a_line_that_can_be_read_however_long_what_is_wrong(
    text: str, line: int
) -> None:
    with pytest.raises(ShowFaults, match=rf"^my\.yaml:{line}: ") as fault:
        show_of(parse(text.encode(), Path("my.yaml")), Path("my.yaml"))
    assert fault.value.lines == str(fault.value).split("\n")
    assert max(map(len, fault.value.lines)) < 550


@pytest.fixture
def page() -> Iterator[WebServer]:
    made = WebServer(Store(), ("127.0.0.1", 0), status=dict)
    made.start()
    yield made
    made.stop()


@pytest.mark.parametrize(
    ("head", "body"),
    [
        (b"Host: 127.0.0.1\r\nContent-Type: application/json; charset=klingon", b"{}"),
        (b"Host: 127.0.0.1\r\nContent-Encoding: gzip", b"not at all"),
        (b"Host: caf\xe9.example", b"{}"),
        (b"Host: 127.0.0.1\r\nOrigin: http://\xfe\xff", b"{}"),
        (b"Host: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrad\xe8", b""),
        (b"Host: 127.0.0.1\r\nExpect: m\xfcch", b"{}"),
    ],
)
def test_a_broken_request_is_the_clients_fault(page: WebServer, head: bytes, body: bytes) -> None:
    port = int(page.url.rstrip("/").rpartition(":")[2])
    length = b"Content-Length: %d" % len(body)
    lines = b"POST /set HTTP/1.1", head, length, b"", body
    answer = asked(port, b"\r\n".join(lines), False, patience=PATIENCE)
    assert answer.startswith(b"HTTP/1.1 4"), answer


def test_a_client_that_asks_whether_it_may_send_may(page: WebServer) -> None:
    body = b'{"name": "delta", "value": 0.25}'
    lines = b"POST /set HTTP/1.1", b"Host: 127.0.0.1", b"Expect: 100-continue"
    sent = b"\r\n".join([*lines, b"Content-Length: %d" % len(body), b"", body])
    port = int(page.url.rstrip("/").rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as client:
        client.sendall(sent)
        answer = b""
        while b"200 OK" not in answer:
            answer += client.recv(4096)
    assert answer.startswith(b"HTTP/1.1 100 Continue")
    assert page._store.get("delta") == 0.25


def test_a_value_in_any_charset_is_read(page: WebServer) -> None:
    port = int(page.url.rstrip("/").rpartition(":")[2])
    body = '{"name": "prompt/a", "value": "Öl"}'.encode("utf-16")
    head = b"POST /set HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: x/y; charset=klingon\r\n"
    answer = asked(
        port, head + b"Content-Length: %d\r\n\r\n" % len(body) + body, False, patience=PATIENCE
    )
    assert answer.startswith(b"HTTP/1.1 200")
    assert page._store.get("prompt/a") == "Öl"
