"""A line drawing of any picture, without weights: XDoG (Winnemoeller, Kyprianidis and Olsen 2012);
and in its place or with it the lines that people draw, or those of faces and bodies.

The difference of two blurs marks edges; a soft threshold makes ink of it: T = 1 where D >= e, else
1 + tanh(k (D - e)), with D = (1 + p) G_s - p G_1.6s on the brightness, 0..1.
"""

from __future__ import annotations

import cv2
import numpy as np

from vj.parameters.store import Snapshot

DRAWN, MARKERS = ("drawn", "both"), ("face", "body")
"""Choices of `lines/from` that what people draw leads, and those that faces and bodies do."""
WIDER = 1.6
"""The second blur's width over the first one's: the difference is then near a Laplacian."""
STRENGTH = 18.0
"""p, how much the edges are lifted over the brightness itself."""
SLOPE = 12.0
"""k, how hard the ink's border is."""


def xdog(image: np.ndarray, width: float, detail: float, contrast: float = 1.0) -> np.ndarray:
    """(H, W, 3) uint8 -> (H, W) uint8, dark lines on white.

    width: of the lines, in pixels of a picture 256 high; larger pictures have it in proportion.
    detail: 0..1. contrast: how much stronger edges are taken to be than they are.
    """
    light = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY).astype(np.float32) / np.float32(255)
    narrow = max(0.5, width * min(image.shape[:2]) / 256)
    one, two = (cv2.GaussianBlur(light, (0, 0), sigma) for sigma in (narrow, WIDER * narrow))
    # The brightness itself is left out but for a little: a dark coat would be a blot of ink.
    edges = STRENGTH * contrast * (one - two) + np.float32(0.15) * one
    bound = np.float32(-0.42 + 0.44 * detail)
    ink = 1 + np.tanh(np.minimum(SLOPE * (edges - bound), 0))
    out: np.ndarray = cv2.convertScaleAbs(ink, alpha=255)
    return out


def drawing(
    image: np.ndarray,
    snapshot: Snapshot,
    white_on_black: bool = False,
    strokes: np.ndarray | None = None,
    markers: np.ndarray | None = None,
) -> np.ndarray:
    """The line drawing that a snapshot asks for, (H, W, 3) uint8.

    strokes: (H, W) uint8, 255 where people have drawn; None where nobody can. markers: the same of
    the lines of a face or a body; None where they cannot be had: edges stand in for them.
    """
    origin = snapshot["lines/from"]
    given = markers if origin in MARKERS else strokes if origin in DRAWN else None
    if origin == "drawn" or (origin in MARKERS and markers is not None):
        lines: np.ndarray = np.full(image.shape[:2], 255, np.uint8)
    else:
        lines = xdog(image, snapshot["lines/width"], snapshot["lines/detail"])
    if given is not None:
        lines = cv2.min(lines, cv2.bitwise_not(given))
    if snapshot["lines/invert"] or white_on_black:
        lines = cv2.bitwise_not(lines)
    out: np.ndarray = cv2.cvtColor(lines, cv2.COLOR_GRAY2RGB)
    return out


def mixed(
    image: np.ndarray,
    snapshot: Snapshot,
    strokes: np.ndarray | None = None,
    markers: np.ndarray | None = None,
) -> np.ndarray:
    """What the model is shown: the picture, its drawing, or a mixture; the picture itself at
    lines/amount 0. strokes, markers: as for `drawing`."""
    amount = snapshot["lines/amount"]
    if amount == 0:
        return image
    drawn = drawing(image, snapshot, strokes=strokes, markers=markers)
    return drawn if amount == 1 else cv2.addWeighted(image, 1 - amount, drawn, amount, 0)
