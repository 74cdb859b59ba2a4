"""OSCQuery's WebSocket over a whole room: LISTEN and IGNORE are passed on to the piece that is
meant, and what it sends comes back with its name. Each client has a connection of its own to each
piece that it asks about, so that no value is echoed to whom it came from."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from collections.abc import Callable
from typing import Any

from aiohttp import WSMsgType, web

from vj.control.osc.packet import Message, is_osc, pack, unpack
from vj.room.osc_router import OWN
from vj.room.osc_split import address_of, prefixed, split
from vj.room.piece_pages import PiecePages
from vj.room.room import LiveRoom
from vj.room.strangers import Strangers
from vj.web.oscquery import LISTENERS, MESSAGE_LIMIT, PATIENCE
from vj.web.outbox import Outbox

AGAIN = 0.5
"""Seconds until a piece that is down is asked for again."""
WAITING = 256 << 10
"""Bytes of the messages that wait to be sent to a piece, at most; the oldest go."""
LOOK = 0.5
"""Seconds between two looks whether pieces have come or gone."""
KEPT = 4096
"""Addresses that a client listens to in one piece, at most."""


class _PieceLink:
    """From one client to one piece."""

    def __init__(self, name: str, out: Outbox) -> None:
        self.name, self._out = name, out
        self.wanted: dict[str, None] = {}
        """Addresses of the piece that the client listens to."""
        self._subscribed = b""
        self._waiting: deque[bytes | str] = deque()
        self._size = 0
        self._something = asyncio.Event()

    def send(self, data: bytes | str) -> None:
        """To the piece; one that is down misses it."""
        if isinstance(data, bytes) and address_of(data) in ("/vj/subscribe", "/vj/unsubscribe"):
            self._subscribed = data
        self._put(data)

    def _put(self, data: bytes | str) -> None:
        self._waiting.append(data)
        self._size += len(data)
        while self._size > WAITING:
            self._next()
        self._something.set()

    def _next(self) -> bytes | str:
        data = self._waiting.popleft()
        self._size -= len(data)
        return data

    def _forget(self) -> None:
        self._waiting.clear()
        self._size = 0

    def command(self, command: str, address: str) -> None:
        """LISTEN or IGNORE an address of the piece."""
        if command == "IGNORE":
            self.wanted.pop(address, None)
        elif len(self.wanted) < KEPT:
            self.wanted[address] = None
        self.send(_command(command, address))

    async def run(self, page: Callable[[], str], pages: PiecePages) -> None:
        """Be connected, for ever. page: the address of the piece's own, empty while it has none."""
        known = False
        while True:
            ws = await pages.socket(page()) if page() else None
            if ws is None:
                known = True
                self._forget()
                await asyncio.sleep(AGAIN)
                continue
            async with ws:
                if known:  # it was down: it knows nothing of what was asked for
                    self._forget()
                    for address in self.wanted:
                        self._put(_command("LISTEN", address))
                    if self._subscribed:
                        self._put(self._subscribed)
                known = True
                writing = asyncio.create_task(self._write(ws))
                try:
                    async for message in ws:
                        self._heard(message)
                finally:
                    writing.cancel()
            await asyncio.sleep(AGAIN)

    async def _write(self, ws: Any) -> None:
        with contextlib.suppress(ConnectionError, RuntimeError):
            while True:
                await self._something.wait()
                self._something.clear()
                while self._waiting:
                    data = self._next()
                    await (ws.send_str(data) if isinstance(data, str) else ws.send_bytes(data))

    def _heard(self, message: Any) -> None:
        """What the piece says, for the client."""
        if message.type == WSMsgType.BINARY:
            data = prefixed(message.data, self.name)
            address = address_of(data)
            if not address or address.endswith("/error"):
                self._out.put(data)
            else:
                self._out.put_value(address, data)
        elif message.type == WSMsgType.TEXT:
            with contextlib.suppress(ValueError, TypeError, KeyError):
                said = json.loads(message.data)
                path = f"/vj/{self.name}{str(said['DATA']).removeprefix('/vj')}"
                self._out.put(_command(str(said["COMMAND"]), path))


