"""OSCQuery, asked by clients that are not ours: npm's oscquery where node is at hand, python-oscquery, and a plain WebSocket."""

from __future__ import annotations

import asyncio
import json
import shutil
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

from vj.control.oscquery import tree
from vj.monitor.server import Monitor
from vj.parameters.store import Store
from vj.parameters.table import ROWS, Table, macro_row


@pytest.fixture
def page() -> Iterator[Monitor]:
    store = Store({"prompt/a": "gold"}, Table((*ROWS, macro_row("pedal"))))
    made = Monitor(store, ("127.0.0.1", 0), status=dict, cues=lambda: ["calm", "crash"])
    made.query.osc_address = ("127.0.0.1", 9123)
    made.start()
    yield made
    made.stop()


def get(page: Monitor, path: str, accept: str = "*/*") -> tuple[int, Any]:
    request = urllib.request.Request(page.url.rstrip("/") + path, headers={"Accept": accept})
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            body = answer.read()
            return answer.status, json.loads(body) if body and "json" in answer.headers["Content-Type"] else body.decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_the_whole_tree_is_read_from_the_table(page: Monitor) -> None:
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
    assert (strength["TYPE"], strength["VALUE"], strength["RANGE"]) == ("f", [0.5], [{"MIN": 0, "MAX": 1}])
    assert strength["CLIPMODE"] == ["both"]
    assert found["/vj/mix/mode"]["RANGE"][0]["VALS"][0] == "normal"
    assert found["/vj/prompt/travel"]["UNIT"] == ["s"]
    assert (found["/vj/panic"]["TYPE"], found["/vj/panic"]["ACCESS"]) == ("N", 2)
    assert found["/vj/output/freeze"]["TYPE"] == "F"
    assert found["/vj/cue/fire"]["RANGE"] == [{"VALS": ["calm", "crash"]}]
    assert all(node["DESCRIPTION"] for node in found.values())


def test_browsers_get_the_page_at_the_same_address(page: Monitor) -> None:
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
def test_attributes_one_at_a_time(page: Monitor, path: str, status: int, answer: object) -> None:
    got = get(page, path)
    assert got[0] == status
    assert answer is None or got[1] == answer


def test_host_info_names_both_ports(page: Monitor) -> None:
    for path in ("/?HOST_INFO", "/vj/strength?HOST_INFO"):
        info = get(page, path)[1]
        assert (info["OSC_IP"], info["OSC_PORT"], info["OSC_TRANSPORT"]) == ("127.0.0.1", 9123, "UDP")
        assert info["WS_PORT"] == int(page.url.rsplit(":", 1)[1].strip("/"))
        assert info["EXTENSIONS"]["LISTEN"] is True


def packed(address: str, value: float) -> bytes:
    builder = OscMessageBuilder(address)
    builder.add_arg(value, "f")
    data: bytes = builder.build().dgram
    return data


def test_a_websocket_listens_plays_and_is_not_echoed(page: Monitor) -> None:
    store: Store = page._store

    async def talk() -> list[tuple[str, Any]]:
        heard: list[tuple[str, Any]] = []

        async def hear(seconds: float) -> None:
            end = time.monotonic() + seconds
            while (left := end - time.monotonic()) > 0:
                try:
                    message = await ws.receive(timeout=left)
                except TimeoutError:
                    return
                assert message.type == WSMsgType.BINARY
                osc = OscMessage(message.data)
                heard.append((osc.address, osc.params[0]))

        async with ClientSession() as session, session.ws_connect(page.url) as ws:
            for junk in ("", "[]", "{}", '{"COMMAND": 3}', '{"COMMAND": "LISTEN", "DATA": "/nowhere"}'):
                await ws.send_str(junk)
            await ws.send_bytes(b"\x00\x01garbage")
            await ws.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": "/vj/strength"}))
            await hear(0.3)
            store.set("strength", 0.75)
            store.set("noise/hold", 0.1)
            await hear(0.3)
            await ws.send_bytes(packed("/vj/strength", 0.25))
            await hear(0.08)
            told = len(heard)
            await hear(0.4)
            heard.insert(told, ("held back until here", None))
            page.tree_changed()
            assert json.loads((await ws.receive(timeout=2)).data)["COMMAND"] == "PATH_CHANGED"
            await ws.send_str(json.dumps({"COMMAND": "IGNORE", "DATA": "/vj/strength"}))
            await asyncio.sleep(0.1)
            store.set("strength", 0.9)
            await hear(0.3)
        return heard

    heard = asyncio.run(talk())
    assert heard == [("/vj/strength", 0.5), ("/vj/strength", 0.75), ("held back until here", None), ("/vj/strength", 0.25)]
    assert store.get("strength") == 0.9


def test_python_oscquery_reads_it(page: Monitor) -> None:
    pytest.importorskip("pythonoscquery", reason="python-oscquery is missing: pip install python-oscquery")
    from pythonoscquery.osc_query_client import OSCQueryClient  # type: ignore[import-not-found]
    from zeroconf import ServiceInfo

    port = int(page.url.rsplit(":", 1)[1].strip("/"))
    client = OSCQueryClient(ServiceInfo("_oscjson._tcp.local.", "vj._oscjson._tcp.local.", port=port, addresses=[b"\x7f\x00\x00\x01"]))
    node = client.query_node("/vj/strength")
    assert node is not None
    assert node.full_path == "/vj/strength"
    assert node.value == [0.5]
    info = client.get_host_info()
    assert info.osc_port == 9123


def test_npm_oscquery_reads_it(page: Monitor) -> None:
    modules = Path(__file__).parent / "peers" / "node_modules" / "oscquery"
    if shutil.which("node") is None or not modules.exists():
        pytest.skip("npm's oscquery is missing: npm install --prefix tests/peers oscquery")
    port = int(page.url.rsplit(":", 1)[1].strip("/"))
    program = (
        'const {OSCQueryDiscovery} = require("oscquery"); const d = new OSCQueryDiscovery();'
        f'd.queryNewService("127.0.0.1", {port}).then(s => {{'
        'const n = s.resolvePath("/vj/strength"); console.log(JSON.stringify({v: n.getValue(0), '
        "osc: s.hostInfo.oscPort})); process.exit(0); }).catch(e => { console.error(e); process.exit(1); });"
    )
    done = subprocess.run(["node", "-e", program], cwd=modules.parents[1], capture_output=True, text=True, timeout=20)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"v": 0.5, "osc": 9123}


def test_it_is_announced_in_the_network() -> None:
    from zeroconf import ServiceBrowser, ServiceStateChange, Zeroconf

    page = Monitor(Store(), ("127.0.0.1", 0), status=dict, announce=True)
    page.query.osc_address = ("127.0.0.1", 9123)
    page.start()
    port = int(page.url.rsplit(":", 1)[1].strip("/"))
    found: dict[str, int] = {}

    def seen(zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        info = None if zeroconf.done else zeroconf.get_service_info(service_type, name)
        if info is not None and info.port in (port, 9123):
            found[service_type] = info.port

    browser = Zeroconf()
    try:
        ServiceBrowser(browser, ["_oscjson._tcp.local.", "_osc._udp.local."], handlers=[seen])
        end = time.monotonic() + 8
        while len(found) < 2 and time.monotonic() < end:
            time.sleep(0.05)
    finally:
        browser.close()
        page.stop()
    assert found == {"_oscjson._tcp.local.": port, "_osc._udp.local.": 9123}


def test_the_tree_is_quick_enough_to_ask_often() -> None:
    store = Store()
    assert len(json.dumps(tree(store))) < 40_000
