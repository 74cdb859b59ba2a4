"""Thin edges (Canny 1986), and drawings without their smallest marks."""

from __future__ import annotations

import cv2
import numpy as np

HIGH, LOW = 330.0, 0.4
"""The sum of both slopes (of Sobel, of a picture 0..255) from which an edge begins at detail .5;
the share of it down to which it goes on."""
FAINTEST = 40.0
"""Below this there is the camera's noise."""


def thin_edges(
    grey: np.ndarray, unit: float, detail: float, contrast: float, simplicity: float
) -> np.ndarray:
    """(H, W) uint8 -> (H, W) float32, 0 on an edge, 1 elsewhere, softened a little at the border.

    unit: pixels in 1/256 of the picture's height. detail: 0..1. contrast: how much stronger edges
    are taken to be than they are. simplicity: 0..1, leaves out weak edges and short ones.
    """
    soft = cv2.GaussianBlur(grey, (0, 0), max(0.6, 1.1 * unit * (1 + 0.8 * simplicity)))
    high = HIGH * 4 ** (0.5 - detail) * (1 + simplicity) / max(contrast, 1e-3)
    # The slope a pixel is smaller in a larger picture, and in a softer one.
    high = max(FAINTEST, high / (max(unit, 0.5) * (1 + 0.8 * simplicity)))
    across, down = (cv2.Sobel(soft, cv2.CV_16S, *way) for way in ((1, 0), (0, 1)))
    edges = cv2.Canny(across, down, LOW * high, high)
    drawn = cv2.bitwise_not(edges)
    if unit >= 1.5:
        drawn = cv2.erode(drawn, np.ones((2, 2), np.uint8))
    drawn = without_specks(drawn, (5 + 20 * simplicity) * unit)
    out = cv2.GaussianBlur(drawn, (3, 3), 0.5).astype(np.float32)
    out *= np.float32(1 / 255)
    return out


def without_specks(drawing: np.ndarray, least: float) -> np.ndarray:
    """(H, W) uint8, dark marks on white -> the same without the marks of fewer pixels. New."""
    marks = (drawing < 160).astype(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(marks, connectivity=8)
    small = stats[:, cv2.CC_STAT_AREA] < least
    small[0] = False
    if not small.any():
        return drawing.copy()
    gone = small.astype(np.uint8)[labels]
    # With the pale rim of a mark, too.
    gone = cv2.dilate(gone, np.ones((3, 3), np.uint8))
    kept = cv2.dilate((marks & ~small[labels]).astype(np.uint8), np.ones((3, 3), np.uint8))
    out: np.ndarray = np.where((gone == 1) & (kept == 0), np.uint8(255), drawing)
    return out
