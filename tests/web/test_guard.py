"""Who may do what, over real HTTP: another device before and after its PIN, the link that shows,
other sites' scripts. Requests from elsewhere come through a proxy here, and once over a real
network."""

from __future__ import annotations

import asyncio
import http.client
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from vj.control.osc.network import lan_address
from vj.parameters.store import Store
from vj.web.access import Access
from vj.web.server import WebServer

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
PHONE = {"X-Forwarded-For": "10.0.0.9"}
"""What a proxy on this machine adds to a phone's request."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine on which vj has never played."""
    monkeypatch.setenv("VJ_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def page(request: pytest.FixtureRequest) -> Iterator[WebServer]:
    listen, osc = getattr(request, "param", (LOOPBACK, LOOPBACK))
    logged: list[str] = []
    own = Access((listen, 0), osc, "271828", logged.append)
    made = WebServer(Store(), (listen, 0), status=dict, on_message=logged.append, access=own)
    made.start()
    yield made
    made.stop()


class Answer:
    def __init__(self, page: WebServer, method: str, path: str, body: str, headers: Any) -> None:
        host, _, port = page.url.split("/")[2].rpartition(":")
        link = http.client.HTTPConnection(host, int(port), timeout=60)
        try:
            link.request(method, path, body.encode(), headers)
            found = link.getresponse()
            self.status, self.body = found.status, found.read()
            self.cookie = found.headers.get("Set-Cookie", "")
            self.location = found.headers.get("Location", "")
        finally:
            link.close()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask(page: WebServer, path: str, body: str | None = None, **headers: str) -> Answer:
    """GET, or POST with a body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(page, "GET" if body is None else "POST", path, body or "", named)


async def close_code(page: WebServer, path: str, headers: dict[str, str]) -> int | None:
    """The code that a WebSocket is closed with; None where it stays open."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{page.url}{path[1:]}", headers=headers) as ws,
    ):
        message = await asyncio.wait_for(ws.receive(), 60)
        return ws.close_code if message.type == aiohttp.WSMsgType.CLOSE else None


def test_other_sites_get_nothing_over_http(page: WebServer) -> None:
    own = page.url.rstrip("/")
    for path in ("/output.jpg", "/state.json", "/vj/strength", "/", "/static/main.js"):
        assert ask(page, path, Host="evil.example").status == 403
        assert ask(page, path, Origin="http://evil.example").status == 403
        assert ask(page, path, Origin=own).status in (200, 404)
    good = '{"name": "strength", "value": 0.9}'
    assert ask(page, "/set", good, Origin="http://evil.example").status == 403
    assert ask(page, "/set", good, Host="evil.example").status == 403
    assert ask(page, "/pin", '{"pin": "271828"}', Origin="http://evil.example").status == 403
    assert page._store.get("strength") == 0.5
    assert ask(page, "/set", good, Origin=own).status == 200

    async def refused(path: str, origin: str) -> int:
        with pytest.raises(aiohttp.WSServerHandshakeError) as error:
            await close_code(page, path, {"Origin": origin})
        return error.value.status

    for path in ("/socket", "/pictures?view=output", "/"):
        assert asyncio.run(refused(path, "http://evil.example")) == 403


def test_a_phone_enters_the_pin_once(page: WebServer) -> None:
    assert ask(page, "/pin", **PHONE).json == {
        "asked": True,
        "play": False,
        "write": False,
        "pictures": False,
    }
    assert ask(page, "/output.jpg", **PHONE).status == 401
    assert ask(page, "/", Accept="text/html", **PHONE).status == 200
    assert asyncio.run(close_code(page, "/socket", PHONE)) == 4401
    assert asyncio.run(close_code(page, "/pictures?view=output", PHONE)) == 4401
    for body in ("", "[]", '{"pin": null}', '{"pin": [1]}', "{" * 5000):
        assert ask(page, "/pin", body, **PHONE).status == 400
    wrong = ask(page, "/pin", '{"pin": "000000"}', **PHONE)
    assert (wrong.status, wrong.cookie, wrong.json["wait"]) == (403, "", 0)
    right = ask(page, "/pin", '{"pin": "271828"}', **PHONE)
    assert (right.status, right.json) == (200, {"ok": True})
    for part in ("HttpOnly", "SameSite=Strict", "Max-Age=31536000", "Path=/"):
        assert part in right.cookie
    known = {**PHONE, "Cookie": right.cookie.partition(";")[0]}
    assert ask(page, "/output.jpg", **known).status == 200
    assert ask(page, "/pin", **known).json["write"]
    assert asyncio.run(close_code(page, "/socket", known)) is None
    assert ask(page, "/set", '{"name": "strength", "value": 0.9}', **known).status == 200


