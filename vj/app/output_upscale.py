"""Live upscaling: every generated image brought to the size of the show's output, on a thread of
its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np

from vj.core.errors import told
from vj.core.frame import Frame, Guide, OutputFrame, Size
from vj.core.mailbox import Mailbox
from vj.core.metrics import Metrics
from vj.core.packed import Pixels
from vj.core.supervisor import STALL_TIMEOUT, StageMarker, Supervisor
from vj.pipeline.coming import UpscalerOnCard
from vj.pipeline.upscale import SameSize, Upscaler

REST = 2.0
"""Seconds without guides after two late frames within one second: sharp and soft frames in turns
look worse than soft ones."""


class OutputUpscaler:
    """Takes frames from the render loop and never holds it up: the newest one waits, older ones are
    dropped and counted. A frame's other pictures are brought to the same size.

    A frame is upscaled along its input's edges (its guide) while there is time: one that would
    leave later than `period` seconds after it came is upscaled without them, which is counted in
    `plain` and logged once. One that a card has brought to that size is passed on in its turn.
    While one frame takes longer than a second, the others leave at the
    size at which they were painted.
    """

    def __init__(
        self,
        upscaler: Upscaler,
        deliver: Callable[[Frame], None],
        metrics: Metrics,
        on_message: Callable[[str], None],
        period: float = 1 / 30,
        now: Callable[[], float] = time.perf_counter,
        *,
        painted: Size | None = None,
        supervisor: Supervisor | None = None,
    ) -> None:
        """deliver: must not block. period, now: seconds. painted: the size that the upscaler was
        made for. supervisor: watches and restarts the thread."""
        self.painted = painted
        self._supervisor = supervisor or Supervisor(on_message)
        self._stage = self._supervisor.watch(StageMarker("upscaling:"))
        self.on_card: UpscalerOnCard | None = getattr(upscaler, "on_card", None)
        """Brings pictures to the same size on the card that paints them; None where none can."""
        self.as_painted = isinstance(upscaler, SameSize)
        """They are sent at the size at which they are painted."""
        self._upscaler, self._deliver, self._metrics, self._log = (
            upscaler,
            deliver,
            metrics,
            on_message,
        )
        self._now = now
        self._patience = Patience(period)
        self._box: Mailbox[tuple[OutputFrame, float]] = Mailbox()
        self._reported = ""
        self.plain = 0
        """Frames that were late, and so were upscaled without a guide."""
        self._ended = threading.Event()
        self._thread = self._supervisor.start("upscale", self._run, self._ended.is_set)

    @property
    def dropped(self) -> int:
        return self._box.dropped

    def keep_pace(self, period: float) -> None:
        """Another number of seconds within which a frame leaves. From any thread."""
        self._patience.period = period

    def leave_card(self, error: Exception) -> None:
        """The card could not do it: pictures are upscaled here from now on."""
        if self.on_card is not None:
            self.on_card = None
            self._log(f"upscaling on the card failed ({told(error)}); it is done beside it")

    def put(self, frame: OutputFrame) -> None:
        if self._stage.stuck() > STALL_TIMEOUT:
            self._deliver(replace(frame, guide=None, motion=None, sent=None))
            return
        self._box.put((frame, self._now()))

    def _run(self) -> None:
        while True:
            item = self._box.get(1.0)
            if item is not None:
                self._deliver(self._upscaled(*item))
            elif self._box.closed:
                break
        self._upscaler.close()

    def _upscaled(self, frame: OutputFrame, came: float) -> Frame:
        bare = replace(frame, guide=None, motion=None, sent=None)
        self._stage.enter("a picture")
        try:
            picture = self._enlarged(frame, came)
            height, width = picture.shape[:2]
            views = {name: scaled(view, Size(width, height)) for name, view in frame.views.items()}
            return replace(bare, picture=picture, views=views)
        except (
            Exception
        ) as error:  # a card that fails, a foreign model: the frame is sent as it was
            self._metrics.faults += 1
            report = f"upscaling failed ({told(error)}); the picture leaves as it was painted"
            if report != self._reported:
                self._reported = report
                self._log(report)
            return bare
        finally:
            self._stage.leave()

    def _enlarged(self, frame: OutputFrame, came: float) -> Pixels:
        if frame.sent is not None and self.on_card and self.on_card.makes(frame.sent.shape):
            return frame.sent
        if self.as_painted:
            return frame.picture
        begun = self._now()
        guide = self._in_time(frame.guide, came, begun)
        if guide is None:
            return self._upscaler.upscale(frame.pixels)
        made = self._upscaler.upscale(frame.pixels, guide)
        self._patience.took(self._now() - begun)
        return made

    def _in_time(self, guide: Guide | None, came: float, now: float) -> Guide | None:
        if guide is None or not self._patience.late(came, now):
            return guide
        if self.plain == 0:
            self._log(
                "output: no time to follow the input's edges in every picture; late ones are "
                "upscaled the plain way"
            )
        self.plain += 1
        return None

    def stop(self, timeout: float = 0.5) -> None:
        self._ended.set()
        self._box.close()
        self._thread.join(timeout)
        self._supervisor.unwatch(self._stage)


def scaled(view: np.ndarray, size: Size) -> np.ndarray:
    """A picture besides the final one at the output's size, (H, W, 3) uint8: the plain way, since
    the guide's edges lead the final one alone."""
    if view.shape[:2] == (size.height, size.width):
        return view
    smaller = size.width < view.shape[1]
    way = cv2.INTER_AREA if smaller else cv2.INTER_LINEAR
    out: np.ndarray = cv2.resize(view, size, interpolation=way)
    return out


class Patience:
    """Decides whether there is time for a guide."""

    def __init__(self, period: float) -> None:
        self.period = period
        self._takes = 0.0
        self._last_late = self._rests_until = -REST

    def took(self, seconds: float) -> None:
        """A frame was upscaled with its guide, in so many seconds."""
        self._takes = seconds if self._takes == 0 else 0.8 * self._takes + 0.2 * seconds

    def late(self, came: float, now: float) -> bool:
        """Whether a frame that came at `came` would be late with its guide. When that happens twice
        within a second, all frames of the next `REST` seconds are."""
        if now < self._rests_until:
            return True
        if now - came + self._takes <= self.period:
            return False
        if now - self._last_late < 1:
            self._rests_until = now + REST
            self._takes *= 0.5  # or a guide would never be tried again
        self._last_late = now
        return True
