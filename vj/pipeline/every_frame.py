"""Offline: every frame once, in order, and as many pictures out as frames came in, however long the
stream's delay is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import replace

from vj.core.clock import FrameClock
from vj.core.frame import Frame
from vj.core.picture_place import PicturePlace
from vj.parameters.store import Snapshot, Store
from vj.pipeline.backend import Backend
from vj.pipeline.frame_context import Shown
from vj.pipeline.frame_pipeline import FramePipeline
from vj.pipeline.frame_range import WHOLE, FrameRange

Frames = Callable[[Snapshot], tuple[Frame, Frame | None] | None]
"""The parameters of a moment -> the frame of it, and deck B's where there is one; None at the
end."""
Ahead = Callable[[float], PicturePlace | None]
"""A moment -> where in its clip deck A's picture will stand, if no parameter changes that."""
Other = Callable[[Snapshot], Frame | None]
"""The parameters of a moment -> deck B's frame, once more where they have become others."""
Seen = Callable[[Snapshot], None]
"""Told of the parameters with which a frame is painted."""
Passed = Callable[[], None]
"""Told of each frame that has passed by unpainted."""
Between = Callable[[int], None]
"""Told before each frame how many have come."""
Wanted = Callable[[Snapshot], Backend | None]
"""The parameters of a moment -> the backend that they want; None for the one that plays."""


def in_order(frames: Iterable[Frame]) -> Frames:
    """Every frame once, whatever the parameters say, and no deck B."""
    coming = iter(frames)

    def following(snapshot: Snapshot) -> tuple[Frame, Frame | None] | None:
        frame = next(coming, None)
        return None if frame is None else (frame, None)

    return following


class EveryFrame:
    """Renders once. Belongs to the caller's thread."""

    def __init__(
        self,
        pipeline: FramePipeline,
        store: Store,
        clock: FrameClock,
        show: Callable[[Shown], None],
    ) -> None:
        """show: gets the pictures in their order."""
        self._pipeline, self._store, self._clock, self._show = pipeline, store, clock, show
        self._came = self._made = 0
        self._last: Shown | None = None

    def render(
        self,
        frames: Frames,
        stop: threading.Event | None,
        backend: Wanted,
        ahead: Ahead,
        other: Other,
        seen: Seen,
        part: FrameRange = WHOLE,
        passed: Passed = lambda: None,
        between: Between = lambda came: None,
    ) -> int:
        """See `vj.pipeline.loop.RenderLoop.render`."""
        while stop is None or not stop.is_set():
            between(self._came)
            now = self._clock.now()
            snapshot = self._store.sample(now, ahead(now))
            given = frames(snapshot)
            if given is None:
                break
            first, snapshot = snapshot, self._store.sample_again(snapshot, given[0].place)
            if snapshot is not first:
                given = given[0], other(snapshot)
            seen(snapshot)
            wanted = backend(snapshot)
            if wanted is not None and wanted is not self._pipeline.backend:
                self._drain(snapshot)
                self._pipeline.exchange(wanted)
            frame = replace(given[0], number=self._came, captured=now)
            if part.passes(self._came):
                context = self._pipeline.pass_by(
                    frame, snapshot, given[1], part.looks(self._came), part.sees(self._came)
                )
                if part.look is not None:
                    part.look(self._came, snapshot, context, self._pipeline.backend)
                self._made += 1
                passed()
            else:
                self._take(self._pipeline.process(frame, snapshot, given[1]))
            self._clock.advance()
            self._came += 1
        if self._made < self._came:
            self._drain(self._store.sample(self._clock.now()))
        while self._last is not None and self._made < self._came:
            self._out(self._last)
        return self._made

    def _drain(self, snapshot: Snapshot) -> None:
        """Show what is still under way of the frames that came."""
        while self._made < self._came:
            drained = self._pipeline.drain(snapshot)
            if drained is None:
                break
            self._take(drained)

    def _take(self, shown: Shown) -> None:
        """Show a picture in its place. What stands in for a frame under way is not shown, since
        that frame will come. A frame that was overtaken, because the steps became fewer, is filled
        with the picture before it."""
        if shown.waiting:
            return
        while self._made < shown.context.number:
            self._out(self._last or shown)
        if shown.context.number == self._made:
            self._out(shown)
        self._last = shown

    def _out(self, shown: Shown) -> None:
        self._show(shown)
        self._made += 1
