"""Pictures out of the network, from servers on this machine."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from http.server import BaseHTTPRequestHandler
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from tests.shows import free_port
from tests.sources.played import read_all
from tests.sources.servers import (
    RIGHT_SIDE,
    WebServer,
    age,
    counted,
    mjpeg,
    number_of,
    plain,
    sending,
    web_server,
    write_counted,
)
from tests.sources.test_sources import close_to
from tests.waiting import PATIENCE, until
from vj.core.clock import WallClock
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.core.supervisor import Supervisor
from vj.sources import Awaited, Source, SourceSettings, make_source
from vj.sources.reader import Reader
from vj.sources.shared import SharedDevices

SETTINGS = SourceSettings(WallClock(), fps=25)
FROM_HERE = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
OLD = 0.7
"""Seconds that a picture may be old on a machine that does other things, too."""
TRIES = 15
"""Seconds in which one that is no older has to come. Numbers begin anew after twenty."""


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


def frames_of(source: Source, count: int) -> list[Frame]:
    """The next ones."""
    found: list[Frame] = []
    end = time.monotonic() + PATIENCE
    while len(found) < count:
        assert time.monotonic() < end, "no picture came"
        frame = source.read()
        if frame is not None:
            found.append(frame)
    return found


@contextmanager
def opened(address: str, settings: SourceSettings = SETTINGS) -> Iterator[Source]:
    source = make_source(address, settings)
    source.open()
    with closing(source):
        yield source


def test_a_camera_that_sends_jpegs_gives_its_newest_picture_in_its_colours(web: WebServer) -> None:
    web.answers["/video"] = mjpeg(web, rate=50, size=(1280, 720))
    with opened(web.at("/video")) as source:
        assert source.live
        (frame,) = frames_of(source, 1)
        assert frame.pixels.shape == (720, 1280, 3)
        assert close_to(frame.pixels[300, 1000], RIGHT_SIDE, 6), "JPEG is BT.601 at any size"
        for _ in range(4):
            time.sleep(0.3)  # whoever takes it is slower than the camera
            frames_of(source, 1)

        def new() -> bool:
            time.sleep(0.3)
            return age(frames_of(source, 1)[0].pixels, 50) < OLD

        until(new, seconds=TRIES)  # what waits in a queue would be the older the longer it takes


def test_a_camera_that_says_a_length_is_no_film(web: WebServer) -> None:
    web.answers["/video"] = mjpeg(web, rate=50, length=2**31 - 1)
    with opened(web.at("/video")) as camera:
        until(lambda: (frame := camera.read()) is not None and frame.number >= 60)
        # 25 a second would be 1.2 s by now, and more with each second
        until(lambda: age(frames_of(camera, 1)[0].pixels, 50) < OLD, seconds=TRIES)
        assert camera.live


def test_mpeg_by_udp_plays_and_whoever_looks_seldom_sees_no_old_picture() -> None:
    port = free_port()
    address = f"udp://127.0.0.1:{port}"
    with sending(f"{address}?pkt_size=1316", rate=50, format="mpegts"), opened(address) as source:
        frames_of(source, 1)

        def new() -> bool:
            time.sleep(1.2)
            seen = frames_of(source, 5)
            assert close_to(seen[-1].pixels[80, 250], RIGHT_SIDE, 12)
            return min(age(frame.pixels, 50) for frame in seen) < OLD

        until(new, seconds=TRIES)  # each time it has looked away for long


@pytest.mark.long
def test_a_machine_that_is_too_slow_shows_key_pictures_until_it_has_caught_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    port = free_port()
    address = f"udp://127.0.0.1:{port}"
    with sending(f"{address}?pkt_size=1316", rate=50, format="mpegts"), opened(address) as source:
        frames_of(source, 1)
        monkeypatch.setattr("vj.sources.stream.TOO_SLOW", -1.0)
        frames_of(source, 3)
        few = [frame.captured for frame in frames_of(source, 3)]
        assert few[2] - few[0] > 0.7, "two key pictures a second are sent"
        monkeypatch.undo()
        frames_of(source, 3)
        until(lambda: np.ptp([frame.captured for frame in frames_of(source, 3)]) < 0.3)


def has_rtsp_server() -> bool:
    look = "import gi; gi.require_version('GstRtspServer', '1.0')"
    try:
        return subprocess.run(["/usr/bin/python3", "-c", look], capture_output=True).returncode == 0
    except OSError:
        return False


@contextmanager
def rtsp_server(rtp_port: int, port: int, *user: str) -> Iterator[int]:
    """Its port is what it says; 0: any."""
    script = Path(__file__).with_name("rtsp_server.py")
    server = subprocess.Popen(
        ["/usr/bin/python3", str(script), str(rtp_port), str(port), *user],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert server.stdout is not None
    try:
        yield int(server.stdout.readline())
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


def reading(
    address: str, lost: list[str], see: Callable[[Frame], None] = lambda frame: None
) -> Reader:
    reader = Reader(
        address,
        make_source,
        SETTINGS,
        lambda reader, frame: see(frame),
        lambda reader, why: lost.append(why),
        Supervisor(lost.append),
    )
    reader.start()
    return reader


@pytest.mark.skipif(
    not has_rtsp_server(),
    reason="without GStreamer's RTSP server: apt install gir1.2-gst-rtsp-server-1.0 python3-gi "
    "gstreamer1.0-plugins-good",
)
def test_a_camera_by_rtsp_plays_with_its_password_and_comes_back() -> None:
    rtp = free_port()
    with sending(f"rtp://127.0.0.1:{rtp}?pkt_size=1200", rate=50, format="rtp"):
        with rtsp_server(rtp, 0, "vj", "se:c@et") as port:
            host = f"127.0.0.1:{port}/live"
            for user, says in (("", "a user"), ("vj:wrong@", "another user")):
                with pytest.raises(Fault, match=f"wants {says} and password") as told:
                    make_source(f"rtsp://{user}{host}", SETTINGS).open()
                assert "wrong" not in str(told.value)
            lost: list[str] = []
            seen: list[Frame] = []
            reader = reading(f"rtsp://vj:se%3Ac%40et@{host}", lost, seen.append)
            until(lambda: seen and age(seen[-1].pixels, 50) < OLD)
            begun = len(seen)
            until(lambda: len(seen) > begun + 60)
            # a torn picture shows some other number
            numbers = [number_of(frame.pixels) for frame in seen[begun:]]
            assert all((n - m) % 1024 < 512 for m, n in pairwise(numbers)), numbers
        try:
            until(lambda: lost)
            assert "vj:***@127.0.0.1" in lost[0]
            count = reader.frames
            with rtsp_server(rtp, port):
                until(lambda: reader.frames > count + 3)
        finally:
            reader.stop(60)


def test_a_server_that_dies_is_connected_to_again_by_itself(web: WebServer) -> None:
    web.answers["/video"] = mjpeg(web)
    lost: list[str] = []
    reader = reading(web.at("/video"), lost)
    try:
        until(lambda: reader.frames > 3)
        web.close()
        until(lambda: lost)
        assert "127.0.0.1" in lost[0]
        seen = reader.frames
        web.start()
        until(lambda: reader.frames > seen + 3)
        assert reader.fault_text == ""
    finally:
        reader.stop(60)


def test_a_server_that_says_nothing_is_given_up_and_asked_again(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.stream_link.CONNECTING", 0.4)
    for module in ("stream_link", "stream"):
        monkeypatch.setattr(f"vj.sources.{module}.SILENT", 0.4)
    with closing(socket.create_server(("127.0.0.1", 0))) as dumb:
        for scheme in ("http", "rtsp", "tcp"):
            begun = time.monotonic()
            with pytest.raises(Awaited, match=r"nothing has come for 0\.4 s"):
                make_source(f"{scheme}://127.0.0.1:{dumb.getsockname()[1]}/x", SETTINGS).open()
            assert time.monotonic() - begun < 10

    def falls_silent(request: BaseHTTPRequestHandler) -> None:
        jpeg = cv2.imencode(".jpg", counted(1))[1].tobytes()
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=b")
        request.end_headers()
        for _ in range(3):
            request.wfile.write(b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + jpeg + b"\r\n")
        request.wfile.flush()
        web.stop.wait(PATIENCE)

    web.answers["/stuck"] = falls_silent
    lost: list[str] = []
    reader = reading(web.at("/stuck"), lost)
    try:
        until(lambda: len(web.asked) > 1)
        assert "nothing for 0.4 s" in lost[0]
    finally:
        reader.stop(60)


def hls(folder: Path, web: WebServer, frames: int = 45, under: str = "") -> str:
    """A playlist of pieces of about half a second. under: a folder on the server."""
    options = {"hls_time": "0.4", "hls_list_size": "0", "hls_playlist_type": "vod"}
    write_counted(folder / "film.m3u8", frames, format="hls", options=options)
    for path in folder.iterdir():
        kind = "application/vnd.apple.mpegurl" if path.suffix == ".m3u8" else "video/mp2t"
        web.answers[f"{under}/{path.name}"] = plain(path.read_bytes(), kind)
    return web.at(f"{under}/film.m3u8")


def test_what_comes_by_the_piece_plays_at_its_own_pace_and_begins_again(
    tmp_path: Path, web: WebServer
) -> None:
    with opened(hls(tmp_path, web)) as source:
        seen = [(number_of(frame.pixels), frame.captured) for frame in frames_of(source, 60)]
    numbers = [number for number, _ in seen]
    assert numbers[0] <= 4, numbers
    turn = next(at for at in range(1, 60) if numbers[at] < numbers[at - 1])
    assert numbers[turn - 1] >= 40, numbers
    assert numbers[turn] <= 4, numbers
    assert numbers[1:turn] == sorted(numbers[1:turn])
    (first, begun), (last, ended) = seen[0], seen[turn - 1]
    # the first of them may have come late
    assert (last - first) / 25 < ended - begun + 0.5
    assert ended - begun < (last - first) / 25 + 2, "on a machine that does other things, too"


@pytest.mark.long
def test_of_several_qualities_only_what_plays_is_fetched(tmp_path: Path, web: WebServer) -> None:
    text = "#EXTM3U\n"
    for name, rate in (("one", 90_000), ("two", 120_000)):
        (tmp_path / name).mkdir()
        hls(tmp_path / name, web, 100, f"/{name}")
        text += f"#EXT-X-STREAM-INF:BANDWIDTH={rate}\n{name}/film.m3u8\n"
    web.answers["/all.m3u8"] = plain(text.encode(), "application/vnd.apple.mpegurl")
    with opened(web.at("/all.m3u8")) as film:
        frames_of(film, 75)
    pieces = {
        name: sum(path.startswith(f"/{name}/") and path.endswith(".ts") for path, _ in web.asked)
        for name in ("one", "two")
    }
    # the first few are looked at before it plays
    assert max(pieces.values()) >= 8
    assert min(pieces.values()) <= 5


def test_a_film_without_a_length_is_not_played_as_fast_as_it_comes(
    tmp_path: Path, web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vj.sources.stream.AHEAD", 1.0)
    # larger than what FFmpeg looks at before it begins
    film = write_counted(tmp_path / "a.ts", 75, options={"muxrate": "30000000"}).read_bytes()

    def endless(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "video/mp2t")
        request.end_headers()
        request.wfile.write(film)
        request.close_connection = True

    web.answers["/recording"] = endless
    with opened(web.at("/recording")) as source:
        seen = [(0, 0.0)]
        while seen[-1][0] < 68:
            seen += [(number_of(one.pixels), one.captured) for one in frames_of(source, 1)]
    at = {number: captured for number, captured in seen[1:] if number >= 35}
    first, last, begun, ended = min(at), max(at), min(at.values()), max(at.values())
    # the first of them may have come late
    assert (last - first) / 25 < ended - begun + 0.5
    assert ended - begun < (last - first) / 25 + 2, "on a machine that does other things, too"


def test_a_film_begins_at_its_beginning_also_from_servers_that_close_without_a_word(
    tmp_path: Path, web: WebServer
) -> None:
    film = write_counted(tmp_path / "film.ts", 40).read_bytes()
    nothing = b"\x47\x1f\xff\x10" + bytes(184)  # a packet of no stream, so that it is large
    web.answers["/film.ts"] = plain(film + nothing * 3000, "video/mp2t")
    with opened(f"stream:{web.at('/film.ts')}") as source:
        assert number_of(frames_of(source, 1)[0].pixels) < 8
    assert len(web.asked) > 1, "its end is looked at first"


def test_a_port_that_is_taken_is_told_as_that() -> None:
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as other:
        other.bind(("127.0.0.1", 0))
        with pytest.raises(Awaited, match="another program of this machine receives"):
            make_source(f"udp://127.0.0.1:{other.getsockname()[1]}", SETTINGS).open()


def test_what_has_an_end_ends_in_a_show_that_does(tmp_path: Path, web: WebServer) -> None:
    web.answers["/a%20film"] = plain(write_counted(tmp_path / "a.mp4", 8).read_bytes(), "video/mp4")
    settings = SourceSettings(WallClock(), loop=False)
    frames = read_all(make_source(web.at("/a film"), settings), gaps=True)
    assert number_of(frames[-1].pixels) == 7


def test_a_webcam_that_gives_one_picture_is_asked_for_the_next_one(web: WebServer) -> None:
    asked: list[int] = []

    def snapshot(request: BaseHTTPRequestHandler) -> None:
        asked.append(len(asked))
        body = cv2.imencode(".jpg", cv2.cvtColor(counted(len(asked)), cv2.COLOR_RGB2BGR))[1]
        plain(body.tobytes(), "image/jpeg", ranges=False)(request)

    web.answers["/shot.jpg"] = snapshot
    with opened(web.at("/shot.jpg")) as source:
        begun = time.monotonic()
        seen = [number_of(frame.pixels) for frame in frames_of(source, 3)]
    assert seen == sorted(set(seen))
    assert time.monotonic() - begun > 0.8, "a server is not asked at the rate of a show"


@pytest.mark.parametrize(
    ("answer", "fault", "says"),
    [
        (plain(b"<!doctype html><title>a film</title>", "text/html"), Fault, "is a web page"),
        (plain(bytes(range(256)) * 40, "application/x"), Awaited, "is no video"),
        (None, Fault, "has nothing there"),
    ],
)
def test_what_is_no_stream_says_what_it_is(
    web: WebServer, answer: Callable[..., None] | None, fault: type[Fault], says: str
) -> None:
    if answer is not None:
        web.answers["/watch"] = answer
    address = web.at("/watch?v=3", "me:hidden")
    with pytest.raises(Fault, match=says) as told:
        make_source(address, SETTINGS).open()
    assert type(told.value) is fault
    assert "hidden" not in str(told.value)
    assert str(told.value).startswith("http://me:***@127.0.0.1")


def test_offline_there_is_no_now_and_it_says_what_helps(web: WebServer, tmp_path: Path) -> None:
    show = tmp_path / "show.yaml"
    show.write_text(f"source: '{web.at('/get?id=3', 'me:hidden')}'\nmodel: none\n")
    command = [sys.executable, "-m", "vj.cli", str(show), "--offline", "--sink", "record:a.mp4"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=FROM_HERE)
    assert done.returncode == 1
    assert "write download: before it" in done.stderr
    assert "hidden" not in done.stdout + done.stderr
    assert not web.asked


def test_decks_share_one_connection(web: WebServer) -> None:
    web.answers["/video"] = mjpeg(web)
    devices = SharedDevices()
    one, two = (devices.make(web.at("/video"), SETTINGS) for _ in range(2))
    one.open()
    two.open()
    for source in (one, two):
        until(lambda: age(frames_of(source, 1)[0].pixels, 25) < OLD)  # noqa: B023
    assert len(web.asked) == 1
    one.close()
    until(lambda: age(frames_of(two, 1)[0].pixels, 25) < OLD)
    two.close()
    assert len(web.asked) == 1
    assert len(web.asked) == 1
