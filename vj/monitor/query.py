"""OSCQuery over HTTP and WebSocket, on the preview page's port, and its announcement in the network."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web
from pythonosc.osc_message_builder import OscMessageBuilder

from vj.control.feedback import PERIOD, Feedback
from vj.control.network import lan_address
from vj.control.osc_packet import Malformed, unpack
from vj.control.oscquery import (
    PREFIX,
    NoContent,
    UnknownAddress,
    UnknownAttribute,
    attribute,
    host_info,
    node_at,
    tree,
)
from vj.errors import Fault
from vj.parameters.store import Store
from vj.parameters.table import Value

LISTENERS = 16
MESSAGE_LIMIT = 64 << 10


class Query:
    """Answers OSCQuery clients. Its coroutines run on the page's loop."""

    def __init__(self, store: Store, cues: Callable[[], list[str]] = list, name: str = "vj") -> None:
        self._store, self._cues, self._name = store, cues, name
        self.osc_address: tuple[str, int] = ("127.0.0.1", 9000)
        self._feedback = Feedback(store)
        self._listening: dict[tuple[str, int], tuple[web.WebSocketResponse, set[str]]] = {}
        self._count = 0
        self._announced: Any = None

    def wants(self, request: web.Request) -> bool:
        """Is this an OSCQuery client's request (and not a browser's, which wants the page)?"""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return True
        return request.path != "/" or bool(request.query_string) or "text/html" not in request.headers.get("Accept", "")

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A node, one of its attributes, HOST_INFO, or the WebSocket."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._listen(request)
        asked = request.query_string.split("=")[0].split("&")[0]
        if asked == "HOST_INFO":
            return _json(self._host_info(request))
        try:
            node = node_at(tree(self._store, self._choices), request.path)
            return _json(attribute(node, asked) if asked else node)
        except UnknownAddress:
            return web.Response(status=404, text=f"{request.path}: no such address\n")
        except UnknownAttribute:
            return web.Response(status=400, text=f"{asked}: no such attribute\n")
        except NoContent:
            return web.Response(status=204)

    def _choices(self, name: str) -> list[str]:
        return self._cues() if name == "cue/fire" else []

    def _host_info(self, request: web.Request) -> dict[str, Any]:
        """With the address by which the asker has reached this machine."""
        transport = request.transport
        here = transport.get_extra_info("sockname") if transport is not None else ("127.0.0.1", 0)
        host, port = self.osc_address
        return host_info(self._name, (here[0] if host == "0.0.0.0" else host, port), (here[0], here[1]))

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        """LISTEN and IGNORE, values as OSC in binary frames, both ways."""
        if len(self._listening) >= LISTENERS:
            return web.Response(status=503, text=f"{LISTENERS} listeners are enough\n")
        ws = web.WebSocketResponse(max_msg_size=MESSAGE_LIMIT, heartbeat=30)
        await ws.prepare(request)
        self._count += 1
        me = (f"websocket {request.remote}", self._count)
        wanted: set[str] = set()
        self._listening[me] = ws, wanted
        try:
            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    self._command(me, wanted, message.data)
                elif message.type == WSMsgType.BINARY:
                    self._play(me, message.data)
        finally:
            self._listening.pop(me, None)
            self._feedback.unsubscribe(me)
        return ws

    def _command(self, me: tuple[str, int], wanted: set[str], text: str) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            asked = json.loads(text)
            address = str(asked["DATA"])
            if asked["COMMAND"] == "LISTEN" and address.removeprefix(PREFIX) in self._store.table.rows:
                if not wanted:
                    self._feedback.subscribe(me)
                wanted.add(address)
            elif asked["COMMAND"] == "IGNORE":
                wanted.discard(address)

    def _play(self, me: tuple[str, int], packet: bytes) -> None:
        with contextlib.suppress(Malformed, Fault):
            for message in unpack(packet):
                if message.address.startswith(PREFIX) and len(message.arguments) <= 1:
                    self._feedback.moved_from(me[0], message.address, time.monotonic())
                    self._store.set(message.address.removeprefix(PREFIX), message.arguments[0] if message.arguments else True, me)

    async def feed(self) -> None:
        """Send listeners what changes, for ever."""
        while True:
            await asyncio.sleep(PERIOD)
            for me, address, value in self._feedback.round(time.monotonic(), self._wanted):
                ws = self._listening[me][0]
                with contextlib.suppress(ConnectionError, RuntimeError):
                    await asyncio.wait_for(ws.send_bytes(packed(address, value)), 1.0)

    def _wanted(self, me: tuple[str, int], address: str) -> bool:
        return me in self._listening and address in self._listening[me][1]

    async def tell_changed(self) -> None:
        """The tree is another one now: the show was saved with other macros or cues."""
        for ws, _ in list(self._listening.values()):
            with contextlib.suppress(ConnectionError, RuntimeError):
                await ws.send_str(json.dumps({"COMMAND": "PATH_CHANGED", "DATA": "/vj"}))

    async def announce(self, port: int, open_to_all: bool) -> None:
        """Say by zeroconf where it is: `_oscjson._tcp`, and the OSC port as `_osc._udp`. Raises ImportError without zeroconf."""
        from zeroconf import IPVersion
        from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

        address = (lan_address() if open_to_all else "") or "127.0.0.1"
        host = f"{socket.gethostname()}.local."
        self._announced = AsyncZeroconf(ip_version=IPVersion.V4Only)
        for kind, number in (("_oscjson._tcp.local.", port), ("_osc._udp.local.", self.osc_address[1])):
            service = AsyncServiceInfo(kind, f"{self._name}.{kind}", port=number, addresses=[socket.inet_aton(address)], server=host)
            await self._announced.async_register_service(service, allow_name_change=True)

    async def withdraw(self) -> None:
        """Say goodbye, and close what listens."""
        for ws, _ in list(self._listening.values()):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(ws.close(), 0.1)
        if self._announced is not None:
            with contextlib.suppress(Exception):
                await asyncio.wait_for(self._announced.async_close(), 0.3)


def packed(address: str, value: Value) -> bytes:
    """An OSC message."""
    builder = OscMessageBuilder(address)
    builder.add_arg(value, "f" if isinstance(value, float) else None)
    data: bytes = builder.build().dgram
    return data


def _json(data: dict[str, Any]) -> web.Response:
    return web.json_response(data, headers={"Cache-Control": "no-cache"})
