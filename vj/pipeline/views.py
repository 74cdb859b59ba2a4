"""The pictures of a frame besides the final one, which a sink may show: `vj.core.frame.VIEWS`."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import cv2
import numpy as np

from vj.core.packed import Pixels, rgb_of
from vj.parameters.store import Snapshot
from vj.pipeline.compositor import Compositor
from vj.pipeline.frame_context import FrameContext, Shown

DARKENED = ("generated", "mask", "lines")
"""Views that output/blackout fades with the final picture: a key has to follow its fill. The input
and its depth stay, as clean feeds."""


def views_of(
    wanted: Collection[str],
    context: FrameContext,
    picture: Pixels,
    generated: np.ndarray | None,
    blackout: float,
) -> dict[str, np.ndarray]:
    """Those that are wanted and can be had, (H, W, 3) uint8 each. context: of the picture that is
    shown. picture: the final one. generated: before wet/dry, mask and colour, (H, W, 3) float32
    0..1; None before the first, and `picture`, which is then the input, stands in. blackout: 0..1.
    """
    found: dict[str, np.ndarray] = {}
    if "input" in wanted:
        found["input"] = context.image
    if "generated" in wanted:
        found["generated"] = rgb_of(picture) if generated is None else _in_bytes(generated)
    if "mask" in wanted:
        found["mask"] = (
            np.full(picture.shape, 255, np.uint8)
            if context.mask is None
            else cv2.cvtColor(context.mask, cv2.COLOR_GRAY2RGB)
        )
    if "lines" in wanted and context.lines is not None:
        found["lines"] = context.lines
    if "depth" in wanted:
        near = context.guides.get("depth")
        found["depth"] = np.zeros(picture.shape, np.uint8) if near is None else near
    if blackout > 0:
        own_light = {"generated"} if generated is None else set()  # the final picture has it
        for name in set(DARKENED) & found.keys() - own_light:
            found[name] = cv2.convertScaleAbs(found[name], alpha=1 - blackout)
    return found


def with_views(
    shown: Shown, wanted: Collection[str], compositor: Compositor, snapshot: Snapshot
) -> Shown:
    """With the other pictures of the same frame that somebody wants: the one place where they are
    made. compositor: which has painted it."""
    if not wanted:
        return shown
    generated = compositor.last() if "generated" in wanted else None
    blackout = snapshot["output/blackout"]
    return replace(shown, views=views_of(wanted, shown.context, shown.picture, generated, blackout))


def _in_bytes(picture: np.ndarray) -> np.ndarray:
    """0..1 -> 0..255, what lies beyond clipped."""
    out: np.ndarray = cv2.addWeighted(picture, 255, picture, 0, 0, dtype=cv2.CV_8U)
    return out