class RoomListeners:
    """All clients. Belongs to the event loop of the room's page."""

    def __init__(self, room: LiveRoom, pages: PiecePages, log: Callable[[str], None]) -> None:
        self._room, self._pages, self._log = room, pages, log
        self._strangers = Strangers(lambda: list(room.pieces), room.show_files, log)
        self._open: dict[web.WebSocketResponse, Outbox] = {}

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Serve one client until it goes."""
        if len(self._open) >= LISTENERS:
            return web.Response(status=503, text=f"{LISTENERS} listeners are enough\n")
        ws = web.WebSocketResponse(max_msg_size=MESSAGE_LIMIT, heartbeat=30)
        await ws.prepare(request)
        out = self._open[ws] = Outbox(ws)
        sending = out.serve(f"{request.remote} (WebSocket)", request, PATIENCE, self._log)
        links: dict[str, _PieceLink] = {}
        tasks: dict[str, asyncio.Task[None]] = {"": asyncio.create_task(sending)}

        def link(name: str) -> _PieceLink:
            if name not in links:
                links[name] = _PieceLink(name, out)
                work = links[name].run(lambda: self._page(name), self._pages)
                tasks[name] = asyncio.create_task(work)
            return links[name]

        try:
            async for message in ws:
                for gone in [name for name in links if name not in self._room.pieces]:
                    del links[gone]
                    tasks.pop(gone).cancel()
                if message.type == WSMsgType.TEXT:
                    self._command(message.data, link)
                elif message.type == WSMsgType.BINARY and is_osc(message.data):
                    self._play(message.data, link, out, request)
                await asyncio.sleep(0)  # a client that sends without a rest lets the others work
        finally:
            self._open.pop(ws, None)
            for task in tasks.values():
                task.cancel()
        return ws

    def _page(self, name: str) -> str:
        piece = self._room.pieces.get(name)
        return "" if piece is None else piece.page

    def _command(self, text: str, link: Callable[[str], _PieceLink]) -> None:
        """LISTEN or IGNORE; anything else is left out."""
        with contextlib.suppress(ValueError, TypeError, KeyError, RecursionError):
            asked = json.loads(text)
            command, address = asked["COMMAND"], str(asked["DATA"])
            name, _, below = address.removeprefix("/vj/").partition("/")
            if command in ("LISTEN", "IGNORE") and below and name in self._room.pieces:
                link(name).command(command, f"/vj/{below}")

    def _play(
        self, packet: bytes, link: Callable[[str], _PieceLink], out: Outbox, request: web.Request
    ) -> None:
        """OSC of a client, as the room's OSC port has it."""
        if packet.startswith(OWN.encode()):
            for message in unpack(packet).messages:
                self._own(message, out)
            return
        strange: list[str] = []
        for name, part in split(
            packet, list(self._room.pieces), self._strangers.known, strange
        ).items():
            link(name).send(part)
        for address in strange:
            if said := self._strangers.told(address, f"{request.remote} (WebSocket)"):
                out.put(pack("/vj/error", [said]))

    def _own(self, message: Message, out: Outbox) -> None:
        for address, values in self._room.answer_own(message.address, message.arguments):
            out.put(pack(address, values))

    async def feed(self) -> None:
        """Tell clients when pieces have come or gone, for ever: they read the tree again."""
        before = self._present()
        while True:
            await asyncio.sleep(LOOK)
            now = self._present()
            if now != before:
                for out in list(self._open.values()):
                    out.put(_command("PATH_CHANGED", "/vj"))
            before = now

    def _present(self) -> list[tuple[str, str]]:
        return [(name, piece.page) for name, piece in list(self._room.pieces.items())]

    async def close(self) -> None:
        """Close all."""
        for ws in list(self._open):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(ws.close(), 0.1)


def _command(command: str, address: str) -> str:
    return json.dumps({"COMMAND": command, "DATA": address})
