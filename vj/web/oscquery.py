"""OSCQuery over HTTP and WebSocket, on the preview page's port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from aiohttp import WSMsgType, web

from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.echo import PERIOD, Echo
from vj.control.osc.network import ANY_HOST, strip_brackets
from vj.control.osc.packet import is_osc, pack, unpack
from vj.control.osc.query import (
    NoContent,
    UnknownAddress,
    UnknownAttribute,
    attribute,
    host_info,
    node_at,
    tree,
)
from vj.control.replies import RateLimiter
from vj.parameters.store import Store
from vj.web.announce import Announcement
from vj.web.outbox import Outbox

LISTENERS = 16
MESSAGE_LIMIT = 64 << 10
PATIENCE = 2.0
"""Seconds until sending to a listener times out."""
ERRORS_A_SECOND = 20
MESSAGE_WORK, WORK, LONGEST_REST = 5e-5, 0.005, 0.05
"""Seconds: what receiving a message takes; after how much work there is a rest as long as that, and
how long it is at most. Under a flood the pages on the same event loop get half of its time."""


class _Listener(Outbox):
    """A WebSocket client, as a sender for the dispatcher."""

    def __init__(
        self, query: OscQuery, ws: web.WebSocketResponse, number: int, remote: str | None
    ) -> None:
        super().__init__(ws)
        self._query = query
        self.origin = (f"websocket {number} of {remote}", number)
        self.name = f"{remote} (WebSocket)"
        self.wanted: set[str] = set()
        self.everything = False
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._limiter = RateLimiter(ERRORS_A_SECOND)

    def answer(self, address: str, values: Sequence[Any], kind: str | None = None) -> None:
        try:
            data = pack(address, values, kind)
        except ValueError as error:
            self._query.unsendable(self.name, address, error)
            return
        self._later(self.put, data)

    def _later(self, do: Callable[..., None], *given: Any) -> None:
        """Call on the event loop; at once if this is its thread, or a feed that is due would echo a
        value back before its origin is known. Scheduled messages are dispatched on another
        thread."""
        if threading.get_ident() == self._thread:
            do(*given)
            return
        with contextlib.suppress(RuntimeError):  # the page has ended meanwhile
            self._loop.call_soon_threadsafe(do, *given)

    def may_reply(self) -> bool:
        return self._limiter.allow()

    def send_error(self, text: str, done: bool) -> None:
        self.answer("/vj/error", [text])

    def moved(self, address: str) -> None:
        self._later(self._query.echo.moved_from, self.origin, address, time.monotonic())

    def subscribe(self, address: str, arguments: tuple[Any, ...]) -> str:
        """A WebSocket client gets values over the socket; `/vj/subscribe` subscribes to all of
        them."""
        self.everything = address == "/vj/subscribe"
        self._later(self._query.attend, self)
        return ""


class OscQuery:
    """Answers OSCQuery clients. Its coroutines run on the page's loop."""

    def __init__(
        self,
        store: Store,
        dispatcher: Dispatcher,
        cues: Callable[[], list[str]] = list,
        log: Callable[[str], None] = lambda text: None,
        name: str = "vj",
    ) -> None:
        self.dispatcher = self._own = dispatcher
        self.echo = Echo(store)
        self.announcement = Announcement(name, log)
        self._store, self._cues, self._log, self._name = store, cues, log, name
        self._listening: dict[tuple[str, int], _Listener] = {}
        self._count = 0
        self._turn, self._worked = asyncio.Lock(), 0.0

    @property
    def osc_address(self) -> tuple[str, int]:
        """Where OSC is received, for HOST_INFO and zeroconf."""
        return self.announcement.osc

    @osc_address.setter
    def osc_address(self, address: tuple[str, int]) -> None:
        self.announcement.set_osc_address(address)

    def play_through(self, dispatcher: Dispatcher) -> None:
        """Use this dispatcher, and echo its engine's mappings."""
        self.dispatcher = dispatcher
        engine = dispatcher.engine
        self.echo.use_mappings(engine.mappings if engine is not None else [])

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """A node, one of its attributes, HOST_INFO, or the WebSocket."""
        if request.headers.get("Upgrade", "").lower() == "websocket":
            return await self._listen(request)
        asked = asked_attribute(request)
        if asked == "HOST_INFO":
            return json_answer(host_info_of(request, self._name, self.osc_address))
        try:
            node = node_at(tree(self._store, self._choices), request.path)
            return json_answer(attribute(node, asked) if asked else node)
        except UnknownAddress:
            return web.Response(status=404, text=f"{request.path}: no such address\n")
        except UnknownAttribute:
            return web.Response(status=400, text=f"{asked}: no such attribute\n")
        except NoContent:
            return web.Response(status=204)

    def _choices(self, name: str) -> list[str]:
        return self._cues() if name == "cue/fire" else []

    async def _listen(self, request: web.Request) -> web.StreamResponse:
        """LISTEN and IGNORE, values as OSC in binary frames, both ways."""
        if len(self._listening) >= LISTENERS:
            return web.Response(status=503, text=f"{LISTENERS} listeners are enough\n")
        ws = web.WebSocketResponse(max_msg_size=MESSAGE_LIMIT, heartbeat=30)
        await ws.prepare(request)
        self._count += 1
        me = _Listener(self, ws, self._count, request.remote)
        self._listening[me.origin] = me
        sender = asyncio.create_task(self._serve(me, request))
        try:
            async for message in ws:
                async with self._turn:
                    begun = time.thread_time()
                    if message.type == WSMsgType.TEXT:
                        self._command(me, message.data)
                    elif message.type == WSMsgType.BINARY and is_osc(message.data):
                        self.dispatcher.dispatch_packet(unpack(message.data), me)
                    await self._rest(time.thread_time() - begun)
        finally:
            sender.cancel()
            self._listening.pop(me.origin, None)
            self.echo.unsubscribe(me.origin)
        return ws

    async def _rest(self, worked: float) -> None:
        """Rest after enough work, while the other listeners wait too. worked: seconds."""
        self._worked += worked + MESSAGE_WORK
        if self._worked > WORK:
            rest, self._worked = min(LONGEST_REST, self._worked), 0.0
            await asyncio.sleep(rest)

    async def _serve(self, me: _Listener, request: web.Request) -> None:
        """Send a listener's queue, until it goes or is disconnected."""
        await me.serve(me.name, request, PATIENCE, self._log)
        self._listening.pop(me.origin, None)
        self.echo.unsubscribe(me.origin)

    def _command(self, me: _Listener, text: str) -> None:
        with contextlib.suppress(ValueError, TypeError, KeyError, AttributeError, RecursionError):
            asked = json.loads(text)
            address = str(asked["DATA"])
            row = self.dispatcher.row(address)
            address = row.address if row is not None else address
            if asked["COMMAND"] == "LISTEN" and (row is not None or self.echo.echoes(address)):
                me.wanted.add(address)
                self.attend(me)
                self.echo.resend(me.origin, address)
            elif asked["COMMAND"] == "IGNORE":
                me.wanted.discard(address)

    def attend(self, me: _Listener) -> None:
        """Subscribe or unsubscribe a listener, by what it listens to."""
        if me.origin not in self._listening:
            return
        if me.everything or me.wanted:
            if not self.echo.has(me.origin):
                self.echo.subscribe(me.origin)
        else:
            self.echo.unsubscribe(me.origin)

    async def feed(self) -> None:
        """Send changed values to listeners, for ever."""
        while True:
            await asyncio.sleep(PERIOD)
            try:
                self._feed()
                if self.dispatcher is self._own:  # else the OSC server's thread does it
                    self.dispatcher.release()
            except (
                Exception
            ) as error:  # one value, or one listener, must not end the feed of the others
                self.dispatcher.error_replies.log_limited(
                    "feed", f"OSCQuery failed: {type(error).__name__}: {error}"
                )

    def _feed(self) -> None:
        for origin, address, value in self.echo.round(time.monotonic(), self._wanted):
            listener, row = self._listening[(origin[0], origin[1])], self.dispatcher.row(address)
            try:
                data = pack(
                    address, [value], "f" if row is not None and row.kind == "float" else None
                )
            except ValueError as error:
                self.unsendable(listener.name, address, error)
                continue
            listener.put_value(address, data)

    def unsendable(self, name: str, address: str, error: ValueError) -> None:
        """Log a value that OSC cannot represent."""
        self.dispatcher.error_replies.log_limited(
            f"unsendable {address}", f"OSC to {name}: {address} is not sent: {error}", every=60
        )

    def _wanted(self, who: tuple[Any, ...], address: str) -> bool:
        me = self._listening.get((who[0], who[1]))
        return me is not None and (me.everything or address in me.wanted)

    def remark(self, text: str) -> None:
        """Report a problem that turned out later, at `/vj/error` to all listeners. From any
        thread."""
        for listener in list(self._listening.values()):
            listener.answer("/vj/error", [text])

    def report_changed(self) -> None:
        """Notify listeners that the tree has changed: the show was saved with other macros or
        cues. On the page's thread."""
        for listener in list(self._listening.values()):
            listener.put(json.dumps({"COMMAND": "PATH_CHANGED", "DATA": "/vj"}))

    async def withdraw(self) -> None:
        """Close all listeners, and withdraw the announcement."""
        for listener in list(self._listening.values()):
            with contextlib.suppress(Exception):
                await asyncio.wait_for(listener.ws.close(), 0.1)
        await self.announcement.withdraw()


def wants_query(request: web.Request) -> bool:
    """Whether this is an OSCQuery client's request, and not a browser's for the page."""
    if request.headers.get("Upgrade", "").lower() == "websocket":
        return True
    return (
        request.path != "/"
        or bool(request.query_string)
        or "text/html" not in request.headers.get("Accept", "")
    )


def asked_attribute(request: web.Request) -> str:
    """`VALUE` of `/vj/strength?VALUE`; empty where the whole node is asked for."""
    return request.query_string.split("=")[0].split("&")[0]


def host_info_of(request: web.Request, name: str, osc: tuple[str, int]) -> dict[str, Any]:
    """HOST_INFO, with the address at which the client has reached this machine. osc: where OSC is
    received."""
    transport = request.transport
    here = transport.get_extra_info("sockname") if transport is not None else ("127.0.0.1", 0)
    host, port = osc
    return host_info(
        name,
        (here[0] if strip_brackets(host) in ANY_HOST else strip_brackets(host), port),
        (here[0], here[1]),
    )


def json_answer(data: dict[str, Any]) -> web.Response:
    """A node, or a part of one."""
    return web.json_response(data, headers={"Cache-Control": "no-cache"})
