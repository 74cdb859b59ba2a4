"""Connections that ask for nothing, or never finish, are closed; pages stay."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator

import aiohttp
import pytest

from vj.parameters.store import Store
from vj.web import connections
from vj.web.server import WebServer


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[WebServer]:
    monkeypatch.setattr(connections, "PERIOD", 0.05)
    made = WebServer(Store(), ("127.0.0.1", 0), status=dict)
    made.start()
    yield made
    made.stop()


def connected(page: WebServer, sent: bytes) -> socket.socket:
    host, port = page.url.split("/")[2].split(":")
    made = socket.create_connection((host, int(port)), timeout=60)
    made.sendall(sent.replace(b"HOST", f"{host}:{port}".encode()))
    return made


def is_closed(one: socket.socket) -> bool:
    """Waits for it."""
    with contextlib.suppress(ConnectionError):
        while one.recv(4096):
            pass
    return True


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTT",
        b"GET /static/main.js HTTP/1.1\r\nHost: HOST\r\n\r\n",
        b"POST /pin HTTP/1.1\r\nHost: HOST\r\nContent-Length: 60000\r\n\r\n{",
    ],
)
def test_who_asks_for_nothing_more_is_closed(
    page: WebServer, monkeypatch: pytest.MonkeyPatch, sent: bytes
) -> None:
    monkeypatch.setattr(connections, "LONGEST", 0.2)
    with connected(page, sent) as one:
        assert is_closed(one)


def test_with_too_many_the_quietest_go_and_pages_stay(
    page: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "MOST", 5)

    async def test() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{page.url}socket") as ws,
        ):
            with contextlib.ExitStack() as stack:
                many = [stack.enter_context(connected(page, b"GET")) for _ in range(12)]
                closed = [asyncio.to_thread(is_closed, one) for one in many[:7]]
                assert all(await asyncio.wait_for(asyncio.gather(*closed), 60))
            await ws.send_json({"type": "set", "id": 1, "name": "strength", "value": 0.3})
            while (await asyncio.wait_for(ws.receive_json(), 60)).get("id") != 1:
                pass

    asyncio.run(test())
