"""The frame pipeline: a frame is prepared, fed back, given to the model, blended and finished; and
what is shown when one of these steps fails.

The same code plays live and renders offline; `loop.py` decides which frames come and when.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from vj.core.canvas import Canvas
from vj.core.errors import told
from vj.core.frame import Frame, Size
from vj.core.input_features import InputFeatures
from vj.core.metrics import Metrics
from vj.core.seldom import SeldomLog
from vj.core.supervisor import StageMarker, Supervisor
from vj.kernels.numpy_ops import to_float
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend, GeneratedImage, PassThrough
from vj.pipeline.background import unsmoothed
from vj.pipeline.compositor import HostCompositor, Picture
from vj.pipeline.flow_backends import Calculate
from vj.pipeline.frame_context import FrameContext, Shown, seen_through
from vj.pipeline.input_measure import InputMeasure
from vj.pipeline.journey import leading_flow, motion_of
from vj.pipeline.masks import SegmentPerson
from vj.pipeline.meeting_measure import MeetingMeasure
from vj.pipeline.model_fade import ModelFade
from vj.pipeline.optical_flow import MotionTracker
from vj.pipeline.preparation import Preparation
from vj.pipeline.preprocess import Fit
from vj.pipeline.stillness import Stillness
from vj.pipeline.views import views_of

CROSSFADE = (0.75, 0.5, 0.25)
"""How much of the last generated image stays in the first frames of the first backend, or of
another number of steps. From one backend to the next, `vj.pipeline.model_fade` leads."""

PATIENCE = 2.0
"""Seconds for which the last good generated image stands in for a model that fails; then the input
does."""


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
        self._metrics, self._log = metrics, on_message
        self.backend: Backend = PassThrough(size)
        self._crossfade = 0
        self._exchanged = False
        self._model_fade: ModelFade | None = None
        self._steps: int | None = None
        self._stillness = Stillness()
        self._failing_since: float | None = None
        self._log_seldom = SeldomLog(on_message)
        self._frozen: FrameContext | None = None
        self._latest: FrameContext | None = None
        self._bare = HostCompositor(size, plain=True)
        self._motion = MotionTracker(flow, on_message, supervisor, metrics, live)
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
        backend.compositor.take_over(last)
        if size != self.size:
            self._resize(size)
        old, self.backend = self.backend, backend
        self.preparation.borders.leave(old)
        if self._exchanged:
            self._model_fade = None if last is None else ModelFade(last)
        else:  # what played before was none
            self._crossfade = len(CROSSFADE)
        self._exchanged = True
        self._failing_since = None
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
        self._bare = HostCompositor(size, plain=True)
        self._stillness = Stillness()
        self._frozen = self._latest = self._motion.reference = None

    @property
    def input_size(self) -> Size | None:
        """The size of the frames that come in; None before the first."""
        return self.preparation.input_size

    @property
    def fails(self) -> bool:
        """The backend has failed in the newest frame that it was given. From any thread."""
        return self._failing_since is not None

    def release_backend(self) -> None:
        """End the threads of its own, and leave the backend to another pipeline."""
        self._motion.close()
        self._meetings.close()
        self.preparation.close()
        self.backend.compositor.take_over(None)
        self.backend.clear()

    def process(self, frame: Frame, snapshot: Snapshot, other: Frame | None = None) -> Shown:
        """Take a frame in, give the picture to show now. Whatever the model throws, there is one.
        other: deck B's newest frame; None where there is no deck B."""
        shown = self._shown(frame, snapshot, other)
        self._measure.end()
        return self._with_views(shown, snapshot)

    def _with_views(self, shown: Shown, snapshot: Snapshot) -> Shown:
        """With the other pictures of the same frame that somebody wants: the one place where they
        are made."""
        wanted = self.preparation.views_wanted()
        if not wanted:
            return shown
        generated = self.backend.compositor.last() if "generated" in wanted else None
        blackout = snapshot["output/blackout"]
        views = views_of(wanted, shown.context, shown.picture, generated, blackout)
        return replace(shown, views=views)

    def _shown(self, frame: Frame, snapshot: Snapshot, other: Frame | None) -> Shown:
        begun = time.perf_counter()
        self.stage.enter("prepare")
        context = self.preparation.of(frame, snapshot, self.backend, other)
        self._measure.begin(context)
        self._meetings.look(frame, context, snapshot)
        self._lap("prepare", begun)
        if snapshot["output/freeze"]:
            self._frozen = self._frozen or self._latest or context
            self._metrics.repeated += 1
            return self._again(context, snapshot, self._frozen)
        self._frozen = None
        if snapshot["steps"] != self._steps:
            self._crossfade = len(CROSSFADE) if self._steps is not None else 0
            self._steps = snapshot["steps"]
        if (
            self._stillness.is_still(
                None if context.moves_on else context.image,
                snapshot,
                (self.preparation.strokes.leading(snapshot), context.taken),
            )
            and self.backend.settled
            and self._model_fade is None
        ):
            self._metrics.repeated += 1
            return self._again(context, snapshot, context)
        try:
            generated = self._paint(context, snapshot)
            if generated is not None:
                return self._finish(generated, snapshot, context)
        except Exception as error:  # whatever a model throws, out of memory too
            return self._stand_in(context, snapshot, told(error))
        self._metrics.repeated += 1
        return replace(self._again(context, snapshot, context), waiting=True)

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
        return self._with_views(self._finish(generated, snapshot, generated.context), snapshot)

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
        generated = self.backend.paint(entered, snapshot, context)
        self._lap("diffuse", begun)
        return generated

    def _finish(self, generated: GeneratedImage, snapshot: Snapshot, newest: FrameContext) -> Shown:
        begun = time.perf_counter()
        self.stage.enter("finish")
        context = generated.context
        crossfade = CROSSFADE[-self._crossfade] if self._crossfade else 0.0
        motion, flow = motion_of(context.image, context.flight, self._motion, snapshot)
        if context.background is not None:  # it stands still, whatever moves before it
            flow, snapshot = None, unsmoothed(snapshot)
        painted = self._faded_in(generated.picture, snapshot, flow)
        picture = self.backend.compositor.postprocess(
            painted, context.dry, snapshot, crossfade, flow, context.mask
        )
        if picture is None:
            return self._stand_in(newest, snapshot, "the model gave NaN")
        self._crossfade = max(0, self._crossfade - 1)
        self._lap("finish", begun)
        if self._failing_since is not None:
            self._failing_since = None
            self._log("painting again")
        self._latest, self._motion.reference = context, context.image
        self.preparation.observe(context, picture)
        finished = replace(
            context,
            guide=seen_through(context.guide, snapshot),
            motion=motion.known if motion and snapshot["output/interpolate"] else None,
        )
        return Shown(picture, finished)

    def _faded_in(self, painted: Picture, snapshot: Snapshot, flow: np.ndarray | None) -> Picture:
        """What the backend gave, while it fades in over the one before."""
        fade = self._model_fade
        if fade is None:
            return painted
        begins = not fade.begun
        share = fade.share(snapshot)
        if share > 0:
            return fade.over(painted, share, flow)
        self._model_fade = None
        if begins:  # a cut: smoothing shall keep nothing, either
            self.backend.compositor.take_over(None)
        return painted

    def close(self) -> None:
        """End its threads, the backend's too."""
        self._motion.close()
        self._meetings.close()
        self.preparation.close()
        self.backend.close()

    def _again(self, context: FrameContext, snapshot: Snapshot, base: FrameContext) -> Shown:
        """The last generated image over the input of `base`; before the first, the input."""
        picture = self.backend.compositor.recomposite(base.dry, snapshot, base.mask)
        return self._again_or_input(context, snapshot, picture, base)

    def _again_or_input(
        self,
        context: FrameContext,
        snapshot: Snapshot,
        picture: np.ndarray | None,
        base: FrameContext,
    ) -> Shown:
        """The last generated image, led by the input it was made of; without one the input, led by
        itself. base: whose input, mask and lines are shown."""
        if picture is None:  # the last touches only: what is faded to black stays black
            self._bare.take_over(None)
            picture = self._bare.postprocess(context.image, context.image, snapshot)
            picture = context.image if picture is None else picture
            guide = context.guide and replace(context.guide, strength=0.0, mask=None)
        else:
            guide = None if self._latest is None else seen_through(self._latest.guide, snapshot)
        of_base = replace(context, image=base.image, mask=base.mask, lines=base.lines, guide=guide)
        return Shown(picture, of_base)

    def _stand_in(self, context: FrameContext, snapshot: Snapshot, reason: str) -> Shown:
        """The model failed: the last good generated image for a while, then the input."""
        self._metrics.faults += 1
        self.backend.clear()
        self._failing_since = (
            context.captured if self._failing_since is None else self._failing_since
        )
        waited = context.captured - self._failing_since
        what = "the last good picture stays" if waited < PATIENCE else "the input is shown"
        self._log_seldom(f"the model failed ({reason}); {what}", context.captured)
        picture = None
        if waited < PATIENCE:
            try:
                picture = self.backend.compositor.recomposite(context.dry, snapshot, context.mask)
            except Exception:  # a card that has gone takes the compositor with it
                picture = None
        return self._again_or_input(context, snapshot, picture, context)

    def _lap(self, stage: str, begun: float) -> float:
        now = time.perf_counter()
        self._metrics.stage(stage, now - begun)
        return now
