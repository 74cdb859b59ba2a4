"""A show being played: its parts built, started, watched and stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from vj.app.adopt import ShowAdopter
from vj.app.model_loader import ModelLoader
from vj.app.output_upscale import OutputUpscaler
from vj.app.sink_group import SinkGroup
from vj.app.servers import Servers
from vj.app.setup import flow_finder, painted_size, person_segmentation, split_preview, start_values
from vj.app.startup_times import Startup
from vj.control.osc.server import OscServer
from vj.control.replies import Notices
from vj.control.session import ControlSession
from vj.control.takes import Take
from vj.core.clock import WallClock
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.mailbox import Mailbox
from vj.core.memory import PERIOD, give_back
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor, TaskQueue
from vj.diffusion.devices import best_device
from vj.parameters.store import Store
from vj.parameters.table import Value
from vj.pipeline.interpolation import FrameInterpolation
from vj.pipeline.loop import RenderLoop
from vj.pipeline.person_segmentation import PersonThread
from vj.pipeline.upscale import make_upscaler
from vj.show.reload import ShowFile
from vj.show.schema import Show
from vj.show.validate import NOBODY
from vj.sources import SourceSettings
from vj.sources.capture import Capture
from vj.web.server import WebServer

BEGIN = 1.0
"""Seconds that a clip gets to open once more when the show begins."""


@dataclass(frozen=True)
class Opened:
    """Where a performance can be reached."""

    osc: OscServer
    page: WebServer | None
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
        take_log: Path | None = None,
        startup: Startup | None = None,
    ) -> None:
        """file: is watched, and what changes in it is applied. replay: a take that plays instead of
        hands. take_log: a take is written there. startup: takes down how long it takes until it
        paints."""
        self.show = show
        self._startup = startup
        self._file, self.replay = file, replay
        self.message = on_message
        """A line in the terminal alone; must not block."""
        self.servers = Servers(self)
        self.supervisor = Supervisor(self.log)
        self.recordings = TaskQueue(self.supervisor, "recordings")
        """For the render thread, which may not wait: recordings that begin and end."""
        self._notices = Notices(self.log, lambda text: self.servers.remark(text))
        self.over = threading.Event()
        self.clock = WallClock()
        self.metrics = Metrics()
        self.store = Store(start_values(show), show.table())
        size = painted_size(show, self.log)
        self.state = "starting"
        self._asked_to_begin: float | None = None
        self.playing_since: float | None = None
        """When the show began: with the first generated frame, or when the model had failed to
        load."""
        self.inbox: Mailbox[Frame] = Mailbox()
        sinks = [uri for uri in show.sinks if split_preview(uri)]
        self.sinks = SinkGroup(sinks, show.fps, self.clock, self.metrics, self.log, self.supervisor)
        self.sinks.first = None
        self.has_sinks = bool(sinks)
        self.output_upscaler: OutputUpscaler | None = None
        self.loader = ModelLoader(self)
        self.people = person_segmentation(show, True, self.log, self.supervisor)
        self.interpolation = FrameInterpolation(self._send, self.clock, show.fps, self.supervisor)
        self.loop = RenderLoop(
            size=size,
            fps=show.fps,
            fit=show.fit,
            clock=self.clock,
            store=self.store,
            inbox=self.inbox,
            publish=self._publish,
            metrics=self.metrics,
            on_message=self.log,
            segment_person=self.people,
            flow=flow_finder(show, self.log),
            supervisor=self.supervisor,
            on_begin=self._begin,
            may_begin=self._may_begin,
        )
        self.supervisor.watch(self.loop.pipeline.stage)
        self.session = ControlSession(
            show,
            self.store,
            self.clock,
            self.log,
            latency=lambda: self.metrics.recent_latency()[0],
            replay=replay,
            take_log=take_log,
            painted=lambda: self.loop.pipeline.size,
            write_cues=file.write_cues if file is not None else None,
            remark=self.remark,
            waits=True,
            supervisor=self.supervisor,
        )
        self.capture: Capture | None = None
        self.capture_settings: SourceSettings | None = None
        self.adopter = ShowAdopter(self)
        self._watching = threading.Lock()
        self.store.listeners.append(self._changed)

    def log(self, text: str) -> None:
        """A line for whoever plays: in the terminal and on the page. From any thread; waits for
        neither, see `vj.app.log.Writer`."""
        self.message(text)
        if (page := self.page) is not None:
            page.log(text)

    def start(self) -> Opened:
        """Everything on its way. The picture is there at once, untouched, and painted once the
        model is loaded. Raises Fault when there is no source, or no address free for OSC."""
        setting = self.setting_of(self.show)
        self.capture, self.capture_settings = (
            Capture(self.show.source, self.inbox, setting, self.log, self.supervisor),
            setting,
        )
        self.capture.start()
        try:
            self.capture.settle(0.5)
            if self.show.output is not None:
                self.output_upscaler = self.make_output_upscaler(
                    self.show, self.size, self.show.output
                )
            osc = self.servers.open(self.show)
        except BaseException:
            self.capture.stop(timeout=0.3)
            raise
        self.servers.join()
        self.mark("source, page and OSC")
        self.session.start()
        self.mark("MIDI, Link")
        if self.show.finish:
            self.log("finish: is for --offline; live it is left out")
        if self.show.slow > 1:
            self.log(f"slow: {self.show.slow} is for --offline; live plays at its own speed")
        self.sinks.start()
        self.loop.start()
        self.state = "loading the model"
        self.loader.load(self.show)
        self.supervisor.guard(self.over)
        self.supervisor.every("memory", give_back, PERIOD, self.over)
        if self.store.get("mask/mode") == "person" and self.people is None:
            self.remark(NOBODY)
        if self.store.get("record"):
            self.sinks.record(True)
        return Opened(
            osc,
            self.page,
            self.capture.uri + (", awaited" if self.capture.uri in self.capture.awaited else ""),
        )

    def mark(self, name: str) -> None:
        """For --startup-times: so far it took until this was done."""
        if self._startup is not None:
            self._startup.mark(name)

    def setting_of(self, show: Show) -> SourceSettings:
        """What a source of the show is told."""
        size = self.size if show.size == "auto" else painted_size(show, lambda text: None)
        return SourceSettings(
            self.clock,
            show.fps,
            size,
            show.loop,
            tuple(show.ndi_addresses),
            self.log,
            self.sinks.own,
        )

    def make_output_upscaler(
        self, show: Show, painted: Size, wanted: Size, quiet: bool = False
    ) -> OutputUpscaler:
        """Sends pictures of the show's output size. Raises Fault for a way of upscaling that cannot
        be had."""
        log = (lambda text: None) if quiet else self.log
        upscaler = make_upscaler(show.upscale, painted, wanted, str(best_device()), log)
        log(f"sent at {wanted}, upscaled by {upscaler.name}")

        def deliver(frame: Frame) -> None:
            self.sinks.put(frame)

        return OutputUpscaler(
            upscaler,
            deliver,
            self.metrics,
            self.log,
            1 / show.fps,
            painted=painted,
            supervisor=self.supervisor,
        )

    def _send(self, frame: OutputFrame) -> None:
        coming = self.loader.next_output_upscaler
        if coming is not None and frame.size == coming.painted:
            self.output_upscaler = coming
        (self.output_upscaler or self.sinks).put(frame)

    @property
    def osc(self) -> OscServer | None:
        return self.servers.osc

    @property
    def page(self) -> WebServer | None:
        return self.servers.page

    @property
    def size(self) -> Size:
        """What is painted, in pixels."""
        return self.loop.pipeline.size

    def remark(self, text: str) -> None:
        """What a backend finds out about what it was sent: for whoever plays, and for whoever sent
        it."""
        self._notices(text)

    def _may_begin(self) -> bool:
        """The model is there: a clip begins at its first picture, which the show begins with. Does
        not wait."""
        capture = self.capture
        if capture is None:
            return True
        now = self.clock.now()
        if self._asked_to_begin is None:
            self._asked_to_begin = now
            capture.begin_anew()
        return not capture.beginning or now - self._asked_to_begin > BEGIN

    def _begin(self, time: float) -> None:
        """The first generated frame is about to be sampled."""
        self.playing_since = time
        if self._startup is not None:
            self._startup.mark("the first generated frame begins")
            for line in self._startup.report():
                self.log(line)
        self.session.begin(time)

    def _publish(self, image: np.ndarray, frame: OutputFrame) -> None:
        if self.sinks.first is None:
            self.sinks.first = self.loop.first
        self.interpolation.put(frame, bool(self.store.get("output/interpolate")))
        if not self.has_sinks:
            self.metrics.latency(self.clock.now() - frame.captured)
        page = self.page
        if page is not None:
            page.show(image, frame)

    def _changed(self, name: str, value: Value, origin: object) -> None:
        """On the thread that made the change, the render thread too: a recording is begun and ended
        beside it."""
        if value == "person" and name == "mask/mode" and self.people is None:
            self.remark(NOBODY)
        if name == "record":
            self.recordings.put(lambda: self._record(bool(value)))

    def _record(self, on: bool) -> None:
        try:
            self.sinks.record(on)
        except Exception:
            if on:
                self.store.set("record", False)
            raise

    def watch(self) -> None:
        """To be called now and then: switches what has ended by itself, and applies what has been
        saved. Never throws; may take seconds while a source is opened."""
        if not self._watching.acquire(blocking=False):
            return
        try:
            self.supervisor.call("the watch over recordings", self._watch_recordings)
            self.supervisor.call(
                "the watch over the show file",
                self._watch_file,
                "the running show goes on as it was",
            )
        finally:
            self._watching.release()

    def watch_beside(self, seconds: float = 0.25) -> None:
        """Have that done on a thread of its own until the end."""
        self.supervisor.every("watch", self.watch, seconds, self.over)

    def _watch_recordings(self) -> None:
        self.sinks.watch()
        if self.sinks.failed_recording:
            self.store.set("record", False)

    def _watch_file(self) -> None:
        file = self._file
        changed = file.changed() if file is not None else None
        if (
            changed is not None
            and file is not None
            and self.state != "stopping"
            and not self._adopt(changed)
        ):
            file.rejected()

    def _adopt(self, show: Show) -> bool:
        """Another version of the show, as a whole or not at all. False when it could not be had,
        which is said."""
        return self.adopter.adopt(show, self._file)

    @property
    def dropped(self) -> int:
        """Pictures that came before whoever upscales or sends them was ready."""
        return self.sinks.dropped() + (
            self.output_upscaler.dropped if self.output_upscaler is not None else 0
        )

    @property
    def unguided(self) -> int:
        """Pictures upscaled the plain way, since there was no time to follow the input's edges."""
        return 0 if self.output_upscaler is None else self.output_upscaler.plain

    @property
    def source_state(self) -> str:
        return self.capture.state() if self.capture is not None else ""

    @property
    def awaited(self) -> list[str]:
        """Sources that would play instead of what does, were they there."""
        return self.capture.awaited if self.capture is not None else []

    @property
    def ended(self) -> bool:
        """The source has come to its end, as a clip played once does."""
        return self.capture is not None and self.capture.ended and self.playing_since is not None

    def playing_for(self) -> float:
        """Seconds since the model began to paint, or since it failed to load: what --for counts."""
        return 0.0 if self.playing_since is None else self.clock.now() - self.playing_since

    def stop(self) -> None:
        """End within two seconds, recordings closed, whatever else throws."""
        self.state = "stopping"
        self.over.set()
        self.recordings.close(timeout=0.2)
        ends: list[tuple[str, Callable[[], object]]] = [
            ("the render loop", lambda: self.loop.stop(timeout=0.6)),
            ("interpolation", lambda: self.interpolation.stop(timeout=0.2)),
            (
                "upscaling",
                lambda: self.output_upscaler.stop() if self.output_upscaler is not None else None,
            ),
            ("the sinks", lambda: self.sinks.stop(timeout=1.0)),
            ("the control session", self.session.stop),
            (
                "the person model",
                lambda: self.people.close() if isinstance(self.people, PersonThread) else None,
            ),
            ("OSC", lambda: self.osc.stop(timeout=0.3) if self.osc is not None else None),
            ("the page", lambda: self.page.stop(timeout=0.3) if self.page is not None else None),
            (
                "the source",
                lambda: self.capture.stop(timeout=0.3) if self.capture is not None else None,
            ),
        ]
        for name, end in ends:
            self.supervisor.call(f"{name}, at its end,", end)
