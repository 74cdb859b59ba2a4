"""The page of a training: how far it is, its curves, and held-out frames as they get better.

    GET  /                      the page
    GET  /training.json?page=X  what `Trained.state` says, and `may_stop`; X: the page's own name
    GET  /judged/NAME.jpg       what `Trained.picture` has
    POST /stop                  `Trained.stop`, for this machine and for devices with the PIN

A page asks once a second, and what it asks for is made on a thread of its own: the training gives
it a few milliseconds, and nothing while no page is open.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Protocol

from aiohttp import web

from vj.control.osc.network import started_near
from vj.web.access import Access
from vj.web.http_api import FRESH
from vj.web.reach import page_urls, qr_lines
from vj.web.site import FILES, Site, file_named

ENDED = "ended"
"""The phase after which nothing changes any more."""
TOLD = 2
"""Answers that say so, until a page has surely fetched what was painted last: it asks once a
second."""
PRESENT = 4.0
"""Seconds after its last question for which a page is taken to be open."""
MOST_PAGES = 50


class Trained(Protocol):
    """A training, as the page sees it. Called on one thread, which may wait for the disk."""

    def state(self) -> Mapping[str, Any]:
        """What can be written as JSON; `phase`, which is `ended` at last."""

    def picture(self, name: str) -> bytes | None:
        """A JPEG by its name; None where there is none."""

    def stop(self) -> None:
        """End it, and keep the best."""


class TrainingPage:
    """`start`, then `stop`."""

    def __init__(
        self,
        training: Trained,
        listen: tuple[str, int],
        on_message: Callable[[str], None],
        access: Access | None = None,
    ) -> None:
        """listen: port 0 means any free one. access: unless given, other devices want this
        machine's PIN, and may do nothing without."""
        self._training = training
        self.access = access or Access(listen, "127.0.0.1", None, on_message)
        self._site = Site(listen, self.access, on_message, "name another with --page")
        self._disk = ThreadPoolExecutor(1, thread_name_prefix="training-page")
        self._pages: dict[str, tuple[float, int]] = {}
        """When each asked last, and how often it was told that the training has ended."""
        self._answered = threading.Condition()

    @property
    def url(self) -> str:
        """On this machine."""
        return self._site.url

    def start(self) -> None:
        """Raises Fault where it cannot be served."""
        pin = self._site.guard.pin
        self._site.start(
            {
                "/": self._front,
                FILES: self._file,
                "/pin": pin,
                "/training.json": self._state,
                r"/judged/{name}.jpg": self._picture,
            },
            {"/pin": pin, "/stop": self._stop},
        )

    def stop(self, patience: float = 3.5) -> None:
        """End. Pages that are open see the end of the training first, and what was painted last.
        May be called twice."""
        until = time.monotonic() + patience
        with self._answered:
            while self._someone_waits() and (left := until - time.monotonic()) > 0:
                self._answered.wait(left)
        self._site.stop()
        self._disk.shutdown(wait=False, cancel_futures=True)

    def reach(self) -> list[str]:
        """What is said at the start: how a phone or tablet gets in."""
        urls = page_urls(self._site.address)
        if not urls:
            return []
        where = f"a phone or tablet: {'  '.join(urls)}"
        return [where if self.access.pin is None else f"{where}  PIN {self.access.pin}"]

    def code_lines(self) -> list[str]:
        """A QR code of its first address for other devices, for a terminal; none on loopback."""
        urls = page_urls(self._site.address)
        return qr_lines(urls[0]) if urls else []

    def _someone_waits(self) -> bool:
        since = time.monotonic() - PRESENT
        return any(at >= since and told < TOLD for at, told in self._pages.values())

    async def _front(self, request: web.Request) -> web.StreamResponse:
        return file_named("training.html")

    async def _file(self, request: web.Request) -> web.StreamResponse:
        return file_named(request.match_info["name"])

    async def _state(self, request: web.Request) -> web.StreamResponse:
        page = request.query.get("page", "")[:40]
        self._note(page)
        loop = asyncio.get_running_loop()
        state = await loop.run_in_executor(self._disk, self._training.state)
        may_stop = self._site.guard.rights(request).write
        response = web.json_response({**state, "may_stop": may_stop}, headers=FRESH)
        if state.get("phase") == ENDED:
            await response.prepare(request)
            await response.write_eof()
            self._note(page, told=1)
        return response

    def _note(self, page: str, told: int = 0) -> None:
        """page: empty for programs, which nobody waits for."""
        if not page:
            return
        with self._answered:
            _, before = self._pages.pop(page, (0.0, 0))
            while len(self._pages) >= MOST_PAGES:
                del self._pages[next(iter(self._pages))]
            self._pages[page] = time.monotonic(), before + told
            self._answered.notify_all()

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        """Nobody may keep it: a training that is begun anew has others of the same name."""
        body = await asyncio.get_running_loop().run_in_executor(
            self._disk, self._training.picture, request.match_info["name"]
        )
        if body is None:
            return web.Response(status=404, text="there is no such picture\n")
        headers = {**FRESH, "X-Content-Type-Options": "nosniff"}
        return web.Response(body=body, content_type="image/jpeg", headers=headers)

    async def _stop(self, request: web.Request) -> web.StreamResponse:
        if not self._site.guard.rights(request).write:
            return web.json_response({"error": "this device may only look"}, status=403)
        self._training.stop()
        return web.json_response({"ok": True}, headers=FRESH)


def serve_training(
    training: Trained, listen: tuple[str, int], on_message: Callable[[str], None]
) -> TrainingPage:
    """Serve a training's page at an address, or at the next free port. Raises Fault."""
    return started_near(
        lambda address: TrainingPage(training, address, on_message), listen, on_message
    )
