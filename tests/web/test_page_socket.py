"""The page's two WebSockets, over real HTTP: values, state, requests, pictures."""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest

from tests.waiting import until
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.web import page_client, page_requests
from vj.web.server import WebServer

Json = dict[str, Any]
PATIENCE = 60.0


class Show:
    """What the page is told, changed by the tests."""

    def __init__(self) -> None:
        self.described: Json = {"name": "A test", "stage": {"faders": ["strength"]}}
        self.slow: Json = {"state": "playing", "fps": float("nan")}
        self.quick: Json = {"cue": "calm", "beat": {"beat": 0}}
        self.values: dict[str, Value] = {"strength": 0.5, "prompt/a": "gold", "steps": 1}

    def describe(self) -> Json:
        return self.described

    def state(self) -> Json:
        return self.slow

    def moving(self) -> Json:
        return self.quick

    def effective(self) -> Mapping[str, Value]:
        return self.values


class Page:
    """One open page."""

    def __init__(self, ws: aiohttp.ClientWebSocketResponse) -> None:
        self.ws, self.seen = ws, list[Json]()

    async def next(self, kind: str, true: Callable[[Json], object] = lambda m: True) -> Json:
        """The next message of a type for which something holds."""

        async def find() -> Json:
            while True:
                message = json.loads((await self.ws.receive()).data)
                self.seen.append(message)
                if message["type"] == kind and true(message):
                    return message  # type: ignore[no-any-return]

        return await asyncio.wait_for(find(), PATIENCE)

    async def ask(self, **fields: Any) -> Json:
        await self.ws.send_json({"id": 7, **fields})
        return await self.next("reply", lambda m: m.get("id") == 7)


class Rig:
    """A server with a show that is none, whose requests answer what the tests need."""

    def __init__(self) -> None:
        self.show, self.store = Show(), Store({"prompt/a": "gold"})
        self.messages: list[str] = []
        self.asked: list[Json] = []
        self.going_on = threading.Event()
        """Until it is set, what may take long does."""
        self.going_on.set()
        self.server = WebServer(
            self.store,
            ("127.0.0.1", 0),
            status=dict,
            on_message=self.messages.append,
            show=self.show,
            actions={
                "devices": self._take_long,
                "learn": self._take,
                "stroke": self._take,
                "refused": self._refuse,
                "broken": lambda asked: {"never": 1 // 0},
            },
        )
        self.server.start()

    def _take(self, asked: Json) -> Json:
        self.asked.append(asked)
        return {"thread": threading.current_thread().name}

    def _take_long(self, asked: Json) -> Json:
        self.going_on.wait(PATIENCE)
        return self._take(asked)

    def _refuse(self, asked: Json) -> Json:
        raise Fault("no such thing; another would be right")

    @asynccontextmanager
    async def page(self) -> AsyncIterator[Page]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.server.url}socket") as ws,
        ):
            yield Page(ws)

    @asynccontextmanager
    async def pictures(self, query: str) -> AsyncIterator[aiohttp.ClientWebSocketResponse]:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{self.server.url}pictures?{query}") as ws,
        ):
            yield ws


@pytest.fixture
def rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.server.stop()


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(test, 2 * PATIENCE))


