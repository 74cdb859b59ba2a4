"""What the room asks of its pieces' own pages: their pictures, their trees, their values. On the
event loop of the room's page."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import aiohttp

PATIENCE = 2.0
"""Seconds that a piece has to answer."""
LARGEST = 1 << 20
"""Bytes of a message over a WebSocket, at most."""


@dataclass(frozen=True, slots=True)
class PieceAnswer:
    """What a piece's page has answered. kind: its content type."""

    status: int
    body: bytes
    kind: str


class PiecePages:
    """Belongs to one event loop, but for its constructor."""

    def __init__(self, cookie: Callable[[], tuple[str, str]]) -> None:
        """cookie: (name, value) of what a page that is bound to an address of the network knows
        this machine by."""
        self._cookie = cookie
        self._session: aiohttp.ClientSession | None = None

    async def get(self, url: str) -> PieceAnswer | None:
        """None where it does not answer."""
        try:
            async with self._opened().get(url) as found:
                return PieceAnswer(found.status, await found.read(), found.content_type)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None

    async def socket(self, url: str) -> aiohttp.ClientWebSocketResponse | None:
        """None where it does not answer."""
        try:
            opening = self._opened().ws_connect(url, max_msg_size=LARGEST)
            return await asyncio.wait_for(opening, PATIENCE)
        except (TimeoutError, aiohttp.ClientError, OSError):
            return None

    async def close(self) -> None:
        """May be called twice."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _opened(self) -> aiohttp.ClientSession:
        if self._session is None:
            name, value = self._cookie()
            self._session = aiohttp.ClientSession(
                timeout=aiohttp.ClientTimeout(total=PATIENCE),
                headers={"Cookie": f"{name}={value}"},
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session
