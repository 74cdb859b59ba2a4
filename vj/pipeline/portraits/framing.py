"""A picture with a face, and the part of it that is painted."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from vj.core.frame import Size


@dataclass(frozen=True, slots=True, eq=False)
class StillFace:
    """picture: (H, W, 3) uint8, which nobody writes to. points: (468, 2) float32, of its face, in
    pixels, a pixel's middle at .5."""

    picture: np.ndarray
    points: np.ndarray


def framed(still: StillFace, size: Size) -> StillFace:
    """The largest part of it that has the shape of `size`, with the face as near to its middle as
    may be, at that size."""
    height, width = still.picture.shape[:2]
    if (width, height) == size:
        return still
    scale = max(size.width / width, size.height / height)
    across, down = (
        min(side, max(1, round(wanted / scale)))
        for side, wanted in zip((width, height), size, strict=True)
    )
    x, y = (still.points.min(axis=0) + still.points.max(axis=0)) / 2
    left = min(width - across, max(0, round(float(x) - across / 2)))
    top = min(height - down, max(0, round(float(y) - down / 2)))
    part = still.picture[top : top + down, left : left + across]
    how = cv2.INTER_AREA if across > size.width else cv2.INTER_LINEAR
    stretch = np.array([size.width / across, size.height / down])
    points = ((still.points - (left, top)) * stretch).astype(np.float32)
    return StillFace(cv2.resize(part, size, interpolation=how), points)
