"""The WebSocket of a moving picture. See docs/page_protocol.md."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable

from aiohttp import WSMsgType, web

from vj.core.errors import Fault
from vj.web.pictures import PictureRequest, Pictures

PATIENCE = 2.0
"""Seconds until sending a picture to a page times out."""
OPEN = 256
"""Sockets that are open at a time, at most: four views on each of as many pages as there may be."""
MESSAGE_LIMIT = 4096


class PictureSocket:
    """All that are open. On the web server's event loop."""

    def __init__(self, pictures: Pictures, log: Callable[[str], None]) -> None:
        self._pictures, self._log = pictures, log
        self._count = 0

    async def open(self, request: web.Request) -> web.StreamResponse:
        """Serve one: a view's pictures, each when the page has taken the one before."""
        try:
            asked = PictureRequest(width=512, quality=70).changed(dict(request.query))
        except Fault as fault:
            return web.Response(status=400, text=f"{fault}\n")
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=400, text="/pictures is for a WebSocket\n")
        if self._count >= OPEN:
            return web.Response(status=503, text=f"{OPEN} moving pictures are enough\n")
        ws = web.WebSocketResponse(max_msg_size=MESSAGE_LIMIT, heartbeat=15, compress=False)
        self._count += 1
        sending: asyncio.Task[None] | None = None
        taken = asyncio.Event()
        taken.set()
        try:
            await ws.prepare(request)
            sending = asyncio.create_task(self._send(ws, request, lambda: asked, taken))
            async for message in ws:
                if message.type != WSMsgType.TEXT:
                    continue
                if message.data == "next":
                    taken.set()
                    continue
                with contextlib.suppress(
                    ValueError, TypeError, AttributeError, RecursionError, Fault
                ):
                    asked = asked.changed(json.loads(message.data))
                self._pictures.wake()
        finally:
            self._count -= 1
            if sending is not None:
                sending.cancel()
        return ws

    async def _send(
        self,
        ws: web.WebSocketResponse,
        request: web.Request,
        ask: Callable[[], PictureRequest],
        taken: asyncio.Event,
    ) -> None:
        """Send pictures until the page does not read them: it may come again."""

        async def send(data: bytes) -> None:
            await asyncio.wait_for(ws.send_bytes(data), PATIENCE)

        try:
            with contextlib.suppress(TimeoutError, ConnectionError, RuntimeError):
                await self._pictures.serve(ask, send, taken)
        except Exception as error:  # it must not stay without a sender
            self._log(f"page: {ask().view}: {type(error).__name__}: {error}; please report this")
        if request.transport is not None:
            request.transport.abort()
