"""Frames between painted ones: the last picture moved on along the input's motion, so that a sink's
rate is filled without delay."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from types import MappingProxyType

import cv2
import numpy as np

from vj.core.clock import Clock
from vj.core.frame import Guide, OutputFrame
from vj.core.mailbox import Mailbox
from vj.core.smoothstep import smoothstep
from vj.core.supervisor import STALL_TIMEOUT, StageMarker, Supervisor
from vj.pipeline.flow_backends import Calculate, careful_flow
from vj.pipeline.in_between import InBetween
from vj.pipeline.optical_flow import FlowFinder
from vj.pipeline.rife import Network

Views = Mapping[str, np.ndarray]
"""A frame's other pictures, by their names in `vj.core.frame.VIEWS`."""
Deliver = Callable[[np.ndarray, Guide | None, Views], None]
NO_VIEWS: Views = MappingProxyType({})
FARTHEST = 1.0
"""How far a picture is moved on, as a share of the way to the next painted one: then it stands,
since nobody knows."""


def moved_on(picture: np.ndarray, flow: np.ndarray, share: float) -> np.ndarray:
    """(H, W, 3) uint8, its things moved on by a share of the way they came. flow: (h, w, 3)
    float32, see `vj.pipeline.optical_flow`.

    What has no confidence stays where it is. The motion at a place is taken for that of what comes
    there: right where things move alike, and where they do not, as far off as they move in a
    fraction of a frame.
    """
    height, width = picture.shape[:2]
    way = cv2.resize(flow, (width, height), interpolation=cv2.INTER_LINEAR)
    far = np.float32(share) * way[..., 2]
    column, row = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
    )
    out: np.ndarray = cv2.remap(
        picture,
        column + far * way[..., 0],
        row + far * way[..., 1],
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return out


def moved_guide(guide: Guide | None, flow: np.ndarray, share: float) -> Guide | None:
    """The guide of a picture that is moved on: its edges have to move alike. Nothing is computed
    here."""
    return None if guide is None else replace(guide, flow=flow, share=share)


class SlowMotion:
    """So many frames for each that is painted, for rendering: the time between two of them runs
    along an S."""

    def __init__(
        self,
        times: int,
        deliver: Deliver,
        flow: Calculate | None = None,
        network: Network | None = None,
    ) -> None:
        """times: 1 passes pictures on. deliver: gets (H, W, 3) uint8 pictures in their order, each
        with the guide nearest to it in time, moved to its moment, and the frame's other pictures as
        they are then. flow: see `vj.pipeline.flow_backends`; DIS with more care without. network:
        makes the pictures in place of the flow, which still tells cuts, and moves guides and other
        pictures."""
        self._times, self._deliver = times, deliver
        self._finder, self._network = FlowFinder(flow or careful_flow()), network
        self._last: tuple[np.ndarray, np.ndarray, Guide | None, Views] | None = None

    def put(
        self,
        image: np.ndarray,
        picture: np.ndarray,
        guide: Guide | None = None,
        views: Views = NO_VIEWS,
    ) -> None:
        """image: the prepared input, whose motion is followed, since a generated image shimmers.
        picture: what became of it. guide: of it. views: its other pictures."""
        if self._last is not None and self._times > 1:
            before, old, led, seen = self._last
            back, forth = self._finder.find(image, before), self._finder.find(before, image)
            for step in range(1, self._times):
                share = smoothstep(step / self._times)
                if back.cut:
                    self._deliver(*((old, led, seen) if share < 0.5 else (picture, guide, views)))
                    continue
                nearer = (
                    moved_guide(led, back.grid, share)
                    if share < 0.5
                    else moved_guide(guide, forth.grid, 1 - share)
                )
                made = InBetween(back.grid, forth.grid, share, (old.shape[1], old.shape[0]))
                others = {
                    name: made.picture(seen[name], view)
                    for name, view in views.items()
                    if name in seen
                }
                if self._network is None:
                    self._deliver(made.picture(old, picture), nearer, others)
                else:
                    self._deliver(self._network(old, picture, share), nearer, others)
        self._deliver(picture, guide, views)
        self._last = image, picture, guide, views


class FrameInterpolation:
    """Between the render loop and the sinks, on a thread of its own that ticks at the sinks' rate
    while it is on.

    A generated image leaves at once; until the next one comes, each tick sends it moved on. Where
    that fails, or stands still, the generated images leave as they come.
    """

    def __init__(
        self,
        deliver: Callable[[OutputFrame], None],
        clock: Clock,
        fps: float,
        supervisor: Supervisor | None = None,
    ) -> None:
        """deliver: must not block. supervisor: counts and logs what goes wrong."""
        self._deliver, self._clock = deliver, clock
        self.period = 1 / fps
        """Seconds from one sent frame to the next. May be set from any thread."""
        self._supervisor = supervisor or Supervisor(print)
        self._stage = self._supervisor.watch(StageMarker("interpolation:"))
        self._box: Mailbox[OutputFrame] = Mailbox()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self._last: OutputFrame | None = None
        self._painted = 0.0
        self._every = 0.0
        self.added = 0
        """Frames that were made here."""

    def put(self, frame: OutputFrame, on: bool) -> None:
        """A generated image. on: frames are wanted between. Called by the render thread; never
        waits."""
        if not on:
            self._box.get(0)  # what waits there is older than this
            self._last = None
            self._deliver(frame)
            return
        if self._thread is None:
            self._thread = self._supervisor.start("interpolation", self._run, self._stop.is_set)
        if self._stage.stuck() > STALL_TIMEOUT:
            self._deliver(frame)
            return
        self._box.put(frame)

    def take(self, frame: OutputFrame, now: float) -> OutputFrame:
        """A generated image has come at `now`; it is what is sent."""
        if self._last is not None and 0 < now - self._painted < 1:
            self._every = (
                now - self._painted
                if self._every == 0
                else 0.7 * self._every + 0.3 * (now - self._painted)
            )
        self._last, self._painted = frame, now
        return frame

    def between(self, now: float) -> OutputFrame | None:
        """What is sent at `now`, when no new picture has come; None when there is nothing to
        add."""
        if self._last is None or self._every <= 0:
            return None
        frame, flow = self._last, self._last.motion
        share = min(FARTHEST, (now - self._painted) / self._every)
        if flow is None or share <= 0:
            return None
        self.added += 1
        moved = moved_on(frame.pixels, flow, share)
        guide = moved_guide(frame.guide, flow, share)
        views = {name: moved_on(view, flow, share) for name, view in frame.views.items()}
        after = now - self._painted
        return OutputFrame(moved, frame.number, frame.captured, guide, views=views, after=after)

    def _run(self) -> None:
        due = self._clock.now()
        while not self._stop.is_set():
            item = self._box.get(max(0.0, due - self._clock.now()))
            now = self._clock.now()
            if item is not None:
                self._deliver(self.take(item, now))
                due = now + self.period
            elif now >= due and self._comes_soon(now):
                due = self._painted + self._every + self.period / 2
            elif now >= due:
                made = self._made(now)
                if made is not None:
                    self._deliver(made)
                due += self.period * max(1, int((now - due) / self.period) + 1)

    def _comes_soon(self, now: float) -> bool:
        """The next generated image is due about now: what would be made leaves a moment before
        it."""
        return abs(self._painted + self._every - now) < self.period / 2

    def _made(self, now: float) -> OutputFrame | None:
        """What is sent at `now`; none where it cannot be made, and the generated images go on."""
        self._stage.enter("a frame between two")
        try:
            return self.between(now)
        except Exception as error:  # whatever a flow of another size or a library does
            self._supervisor.report(
                "interpolation", error, "the generated images leave as they come"
            )
            self._last = None
            return None
        finally:
            self._stage.leave()

    def stop(self, timeout: float = 0.5) -> None:
        """End. May be called twice."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout)
            self._thread = None
