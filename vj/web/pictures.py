"""Pictures for the page: the newest of each view, encoded on request, once for all who ask for the
same."""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import cv2

from vj.core.errors import Fault, nearest
from vj.core.packed import Pixels, rgb_of

VIEWS = ("output", "input", "mask", "lines", "sent", "canvas")
"""`output` is what the model made, blended; `sent` the same as it leaves, upscaled; `mask` and
`lines` are there while they are in use; `canvas` is what was drawn on the page."""
HEAD = struct.Struct(">B3xI")
"""Before each picture of the WebSocket: the view's place in VIEWS, the frame's number."""
QUALITY = 80
WIDEST = 8192
KEPT = 24
"""Encoded pictures that are kept: one for each view, size and quality that is asked for."""
THREADS = 2
PERIOD = 0.03
"""Seconds from one picture to the next, at least: 30 a second are enough to play by. Only what is
sent comes as often as it is, for `/out`."""


@dataclass(frozen=True, slots=True)
class PictureRequest:
    """What a page asks for. width: pixels at most, 0 for as they are; never enlarged. quality: of
    JPEG, 1 to 100. format: `jpeg` or `png`."""

    view: str = "output"
    width: int = 0
    quality: int = QUALITY
    format: str = "jpeg"

    def changed(self, asked: Mapping[str, Any]) -> PictureRequest:
        """With what a query or a message says otherwise. Raises Fault for what cannot be."""
        made = self
        for name, value in asked.items():
            if name == "view":
                if value not in VIEWS:
                    raise Fault(
                        f"view {value!r}: no such{nearest(str(value), VIEWS)} (there are "
                        f"{', '.join(VIEWS)})"
                    )
                made = replace(made, view=value)
            elif name == "format":
                if value not in ("jpeg", "png"):
                    raise Fault(f"format {value!r}: jpeg or png would be right")
                made = replace(made, format=value)
            elif name == "width":
                made = replace(made, width=_whole(name, value, 0, WIDEST))
            elif name == "quality":
                made = replace(made, quality=_whole(name, value, 1, 100))
        return made


class Pictures:
    """`put` from the render thread or any other; everything else on the page's event loop."""

    def __init__(self) -> None:
        self._newest: dict[str, tuple[Pixels, int]] = {}
        self._encoded: OrderedDict[PictureRequest, tuple[Pixels, asyncio.Future[bytes]]] = (
            OrderedDict()
        )
        self._waiting: set[asyncio.Event] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._called = False
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="page-pictures")
        self.encodings = 0
        """Pictures encoded so far."""

    def put(self, view: str, pixels: Pixels | None, number: int) -> None:
        """The newest picture of a view, (H, W), (H, W, 3) or (H, W, 4) uint8, RGB, or packed; None
        where there is none now. Nothing is copied; nobody may write into it afterwards. Never
        waits."""
        if pixels is None:
            self._newest.pop(view, None)
            return
        self._newest[view] = (pixels, number)
        if self._waiting and not self._called and self._loop is not None:
            self._called = True
            with contextlib.suppress(RuntimeError):  # the page has ended
                self._loop.call_soon_threadsafe(self._wake)

    def views(self) -> list[str]:
        """Those of which there is a picture, in the order of VIEWS."""
        return [view for view in VIEWS if view in self._newest]

    def newest(self, view: str) -> tuple[Pixels, int] | None:
        """A view's picture, and its number."""
        return self._newest.get(view)

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """The event loop on which pictures are waited for."""
        self._loop = loop

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _wake(self) -> None:
        self._called = False
        self.wake()

    async def encode(self, request: PictureRequest) -> tuple[bytes, int] | None:
        """The view's newest picture as JPEG or PNG, and its number; None where there is none."""
        newest = self._newest.get(request.view)
        if newest is None:
            return None
        pixels, number = newest
        kept = self._encoded.get(request)
        if kept is None or kept[0] is not pixels:
            work = asyncio.get_running_loop().run_in_executor(
                self._threads, partial(encode, pixels, request)
            )
            self.encodings += 1
            kept = self._encoded[request] = pixels, work
            while len(self._encoded) > KEPT:
                self._encoded.popitem(last=False)
        self._encoded.move_to_end(request)
        return await asyncio.shield(kept[1]), number

    def encode_aside(
        self, pixels: Pixels, request: PictureRequest, done: Callable[[bytes], None]
    ) -> None:
        """Encode a picture on another thread, which calls `done`. Does not wait."""
        self.encodings += 1
        self._threads.submit(lambda: done(encode(pixels, request)))

    def wake(self) -> None:
        """Something else is asked for: those who wait for a picture look again. On the event
        loop."""
        for event in self._waiting:
            event.set()

    async def serve(
        self, ask: Callable[[], PictureRequest], send: Any, taken: asyncio.Event
    ) -> None:
        """Send a view's pictures, for ever: each when the one before was `taken` and there is a new
        one, or something else is asked for. ask: what is wanted now; after a change `wake` has to
        be called. send: a coroutine function that takes bytes."""
        shown: Pixels | None = None
        request, sent = ask(), 0.0
        while True:
            await taken.wait()
            if request.view != "sent" and (rest := sent + PERIOD - time.monotonic()) > 0:
                await asyncio.sleep(rest)
            if ask() != request:
                request, shown = ask(), None
            newest = await self._newer(request, ask, shown)
            found = None if newest is None else await self.encode(request)
            if found is None or ask().view != request.view:
                continue
            shown, sent = newest, time.monotonic()
            taken.clear()
            await send(HEAD.pack(VIEWS.index(request.view), found[1] & 0xFFFFFFFF) + found[0])

    async def _newer(
        self, request: PictureRequest, ask: Callable[[], PictureRequest], shown: Pixels | None
    ) -> Pixels | None:
        """Wait until the view's newest picture is another one than `shown`, and return it; None
        as soon as something else is asked for."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            while ask() == request:
                newest = self._newest.get(request.view)
                if newest is not None and newest[0] is not shown:
                    return newest[0]
                event.clear()
                await event.wait()
            return None
        finally:
            self._waiting.discard(event)


def encode(picture: Pixels, request: PictureRequest) -> bytes:
    """A picture as JPEG or PNG."""
    pixels = rgb_of(picture)
    height, width = pixels.shape[:2]
    if 0 < request.width < width:
        size = request.width, max(1, round(height * request.width / width))
        pixels = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
    if pixels.ndim == 3:
        alpha = request.format == "png" and pixels.shape[2] == 4
        how = (
            cv2.COLOR_RGBA2BGRA
            if alpha
            else cv2.COLOR_RGBA2BGR
            if pixels.shape[2] == 4
            else cv2.COLOR_RGB2BGR
        )
        pixels = cv2.cvtColor(pixels, how)
    if request.format == "png":
        return cv2.imencode(".png", pixels, [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes()
    quality = [cv2.IMWRITE_JPEG_QUALITY, request.quality]
    if request.quality >= 90:  # fine colour as well
        quality += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    return cv2.imencode(".jpg", pixels, quality)[1].tobytes()


def _whole(name: str, value: object, low: int, high: int) -> int:
    try:
        number = int(str(value))
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise Fault(f"{name} {str(value)[:40]!r}: a whole number from {low} to {high}")
    return number
