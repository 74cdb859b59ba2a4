"""The page's WebSocket: values, state and messages to every open page, requests from them. See
docs/page_protocol.md."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import math
import secrets
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from aiohttp import WSMsgType, web

from vj.control.osc.dispatch import Dispatcher
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.web.page_client import PageClient, as_line, bound_send_buffer, plain
from vj.web.page_requests import Action, PageRequests

Json = dict[str, Any]
PERIOD = 0.05
"""Seconds between two rounds of values, at least."""
SLOW = 0.5
"""Seconds between two looks at what changes rarely."""
LOOKS = 10
"""Looks at it in a second for pages that come; further ones get what was seen last: a look takes
milliseconds, and a hundred pages a second would keep the picture from its turn."""
PAGES = 64
MESSAGE_LIMIT = 8 << 20
"""Bytes of a request: a picture that is imported to the canvas."""
MESSAGES = 50
SHORT_LIMIT = 64 << 10
"""Bytes of a request of a page that may not write."""


class PageShow(Protocol):
    """What the page is told of the show that plays. Called on the page's thread; must not block."""

    def describe(self) -> Json:
        """The keys of `show` but for `version`, `may`: what changes rarely."""

    def state(self) -> Json:
        """The keys of `state`."""

    def moving(self) -> Json:
        """Those that change from frame to frame."""

    def effective(self) -> Mapping[str, Value]:
        """The values of the last frame."""


