"""A few plain requests, for scripts and for curl: the state as JSON, a parameter set, one
picture."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping

import numpy as np
from aiohttp import web

from vj.control.osc.dispatch import Dispatcher
from vj.core.errors import Fault
from vj.parameters.store import Store
from vj.web.json_body import json_of
from vj.web.page_client import plain, set_value
from vj.web.pictures import PictureRequest, Pictures, encode

FRESH = {"Cache-Control": "no-store"}
NOTHING_YET = np.full((64, 64, 3), 24, np.uint8)


class HttpApi:
    """Handlers of the web server."""

    def __init__(
        self,
        store: Store,
        pictures: Pictures,
        dispatcher: Callable[[], Dispatcher],
        status: Callable[[], Mapping[str, object]],
        messages: deque[tuple[str, str]],
    ) -> None:
        self._store, self._pictures, self._dispatcher = store, pictures, dispatcher
        self._status, self._messages = status, messages

    async def picture(self, request: web.Request) -> web.StreamResponse:
        """`/output.jpg`, `/input.jpg`, `/picture.jpg?view=sent&width=512`."""
        name, _, ending = request.path[1:].partition(".")
        view = {} if name == "picture" else {"view": name}
        try:
            asked = PictureRequest(format="png" if ending == "png" else "jpeg").changed(
                dict(request.query) | view
            )
        except Fault as fault:
            return web.Response(status=400, text=f"{fault}\n")
        found = await self._pictures.encode(asked)
        if found is None and name in ("output", "input"):
            found = encode(NOTHING_YET, asked), 0
        if found is None:
            return web.Response(status=404, text=f"there is no picture of {asked.view} now\n")
        return web.Response(body=found[0], content_type=f"image/{asked.format}", headers=FRESH)

    async def state(self, request: web.Request) -> web.StreamResponse:
        """`/state.json`: status, values, messages."""
        values = {name: self._store.get(name) for name in self._store.table.rows}
        messages = [{"time": moment, "text": text} for moment, text in list(self._messages)]
        return web.json_response(
            {"status": plain(self._status()), "values": values, "messages": messages},
            headers=FRESH,
        )

    async def set(self, request: web.Request) -> web.StreamResponse:
        """POST `/set`: `{"name": "strength", "value": 0.5}`, as `set` of the page's socket."""
        try:
            asked = await json_of(request)
            name, value = str(asked["name"]), asked["value"]
        except (ValueError, TypeError, KeyError):
            return web.json_response(
                {"error": 'send {"name": "strength", "value": 0.5}'}, status=400
            )
        reply = set_value(self._dispatcher(), name, value, (f"page of {request.remote or ''}", 0))
        return web.json_response(plain(reply), status=400 if "error" in reply else 200)
