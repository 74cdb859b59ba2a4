"""One frame's pipeline: prepared, fed back, painted, blended, finished; and what is shown when one
of these cannot be.

The same code plays live and renders offline; `loop.py` decides which frames come and when.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace

import cv2
import numpy as np

from vj.core.frame import Frame, Guide, Size
from vj.core.metrics import Metrics
from vj.core.supervisor import StageMarker, Supervisor
from vj.diffusion.backends import Backend, GeneratedImage, PassThrough
from vj.parameters.store import Snapshot
from vj.pipeline.compositor import HostCompositor
from vj.pipeline.flow_backends import Calculate
from vj.pipeline.latent_walk import LatentWalk, WalkStep
from vj.pipeline.line_art import drawing, mixed
from vj.pipeline.masks import Masks, SegmentPerson
from vj.pipeline.optical_flow import FlowThread, Motion
from vj.pipeline.preprocess import Fit, lost, prepare
from vj.pipeline.upscale_guide import worth

CROSSFADE = (0.75, 0.5, 0.25)
"""How much of the last generated image stays in the first frames of another backend, or of another
number of steps."""

PATIENCE = 2.0
"""Seconds for which the last good generated image stands in for a model that fails; then the input
does."""

STILL_FRAMES = 12
"""Frames that have to be alike before the model rests, so that feedback and smoothing have
settled."""

STANDING = {"feedback/zoom": 1, "feedback/rotate": 0, "feedback/x": 0, "feedback/y": 0}
"""Feedback that does not move the picture by itself."""

FLOW_PATIENCE = 2.0
"""Seconds that a live frame waits for its flow; a way of finding it that takes longer is left."""

AFTER_PAINT = ("picture/", "output/", "mix/", "record", "similarity")
"""Parameters that change nothing in what the model would paint."""


@dataclass(frozen=True, slots=True)
class FrameContext:
    """What travels with a frame through the backend."""

    image: np.ndarray
    """The prepared input, (H, W, 3) uint8."""
    number: int
    captured: float
    model_sees: np.ndarray
    """The same, or the lines drawn of it."""
    mask: np.ndarray | None = None
    """(H, W) uint8, 255 where the generated image shows."""
    lines: np.ndarray | None = None
    """White lines on black, (H, W, 3) uint8, for models that are led by them."""
    walk: WalkStep | None = None
    blank: bool = False
    """There is no input."""
    guide: Guide | None = None
    """What the input has beyond the painted size, for whoever upscales the generated image."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a frame became."""

    picture: np.ndarray
    image: np.ndarray
    """The prepared input it was made of."""
    number: int
    captured: float
    waiting: bool = False
    """It stands in for a frame that is under way."""
    guide: Guide | None = None
    """The real input of what is shown."""


def _seen_through(guide: Guide | None, snapshot: Snapshot) -> Guide | None:
    """The guide of a painting that is mixed with its input: what is less wet has left it less."""
    wet = snapshot["mix/wet"]
    return guide if guide is None or wet == 1 else replace(guide, strength=guide.strength * wet)


class Stillness:
    """Notices an input that stands still, on a small copy of it."""

    def __init__(self) -> None:
        self._seen: np.ndarray | None = None
        self._settings: tuple[object, ...] = ()
        self._count = 0

    def alike(self, image: np.ndarray | None, snapshot: Snapshot) -> bool:
        """True once the input and the settings have stood still for some frames. Fed with every
        frame. image: None when there is no input, which rests never: what is fed back moves on."""
        amount = snapshot["similarity"]
        moves = any(snapshot[name] != still for name, still in STANDING.items())
        if image is None or amount == 0 or (moves and snapshot["feedback/amount"] > 0):
            self._count = 0
            return False
        small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
        settings = tuple(
            value for name, value in snapshot.values.items() if not name.startswith(AFTER_PAINT)
        )
        limit = 255 * (0.1 * (1 - amount) + 0.002)
        if (
            self._seen is not None
            and settings == self._settings
            and float(cv2.absdiff(small, self._seen).mean()) <= limit
        ):
            self._count += 1
            return self._count > STILL_FRAMES
        # The reference moves only when the picture has: slow movement adds up until it is seen.
        self._seen, self._settings, self._count = small, settings, 0
        return False


