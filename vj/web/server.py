"""The preview page: input, output, status, and every parameter, in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import json
import math
import socket
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from aiohttp import HttpVersion11, web
from aiohttp.http_exceptions import PayloadEncodingError

from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.network import ANY_HOST, family_of, strip_brackets
from vj.control.osc.packet import IMPULSE, Message, Unpacked
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.parameters.store import Store
from vj.web.library_log import LibraryLog
from vj.web.oscquery import OscQuery

PAGE = Path(__file__).parent / "page.html"
QUALITY = 80
BODY_LIMIT = 64 << 10

Status = Callable[[], Mapping[str, object]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class WebServer:
    """Serves the page on a thread with an event loop of its own. The render thread only passes
    references; pictures are encoded on request, once per picture."""

    def __init__(
        self,
        store: Store,
        listen: tuple[str, int],
        *,
        status: Status,
        on_message: Callable[[str], None] = lambda text: None,
        cues: Callable[[], list[str]] = list,
        announce: bool = False,
    ) -> None:
        """listen: port 0 means any free one. status: called twice a second for every open page.
        cues: returns the names of the cues. announce: by zeroconf."""
        self._announce = announce
        self._store, self._listen, self._status, self._on_message = (
            store,
            listen,
            status,
            on_message,
        )
        self._own = Dispatcher(store, on_message)
        self.query = OscQuery(store, self._own, cues, on_message)
        self._library_log = LibraryLog(on_message)
        self._shown: tuple[np.ndarray | None, Frame] | None = None
        self._messages: deque[tuple[str, str]] = deque(maxlen=50)
        self._jpegs: dict[str, tuple[int, bytes]] = {}
        self._socket: socket.socket | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._finished = asyncio.Event()

    @property
    def url(self) -> str:
        """The page's URL on this machine."""
        host, port = self._listen if self._socket is None else self._socket.getsockname()[:2]
        host = "127.0.0.1" if strip_brackets(host) in ANY_HOST else strip_brackets(host)
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def start(self) -> None:
        """Start serving. Raises Fault when the address cannot be bound."""
        host, port = self._listen
        made = socket.socket(family_of(host), socket.SOCK_STREAM)
        try:
            if strip_brackets(host) == "::":
                made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
            if hasattr(socket, "SO_EXCLUSIVEADDRUSE"):
                made.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                made.setsockopt(
                    socket.SOL_SOCKET, socket.SO_REUSEADDR, 1
                )  # only to rebind at once after a restart
            made.bind((strip_brackets(host), port))
            made.listen(64)
        except OSError as error:
            made.close()
            if error.errno in (98, 48, 10048):
                raise Fault(
                    f"preview {host}:{port}: another program uses this port (in use); name "
                    "another with preview: in the show"
                ) from None
            raise Fault(
                f"preview {host}:{port}: cannot be served there ({error.strerror or error})"
            ) from None
        self._socket = made
        self._library_log.attach()
        self._own.attach()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(made, ready), name="preview", daemon=True
        )
        self._thread.start()
        ready.wait(5)

    def stop(self, timeout: float = 1.0) -> None:
        """End. May be called twice."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self._finished.set)
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        self._own.detach()
        self._library_log.detach()

    def play_through(self, dispatcher: Dispatcher) -> None:
        """Dispatch messages like the OSC server's; call again when the show's mappings have
        changed."""
        self.query.play_through(dispatcher)

    def show(self, image: np.ndarray | None, frame: Frame) -> None:
        """Set the newest input and output. Called for every frame; nothing is copied."""
        self._shown = (image, frame)

    def tree_changed(self) -> None:
        """Parameters or cues have changed: notify OSCQuery clients."""
        self._own.use_engine(None)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                asyncio.run_coroutine_threadsafe(self.query.report_changed(), self._loop)

    def log(self, text: str) -> None:
        """A line for the page's messages."""
        self._messages.append((time.strftime("%H:%M:%S"), text))

    def _run(self, made: socket.socket, ready: threading.Event) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            app = web.Application(client_max_size=BODY_LIMIT, middlewares=[self._guard])
            handlers: dict[str, Handler] = {
                "/": self._front,
                "/input.jpg": self._picture,
                "/output.jpg": self._picture,
                "/state.json": self._state,
                "/parameters.json": self._parameters,
                "/{path:.*}": self.query.answer,
            }
            app.add_routes([web.post("/set", self._set, expect_handler=_expected)])
            app.add_routes(
                [
                    web.get(path, handler, expect_handler=_expected)
                    for path, handler in handlers.items()
                ]
            )
            runner = web.AppRunner(app, access_log=None)
            await runner.setup()
            await web.SockSite(runner, made, shutdown_timeout=0.1).start()
            ready.set()
            tasks = [asyncio.create_task(self.query.feed())]
            if self._announce:
                tasks.append(
                    asyncio.create_task(self.query.announcement.announce(made.getsockname()[:2]))
                )
            await self._finished.wait()
            for task in tasks:
                task.cancel()
            await self.query.withdraw()
            await runner.cleanup()

        try:
            asyncio.run(serve())
        except Exception as error:  # the show goes on without the page
            self._on_message(f"the preview page failed: {type(error).__name__}: {error}")
        finally:
            ready.set()

    @web.middleware
    async def _guard(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Reject requests of other sites' scripts, which could otherwise control the show through a
        visitor's browser (by Host and Origin), and headers that are not UTF-8, which a reply could
        not quote."""
        if not all(_is_text(value) for _, value in request.raw_headers):
            return web.Response(status=400, text="the head of the request is not UTF-8\n")
        if not own_host(request.host):
            return web.Response(
                status=403, text=f"{request.host} is no name of this machine; open {self.url}\n"
            )
        origin = request.headers.get("Origin")
        if origin is not None and origin.partition("://")[2] != request.host:
            return web.Response(status=403, text=f"requests from {origin} are not taken\n")
        return await handler(request)

    async def _front(self, request: web.Request) -> web.StreamResponse:
        """`/` is the page for browsers, and the root node for OSCQuery clients."""
        return await (
            self.query.answer(request) if self.query.wants(request) else self._page(request)
        )

    async def _page(self, request: web.Request) -> web.StreamResponse:
        return web.Response(
            text=PAGE.read_text(encoding="utf-8"),
            content_type="text/html",
            headers={"Cache-Control": "no-store"},
        )

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        which = request.path[1:-4]
        body = await asyncio.get_running_loop().run_in_executor(None, self._jpeg, which)
        return web.Response(
            body=body, content_type="image/jpeg", headers={"Cache-Control": "no-store"}
        )

    def _jpeg(self, which: str) -> bytes:
        """The newest picture, encoded; once a frame."""
        shown = self._shown
        image, number = np.full((64, 64, 3), 24, np.uint8), -1
        if shown is not None:
            pixels = shown[0] if which == "input" else shown[1].pixels
            if pixels is not None:
                image, number = pixels, shown[1].number
        kept = self._jpegs.get(which)
        if kept is not None and kept[0] == number:
            return kept[1]
        how = cv2.COLOR_RGBA2BGR if image.shape[2] == 4 else cv2.COLOR_RGB2BGR
        _, encoded = cv2.imencode(
            ".jpg", cv2.cvtColor(image, how), [cv2.IMWRITE_JPEG_QUALITY, QUALITY]
        )
        self._jpegs[which] = (number, encoded.tobytes())
        return self._jpegs[which][1]

    async def _state(self, request: web.Request) -> web.StreamResponse:
        values = {name: self._store.get(name) for name in self._store.table.rows}
        messages = [{"time": moment, "text": text} for moment, text in list(self._messages)]
        return web.json_response(
            {"status": plain(self._status()), "values": values, "messages": messages},
            headers={"Cache-Control": "no-store"},
        )

    async def _parameters(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(
            [
                {
                    "name": row.name,
                    "kind": row.kind,
                    "low": row.low,
                    "high": row.high,
                    "start": row.start,
                    "unit": row.unit,
                    "choices": list(row.choices),
                    "help": row.help,
                }
                for row in self._store.table.rows.values()
            ]
        )

    async def _set(self, request: web.Request) -> web.StreamResponse:
        """Dispatch a message: a parameter's name, or any address; one value, a list of several, or
        null, which queries (and fires a trigger)."""
        try:
            asked = json.loads(
                await request.read()
            )  # whatever charset it claims: JSON is UTF-8, -16 or -32
            name, value = str(asked["name"]), asked["value"]
        except (
            ValueError,
            TypeError,
            KeyError,
            RecursionError,
            web.RequestPayloadError,
            PayloadEncodingError,
        ):
            return web.json_response(
                {"error": 'send {"name": "strength", "value": 0.5}'}, status=400
            )
        dispatcher = self.query.dispatcher
        address = name if name.startswith("/") else f"/vj/{name}"
        row = dispatcher.row(address)
        if value is True and row is not None and row.kind == "trigger":
            value = IMPULSE  # each click is a press, without debouncing
        arguments = tuple(value) if isinstance(value, list) else () if value is None else (value,)
        sender = _PostSender(request.remote or "")
        dispatcher.dispatch_packet(Unpacked([Message(address, arguments)], []), sender)
        return web.json_response(
            plain(sender.response), status=400 if "error" in sender.response else 200
        )


class _PostSender:
    """A POST request, as a sender for the dispatcher: replies become the response."""

    name = ""

    def __init__(self, remote: str) -> None:
        self.origin = (f"page of {remote}", 0)
        self.response: dict[str, Any] = {"ok": True, "remark": ""}

    def answer(self, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        self.response.setdefault("values", {})[address] = list(values)

    def may_reply(self) -> bool:
        return True

    def send_error(self, text: str, done: bool) -> None:
        text = text.replace("/vj/", "").removesuffix("; the nearest is set")
        if done:
            self.response["remark"] = text
        else:
            self.response = {"error": text}

    def moved(self, address: str) -> None:
        """It polls."""

    def subscribe(self, address: str, arguments: tuple[Any, ...]) -> str:
        return "a page polls state.json"


async def _expected(request: web.Request) -> None:
    """Handle `Expect: 100-continue`. aiohttp's own handler quotes other values, and fails when they
    are not text."""
    if request.headers.get("Expect", "").lower() != "100-continue":
        raise web.HTTPExpectationFailed(text="Expect: 100-continue is all that is understood\n")
    if request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def own_host(host: str) -> bool:
    """Whether a Host header is an address or a name of this machine. Another name that resolves to
    it (DNS rebinding) is not."""
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    try:
        ipaddress.ip_address(name.strip("[]"))
        return True
    except ValueError:
        mine = socket.gethostname().casefold()
        return name.casefold() in ("localhost", mine, f"{mine}.local", mine.partition(".")[0])


def plain(value: Any) -> Any:
    """A value for JSON: NaN and infinity become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
