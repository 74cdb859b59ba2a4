"""What open pages ask for, and the replies. See docs/page_protocol.md."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.network import is_loopback
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.web.page_client import PageClient, as_line, plain, request_id, set_value

Json = dict[str, Any]
AT_ONCE = ("stroke", "canvas", "key", "pad", "learn")
"""Requests that take no time, unless they import a picture, and must stay in their order."""
PLAYED = ("key", "pad")
"""Requests that a page may make that may play, but not write."""
STROKE = ("type", "stroke", "points", "colour", "width", "eraser", "end")
"""What the others get of a stroke: what the canvas has looked at, and nothing else."""
THREADS = 2
WAITING = 64
"""Requests that may take long and are under way, of all pages, at most."""
LARGE, PARTS = 100_000, 20_000
"""Letters from which on a request may have so many lists and parts of lists only: a picture is one
long text, and megabytes of anything else would keep Python, and so the show, busy for seconds."""

Action = Callable[[Json], Json]
"""Does what a request asks for: on the event loop for those `AT_ONCE`, else on a thread of its own.
Raises Fault."""
Broadcast = Callable[[str, Callable[[PageClient], bool]], None]


class PageRequests:
    """Of all pages. On the web server's event loop, but for `close`."""

    def __init__(
        self,
        store: Store,
        dispatcher: Callable[[], Dispatcher],
        log: Callable[[str], None],
        actions: Mapping[str, Action],
        broadcast: Broadcast,
    ) -> None:
        """dispatcher: returns the one that values go to. actions: by the type of the request.
        broadcast: sends a line to all pages for which a function is true."""
        self._store, self._dispatcher, self._log = store, dispatcher, log
        self._actions, self._broadcast = dict(actions), broadcast
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page-requests")
        self._tasks: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def take(self, client: PageClient, text: str) -> bool:
        """A request; its reply goes out before anything else that waits. Returns whether it sets a
        value, which the others wait for."""
        try:
            if len(text) > LARGE and sum(map(text.count, "[{,")) > PARTS:
                raise ValueError
            asked = json.loads(text)
            kind = asked["type"]
            if not isinstance(asked, dict) or not isinstance(kind, str):
                raise TypeError
        except (ValueError, TypeError, KeyError, RecursionError):
            client.put_first(as_line({"type": "reply", "error": 'send {"type": "set", ...}'}))
            return False
        if kind == "set":
            reply = self._set(client, asked)
        elif kind not in self._actions:
            reply = {"error": f"{kind[:40]}: no such request"}
        elif not client.may["play" if kind in PLAYED else "write"]:
            reply = {"error": "this page may look, not change"}
        elif kind in AT_ONCE and asked.get("do") != "import":
            reply = self._do(client, kind, asked)
        elif len(self._tasks) >= WAITING:
            reply = {"error": f"{kind}: too much was asked for at once; try again in a moment"}
        else:
            task = asyncio.create_task(self._act(client, kind, asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return False
        self._reply(client, asked, reply)
        return kind == "set"

    @staticmethod
    def _reply(client: PageClient, asked: Json, reply: Json) -> None:
        if (number := request_id(asked)) is not None:
            client.put_first(as_line({"type": "reply", "id": number} | plain(reply)))

    def _set(self, client: PageClient, asked: Json) -> Json:
        if not client.may["play"]:
            return {"error": "this page may look, not play"}
        name, value = asked.get("name"), asked.get("value")
        if not isinstance(name, str):
            return {"error": 'a name and a value: {"type": "set", "name": "strength", "value": 1}'}
        reply = set_value(self._dispatcher(), name, value, client.origin)
        row = self._store.table.rows.get(name)
        if "error" not in reply and row is not None and row.kind != "trigger":
            reply["value"] = self._store.get(name)
        return reply

    async def _act(self, client: PageClient, kind: str, asked: Json) -> None:
        """A request that may take long."""
        reply = await asyncio.get_running_loop().run_in_executor(
            self._threads, self._do, client, kind, asked
        )
        self._reply(client, asked, reply)

    def _do(self, client: PageClient, kind: str, asked: Json) -> Json:
        try:
            who = {"person": client.number, "here": is_loopback(client.remote)}
            reply = {"ok": True} | self._actions[kind](asked | who)
        except Fault as fault:
            return {"error": str(fault)}
        except Exception as error:  # an error of our own: the page is told, the others go on
            text = f"{kind} failed: {type(error).__name__}: {error}"[:300]
            self._log(f"page: {text}; please report this")
            return {"error": text}
        if kind == "stroke":
            told = {name: asked[name] for name in STROKE if name in asked}
            self._broadcast(
                as_line(plain(told | {"person": client.number})), lambda one: one is not client
            )
        return reply
