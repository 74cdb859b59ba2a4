"""The page's server: its files, sockets and pictures, and OSCQuery, on one port."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import numpy as np
from aiohttp import web

from vj.control.osc.dispatch import Dispatcher
from vj.core.frame import Frame
from vj.parameters.store import Store
from vj.web.access import Access
from vj.web.guard import Handler
from vj.web.http_api import FRESH, HttpApi
from vj.web.oscquery import OscQuery, wants_query
from vj.web.page_requests import Action
from vj.web.page_socket import MESSAGES, PageShow, PageSocket
from vj.web.picture_socket import PictureSocket
from vj.web.pictures import Pictures
from vj.web.site import FILES, Site, file_named
from vj.web.thumbnails import Thumbnails

PAGES = {"/": "index.html", "/view": "index.html", "/out": "out.html", "/display": "display.html"}

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
        self._site = Site(listen, self.access, on_message, "name another with page: in the show")
        self._guard = self._site.guard
        self._store = store
        self._own = Dispatcher(store, on_message)
        self.query = OscQuery(store, self._own, cues, on_message)
        self.pictures = Pictures()
        self.thumbnails = Thumbnails(self.pictures)
        self._picture_socket = PictureSocket(self.pictures, on_message)
        self.socket = PageSocket(store, lambda: self.query.dispatcher, on_message, show, actions)
        self.socket.on_state = self._own_state
        self._messages: deque[tuple[str, str]] = deque(maxlen=MESSAGES)
        self._api = HttpApi(
            store, self.pictures, lambda: self.query.dispatcher, status, self._messages
        )

    @property
    def url(self) -> str:
        """The page's URL on this machine; when it has stopped, where it was."""
        return self._site.url

    def start(self) -> None:
        """Start serving. Raises Fault when the address cannot be bound."""
        api = self._api
        looks: dict[str, Handler] = {
            "/": self._front,
            "/view": self._file,
            "/out": self._file,
            "/display": self._file,
            FILES: self._file,
            "/socket": self._page_socket,
            "/pictures": self._picture_socket.open,
            "/thumb/{cue:.+}": self._thumbnail,
            "/style/{name:.+}": self._style_picture,
            "/pin": self._guard.pin,
            "/{view:input|output|picture}.{kind:jpg|png}": api.picture,
            "/state.json": api.state,
            "/{path:.*}": self.query.answer,
        }
        acts: dict[str, Handler] = {"/set": api.set, "/pin": self._guard.pin}
        self._site.start(looks, acts, self._feeds, self._withdraw)
        self._own.attach()

    def stop(self, timeout: float = 1.0) -> None:
        """End. May be called twice."""
        self._site.stop(timeout)
        self._own.detach()
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
        self._site.call_soon(self._guard.close_narrowed)

    def show(self, image: np.ndarray, frame: Frame) -> None:
        """Set the newest input and output. Called for every frame; nothing is copied."""
        self.pictures.put("input", image, frame.number)
        self.pictures.put("output", frame.picture, frame.number)

    def tree_changed(self) -> None:
        """Parameters or cues have changed: notify OSCQuery clients."""
        self._own.use_engine(None)
        self._site.call_soon(self.query.report_changed)

    def log(self, text: str) -> None:
        """A line for the page's messages."""
        self._messages.append((time.strftime("%H:%M:%S"), text))
        self.socket.log(text)

    def _own_state(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """The keys of the page's state that the server itself knows."""
        if state:
            self.thumbnails.update(state)
        return {"thumbs": self.thumbnails.numbers, "views": self.pictures.views()}

    def _feeds(
        self, loop: asyncio.AbstractEventLoop, address: tuple[str, int]
    ) -> list[Coroutine[Any, Any, None]]:
        self.pictures.attach(loop)
        feeds = [self.query.feed(), self.socket.feed()]
        if self._announce:
            feeds.append(self.query.announcement.announce(address))
        return feeds

    async def _withdraw(self) -> None:
        await self.query.withdraw()
        await self.socket.withdraw()

    async def _front(self, request: web.Request) -> web.StreamResponse:
        """`/` is the page for browsers, and the root node for OSCQuery clients."""
        return await (self.query.answer(request) if wants_query(request) else self._file(request))

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return file_named(PAGES.get(request.path) or request.match_info["name"])

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