def test_a_page_that_comes_gets_all_and_then_what_changes(rig: Rig) -> None:
    async def test() -> None:
        rig.server.log("playing")
        async with rig.page() as page:
            show = await page.next("show")
            assert show["name"] == "A test"
            assert show["may"] == {"play": True, "write": True, "pictures": True}
            values = await page.next("values")
            assert values["t"]["prompt/a"] == "gold"
            assert set(values["t"]) == set(rig.store.base())
            assert values["e"] == {"strength": 0.5, "steps": 1}, "numbers only"
            state = await page.next("state")
            assert (state["state"], state["cue"], state["fps"]) == ("playing", "calm", None)
            assert (await page.next("message"))["text"] == "playing"

            rig.store.set("strength", 0.81)
            rig.show.values |= {"strength": 0.9}
            changed = await page.next("values", lambda m: m.get("t", {}).get("strength") == 0.81)
            assert set(changed["t"]) == {"strength"}, "only what has changed"
            if "e" not in changed:
                changed = await page.next("values", lambda m: "e" in m)
            assert changed["e"] == {"strength": 0.9}
            rig.show.quick = {"cue": "storm", "beat": {"beat": 0}}
            assert await page.next("state", lambda m: "cue" in m) == {
                "type": "state",
                "cue": "storm",
            }
            rig.server.log("and a line")
            assert (await page.next("message"))["text"] == "and a line"

    run(test())


def test_a_page_is_told_when_the_tree_has_changed(rig: Rig) -> None:
    async def test() -> None:
        async with rig.page() as page:
            first = await page.next("show")
            rig.show.described = {"name": "Another", "stage": {"faders": []}}
            second = await page.next("show")
            assert second["name"] == "Another"
            assert second["version"] != first["version"]
            assert (await page.next("values"))["t"]["prompt/a"] == "gold", "all values again"

    run(test())


def test_a_page_hears_of_another_tree_though_a_page_comes_at_the_same_moment(rig: Rig) -> None:
    async def test() -> None:
        async with rig.page() as page:
            await page.next("values")
            rig.show.described = {"name": "Another"}
            async with rig.page() as other:
                assert (await other.next("show"))["name"] == "Another"
                await page.next("state", lambda m: m.get("people") == 2)
                assert (await page.next("show"))["name"] == "Another"

    run(test())


def test_a_fader_is_set_and_others_see_it(rig: Rig) -> None:
    async def test() -> None:
        async with rig.page() as page, rig.page() as other:
            await page.next("values")
            await other.next("values")
            begun = time.perf_counter()
            reply = await page.ask(type="set", name="strength", value=0.7)
            answered = time.perf_counter() - begun
            assert reply == {"type": "reply", "id": 7, "ok": True, "remark": "", "value": 0.7}
            await other.next("values", lambda m: m.get("t", {}).get("strength") == 0.7)
            assert answered < PATIENCE / 2
            assert rig.store.get("strength") == 0.7
            assert "above 1" in (await page.ask(type="set", name="strength", value=7))["remark"]
            wrong = await page.ask(type="set", name="strenght", value=1)
            assert "did you mean strength" in wrong["error"]
            panics: list[str] = []
            rig.store.listeners.append(
                lambda name, value, origin: panics.append(name) if name == "panic" else None
            )
            assert (await page.ask(type="set", name="panic", value=True))["ok"]
            assert panics == ["panic"], "a click is a press"

    run(test())


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", 'send {"type"'),
        ("[1]", 'send {"type"'),
        ("[" * 50_000, 'send {"type"'),
        ('{"type": 3}', 'send {"type"'),
        ('{"type": "set", "id": 7, "value": 1}', "a name and a value"),
        ('{"type": "set", "id": 7, "name": "strength", "value": {"a": 1}}', "a number, a text"),
        ('{"type": "set", "id": 7, "name": "panic", "value": [{"a": 1}]}', "true or false"),
        ('{"type": "set", "id": 7, "name": "panic", "value": [[1]]}', "true or false"),
        ('{"type": "set", "id": 7, "name": "strength", "value": NaN}', "not a number"),
        ('{"type": "nothing", "id": 7}', "nothing: no such request"),
        ('{"type": "refused", "id": 7}', "no such thing; another would be right"),
        ('{"type": "broken", "id": 7}', "ZeroDivisionError"),
    ],
)
def test_wrong_requests_are_answered_and_the_page_goes_on(rig: Rig, text: str, words: str) -> None:
    async def test() -> None:
        async with rig.page() as page:
            await page.ws.send_str(text)
            assert words in (await page.next("reply"))["error"]
            assert (await page.ask(type="set", name="strength", value=0.3))["ok"]

    run(test())


