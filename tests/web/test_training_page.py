"""The page of a training: who may look at it and stop it, and that it never holds the training
up."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.waiting import until
from vj.web.access import Access
from vj.web.training_page import TrainingPage, serve_training

LOOPBACK = "127.0.0.1"
PHONE = {"X-Forwarded-For": "10.0.0.9"}
"""What a proxy on this machine adds to a phone's request."""


class Learning:
    """A training as the page sees it."""

    def __init__(self) -> None:
        self.phase = "training"
        self.stopped = threading.Event()

    def state(self) -> Mapping[str, Any]:
        return {"phase": self.phase}

    def picture(self, name: str) -> bytes | None:
        return b"a jpeg" if name == "120" else None

    def stop(self) -> None:
        self.stopped.set()


@pytest.fixture
def learning() -> Learning:
    return Learning()


@pytest.fixture
def page(learning: Learning) -> Iterator[TrainingPage]:
    own = Access((LOOPBACK, 0), LOOPBACK, "271828", print)
    made = TrainingPage(learning, (LOOPBACK, 0), print, own)
    made.start()
    yield made
    made.stop(0)


def ask(
    page: TrainingPage, path: str, body: str | None = None, **headers: str
) -> tuple[int, bytes, str]:
    """GET, or POST with a body: status, body, cookie."""
    link = http.client.HTTPConnection(LOOPBACK, int(page.url.split(":")[2].strip("/")), timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        link.request("GET" if body is None else "POST", path, body, named)
        found = link.getresponse()
        return found.status, found.read(), found.headers.get("Set-Cookie", "")
    finally:
        link.close()


def test_this_machine_sees_all_and_may_stop_it(page: TrainingPage, learning: Learning) -> None:
    assert b"training.js" in ask(page, "/")[1]
    assert ask(page, "/static/training.js")[0] == 200
    assert json.loads(ask(page, "/training.json")[1]) == {"phase": "training", "may_stop": True}
    assert ask(page, "/judged/120.jpg")[:2] == (200, b"a jpeg")
    assert ask(page, "/judged/121.jpg")[0] == 404
    assert ask(page, "/judged/..%2f120.jpg")[0] == 404
    assert ask(page, "/stop")[0] == 405
    assert not learning.stopped.is_set()
    assert ask(page, "/stop", "")[0] == 200
    assert learning.stopped.is_set()


def test_another_device_does_nothing_without_the_pin(
    page: TrainingPage, learning: Learning
) -> None:
    assert ask(page, "/", Accept="text/html", **PHONE)[0] == 200  # it asks for the PIN
    for path, body in (("/training.json", None), ("/judged/120.jpg", None), ("/stop", "")):
        assert ask(page, path, body, **PHONE)[0] == 401
    assert not learning.stopped.is_set()
    cookie = ask(page, "/pin", '{"pin": "271828"}', **PHONE)[2].partition(";")[0]
    known = {**PHONE, "Cookie": cookie}
    assert json.loads(ask(page, "/training.json", **known)[1])["may_stop"]
    assert ask(page, "/judged/120.jpg", **known)[0] == 200


@pytest.mark.parametrize("header", [{"Host": "evil.example"}, {"Origin": "http://evil.example"}])
def test_other_sites_get_nothing_and_stop_nothing(
    header: dict[str, str], page: TrainingPage, learning: Learning
) -> None:
    for path, body in (("/", None), ("/training.json", None), ("/judged/120.jpg", None)):
        assert ask(page, path, body, **header)[0] == 403
    assert ask(page, "/stop", "", **header)[0] == 403
    assert not learning.stopped.is_set()


def test_an_open_page_sees_the_end_and_none_is_waited_for_in_vain(
    page: TrainingPage, learning: Learning
) -> None:
    ask(page, "/training.json?page=left")
    page._pages["left"] = time.monotonic() - 60, 0  # closed a minute ago
    ask(page, "/training.json?page=here")
    learning.phase = "ended"
    ending = threading.Thread(target=page.stop, args=(20,))
    ending.start()
    assert json.loads(ask(page, "/training.json?page=here")[1])["phase"] == "ended"
    assert ask(page, "/judged/120.jpg")[0] == 200  # what was painted last is still to be had
    assert json.loads(ask(page, "/training.json?page=here")[1])["phase"] == "ended"
    ending.join(60)
    assert not ending.is_alive()
    with pytest.raises(ConnectionRefusedError):
        ask(page, "/training.json")


def test_with_no_page_open_the_end_comes_at_once(page: TrainingPage) -> None:
    ask(page, "/training.json")  # a program's, which has no name
    begun = time.monotonic()
    page.stop(100)
    page.stop(100)
    assert time.monotonic() - begun < 50


def test_where_the_port_is_taken_the_next_one_is_said(learning: Learning) -> None:
    said: list[str] = []
    with socket.create_server((LOOPBACK, 0)) as other:
        port = other.getsockname()[1]
        page = serve_training(learning, (LOOPBACK, port), said.append)
        try:
            assert f"page {LOOPBACK}:{port}: another program uses this port" in said[0]
            assert said[0].endswith(f"{page.url.split('/')[2]} is used instead")
            until(lambda: ask(page, "/")[0] == 200)
        finally:
            page.stop(0)
