"""The page's server over real HTTP: pictures, the state and settings one at a time, as for scripts.
Its sockets: test_page_socket.py. In a real browser: test_page_browser.py."""

from __future__ import annotations

import json
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
import pytest

from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.parameters.store import Store
from vj.web.access import own_host
from vj.web.server import WebServer

RED = np.full((96, 96, 3), (230, 20, 30), np.uint8)
BLUE = np.full((96, 96, 3), (20, 30, 230), np.uint8)
CUES = {
    "cues": ["calm", "storm", "last"],
    "keys": {"1": "calm", "2": "storm", "s": "storm"},
    "cue": "storm",
}


@pytest.fixture
def page() -> Iterator[WebServer]:
    made = WebServer(
        Store({"prompt/a": "gold"}),
        ("127.0.0.1", 0),
        status=lambda: {
            "show": "A test",
            "fps": 24.5,
            "latency_ms": [40, float("nan")],
            **CUES,
        },
    )
    made.start()
    yield made
    made.stop()


def get(page: WebServer, path: str, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(page.url + path, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def post(page: WebServer, body: bytes, **headers: str) -> tuple[int, Any]:
    request = urllib.request.Request(page.url + "set", data=body, headers=headers, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text.decode()


def test_pictures_have_their_colours_and_are_encoded_once_a_frame(page: WebServer) -> None:
    assert get(page, "output.jpg")[0] == 200, "there is something before the first frame"
    page.show(BLUE, Frame(RED, 1, 0.0))
    for path, colour in (("input.jpg", (20, 30, 230)), ("output.jpg", (230, 20, 30))):
        status, body = get(page, path)
        assert status == 200
        seen = cv2.cvtColor(
            cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
        )
        assert seen.shape == (96, 96, 3)
        assert np.abs(seen[48, 48].astype(int) - colour).max() < 8
    encodings = page.pictures.encodings
    get(page, "output.jpg")
    assert page.pictures.encodings == encodings
    page.show(BLUE, Frame(np.full((8, 8, 4), (20, 200, 30, 255), np.uint8), 2, 0.0))
    body = get(page, "output.jpg")[1]
    assert cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)[4, 4, 1] > 180, "RGBA too"


def test_showing_costs_the_render_thread_nothing(page: WebServer) -> None:
    frame = Frame(np.zeros((1080, 1920, 3), np.uint8), 0, 0.0)
    begun = time.thread_time()  # of the processor: other programs do not count
    for _ in range(1000):
        page.show(frame.pixels, frame)
    assert (time.thread_time() - begun) / 1000 < 50e-6


def test_the_state_with_all_values(page: WebServer) -> None:
    page.log("playing")
    state = json.loads(get(page, "state.json")[1])
    assert state["status"] == {"show": "A test", "fps": 24.5, "latency_ms": [40, None], **CUES}
    assert state["values"]["prompt/a"] == "gold"
    assert set(state["values"]) == set(page._store.table.rows)
    assert state["messages"][0]["text"] == "playing"


def test_setting(page: WebServer) -> None:
    assert post(page, b'{"name": "strength", "value": 0.8}') == (200, {"ok": True, "remark": ""})
    assert page._store.get("strength") == 0.8
    _, messages = post(page, b'{"name": "strength", "value": 7}')
    assert "above 1" in messages["remark"]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"not json", 'send {"name"'),
        (b"[1, 2]", 'send {"name"'),
        (b'{"name": "strength"}', 'send {"name"'),
        (b'{"name": "strenght", "value": 1}', "did you mean strength"),
        (b'{"name": "strength", "value": NaN}', "not a number to play with"),
        (b'{"name": "strength", "value": {"a": 1}}', "a number, a text"),
        (b"[" * 60000, 'send {"name"'),
    ],
)
def test_wrong_settings_are_answered(page: WebServer, body: bytes, words: str) -> None:
    status, messages = post(page, body)
    assert status == 400
    assert words in messages["error"]
    assert page._store.get("strength") == 0.5


