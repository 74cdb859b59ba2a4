"""Where a show can be reached: OSC, and the page. Each at the address that the show names, or at
the next free port."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from vj.app.replacement import AdoptedPart
from vj.app.status import osc_status, status
from vj.control.osc.network import PORTS_TO_TRY
from vj.control.osc.server import OscServer
from vj.core.errors import Fault
from vj.show.schema import OscSection, PreviewSection, Show, parse_address
from vj.web.server import WebServer

if TYPE_CHECKING:
    from vj.app.live import Performance

Served = OscServer | WebServer
Server = TypeVar("Server", OscServer, WebServer)


class Servers:
    """Of one performance. `open`, then `close`; between them `other_osc` and `other_page` build
    what a saved show asks for."""

    def __init__(self, performance: Performance) -> None:
        self._played = performance
        self.osc: OscServer | None = None
        self.page: WebServer | None = None
        self._heard: OscSection | None = None
        """Where OSC was asked to be heard; it may be at the next free port."""
        self._served: PreviewSection | None = None

    def open(self, show: Show) -> OscServer:
        """Serve the page where the show has one, and hear OSC. Raises Fault, with nothing left
        open."""
        if "preview" in show.sinks:
            self.page, self._served = self._make_page(show), show.preview
        try:
            self.osc, self._heard = self._make_osc(show), show.osc
        except BaseException:
            if self.page is not None:
                self.page.stop(timeout=0.3)
            raise
        return self.osc

    def remark(self, text: str) -> None:
        """What turned out later not to be meant, to whoever may have sent it. From any thread."""
        osc, page = self.osc, self.page
        if osc is not None:
            osc.remark(text)
        if page is not None:
            page.query.remark(text)

    def join(self) -> None:
        """Have OSC and the page play the control engine that there is, and know of each other."""
        osc, page, show = self.osc, self.page, self._played.show
        if osc is not None:
            osc.use_engine(
                self._played.session.engine,
                [address for address, what in show.answers.items() if what == "now"],
                show.ignored,
            )
            if page is not None:
                page.query.osc_address = osc.address
                page.play_through(osc.dispatcher)

    def _make_osc(self, show: Show) -> OscServer:
        """Hears OSC where the show says, or at the next free port. Raises Fault."""
        reply = parse_address(show.osc.reply) if show.osc.reply else None
        played = self._played

        def osc(address: tuple[str, int]) -> OscServer:
            return OscServer(
                played.store,
                address,
                clock=played.clock,
                reply=reply,
                status=lambda: osc_status(played),
                on_message=played.log,
            )

        return self._bind(osc, parse_address(show.osc.listen))

    def _make_page(self, show: Show) -> WebServer:
        """Serves the preview page where the show says, or at the next free port. Raises Fault."""
        played = self._played

        def make(address: tuple[str, int]) -> WebServer:
            page = WebServer(
                played.store,
                address,
                status=lambda: status(played),
                on_message=played.message,
                cues=lambda: list(played.session.engine.cues.cues),
                announce=True,
            )
            page.query.osc_address = parse_address(show.osc.listen)
            return page

        return self._bind(make, parse_address(show.preview.listen))

    def _bind(self, make: Callable[[tuple[str, int]], Server], wanted: tuple[str, int]) -> Server:
        """A server at the address, or at the next free port: a second show beside the first one
        shall play too."""
        host, port = wanted
        refusal: Fault | None = None
        for offset in range(PORTS_TO_TRY if port else 1):
            server = make((host, port + offset))
            try:
                server.start()
            except Fault as fault:
                refusal = refusal or fault
                if "in use" not in str(fault):
                    raise
                continue
            if refusal is not None:
                self._played.log(f"{refusal}; {host}:{port + offset} is used instead")
            return server
        assert refusal is not None
        raise refusal

    def other_osc(self, show: Show, old: Show) -> AdoptedPart | None:
        """OSC as a saved show asks for it, where that is another. Raises Fault."""
        before = self.osc
        if before is None or show.osc == self._heard:
            return None

        def make(show: Show) -> tuple[Served, Callable[[], None]]:
            made = self._make_osc(show)

            def put() -> None:
                made.take_over(before)
                self.osc, self._heard = made, show.osc

            return made, put

        asked = parse_address(show.osc.listen)[1]
        return self._server("osc", before, before.address[1], asked, make, show, old)

    def other_page(self, show: Show, old: Show) -> AdoptedPart | None:
        """The page, or none, as a saved show asks for it, where that is another. Raises Fault."""
        before = self.page
        if "preview" not in show.sinks:
            if before is None:
                return None

            def end() -> None:
                self.page = self._served = None
                before.stop()

            return AdoptedPart(["preview"], end)
        if before is not None and show.preview == self._served:
            return None

        def make(show: Show) -> tuple[Served, Callable[[], None]]:
            made = self._make_page(show)

            def put() -> None:
                self.page, self._served = made, show.preview
                self._played.log(f"the page is at {made.url}")

            return made, put

        port = -1 if before is None else parse_address(before.url.split("//")[1].strip("/"))[1]
        asked = parse_address(show.preview.listen)[1]
        return self._server("preview", before, port, asked, make, show, old)

    def _server(
        self,
        name: str,
        before: Served | None,
        port: int,
        asked: int,
        make: Callable[[Show], tuple[Served, Callable[[], None]]],
        show: Show,
        old: Show,
    ) -> AdoptedPart:
        """A server in the place of another. port: where that one is; asked: where the new one
        begins to look for a free one. make: a running one of a show, and what has it played. Two
        cannot be at one port: there the old one ends first, and one like it comes back when the
        rest of the save cannot be had."""
        clash = before is not None and asked <= port < asked + PORTS_TO_TRY

        def back() -> None:
            if clash:
                make(old)[1]()
                self.join()

        if clash and before is not None:
            before.stop()
        try:
            made, put = make(show)
        except Exception:
            back()
            raise

        def switch() -> None:
            put()
            if before is not None and not clash:
                before.stop()

        def drop() -> None:
            made.stop()
            back()

        return AdoptedPart([name], switch, drop)
