"""Connections to the page that ask for nothing, never finish asking, or do not read what they asked
for: they are closed, since a program may have only so many files open, recordings among them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from aiohttp import web

from vj.web.guard import Handler

LONGEST = 30.0
"""Seconds for which a connection that is no WebSocket may be without a whole answer."""
MOST = 200
"""Of those that are none, so many may be there; with more, those go that have been quiet for
longest."""
PERIOD = 2.0
"""Seconds between two looks."""


class Connections:
    """Those of one server, on its event loop. `middleware` goes before all others."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        """now: seconds."""
        self._now = now
        self._since: dict[int, float] = {}
        """When each was seen first, or had its last answer."""
        self._sockets: set[int] = set()

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Note who is answered."""
        key = id(request.protocol)
        if request.headers.get("Upgrade", "").lower() == "websocket":
            self._sockets.add(key)
        try:
            return await handler(request)
        finally:
            self._sockets.discard(key)
            self._since[key] = self._now()

    async def watch(self, present: Callable[[], Sequence[web.RequestHandler]]) -> None:
        """Close those that are quiet, for ever. present: returns those there are."""
        while True:
            await asyncio.sleep(PERIOD)
            self.close_quiet(present())

    def close_quiet(self, present: Sequence[web.RequestHandler]) -> None:
        """Close those that have been quiet for too long, and those that are too many."""
        now = self._now()
        since = {id(one): self._since.get(id(one), now) for one in present}
        self._since = since
        loose = [one for one in present if id(one) not in self._sockets]
        loose.sort(key=lambda one: since[id(one)])
        for index, one in enumerate(loose):
            if index < len(loose) - MOST or now - since[id(one)] >= LONGEST:
                transport = one.transport
                one.force_close()
                if isinstance(transport, asyncio.Transport):
                    transport.abort()  # it may not read what is still to be sent
