"""The page over all pieces of a room.

    GET  /                                 the page
    GET  /room.json                        each piece, the tempo, the last messages; `may_write`
    GET  /picture.jpg?piece=NAME&width=W   the newest picture of a piece, as its own page has it
    POST /panic                            all panic
    POST /restart {"piece": NAME}          start a piece anew
    GET  /vj/..., and / for programs       OSCQuery, see `vj/room/oscquery.py`

A picture is asked of the piece's own process and passed on: nothing is encoded here, and nothing is
made while nobody looks.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from aiohttp import web

from vj.control.osc.network import started_near
from vj.room.oscquery import RoomQuery
from vj.room.piece_pages import PiecePages
from vj.room.room import LiveRoom
from vj.show.page_section import parse_address
from vj.web.access import Access
from vj.web.announce import Announcement
from vj.web.http_api import FRESH
from vj.web.json_body import json_of
from vj.web.oscquery import wants_query
from vj.web.reach import page_urls
from vj.web.site import FILES, Site, file_named

MESSAGES = 30
ANNOUNCED = "vj-room"
"""What the room is called in the network."""
WIDEST = 1280


class RoomPage:
    """`start`, then `stop`."""

    def __init__(
        self,
        room: LiveRoom,
        listen: tuple[str, int],
        on_message: Callable[[str], None],
        access: Access | None = None,
        announce: bool = False,
    ) -> None:
        """listen: port 0 means any free one. access: unless given, other devices want this
        machine's PIN; those that OSC is open to may panic without. announce: by zeroconf."""
        self._room = room
        osc = parse_address(room.rule.osc)
        self.access = access or Access(listen, osc[0], None, on_message)
        self._site = Site(listen, self.access, on_message, "name another with page: in the room")
        self._pages = PiecePages(self.access.device_cookie)
        self._query = RoomQuery(room, self._pages, on_message)
        self._announcement = Announcement(ANNOUNCED, on_message) if announce else None
        self.hears_osc_at(osc)
        self._messages: deque[tuple[str, str]] = deque(maxlen=MESSAGES)

    @property
    def url(self) -> str:
        """On this machine."""
        return self._site.url

    @property
    def port(self) -> int:
        return self._site.address[1]

    def start(self) -> None:
        """Raises Fault where it cannot be served."""
        pin = self._site.guard.pin
        self._site.start(
            {
                "/": self._front,
                FILES: self._file,
                "/pin": pin,
                "/room.json": self._state,
                "/picture.jpg": self._picture,
                "/vj": self._query.answer,
                "/vj/{path:.*}": self._query.answer,
            },
            {"/pin": pin, "/panic": self._panic, "/restart": self._restart},
            self._feeds,
            self._withdraw,
        )

    def stop(self) -> None:
        """End. May be called twice."""
        self._site.stop()

    def lines(self) -> list[str]:
        """What is said at the start: where it is, and how a phone or tablet gets in."""
        lines = [f"the room's page is at {self.url}"]
        if urls := page_urls(self._site.address):
            where = f"a phone or tablet: {'  '.join(urls)}"
            pin = self.access.pin
            lines.append(where if pin is None else f"{where}  PIN {pin}, entered once on each")
        return lines

    def log(self, text: str) -> None:
        """A line for the page's messages. From any thread."""
        self._messages.append((time.strftime("%H:%M:%S"), text))

    def hears_osc_at(self, address: tuple[str, int]) -> None:
        """Where the room hears OSC, for OSCQuery and its announcement."""
        self._query.osc_address = address
        if self._announcement is not None:
            self._announcement.set_osc_address(address)

    def _feeds(
        self, loop: asyncio.AbstractEventLoop, address: tuple[str, int]
    ) -> list[Coroutine[Any, Any, None]]:
        feeds = [self._query.listeners.feed()]
        if self._announcement is not None:
            feeds.append(self._announcement.announce(address))
        return feeds

    async def _withdraw(self) -> None:
        await self._query.listeners.close()
        await self._pages.close()
        if self._announcement is not None:
            await self._announcement.withdraw()

    async def _front(self, request: web.Request) -> web.StreamResponse:
        """`/` is the page for browsers, and the root node for OSCQuery clients."""
        return (
            await self._query.answer(request) if wants_query(request) else file_named("room.html")
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return file_named(request.match_info["name"])

    async def _state(self, request: web.Request) -> web.StreamResponse:
        may_write, room = self._site.guard.rights(request).write, self._room
        state: dict[str, Any] = {
            "name": room.rule.name,
            # what they say may name files, as on a piece's own page
            "pieces": [one if may_write else _without_files(one) for one in room.status()],
            "bpm": round(room.beat.bpm, 2),
            "linked": room.beat.linked,
            "osc": "{}:{}".format(*self._query.osc_address),
            "may_write": may_write,
            "messages": list(self._messages) if may_write else [],
        }
        return web.json_response(state, headers=FRESH)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        piece = self._room.pieces.get(request.query.get("piece", ""))
        asked = request.query.get("width", "480")
        if piece is None or not asked.isdecimal() or not 0 < int(asked[:6]) <= WIDEST:
            return web.Response(status=404, text="there is no such piece, or width\n")
        if not piece.page or not piece.plays:
            return web.Response(status=404, text=f"{piece.name} shows nothing now\n")
        url = f"{piece.page}picture.jpg?view=output&width={int(asked)}"
        found = await self._pages.get(url)
        if found is None:
            return web.Response(status=404, text=f"{piece.name} does not answer\n")
        if found.status != 200:
            return web.Response(status=404, text=f"{piece.name} shows nothing now\n")
        headers = {**FRESH, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=found.body, content_type="image/jpeg", headers=headers)

    async def _panic(self, request: web.Request) -> web.StreamResponse:
        self._room.panic()
        return web.json_response({"ok": True}, headers=FRESH)

    async def _restart(self, request: web.Request) -> web.StreamResponse:
        if not self._site.guard.rights(request).write:
            return web.json_response({"error": "this device may only play"}, status=403)
        try:
            piece = self._room.pieces[str((await json_of(request))["piece"])]
        except (ValueError, TypeError, KeyError):
            names = ", ".join(self._room.pieces)
            return web.json_response({"error": f'send {{"piece": NAME}}: {names}'}, status=400)
        piece.restart()
        return web.json_response({"ok": True}, headers=FRESH)


def _without_files(piece: dict[str, Any]) -> dict[str, Any]:
    return piece | {"fault": "its show has a fault" if piece["fault"] else ""}


def serve_room(room: LiveRoom, on_message: Callable[[str], None]) -> RoomPage:
    """Serve the room's page where the room file says, or at the next free port. Raises Fault."""
    assert room.rule.page
    return started_near(
        lambda address: RoomPage(room, address, on_message, announce=True),
        parse_address(room.rule.page),
        on_message,
    )
