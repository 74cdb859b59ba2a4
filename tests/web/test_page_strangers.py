"""What others on the network, and broken pages, send to the page's sockets: it must not reach the
other pages, nor stop them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import aiohttp
import pytest

from tests.waiting import until
from tests.web.test_page_socket import Rig, run

HALF = "\ud800"
"""Half of a letter, which JSON can name and UTF-8 cannot hold."""


@pytest.fixture(name="rig")
def a_rig() -> Iterator[Rig]:
    made = Rig()
    yield made
    made.server.stop()


@pytest.mark.parametrize(
    "asked",
    [
        {"type": HALF, "id": 1},
        {"type": "devices", "id": HALF},
        {"type": "set", "name": f"a{HALF}", "value": 1, "id": 2},
        {"type": "set", "name": "prompt/a", "value": HALF, "id": 3},
        {"type": "set", "name": "strength", "value": 1, "id": float("nan")},
        {"type": "set", "name": "strength", "value": 1, "id": {"a": [{}]}},
        {"type": "set", "name": "strength", "value": 1, "id": "x" * 5000},
        {"type": "devices", "id": 4, "x": [[1]] * 50_000},
    ],
)
def test_a_page_is_answered_after_any_request(rig: Rig, asked: dict[str, Any]) -> None:
    async def test() -> None:
        async with rig.page() as page, rig.page() as other:
            await page.ws.send_str(json.dumps(asked))
            assert (await page.ask(type="set", name="strength", value=0.4))["ok"]
            assert (await other.ask(type="set", name="strength", value=0.4))["ok"]
            assert all(len(str(message.get("id", ""))) < 100 for message in page.seen)

    run(test())


def test_the_others_get_of_a_stroke_what_the_canvas_has_looked_at(rig: Rig) -> None:
    async def test() -> None:
        async with rig.page() as page, rig.page() as other:
            more = {"x": HALF, "y": "z" * 100_000, "colour": "#ff0000"}
            await page.ask(type="stroke", stroke=1, points=[[0.5, 0.5, 1]], **more)
            stroke = await other.next("stroke")
            assert set(stroke) == {"type", "stroke", "points", "colour", "person"}
            assert (await other.ask(type="set", name="strength", value=0.4))["ok"]

    run(test())


@pytest.mark.long
def test_a_flood_of_osc_over_websocket_leaves_time_for_the_pages(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = []

    def play(*_: object) -> None:
        played.append(1)
        end = time.thread_time() + 0.01
        while time.thread_time() < end:
            pass

    monkeypatch.setattr(rig.server.query.dispatcher, "dispatch_packet", play)

    async def test() -> None:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(rig.server.url) as one,
            session.ws_connect(rig.server.url) as two,
        ):
            for _ in range(100):
                await one.send_bytes(b"/vj/strength\0\0\0\0,\0\0\0")
                await two.send_bytes(b"/vj/strength\0\0\0\0,\0\0\0")
            until(lambda: played)
            async with session.get(f"{rig.server.url}state.json") as answer:
                assert answer.status == 200
            assert len(played) < 150, "of two hundred: it has not waited for all"

    run(test())


def test_pages_that_come_and_go_do_not_have_the_show_described_for_each(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    described = []
    told = rig.show.described
    monkeypatch.setattr(rig.show, "describe", lambda: (described.append(1), told)[1])

    async def test() -> None:
        begun = time.monotonic()
        async with rig.page() as stays:
            for _ in range(100):
                async with rig.page() as page:
                    assert (await page.next("show"))["name"] == "A test"
                    assert (await page.next("values"))["t"]["prompt/a"] == "gold"
            assert (await stays.ask(type="set", name="strength", value=0.4))["ok"]
        assert len(described) <= (time.monotonic() - begun + 1) * 13

    run(test())
