"""A generated image's way out of a live show: frame interpolation, upscaling to the output's size,
the sinks; lamps that follow it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace

from vj.app.context import ShowContext
from vj.app.delay_line import DelayLine
from vj.app.lights import Lights
from vj.app.output_upscale import OutputUpscaler
from vj.app.replacement import Replacement, do_nothing
from vj.app.setup import sink_uris
from vj.app.sink_group import SinkGroup
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.packed import Packing
from vj.diffusion.devices import best_device_name
from vj.effects.stages import Effects
from vj.parameters.store import Snapshot
from vj.pipeline.coming import AS_PAINTED, WayOut
from vj.pipeline.frame_context import FrameContext, seen_through
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.interpolation import FrameInterpolation
from vj.pipeline.upscale import make_upscaler
from vj.show.schema import Show


class Outputs:
    """`open_upscaler`, `start`, then `stop`. `put` is called by the render thread and never
    waits."""

    def __init__(self, context: ShowContext) -> None:
        """Raises Fault for a URI no sink knows."""
        show, clock, metrics = context.run.show, context.clock, context.metrics
        log, supervisor = context.messages.log, context.supervisor
        self._metrics, self._log, self._supervisor = metrics, log, supervisor
        uris = sink_uris(show)
        self.sinks = SinkGroup(uris, show.fps, clock, metrics, log, supervisor)
        self.sinks.first_recorded = None
        self.has_sinks = bool(uris)
        self.lights = Lights(context)
        self.delayed = DelayLine(self._out, clock, log, supervisor)
        context.store.observers.append(self.delayed.follow)
        self.interpolation = FrameInterpolation(self._send, clock, show.fps, supervisor)
        self._clock = clock
        self._effects: Effects | None = None
        self._asks_rgb: Callable[[], bool] = lambda: False
        self.upscaler: OutputUpscaler | None = None
        """None where frames are sent at the size at which they are painted."""
        self.upscalers: Mapping[Size, OutputUpscaler] = {}
        """Those that can take over, by the painted size: each does so with the first frame of its
        size. Replaced, never changed in place."""

    def make_upscaler(
        self, show: Show, painted: Size, output: Size, quiet: bool = False
    ) -> OutputUpscaler:
        """An upscaler that delivers to the sinks, from the painted size to the output's, in
        pixels. quiet: what it falls back to is not logged. Raises Fault where the show's way of
        upscaling cannot be had."""
        log = (lambda text: None) if quiet else self._log
        device = best_device_name()
        upscaler = make_upscaler(
            show.upscale, painted, output, device, log, self._packing, show.tile
        )
        log(f"sent at {output}, upscaled by {upscaler.name}")
        return OutputUpscaler(
            upscaler,
            self._leave,
            self._metrics,
            self._log,
            1 / show.fps,
            painted=painted,
            supervisor=self._supervisor,
        )

    def open_upscaler(self, show: Show, painted: Size) -> None:
        """Where the show has an output size. Raises Fault as `make_upscaler` does."""
        if show.output is not None:
            self.upscaler = self.make_upscaler(show, painted, show.output)
            self.upscalers = {painted: self.upscaler}

    def _all_upscalers(self) -> list[OutputUpscaler]:
        now = [] if self.upscaler is None else [self.upscaler]
        return [*now, *(one for one in self.upscalers.values() if one not in now)]

    def takes(self, show: Show, painted: Size) -> bool:
        """Whether frames of this size can leave at once as the show says. From any thread."""
        upscaler = self.upscaler
        same = upscaler is not None and upscaler.painted == painted
        return show.output is None or same or painted in self.upscalers

    def add_upscaler(self, show: Show, painted: Size) -> None:
        """Where none is there for frames of this size, make one that takes over with the first of
        them. Raises Fault as `make_upscaler` does."""
        if show.output is not None and not self.takes(show, painted):
            made = self.make_upscaler(show, painted, show.output, quiet=True)
            self.upscalers = {**self.upscalers, painted: made}

    def use_upscaler(self, painted: Size) -> None:
        """The one for this size, whether a frame of it has come or not."""
        self.upscaler = self.upscalers.get(painted, self.upscaler)

    def remove_upscalers(self, but: Collection[Size]) -> None:
        """Stop those that no model is painted for any more. but: the sizes that are."""
        gone = {
            size: upscaler
            for size, upscaler in self.upscalers.items()
            if size not in but and upscaler is not self.upscaler
        }
        self.upscalers = {
            size: upscaler for size, upscaler in self.upscalers.items() if size not in gone
        }
        for upscaler in gone.values():
            upscaler.stop()

    def put(self, frame: OutputFrame, interpolate: bool) -> None:
        """A frame from the render loop. interpolate: fill the sinks' rate between frames."""
        if not self.delayed.delay:
            self.lights.put(frame.picture)
        self.interpolation.put(frame, interpolate)

    def _send(self, frame: OutputFrame) -> None:
        if self.upscaler is None or frame.size != self.upscaler.painted:
            self.upscaler = self.upscalers.get(frame.size, self.upscaler)
        if self.upscaler is None:
            self._leave(frame)
        else:
            self.upscaler.put(frame)

    def _leave(self, frame: Frame) -> None:
        """On its way out, as the show's effects at the end make it. From any thread."""
        effects, now = self._effects, self._clock.now()
        if effects is not None and effects.ends(now):
            frame = replace(frame, picture=effects.at_end(frame.pixels, now, frame.number))
        self.delayed.put(frame)

    def _out(self, frame: Frame) -> None:
        """To the sinks, and the lights that go with what is seen. From any thread."""
        if self.delayed.delay:
            self.lights.put(frame.picture)
        self.sinks.put(frame)

    def lead(self, pipeline: FramePipeline, asks_rgb: Callable[[], bool]) -> None:
        """Have it make what the sinks take. asks_rgb: somebody else takes the next pictures."""
        self._asks_rgb, self._effects = asks_rgb, pipeline.effects
        pipeline.preparation.views_wanted = lambda: self.sinks.views
        pipeline.painter.way_out = self.way_out

    def way_out(self, context: FrameContext, snapshot: Snapshot) -> WayOut:
        """How the picture of a frame leaves a card that paints it: as large as it is sent where an
        upscaler can do that there, and packed where a sink takes it so. The show's effects want it
        as it was painted, or not packed. From the render thread."""
        effects = self._effects
        if effects is not None and effects.after.plays(snapshot):
            return AS_PAINTED
        way = self._way_out(context, snapshot)
        packs = effects is None or not effects.end.plays(snapshot)
        return way if packs else replace(way, packed=None)

    def _way_out(self, context: FrameContext, snapshot: Snapshot) -> WayOut:
        painted = Size(context.image.shape[1], context.image.shape[0])
        upscaler = self.upscalers.get(painted, self.upscaler)
        if upscaler is None:
            return WayOut(packed=self._of_painted())
        on_card = upscaler.on_card if upscaler.painted == painted else None
        guide = None if on_card is None else seen_through(context.guide, snapshot)
        if on_card is not None:
            return WayOut(on_card, guide, self._packing(), self._not_on_card)
        return WayOut(packed=self._of_painted() if upscaler.as_painted else None)

    def _of_painted(self) -> Packing | None:
        """Of pictures that are sent as they are painted: their RGB is always asked for."""
        packing = self._packing()
        return None if packing is None else packing._replace(rgb=True)

    def _packing(self) -> Packing | None:
        packing = self.sinks.packing()
        return packing._replace(rgb=True) if packing and self._asks_rgb() else packing

    def _not_on_card(self, error: Exception) -> None:
        for upscaler in self._all_upscalers():
            upscaler.leave_card(error)

    def set_rate(self, fps: float) -> None:
        """Another number of frames a second."""
        self.interpolation.period = 1 / fps
        self.sinks.change_format(fps)
        for upscaler in self._all_upscalers():
            upscaler.keep_pace(1 / fps)

    def replace_sinks(self, show: Show, old: Show) -> Replacement | None:
        """The sinks of a saved show. Raises Fault for a URI no sink knows."""
        if show.sinks == old.sinks:
            return None
        uris = sink_uris(show)
        runners = self.sinks.prepare(uris)

        def apply() -> None:
            self.sinks.use(runners)
            self.has_sinks = bool(uris)

        return Replacement(["sinks"], apply)

    def replace_upscaler(self, show: Show, old: Show, painted: Size) -> Replacement | None:
        """The output size and the upscaling of a saved show. painted: in pixels. Raises Fault."""
        names = ("output", "upscale")
        changed = [name for name in names if getattr(show, name) != getattr(old, name)]
        if not changed:
            return None
        made: OutputUpscaler | None = None
        if show.output is not None:
            made = self.make_upscaler(show, painted, show.output)

        def apply() -> None:
            before = self._all_upscalers()
            self.upscaler, self.upscalers = made, {} if made is None else {painted: made}
            self.sinks.change_format(show.fps)
            for upscaler in before:
                upscaler.stop()

        return Replacement(changed, apply, made.stop if made is not None else do_nothing)

    @property
    def dropped(self) -> int:
        """Frames that were replaced by newer ones before the upscaler or a sink was ready."""
        return self.sinks.dropped() + (0 if self.upscaler is None else self.upscaler.dropped)

    @property
    def unguided(self) -> int:
        """Frames that were upscaled without their input's edges, since there was no time."""
        return 0 if self.upscaler is None else self.upscaler.plain

    def start(self) -> None:
        self.sinks.start()
        self.lights.start()

    def stop(self) -> None:
        """Interpolation, upscaling and sinks, whatever one of them raises."""
        call = self._supervisor.call
        call("interpolation, at its end,", lambda: self.interpolation.stop(timeout=0.2))
        for upscaler in self._all_upscalers():
            call("upscaling, at its end,", upscaler.stop)
        call("output/delay, at its end,", self.delayed.stop)
        call("the lights, at their end,", self.lights.stop)
        call("the sinks, at its end,", lambda: self.sinks.stop(timeout=1.0))
