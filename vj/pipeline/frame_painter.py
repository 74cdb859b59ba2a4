"""How a frame is painted: fed back, given to the model, and blended; in steps, or as one piece of
work for a card."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from vj.core.frame import Size
from vj.core.metrics import Metrics
from vj.core.supervisor import StageMarker
from vj.kernels.numpy_ops import to_float
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, GeneratedImage, PaintsWhole
from vj.pipeline.background import unsmoothed
from vj.pipeline.border_painter import BorderPainter
from vj.pipeline.coming import AS_PAINTED, WayOut
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.journey import leading_flow, motion_of
from vj.pipeline.model_fade import ModelFade, faded_in
from vj.pipeline.optical_flow import MotionTracker
from vj.pipeline.painted import PaintedFrame
from vj.pipeline.riding import NoiseRide


class FramePainter:
    """Belongs to the render thread."""

    def __init__(
        self,
        size: Size,
        motion: MotionTracker,
        borders: BorderPainter,
        metrics: Metrics,
        stage: StageMarker,
        live: bool,
    ) -> None:
        self._motion, self._borders, self._live = motion, borders, live
        self._metrics, self._stage = metrics, stage
        self._fade: ModelFade | None = None
        self._ride = NoiseRide(size, motion)
        self.way_out: Callable[[FrameContext, Snapshot], WayOut] = lambda context, values: (
            AS_PAINTED
        )
        """How a frame's picture leaves a card, asked before it is painted there."""

    def resize(self, size: Size) -> None:
        """Paint another size from the next frame on."""
        self._ride = NoiseRide(size, self._motion)

    def fade_from(self, last: np.ndarray | None) -> None:
        """Another model paints from now on, and fades in from what the last one generated."""
        self._fade = None if last is None else ModelFade(last)

    @property
    def fades(self) -> bool:
        """A model is fading in."""
        return self._fade is not None

    def reset(self) -> None:
        """A hard cut: what frames have left is forgotten."""
        self._ride.reset()
        self._fade = None

    def comes_late(self, backend: Backend, snapshot: Snapshot) -> bool:
        """Pictures are shown one frame late, and painted meanwhile."""
        return self._live and backend.compositor.works_beside and snapshot["output/late"]

    def paint(
        self, backend: Backend, context: FrameContext, snapshot: Snapshot, held: float
    ) -> PaintedFrame | None:
        """The picture that arrives with this frame, which may be of an earlier one and still be
        coming; None while there is none. held: how much of the last generated image stays at least,
        0..1. Raises whatever the model does."""
        begun = time.perf_counter()
        self._stage.enter("flow")
        context = self._ride.of(context, snapshot)
        if context.ride is not None:
            self._metrics.lap("ride", begun)
        painted = self._whole(backend, context, snapshot, held)
        if painted is not None:
            return painted
        generated = self._generated(backend, context, snapshot)
        return None if generated is None else self.blend(backend, generated, snapshot, held)

    def _generated(
        self, backend: Backend, context: FrameContext, snapshot: Snapshot
    ) -> GeneratedImage | None:
        if context.background is not None:
            backend.clear()
            return GeneratedImage(context.background, context)
        begun = time.perf_counter()
        self._stage.enter("flow")
        flight = context.flight
        flow = leading_flow(context.image, flight, self._motion, snapshot)
        if flight is not None and flight.begins is not None:
            backend.compositor.take_over(to_float(flight.begins))
        begun = self._metrics.lap("flow", begun)
        self._stage.enter("feedback")
        least = None if flight is None else flight.share
        back = self._borders.back(backend, snapshot, context)
        entered = backend.compositor.preprocess(
            context.model_input, snapshot, flow, context.blank, least, back
        )
        begun = self._metrics.lap("feedback", begun)
        self._stage.enter("diffuse")
        if flight is not None and backend.builds_up:
            snapshot = flight.gentler(snapshot)
        generated = backend.paint(entered, snapshot, context)
        self._metrics.lap("diffuse", begun)
        return generated

    def _whole(
        self, backend: Backend, context: FrameContext, snapshot: Snapshot, held: float
    ) -> PaintedFrame | None:
        """The frame as one piece of work for a card; None where it is painted in its steps."""
        steps = (context.background, context.flight, self._fade)  # what wants them
        if not isinstance(backend, PaintsWhole) or any(one is not None for one in steps):
            return None
        if (shown := backend.takes_whole(snapshot, context)) is None:
            return None
        begun = time.perf_counter()
        self._stage.enter("flow")
        asked = self._motion.ask(context.image, snapshot)
        late = self.comes_late(backend, snapshot)
        if asked is not None and snapshot["feedback/amount"] == 0 and not late:
            return None  # it is found while the model runs
        flow = leading_flow(context.image, None, self._motion, snapshot)
        motion, after = motion_of(shown.image, shown.flight, self._motion, snapshot)
        begun = self._metrics.lap("flow", begun)
        self._stage.enter("diffuse")
        backend.compositor.way_out = self.way_out(shown, snapshot)
        coming = backend.paint_whole(snapshot, context, held, flow, after)
        self._metrics.lap("diffuse", begun)
        return None if coming is None else PaintedFrame(coming, shown, motion)

    def blend(
        self, backend: Backend, generated: GeneratedImage, snapshot: Snapshot, held: float
    ) -> PaintedFrame:
        """What a model has generated, over the last generated image, the input and the mask. held:
        as for `paint`."""
        begun = time.perf_counter()
        self._stage.enter("finish")
        context = generated.context
        motion, flow = motion_of(context.image, context.flight, self._motion, snapshot)
        if context.background is not None:  # it stands still, whatever moves before it
            flow, snapshot = None, unsmoothed(snapshot)
        compositor = backend.compositor
        painted, self._fade = faded_in(self._fade, compositor, generated.picture, snapshot, flow)
        compositor.way_out = self.way_out(context, snapshot)
        coming = compositor.postprocess(painted, context.dry, snapshot, held, flow, context.mask)
        self._metrics.lap("finish", begun)
        return PaintedFrame(coming, context, motion)
