"""The page of a room in a real browser: every piece with its picture, and buttons that do what they
say, on a desk and under a thumb."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from tests.browser import STAGES
from tests.room.dummies import dummy_room
from tests.waiting import until
from tests.web.conftest import NewPage
from vj.room.page import RoomPage
from vj.room.room import LiveRoom

LOOPBACK = "127.0.0.1"
JPEG = cv2.imencode(".jpg", np.full((64, 96, 3), (20, 90, 200), np.uint8))[1].tobytes()


class OwnPage(http.server.BaseHTTPRequestHandler):
    """A piece's own page, which has its picture."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(JPEG)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def room(tmp_path: Path) -> Iterator[tuple[LiveRoom, RoomPage]]:
    server = http.server.ThreadingHTTPServer((LOOPBACK, 0), OwnPage)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    own = f"http://{LOOPBACK}:{server.server_address[1]}/"
    made = dummy_room(tmp_path, [], f"plays {own}", f"plays {own}", "ends")
    page = RoomPage(made, (LOOPBACK, 0), print)
    page.start()
    made.start()
    yield made, page
    page.stop()
    made.stop()
    server.shutdown()
    server.server_close()


@pytest.mark.long
@pytest.mark.parametrize("stage", ["desk", "phone"])
def test_every_piece_is_seen_and_can_be_started_anew(
    room: tuple[LiveRoom, RoomPage], new_page: NewPage, stage: str
) -> None:
    live, served = room
    left, middle, right = live.pieces.values()
    until(lambda: left.plays and middle.plays and right.ended)
    page = new_page(STAGES[stage], touch=stage == "phone").open(served.url)
    page.until("document.querySelectorAll('.piece').length === 3")
    seen = "[...document.querySelectorAll('.piece img')].map(one => one.naturalWidth)"
    page.until(f"JSON.stringify({seen}) === '[96,96,0]'")
    assert "2 of 3 playing" in page.text()
    assert "9.0 fps" in page.text()
    moods = "[...document.querySelectorAll('.piece')].map(one => one.dataset.state).join()"
    assert page.evaluate(moods) == "playing,playing,ended"
    href = page.evaluate("document.querySelector('.piece .open').href")
    assert href == left.page
    assert page.evaluate("document.documentElement.scrollWidth") <= STAGES[stage][0]
    wanted = "[...document.querySelectorAll('button, .open')].filter(one => one.offsetHeight)"
    assert page.evaluate(f"Math.min(...{wanted}.map(one => one.offsetHeight))") >= 44

    page.click(".panic")
    for piece in (left, middle):
        until(lambda piece=piece: "panic" in piece.state.alive.get("told", []))  # type: ignore[misc]
    first = left.process
    page.click(".piece .t-button")
    assert left.process is first, "one tap does nothing yet"
    page.click(".piece .t-armed")
    until(lambda: left.process not in (None, first) and left.plays)
    live.stop()
    page.until("document.body.innerText.includes('0 of 3 playing')")
    page.expect("Failed to load resource")