class PageSocket:
    """All open pages. Its coroutines run on the web server's event loop."""

    def __init__(
        self,
        store: Store,
        dispatcher: Callable[[], Dispatcher],
        log: Callable[[str], None],
        show: PageShow | None = None,
        actions: Mapping[str, Action] | None = None,
    ) -> None:
        """dispatcher: returns the one that requests to set a value go to. actions: by the type of
        the request."""
        self._store, self._dispatcher, self._log = store, dispatcher, log
        self._show = show
        self._requests = PageRequests(store, dispatcher, log, actions or {}, self.broadcast)
        self._boot = secrets.token_hex(4)
        self._clients: dict[int, PageClient] = {}
        self._count = 0
        self._targets: dict[str, Value] = {}
        self._effective: dict[str, Value] = {}
        self._state: Json = {}
        self._described: Json = {}
        self._looks = deque([-math.inf] * LOOKS, LOOKS)
        """When it was looked at what changes rarely, lately."""
        self._messages: deque[str] = deque(maxlen=MESSAGES)
        self._poked = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self.on_state: Callable[[Json], Json] = lambda state: {}
        """Told the state now and then, pages or not; returns more keys of it."""

    @property
    def pages(self) -> int:
        return len(self._clients)

    def log(self, text: str) -> None:
        """A line for the pages' messages. From any thread."""
        line = as_line({"type": "message", "time": time.strftime("%H:%M:%S"), "text": text})
        self._messages.append(line)
        self.broadcast(line, lambda client: client.may["write"])  # it may name files

    def broadcast(self, line: str, to: Callable[[PageClient], bool] = lambda client: True) -> None:
        """Send a line to all pages for which `to` is true. From any thread."""

        def put() -> None:
            for client in list(self._clients.values()):
                if to(client):
                    client.put(line)

        if self._loop is not None and self._clients:
            with contextlib.suppress(RuntimeError):  # the page has ended
                self._loop.call_soon_threadsafe(put)

    async def open(self, request: web.Request, may: Mapping[str, bool]) -> web.StreamResponse:
        """Serve a page's WebSocket. may: `play`, `write`."""
        if len(self._clients) >= PAGES:
            return web.Response(status=503, text=f"{PAGES} pages are enough\n")
        limit = MESSAGE_LIMIT if may["write"] else SHORT_LIMIT
        ws = web.WebSocketResponse(max_msg_size=limit, heartbeat=15, compress=False)
        await ws.prepare(request)
        bound_send_buffer(request)
        self._count += 1
        client = PageClient(ws, self._count, request.remote, may)
        self._greet(client)
        self._clients[self._count] = client
        sender = asyncio.create_task(self._send(client, request))
        try:
            async for message in ws:
                if message.type == WSMsgType.TEXT:
                    await client.pause()
                    if self._requests.take(client, message.data):
                        self._poked.set()
        finally:
            sender.cancel()
            self._clients.pop(client.number, None)
        return ws

    async def feed(self) -> None:
        """Send what has changed to all pages, for ever."""
        self._loop = asyncio.get_running_loop()
        slow = 0.0
        while True:
            wait = PERIOD if self._clients else SLOW
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._poked.wait(), wait)
                await asyncio.sleep(PERIOD / 4)  # what comes together goes together
            self._poked.clear()
            try:
                now = time.monotonic()
                if now >= slow:
                    slow = now + SLOW
                    self._send_slow()
                if self._clients:
                    self._send_changes()
            except Exception as error:  # one value must not end the feed of the others
                self._dispatcher().error_replies.log_limited(
                    "page", f"the page's values failed: {type(error).__name__}: {error}"
                )
                await asyncio.sleep(SLOW)

    def close(self) -> None:
        self._requests.close()

    async def withdraw(self) -> None:
        """Close all pages' sockets."""
        for client in list(self._clients.values()):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(client.ws.close(), 0.1)

    def _greet(self, client: PageClient) -> None:
        """All there is, for a page that has just come; the others get what has changed by then."""
        if not self._clients or time.monotonic() >= self._looks[0] + 1:
            self._send_slow(coming=1)
        self._send_changes()
        for line in self._everything(client):
            client.put(line)
        for line in list(self._messages) if client.may["write"] else ():
            client.put(line)

    def _describe(self) -> Json:
        told: Json = plain(self._show.describe()) if self._show is not None else {}
        digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]
        return told | {"version": f"{self._boot}-{digest}"}

    def _show_for(self, client: PageClient) -> Json:
        told = self._described
        if not client.may["write"] and told.get("reach"):  # the link to look is not everybody's
            told = told | {"reach": {**told["reach"], "view": ""}}
        return {"type": "show", **told, "may": dict(client.may)}

    def _numbers(self) -> tuple[dict[str, Value], dict[str, Value]]:
        """The targets, and the effective values, of numbers only."""
        targets = {name: _short(value) for name, value in self._store.base().items()}
        if self._show is None:
            return targets, {}
        effective = {
            name: _short(value)
            for name, value in self._show.effective().items()
            if not isinstance(value, str) and name in targets
        }
        return targets, effective

    def _send_slow(self, coming: int = 0) -> None:
        """What changes rarely; twice a second. coming: pages that come, for whom it is sent in
        between."""
        self._looks.append(time.monotonic())
        state: Json = {}
        if self._show is not None:
            state = plain(self._show.state() | self._show.moving())
            state["people"] = self.pages + coming
        state |= self.on_state({} if coming else state)
        if not self.pages + coming:
            return
        self._send_state(state)
        described = self._describe()
        if described["version"] != self._described.get("version"):
            self._described = described
            for client in list(self._clients.values()):
                client.put(as_line(self._show_for(client)))
            self._targets, self._effective = {}, {}

    def _send_changes(self) -> None:
        targets, effective = self._numbers()
        t = {name: value for name, value in targets.items() if self._targets.get(name) != value}
        e = {name: value for name, value in effective.items() if self._effective.get(name) != value}
        self._targets, self._effective = targets, effective
        if t or e:
            self._put_all({"type": "values", **({"t": t} if t else {}), **({"e": e} if e else {})})
        if self._show is not None:
            self._send_state(plain(self._show.moving()))

    def _send_state(self, state: Json) -> None:
        known = self._state
        changed = {n: value for n, value in state.items() if n not in known or known[n] != value}
        known |= changed
        if changed:
            self._put_all({"type": "state", **changed})

    def _put_all(self, message: Json) -> None:
        line = as_line(message)
        for client in list(self._clients.values()):
            client.put(line)

    async def _send(self, client: PageClient, request: web.Request) -> None:
        """Send a page's queue; disconnect it when it does not read."""
        try:
            await client.send(lambda: self._everything(client))
        except TimeoutError:
            self._log(f"page: {client.remote} does not read and is dropped; it may come again")
        except (ConnectionError, RuntimeError):
            pass  # it has gone
        except Exception as error:  # it must not stay without a sender
            self._log(f"page: {client.remote}: {type(error).__name__}: {error}; please report this")
        self._clients.pop(client.number, None)
        if request.transport is not None:
            request.transport.abort()

    def _everything(self, client: PageClient) -> list[str]:
        """All there is, also in place of changes that a page was too slow for."""
        return [
            as_line(self._show_for(client)),
            as_line({"type": "values", "t": self._targets, "e": self._effective}),
            as_line({"type": "state", **self._state}),
        ]


def _short(value: Value) -> Value:
    """Floats with six significant digits: what a picture can show, in half the bytes."""
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else 0.0
    return value
