"""OSCQuery over a room: one tree with all pieces, values listened to in each, and what a piece that
is down leaves."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, WSMsgType

from tests.room.dummies import dummy_room
from tests.room.test_room_page import PHONE, ask
from tests.waiting import PATIENCE, until
from vj.control.osc.packet import pack, unpack
from vj.parameters.store import Store
from vj.room.page import RoomPage
from vj.room.room import LiveRoom
from vj.web.access import Access
from vj.web.server import WebServer

LOOPBACK = "127.0.0.1"


class Rig:
    """A room whose pieces have the pages of real shows; `middle` has ended."""

    def __init__(self, folder: Path) -> None:
        self.stores = {name: Store() for name in ("left", "right")}
        self.pages = {
            name: WebServer(store, (LOOPBACK, 0), status=dict)
            for name, store in self.stores.items()
        }
        for page in self.pages.values():
            page.start()
        left, right = (page.url for page in self.pages.values())
        self.said: list[str] = []
        self.room: LiveRoom = dummy_room(folder, [], f"plays {left}", "ends", f"plays {right}")
        self.room.start()
        access = Access((LOOPBACK, 0), LOOPBACK, "271828", print)
        self.page = RoomPage(self.room, (LOOPBACK, 0), self.said.append, access)
        assert self.room.osc is not None
        self.page.hears_osc_at(self.room.osc.address)
        self.page.start()
        pieces = self.room.pieces
        until(lambda: pieces["left"].page and pieces["right"].page and pieces["middle"].ended)

    def get(self, path: str) -> Any:
        return json.loads(ask(self.page, path).body)

    def close(self) -> None:
        self.page.stop()
        self.room.stop()
        for page in self.pages.values():
            page.stop()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    made = Rig(tmp_path)
    yield made
    made.close()


def addresses(node: dict[str, Any]) -> list[str]:
    below = node.get("CONTENTS", {}).values()
    return [node["FULL_PATH"], *(path for one in below for path in addresses(one))]


def test_the_tree_has_every_piece_below_its_name(rig: Rig) -> None:
    rig.stores["left"].set("strength", 0.25)
    root = rig.get("")
    pieces = root["CONTENTS"]["vj"]["CONTENTS"]
    assert list(pieces) == ["left", "right", "room"], "one that has ended was never asked"
    own = rig.stores["left"].table.rows
    found = addresses(root)
    assert len(found) == len(set(found))
    for name in ("left", "right"):
        assert {f"/vj/{name}/{row}" for row in own} <= set(found)
    assert pieces["left"]["CONTENTS"]["strength"]["VALUE"] == [0.25]
    assert pieces["left"]["DESCRIPTION"] == "Dummy"
    assert pieces["room"]["CONTENTS"]["restart"]["RANGE"] == [{"VALS": ["left", "middle", "right"]}]
    info = rig.get("?HOST_INFO")
    assert rig.room.osc is not None
    assert (info["OSC_IP"], info["OSC_PORT"]) == rig.room.osc.address
    assert (info["NAME"], info["WS_PORT"]) == ("room", rig.page.port)
    assert info["EXTENSIONS"]["LISTEN"]


ASKED: list[tuple[str, int, object]] = [
    ("vj/left/strength?VALUE", 200, {"VALUE": [0.5]}),
    ("vj/right/strength?FULL_PATH", 200, {"FULL_PATH": "/vj/right/strength"}),
    ("vj/left?ACCESS", 200, {"ACCESS": 0}),
    ("vj/room/panic?TYPE", 200, {"TYPE": "N"}),
    ("vj/left/panic?VALUE", 204, None),
    ("vj/left/strength?COLOUR", 400, None),
    ("vj/left/strenght", 404, None),
    ("vj/lefft/strength?VALUE", 404, None),
    ("vj/middle/strength?VALUE", 404, None),
    ("vj/left/%2e%2e/%2e%2e/state.json", 404, None),
    ("vj/left/strength%3FVALUE", 404, None),
    ("vj/left//strength", 404, None),
    ("elsewhere", 404, None),
]


def test_nodes_and_attributes_of_one_piece_and_who_may_ask(rig: Rig) -> None:
    for path, status, answer in ASKED:
        got = ask(rig.page, path)
        assert got.status == status, path
        assert answer is None or json.loads(got.body) == answer
    for path in ("", "?HOST_INFO", "vj", "vj/left/strength?VALUE"):
        assert ask(rig.page, path, **PHONE).status == 401, "other devices want the PIN"
    assert ask(rig.page, "vj", Origin="http://elsewhere.example").status == 403


def test_of_a_piece_that_is_down_the_last_tree_is_there(rig: Rig) -> None:
    rig.stores["right"].set("strength", 0.75)
    assert "right" in rig.get("vj")["CONTENTS"]
    right = rig.room.pieces["right"]
    right.stop()
    until(lambda: right.process is None)
    assert rig.get("vj")["CONTENTS"]["right"]["DESCRIPTION"] == "stopped; as it was last"
    assert rig.get("vj/right/strength?VALUE") == {"VALUE": [0.75]}
    assert rig.get("vj/left/strength?VALUE") == {"VALUE": [0.5]}


def test_python_oscquery_reads_it(rig: Rig) -> None:
    pytest.importorskip(
        "pythonoscquery", reason="python-oscquery is missing: pip install python-oscquery"
    )
    from pythonoscquery.osc_query_client import OSCQueryClient  # type: ignore[import-not-found]
    from zeroconf import ServiceInfo

    service = "_oscjson._tcp.local."
    address = [b"\x7f\x00\x00\x01"]
    client = OSCQueryClient(
        ServiceInfo(service, f"vj-room.{service}", port=rig.page.port, addresses=address)
    )
    node = client.query_node("/vj/right/strength")
    assert node is not None
    assert (node.full_path, node.value) == ("/vj/right/strength", [0.5])


async def heard(ws: Any, address: str) -> Any:
    """The next value of an address; others are left out."""
    while True:
        frame = await ws.receive(timeout=PATIENCE)
        if frame.type == WSMsgType.TEXT and address == "PATH_CHANGED":
            return json.loads(frame.data)["DATA"]
        assert frame.type in (WSMsgType.BINARY, WSMsgType.TEXT), frame
        for message in unpack(frame.data).messages if frame.type == WSMsgType.BINARY else ():
            if message.address == address:
                return message.arguments[0]


def test_a_client_listens_to_pieces_and_plays_them(rig: Rig) -> None:
    left, right = rig.stores.values()

    async def talk() -> None:
        async with ClientSession() as session, session.ws_connect(rig.page.url) as ws:
            for nonsense in ("", "[]", '{"COMMAND": "LISTEN", "DATA": "/vj/lefft/strength"}', "{}"):
                await ws.send_str(nonsense)
            for name in ("left", "right"):
                said = {"COMMAND": "LISTEN", "DATA": f"/vj/{name}/strength"}
                await ws.send_str(json.dumps(said))
                assert await heard(ws, f"/vj/{name}/strength") == 0.5
            right.set("strength", 0.75)
            assert await heard(ws, "/vj/right/strength") == 0.75
            await ws.send_bytes(pack("/vj/left/steps", [3]))
            until(lambda: left.get("steps") == 3)
            assert right.get("steps") != 3
            await ws.send_bytes(pack("/vj/*/seed/a", [7]))
            until(lambda: left.get("seed/a") == right.get("seed/a") == 7)
            rows = [row for row in left.table.rows.values() if row.kind == "float"]
            for row in rows:  # a whole preset at once, without a rest
                await ws.send_bytes(pack(f"/vj/right/{row.name}", [row.high]))
            until(lambda: all(right.get(row.name) == pytest.approx(row.high) for row in rows))
            await ws.send_bytes(pack("/vj/lefft/steps", [3]))
            assert "did you mean left?" in await heard(ws, "/vj/error")
            await ws.send_bytes(pack("/vj/left/stepps", [3]))
            assert "did you mean /vj/steps?" in await heard(ws, "/vj/left/error")
            await ws.send_bytes(pack("/vj/room/status", []))
            assert await heard(ws, "/vj/room/status/left") == "playing"
            rig.pages["left"].tree_changed()
            assert await heard(ws, "PATH_CHANGED") == "/vj/left"

    asyncio.run(talk())


def test_a_client_goes_on_listening_when_a_piece_has_died(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.room.oscquery_listeners.AGAIN", 0.02)

    async def talk() -> None:
        async with ClientSession() as session, session.ws_connect(rig.page.url) as ws:
            await ws.send_str(json.dumps({"COMMAND": "LISTEN", "DATA": "/vj/left/strength"}))
            assert await heard(ws, "/vj/left/strength") == 0.5
            (listener,) = rig.pages["left"].query._listening.values()
            rig.stores["left"].set("strength", 0.625)
            assert await heard(ws, "/vj/left/strength") == 0.625
            transport = listener.ws._req.transport  # type: ignore[union-attr]
            rig.pages["left"]._site.call_soon(transport.abort)  # type: ignore[union-attr]
            assert await heard(ws, "/vj/left/strength") == 0.625, "told when it is back"
            rig.stores["left"].set("strength", 0.25)
            assert await heard(ws, "/vj/left/strength") == 0.25

    asyncio.run(talk())
