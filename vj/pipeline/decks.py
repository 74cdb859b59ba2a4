"""Two pictures mixed into the one that is painted."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from vj.core.kinds import WIPES
from vj.pipeline.morph import Morph
from vj.pipeline.wipes import Wipes


def _screen(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    dark = cv2.multiply(cv2.bitwise_not(one), cv2.bitwise_not(two), scale=1 / 255)
    return cv2.bitwise_not(dark, dst=dark)


BLENDS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "add": cv2.add,
    "screen": _screen,
    "multiply": lambda one, two: cv2.multiply(one, two, scale=1 / 255),
    "difference": cv2.absdiff,
    "lighten": cv2.max,
    "darken": cv2.min,
}
"""(H, W, 3) or (H, W) uint8 both -> what is seen half way. Of `vj.core.kinds.BLEND_MODES`, but for
normal."""


def blended(one: np.ndarray, two: np.ndarray, share: float, mode: str) -> np.ndarray:
    """(H, W, 3) or (H, W) uint8. share: 0 is one, 0.5 what the mode makes of both, 1 two, a
    straight way between them."""
    if mode == "normal":
        return cv2.addWeighted(one, 1 - share, two, share, 0)
    middle = BLENDS[mode](one, two)
    if share <= 0.5:
        return cv2.addWeighted(one, 1 - 2 * share, middle, 2 * share, 0)
    return cv2.addWeighted(middle, 2 - 2 * share, two, 2 * share - 1, 0)


class DeckMixer:
    """Mixes the pictures of two decks. Belongs to the render thread."""

    def __init__(self) -> None:
        self._wipes, self._morph = Wipes(), Morph()

    def mixed(
        self,
        one: np.ndarray,
        two: np.ndarray,
        share: float,
        mode: str = "normal",
        flow: bool = False,
        time: float = 0.0,
    ) -> np.ndarray:
        """(H, W, 3) uint8 of one size. share: 0 and below is `one` itself, 1 and above `two`
        itself. mode: see `vj.core.kinds.DECK_MODES`. flow: both are moved along the flow between
        them and mixed, whatever the mode. time: seconds, of this frame."""
        if share <= 0:
            return one
        if share >= 1:
            return two
        if flow:
            one, two = self._morph.between(one, two, share, time)
            return blended(one, two, share, "normal")
        if mode in WIPES:
            return self._wipes.between(one, two, share, mode)
        return blended(one, two, share, mode)

    def alphas(
        self,
        one: np.ndarray | None,
        two: np.ndarray | None,
        share: float,
        mode: str,
        shown: np.ndarray,
    ) -> np.ndarray | None:
        """The transparency of two pictures, (H, W) uint8 each, mixed as they are; None for one that
        is opaque, and where both are. mode: `normal` where they morph. shown: the first one,
        (H, W, 3) uint8."""
        if one is None and two is None:
            return None
        opaque = np.full(shown.shape[:2], 255, np.uint8)
        one, two = (opaque if alpha is None else alpha for alpha in (one, two))
        if mode not in WIPES:
            # half way both are seen, or what both have
            middle = {"normal": mode, "multiply": "darken", "darken": mode}.get(mode, "lighten")
            return blended(one, two, share, middle)
        if share <= 0 or share >= 1:
            return one if share <= 0 else two
        cover = self._wipes.cover(shown, share, mode)
        over = cv2.multiply(two, cover, scale=1 / 255)
        return cv2.add(over, cv2.multiply(one, cv2.bitwise_not(cover), scale=1 / 255))
