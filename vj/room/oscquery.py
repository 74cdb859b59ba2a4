"""OSCQuery over a whole room, on the room's page's port: the tree of each piece below its name, as
the pieces themselves answer it.

    GET /, /vj                  all pieces; /vj/room what the room itself has
    GET /vj/left/strength?VALUE a node of one, or one of its attributes
    GET /?HOST_INFO             where OSC is heard, and that LISTEN is understood
    WebSocket                   LISTEN and IGNORE, see `vj/room/oscquery_listeners.py`

Of a piece that is down its last tree is answered, and its description says so; one that has never
answered is left out.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

from aiohttp import web

from vj.control.osc.query import (
    ATTRIBUTES,
    CONTAINER,
    WRITE_ONLY,
    Json,
    NoContent,
    UnknownAddress,
    UnknownAttribute,
    attribute,
    node_at,
)
from vj.room.oscquery_listeners import RoomListeners
from vj.room.piece_pages import PiecePages
from vj.room.room import LiveRoom
from vj.web.oscquery import asked_attribute, host_info_of, json_answer


class RoomQuery:
    """Answers OSCQuery clients. Its coroutines run on the event loop of the room's page."""

    def __init__(self, room: LiveRoom, pages: PiecePages, log: Callable[[str], None]) -> None:
        self._room, self._pages = room, pages
        self.osc_address = ("127.0.0.1", 9000)
        """Where the room hears OSC."""
        self.listeners = RoomListeners(room, pages, log)
        self._known: dict[str, Json] = {}
        """The last tree of each piece, below the piece's name."""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A node, one of its attributes, HOST_INFO, or the WebSocket."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self.listeners.open(request)
        asked = asked_attribute(request)
        if asked == "HOST_INFO":
            return json_answer(host_info_of(request, self._room.rule.name, self.osc_address))
        _, _, rest = request.path.strip("/").partition("/")
        name, _, below = rest.partition("/")
        try:
            if asked and asked not in ATTRIBUTES:
                raise UnknownAttribute(asked)
            if name not in self._room.pieces:
                await asyncio.gather(*(self._ask(piece) for piece in list(self._room.pieces)))
                node = node_at(self._tree(), request.path)
                return json_answer(attribute(node, asked) if asked else node)
            found = await self._below(name, below, asked)
            if found is not None:
                return json_answer(found)
            if name not in self._known:
                raise UnknownAddress(request.path)
            node = node_at(self._known[name], below)
            return json_answer(attribute(node, asked) if asked else node)
        except UnknownAddress:
            there = ", ".join(self._room.pieces)
            said = f"{request.path}: no such address (the pieces are {there})\n"
            return web.Response(status=404, text=said)
        except UnknownAttribute:
            return web.Response(status=400, text=f"{asked}: no such attribute\n")
        except NoContent:
            return web.Response(status=204)

    async def _below(self, name: str, below: str, asked: str) -> Json | None:
        """A node of a piece as the piece answers it, or one of its attributes; None where it is
        down. Raises UnknownAddress, UnknownAttribute, NoContent."""
        if not below and not asked:
            await self._ask(name)
            return None
        if not {"", ".", ".."}.isdisjoint(below.split("/")) and below:
            raise UnknownAddress(below)  # it would lead elsewhere on the piece's page
        url = self._room.pieces[name].page
        where = f"{url}vj/{quote(below)}".rstrip("/")
        answer = await self._pages.get(f"{where}?{asked}" if asked else where) if url else None
        if answer is None or answer.status not in (200, 204, 400, 404):
            return None
        if answer.status != 200:
            raise {204: NoContent, 400: UnknownAttribute, 404: UnknownAddress}[answer.status]
        return _named(_node(answer.body), name)

    async def _ask(self, name: str) -> None:
        """Have the newest tree of a piece, where it answers."""
        piece = self._room.pieces.get(name)
        if piece is None or not piece.page:
            return
        answer = await self._pages.get(f"{piece.page}vj")
        if answer is not None and answer.status == 200:
            with contextlib.suppress(UnknownAddress):
                self._known[name] = _named(_node(answer.body), name)

    def _tree(self) -> Json:
        """All that is known."""
        pieces: Json = {}
        for name, piece in list(self._room.pieces.items()):
            if name in self._known:
                show = piece.state.alive.get("show", "")
                said = str(show) if piece.page else f"{piece.state.state}; as it was last"
                pieces[name] = self._known[name] | {"DESCRIPTION": said}
        own = {
            "panic": _leaf("panic", "N", "every piece panics"),
            "restart": _leaf("restart", "s", "starts a piece anew")
            | {"RANGE": [{"VALS": list(self._room.pieces)}]},
        }
        pieces["room"] = _folder("/vj/room", "the room itself", own)
        vj = _folder("/vj", self._room.rule.name, pieces)
        return _folder("/", self._room.rule.name, {"vj": vj})


def _folder(path: str, says: str, contents: Mapping[str, Json]) -> Json:
    return {"FULL_PATH": path, "ACCESS": CONTAINER, "DESCRIPTION": says, "CONTENTS": contents}


def _leaf(name: str, kind: str, says: str) -> Json:
    path = f"/vj/room/{name}"
    return {"FULL_PATH": path, "ACCESS": WRITE_ONLY, "DESCRIPTION": says, "TYPE": kind}


def _node(body: bytes) -> Json:
    """Raises UnknownAddress for what is none."""
    try:
        node = json.loads(body)
    except ValueError:
        raise UnknownAddress from None
    if not isinstance(node, dict):
        raise UnknownAddress
    return node


def _named(node: Json, name: str) -> Json:
    """A piece's node with the piece's name in every path: `/vj/strength` as `/vj/left/strength`."""
    made = dict(node)
    path: Any = node.get("FULL_PATH")
    if isinstance(path, str):
        made["FULL_PATH"] = f"/vj/{name}{path.removeprefix('/vj')}"
    if isinstance(below := node.get("CONTENTS"), dict):
        made["CONTENTS"] = {key: _named(one, name) for key, one in below.items()}
    return made
