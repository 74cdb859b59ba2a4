"""Servers on this machine for sources that come over the network: files and MJPEG over HTTP,
MPEG-TS over UDP. Each picture carries its number as stripes, black and white."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np

BITS = 10
"""Stripes of a picture, the highest bit on the left."""
RIGHT_SIDE = (200, 60, 30)
"""RGB of the right half."""


def counted(number: int, width: int = 320, height: int = 160) -> np.ndarray:
    """(H, W, 3) uint8 RGB: its number in the left half, a colour in the right one."""
    picture = np.empty((height, width, 3), np.uint8)
    picture[:] = RIGHT_SIDE
    stripe = width // 2 // BITS
    for bit in range(BITS):
        lit = number >> (BITS - 1 - bit) & 1
        picture[:, bit * stripe : (bit + 1) * stripe] = 235 if lit else 20
    return picture


def number_of(picture: np.ndarray) -> int:
    """What `counted` was given."""
    stripe = picture.shape[1] // 2 // BITS
    middle = picture[picture.shape[0] // 2, stripe // 2 : BITS * stripe : stripe].mean(-1)
    return int("".join("1" if light > 128 else "0" for light in middle), 2)


def write_counted(path: Path, frames: int, rate: int = 25, **options: Any) -> Path:
    """A clip of numbered pictures."""
    with av.open(str(path), "w", **options) as file:
        track = file.add_stream("libx264", rate=rate, options={"preset": "ultrafast", "crf": "12"})
        track.width, track.height, track.pix_fmt = 320, 160, "yuv420p"
        track.codec_context.gop_size = 10
        for number in range(frames):
            frame = av.VideoFrame.from_ndarray(counted(number), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            file.mux(track.encode(frame))
        file.mux(track.encode())
    return path


class Quiet(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """A client that has gone is none."""


class WebServer:
    """Answers requests for paths as `answers` says; tells what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, Callable[[BaseHTTPRequestHandler], None]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.stop = threading.Event()
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    def start(self) -> None:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                server.asked.append((path, dict(self.headers.items())))
                answer = server.answers.get(path)
                try:
                    if answer is None:
                        self.send_error(404)
                    else:
                        answer(self)
                except OSError:  # the client has gone
                    self.close_connection = True

            def log_message(self, *_: Any) -> None:
                pass

        self.stop.clear()
        self._server = Quiet(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.stop.set()
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def at(self, path: str, user: str = "") -> str:
        return f"http://{user}{'@' if user else ''}127.0.0.1:{self.port}{path}"


@contextmanager
def web_server() -> Iterator[WebServer]:
    server = WebServer()
    server.start()
    try:
        yield server
    finally:
        server.close()


def plain(body: bytes, kind: str, ranges: bool = True) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answers with a file. ranges: parts of it, where they are asked for."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        wanted = re.match(r"bytes=(\d+)-(\d*)", request.headers.get("Range") or "")
        begin = int(wanted[1]) if ranges and wanted else 0
        end = int(wanted[2]) + 1 if ranges and wanted and wanted[2] else len(body)
        request.send_response(206 if ranges and wanted else 200)
        request.send_header("Content-Type", kind)
        request.send_header("Accept-Ranges", "bytes" if ranges else "none")
        request.send_header("ETag", '"one"')
        if ranges and wanted:
            request.send_header("Content-Range", f"bytes {begin}-{end - 1}/{len(body)}")
        request.send_header("Content-Length", str(end - begin))
        request.end_headers()
        request.wfile.write(body[begin:end])

    return answer


def mjpeg(
    server: WebServer, rate: float = 25, size: tuple[int, int] = (320, 160), length: int = 0
) -> Callable[[BaseHTTPRequestHandler], None]:
    """Answers as network cameras do, without an end: the number of a picture is that of the
    twenty-fifth of a second, or whatever the rate is, in which it was sent. length: of all of it,
    as some say; 0: none is said."""

    def answer(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=a_picture")
        if length:
            request.send_header("Content-Length", str(length))
        request.end_headers()
        while not server.stop.is_set():
            picture = cv2.cvtColor(counted(now_in(rate), *size), cv2.COLOR_RGB2BGR)
            body = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 95])[1].tobytes()
            head = f"--a_picture\r\nContent-Type: image/jpeg\r\nContent-Length: {len(body)}\r\n\r\n"
            request.wfile.write(head.encode() + body + b"\r\n")
            time.sleep(1 / rate)
        request.close_connection = True

    return answer


def now_in(rate: float) -> int:
    """The number that a picture of this moment carries."""
    return int(time.monotonic() * rate) % (1 << BITS)


def age(picture: np.ndarray, rate: float) -> float:
    """Seconds since the picture was sent, on average half a picture too much."""
    return float((now_in(rate) - number_of(picture)) % (1 << BITS) / rate)


@contextmanager
def sending(address: str, rate: int = 25, **options: Any) -> Iterator[threading.Event]:
    """Sends numbered pictures there by PyAV, until it is over or the event is set."""
    over = threading.Event()

    def send() -> None:
        with av.open(address, "w", **options) as file:
            track = file.add_stream(
                "libx264", rate=rate, options={"preset": "ultrafast", "tune": "zerolatency"}
            )
            track.width, track.height, track.pix_fmt = 320, 160, "yuv420p"
            track.codec_context.gop_size = rate // 2
            # one slice a picture: GStreamer's payloader begins a picture anew at each one of a key
            # picture, which tears it
            track.codec_context.thread_count = 1
            begin = time.monotonic()
            number = 0
            while not over.wait(max(0.0, begin + number / rate - time.monotonic())):
                frame = av.VideoFrame.from_ndarray(counted(now_in(rate)), format="rgb24")
                frame.pts, frame.time_base = number, Fraction(1, rate)
                file.mux(track.encode(frame))
                number += 1

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    try:
        yield over
    finally:
        over.set()
        thread.join(5)
