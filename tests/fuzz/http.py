"""The page and OSCQuery over real sockets: what strangers send, one connection each."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.failure import Failed, misfits, resident
from tests.fuzz.http_requests import Requests
from vj.parameters.store import Store
from vj.web.server import WebServer

PATIENCE = 0.04
"""Seconds for which an answer is waited for, and for which the page has nothing else to do; a
request that is cut off gets none."""
ALIVE = 60.0
"""Seconds in which the page has to answer a right request, whatever came before."""
GROWTH = 30.0
EVERY = 50
TRIES = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """What became of a run."""

    requests: int
    answered: int
    websockets: int
    refused: int
    seconds: float
    grown_mb: float | None

    def __str__(self) -> str:
        grown = "not measured" if self.grown_mb is None else f"{self.grown_mb:.1f} MB"
        return (
            f"{self.requests:,} connections in {self.seconds:.0f} s: {self.answered:,} answered, "
            f"{self.refused:,} of them as wrong, "
            f"{self.websockets:,} WebSockets, grown by {grown}; nothing failed"
        )


def fuzz(requests: int, seed: int, progress: Callable[[str], None] = lambda text: None) -> Figures:
    """Send so many. Raises Failed for an answer of 500 or more (an exception that nobody caught),
    for a line that says something has failed, a parameter that stands where it cannot, a page
    that no longer answers, and memory that grows."""
    said: list[str] = []
    store = Store()
    page = WebServer(
        store,
        ("127.0.0.1", 0),
        status=lambda: {"show": "Fuzzed"},
        on_message=said.append,
        cues=lambda: ["crash"],
    )
    page.start()
    port = int(page.url.rstrip("/").rpartition(":")[2])
    made = Requests(list(store.table.rows.values()), port, seed)
    answered = websockets = refused = 0
    last: list[bytes] = []
    begun, settled = time.monotonic(), None
    try:
        for number in range(requests):
            sent, websocket = made.sent()
            last = [*last[-EVERY:], sent]
            answer = asked(port, sent, websocket, catch_up=lambda: dead(page))
            status = (
                int(answer[9:12]) if answer.startswith(b"HTTP/1.") and answer[9:12].isdigit() else 0
            )
            answered, refused = answered + (status > 0), refused + (status >= 400)
            websockets += status == 101
            if status >= 500 and not (status == 503 and b"listeners are enough" in answer):
                raise Failed(f"answered with {answer[:200]!r}", [sent], seed)
            if wrong := [line for line in said if "failed" in line] + misfits(store, store.base()):
                raise Failed(wrong[0], last, seed)
            if number % EVERY == EVERY - 1:
                if why := dead(page):
                    raise Failed(why, last, seed)
                progress(f"{number + 1:,} requests")
            if settled is None and number >= requests // 5:
                settled = resident()
        now = resident()
    finally:
        page.stop()
    grown = now - settled if now is not None and settled is not None else None
    if grown is not None and grown > GROWTH:
        raise Failed(f"the process grew by {grown:.0f} MB over {requests} requests", [], seed)
    return Figures(requests, answered, websockets, refused, time.monotonic() - begun, grown)


def asked(
    port: int,
    sent: bytes,
    websocket: bool,
    patience: float = PATIENCE,
    catch_up: Callable[[], object] = lambda: None,
) -> bytes:
    """The beginning of what is answered within so many seconds, b"" for nothing. catch_up: returns
    when the page has done what it was asked before. Half of the clients go without a goodbye."""
    with socket.create_connection(("127.0.0.1", port), timeout=ALIVE) as client:
        answer = b""
        with contextlib.suppress(OSError):  # it may hang up in the middle of what it is sent
            client.sendall(sent)
            while len(answer) < 4096:
                if not select.select([client], [], [], patience)[0]:
                    catch_up()
                    if not select.select([client], [], [], 0)[0]:
                        break
                got = client.recv(65536)
                if not got:
                    break
                answer += got
                if websocket or b"\r\n\r\n" in answer:
                    break
        if len(sent) % 2:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return answer


def dead(page: WebServer) -> str:
    """Why a right request is not answered, else ""."""
    for turn in range(TRIES):
        try:
            with urllib.request.urlopen(f"{page.url}state.json", timeout=ALIVE) as answer:
                json.load(answer)
            return ""
        except (OSError, ValueError) as error:
            if turn == TRIES - 1:
                return f"the page no longer answers: {error}"
    return ""
