"""What is to be sent over a WebSocket, queued for a task of its own: a client that does not read
must not hold up others."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from aiohttp import web

ANSWERS = 256
"""Replies in the queue, at most."""


class Outbox:
    """Of one WebSocket. Of each address only the newest value is queued. On the event loop."""

    def __init__(self, ws: web.WebSocketResponse) -> None:
        self.ws = ws
        self._answers: deque[bytes | str] = deque(maxlen=ANSWERS)
        self._values: dict[str, bytes] = {}
        self._filled = asyncio.Event()

    def put(self, data: bytes | str) -> None:
        """Queue a message."""
        self._answers.append(data)
        self._filled.set()

    def put_value(self, address: str, data: bytes) -> None:
        """Queue a value; a newer one replaces it."""
        self._values[address] = data
        self._filled.set()

    async def serve(
        self, name: str, request: web.Request, patience: float, log: Callable[[str], None]
    ) -> None:
        """Send what is queued; disconnect a client that does not read. name: of it, for `log`."""
        try:
            await self.send(patience)
        except TimeoutError:
            log(f"OSCQuery: {name} has not read for {patience:g} s; dropped, it may come again")
        except (ConnectionError, RuntimeError):
            pass  # it has disconnected
        if request.transport is not None:
            request.transport.abort()

    async def send(self, patience: float) -> None:
        """Send queued messages, for ever. patience: seconds until sending one times out. Raises
        TimeoutError when the client does not read."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._answers or self._values:
                data = (
                    self._answers.popleft()
                    if self._answers
                    else self._values.pop(next(iter(self._values)))
                )
                sending = (
                    self.ws.send_str(data) if isinstance(data, str) else self.ws.send_bytes(data)
                )
                await asyncio.wait_for(sending, patience)
