"""What comes to the page and to OSCQuery."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import socket
import struct
import time
from collections.abc import Iterator

from tests.faults.fault import Fault, during
from tests.faults.stage import Stage
from tests.fuzz.http_requests import Requests
from vj.control.osc.packet import pack
from vj.parameters.table import ROWS

PLAYED = frozenset({"frozen", "black", "even"})
"""What may be played: freezing and fading to black are parameters."""
SHAKE = (
    b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
)


def panic(stage: Stage) -> None:
    """Everything back to the start."""
    stage.send("/vj/panic", 1)


def posted(stage: Stage, body: bytes) -> bytes:
    """What the page answers to a POST."""
    with stage.connect() as client:
        head = f"POST /set HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
        with contextlib.suppress(OSError):
            client.sendall(head.encode() + body)
        return client.recv(4096)


@contextlib.contextmanager
def websocket(stage: Stage, path: bytes = b"/") -> Iterator[socket.socket]:
    """One that has shaken hands."""
    with stage.connect() as client:
        key = base64.b64encode(os.urandom(16))
        client.sendall(SHAKE % path + key + b"\r\n\r\n")
        client.recv(4096)
        yield client


def _frame(kind: int, body: bytes) -> bytes:
    """Masked with nothing."""
    size = bytes([0x80 | len(body)]) if len(body) < 126 else b"\xfe" + struct.pack(">H", len(body))
    return bytes([0x80 | kind]) + size + b"\0\0\0\0" + body


def listener_that_does_not_read(stage: Stage) -> str:
    """It listens to everything, while everything moves."""
    with websocket(stage) as client:
        for row in ROWS:
            asked = json.dumps({"COMMAND": "LISTEN", "DATA": row.address})
            client.sendall(_frame(1, asked.encode()))
        text, question = "ink " * 2400, _frame(2, pack("/vj/prompt/b", []))
        client.settimeout(0.5)
        for number in during(stage, 12.0, 0.02):
            stage.send("/vj/prompt/b", f"{number} {text}")
            with contextlib.suppress(OSError):
                client.sendall(question * 20)
            if number % 20 == 0 and stage.waits_for("has not read", 0):
                break
    assert stage.waits_for("has not read", 1), "it was not dropped"
    return "it is disconnected, with a message"


def websocket_garbage(stage: Stage) -> str:
    made = Requests(ROWS, stage.page_port, 3)
    count = 0
    for _ in during(stage, 2.0):
        with contextlib.suppress(OSError), websocket(stage) as client:
            client.sendall(b"".join(made.broken(made.frame()) for _ in range(4)))
            count += 1
    panic(stage)
    json.loads(stage.get("state.json"))
    return f"{count} clients"


def two_hundred_websockets(stage: Stage) -> str:
    """At once, and then all away without a goodbye."""
    clients = []
    refused = 0
    for _ in range(200):
        try:
            client = stage.connect()
            clients.append(client)
            client.sendall(SHAKE % b"/" + b"dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
        except OSError:
            refused += 1
    opened = 0
    for client in clients:
        client.settimeout(5)
        with contextlib.suppress(OSError):
            opened += client.recv(64).startswith(b"HTTP/1.1 101")
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.close()
    time.sleep(0.5)
    with websocket(stage) as client:
        client.sendall(_frame(1, b'{"COMMAND": "LISTEN", "DATA": "/vj/delta"}'))
        client.settimeout(5)
        assert b"/vj/delta" in client.recv(4096), "the next one is not told anything"
    return f"{opened} are served, the others refused; the next one is served again"


def http_garbage(stage: Stage) -> str:
    made = Requests([row for row in ROWS if row.name != "record"], stage.page_port, 4)
    count = 0
    for _ in during(stage, 1.0):
        with contextlib.suppress(OSError), stage.connect() as client:
            client.sendall(made.sent()[0])
            client.settimeout(0.02)
            client.recv(4096)
        count += 1
    panic(stage)
    json.loads(stage.get("state.json"))
    return f"{count} requests; the page answers"


def pages_that_die(stage: Stage) -> str:
    """Browsers that go in the middle of a picture, and a hundred that never finish their
    request."""
    idle = [stage.connect() for _ in range(100)]
    for client in idle:
        client.sendall(b"GET /output.jpg HTT")
    for _ in range(40):
        with stage.connect() as client:
            client.sendall(b"GET /output.jpg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            client.recv(16)
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    state = json.loads(stage.get("state.json"))
    for client in idle:
        client.close()
    return f"the page says {state['status']['state']}"


def pages_that_do_not_read(stage: Stage) -> str:
    """Eight open pages whose browsers hang, and their pictures at full size, while everything
    moves."""
    with contextlib.ExitStack() as open_pages:
        clients = [open_pages.enter_context(websocket(stage, b"/socket")) for _ in range(8)]
        for _ in clients:
            open_pages.enter_context(websocket(stage, b"/pictures?width=0&format=png"))
        text = "ink " * 2400
        question = _frame(1, b'{"type": "set", "name": "prompt/b", "value": null, "id": 1}')
        for client in clients:
            client.settimeout(0.5)
        for number in during(stage, 12.0, 0.02):
            stage.send("/vj/prompt/b", f"{number} {text}")
            for client in clients:
                with contextlib.suppress(OSError):
                    client.sendall(question * 20)
            if number % 20 == 0 and stage.waits_for("does not read", 0):
                break
        assert stage.waits_for("does not read", 1), "they were not dropped"
        with websocket(stage, b"/socket") as client:
            client.settimeout(5)
            assert client.recv(4096), "the next page is not told anything"
    return "they are disconnected, with a message; the next one is served"


HOSTILE = (
    b"{",
    b"[" * 60_000,
    b'{"type": "set", "name": "strength", "value": 1e999, "id": 1}',
    b'{"type": "set", "name": {"a": 1}, "value": [1, 2], "id": []}',
    b'{"type": "stroke", "stroke": 1e300, "points": [[NaN, 9, -1], "x", []], "width": -5}',
    b'{"type": "canvas", "do": "import", "image": "data:image/png;base64,AAAA"}',
    b'{"type": "choose", "what": "source", "value": "/etc/passwd", "id": 2}',
    b'{"type": "save_as", "name": "../../x", "id": 3}',
    b'{"type": "unmap", "key": "\\u0000", "id": 4}',
    b'{"type": "learn", "name": "no/such", "id": 5}',
    b'{"type": "key", "key": "\\ud800", "id": 6}',
)
"""Requests of a page that no page of ours would make."""


def page_garbage(stage: Stage) -> str:
    count = 0
    for number in during(stage, 2.0):
        with contextlib.suppress(OSError), websocket(stage, b"/socket") as client:
            for body in HOSTILE[number % 3 :]:
                client.sendall(_frame(1, body))
                count += 1
            client.settimeout(0.02)
            client.recv(4096)
    panic(stage)
    json.loads(stage.get("state.json"))
    return f"{count} requests; the page answers"


WEB_FAULTS = (
    Fault(
        "pages-do-not-read",
        "eight pages in browsers that hang",
        pages_that_do_not_read,
        undo=panic,
    ),
    Fault(
        "page-garbage",
        "requests that no page would make",
        page_garbage,
        may=PLAYED,
        undo=panic,
    ),
    Fault(
        "listener-does-not-read",
        "an OSCQuery client that listens to everything and reads nothing",
        listener_that_does_not_read,
        undo=panic,
    ),
    Fault(
        "websocket-garbage",
        "WebSocket clients that send garbage",
        websocket_garbage,
        may=PLAYED,
        undo=panic,
    ),
    Fault(
        "websockets-200", "200 WebSockets at once, gone without a goodbye", two_hundred_websockets
    ),
    Fault(
        "http-garbage",
        "broken requests, as the fuzzer makes them",
        http_garbage,
        may=PLAYED,
        undo=panic,
        quick=True,
    ),
    Fault(
        "pages-die",
        "browsers that die in the middle of a picture, and 100 that never finish asking",
        pages_that_die,
    ),
)
