"""The page's server: its files, sockets and pictures, and OSCQuery, on one port."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from aiohttp import HttpVersion11, web

from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.network import ANY_HOST, family_of, strip_brackets
from vj.core.errors import Fault
from vj.core.frame import Frame
from vj.parameters.store import Store
from vj.web.access import Access
from vj.web.connections import Connections
from vj.web.guard import Guard, Handler
from vj.web.http_api import FRESH, HttpApi
from vj.web.library_log import LibraryLog
from vj.web.oscquery import OscQuery
from vj.web.page_requests import Action
from vj.web.page_socket import MESSAGES, PageShow, PageSocket
from vj.web.picture_socket import PictureSocket
from vj.web.pictures import Pictures
from vj.web.thumbnails import Thumbnails

STATIC = Path(__file__).parent / "static"
PAGES = {"/": "index.html", "/view": "index.html", "/out": "out.html"}
TYPES = {
    ".html": "text/html",
    ".js": "text/javascript",
    ".css": "text/css",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
"""Content types of the page's files; on Windows the registry may name others."""
POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "connect-src 'self' ws: wss:; style-src 'self' 'unsafe-inline'; object-src 'none'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
BODY_LIMIT = 64 << 10

Status = Callable[[], Mapping[str, object]]


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
        show: PageShow | None = None,
        actions: Mapping[str, Action] | None = None,
        style: Callable[[str], bytes | None] = lambda name: None,
        announce: bool = False,
        access: Access | None = None,
    ) -> None:
        """listen: port 0 means any free one. status: asked for by `/state.json`. cues: returns the
        names of the cues. show, actions: what the page is told, and can ask for. style: makes a
        small JPEG of a style picture by its name; may wait for the disk. announce: by zeroconf.
        access: who may do what; unless given, other devices want this machine's PIN."""
        self._announce, self._style = announce, style
        self._styles = ThreadPoolExecutor(1, thread_name_prefix="style-pictures")
        """Not the event loop's own threads: a disk that hangs must not keep the page's files."""
        self.access = access or Access(listen, "127.0.0.1", None, on_message)
        self._guard = Guard(self.access, on_message)
        self._store, self._listen, self._bound = store, listen, listen
        self._on_message = on_message
        self._own = Dispatcher(store, on_message)
        self.query = OscQuery(store, self._own, cues, on_message)
        self._library_log = LibraryLog(on_message)
        self.pictures = Pictures()
        self.thumbnails = Thumbnails(self.pictures)
        self._picture_socket = PictureSocket(self.pictures, on_message)
        self.socket = PageSocket(store, lambda: self.query.dispatcher, on_message, show, actions)
        self.socket.on_state = self._own_state
        self._messages: deque[tuple[str, str]] = deque(maxlen=MESSAGES)
        self._api = HttpApi(
            store, self.pictures, lambda: self.query.dispatcher, status, self._messages
        )
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._finished = asyncio.Event()

    @property
    def url(self) -> str:
        """The page's URL on this machine; when it has stopped, where it was."""
        host, port = self._bound
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
                    f"page {host}:{port}: another program uses this port (in use); name "
                    "another with page: in the show"
                ) from None
            raise Fault(
                f"page {host}:{port}: cannot be served there ({error.strerror or error})"
            ) from None
        self._bound = made.getsockname()[:2]
        self._library_log.attach()
        self._own.attach()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(made, ready), name="page", daemon=True
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
        self.pictures.close()
        self.socket.close()
        self._styles.shutdown(wait=False, cancel_futures=True)

    def play_through(self, dispatcher: Dispatcher) -> None:
        """Dispatch messages like the OSC server's; call again when the show's mappings have
        changed."""
        self.query.play_through(dispatcher)

    def follow_osc(self, host: str) -> None:
        """Whoever reaches OSC, which listens at `host`, may play parameters here too. Sockets of
        those who no longer do are closed. From any thread."""
        self.access.osc_host = host
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the page has ended
                self._loop.call_soon_threadsafe(self._guard.close_narrowed)

    def show(self, image: np.ndarray, frame: Frame) -> None:
        """Set the newest input and output. Called for every frame; nothing is copied."""
        self.pictures.put("input", image, frame.number)
        self.pictures.put("output", frame.pixels, frame.number)

    def tree_changed(self) -> None:
        """Parameters or cues have changed: notify OSCQuery clients."""
        self._own.use_engine(None)
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):
                self._loop.call_soon_threadsafe(self.query.report_changed)

    def log(self, text: str) -> None:
        """A line for the page's messages."""
        self._messages.append((time.strftime("%H:%M:%S"), text))
        self.socket.log(text)

    def _own_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of the page's state that the server itself knows."""
        if state:
            self.thumbnails.update(state)
        return {"thumbs": self.thumbnails.numbers, "views": self.pictures.views()}

    def _run(self, made: socket.socket, ready: threading.Event) -> None:
        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            self.pictures.attach(self._loop)
            connections = Connections()
            app = web.Application(
                client_max_size=BODY_LIMIT,
                middlewares=[connections.middleware, self._guard.middleware],
            )
            api = self._api
            handlers: dict[str, Handler] = {
                "/": self._front,
                "/view": self._file,
                "/out": self._file,
                "/static/{name:[a-z0-9_/-]+[.][a-z]+}": self._file,
                "/socket": self._page_socket,
                "/pictures": self._picture_socket.open,
                "/thumb/{cue:.+}": self._thumbnail,
                "/style/{name:.+}": self._style_picture,
                "/pin": self._guard.pin,
                "/{view:input|output|picture}.{kind:jpg|png}": api.picture,
                "/state.json": api.state,
                "/{path:.*}": self.query.answer,
            }
            app.add_routes(
                [
                    web.post("/set", api.set, expect_handler=_expected),
                    web.post("/pin", self._guard.pin, expect_handler=_expected),
                ]
            )
            app.add_routes(
                [
                    web.get(path, handler, expect_handler=_expected)
                    for path, handler in handlers.items()
                ]
            )
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            await web.SockSite(runner, made).start()
            ready.set()
            tcp = runner.server
            assert tcp is not None
            tasks = [
                asyncio.create_task(connections.watch(lambda: tcp.connections)),
                asyncio.create_task(self.query.feed()),
                asyncio.create_task(self.socket.feed()),
            ]
            if self._announce:
                tasks.append(
                    asyncio.create_task(self.query.announcement.announce(made.getsockname()[:2]))
                )
            await self._finished.wait()
            for task in tasks:
                task.cancel()
            await self.query.withdraw()
            await self.socket.withdraw()
            await runner.cleanup()

        try:
            asyncio.run(serve())
        except Exception as error:  # the show goes on without the page
            self._on_message(f"the page failed: {type(error).__name__}: {error}")
        finally:
            ready.set()

    async def _front(self, request: web.Request) -> web.StreamResponse:
        """`/` is the page for browsers, and the root node for OSCQuery clients."""
        return await (
            self.query.answer(request) if self.query.wants(request) else self._file(request)
        )

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A file of the page, with an ETag: a browser asks whether it is still the same."""
        name = PAGES.get(request.path) or request.match_info["name"]
        path = STATIC / name
        if not path.is_file() or path.suffix not in TYPES:
            return web.Response(status=404, text=f"{request.path}: no such file\n")
        headers = {
            "Cache-Control": "no-cache",
            "Content-Type": f"{TYPES[path.suffix]}; charset=utf-8",
            "Content-Security-Policy": POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
        }
        return web.FileResponse(path, headers=headers)

    async def _page_socket(self, request: web.Request) -> web.StreamResponse:
        if request.headers.get("Upgrade", "").lower() != "websocket":
            return web.Response(status=400, text="/socket is for a WebSocket\n")
        return await self.socket.open(request, asdict(self._guard.rights(request)))

    async def _thumbnail(self, request: web.Request) -> web.StreamResponse:
        """A cue's. Nobody may keep it: after another start the same number is another picture."""
        body = self.thumbnails.get(request.match_info["cue"])
        if body is None:
            return web.Response(status=404, text="this cue has not been shown yet\n")
        return web.Response(body=body, content_type="image/jpeg", headers=FRESH)

    async def _style_picture(self, request: web.Request) -> web.StreamResponse:
        """A style picture, small. Its address has a version, so a browser may keep it."""
        body = await asyncio.get_running_loop().run_in_executor(
            self._styles, self._style, request.match_info["name"]
        )
        if body is None:
            return web.Response(status=404, text="there is no style picture of this name\n")
        headers = {"Cache-Control": "private, max-age=3600", "X-Content-Type-Options": "nosniff"}
        return web.Response(body=body, content_type="image/jpeg", headers=headers)


async def _expected(request: web.Request) -> None:
    """Handle `Expect: 100-continue`. aiohttp's own handler quotes other values, and fails when they
    are not text."""
    if request.headers.get("Expect", "").lower() != "100-continue":
        raise web.HTTPExpectationFailed(text="Expect: 100-continue is all that is understood\n")
    if request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
