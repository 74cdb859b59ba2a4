"""A show rendered offline: on frame time, every frame once, the same bytes every time on a CPU."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from vj.app.background_source import OfflineBackgroundSource
from vj.app.chosen import with_recipe
from vj.app.marking import mark_of
from vj.app.offline_controls import OfflineControls
from vj.app.offline_finish import make_last_touch
from vj.app.offline_masks import MissingMasks
from vj.app.offline_models import OfflineModels
from vj.app.offline_pictures import OfflinePictureSources
from vj.app.offline_sound import OfflineSound
from vj.app.offline_sources import OfflineSources
from vj.app.offline_summary import summary_of
from vj.app.offline_times import FrameTimes
from vj.app.output_upscale import scaled
from vj.app.picture_state import PictureState
from vj.app.portraits import opener
from vj.app.setup import (
    check_style_pictures,
    depth_finder,
    flow_finder,
    network_between,
    painted_size,
    person_segmentation,
    slow_motion,
    start_values,
)
from vj.app.show_effects import RenderedEffects
from vj.app.show_tracks import starter
from vj.app.snapshot import rendered_snapshots
from vj.control.audio import SourceSound
from vj.control.takes import Take, TakeWriter
from vj.core.clock import FrameClock
from vj.core.errors import Fault
from vj.core.frame import Frame, Guide, OutputFrame, Size
from vj.core.input_features import InputFeatures
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.diffusion.making import MakesBackend, make_backend
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import Backend, PassThrough
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.frame_range import WHOLE, FrameRange
from vj.pipeline.in_between import picture_maker
from vj.pipeline.interpolation import Views
from vj.pipeline.loop import RenderLoop
from vj.show.names import source_names
from vj.show.own_shows import walks_folder
from vj.show.schema import Show
from vj.sinks import SinkSettings, make_sink
from vj.sinks.mark import Mark
from vj.sinks.rule import parse
from vj.sinks.runner import SinkRunner
from vj.sources import SourceSettings

RENDERED = ("record",)
"""Kinds of sinks that make sense offline; the others are left out, and that is logged."""

Report = Callable[[int, int | None], None]
"""(frames done, frames in all or None)."""


class Rendering:
    """Renders one show. `run` on the caller's thread; `stop` from another ends it after the frame
    that is being rendered, with the recording closed."""

    def __init__(
        self,
        show: Show,
        on_message: Callable[[str], None],
        seconds: float | None = None,
        fps: float | None = None,
        replay: Take | None = None,
        take_log: Path | None = None,
        file: Path | None = None,
        part: FrameRange = WHOLE,
        make: MakesBackend = make_backend,
        rate: float | None = None,
    ) -> None:
        """seconds: how much to render, None for all of a clip, or of a take. fps: None takes the
        clip's own rate, or the times of its frames where those vary, else the show's rate. replay:
        a take that plays instead of the show's own automation. take_log: a take is written there.
        file: the show's, for its snapshots. part: of it; a part has no sound of its own. make:
        makes the backends. rate: frames a second, where it is known already.

        Raises Fault for a show that has no end, no recording, or a live source.
        """
        show = with_recipe(show)
        self.show, self._log, self._seconds, self._fps = show, on_message, seconds, fps
        self._replay, self._take_log, self._file = replay, take_log, file
        if replay is not None and seconds is None:
            self._seconds = replay.end or replay.seconds + 1 / show.fps
        self.metrics = Metrics()
        self._part, self._make, self._known_rate = part, make, rate
        self.rate = show.fps
        """Frames a second that are written, once it runs."""
        self.on_sound: Callable[[np.ndarray], None] = lambda samples: None
        """Takes what is heard, (n, 2) float32, where the frames pass by."""
        self.between: Callable[[PictureState, int], None] = lambda state, came: None
        """Told before each frame what earlier ones have left, and how many have come."""
        self._stop = threading.Event()
        self._begun = time.monotonic()
        left_out = [uri for uri in show.sinks if uri.partition(":")[0] not in RENDERED]
        self._sinks = [uri for uri in show.sinks if uri not in left_out]
        if not self._sinks:
            raise Fault(
                "offline rendering needs somewhere to go: --sink record:out.mp4, or "
                "record:frames/ for numbered pictures"
            )
        if left_out:
            on_message(f"offline, {', '.join(left_out)} is left out")
        self.runners: list[SinkRunner] = []
        self._take: TakeWriter | None = None
        self._loop: RenderLoop | None = None
        self._controls: OfflineControls | None = None
        self._sound: OfflineSound | None = None
        self.rendered = 0
        self._newest = np.zeros((1, 1, 3), np.uint8)
        """What was delivered last."""
        self.features = InputFeatures()
        """What is measured of the input, once it runs."""
        self.model = show.model.name
        self.mark: Mark | None = None
        """What the recordings say of how they were made."""

    def stop(self) -> None:
        self._stop.set()

    def run(self, report: Report = lambda done, total: None) -> int:
        """Render. Returns the number of frames written. Raises Fault when the source, the model or
        every recording fails."""
        show, part = self.show, self._part
        check_style_pictures(show, played_anew=self._replay is None)
        size = painted_size(show, self._log)
        if show.size == "auto":
            if self._replay is not None and self._replay.size is not None:
                size = self._replay.size
            taken = self._replay is not None and self._replay.size == size
            self._log(f"size: auto is {size} offline{' as in the take' if taken else ''}")
        clock = FrameClock(show.fps)
        network = network_between(show, self._log)
        settings = SourceSettings(
            clock,
            self._fps or show.fps,
            size,
            show.loop and self._seconds is not None,
            tuple(show.ndi_addresses),
            self._log,
            listed=lambda: show.source,
            between=partial(picture_maker, network),
        )
        store = Store(start_values(show), show.table())
        models = OfflineModels(show, size, self._log, self._paints, self._replay, self._make)
        models.check()
        sources = OfflineSources(show, settings, self._log, self._seconds, self._replay)
        names = source_names(show.sources, show.source)
        beside = OfflinePictureSources(names, settings, self._log)
        behind = OfflineBackgroundSource(names, settings, self._log)
        try:
            first = sources.open(self._begins_with(store))
            own = self._known_rate or self._fps or getattr(first, "fps", None) or show.fps
            constant = self._known_rate is not None or self._fps is not None
            total = sources.plan(own, constant, whole=part.whole)
            sources.unseen = part.unseen
            clock.fps = fps = self.rate = sources.rate
            times = sources.times
            sources.chosen = lambda row, name: store.set(row, name, sources)
            features = self.features = InputFeatures()
            heard = SourceSound()
            controls = OfflineControls(show, store, clock.now, self._log, features, heard)
            self._controls = controls
            controls.happenings.listeners.append(starter(store, lambda: show.sounds))
            sound = self._sound = OfflineSound(show, sources.decks, sources.uris, heard, self._log)
            segment_person = person_segmentation(show, False, self._log)
            nobody, flat = segment_person is None, show.depth is None
            store.observers.append(MissingMasks(nobody, flat, self._log).observe)
            store.automation = self._replay or controls.engine
            if self._take_log is not None:
                self._take = TakeWriter(self._take_log, show.show, self._log, lambda: size)
            runners = self.runners = [self._runner(uri, clock, fps, times) for uri in self._sinks]

            effects = RenderedEffects(show, fps if times is None else 0, self.metrics, self._log)
            upscale = make_last_touch(show, size, fps, self._log)

            snapshots = rendered_snapshots(
                show,
                store,
                lambda: None if self._replay else controls.engine.timeline_position(),
                lambda: self.mark,
                self._log,
                self._file,
                self._replay is not None,
                fps,
            )

            def deliver_sound(take: Callable[[float], np.ndarray]) -> None:
                """As long as the frames that are written."""
                number, end = self.rendered - 1, self.rendered / fps
                if times is not None and self.rendered:
                    end = times.span(number, show.slow)[1]
                samples = take(end)
                self.on_sound(samples)
                for runner in runners if part.whole else ():
                    runner.deliver_sound(clock.now(), samples)

            def passed() -> None:
                """The next picture that is made is the frame's after this one."""
                self.rendered += show.slow
                deliver_sound(sound.take)

            def deliver(picture: np.ndarray, guide: Guide | None, views: Views) -> None:
                if not part.writes(self.rendered, show.slow):
                    effects.passed(self.rendered)
                    self.rendered += 1
                    return
                picture = self._newest = effects.at_end(upscale(picture, guide), self.rendered)
                size = Size(picture.shape[1], picture.shape[0])
                views = {name: scaled(view, size) for name, view in views.items()}
                frame = OutputFrame(picture, self.rendered, clock.now(), views=views)
                alive = [runner.deliver(frame) for runner in runners]
                self.rendered += 1
                deliver_sound(sound.take)
                report(self.rendered, None if total is None else (total - 1) * show.slow + 1)
                if not any(alive) or part.over(self.rendered, show.slow):
                    self._stop.set()

            flow = flow_finder(show, self._log)
            slow = slow_motion(show, deliver, flow, network)

            def publish(context: FrameContext, frame: OutputFrame) -> None:
                if part.writes(self.rendered, show.slow):
                    snapshots.published(frame.number, frame.captured)
                else:
                    snapshots.forget()
                effects.moment = frame.captured
                slow.put(context.image, frame.pixels, frame.guide, frame.views)
                snapshots.sent(Frame(self._newest, frame.number, frame.captured))

            loop = self._loop = RenderLoop(
                size=size,
                fps=fps,
                fit=show.fit,
                clock=clock,
                store=store,
                inbox=Mailbox(),
                publish=publish,
                metrics=self.metrics,
                on_message=self._log,
                segment_person=segment_person,
                flow=flow,
                features=features,
            )
            effects.lead(loop.pipeline)
            loop.pipeline.preparation.depth.find = depth_finder(show, False, self._log)
            wanted = frozenset().union(*(runner.rule.views for runner in runners))
            loop.pipeline.preparation.views_wanted = lambda: wanted
            loop.pipeline.preparation.portraits.open = opener(lambda: show)
            pictures = loop.pipeline.preparation.pictures
            pictures.newest, pictures.on_decks = beside.newest, sources.on_decks
            loop.pipeline.preparation.background.newest = behind.latest
            store.observers.append(behind.observe)
            loop.pipeline.preparation.keep_walks(walks_folder(self._file), network)
            # All of a recording says what some of it is: a movie has one mark.
            painting = models.painting()
            self.mark = mark_of(painting, painting.model, True) if painting is not None else None
            loop.offer(models.open(store.ahead(0.0)))

            def seen(snapshot: Snapshot) -> None:
                sound.frame(snapshot, clock.next)
                if self._take is not None:
                    self._take.record(snapshot)

            ahead, other = sources.ahead, sources.other
            state = PictureState(self, loop, models=models.loaded, slow=slow, touch=upscale)
            between = partial(self.between, state)
            loop.render(sources, self._stop, models, ahead, other, seen, part, passed, between)
            deliver_sound(sound.rest)
        finally:
            with ExitStack() as ends:  # each of them, whatever another raises; the recordings first
                ends.callback(sources.close)
                ends.callback(beside.close)
                ends.callback(behind.close)
                ends.callback(models.close)
                if self._sound is not None:
                    ends.callback(self._sound.close)
                if self._controls is not None:
                    ends.callback(self._controls.close)
                if self._take is not None:
                    end = None if sources.times is None else clock.now()
                    ends.callback(self._take.close, end=end)
                if self._loop is not None:
                    ends.callback(self._loop.stop)
                for runner in self.runners:
                    ends.callback(runner.stop, timeout=30)
        if self.runners and all(runner.failed_for_good for runner in self.runners):
            raise Fault(f"the rendering ended before its time: {self.runners[0].state()}")
        return self.rendered

    def _begins_with(self, store: Store) -> Snapshot:
        """The parameters of the first frame, as far as they are known before it."""
        values = dict(store.ahead(0.0).values)
        if self._replay is not None:
            self._replay.modulate(values, 0.0)
        return Snapshot(values, 0.0)

    def _paints(self, show: Show, backend: Backend) -> None:
        """Another model paints, the one of this show."""
        self.model = backend.name
        if self._controls is not None and self._replay is None:
            self._controls.follow(show)
        mark = mark_of(show, show.model, not isinstance(backend, PassThrough))
        self.mark = mark or self.mark

    def _runner(
        self, uri: str, clock: FrameClock, fps: float, times: FrameTimes | None
    ) -> SinkRunner:
        painted = parse(uri).painted
        mark = (lambda: self.mark) if painted else lambda: None
        span = None
        if times is not None:
            span = lambda: times.span(self.rendered, self.show.slow)  # noqa: E731
        sound = lambda: self._part.whole and self.heard  # noqa: E731
        sink = make_sink(uri, SinkSettings(clock, live=False, mark=mark, span=span, sound=sound))
        if times is not None:
            fps = times.rate if getattr(sink, "folder", False) else times.clip.fps or fps
        return SinkRunner(uri, sink, Mailbox(), fps, self._log, clock=clock)

    @property
    def heard(self) -> bool:
        """There is something to hear; to be asked from the first frame on."""
        return self._sound is not None and self._sound.sounds()

    def summary(self) -> dict[str, Any]:
        """How it went, for the end: what the terminal and `--json` get."""
        sent, name = {runner.uri: runner.sent for runner in self.runners}, self.show.show
        return summary_of(name, self.model, self._begun, self.rendered, self.metrics, sent)