def test_requests_run_beside_the_page_and_strokes_reach_the_others(rig: Rig) -> None:
    async def test() -> None:
        async with rig.page() as page, rig.page() as other:
            await other.next("values")
            reply = await page.ask(type="devices")
            assert reply["thread"].startswith("page-requests")
            for part in range(20):
                await page.ws.send_json({"type": "stroke", "stroke": 1, "points": [[part, 0, 1]]})
            told = [await other.next("stroke") for _ in range(20)]
            assert [one["points"][0][0] for one in told] == list(range(20)), "in their order"
            assert told[0]["person"] == rig.asked[-1]["person"] > 0
            await page.ask(type="set", name="strength", value=0.1)
            assert not [m for m in page.seen if m["type"] == "stroke"], "not one's own"

    run(test())


def test_more_requests_than_can_be_done_are_refused_and_what_is_quick_goes_on(rig: Rig) -> None:
    async def test() -> None:
        rig.going_on.clear()
        async with rig.page() as page:
            for _ in range(page_requests.WAITING):
                await page.ws.send_json({"type": "devices"})
            assert "too much was asked for" in (await page.ask(type="devices"))["error"]
            assert (await page.ask(type="learn", name=None))["thread"] == "page"
            rig.going_on.set()
            until(lambda: len(rig.asked) == page_requests.WAITING + 1)
            while "ok" not in await page.ask(type="devices"):
                await asyncio.sleep(0.01)  # the last of them is about to end

    run(test())


def test_a_page_that_does_not_read_is_dropped_and_slows_nobody(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page_client, "PATIENCE", 0.3)

    async def test() -> None:
        host, port = rig.server.url.split("//")[1].strip("/").split(":")
        deaf = socket.create_connection((host, int(port)))
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.sendall(
            f"GET /socket HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
            "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode()
        )
        async with rig.page() as page:
            await page.next("values")
            long = "x" * 100_000
            for count in range(100):
                rig.server.log(f"{count} {long}")
                await page.next("message")
            assert (await page.ask(type="set", name="strength", value=0.9))["ok"]
            until(lambda: any("does not read" in line for line in rig.messages))
            assert (await page.ask(type="set", name="strength", value=0.2))["ok"]
        deaf.close()

    run(test())


def test_a_page_that_was_too_slow_gets_everything_anew(rig: Rig) -> None:
    async def test() -> None:
        client = page_client.PageClient(None, 1, "me", {})  # type: ignore[arg-type]
        sent: list[str] = []

        class Socket:
            async def send_str(self, line: str) -> None:
                sent.append(line)

        client.ws = Socket()  # type: ignore[assignment]
        for count in range(page_client.WAITING + 1):
            client.put(f"line {count}")
        client.put_first("reply")
        sending = asyncio.create_task(client.send(lambda: ["all values", "all state"]))
        while len(sent) < 4:
            await asyncio.sleep(0)
        sending.cancel()
        assert sent == ["reply", "all values", "all state", f"line {page_client.WAITING}"]

    run(test())


def test_files_have_etags_and_no_others_are_given(rig: Rig) -> None:
    async def test() -> None:
        url = rig.server.url
        async with aiohttp.ClientSession() as session:
            async with session.get(f"{url}static/main.js") as answer:
                assert answer.status == 200
                assert answer.content_type == "text/javascript"
                tag = answer.headers["ETag"]
            headers = {"If-None-Match": tag}
            async with session.get(f"{url}static/main.js", headers=headers) as answer:
                assert answer.status == 304
            for wrong in ("static/../server.py", "static/%2e%2e/server.py", "static/none.js"):
                async with session.get(aiohttp.client.URL(url + wrong, encoded=True)) as answer:
                    assert answer.status == 404, wrong

    run(test())
