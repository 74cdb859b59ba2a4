"""The middle square of a frame, which is what networks here are trained on."""

from __future__ import annotations

import cv2
import numpy as np


def square(frame: np.ndarray, side: int) -> np.ndarray:
    """The middle square of (H, W, 3 or more) uint8 -> (side, side, 3)."""
    height, width = frame.shape[:2]
    edge = min(height, width)
    top, left = (height - edge) // 2, (width - edge) // 2
    piece = np.ascontiguousarray(frame[top : top + edge, left : left + edge, :3])
    how = cv2.INTER_AREA if edge > side else cv2.INTER_CUBIC
    out: np.ndarray = cv2.resize(piece, (side, side), interpolation=how)
    return out
