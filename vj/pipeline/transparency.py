"""The transparency of an input: seen as its picture is, and what the picture shows beyond its
edge."""

from __future__ import annotations

import cv2
import numpy as np

from vj.core.frame import Size
from vj.pipeline.input_view import NEUTRAL, PlacedView, View
from vj.pipeline.latent_walk import WalkStep
from vj.pipeline.masks import blurred
from vj.pipeline.preprocess import Fit, prepare

WIDE = (5, 5)
"""Of the small copy, of which the colours beyond an edge are the mean."""


def alpha_seen(pixels: np.ndarray, size: Size, fit: Fit, view: View = NEUTRAL) -> np.ndarray | None:
    """(H, W, 3 or 4) uint8 as the source gave it -> (size.height, size.width) uint8, what of its
    alpha is seen; 0 beside a picture that is padded. None for one without alpha that fills all."""
    if pixels.shape[2] == 4:
        alpha = cv2.extractChannel(pixels, 3)
    elif fit == "crop":
        return None
    else:
        alpha = np.full(pixels.shape[:2], 255, np.uint8)
    if view == NEUTRAL:
        seen = prepare(alpha, size, fit)
    else:
        seen = PlacedView(view, size, fit)(alpha, size)
    return None if pixels.shape[2] == 3 and cv2.minMaxLoc(seen)[0] == 255 else seen


class WalkAlphas:
    """The transparency of a walk between pictures, along its way. Belongs to the render thread."""

    def __init__(self, size: Size, fit: Fit) -> None:
        self._size, self._fit = size, fit
        self._prepared: tuple[np.ndarray, ...] = ()
        self._alphas: list[np.ndarray | None] = []

    def at(self, chain: tuple[np.ndarray, ...], step: WalkStep) -> np.ndarray | None:
        """(H, W) uint8, crossfaded as its pictures; None where both ends of the leg are opaque.
        chain: the pictures as the source gave them, (H, W, 3 or 4) uint8."""
        if self._prepared is not step.chain:
            if [id(one) for one in self._prepared] != [id(one) for one in step.chain]:
                self._alphas = [alpha_seen(one, self._size, self._fit) for one in chain]
            self._prepared = step.chain
        places = [next(i for i, a in enumerate(step.chain) if a is b) for b in (step.one, step.two)]
        one, two = (self._alphas[place] for place in places)
        if one is None and two is None:
            return None
        opaque = np.full(step.one.shape[:2], 255, np.uint8)
        one, two = (opaque if alpha is None else alpha for alpha in (one, two))
        return cv2.addWeighted(one, 1 - step.share, two, step.share, 0)


def continued(image: np.ndarray, alpha: np.ndarray, soft: float, share: float) -> np.ndarray:
    """A picture over black, (H, W, 3) uint8, with the colours at its edge going on beyond it, so
    that a mask made of its alpha, (H, W) uint8, has no dark seam. What is opaque is untouched.

    soft: pixels by which the mask is blurred. share: 0..1 of it.
    """
    height, width = alpha.shape
    step = max(2, round(soft))
    size = (max(1, width // step), max(1, height // step))
    picture, there = (
        cv2.blur(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), WIDE)
        for pixels in (image.astype(np.float32), alpha.astype(np.float32))
    )
    there = np.maximum(there, np.float32(0.02))
    colours = cv2.convertScaleAbs(cv2.divide(picture, cv2.merge([there] * 3), scale=255))
    colours = cv2.resize(colours, (width, height), interpolation=cv2.INTER_LINEAR)
    masked = blurred(alpha, soft) if soft >= 0.5 else alpha
    # no further than the mask lets it be seen, or it would stand about the picture as a frame
    near = cv2.convertScaleAbs(masked, alpha=32)
    missing = cv2.multiply(cv2.bitwise_not(alpha), near, scale=share / 255)
    beyond = cv2.multiply(colours, cv2.cvtColor(missing, cv2.COLOR_GRAY2RGB), scale=1 / 255)
    return cv2.add(image, beyond, dst=beyond)
