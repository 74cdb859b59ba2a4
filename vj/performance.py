"""A show being played: its parts built, started, watched and stopped."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from vj.clock import WallClock
from vj.control.desk import Desk
from vj.control.osc import OscServer
from vj.control.takes import Take
from vj.engine.enlarge import make_enlarger
from vj.engine.fitting import sizes_for
from vj.engine.inbetween import Inbetween
from vj.engine.loading import make_painter
from vj.engine.loop import RenderLoop
from vj.engine.models import best_device
from vj.engine.people import Beside
from vj.engine.pocket_model import is_built_in
from vj.enlarging import Enlarging
from vj.errors import Fault
from vj.frame import Frame, Size
from vj.mailbox import Mailbox
from vj.metrics import Metrics
from vj.monitor.server import Monitor
from vj.outlets import Outlets
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.report import osc_status, status
from vj.show.reload import ShowFile
from vj.show.schema import Show, parse_address
from vj.sources import Setting
from vj.sources.feed import Feed, first_that_opens
from vj.staging import flow_finder, model_spec, painted_size, people_finder, split_preview, start_values

PORTS_TO_TRY = 20
SCORE = ("mappings", "answers", "ignored", "macros", "modulators", "cues", "timeline", "curves", "tempo", "midi")
LATER = ("output", "loop", "upscale", "person", "flow", "fps", "fit", "osc", "preview", "ndi_addresses")
"""What a running show cannot change."""

Server = TypeVar("Server", OscServer, Monitor)


@dataclass(frozen=True)
class Opened:
    """Where a performance can be reached."""

    osc: OscServer
    page: Monitor | None
    source: str


class Performance:
    """Plays one show live. `start`, then `stop`; the picture goes on until then."""

    def __init__(
        self,
        show: Show,
        on_message: Callable[[str], None],
        *,
        file: ShowFile | None = None,
        replay: Take | None = None,
        log: Path | None = None,
    ) -> None:
        """file: is watched, and what changes in it is applied. replay: a take that plays instead of hands. log: a take is written there."""
        self.show = show
        self._on_message, self._file, self._replay = on_message, file, replay
        self._lock = threading.Lock()
        self.clock = WallClock()
        self.metrics = Metrics()
        self.store = Store(start_values(show), show.table())
        self.size = painted_size(show, self.say)
        self.state = "starting"
        self.playing_since: float | None = None
        """When the model began to paint, or failed to load."""
        self.inbox: Mailbox[Frame] = Mailbox()
        sinks = [uri for uri in show.sinks if split_preview(uri)]
        self.outlets = Outlets(sinks, show.fps, self.clock, self.metrics, self.say)
        self._has_sinks = bool(sinks)
        self._enlarging: Enlarging | None = None
        self._loads = 0
        self._people = people_finder(show, True, self.say)
        self.inbetween = Inbetween(self._send, self.clock, show.fps)
        self.loop = RenderLoop(
            size=self.size,
            fps=show.fps,
            fit=show.fit,
            clock=self.clock,
            store=self.store,
            inbox=self.inbox,
            publish=self._publish,
            metrics=self.metrics,
            on_message=self.say,
            find_people=self._people,
            flow=flow_finder(show, self.say),
        )
        self.page: Monitor | None = None
        self.osc: OscServer | None = None
        self.desk = Desk(
            show,
            self.store,
            self.clock,
            self.say,
            latency=lambda: self.metrics.recent_latency()[0],
            replay=replay,
            log=log,
            painted=lambda: self.size,
            write_cues=file.write_cues if file is not None else None,
        )
        self._feed: Feed | None = None
        self.store.listeners.append(self._changed)

    def say(self, text: str) -> None:
        """A line for whoever plays: in the terminal and on the page. From any thread."""
        with self._lock:
            self._on_message(text)
            page = getattr(self, "page", None)
            if page is not None:
                page.say(text)

    def start(self) -> Opened:
        """Everything on its way. The picture is there at once, untouched, and painted once the model is loaded. Raises Fault when there
        is no source, or no address free for OSC."""
        setting = Setting(self.clock, self.show.fps, self.size, self.show.loop, tuple(self.show.ndi_addresses), self.say)
        uri, source = first_that_opens(self.show.source, setting, self.say)
        self._feed = Feed(uri, source, self.inbox, setting, self.say)
        if "preview" in self.show.sinks:
            listen = parse_address(self.show.preview.listen)
            self.page = self._bind(self._make_page, listen)
        reply = parse_address(self.show.osc.reply) if self.show.osc.reply else None

        def osc(address: tuple[str, int]) -> OscServer:
            return OscServer(self.store, address, clock=self.clock, reply=reply, status=lambda: osc_status(self), on_message=self.say)

        try:
            self.osc = self._bind(osc, parse_address(self.show.osc.listen))
        except Fault:
            source.close()
            raise
        self._conduct(self.osc)
        if self.page is not None:
            self.page.query.osc_address = self.osc.address
        self.desk.start()
        if self.show.finish:
            self.say("finish: is for --offline; live it is left out")
        if self.show.slow > 1:
            self.say(f"slow: {self.show.slow} is for --offline; live plays at its own speed")
        if self.show.output is not None:
            self._enlarge(self.show.output)
        self.outlets.start()
        self.loop.start()
        self._feed.start()
        self.state = "loading the model"
        threading.Thread(target=self._load, name="loader", daemon=True).start()
        if self.store.get("record"):
            self.outlets.record(True)
        return Opened(self.osc, self.page, uri)

    def _enlarge(self, wanted: Size) -> None:
        """Send pictures of the show's output size. Raises Fault for a way of upscaling that cannot be had."""
        say = self.say if self._enlarging is None else lambda text: None
        enlarger = make_enlarger(self.show.upscale, self.size, wanted, str(best_device()), say)
        self._enlarging = Enlarging(enlarger, self.outlets.put, self.metrics, self.say, 1 / self.show.fps)
        say(f"sent at {wanted}, enlarged by {enlarger.name}")

    def _send(self, frame: Frame) -> None:
        (self._enlarging or self.outlets).put(frame)

    def _conduct(self, osc: OscServer) -> None:
        osc.conduct(self.desk.conductor, [address for address, what in self.show.answers.items() if what == "now"], self.show.ignored)
        if self.page is not None:
            self.page.play_through(osc.dispatcher)

    def _make_page(self, address: tuple[str, int]) -> Monitor:
        def cues() -> list[str]:
            return list(self.desk.conductor.cues.cues)

        page = Monitor(self.store, address, status=lambda: status(self), on_message=self._on_message, cues=cues, announce=True)
        page.query.osc_address = parse_address(self.show.osc.listen)
        return page

    def _bind(self, make: Callable[[tuple[str, int]], Server], wanted: tuple[str, int]) -> Server:
        """A server at the address, or at the next free port: a second show beside the first one shall play too."""
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
                self.say(f"{refusal}; {host}:{port + offset} is used instead")
            return server
        assert refusal is not None
        raise refusal

    def _load(self) -> None:
        self._loads += 1
        number = self._loads

        loaded = threading.Event()

        def progress(text: str) -> None:
            if loaded.is_set():
                self._remark(text)
                return
            self.state = text
            self.say(text)

        try:
            snapshot = self.store.ahead(self.clock.now())
            spec, sizes = model_spec(self.show), self._sizes()
            quietly = self.loop.quietly()
            painter = make_painter(spec, self.show.engine, self.size, snapshot, True, progress, quietly, sizes, self.show.fit)
            if number != self._loads:  # the show was saved again meanwhile, and a newer model is on its way
                painter.close()
                return
            loaded.set()
            self.loop.offer(painter)
            self._resized(painter.canvas.size)
            if self._replay is not None:
                self._replay.rewind()
            self.state = "playing"
            self.say(f"playing with {painter.name}")
        except Fault as fault:
            self.state = "no model"
            self.say(f"{fault}; the input is shown untouched")
        except Exception as error:  # a loader's accident must not end the show
            self.state = "no model"
            self.say(f"model {self.show.model.name}: {type(error).__name__}: {error}; the input is shown untouched")
        self.playing_since = self.clock.now()

    def _sizes(self) -> tuple[Size, ...]:
        """What may be painted where the show leaves it open: by the shape of what comes in. Waits for the first frame a little."""
        if self.show.size != "auto" or self._replay is not None or not is_built_in(self.show.model.name):
            return ()
        until = self.clock.now() + 3
        while self.loop.journey.came is None and self.clock.now() < until and self.state != "stopping":
            time.sleep(0.02)
        return sizes_for(self.loop.journey.came or self.size)

    def _resized(self, size: Size) -> None:
        """Another size is painted from now on."""
        if size == self.size:
            return
        self.size = size
        old, output = self._enlarging, self.show.output
        if output is not None:
            self._enlarge(output)
        if old is not None:
            old.stop()

    def _remark(self, text: str) -> None:
        """What a painter finds out about what it was sent: for whoever plays, and for whoever sent it."""
        self.say(text)
        if self.osc is not None:
            self.osc.remark(text)

    def _publish(self, image: np.ndarray, frame: Frame) -> None:
        self.inbetween.put(frame, self.loop.journey.motion, bool(self.store.get("output/interpolate")))
        if not self._has_sinks:
            self.metrics.latency(self.clock.now() - frame.captured)
        if self.page is not None:
            self.page.show(image, frame)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        """On the thread that made the change. A take is opened by its own thread, so this does not block."""
        if name == "record":
            self.outlets.record(bool(value))

    def watch(self) -> None:
        """To be called now and then: switches what has ended by itself."""
        if self.outlets.failed_take:
            self.store.set("record", False)
        changed = self._file.changed() if self._file is not None else None
        if changed is not None:
            self._adopt(changed)

    def _adopt(self, show: Show) -> None:
        """Another version of the show: what can change while it plays does."""
        old, self.show = self.show, show
        moved = self.store.adopt(start_values(show), show.table())
        if any(getattr(old, name) != getattr(show, name) for name in SCORE):
            self.desk.adopt(show)
            moved.append("what moves them")
        if self.osc is not None:
            self._conduct(self.osc)
        if self.page is not None:
            self.page.tree_changed()
        if show.sinks != old.sinks:
            self.outlets.change([uri for uri in show.sinks if split_preview(uri)])
            moved.append("sinks")
            if ("preview" in show.sinks) != ("preview" in old.sinks):
                self.say("the preview page comes or goes with the next start")
        if show.source != old.source:
            moved.append("source")
            self._change_source(show)
        if self._fits(show) and (show.model != old.model or show.engine != old.engine):
            moved.append("model")
            threading.Thread(target=self._load, name="loader", daemon=True).start()
        later = [name for name in LATER if getattr(old, name) != getattr(show, name)]
        if show.size != "auto" and painted_size(show, lambda text: None) != self.size:
            later.append(f"size (it stays {self.size})")
        self.say(f"the show file was saved; changed: {', '.join(moved) or 'nothing that is not played otherwise'}")
        if later:
            self.say(f"{', '.join(later)}: with the next start")

    def _fits(self, show: Show) -> bool:
        """A model can paint the size that is playing; said where not."""
        fits = show.model.name == "none" or self.size == self.size.rounded(8)
        if not fits:
            self.say(f"model {show.model.name}: {self.size} is not in multiples of 8, which diffusion wants; it comes with the next start")
        return fits

    def _change_source(self, show: Show) -> None:
        """Another source in the old one's place; the old one stays when none can be opened."""
        setting = Setting(self.clock, show.fps, self.size, show.loop, tuple(show.ndi_addresses), self.say)
        try:
            uri, source = first_that_opens(show.source, setting, self.say)
        except Fault as fault:
            self.say(f"{fault}; the old source stays")
            return
        if self._feed is not None:
            self._feed.stop(timeout=1.0)
        self._feed = Feed(uri, source, self.inbox, setting, self.say)
        self._feed.start()

    @property
    def dropped(self) -> int:
        """Pictures that came before whoever enlarges or sends them was ready."""
        return self.outlets.dropped() + (self._enlarging.dropped if self._enlarging is not None else 0)

    @property
    def unguided(self) -> int:
        """Pictures enlarged the plain way, since there was no time to follow the input's edges."""
        return 0 if self._enlarging is None else self._enlarging.plain

    @property
    def source_state(self) -> str:
        return self._feed.state() if self._feed is not None else ""

    @property
    def ended(self) -> bool:
        """The source has come to its end, as a clip played once does."""
        return self._feed is not None and self._feed.ended

    def playing_for(self) -> float:
        """Seconds since the model began to paint, or since it failed to load: what --for counts."""
        return 0.0 if self.playing_since is None else self.clock.now() - self.playing_since

    def stop(self) -> None:
        """End within two seconds, recordings closed."""
        self.state = "stopping"
        self.loop.stop(timeout=0.6)
        self.inbetween.stop(timeout=0.2)
        if self._enlarging is not None:
            self._enlarging.stop()
        self.outlets.stop(timeout=1.0)
        self.desk.stop()
        if isinstance(self._people, Beside):
            self._people.close()
        for part in (self.osc, self.page, self._feed):
            if part is not None:
                part.stop(timeout=0.3)
