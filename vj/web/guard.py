"""The web server's side of `vj/web/access.py`: refuses requests, sends those who may look to the
link that shows, and takes PINs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import asdict

from aiohttp import web

from vj.web.access import Access, Call, Rights
from vj.web.http_api import FRESH
from vj.web.json_body import json_of

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

CLOSED_FOR_PIN = 4401
"""The code a WebSocket is closed with where the PIN is wanted: a page does not get to see the HTTP
status of a socket that was refused."""
SOCKETS = ("/socket", "/pictures")
YEAR = 365 * 24 * 3600


class Guard:
    """`middleware` goes before all handlers, `pin` answers GET and POST at `/pin`."""

    def __init__(self, access: Access, log: Callable[[str], None]) -> None:
        self.access, self._log = access, log
        self._open: dict[int, tuple[web.Request, Rights]] = {}
        """WebSockets, and what they were allowed when they were opened."""

    @web.middleware
    async def middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Answer what is refused; else call the handler."""
        if not all(_is_text(value) for _, value in request.raw_headers):
            return web.Response(status=400, text="the head of the request is not UTF-8\n")
        call = call_of(request)
        refusal = self.access.refusal(call)
        if refusal is not None:
            if refusal.status == 401 and call.is_websocket and call.path in SOCKETS:
                return await _close(request)
            headers = {"WWW-Authenticate": 'PIN realm="vj"'} if refusal.status == 401 else {}
            return web.Response(status=refusal.status, text=f"{refusal.text}\n", headers=headers)
        if redirect := self.access.view_redirect(call):
            return web.Response(status=302, headers={"Location": redirect, **FRESH})
        if call.is_websocket:
            self._open[id(request)] = request, self.access.rights(call)
        try:
            response = await handler(request)
        finally:
            self._open.pop(id(request), None)
        if (made := self.access.view_cookie(call)) is not None and not response.prepared:
            response.set_cookie(*made, httponly=True, samesite="Strict", path="/")
        return response

    def close_narrowed(self) -> None:
        """Close the WebSockets that were opened with rights which are no longer theirs. They may
        come again, with those they have. On the event loop."""
        for request, before in list(self._open.values()):
            now = asdict(self.rights(request))
            lost = any(had and not now[name] for name, had in asdict(before).items())
            if lost and request.transport is not None:
                request.transport.abort()

    def rights(self, request: web.Request) -> Rights:
        """What a request may do."""
        return self.access.rights(call_of(request))

    async def pin(self, request: web.Request) -> web.StreamResponse:
        """GET: `{"asked": whether there is a PIN, "play", "write", "pictures": what this device
        may}`. POST `{"pin": "123456"}`: `{"ok": true}` and the cookie that this device is known by;
        else `{"error": a text, "wait": seconds until another one is looked at}`."""
        if request.method != "POST":
            rights = self.rights(request)
            told = {"play": rights.play, "write": rights.write, "pictures": rights.pictures}
            return web.json_response({"asked": self.access.asks_pin, **told}, headers=FRESH)
        try:
            given = (await json_of(request))["pin"]
            if isinstance(given, bool) or not isinstance(given, str | int):
                raise TypeError
        except (ValueError, TypeError, KeyError):
            return _error(400, 'send {"pin": "123456"}')
        remote = request.remote or ""
        entered = self.access.enter(str(given).strip(), remote)
        if entered.wait:
            wait = f"{entered.wait:.0f} s" if entered.wait < 100 else f"{entered.wait / 60:.0f} min"
            return _error(429, f"too many wrong PINs; try again in {wait}", entered.wait)
        if not entered.right:
            if entered.first_wrong:
                self._log(f"page: a wrong PIN came from {remote}")
            return _error(403, "this is not the PIN that vj shows")
        self._log(f"page: {remote} has entered the PIN")
        response = web.json_response({"ok": True}, headers=FRESH)
        name, value = self.access.device_cookie()
        response.set_cookie(name, value, max_age=YEAR, httponly=True, samesite="Strict", path="/")
        return response


def call_of(request: web.Request) -> Call:
    """What decides about a request."""
    return Call(
        request.method, request.path, request.headers, request.remote or "", dict(request.query)
    )


async def _close(request: web.Request) -> web.StreamResponse:
    ws = web.WebSocketResponse()
    await ws.prepare(request)
    await ws.close(code=CLOSED_FOR_PIN, message=b"PIN")
    return ws


def _error(status: int, text: str, wait: float = 0.0) -> web.Response:
    headers = {**FRESH, **({"Retry-After": f"{wait:.0f}"} if wait else {})}
    return web.json_response({"error": text, "wait": wait}, status=status, headers=headers)


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
