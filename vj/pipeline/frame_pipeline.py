"""The frame pipeline: a frame is prepared, painted (see `vj.pipeline.frame_painter`) and shown; and
what is shown when one of these steps fails, or nothing has changed.

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
from vj.effects.stages import Effects
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, GoesOn, PassThrough
from vj.pipeline.coming import Here
from vj.pipeline.first_frames import FirstFrames, Scenes
from vj.pipeline.flow_backends import Calculate
from vj.pipeline.frame_context import FrameContext, Shown, seen_through
from vj.pipeline.frame_painter import FramePainter
from vj.pipeline.input_measure import InputMeasure
from vj.pipeline.masks import SegmentPerson
from vj.pipeline.meeting_measure import MeetingMeasure
from vj.pipeline.optical_flow import MotionTracker
from vj.pipeline.painted import OneLate, PaintedFrame
from vj.pipeline.preparation import Preparation
from vj.pipeline.preprocess import Fit
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
        self._stillness = Stillness()
        self._frozen: FrameContext | None = None
        self.steps: Callable[[], bool] = lambda: False
        """Whether frames are painted though the picture is frozen, since they were asked for."""
        self.stand_in = StandIn(size, metrics, on_message)
        self._late = OneLate()
        self._motion = MotionTracker(flow, on_message, supervisor, metrics, live)
        self.stage = StageMarker()
        """Which step the current frame is in, for the watchdog."""
        self.effects = Effects(self.stage, supervisor)
        """Of the show's own."""
        self.effects.step_by(lambda: self.steps())
        self.preparation.effects = self.effects.before
        self.painter = FramePainter(
            size, self._motion, self.preparation.borders, metrics, self.stage, live
        )
        self._measure = InputMeasure(features, self._motion)
        self._meetings = MeetingMeasure(features, on_message, supervisor, live)

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
            self.painter.fade_from(last)
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
        self.painter.resize(size)

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
        self.painter.reset()
        self._stillness = Stillness()
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
        return self._finished(shown, snapshot)

    def pass_by(
        self,
        frame: Frame,
        snapshot: Snapshot,
        other: Frame | None = None,
        looks: bool = True,
        sees: bool = True,
    ) -> FrameContext:
        """A frame of a rendering that is not painted: what it would leave behind without its
        picture is there afterwards. other: as for `process`. looks, sees: see `FrameRange`."""
        backend = self.backend
        self.preparation.looks, self.preparation.sees = looks, sees
        context = self.preparation.of(frame, snapshot, backend, other)
        self.preparation.looks = self.preparation.sees = True
        self._measure.begin(context)
        self._meetings.look(frame, context, snapshot)
        if self._scenes.begins(context):
            self.reset()
        self._scenes.arrived(context)
        self._first.step(snapshot["steps"])
        if isinstance(backend, GoesOn):
            entered = backend.compositor.preprocess(
                context.model_input, snapshot, None, context.blank
            )
            backend.pass_by(entered, snapshot, context)
        self.effects.pass_by(snapshot, context.captured)
        self._measure.end()
        return context

    def _finished(self, shown: Shown, snapshot: Snapshot) -> Shown:
        """With its other pictures, and as the show's effects after the model make it. Offline one
        that waits is not shown."""
        wanted = self.preparation.views_wanted()
        shown = with_views(shown, wanted, self.backend.compositor, snapshot)
        if not self._live and shown.waiting:
            return shown
        return shown.with_effects(self.effects, snapshot, self._live)

    def _shown(self, frame: Frame, snapshot: Snapshot, other: Frame | None) -> Shown:
        begun = time.perf_counter()
        self.stage.enter("prepare")
        context = self.preparation.of(frame, snapshot, self.backend, other)
        self._measure.begin(context)
        self._meetings.look(frame, context, snapshot)
        self._metrics.lap("prepare", begun)
        if snapshot["output/freeze"] and not self.steps():
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
            and not self.painter.fades
        ):
            return self._again(context, snapshot, context)
        try:
            painter, held = self.painter, self._first.held
            painted = self._out(painter.paint(self.backend, context, snapshot, held))
            painted = self._late.next(painted, painter.comes_late(self.backend, snapshot))
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
        painted = self.painter.blend(self.backend, generated, snapshot, self._first.held)
        self._out(painted)
        return self._finished(self._arrive(painted, snapshot, generated.context), snapshot)

    def _out(self, painted: PaintedFrame | None) -> PaintedFrame | None:
        """A frame has come out of the model, or none."""
        if painted is not None:
            self._first.arrived()
            self._scenes.arrived(painted.context)
        return painted

    def _arrive(self, painted: PaintedFrame, snapshot: Snapshot, newest: FrameContext) -> Shown:
        begun = time.perf_counter()
        self.stage.enter("arrive")
        context, motion, arrived = painted.context, painted.motion, painted.coming.arrived()
        if not isinstance(painted.coming, Here):  # what a card was waited for
            self._metrics.lap("arrive", begun)
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
        self.stand_in.over = True
        self._motion.close()
        self._meetings.close()
        self.preparation.close()
        self.backend.close()
