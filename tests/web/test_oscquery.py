"""OSCQuery, asked by clients that are not ours: npm's oscquery where node is at hand,
python-oscquery, and a plain WebSocket."""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from tests.control.osc.test_dispatch import padded
from tests.waiting import PATIENCE, until
from vj.control.osc.query import tree
from vj.parameters.store import Store
from vj.parameters.table import ROWS, TABLE, Table, macro_row
from vj.web.server import WebServer


@pytest.fixture
def page() -> Iterator[WebServer]:
    store = Store({"prompt/a": "gold"}, Table((*ROWS, macro_row("pedal"))))
    made = WebServer(store, ("127.0.0.1", 0), status=dict, cues=lambda: ["calm", "crash"])
    made.query.osc_address = ("127.0.0.1", 9123)
    made.start()
    yield made
    made.stop()


def get(page: WebServer, path: str, accept: str = "*/*") -> tuple[int, Any]:
    request = urllib.request.Request(page.url.rstrip("/") + path, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            body = answer.read()
            return answer.status, json.loads(body) if body and "json" in answer.headers[
                "Content-Type"
            ] else body.decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_whole_tree_is_read_from_the_table(page: WebServer) -> None:
    status, root = get(page, "/")
    assert status == 200
    assert root["FULL_PATH"] == "/"
    found: dict[str, dict[str, Any]] = {}

    def walk(node: dict[str, Any]) -> None:
        if node["ACCESS"]:
            found[node["FULL_PATH"]] = node
        for below in node.get("CONTENTS", {}).values():
            walk(below)

    walk(root)
    assert set(found) == {row.address for row in (*ROWS, macro_row("pedal"))}
    strength = found["/vj/strength"]
    assert (strength["TYPE"], strength["VALUE"], strength["RANGE"]) == (
        "f",
        [0.5],
        [{"MIN": 0, "MAX": 1}],
    )
    assert strength["CLIPMODE"] == ["both"]
    assert found["/vj/mix/mode"]["RANGE"][0]["VALS"][0] == "normal"
    assert found["/vj/prompt/travel"]["UNIT"] == ["s"]
    assert (found["/vj/panic"]["TYPE"], found["/vj/panic"]["ACCESS"]) == ("N", 2)
    assert found["/vj/output/freeze"]["TYPE"] == "F"
    assert found["/vj/cue/fire"]["RANGE"] == [{"VALS": ["calm", "crash"]}]
    assert all(node["DESCRIPTION"] for node in found.values())


def test_browsers_get_the_page_at_the_same_address(page: WebServer) -> None:
    status, body = get(page, "/", accept="text/html,application/xhtml+xml")
    assert status == 200
    assert "<html" in body


@pytest.mark.parametrize(
    ("path", "status", "answer"),
    [
        ("/vj/strength?VALUE", 200, {"VALUE": [0.5]}),
        ("/vj/strength?TYPE", 200, {"TYPE": "f"}),
        ("/vj/prompt/a?VALUE", 200, {"VALUE": ["gold"]}),
        ("/vj/prompt?ACCESS", 200, {"ACCESS": 0}),
        ("/vj/panic?VALUE", 204, ""),
        ("/vj/strength?COLOUR", 400, "COLOUR: no such attribute\n"),
        ("/vj/strenght", 404, "/vj/strenght: no such address\n"),
        ("/../etc/passwd", 404, None),
    ],
)
def test_attributes_one_at_a_time(page: WebServer, path: str, status: int, answer: object) -> None:
    got = get(page, path)
    assert got[0] == status
    assert answer is None or got[1] == answer


def test_host_info_names_both_ports(page: WebServer) -> None:
    for path in ("/?HOST_INFO", "/vj/strength?HOST_INFO"):
        info = get(page, path)[1]
        assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == (
            "127.0.0.1",
            9123,
            "UDP",
        )
        assert info["WS_PORT"] == int(page.url.rsplit(":", 1)[1].strip("/"))
        assert info["EXTENSIONS"]["LISTEN"] is True


def packed(address: str, value: float) -> bytes:
    builder = OscMessageBuilder(address)
    builder.add_arg(value, "f")
    data: bytes = builder.build().dgram
    return data


async def received(ws: Any) -> tuple[str, Any]:
    """The next message in a binary frame: its address and its value."""
    frame = await ws.receive(timeout=PATIENCE)
    assert frame.type == WSMsgType.BINARY
    osc = OscMessage(frame.data)
    return osc.address, osc.params[0]


async def listen(ws: Any, *names: str) -> None:
    """Listen to these parameters, and to the one that `echoed` marks with."""
    for name in (*names, "prompt/negative"):
        await ws.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": f"/vj/{name}"}))


async def echoed(page: WebServer, ws: Any) -> list[tuple[str, Any]]:
    """Wait until a listener has all values that are to be sent now. Returns what it got."""
    found: list[tuple[str, Any]] = []
    for _ in range(2):  # in one round of values the mark may come before another one
        mark = "/vj/prompt/negative", f"mark {next(MARKS)}"
        page._store.set("prompt/negative", mark[1])
        while (osc := await received(ws)) != mark:
            found.append(osc)
    return [osc for osc in found if osc[0] != "/vj/prompt/negative"]


MARKS = itertools.count()


def test_a_websocket_listens_plays_and_is_not_echoed(
    page: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: Store = page._store

    async def talk() -> None:
        async with ClientSession() as session, session.ws_connect(page.url) as ws:
            for junk in (
                "",
                "[]",
                "{}",
                '{"COMMAND": 3}',
                '{"COMMAND": "LISTEN", "DATA": "/nowhere"}',
            ):
                await ws.send_str(junk)
            await ws.send_bytes(b"\x00\x01garbage")
            await listen(ws, "strength")
            assert await echoed(page, ws) == [("/vj/strength", 0.5)]
            store.set("strength", 0.75)
            store.set("noise/hold", 0.1)
            assert await echoed(page, ws) == [("/vj/strength", 0.75)]
            monkeypatch.setattr("vj.control.osc.echo.HELD", 1e6)  # its fader does not rest
            await ws.send_bytes(packed("/vj/strength", 0.25))
            until(lambda: store.get("strength") == 0.25)
            assert await echoed(page, ws) == []
            monkeypatch.setattr("vj.control.osc.echo.HELD", 0.0)
            assert await echoed(page, ws) == [("/vj/strength", 0.25)]
            page.tree_changed()
            text = (await ws.receive(timeout=PATIENCE)).data
            assert json.loads(text)["COMMAND"] == "PATH_CHANGED"
            await ws.send_str(json.dumps({"COMMAND": "IGNORE", "DATA": "/vj/strength"}))
            await ws.send_bytes(raw("/vj/steps", ""))
            assert await received(ws) == ("/vj/steps", 1)
            store.set("strength", 0.9)
            assert await echoed(page, ws) == []

    asyncio.run(talk())
    assert store.get("strength") == 0.9


def test_python_oscquery_reads_it(page: WebServer) -> None:
    pytest.importorskip(
        "pythonoscquery", reason="python-oscquery is missing: pip install python-oscquery"
    )
    from pythonoscquery.osc_query_client import OSCQueryClient  # type: ignore[import-not-found]
    from zeroconf import ServiceInfo

    port = int(page.url.rsplit(":", 1)[1].strip("/"))
    client = OSCQueryClient(
        ServiceInfo(
            "_oscjson._tcp.local.",
            "vj._oscjson._tcp.local.",
            port=port,
            addresses=[b"\x7f\x00\x00\x01"],
        )
    )
    node = client.query_node("/vj/strength")
    assert node is not None
    assert node.full_path == "/vj/strength"
    assert node.value == [0.5]
    info = client.get_host_info()
    assert info.osc_port == 9123


def test_npm_oscquery_reads_it(page: WebServer) -> None:
    modules = Path(__file__).parents[1] / "peers" / "node_modules" / "oscquery"
    if shutil.which("node") is None or not modules.exists():
        pytest.skip("npm's oscquery is missing: npm install --prefix tests/peers")
    port = int(page.url.rsplit(":", 1)[1].strip("/"))
    program = (
        'const {OSCQueryDiscovery} = require("oscquery"); const d = new OSCQueryDiscovery();'
        f'd.queryNewService("127.0.0.1", {port}).then(s => {{'
        'const n = s.resolvePath("/vj/strength"); console.log(JSON.stringify({v: n.getValue(0), '
        "osc: s.hostInfo.oscPort})); process.exit(0); }).catch(e => { console.error(e); "
        "process.exit(1); });"
    )
    done = subprocess.run(
        ["node", "-e", program], cwd=modules.parents[1], capture_output=True, text=True, timeout=100
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"v": 0.5, "osc": 9123}


@pytest.mark.long
def test_it_is_announced_in_the_network() -> None:
    page = WebServer(Store(), ("127.0.0.1", 0), status=dict, announce=True)
    page.query.osc_address = ("127.0.0.1", 9123)
    page.start()
    port = int(page.url.rsplit(":", 1)[1].strip("/"))
    try:
        found = announced({port, 9123})
    finally:
        page.stop()
    assert {kind: info.port for kind, info in found.items()} == {
        "_oscjson._tcp.local.": port,
        "_osc._udp.local.": 9123,
    }


def test_the_tree_is_short_enough_to_ask_often() -> None:
    """Each of its parameters in 400 bytes, what it does in words included."""
    assert len(json.dumps(tree(Store()))) < 400 * len(TABLE.rows)


# The WebSocket plays as UDP does


def raw(address: str, tags: str, *data: bytes) -> bytes:
    return padded(address) + padded("," + tags) + b"".join(data)


def test_releases_questions_short_forms_patterns_and_timetags_over_the_websocket(
    page: WebServer,
) -> None:
    store: Store = page._store
    store.set("strength", 0.9)

    async def talk() -> None:
        async with ClientSession() as session, session.ws_connect(page.url) as ws:
            for release in (raw("/vj/panic", "F"), raw("/vj/panic", "f", struct.pack(">f", 0.0))):
                await ws.send_bytes(release)
            await ws.send_bytes(raw("/vj/strength", ""))
            assert await received(ws) == ("/vj/strength", pytest.approx(0.9))
            await ws.send_bytes(raw("/vj/prompt", "s", b"jade\0\0\0\0"))
            await ws.send_bytes(raw("/vj/picture/{hue,sharpen}", "f", struct.pack(">f", 0.5)))
            await ws.send_bytes(raw("/vj/strenght", "f", struct.pack(">f", 0.5)))
            assert await received(ws) == (
                "/vj/error",
                "/vj/strenght: no such address; did you mean /vj/strength?",
            )
            later = raw("/vj/steps", "i", struct.pack(">i", 3))
            sent = time.monotonic()
            tag = struct.pack(">Q", int((time.time() + 0.3 + 2_208_988_800) * 2**32))
            await ws.send_bytes(b"#bundle\0" + tag + struct.pack(">i", len(later)) + later)
            until(lambda: store.get("steps") == 3)
            assert time.monotonic() - sent > 0.29, "not before its time"

    asyncio.run(talk())
    assert store.get("prompt/a") == "jade"
    assert (store.get("picture/hue"), store.get("picture/sharpen")) == (0.5, 0.5)


def test_two_clients_of_one_machine_get_each_others_changes_at_once(
    page: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.control.osc.echo.HELD", 1e6)

    async def talk() -> None:
        async with (
            ClientSession() as session,
            session.ws_connect(page.url) as one,
            session.ws_connect(page.url) as other,
        ):
            for ws in (one, other):
                await listen(ws, "delta")
                await echoed(page, ws)
            await echoed(page, one)
            for step in range(4):
                await one.send_bytes(packed("/vj/delta", step / 4))
                until(lambda value=step / 4: page._store.get("delta") == value)  # type: ignore[misc]
                assert ("/vj/delta", step / 4) in await echoed(page, other)
            assert await echoed(page, one) == [], "a fader that moves gets no echo"

    asyncio.run(talk())


def test_numbers_are_sent_in_the_parameters_own_type(page: WebServer) -> None:
    page._store._targets["strength"] = 1  # an int, as a whole number in a show file is

    async def talk() -> bytes:
        async with ClientSession() as session, session.ws_connect(page.url) as ws:
            await ws.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": "/vj/strength"}))
            data: bytes = (await ws.receive(timeout=PATIENCE)).data
            return data

    assert b",f" in asyncio.run(talk())


def test_a_client_that_does_not_read_is_dropped_and_the_others_get_values(
    page: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    import vj.web.oscquery as query

    monkeypatch.setattr(query, "PATIENCE", 0.4)
    messages: list[str] = []
    page.query._log = messages.append
    host, port = page.url.removeprefix("http://").rstrip("/").split(":")
    deaf = socket.create_connection((host, int(port)))
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    deaf.sendall(
        f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    until(lambda: page.query._listening)
    (listener,) = page.query._listening.values()
    # what is sent to it before the next value is more than the kernel keeps for it
    page._site.call_soon(lambda: listener.put(bytes(16 << 20)))

    async def talk() -> None:
        async with ClientSession() as session, session.ws_connect(page.url) as ws:
            await listen(ws, "strength")
            await echoed(page, ws)
            for step in itertools.count():
                page._store.set("strength", step % 250 / 250)
                assert await echoed(page, ws) == [("/vj/strength", pytest.approx(step % 250 / 250))]
                if messages and step > 6:
                    break

    asyncio.run(talk())
    assert "has not read" in messages[0]
    assert len(page.query._listening) <= 1
    deaf.close()


def test_a_value_that_osc_cannot_say_does_not_end_the_feed(page: WebServer) -> None:
    messages: list[str] = []
    page._own.error_replies._log = messages.append

    async def talk() -> list[tuple[str, Any]]:
        async with ClientSession() as session, session.ws_connect(page.url) as ws:
            await listen(ws, "seed/b", "prompt/b", "delta")
            await echoed(page, ws)
            page._store._targets["seed/b"] = 2**70
            page._store._targets["prompt/b"] = "half \ud800 a pair"
            page._store.set("delta", 0.5)
            return await echoed(page, ws)

    assert asyncio.run(talk()) == [("/vj/prompt/b", "half ? a pair"), ("/vj/delta", 0.5)]
    assert "/vj/seed/b is not sent" in messages[0]


def announced(wanted: set[int]) -> dict[str, Any]:
    """Services with these ports, by their kind."""
    from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf

    names: set[tuple[str, str]] = set()
    found: dict[str, Any] = {}

    def seen(
        zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange
    ) -> None:
        names.add((service_type, name))

    def all_there() -> bool:
        for kind, name in tuple(names):  # what does not answer in three seconds is asked again
            info = None if kind in found else browser.get_service_info(kind, name)
            if info is not None and info.port in wanted:
                found[kind] = info
        return len(found) == len(wanted)

    browser = Zeroconf()
    try:
        ServiceBrowser(browser, ["_oscjson._tcp.local.", "_osc._udp.local."], handlers=[seen])
        until(all_there, lambda: found)
    finally:
        browser.close()
    return found


@pytest.mark.long
def test_each_service_is_announced_where_it_is_received() -> None:
    from vj.control.osc.network import lan_address

    here = lan_address()
    if not here:
        pytest.skip("this machine has no address in a network")
    page = WebServer(Store(), ("127.0.0.1", 0), status=dict, announce=True)
    page.query.osc_address = ("0.0.0.0", 9124)
    page.start()
    try:
        port = int(page.url.rsplit(":", 1)[1].strip("/"))
        found = announced({port, 9124})
        assert {kind: info.parsed_addresses() for kind, info in found.items()} == {
            "_oscjson._tcp.local.": ["127.0.0.1"],
            "_osc._udp.local.": [here],
        }
    finally:
        page.stop()


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("[::1]", "::1"),
        ("10.1.2.3", "10.1.2.3"),
        ("239.1.2.3", ""),
        ("no.such.invalid", ""),
    ],
)
def test_what_is_announced_is_the_address_that_is_bound(host: str, address: str) -> None:
    from vj.control.osc.network import advertised_address

    assert advertised_address(host) == address
