"""What every page of vj is served by: a socket, a thread with an event loop of its own, a guard,
and the files of `vj/web/static/`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any

from aiohttp import HttpVersion11, web

from vj.control.osc.network import ANY_HOST, family_of, strip_brackets
from vj.core.errors import Fault
from vj.web.access import Access
from vj.web.connections import Connections
from vj.web.guard import Guard, Handler
from vj.web.library_log import LibraryLog

STATIC = Path(__file__).parent / "static"
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
FILES = "/static/{name:[a-z0-9_/-]+[.][a-z]+}"
"""The path of the page's files."""
BODY_LIMIT = 64 << 10
IN_USE = (98, 48, 10048)
"""Error numbers: Linux, macOS, Windows."""

Feeds = Callable[[asyncio.AbstractEventLoop, tuple[str, int]], Sequence[Coroutine[Any, Any, None]]]


class Site:
    """`start`, then `stop`. Whatever goes wrong in it is said, and what it shows goes on."""

    def __init__(
        self,
        listen: tuple[str, int],
        access: Access,
        on_message: Callable[[str], None],
        remedy: str,
    ) -> None:
        """listen: port 0 means any free one. remedy: what helps where the port is taken, as the end
        of a sentence."""
        self.guard = Guard(access, on_message)
        self._listen, self._bound = listen, listen
        self._on_message, self._remedy = on_message, remedy
        self._library_log = LibraryLog(on_message)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._finished = asyncio.Event()

    @property
    def address(self) -> tuple[str, int]:
        """Host and port; when it has stopped, where it was."""
        return self._bound

    @property
    def url(self) -> str:
        """On this machine."""
        host, port = self._bound
        host = "127.0.0.1" if strip_brackets(host) in ANY_HOST else strip_brackets(host)
        return f"http://{f'[{host}]' if ':' in host else host}:{port}/"

    def start(
        self,
        looks: Mapping[str, Handler],
        acts: Mapping[str, Handler],
        feeds: Feeds = lambda loop, address: (),
        withdraw: Callable[[], Coroutine[Any, Any, None]] | None = None,
    ) -> None:
        """Serve. looks, acts: what answers GET and POST, by path. feeds: what runs beside, made
        when the loop is there and the address is known. withdraw: what closes what is open, at the
        end. Raises Fault when the address cannot be bound."""
        made = self._socket()
        self._bound = made.getsockname()[:2]
        self._library_log.attach()
        ready = threading.Event()

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            connections = Connections()
            app = web.Application(
                client_max_size=BODY_LIMIT,
                middlewares=[connections.middleware, self.guard.middleware],
            )
            app.add_routes(
                [web.post(path, act, expect_handler=expected) for path, act in acts.items()]
            )
            app.add_routes(
                [web.get(path, look, expect_handler=expected) for path, look in looks.items()]
            )
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            await web.SockSite(runner, made).start()
            tcp = runner.server
            assert tcp is not None
            beside = [connections.watch(lambda: tcp.connections)]
            tasks = [asyncio.create_task(one) for one in (*beside, *feeds(self._loop, self._bound))]
            ready.set()
            await self._finished.wait()
            for task in tasks:
                task.cancel()
            if withdraw is not None:
                await withdraw()
            await runner.cleanup()

        def run() -> None:
            try:
                asyncio.run(serve())
            except Exception as error:  # what it shows goes on without it
                self._on_message(f"the page failed: {type(error).__name__}: {error}")
            finally:
                ready.set()

        self._thread = threading.Thread(target=run, name="page", daemon=True)
        self._thread.start()
        ready.wait(5)

    def stop(self, timeout: float = 1.0) -> None:
        """End. May be called twice."""
        self.call_soon(self._finished.set)
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
        self._library_log.detach()

    def call_soon(self, act: Callable[[], None]) -> None:
        """Call something on the event loop, if it runs. From any thread."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # it has ended
                self._loop.call_soon_threadsafe(act)

    def _socket(self) -> socket.socket:
        """Raises Fault."""
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
            if error.errno in IN_USE:
                raise Fault(
                    f"page {host}:{port}: another program uses this port (in use); {self._remedy}"
                ) from None
            raise Fault(
                f"page {host}:{port}: cannot be served there ({error.strerror or error})"
            ) from None
        return made


def file_named(name: str) -> web.StreamResponse:
    """A file of the page, with an ETag: a browser asks whether it is still the same."""
    path = STATIC / name
    if not path.is_file() or path.suffix not in TYPES:
        return web.Response(status=404, text=f"{name}: no such file\n")
    headers = {
        "Cache-Control": "no-cache",
        "Content-Type": f"{TYPES[path.suffix]}; charset=utf-8",
        "Content-Security-Policy": POLICY,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
    }
    return web.FileResponse(path, headers=headers)


async def expected(request: web.Request) -> None:
    """Handle `Expect: 100-continue`. aiohttp's own handler quotes other values, and fails when they
    are not text."""
    if request.headers.get("Expect", "").lower() != "100-continue":
        raise web.HTTPExpectationFailed(text="Expect: 100-continue is all that is understood\n")
    if request.version >= HttpVersion11:
        await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        request.writer.output_size = 0
