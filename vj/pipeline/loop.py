"""The render loop under its two clocks.

Live: the newest frame at the show's rate, or as fast as the machine goes. Offline: see
`vj.pipeline.every_frame`.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from vj.core.canvas import Canvas
from vj.core.clock import Clock, FrameClock, pause
from vj.core.frame import Frame, OutputFrame, Size
from vj.core.input_features import InputFeatures
from vj.core.mailbox import Mailbox
from vj.core.memory import give_back
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import Backend, Handover, PassThrough
from vj.pipeline.every_frame import Ahead, Between, EveryFrame, Frames, Other, Passed, Seen, Wanted
from vj.pipeline.flow_backends import Calculate
from vj.pipeline.frame_context import FrameContext, Shown
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.frame_range import WHOLE, FrameRange
from vj.pipeline.masks import SegmentPerson
from vj.pipeline.preprocess import Fit
from vj.pipeline.stepping import Stepping

RESTING = 0.2
"""Seconds between two frames while a model is being timed."""

Publish = Callable[[FrameContext, OutputFrame], None]
"""(what is known of the input, the picture). Must not block."""


def _no_other() -> Frame | None:
    return None


def _the_same(snapshot: Snapshot) -> Backend | None:
    return None


def _say_nothing(backend: Backend, error: Exception) -> None: ...


def _keep_none(before: Backend, now: Backend) -> bool:
    return False


class RenderLoop:
    """Takes frames from a mailbox, samples the store, gives pictures to `publish`. Backends come in
    by `offer`, between two frames."""

    def __init__(
        self,
        *,
        size: Size,
        fps: float,
        fit: Fit,
        clock: Clock,
        store: Store,
        inbox: Mailbox[Frame],
        publish: Publish,
        metrics: Metrics,
        on_message: Callable[[str], None],
        segment_person: SegmentPerson | None = None,
        flow: Calculate | None = None,
        supervisor: Supervisor | None = None,
        on_begin: Callable[[float], None] = lambda time: None,
        may_begin: Callable[[], bool] = lambda: True,
        canvas: Canvas | None = None,
        features: InputFeatures | None = None,
        other: Callable[[], Frame | None] = _no_other,
    ) -> None:
        """may_begin: asked once the first backend is there, before the newest frame is taken, until
        it says so. on_begin: called once, on the render thread, with the time of the frame that the
        show begins with, before it is sampled. supervisor: counts and logs faults, and restarts the
        loop should it end. canvas: what people draw. other: live, deck B's newest frame; must not
        block. features: what is measured of the input for modulators, which read it as the store
        is sampled."""
        self._supervisor = supervisor or Supervisor(on_message)
        self.pipeline = FramePipeline(
            size,
            fit,
            metrics,
            on_message,
            segment_person,
            flow,
            live=clock.live,
            supervisor=self._supervisor,
            canvas=canvas,
            features=features,
        )
        self.stepping = Stepping(clock, lambda: store.get("output/freeze"), on_message)
        self.pipeline.steps = lambda: self.stepping.active
        self.inbox = inbox
        self.period = 1 / fps
        """Seconds from one frame to the next, at least. May be set from any thread."""
        self._clock, self._store = clock, store
        self._publish, self._metrics, self._log = publish, metrics, on_message
        self._backends: Mailbox[Handover] = Mailbox()
        self._changes: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._frame: Frame | None = None
        self._other = other
        self._shown_other: Frame | None = None
        self._mixes = False
        """Deck B was seen in the last frame."""
        self._begun = 0.0
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._count = 0
        self._resting = False
        self._on_begin, self._may_begin = on_begin, may_begin
        self._ready = self._has_begun = False
        self.first: int | None = None
        """Number of the first picture that the first backend made."""
        self.every: EveryFrame | None = None
        """What renders offline, once it does."""
        self.choose: Callable[[Snapshot], Backend | None] = _the_same
        """Live, asked with each frame's parameters: another backend, which paints this frame
        already, or None. Must not block."""
        self.refused: Callable[[Backend, Exception], None] = _say_nothing
        """Told of a backend that `choose` gave and that did not take over."""
        self.keeps: Callable[[Backend, Backend], bool] = _keep_none
        """Asked after each exchange, (before, now), whether the one before is kept by somebody;
        otherwise it is closed. Must not block."""

    @property
    def backend_name(self) -> str:
        return self.pipeline.backend.name

    @property
    def thread(self) -> threading.Thread | None:
        """The render thread, once it runs."""
        return self._thread

    def offer(self, backend: Backend) -> Handover:
        """Another backend, from any thread; it plays from the next frame on. One that is still
        waiting is closed."""
        passed_over = self._backends.get(0)
        if passed_over is not None:
            self._reject(passed_over, RuntimeError("another model came in its place"))
        handover = Handover(backend)
        self._backends.put(handover)
        return handover

    def between(self, change: Callable[[], None]) -> None:
        """Have something changed between two frames, on the render thread; it must not block. From
        any thread."""
        self._changes.put(change)

    def begin(self) -> None:
        """What paints now is what there will be: the show begins with the next frame, though no
        backend came. From any thread."""
        self._ready = True

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Meanwhile fewer frames are shown, as long as the show has not begun: a model is being
        timed, which these frames would disturb."""
        self._resting = True
        try:
            yield
        finally:
            self._resting = False

    def start(self) -> None:
        self._begun = self._clock.now() - self.period
        self._thread = self._supervisor.start("render", self._run, self._stop.is_set)

    def stop(self, timeout: float = 1.5) -> bool:
        """End after the frame in hand. False when that takes longer than `timeout` seconds."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
        self.pipeline.close()
        return self._thread is None or not self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                self._turn()
            # nothing may end this loop; what comes here is a fault of our own, and is logged as one
            except Exception as error:
                self.pipeline.stage.leave()
                self._metrics.faults += 1
                self._supervisor.report("the render loop", error, "please report this")
                pause(self.period, self._stop)

    def _turn(self) -> None:
        """One frame, if there is one."""
        self._take_backend()
        while not self._changes.empty():
            self._supervisor.call("a change between two frames", self._changes.get())
        # Not much sooner than the show's rate; of a slower source the last input is painted again.
        rest = RESTING if self._resting and not self._has_begun else 0.9 * self.period
        if not self.stepping.wait(self._begun + rest, self.period, self._has_begun, self._stop):
            return
        # With a new picture on deck B, which is seen, deck A's is not waited for beyond the rate.
        late = 1.0 if self._mixes and self._other() is not self._shown_other else 1.25
        patience = (
            0.1
            if self._frame is None
            else max(0.0, self._begun + late * self.period - self._clock.now())
        )
        begins = self._ready and not self._has_begun and self._may_begin()
        newest = self.inbox.get(patience)
        if newest is not None:
            self._frame = newest
        other = self._other()
        frame = self._frame or other
        if frame is None or self._stop.is_set():
            return
        self._begun = self._clock.now()
        if newest is None:
            frame = replace(frame, captured=self._begun)
        if begins:
            self._has_begun = True
            self._on_begin(self._begun)
        place = None if self._frame is None else self._frame.place
        snapshot = self._store.sample(self._begun, place)
        cut_to = self.inbox.get(0)
        if cut_to is not None:  # a source that this moment's parameters ask for is seen in it
            frame = self._frame = cut_to
            snapshot = self._store.sample_again(snapshot, cut_to.place)
        other = self._shown_other = self._other()
        self._mixes = snapshot["deck/mix"] > 0
        chosen = self.choose(snapshot)
        if chosen is not None:
            self._go_on_with(chosen)
        self._show(self.pipeline.process(frame, snapshot, other))
        self.pipeline.stage.leave()
        self.stepping.out(self._count - 1, self._stop)

    def _take_backend(self) -> None:
        """Go on with the backend that was offered. One that does not take over is dropped, and the
        last one paints on."""
        handover = self._backends.get(0)
        if handover is None:
            return
        waited = isinstance(self.pipeline.backend, PassThrough)
        try:
            self._exchange(handover.backend)
        except Exception as error:  # a card that is full or has gone
            self._metrics.faults += 1
            self._reject(handover, error)
            return
        if waited:
            self._metrics.restart()
        self._ready = True
        handover.settled.set()

    def _exchange(self, backend: Backend) -> None:
        """Raises whatever keeps the backend from taking over; the last one paints on."""
        before = self.pipeline.exchange(backend)
        if not self.keeps(before, backend):
            self._close_beside(before)

    def _go_on_with(self, backend: Backend) -> None:
        """Go on with the backend that this frame's parameters have chosen, if it takes over."""
        try:
            self._exchange(backend)
        except Exception as error:  # as with one that was offered
            self._metrics.faults += 1
            self._close_beside(backend)
            self.refused(backend, error)

    def _reject(self, handover: Handover, error: Exception) -> None:
        handover.error = error
        handover.settled.set()
        self._close_beside(handover.backend)

    def _close_beside(self, backend: Backend) -> None:
        """Close a backend, on a thread of its own: it may wait for threads, or for a card."""

        def end() -> None:
            backend.close()
            give_back()

        threading.Thread(
            target=self._supervisor.call,
            args=("a model at its end", end),
            name="model's end",
            daemon=True,
        ).start()

    def _show(self, shown: Shown) -> None:
        begun = time.perf_counter()
        self.pipeline.stage.enter("publish")
        if self.first is None and self._has_begun and not shown.waiting:
            self.first = self._count
        context = shown.context
        self._publish(
            context,
            OutputFrame(
                shown.picture,
                self._count,
                context.captured,
                context.guide,
                context.motion,
                shown.views,
                context.number,
                shown.sent,
            ),
        )
        self._metrics.lap("publish", begun)
        self._count += 1
        self._metrics.frame(self._clock.now())

    def render(
        self,
        frames: Frames,
        stop: threading.Event | None = None,
        backend: Wanted = _the_same,
        ahead: Ahead = lambda now: None,
        other: Other = lambda snapshot: None,
        seen: Seen = lambda snapshot: None,
        part: FrameRange = WHOLE,
        passed: Passed = lambda: None,
        between: Between = lambda came: None,
    ) -> int:
        """Offline, on the caller's thread: every frame that `frames` gives, each a step of the
        clock. Returns how many pictures were made, which is how many frames came. `publish` gets
        them in order.

        backend: asked before each frame for the one that its parameters want; None for the one that
        plays. The one before is not closed: it may come back. ahead: where deck A's picture will
        stand. other: deck B's frame by parameters that deck A's picture has changed. seen: told of
        the parameters of each frame. part: frames before it pass by, and `passed` is told.
        between: told before each frame how many have come."""
        assert isinstance(self._clock, FrameClock), "offline rendering counts time in frames"
        handover = self._backends.get(0)
        if handover is not None:
            self.pipeline.swap(handover.backend)
        self.every = EveryFrame(self.pipeline, self._store, self._clock, self._show)
        return self.every.render(frames, stop, backend, ahead, other, seen, part, passed, between)