class FramePipeline:
    """Takes frames, gives what they became. Belongs to the render thread."""

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
    ) -> None:
        """segment_person: see `vj.pipeline.person_segmentation`. flow: see
        `vj.pipeline.flow_backends`. live: a flow that does not come is not waited for. supervisor:
        is told what goes wrong."""
        self.size, self._fit = size, fit
        self._came: Size | None = None
        self._masks = Masks(on_message, segment_person)
        self._walker = LatentWalk(size, fit)
        self._metrics, self._log = metrics, on_message
        self.backend: Backend = PassThrough(size)
        self._crossfade = 0
        self._steps: int | None = None
        self._stillness = Stillness()
        self._failing_since: float | None = None
        self._last_said = ("", -1e9)
        self._frozen: FrameContext | None = None
        self._latest: FrameContext | None = None
        self._bare = HostCompositor(size, plain=True)
        self._flow = FlowThread(flow, on_message)
        self._flow_patience = FLOW_PATIENCE if live else None
        self._supervisor = supervisor or Supervisor(on_message)
        self.stage = StageMarker()
        """Where the frame in hand is."""
        self._painted_of: np.ndarray | None = None
        """The prepared input of the painting that the compositor keeps."""
        self.motion: np.ndarray | None = None
        """The flow that led to the picture just made, for whoever goes on with it; None when it is
        not known."""

    def swap(self, backend: Backend) -> None:
        """Go on with another backend, from the last one's generated image; and at its size, if that
        is another. The last one is closed."""
        self.exchange(backend).close()

    def exchange(self, backend: Backend) -> Backend:
        """The same; the last backend is returned, for whoever may wait for its end. Raises whatever
        the new one throws, and the last one paints on."""
        size = backend.compositor.size
        last = self.backend.compositor.last()
        if last is not None and size != self.size:
            last = cv2.resize(last, size, interpolation=cv2.INTER_LINEAR)
        backend.compositor.take_over(last)
        if size != self.size:
            self._resize(size)
        old, self.backend = self.backend, backend
        self._crossfade = len(CROSSFADE)
        self._failing_since = None
        return old

    def refit(self, fit: Fit) -> None:
        """Fit what comes in another way into what is painted, from the next frame on."""
        self._fit = fit
        self._walker = LatentWalk(self.size, fit)
        self._stillness = Stillness()
        self._came = None

    def find_flow(self, flow: Calculate | None) -> None:
        """Find the motion another way, from the next frame on."""
        self._flow.close()
        self._flow = FlowThread(flow, self._log)

    def segment_person(self, segment_person: SegmentPerson | None) -> None:
        """Find people another way, from the next frame on."""
        self._masks.segment_person = segment_person

    def _resize(self, size: Size) -> None:
        """Paint another size from the next frame on. What is remembered of frames of the old size
        goes."""
        self.size = size
        self._walker = LatentWalk(size, self._fit)
        self._bare = HostCompositor(size, plain=True)
        self._stillness = Stillness()
        self._masks.forget()
        self._frozen = self._latest = self._painted_of = self._came = None

    @property
    def came(self) -> Size | None:
        """The size of the frames that come in; None before the first."""
        return self._came

    def leave(self) -> None:
        """End its threads, and leave the backend to whoever plays it next."""
        self._flow.close()
        self.backend.compositor.take_over(None)
        self.backend.clear()

    def process(self, frame: Frame, snapshot: Snapshot) -> Shown:
        """Send a frame on its way, give the picture to show now. Whatever the model throws, there
        is one."""
        self.motion = None
        begun = time.perf_counter()
        self.stage.enter("prepare")
        context = self._load(frame, snapshot)
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
            self._stillness.alike(None if context.blank else context.image, snapshot)
            and self.backend.settled
        ):
            self._metrics.repeated += 1
            return self._again(context, snapshot, context)
        try:
            generated = self._paint(context, snapshot)
            if generated is not None:
                return self._finish(generated, snapshot, context)
        except (
            Exception
        ) as error:  # whatever a model throws, out of memory too: the picture goes on
            return self._stand_in(context, snapshot, f"{type(error).__name__}: {error}"[:300])
        self._metrics.repeated += 1
        return replace(self._again(context, snapshot, context), waiting=True)

    def _load(self, frame: Frame, snapshot: Snapshot) -> FrameContext:
        """All that is made of a frame before it is painted."""
        if frame.size != self._came:
            self._came = frame.size
            if message := lost(frame.size, self.size, self._fit):
                self._log(message)
        step = self._walker.at(frame.chain, snapshot) if frame.chain else None
        image = (
            step.crossfaded() if step is not None else prepare(frame.pixels, self.size, self._fit)
        )
        try:
            mask = self._masks.find(image, snapshot)
        except Exception as error:  # a foreign person model: the picture goes on without a mask
            self._metrics.faults += 1
            self._log_sometimes(
                f"the mask failed ({type(error).__name__}: {error})"[:300], frame.captured
            )
            mask = None
        led = getattr(self.backend, "wants_lines", False)
        lines = drawing(image, snapshot, white_on_black=True) if led else None
        guide = None
        if not frame.blank and step is None and worth(frame.size, self.size, self._fit):
            strength = 0.0 if isinstance(self.backend, PassThrough) else snapshot["strength"]
            guide = Guide(frame.pixels, image, self._fit, strength, mask)
        return FrameContext(
            image,
            frame.number,
            frame.captured,
            mixed(image, snapshot),
            mask,
            lines,
            step,
            frame.blank,
            guide,
        )

    def drain(self, snapshot: Snapshot) -> Shown | None:
        """The next picture still under way when no frames follow; None when all have arrived."""
        try:
            generated = self.backend.drain()
        except Exception as error:  # as in travel
            self._metrics.faults += 1
            self.backend.clear()
            self._log(
                f"the model failed ({type(error).__name__}: {error}); the last frames are repeated"
            )
            return None
        return None if generated is None else self._finish(generated, snapshot, generated.context)

    def _paint(self, context: FrameContext, snapshot: Snapshot) -> GeneratedImage | None:
        begun = time.perf_counter()
        self.stage.enter("flow")
        asked = self._ask_flow(context.image, snapshot)
        motion = self._found(asked) if snapshot["feedback/amount"] > 0 else None
        flow = None if motion is None else motion.followed(snapshot["feedback/flow"])
        begun = self._lap("flow", begun)
        self.stage.enter("feedback")
        entered = self.backend.compositor.enter(context.model_sees, snapshot, flow, context.blank)
        begun = self._lap("feedback", begun)
        self.stage.enter("diffuse")
        generated = self.backend.paint(entered, snapshot, context)
        self._lap("diffuse", begun)
        return generated

    def _finish(self, generated: GeneratedImage, snapshot: Snapshot, newest: FrameContext) -> Shown:
        begun = time.perf_counter()
        self.stage.enter("finish")
        mine: FrameContext = generated.context
        crossfade = CROSSFADE[-self._crossfade] if self._crossfade else 0.0
        asked = self._ask_flow(mine.image, snapshot)
        motion = self._found(asked)
        self.motion = (
            motion.known if motion is not None and snapshot["output/interpolate"] else None
        )
        flow = None if motion is None else motion.followed(snapshot["feedback/flow"])
        picture = self.backend.compositor.leave(
            generated.picture, mine.image, snapshot, crossfade, flow, mine.mask
        )
        if picture is None:
            return self._stand_in(newest, snapshot, "the model gave NaN")
        self._crossfade = max(0, self._crossfade - 1)
        self._lap("finish", begun)
        if self._failing_since is not None:
            self._failing_since = None
            self._log("painting again")
        self._latest, self._painted_of = mine, mine.image
        if mine.walk is not None:
            self._walker.saw(picture)
        return Shown(
            picture,
            mine.image,
            mine.number,
            mine.captured,
            guide=_seen_through(mine.guide, snapshot),
        )

    def _ask_flow(self, image: np.ndarray, snapshot: Snapshot) -> Future[Motion] | None:
        """Begin to find the way from an input to that of the last generated image, beside the
        model. None when nobody needs it."""
        needless = (
            snapshot["feedback/amount"] == 0
            and snapshot["blend/smoothing"] == 0
            and not snapshot["output/interpolate"]
        )
        if self._painted_of is None or needless:
            return None
        return self._flow.ask(image, self._painted_of)

    def _found(self, asked: Future[Motion] | None) -> Motion | None:
        """The flow that was asked for; None where it cannot be had, and the picture goes on
        without."""
        if asked is None:
            return None
        try:
            return asked.result(self._flow_patience)
        except TimeoutError:
            error: Exception = TimeoutError(f"no answer within {FLOW_PATIENCE:g} s")
        except Exception as raised:  # its thread has said nothing of it
            error = raised
        self._metrics.faults += 1
        self._supervisor.report("flow", error, "dis begins anew, and this frame goes without")
        self.find_flow(None)
        return None

    def close(self) -> None:
        """End its threads, the backend's too."""
        self._flow.close()
        self.backend.close()

    def _again(self, context: FrameContext, snapshot: Snapshot, base: FrameContext) -> Shown:
        """The last painting over the input of `base`; before the first, the input."""
        return self._again_or_input(
            context,
            snapshot,
            self.backend.compositor.again(base.image, snapshot, base.mask),
            base.image,
        )

    def _again_or_input(
        self, context: FrameContext, snapshot: Snapshot, again: np.ndarray | None, image: np.ndarray
    ) -> Shown:
        """The last generated image, led by the input it was made of; without one the input, led by
        itself."""
        if again is None:
            guide = (
                None if context.guide is None else replace(context.guide, strength=0.0, mask=None)
            )
            return Shown(
                self._untouched(context, snapshot),
                image,
                context.number,
                context.captured,
                guide=guide,
            )
        guide = None if self._latest is None else _seen_through(self._latest.guide, snapshot)
        return Shown(again, image, context.number, context.captured, guide=guide)

    def _untouched(self, context: FrameContext, snapshot: Snapshot) -> np.ndarray:
        """The input with the last touches only: what is faded to black stays black."""
        self._bare.take_over(None)
        picture = self._bare.leave(context.image, context.image, snapshot)
        return context.image if picture is None else picture

    def _stand_in(self, context: FrameContext, snapshot: Snapshot, reason: str) -> Shown:
        """The model failed: the last good generated image for a while, then the input."""
        self._metrics.faults += 1
        self.backend.clear()
        self._failing_since = (
            context.captured if self._failing_since is None else self._failing_since
        )
        waited = context.captured - self._failing_since
        what = "the last good picture stays" if waited < PATIENCE else "the input is shown"
        self._log_sometimes(f"the model failed ({reason}); {what}", context.captured)
        picture = None
        if waited < PATIENCE:
            try:
                picture = self.backend.compositor.again(context.image, snapshot, context.mask)
            except Exception:  # a card that has gone takes the compositor with it
                picture = None
        return self._again_or_input(context, snapshot, picture, context.image)

    def _log_sometimes(self, text: str, now: float) -> None:
        """The same words every ten seconds at most."""
        if text != self._last_said[0] or now - self._last_said[1] > 10:
            self._last_said = (text, now)
            self._log(text)

    def _lap(self, stage: str, begun: float) -> float:
        now = time.perf_counter()
        self._metrics.stage(stage, now - begun)
        return now
