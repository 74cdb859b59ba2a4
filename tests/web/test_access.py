"""Who may do what on the page: another device before and after its PIN, the link that shows, other
sites' scripts. Requests from elsewhere come through a proxy here, and once over a real network."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from tests.waiting import ManualClock
from vj.control.osc.network import lan_address
from vj.core import cache
from vj.parameters.store import Store
from vj.web.access import EVERYTHING, LOOK, NOTHING, Access, Call, Rights, foreign, is_local
from vj.web.pin import KEPT
from vj.web.server import WebServer

LOOPBACK, EVERYWHERE = "127.0.0.1", "0.0.0.0"
PLAY = Rights(play=True, write=False, pictures=False)
PHONE = {"X-Forwarded-For": "10.0.0.9"}
"""What a proxy on this machine adds to a phone's request."""


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine on which vj has never played."""
    monkeypatch.setenv("VJ_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


def access(osc: str = LOOPBACK, pin: str | None = "271828", **more: Any) -> Access:
    return Access((EVERYWHERE, 9080), osc, pin, lambda text: None, **more)


def call(path: str = "/socket", remote: str = "10.0.0.9", **headers: str) -> Call:
    path, _, query = path.partition("?")
    asked = dict(pair.split("=") for pair in query.split("&")) if query else {}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call("GET", path, {"Host": "10.0.0.7:9080", **named}, remote, asked)


# Rights.


def test_this_machine_may_everything_and_others_what_osc_allows() -> None:
    own = access()
    for remote in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"):
        assert own.rights(call(remote=remote)) == EVERYTHING, remote
    for remote in ("10.0.0.9", "192.168.1.2", "fe80::1%eth0", "::ffff:10.0.0.9", ""):
        assert access().rights(call(remote=remote)) == NOTHING, remote
        assert access(EVERYWHERE).rights(call(remote=remote)) == PLAY, remote
        assert access("192.168.1.7").rights(call(remote=remote)) == PLAY, remote
        assert access(pin="off").rights(call(remote=remote)) == EVERYTHING, remote


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP"])
def test_what_a_proxy_on_this_machine_passes_on_is_not_of_this_machine(header: str) -> None:
    near = call(remote="127.0.0.1")
    assert is_local(near)
    assert not is_local(replace(near, headers={**near.headers, header: "10.0.0.9"}))


@pytest.mark.parametrize(
    ("path", "of_nobody", "of_a_player"),
    [
        ("/", 401, 401),  # OSCQuery's root, for programs
        ("/vj/strength", 401, None),
        ("/state.json", 401, None),
        ("/set", 401, None),
        ("/socket", 401, None),
        ("/pictures?view=output", 401, 401),
        ("/output.jpg", 401, 401),
        ("/picture.png?view=sent", 401, 401),
        ("/thumb/crash", 401, 401),
        ("/pin", None, None),
        ("/out", None, None),
        ("/view", None, None),
        ("/static/main.js", None, None),
    ],
)
def test_each_address_wants_its_right(
    path: str, of_nobody: int | None, of_a_player: int | None
) -> None:
    def status(one: Access) -> int | None:
        refusal = one.refusal(call(path))
        return None if refusal is None else refusal.status

    assert status(access()) == of_nobody
    if path != "/":
        assert status(access(EVERYWHERE)) == of_a_player
    assert access().refusal(call(path, remote="127.0.0.1")) is None


def test_the_page_itself_comes_to_everybody_and_the_root_of_the_tree_to_players() -> None:
    browser = call("/", Accept="text/html,*/*")
    assert access().refusal(browser) is None
    assert access().refusal(call("/", Accept="*/*")) is not None
    assert access(EVERYWHERE).refusal(call("/", Accept="*/*")) is None
    websocket = call("/", Accept="text/html", Upgrade="websocket")
    assert access().refusal(websocket) is not None, "OSCQuery over a WebSocket can set"


# Other sites.


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Host": "localhost:9080"}, True),
        ({"Host": "evil.example:9080"}, False),
        ({"Host": "127.0.0.1.evil.example"}, False),
        ({"Host": ""}, False),
        ({"Origin": "http://10.0.0.7:9080"}, True),
        ({"Origin": "https://10.0.0.7:9080"}, True),
        ({"Host": "localhost", "Origin": "http://LOCALHOST:80"}, True),
        ({"Origin": "http://10.0.0.7:3000"}, False),
        ({"Origin": "http://10.0.0.7"}, False),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "http://10.0.0.7:9080.evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": "file://"}, False),
        ({"Origin": "http://[::1"}, False),
        ({"Origin": "http://10.0.0.7:port"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors"}, True),
        ({"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, True),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, False),
        ({"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, False),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "iframe",
            },
            False,
        ),
        (
            {
                "Sec-Fetch-Site": "cross-site",
                "Sec-Fetch-Mode": "navigate",
                "Sec-Fetch-Dest": "document",
            },
            True,
        ),
    ],
)
def test_what_other_sites_ask_for_is_not_taken(headers: dict[str, str], taken: bool) -> None:
    assert (foreign(Call("GET", "/", {"Host": "10.0.0.7:9080"} | headers, "127.0.0.1")) == "") is (
        taken
    )


# The PIN.


def test_a_device_that_has_entered_the_pin_is_known_after_a_restart(state: Path) -> None:
    first = access(pin=None)
    assert first.pin is not None
    assert len(first.pin) == 6
    assert first.pin.isdecimal()
    assert first.enter(first.pin, "10.0.0.9").right
    name, value = first.device_cookie()
    for cookie in (f"{name}={value}", f"theme=dark; {name}={value}; a"):
        assert access(pin=None).rights(call(Cookie=cookie)) == EVERYTHING
    assert access(pin=None).pin == first.pin
    for wrong in (value[:-1], f"x{value}", "." + value.partition(".")[2], "", "é"):
        assert access(pin=None).rights(call(Cookie=f"{name}={wrong}")) == NOTHING, wrong
    assert access(pin="1234").rights(call(Cookie=f"{name}={value}")) == NOTHING, "another PIN"
    if os.name == "posix":
        assert stat.S_IMODE((state / KEPT).stat().st_mode) == 0o600
    cache.remove(KEPT)
    assert access(pin=None).rights(call(Cookie=f"{name}={value}")) == NOTHING, "another machine"


@pytest.mark.parametrize("torn", ["", "{", '{"secret": "00", "pin": "123456"}', "[]", "7"])
def test_a_torn_state_is_made_anew(state: Path, torn: str) -> None:
    before = access(pin=None).pin
    (state / KEPT).write_text(torn, encoding="utf-8")
    after = access(pin=None).pin
    assert after is not None
    assert access(pin=None).pin == after != before


def test_a_state_that_cannot_be_kept_is_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("VJ_CACHE", str(tmp_path / "file"))
    logged: list[str] = []
    made = Access((EVERYWHERE, 9080), LOOPBACK, None, logged.append)
    assert made.pin is not None
    assert "devices have to enter it again" in logged[0]


def test_five_wrong_pins_a_minute_and_then_not_even_the_right_one() -> None:
    clock = ManualClock()
    own = access(now=clock.now)
    for _ in range(5):
        assert own.enter("000000", "10.0.0.9").wait == 0
    clock.advance(10)
    assert own.enter("271828", "10.0.0.9").wait == 50
    assert own.enter("271828", "10.0.0.10").right, "somebody else is not kept waiting"
    clock.advance(49)
    assert not own.enter("271828", "10.0.0.9").right
    clock.advance(1.5)
    assert own.enter("271828", "10.0.0.9").right


def test_thirty_wrong_pins_from_everywhere_stop_all() -> None:
    clock = ManualClock()
    own = access(now=clock.now)
    for number in range(30):
        assert not own.enter("000000", f"10.0.1.{number}").wait
        clock.advance(1)
    assert own.enter("271828", "10.0.0.9").wait == 570
    clock.advance(571)
    assert own.enter("271828", "10.0.0.9").right


def test_the_addresses_of_one_network_of_ipv6_are_one() -> None:
    own = access(now=ManualClock().now)
    for number in range(5):
        own.enter("000000", f"2001:db8::{number}")
    assert own.enter("271828", "2001:db8::ffff").wait
    assert own.enter("271828", "2001:db8:0:1::1").right
    for _ in range(5):
        own.enter("000000", "::ffff:10.0.0.9")
    assert own.enter("271828", "10.0.0.9").wait


# The link that shows.


def test_the_link_shows_without_pin_and_changes_nothing_on_any_device() -> None:
    own = access(EVERYWHERE)
    key = own.view_path.partition("key=")[2]
    for path in (f"/socket?key={key}", f"/pictures?view=output&key={key}"):
        assert own.rights(call(path)) == LOOK
        assert own.refusal(call(path)) is None
        assert own.rights(call(path, remote="127.0.0.1")) == LOOK, "it is the link that counts"
    assert own.rights(call("/socket?key=0000")) == NOTHING
    assert own.refusal(call(f"/vj/strength?key={key}")) is not None
    assert own.refusal(call("/view")) is None, "the page comes, and asks for the PIN"
    assert own.view_redirect(call("/view", remote="127.0.0.1")) == own.view_path
    assert own.view_redirect(call("/view")) == "/view?key="
    assert own.view_redirect(call("/view?key=")) == ""
    assert own.view_redirect(call(own.view_path)) == ""
    assert access(pin="1234").view_path != own.view_path


# Over HTTP.


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
        link = http.client.HTTPConnection(host, int(port), timeout=5)
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
        message = await asyncio.wait_for(ws.receive(), 5)
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
    for _ in range(5):
        assert ask(page, "/pin", '{"pin": "000000"}', **PHONE).status == 403
    told = ask(page, "/pin", '{"pin": "271828"}', **PHONE)
    assert (told.status, told.cookie) == (429, "")
    assert 50 < told.json["wait"] <= 60
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
    page.access.osc_host = LOOPBACK  # the show was saved with another osc:
    assert ask(page, "/vj/strength?VALUE", **PHONE).status == 401


async def greeting(page: WebServer, path: str, headers: dict[str, str]) -> dict[str, Any]:
    """The first thing that a page's socket gets."""
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{page.url}{path}", headers=headers) as ws,
    ):
        found: dict[str, Any] = await asyncio.wait_for(ws.receive_json(), 5)
        return found


async def received(page: WebServer, headers: dict[str, str]) -> list[dict[str, Any]]:
    """What the page's socket gets until a parameter that is set now has come."""
    found: list[dict[str, Any]] = []
    async with (
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{page.url}socket", headers=headers) as ws,
    ):
        while not found or found[-1]["type"] != "values":
            found.append(await asyncio.wait_for(ws.receive_json(), 5))
        page.log("the second line")
        page._store.set("strength", 0.25)
        while found[-1].get("t", {}).get("strength") != 0.25:
            found.append(await asyncio.wait_for(ws.receive_json(), 5))
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
