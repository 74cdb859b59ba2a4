"""Pictures that are painted and may still be on their way from a card, and showing each one frame
late, so that the card has the next frame before the host waits for this one."""

from __future__ import annotations

from dataclasses import dataclass

from vj.pipeline.coming import ComingPicture
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.optical_flow import Motion


@dataclass(frozen=True, slots=True, eq=False)
class PaintedFrame:
    """A picture. context: of the frame that was painted. motion: from its input to that of the
    generated image before."""

    coming: ComingPicture
    context: FrameContext
    motion: Motion | None


class OneLate:
    """Holds the picture of the frame before. Belongs to the render thread."""

    def __init__(self) -> None:
        self._held: PaintedFrame | None = None

    def next(self, painted: PaintedFrame | None, late: bool) -> PaintedFrame | None:
        """What is shown in a frame that painted this: the same, or when pictures come late what the
        frame before painted; None where there is none."""
        before, self._held = self._held, painted if late else None
        return before if late else painted

    def newest(self, context: FrameContext) -> FrameContext:
        """Of the last frame that was painted. context: of the one that is shown."""
        return context if self._held is None else self._held.context

    def clear(self) -> None:
        """What is on its way is not shown."""
        self._held = None
