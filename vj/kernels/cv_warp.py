"""The last picture seen through a matrix and a flow, with OpenCV, rows by rows: `numpy_ops.warp`,
fast."""

from __future__ import annotations

import cv2
import numpy as np

from vj.kernels.settings import LEAST_DEPTH, REACH

STAY = np.eye(2, 3, dtype=np.float32)
"""The matrix that moves nothing."""
_HOW = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP


def seen_rows(
    wide: np.ndarray, matrix: np.ndarray, rows: slice, four: np.ndarray, three: np.ndarray
) -> np.ndarray:
    """These rows of the picture that a matrix of `feedback_matrix` makes of `wide`, (H, W, 4)
    float32: (rows, W, 3), in buffers of a strip's size."""
    count = rows.stop - rows.start
    here = matrix.astype(np.float64)
    here[:, 2] += here[:, 1] * rows.start
    seen = _seen(wide, here, matrix, rows, four[:count], cv2.BORDER_REFLECT_101)
    return cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB, dst=three[:count])


def seen_rgba(wide: np.ndarray, matrix: np.ndarray, flow: np.ndarray | None = None) -> np.ndarray:
    """(H, W, 4) float32 seen through a matrix and a flow of its size, see `numpy_ops.warp`; beyond
    its edges all four are 0."""
    height, width = wide.shape[:2]
    rows, nothing = slice(0, height), cv2.BORDER_CONSTANT
    if flow is None:
        return _seen(wide, matrix.astype(np.float64), matrix, rows, None, nothing)
    column, row = _places(width, rows)
    x, y = _led(matrix, column + flow[..., 0], row + flow[..., 1], width, height)
    return cv2.remap(wide, x, y, cv2.INTER_LINEAR, borderMode=nothing)


def _seen(
    wide: np.ndarray,
    here: np.ndarray,
    matrix: np.ndarray,
    rows: slice,
    out: np.ndarray | None,
    border: int,
) -> np.ndarray:
    """here: the matrix, (2 or 3, 3) float64, that begins with the first of the rows."""
    height, width = wide.shape[:2]
    size = (width, rows.stop - rows.start)
    if len(here) == 2:
        return cv2.warpAffine(wide, here, size, dst=out, flags=_HOW, borderMode=border)
    if _looks_at_it(here, size, height):
        return cv2.warpPerspective(wide, here, size, dst=out, flags=_HOW, borderMode=border)
    # OpenCV would go on behind the camera, and count every mirror on the way
    x, y = _led(matrix, *_places(width, rows), width, height)
    return cv2.remap(wide, x, y, cv2.INTER_LINEAR, dst=out, borderMode=border)


def _places(width: int, rows: slice) -> tuple[np.ndarray, np.ndarray]:
    """Columns and rows, (rows, W) float32 each."""
    column, row = np.meshgrid(
        np.arange(width, dtype=np.float32), np.arange(rows.start, rows.stop, dtype=np.float32)
    )
    return column, row


def _looks_at_it(matrix: np.ndarray, size: tuple[int, int], height: int) -> bool:
    """All that a (3, 3) matrix leads to from a strip of `size` is before the camera and within
    `REACH`: it is where its corners are."""
    width = size[0]
    across, down = np.meshgrid([0, width - 1], [0, size[1] - 1])
    x, y, depth = matrix @ np.stack([across.ravel(), down.ravel(), np.ones(4)])
    if depth.min() < LEAST_DEPTH:
        return False
    return all(
        float(np.abs(place / depth - side / 2).max()) <= (REACH + 0.5) * side
        for place, side in ((x, width), (y, height))
    )


def _led(
    matrix: np.ndarray, x: np.ndarray, y: np.ndarray, width: int, height: int
) -> tuple[np.ndarray, np.ndarray]:
    """`numpy_ops.places_seen`."""
    led = [cv2.addWeighted(x, a, y, b, c) for a, b, c in matrix.tolist()]
    if len(led) == 2:
        return led[0], led[1]
    depth = np.maximum(led[2], np.float32(LEAST_DEPTH), out=led[2])
    for place, side in ((led[0], width), (led[1], height)):
        cv2.divide(place, depth, dst=place)
        np.clip(place, -REACH * side, (REACH + 1) * side, out=place)
    return led[0], led[1]


class Grid:
    """A flow at a picture's size, and what is seen through it. Belongs to one thread; its buffers
    are kept."""

    def __init__(self, height: int, width: int) -> None:
        self._height, self._width = height, width
        self._flow = np.zeros((height, width, 3), np.float32)
        self._x, self._y = np.zeros((2, height, width), np.float32)
        self.confidence = np.zeros((height, width), np.float32)
        """How sure the flow is, 0..1."""
        column, row = np.meshgrid(
            np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32)
        )
        self._column, self._row = column, row
        self._taken: np.ndarray | None = None

    def take(self, flow: np.ndarray) -> None:
        """The flow of this frame, (h, w, 3) float32, see `numpy_ops.feedback`; it is not written to
        any more."""
        if flow is self._taken:
            return
        self._taken = flow
        cv2.resize(
            flow, (self._width, self._height), dst=self._flow, interpolation=cv2.INTER_LINEAR
        )
        cv2.mixChannels([self._flow], [self._x, self._y, self.confidence], [0, 0, 1, 1, 2, 2])
        cv2.add(self._x, self._column, dst=self._x)
        cv2.add(self._y, self._row, dst=self._y)

    def gather(
        self, wide: np.ndarray, matrix: np.ndarray, rows: slice, four: np.ndarray, three: np.ndarray
    ) -> np.ndarray:
        """These rows of a picture (H, W, 4) seen through flow and matrix, (rows, W, 3), in buffers
        of a strip's size."""
        x: np.ndarray = self._x[rows]
        y: np.ndarray = self._y[rows]
        if not np.array_equal(matrix, STAY):
            x, y = _led(matrix, x, y, self._width, self._height)
        count = rows.stop - rows.start
        seen = cv2.remap(
            wide, x, y, cv2.INTER_LINEAR, dst=four[:count], borderMode=cv2.BORDER_REFLECT_101
        )
        return cv2.cvtColor(seen, cv2.COLOR_RGBA2RGB, dst=three[:count])
