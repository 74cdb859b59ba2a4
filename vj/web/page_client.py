"""One open page, and what it sets, as a sender for the dispatcher."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import socket
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from vj.control.osc.dispatch import Dispatcher
from vj.control.osc.packet import IMPULSE, Message, Unpacked

WAITING = 256
"""Lines in a page's queue, at most; a page that is slower gets everything anew instead."""
PATIENCE = 2.0
"""Seconds until sending to a page times out."""
SENT_AHEAD = 256 << 10
"""Bytes in the system's send buffer of a page's socket: a page that does not read is noticed before
megabytes have been sent to it."""
LONGEST_ID = 100
"""Letters of the id of a request, at most."""
REQUESTS = 240
"""Requests a second that are read from one page; more wait."""


class PageClient:
    """Its lines are queued for a task of its own: one page that does not read must not delay the
    others."""

    def __init__(
        self,
        ws: web.WebSocketResponse,
        number: int,
        remote: str | None,
        may: Mapping[str, bool],
    ) -> None:
        self.ws, self.number, self.remote, self.may = ws, number, remote or "", may
        self.origin = (f"page {number} of {self.remote}", number)
        self._lines: deque[str] = deque()
        self._replies: deque[str] = deque(maxlen=WAITING)
        self._filled = asyncio.Event()
        self._missed = False
        self._second, self._requests = 0.0, 0

    async def pause(self) -> None:
        """Wait when the page has made as many requests in this second as are read of it."""
        now = time.monotonic()
        if now >= self._second + 1:
            self._second, self._requests = now, 0
        self._requests += 1
        if self._requests > REQUESTS:
            await asyncio.sleep(self._second + 1 - now)

    def put(self, line: str) -> None:
        """Queue a line. On the event loop."""
        if len(self._lines) >= WAITING:
            self._lines.clear()
            self._missed = True
        self._lines.append(line)
        self._filled.set()

    def put_first(self, line: str) -> None:
        """Queue a reply, before what waits. On the event loop."""
        self._replies.append(line)
        self._filled.set()

    async def send(self, everything: Callable[[], list[str]]) -> None:
        """Send what is queued, for ever. everything: lines in place of those that were dropped.
        Raises TimeoutError when the page does not read."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            while self._lines or self._replies:
                if self._missed and not self._replies:
                    self._missed = False
                    self._lines.extendleft(reversed(everything()))
                line = self._replies.popleft() if self._replies else self._lines.popleft()
                await asyncio.wait_for(self.ws.send_str(line), PATIENCE)


def bound_send_buffer(request: web.Request) -> None:
    """Have the system keep little of what its client does not read."""
    transport = request.transport
    sock = None if transport is None else transport.get_extra_info("socket")
    if sock is not None:
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENT_AHEAD)


class RequestSender:
    """A request of a page, as a sender for the dispatcher: replies become the response."""

    name = ""

    def __init__(self, origin: tuple[str, int]) -> None:
        self.origin = origin
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
        """The page ignores values for what is held on it."""

    def subscribe(self, address: str, arguments: tuple[Any, ...]) -> str:
        return "a page gets all values at /socket"


def set_value(
    dispatcher: Dispatcher, name: str, value: Any, origin: tuple[str, int]
) -> dict[str, Any]:
    """Dispatch a message: a parameter's name, or any address; one value, a list of several, or
    None, which queries (and fires a trigger). Returns `ok` and `remark`, or `error`."""
    address = name if name.startswith("/") else f"/vj/{name}"
    row = dispatcher.row(address)
    if value is True and row is not None and row.kind == "trigger":
        value = IMPULSE  # each click is a press, without debouncing
    arguments = tuple(value) if isinstance(value, list) else () if value is None else (value,)
    if any(isinstance(one, dict | list) for one in arguments):
        return {"error": f"{name[:60]}: a number, a text, true or false would be right"}
    sender = RequestSender(origin)
    dispatcher.dispatch_packet(Unpacked([Message(address, arguments)], []), sender)
    return sender.response


def plain(value: Any) -> Any:
    """A value for JSON: NaN and infinity become null."""
    if isinstance(value, Mapping):
        return {str(key): plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_line(message: Mapping[str, Any]) -> str:
    """A message as a text frame. Halves of letters (lone surrogates), which UTF-8 cannot hold, are
    escaped."""
    line = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    if not line.isascii():
        try:
            line.encode()
        except UnicodeEncodeError:
            line = json.dumps(message, separators=(",", ":"))
    return line


def request_id(asked: Mapping[str, Any]) -> int | float | str | None:
    """The `id` of a request; None without one, or where it is no number and no short text, so that
    a reply would have no place for it."""
    found = asked.get("id")
    if isinstance(found, float) and not math.isfinite(found):
        return None
    if isinstance(found, str) and len(found) > LONGEST_ID:
        return None
    return found if isinstance(found, int | float | str) else None
