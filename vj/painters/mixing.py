"""Between the input and the painted picture: what strength means to a painter."""

from __future__ import annotations

import cv2
import numpy as np

SHADES = 1 / 64
"""Of the height: what is larger counts as colour and light, what is finer as strokes and lines."""
COLOURS_FIRST, STROKES_LATER = 1.8, 1.5
"""Exponents of how light and colour come before the strokes."""


def toward(picture: np.ndarray, painted: np.ndarray, strength: float) -> np.ndarray:
    """(H, W, 3) uint8: `strength` of the way, 0..1, from a picture, (H, W, 3) uint8, to the painted
    one, (H, W, 3) float32 0..1.

    A plain mean shows both at once, like a window that mirrors: faces lie under strokes. So the
    light and the colours of the painting come first and its strokes later; at one half the room is
    in its colours, and who stands there still has a face. Every pixel's part grows with strength.
    """
    if strength >= 1:
        return cv2.convertScaleAbs(painted, alpha=255)
    colours = 1 - (1 - strength) ** COLOURS_FIRST
    strokes = strength**STROKES_LATER
    given = picture.astype(np.float32)
    apart = cv2.addWeighted(painted, 255, given, -1, 0)
    made = cv2.scaleAdd(apart, strokes, given)
    made = cv2.scaleAdd(soft(apart), colours - strokes, made)
    np.maximum(made, 0, out=made)  # convertScaleAbs would turn what is below 0 bright again
    return cv2.convertScaleAbs(made)


def soft(picture: np.ndarray) -> np.ndarray:
    """A picture, float32, without what is finer than `SHADES`: blurred on a small copy."""
    height, width = picture.shape[:2]
    sigma = SHADES * height
    small = (max(1, width // 4), max(1, height // 4))
    fewer = cv2.resize(picture, small, interpolation=cv2.INTER_AREA)
    blurred = cv2.GaussianBlur(fewer, (0, 0), max(0.3, sigma / 4), borderType=cv2.BORDER_REFLECT)
    return cv2.resize(blurred, (width, height), interpolation=cv2.INTER_LINEAR)