def test_a_guesser_is_told_to_wait(page: WebServer) -> None:
    begun = time.monotonic()
    for _ in range(5):
        assert ask(page, "/pin", '{"pin": "000000"}', **PHONE).status == 403
    told = ask(page, "/pin", '{"pin": "271828"}', **PHONE)
    assert (told.status, told.cookie) == (429, "")
    assert 59 - (time.monotonic() - begun) < told.json["wait"] <= 60
    assert told.json["error"].startswith("too many wrong PINs; try again in ")


@pytest.mark.parametrize("page", [(LOOPBACK, EVERYWHERE)], indirect=True)
def test_where_osc_is_open_a_phone_plays_without_pin_and_changes_nothing_else(
    page: WebServer,
) -> None:
    assert ask(page, "/set", '{"name": "strength", "value": 0.9}', **PHONE).status == 200
    assert ask(page, "/vj/strength?VALUE", **PHONE).json == {"VALUE": [0.9]}
    assert ask(page, "/output.jpg", **PHONE).status == 401

    may = asyncio.run(greeting(page, "socket", PHONE))["may"]
    assert may == {"play": True, "write": False, "pictures": False}
    page.follow_osc(LOOPBACK)  # the show was saved with another osc:
    assert ask(page, "/vj/strength?VALUE", **PHONE).status == 401


@pytest.mark.parametrize("page", [(LOOPBACK, EVERYWHERE)], indirect=True)
@pytest.mark.parametrize("path", ["socket", ""])
def test_open_sockets_lose_what_is_no_longer_allowed(page: WebServer, path: str) -> None:
    async def test() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{page.url}{path}", headers=PHONE) as phone,
            session.ws_connect(f"{page.url}{path}") as own,
        ):
            page.follow_osc(EVERYWHERE)
            page.follow_osc(LOOPBACK)
            while (await asyncio.wait_for(phone.receive(), 60)).type == aiohttp.WSMsgType.TEXT:
                pass
            assert phone.closed
            await own.send_str("{}")
            assert not own.closed
            assert ask(page, "/vj/strength?VALUE").json == {"VALUE": [0.5]}

    asyncio.run(test())


async def greeting(page: WebServer, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """The first thing that a page's socket gets."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{page.url}{path}", headers=headers) as ws,
    ):
        found: dict[str, Any] = await asyncio.wait_for(ws.receive_json(), 60)
        return found


async def received(page: WebServer, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What the page's socket gets until a parameter that is set now has come."""
    found: list[dict[str, Any]] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{page.url}socket", headers=headers) as ws,
    ):
        while not found or found[-1]["type"] != "values":
            found.append(await asyncio.wait_for(ws.receive_json(), 60))
        page.log("the second line")
        page._store.set("strength", 0.25)
        while found[-1].get("t", {}).get("strength") != 0.25:
            found.append(await asyncio.wait_for(ws.receive_json(), 60))
    page._store.set("strength", 0.5)
    return found


@pytest.mark.parametrize("page", [(LOOPBACK, EVERYWHERE)], indirect=True)
def test_lines_of_the_log_are_for_those_who_may_write(page: WebServer) -> None:
    page.log("written into /home/me/shows/mine.yaml")
    for headers, count in ((PHONE, 0), ({}, 3)):
        texts = [one for one in asyncio.run(received(page, headers)) if one["type"] == "message"]
        assert len(texts) == count


def test_the_link_shows_pictures_to_a_phone(page: WebServer) -> None:
    link = page.access.view_path
    opened = ask(page, link, **PHONE)
    assert opened.status == 200
    cookie = {**PHONE, "Cookie": opened.cookie.partition(";")[0]}
    assert ask(page, "/output.jpg", **cookie).status == 200
    assert ask(page, "/set", '{"name": "strength", "value": 0.9}', **cookie).status == 401
    assert ask(page, "/view").location == link
    assert ask(page, "/view", **PHONE).location == "/view?key="
    assert ask(page, "/view?key=", **PHONE).status == 200
    assert ask(page, "/view?key=", **PHONE).cookie == ""
    name, value = page.access.device_cookie()
    known = {**PHONE, "Cookie": f"{name}={value}"}
    for query in ("?key=", page.access.view_path.partition("/view")[2]):
        first = asyncio.run(greeting(page, f"socket{query}", known))
        assert first["may"] == {"play": False, "write": False, "pictures": True}, query


@pytest.mark.skipif(not lan_address(), reason="this machine has no address in a network")
@pytest.mark.parametrize("page", [(lan_address(), LOOPBACK)], indirect=True)
def test_over_a_real_network_the_pin_is_asked_for(page: WebServer) -> None:
    assert ask(page, "/output.jpg").status == 401
    assert ask(page, "/", Accept="text/html").status == 200
    assert asyncio.run(close_code(page, "/socket", {})) == 4401
    cookie = ask(page, "/pin", '{"pin": "271828"}').cookie.partition(";")[0]
    assert ask(page, "/output.jpg", Cookie=cookie).status == 200
    assert asyncio.run(close_code(page, "/socket", {"Cookie": cookie})) is None
