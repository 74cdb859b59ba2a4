"""Where a live show can be reached: OSC and the page, each at the address that the show names or at
the next free port."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vj.app.context import ShowContext
from vj.app.replacement import Replacement
from vj.app.status import Status
from vj.control.osc.dispatch import OnStep
from vj.control.osc.network import PORTS_TO_TRY, started_near
from vj.control.osc.server import OscServer
from vj.control.session import ControlSession
from vj.core.frame import Frame
from vj.pipeline.frame_context import FrameContext
from vj.show.page_section import PageSection, parse_address
from vj.show.schema import OscSection, Show
from vj.web.access import Access
from vj.web.page_requests import Action
from vj.web.page_socket import PageShow
from vj.web.reach import Reach
from vj.web.server import WebServer

REACH_PERIOD = 5.0
"""Seconds from one look at this machine's addresses to the next."""
STOPPING = 0.3
"""Seconds that a server gets to stop."""


@dataclass(frozen=True, slots=True)
class _Started:
    """A server that runs, and what puts it into use."""

    server: OscServer | WebServer
    use: Callable[[], None]


class Servers:
    """`open`, then `stop`; between them a saved show may replace either."""

    def __init__(
        self,
        context: ShowContext,
        session: ControlSession,
        status: Callable[[], Status],
        osc_status: Callable[[], Mapping[str, Sequence[float | int | str]]],
        page_show: PageShow | None = None,
        actions: Callable[[], Mapping[str, Action]] = dict,
        style: Callable[[str], bytes | None] = lambda name: None,
    ) -> None:
        """status, osc_status: what scripts and OSC clients are told, see `vj.app.status`.
        page_show, actions: what the page is told, and what it can ask for. style: see
        `WebServer`."""
        self._context, self._session, self._messages = context, session, context.messages
        self._status, self._osc_status = status, osc_status
        self._page_show, self._actions, self._style = page_show, actions, style
        self.on_step: OnStep | None = None
        """See `Dispatcher.on_step`."""
        self.announces = True
        """The page and OSC are announced in the network."""
        self._next_reach = 0.0
        self._described_reach: dict[str, Any] | None = None
        self.osc: OscServer | None = None
        self.page: WebServer | None = None
        self._osc_section: OscSection | None = None
        """What the running one was asked for; it may be at the next free port."""
        self._page_section: PageSection | None = None
        self._messages.connect(self._log_on_page, self._remark_to_senders)

    def open(self, show: Show) -> OscServer:
        """Start the page, where the show has one, and OSC. Raises Fault, with nothing left open."""
        if show.page.on:
            self.page, self._page_section = self._start_page(show), show.page
        try:
            self.osc, self._osc_section = self._start_osc(show), show.osc
        except BaseException:
            if self.page is not None:
                self.page.stop(STOPPING)
            raise
        self.connect()
        return self.osc

    def stop_osc(self) -> None:
        if self.osc is not None:
            self.osc.stop(STOPPING)

    def stop_page(self) -> None:
        if self.page is not None:
            self.page.stop(STOPPING)

    def connect(self) -> None:
        """Have OSC and the page use the present control engine, and know of each other."""
        osc, page, show = self.osc, self.page, self._context.run.show
        if osc is None:
            return
        immediate = [address for address, what in show.answers.items() if what == "now"]
        osc.use_engine(self._session.engine, immediate, show.ignored)
        osc.dispatcher.on_control = self._session.on_osc
        if self.on_step is not None:
            osc.dispatcher.on_step = self.on_step
        if page is not None:
            page.query.osc_address = osc.address
            page.follow_osc(osc.address[0])
            page.play_through(osc.dispatcher)

    def reach(self) -> Reach | None:
        """Where other devices find the page and OSC; None without a page."""
        page, osc = self.page, self.osc
        if page is None or osc is None:
            return None
        port = parse_address(page.url.split("//")[1].strip("/"))[1]
        access = page.access
        return Reach((access.listen[0], port), osc.address, access.pin, access.view_path)

    def describe_reach(self) -> dict[str, Any] | None:
        """`reach` for the page. Looked up every few seconds: addresses of a network change."""
        now = self._context.clock.now()
        if now >= self._next_reach:
            reach = self.reach()
            self._next_reach = now + REACH_PERIOD
            self._described_reach = None if reach is None else reach.describe()
        return self._described_reach

    def show_canvas(self, picture: np.ndarray, version: int) -> None:
        """Leave what was drawn, (H, W, 3) uint8, for the page. Never waits."""
        if (page := self.page) is not None:
            page.pictures.put("canvas", picture, version)

    def show_frame(self, context: FrameContext, frame: Frame) -> None:
        """Leave a frame's pictures for the page, and for the canvas. Never waits."""
        self._context.canvas.sent(frame.picture)
        if (page := self.page) is not None:
            page.show(context.image, frame)
            page.pictures.put("mask", context.mask, frame.number)
            page.pictures.put("lines", context.lines, frame.number)

    def show_sent(self, frame: Frame) -> None:
        """Leave for the page what the sinks get. Never waits."""
        if (page := self.page) is not None:
            page.pictures.put("sent", frame.picture, frame.number)

    def tree_changed(self) -> None:
        """Have clients of OSCQuery read the parameters again."""
        if self.page is not None:
            self.page.tree_changed()

    def _log_on_page(self, text: str) -> None:
        if (page := self.page) is not None:
            page.log(text)

    def _remark_to_senders(self, text: str) -> None:
        osc, page = self.osc, self.page
        if osc is not None:
            osc.remark(text)
        if page is not None:
            page.query.remark(text)

    def _start_osc(self, show: Show) -> OscServer:
        reply = parse_address(show.osc.reply) if show.osc.reply else None

        def make(address: tuple[str, int]) -> OscServer:
            return OscServer(
                self._context.store,
                address,
                clock=self._context.clock,
                reply=reply,
                status=self._osc_status,
                on_message=self._messages.log,
            )

        return started_near(make, parse_address(show.osc.listen), self._messages.log)

    def _start_page(self, show: Show) -> WebServer:
        def make(address: tuple[str, int]) -> WebServer:
            page = WebServer(
                self._context.store,
                address,
                status=lambda: self._status().as_dict(),
                on_message=self._messages.terminal,
                cues=lambda: list(self._session.engine.cues.cues),
                show=self._page_show,
                actions=self._actions(),
                style=self._style,
                announce=self.announces,
                access=Access(
                    address, parse_address(show.osc.listen)[0], show.page.pin, self._messages.log
                ),
            )
            page.query.osc_address = parse_address(show.osc.listen)
            page.pictures.put("canvas", *self._context.canvas.picture())
            return page

        return started_near(make, parse_address(show.page.listen), self._messages.log)

    def replace_osc(self, show: Show, old: Show) -> Replacement | None:
        """OSC of a saved show. Raises Fault."""
        before = self.osc
        if before is None or show.osc == self._osc_section:
            return None

        def start(show: Show) -> _Started:
            made = self._start_osc(show)

            def use() -> None:
                made.take_over(before)
                self.osc, self._osc_section = made, show.osc

            return _Started(made, use)

        asked = parse_address(show.osc.listen)[1]
        return self._replace("osc", before, before.address[1], asked, start, show, old)

    def replace_page(self, show: Show, old: Show) -> Replacement | None:
        """The page of a saved show, or none. Raises Fault."""
        before = self.page
        if not show.page.on:
            if before is None:
                return None

            def end() -> None:
                self.page = self._page_section = None
                before.stop()

            return Replacement(["page"], end)
        if before is not None and _served(show.page) == _served(self._page_section):
            return None  # what is on it is read anew by itself

        def start(show: Show) -> _Started:
            made = self._start_page(show)

            def use() -> None:
                self.page, self._page_section = made, show.page
                self._messages.log(f"the page is at {made.url}")

            return _Started(made, use)

        port = -1 if before is None else parse_address(before.url.split("//")[1].strip("/"))[1]
        asked = parse_address(show.page.listen)[1]
        return self._replace("page", before, port, asked, start, show, old)

    def _replace(
        self,
        section: str,
        before: OscServer | WebServer | None,
        port: int,
        asked: int,
        start: Callable[[Show], _Started],
        show: Show,
        old: Show,
    ) -> Replacement:
        """A server in the place of another. port: where that one is; asked: where the new one
        begins to look for a free one. Two servers cannot have one port: where that may happen the
        old one stops first, and is started again when the rest of the save is rejected."""
        clash = before is not None and asked <= port < asked + PORTS_TO_TRY

        def restore() -> None:
            if clash:
                start(old).use()
                self.connect()

        if clash and before is not None:
            before.stop()
        try:
            started = start(show)
        except Exception:
            restore()
            raise

        def apply() -> None:
            started.use()
            if before is not None and not clash:
                before.stop()

        def discard() -> None:
            started.server.stop()
            restore()

        return Replacement([section], apply, discard)


def _served(page: PageSection | None) -> object:
    """What the server is started with."""
    return None if page is None else (page.listen, page.pin)
