"""What is shown where no new picture is made, while the picture is held, the model rests, has
nothing ready, or fails: the last one over the newest input, or the input."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from vj.core.frame import Size
from vj.core.metrics import Metrics
from vj.core.seldom import SeldomLog
from vj.parameters.store import Snapshot
from vj.pipeline.backend import Backend
from vj.pipeline.compositor import HostCompositor
from vj.pipeline.frame_context import FrameContext, Shown, seen_through

PATIENCE = 2.0
"""Seconds for which the last good generated image stands in for a model that fails; then the input
does."""


class StandIn:
    """Belongs to the render thread."""

    def __init__(self, size: Size, metrics: Metrics, on_message: Callable[[str], None]) -> None:
        self._metrics, self._log = metrics, on_message
        self._log_seldom = SeldomLog(on_message)
        self._bare = HostCompositor(size, plain=True)
        self._failing_since: float | None = None
        self.out_of_memory = False
        """The newest frame that failed did so for want of memory. Whoever does something about it
        may take that back."""
        self.over = False
        """The show ends, and what a frame needs may be gone before it is done: no fault of it is
        told."""
        self.latest: FrameContext | None = None
        """Of the last picture that was painted."""

    @property
    def failing(self) -> bool:
        """The model has failed in the newest frame that it was given."""
        return self._failing_since is not None

    def forget_faults(self) -> None:
        """Another model plays."""
        self._failing_since = None

    def resize(self, size: Size) -> None:
        """Another size is painted from now on."""
        self._bare = HostCompositor(size, plain=True)
        self.latest = None

    def painted(self, context: FrameContext) -> None:
        """There is a new picture."""
        if self._failing_since is not None:
            self._failing_since = None
            self._log("painting again")
        self.latest = context

    def again(
        self, backend: Backend, context: FrameContext, snapshot: Snapshot, base: FrameContext
    ) -> Shown:
        """The last generated image over the input of `base`; before the first, the input."""
        picture = backend.compositor.recomposite(base.dry, snapshot, base.mask)
        return self._again_or_input(context, snapshot, picture, base)

    def failed(
        self, backend: Backend, context: FrameContext, snapshot: Snapshot, reason: str
    ) -> Shown:
        """The last good generated image for a while, then the input. The frames in flight go."""
        if not self.over:
            self._metrics.faults += 1
        backend.clear()
        self._failing_since = (
            context.captured if self._failing_since is None else self._failing_since
        )
        waited = context.captured - self._failing_since
        what = "the last good picture stays" if waited < PATIENCE else "the input is shown"
        if not self.over:
            self._log_seldom(f"the model failed ({reason}); {what}", context.captured)
        picture = None
        if waited < PATIENCE:
            try:
                picture = backend.compositor.recomposite(context.dry, snapshot, context.mask)
            except Exception:  # a card that has gone takes the compositor with it
                picture = None
        return self._again_or_input(context, snapshot, picture, context)

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
            self._bare.reset()
            picture = self._bare.postprocess(context.image, context.image, snapshot).result()
            picture = context.image if picture is None else picture
            guide = context.guide and replace(context.guide, strength=0.0, mask=None)
        else:
            guide = None if self.latest is None else seen_through(self.latest.guide, snapshot)
        of_base = replace(context, image=base.image, mask=base.mask, lines=base.lines, guide=guide)
        return Shown(picture, of_base)
