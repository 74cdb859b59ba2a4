"""The frame pipeline: a frame is prepared, fed back, given to the model, blended and finished; and
what is shown when one of these steps fails.

The same code plays live and renders offline; `loop.py` decides which frames come and when.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import cv2

from vj.core.canvas import Canvas
from vj.core.errors import is_out_of_memory, told
from vj.core.frame import Frame, Size
from vj.core.input_features import InputFeatures
from vj.core.metrics import Metrics
from vj.core.supervisor import StageMarker, Supervisor
from vj.kernels.numpy_ops import to_float
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, GeneratedImage, PaintsWhole, PassThrough
from vj.pipeline.background import unsmoothed
from vj.pipeline.coming import AS_PAINTED, ComingPicture, Here, WayOut
from vj.pipeline.first_frames import FirstFrames, Scenes
from vj.pipeline.flow_backends import Calculate
from vj.pipeline.frame_context import FrameContext, Shown, seen_through
from vj.pipeline.input_measure import InputMeasure
from vj.pipeline.journey import leading_flow, motion_of
from vj.pipeline.masks import SegmentPerson
from vj.pipeline.meeting_measure import MeetingMeasure
from vj.pipeline.model_fade import ModelFade, faded_in
from vj.pipeline.optical_flow import Motion, MotionTracker
from vj.pipeline.painted import OneLate, PaintedFrame
from vj.pipeline.preparation import Preparation
from vj.pipeline.preprocess import Fit
from vj.pipeline.riding import NoiseRide
from vj.pipeline.stand_in import StandIn
from vj.pipeline.stillness import Stillness
from vj.pipeline.views import with_views


class FramePipeline:
    """Takes frames, gives the pictures to show. Belongs to the render thread."""

    def __init__(
        self,
        size: Size,
        fit: Fit,
        metrics: Metrics,
        on_message: Callable[[str], None],
        segment_person: SegmentPerson | None = None,
        flow: Calculate | None = None,
        *,
        live: bool = False,
        supervisor: Supervisor | None = None,
        canvas: Canvas | None = None,
        features: InputFeatures | None = None,
    ) -> None:
        """segment_person: see `vj.pipeline.person_segmentation`. flow: see
        `vj.pipeline.flow_backends`. live: a flow that does not come is not waited for, and faces
        and bodies are looked for beside the picture. supervisor: counts and logs faults. canvas:
        what people draw, for masks and lines; it gets the size that is painted. features: what is
        measured of the input for modulators."""
        self.size = size
        supervisor = supervisor or Supervisor(on_message)
        self.preparation = Preparation(
            size,
            fit,
            metrics,
            on_message,
            segment_person,
            live=live,
            supervisor=supervisor,
            canvas=canvas,
        )
        self._metrics, self._log, self._live = metrics, on_message, live
        self.backend: Backend = PassThrough(size)
        self._first, self._scenes = FirstFrames(), Scenes()
        self._exchanged = False
        self._model_fade: ModelFade | None = None
        self._stillness = Stillness()
        self._frozen: FrameContext | None = None
        self.stand_in = StandIn(size, metrics, on_message)
        self._late = OneLate()
        self.way_out: Callable[[FrameContext, Snapshot], WayOut] = lambda context, values: (
            AS_PAINTED
        )
        """How a frame's picture leaves a card, asked before it is painted there."""
        self._motion = MotionTracker(flow, on_message, supervisor, metrics, live)
        self._ride = NoiseRide(size, self._motion)
        self._measure = InputMeasure(features, self._motion)
        self._meetings = MeetingMeasure(features, on_message, supervisor, live)
        self.stage = StageMarker()
        """Which step the current frame is in, for the watchdog."""

    def swap(self, backend: Backend) -> None:
        """Go on with another backend, from the last one's generated image; and at its size, if that
        is another. The last one is closed."""
        self.exchange(backend).close()

    def exchange(self, backend: Backend) -> Backend:
        """The same; the last backend is returned, to be closed where waiting is allowed. Raises
        whatever the new one throws, and the last one plays on."""
        size = backend.compositor.size
        last = self.backend.compositor.last()
        if last is not None and size != self.size:
            last = cv2.resize(last, size, interpolation=cv2.INTER_LINEAR)
        if last is None:
            backend.compositor.reset()
        else:
            backend.compositor.take_over(last)
        if size != self.size:
            self._resize(size)
        old, self.backend = self.backend, backend
        self.preparation.leave(old)
        if self._exchanged:
            self._model_fade = None if last is None else ModelFade(last)
        else:  # what played before was none
            self._first.begin()
            self._exchanged = True
        self._late.clear()
        self.stand_in.forget_faults()
        return old

    def refit(self, fit: Fit) -> None:
        """Fit what comes in another way into what is painted, from the next frame on."""
        self.preparation.refit(fit)
        self._stillness = Stillness()

    def use_flow(self, flow: Calculate | None) -> None:
        """Find the motion another way, from the next frame on."""
        self._motion.use(flow)

    def use_person_segmentation(self, segment_person: SegmentPerson | None) -> None:
        """Find people another way, from the next frame on."""
        self.preparation.masks.segment_person = segment_person

    def _resize(self, size: Size) -> None:
        """Paint another size from the next frame on. What is remembered of the old one goes."""
        self.size = size
        self.preparation.resize(size)
        self.stand_in.resize(size)
        self._stillness = Stillness()
        self._frozen = self._motion.reference = None
        self._ride = NoiseRide(size, self._motion)

    @property
    def input_size(self) -> Size | None:
        """The size of the frames that come in; None before the first."""
        return self.preparation.input_size

    @property
    def fails(self) -> bool:
        """The backend has failed in its newest frame. From any thread."""
        return self.stand_in.failing

    def release_backend(self) -> None:
        """End the threads of its own, and leave the backend to another pipeline."""
        self._motion.close()
        self._meetings.close()
        self.preparation.close()
        self.backend.compositor.reset()
        self.backend.clear()

    def reset(self) -> None:
        """A hard cut: all that frames have left is forgotten, as at a fresh start. What goes by its
        own time stays: prompts that travel, walks, journeys."""
        self.backend.reset()
        self._ride.reset()
        self._stillness, self._model_fade = Stillness(), None
        self._first.reset()
        self._forget_pictures()

    def _forget_pictures(self) -> None:
        self.backend.compositor.reset()
        self._motion.reference = None

    def process(self, frame: Frame, snapshot: Snapshot, other: Frame | None = None) -> Shown:
        """Take a frame in, give the picture to show now. Whatever the model throws, there is one.
        other: deck B's newest frame; None where there is no deck B."""
        shown = self._shown(frame, snapshot, other)
        self._measure.end()
        return self._with_views(shown, snapshot)

    def _with_views(self, shown: Shown, snapshot: Snapshot) -> Shown:
        wanted = self.preparation.views_wanted()
        return with_views(shown, wanted, self.backend.compositor, snapshot)

    def _shown(self, frame: Frame, snapshot: Snapshot, other: Frame | None) -> Shown:
        begun = time.perf_counter()
        self.stage.enter("prepare")
        context = self.preparation.of(frame, snapshot, self.backend, other)
        self._measure.begin(context)
        self._meetings.look(frame, context, snapshot)
        self._lap("prepare", begun)
        if snapshot["output/freeze"]:
            self._frozen = self._frozen or self.stand_in.latest or context
            return self._again(context, snapshot, self._frozen)
        self._frozen = None
        if self._scenes.begins(context):
            self.reset()
        elif self._scenes.arriving:  # frames that went in before the cut
            self._forget_pictures()
        self._first.step(snapshot["steps"])
        if (
            self._stillness.is_still(
                None if context.moves_on else context.image,
                snapshot,
                (self.preparation.strokes.leading(snapshot), context.taken),
            )
            and self.backend.settled
            and self._model_fade is None
        ):
            return self._again(context, snapshot, context)
        try:
            painted = self._whole(context := self._ride.of(context, snapshot), snapshot)
            if painted is None:
                generated = self._paint(context, snapshot)
                painted = None if generated is None else self._blend(generated, snapshot)
            painted = self._late.next(painted, self._comes_late(snapshot))
            if painted is not None:
                return self._arrive(painted, snapshot, context)
        except Exception as error:  # whatever a model throws, out of memory too
            self._late.clear()
            self.stand_in.out_of_memory = is_out_of_memory(error)
            return self.stand_in.failed(self.backend, context, snapshot, told(error))
        self._metrics.repeated += 1
        return replace(self.stand_in.again(self.backend, context, snapshot, context), waiting=True)

    def _again(self, context: FrameContext, snapshot: Snapshot, base: FrameContext) -> Shown:
        """The last picture once more, and none is on its way."""
        self._metrics.repeated += 1
        self._late.clear()
        return self.stand_in.again(self.backend, context, snapshot, base)

    def drain(self, snapshot: Snapshot) -> Shown | None:
        """The next picture still under way when no frames follow; None when all have arrived."""
        try:
            generated = self.backend.drain()
        except Exception as error:  # as in `process`
            self._metrics.faults += 1
            self.backend.clear()
            self._log(f"the model failed ({told(error)}); the last frames are repeated")
            return None
        if generated is None:
            return None
        painted = self._blend(generated, snapshot)
        return self._with_views(self._arrive(painted, snapshot, generated.context), snapshot)

    def _paint(self, context: FrameContext, snapshot: Snapshot) -> GeneratedImage | None:
        if context.background is not None:
            self.backend.clear()
            return GeneratedImage(context.background, context)
        begun = time.perf_counter()
        self.stage.enter("flow")
        flight = context.flight
        flow = leading_flow(context.image, flight, self._motion, snapshot)
        if flight is not None and flight.begins is not None:
            self.backend.compositor.take_over(to_float(flight.begins))
        begun = self._lap("flow", begun)
        self.stage.enter("feedback")
        least = None if flight is None else flight.share
        back = self.preparation.borders.back(self.backend, snapshot, context)
        entered = self.backend.compositor.preprocess(
            context.model_input, snapshot, flow, context.blank, least, back
        )
        begun = self._lap("feedback", begun)
        self.stage.enter("diffuse")
        if flight is not None and self.backend.builds_up:
            snapshot = flight.gentler(snapshot)
        generated = self.backend.paint(entered, snapshot, context)
        self._lap("diffuse", begun)
        return generated

    def _whole(self, context: FrameContext, snapshot: Snapshot) -> PaintedFrame | None:
        """The frame as one piece of work for a card; None where it is painted in its steps."""
        backend = self.backend
        steps = (context.background, context.flight, self._model_fade)  # what wants them
        if not isinstance(backend, PaintsWhole) or any(one is not None for one in steps):
            return None
        if (shown := backend.takes_whole(snapshot, context)) is None:
            return None
        begun = time.perf_counter()
        self.stage.enter("flow")
        asked = self._motion.ask(context.image, snapshot)
        late = self._comes_late(snapshot)
        if asked is not None and snapshot["feedback/amount"] == 0 and not late:
            return None  # it is found while the model runs
        flow = leading_flow(context.image, None, self._motion, snapshot)
        motion, after = motion_of(shown.image, shown.flight, self._motion, snapshot)
        begun = self._lap("flow", begun)
        self.stage.enter("diffuse")
        backend.compositor.way_out = self.way_out(shown, snapshot)
        coming = backend.paint_whole(snapshot, context, self._first.held, flow, after)
        self._lap("diffuse", begun)
        return None if coming is None else self._on_its_way(coming, shown, motion)

    def _blend(self, generated: GeneratedImage, snapshot: Snapshot) -> PaintedFrame:
        begun = time.perf_counter()
        self.stage.enter("finish")
        context = generated.context
        motion, flow = motion_of(context.image, context.flight, self._motion, snapshot)
        if context.background is not None:  # it stands still, whatever moves before it
            flow, snapshot = None, unsmoothed(snapshot)
        compositor = self.backend.compositor
        painted, self._model_fade = faded_in(
            self._model_fade, compositor, generated.picture, snapshot, flow
        )
        compositor.way_out = self.way_out(context, snapshot)
        coming = compositor.postprocess(
            painted, context.dry, snapshot, self._first.held, flow, context.mask
        )
        self._lap("finish", begun)
        return self._on_its_way(coming, context, motion)

    def _comes_late(self, snapshot: Snapshot) -> bool:
        return self._live and self.backend.compositor.works_beside and snapshot["output/late"]

    def _on_its_way(
        self, coming: ComingPicture, context: FrameContext, motion: Motion | None
    ) -> PaintedFrame:
        self._first.arrived()
        self._scenes.arrived(context)
        return PaintedFrame(coming, context, motion)

    def _arrive(self, painted: PaintedFrame, snapshot: Snapshot, newest: FrameContext) -> Shown:
        begun = time.perf_counter()
        self.stage.enter("arrive")
        context, motion, arrived = painted.context, painted.motion, painted.coming.arrived()
        if not isinstance(painted.coming, Here):  # what a card was waited for
            self._lap("arrive", begun)
        if arrived is None:
            return self.stand_in.failed(self.backend, newest, snapshot, "the model gave NaN")
        self.stand_in.painted(context)
        self._motion.reference = self._late.newest(context).image
        self.preparation.observe(context, arrived.picture)
        known = motion.known if motion and snapshot["output/interpolate"] else None
        finished = replace(context, guide=seen_through(context.guide, snapshot), motion=known)
        return Shown(arrived.picture, finished, sent=arrived.sent)

    def close(self) -> None:
        """End its threads, the backend's too."""
        self._motion.close()
        self._meetings.close()
        self.preparation.close()
        self.backend.close()

    def _lap(self, stage: str, begun: float) -> float:
        now = time.perf_counter()
        self._metrics.stage(stage, now - begun)
        return now
