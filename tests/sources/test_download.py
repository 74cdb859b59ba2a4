"""A clip on a web server becomes a file."""

from __future__ import annotations

import base64
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.sources.played import read_all
from tests.sources.servers import WebServer, mjpeg, number_of, plain, web_server, write_counted
from tests.sources.test_sources import live, offline
from tests.waiting import until
from vj import __version__
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.sources import Awaited, SourceSettings, make_source
from vj.sources.fetch import SPARE
from vj.sources.transport import Transport, TransportControl


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def clip(tmp_path: Path) -> bytes:
    return write_counted(tmp_path / "clip.mp4", 12).read_bytes()


def test_offline_every_picture_of_it_comes_once_and_it_is_fetched_once(
    web: WebServer, clip: bytes
) -> None:
    web.answers["/a%20s%C3%A9a.mp4"] = plain(clip, "video/mp4")
    for _ in range(2):
        source = make_source(web.at("/a séa.mp4"), offline(loop=False))
        assert [number_of(frame.pixels) for frame in read_all(source)] == list(range(12))
    assert len(web.asked) == 1


def test_it_has_a_transport_and_plays_on_when_the_server_has_gone(
    web: WebServer, clip: bytes
) -> None:
    web.answers["/back.mp4"] = plain(clip, "video/mp4")
    control = TransportControl(lambda: Transport(speed=-1.0))
    source = make_source(web.at("/back.mp4"), live(transport=control))
    source.open()
    web.close()
    numbers = [number_of(frame.pixels) for frame in (source.read() for _ in range(5)) if frame]
    source.close()
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[0] > numbers[-1]


def test_live_nobody_waits_for_a_slow_server(
    web: WebServer, clip: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.download.PATIENCE", 0.05)

    def slowly(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", str(len(clip)))
        request.end_headers()
        request.wfile.write(clip[:2000])
        request.wfile.flush()
        web.stop.wait(0.4)
        request.wfile.write(clip[2000:])

    web.answers["/slow.mp4"] = slowly
    source = make_source(web.at("/slow.mp4"), SourceSettings(WallClock()))
    with pytest.raises(Awaited, match=r"is being fetched, 0\.0( of 0\.0)? MB") as told:
        source.open()
    assert told.value.retry is not None
    assert told.value.retry < 0.5

    def opens() -> bool:
        try:
            source.open()
        except Awaited:
            return False
        return True

    until(opens)
    frame = source.read()
    assert frame is not None
    assert number_of(frame.pixels) == 0
    source.close()


def test_what_was_broken_off_goes_on_from_there(web: WebServer, clip: bytes) -> None:
    whole = plain(clip, "video/mp4")

    def breaks_off(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("Range"):
            whole(request)
            return
        request.send_response(200)
        request.send_header("Content-Length", str(len(clip)))
        request.send_header("ETag", '"one"')
        request.end_headers()
        request.wfile.write(clip[: len(clip) // 2])
        request.wfile.flush()
        request.close_connection = True

    web.answers["/broken.mp4"] = breaks_off
    source = make_source(web.at("/broken.mp4"), offline(loop=False))
    assert [number_of(frame.pixels) for frame in read_all(source)] == list(range(12))
    ranges = [headers.get("Range") for _, headers in web.asked]
    assert ranges == [None, f"bytes={len(clip) // 2}-"]


def test_a_user_and_a_password_are_sent_to_who_asks_for_them(web: WebServer, clip: bytes) -> None:
    whole = plain(clip, "video/mp4")
    right = base64.b64encode(b"vj:a@b").decode()

    def guarded(request: BaseHTTPRequestHandler) -> None:
        if request.headers.get("Authorization") == f"Basic {right}":
            whole(request)
            return
        request.send_response(401)
        request.send_header("WWW-Authenticate", 'Basic realm="films"')
        request.send_header("Content-Length", "0")
        request.end_headers()

    web.answers["/guarded.mp4"] = guarded
    make_source(web.at("/guarded.mp4", "vj:a%40b"), offline()).open()
    with pytest.raises(Fault, match="wants another user and password") as told:
        make_source(web.at("/guarded.mp4", "vj:no%40"), offline()).open()
    assert "no%40" not in str(told.value)
    with pytest.raises(Fault, match="wants a user and password"):
        make_source(web.at("/guarded.mp4"), offline()).open()


def test_a_server_that_shuts_out_python_is_told_who_asks(web: WebServer, clip: bytes) -> None:
    whole, asks = plain(clip, "video/mp4"), list[str]()

    def picky(request: BaseHTTPRequestHandler) -> None:
        asks.append(request.headers.get("User-Agent", ""))
        if "Python" in asks[-1]:
            request.send_error(403)
        else:
            whole(request)

    web.answers["/picky.mp4"] = picky
    source = make_source(web.at("/picky.mp4"), offline(loop=False))
    assert [number_of(frame.pixels) for frame in read_all(source)] == list(range(12))
    assert asks == [f"vj/{__version__}"]


def test_what_has_no_end_does_not_fill_the_disk(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.answers["/camera"] = mjpeg(web)
    with pytest.raises(Fault, match="without an end; write stream: before it"):
        make_source(f"download:{web.at('/camera')}", offline()).open()

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "video/mp4")
        request.end_headers()
        while not web.stop.is_set():
            request.wfile.write(bytes(10_000))

    room = iter([3, 2, 1, 0])
    monkeypatch.setattr(
        "vj.sources.fetch.shutil.disk_usage",
        lambda path: SimpleNamespace(free=SPARE - 1 + next(room)),
    )
    web.answers["/endless.mp4"] = endless
    web.asked.clear()
    for _ in range(2):
        with pytest.raises(Fault, match=r"does not end after .* MB are free"):
            make_source(web.at("/endless.mp4"), offline()).open()
    assert len(web.asked) == 1


def test_a_server_that_sends_in_a_circle_is_told_in_one_line(web: WebServer) -> None:
    def circle(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", "/circle.mp4")
        request.send_header("Content-Length", "0")
        request.end_headers()

    web.answers["/circle.mp4"] = circle
    with pytest.raises(Fault, match="from one address to the next") as told:
        make_source(web.at("/circle.mp4"), offline()).open()
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(
    ("kind", "body", "says"),
    [
        ("text/html; charset=utf-8", b"<html>", "is a web page, not a video"),
        ("video/mp4", b"nothing of a film" * 99, "is not a video that FFmpeg can read"),
    ],
)
def test_what_is_no_video_is_told_by_its_address(
    web: WebServer, kind: str, body: bytes, says: str
) -> None:
    web.answers["/odd.mp4"] = plain(body, kind)
    address = web.at("/odd.mp4")
    with pytest.raises(Fault, match=says) as told:
        make_source(address, offline()).open()
    assert str(told.value).startswith(address)
    assert not isinstance(told.value, Awaited)


def test_a_server_that_is_not_there_yet_is_waited_for(web: WebServer, clip: bytes) -> None:
    address = web.at("/later.mp4")
    with pytest.raises(Fault, match="has nothing there"):
        make_source(address, offline()).open()
    web.close()
    begun = time.monotonic()
    with pytest.raises(Awaited, match="cannot be fetched"):
        make_source(address, offline()).open()
    assert time.monotonic() - begun < 5
    web.answers["/later.mp4"] = plain(clip, "video/mp4")
    web.start()
    source = make_source(address, offline())
    source.open()
    source.close()