def test_strangers_are_kept_out(page: WebServer) -> None:
    good = b'{"name": "strength", "value": 0.9}'
    assert post(page, good, Origin="http://evil.example")[0] == 403
    assert get(page, "state.json", Host="evil.example")[0] == 403
    assert post(page, b'{"name": "prompt", "value": "' + b"x" * 70_000 + b'"}')[0] == 413
    assert get(page, "../server.py")[0] == 404
    assert page._store.get("strength") == 0.5
    own = page.url.rstrip("/")
    assert post(page, good, Origin=own)[0] == 200


@pytest.mark.parametrize(
    ("host", "mine"),
    [
        ("127.0.0.1:9080", True),
        ("192.168.1.5", True),
        ("[::1]:9080", True),
        ("localhost:80", True),
        ("evil.example:9080", False),
        ("", False),
    ],
)
def test_hosts(host: str, mine: bool) -> None:
    assert own_host(host) is mine
    assert own_host(socket.gethostname())


def test_a_port_in_use_is_reported() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(Fault, match=rf"127.0.0.1:{port}: another program uses this port"):
            WebServer(Store(), ("127.0.0.1", port), status=dict).start()


def test_it_stops_at_once_and_twice() -> None:
    made = WebServer(Store(), ("127.0.0.1", 0), status=dict)
    made.start()
    get(made, "state.json")
    thread = made._site._thread
    assert thread is not None
    made.stop()
    made.stop()
    assert not thread.is_alive()


def test_the_page_speaks_as_osc_does(page: WebServer) -> None:
    fired: list[str] = []
    page._store.listeners.append(lambda name, value, origin: fired.append(name))
    for click in (b"true", b"true", b"false", b"0"):
        assert post(page, b'{"name": "cue/go", "value": ' + click + b"}")[0] == 200
    assert fired == ["cue/go"] * 2, "each click is one, a release none"
    assert post(page, b'{"name": "strength", "value": null}') == (
        200,
        {"ok": True, "remark": "", "values": {"/vj/strength": [0.5]}},
    )
    assert post(page, b'{"name": "/vj/picture/*", "value": 0.25}')[0] == 200
    assert page._store.get("picture/sharpen") == 0.25
    assert post(page, b'{"name": "seed", "value": 9}')[0] == 200
    assert page._store.get("seed/a") == 9
    for body in (
        b'{"name": "strength", "value": [0.1, 0.2]}',
        b'{"name": "delta", "value": 1' + b"0" * 400 + b"}",
    ):
        status, messages = post(page, body)
        assert status == 400
        assert messages["error"]


def test_what_libraries_log_is_a_line_a_second(capfd: pytest.CaptureFixture[str]) -> None:
    import logging

    from vj.web.library_log import LibraryLog

    now, messages = [0.0], []
    before = logging.getLogger("aiohttp").propagate  # False where another test's page still stands
    log = LibraryLog(messages.append, lambda: now[0])
    log.attach()
    try:
        for _ in range(50):
            logging.getLogger("aiohttp.server").warning("Unhandled %s", "thing")
        now[0] = 1.5
        try:
            raise ValueError("odd")
        except ValueError:
            logging.getLogger("aiohttp.server").exception("Error handling request")
    finally:
        log.detach()
    assert messages == [
        "aiohttp: Unhandled thing",
        "aiohttp: Error handling request (ValueError: odd) (and 49 more)",
    ]
    assert capfd.readouterr().err == ""
    assert logging.getLogger("aiohttp").propagate is before


def test_requests_that_stumble_do_not_reach_the_terminal_one_by_one(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def stumble() -> dict[str, object]:
        raise ValueError("odd")

    messages: list[str] = []
    made = WebServer(Store(), ("127.0.0.1", 0), status=stumble, on_message=messages.append)
    made.start()
    begun = time.monotonic()
    for _ in range(20):
        assert get(made, "state.json")[0] == 500
    made.stop()
    assert capfd.readouterr().err == ""
    assert 1 <= len(messages) <= time.monotonic() - begun + 2, "one line a second"
    assert "ValueError: odd" in messages[0]
