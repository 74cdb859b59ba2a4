"""The page over all pieces: what it shows, who may do what there, and that a piece that has gone
holds nobody up."""

from __future__ import annotations

import http.server
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.room.dummies import dummy_room
from tests.waiting import until
from vj.room.page import RoomPage, serve_room
from vj.room.room import LiveRoom
from vj.web.access import Access

LOOPBACK = "127.0.0.1"
PHONE = {"X-Forwarded-For": "10.0.0.9"}


class OwnPage(http.server.BaseHTTPRequestHandler):
    """What a piece serves: its picture."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(f"a jpeg of {self.path}".encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def own_page() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), OwnPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://{LOOPBACK}:{server.server_address[1]}/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def room(tmp_path: Path, own_page: str) -> Iterator[LiveRoom]:
    made = dummy_room(tmp_path, [], f"plays {own_page}", "ends")
    made.start()
    yield made
    made.stop()


@pytest.fixture
def page(room: LiveRoom) -> Iterator[RoomPage]:
    access = Access((LOOPBACK, 0), LOOPBACK, "271828", print)
    made = RoomPage(room, (LOOPBACK, 0), print, access)
    made.start()
    yield made
    made.stop()


def ask(page: RoomPage, path: str, body: Any = None, **headers: str) -> SimpleNamespace:
    """GET, or POST with a body."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{page.url}{path}", data, headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return SimpleNamespace(status=answer.status, body=answer.read())
    except urllib.error.HTTPError as error:
        return SimpleNamespace(status=error.code, body=error.read())


def test_it_shows_every_piece_and_its_picture(room: LiveRoom, page: RoomPage) -> None:
    until(lambda: room.pieces["left"].plays and room.pieces["middle"].ended)
    page.log("left: something happened")
    state = json.loads(ask(page, "room.json").body)
    left, middle = state["pieces"]
    assert (left["name"], left["state"], left["fps"], left["restarts"]) == ("left", "playing", 9, 0)
    assert (middle["name"], middle["show"], middle["state"]) == ("middle", "dream", "ended")
    assert state["messages"][-1][1] == "left: something happened"
    assert state["may_write"]
    picture = ask(page, "picture.jpg?piece=left&width=320")
    assert picture.body == b"a jpeg of /picture.jpg?view=output&width=320"
    assert b"room.js" in ask(page, "", Accept="text/html").body
    assert ask(page, "static/room.js").status == 200


@pytest.mark.parametrize(
    "query", ["piece=middle", "piece=nobody", "piece=left&width=99999", "piece=left&width=a", ""]
)
def test_a_picture_that_there_is_not_is_none(room: LiveRoom, page: RoomPage, query: str) -> None:
    until(lambda: room.pieces["middle"].ended)
    assert ask(page, f"picture.jpg?{query}").status == 404


def test_its_buttons_are_panic_for_all_and_restart_for_one(room: LiveRoom, page: RoomPage) -> None:
    left = room.pieces["left"]
    until(lambda: left.plays)
    assert ask(page, "panic", {}).status == 200
    until(lambda: "panic" in left.state.alive.get("told", []))
    first = left.process
    assert ask(page, "restart", {"piece": "left"}).status == 200
    until(lambda: left.process not in (None, first) and left.plays)
    rubbish: list[Any] = [{"piece": "x"}, {}, [], "left"]
    for nonsense in rubbish:
        assert ask(page, "restart", nonsense).status == 400


def test_other_devices_want_the_pin(
    room: LiveRoom, page: RoomPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    until(lambda: room.pieces["left"].plays)
    assert ask(page, "", **PHONE, Accept="text/html").status == 200, "it asks for it"
    for path, body in (
        *(("room.json", None), ("picture.jpg?piece=left", None)),
        *(("panic", {}), ("restart", {"piece": "left"})),
    ):
        assert ask(page, path, body, **PHONE).status == 401
        assert ask(page, path, body, Origin="http://elsewhere.example").status == 403
    assert room.panics == 0
    page.access.osc_host = "0.0.0.0"  # whoever may send OSC may panic
    assert ask(page, "panic", {}, **PHONE).status == 200
    assert ask(page, "restart", {"piece": "left"}, **PHONE).status == 403
    fault = {"name": "left", "fault": "/home/me/show.yaml:3: no such key"}
    monkeypatch.setattr(room, "status", lambda: [fault])
    assert json.loads(ask(page, "room.json").body)["pieces"] == [fault]
    seen = json.loads(ask(page, "room.json", **PHONE).body)
    assert seen["messages"] == []
    assert seen["pieces"] == [{"name": "left", "fault": "its show has a fault"}]
    assert ask(page, "picture.jpg?piece=left", **PHONE).status == 401


def test_it_is_served_where_the_room_file_says_or_at_the_next_free_port(room: LiveRoom) -> None:
    said: list[str] = []
    first = serve_room(room, said.append)
    room.rule = room.rule.model_copy(update={"page": f"{LOOPBACK}:{first.port}"})
    second = serve_room(room, said.append)
    try:
        assert first.port != second.port
        assert any("is used instead" in line for line in said)
        assert second.lines()[0] == f"the room's page is at {second.url}"
    finally:
        first.stop()
        second.stop()
