"""A journey: the input is let go, and the picture flies on from the moment at which that happened.

While it flies the last generated image, moved by `feedback/*`, is all that the model is given. When
it ends, the input comes back over as long as `crossfade` says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from vj.core.frame import Size
from vj.core.smoothstep import smoothstep
from vj.kernels.cv_warp import STAY
from vj.kernels.numpy_ops import places_seen
from vj.parameters.store import Snapshot
from vj.pipeline.compositor import turn_matrix
from vj.pipeline.optical_flow import Motion, MotionTracker, grid_size

SHARE = 0.5
"""Of strength, which a model takes on a journey whose paintings build up: what it paints over its
own painting would be a poster or stripes within half a second, at the strength that shows begin
with."""
EDGE = 2.0
"""Pixels beyond the edge within which what moved into view stops being what was there."""


@dataclass(frozen=True, slots=True, eq=False)
class Flight:
    """How one frame goes on from the last generated image, on a journey or on the way back."""

    share: float
    """Of the last generated image in what the model is given, at least; 1 while it flies."""
    moment: np.ndarray | None
    """The prepared input, (H, W, 3) uint8, of the moment that was taken; None on the way back."""
    begins: np.ndarray | None = None
    """In the first frame: what it flies on from, like `moment`, in place of the last generated
    image."""
    motion: Motion | None = None
    """From this generated image to the one before: the camera's own. None where it stands."""
    share_of_strength: float = 1.0
    """See `SHARE`."""

    def gentler(self, snapshot: Snapshot) -> Snapshot:
        """The parameters by which a model paints this frame whose paintings build up."""
        strength = self.share_of_strength * snapshot["strength"]
        return replace(snapshot, values={**snapshot.values, "strength": strength})


class Journey:
    """Says of every frame whether it flies. Belongs to the render thread."""

    def __init__(self, size: Size) -> None:
        self._size = size
        self._moment: np.ndarray | None = None
        self._since: float | None = None
        """When the way back began, in seconds."""
        self._left = 0.0
        """How much of the journey is seen on the way back."""

    def of(self, image: np.ndarray, snapshot: Snapshot) -> Flight | None:
        """image: the prepared input, (H, W, 3) uint8, not written to any more. None where the input
        leads, as it does without a journey."""
        if snapshot["journey"]:
            first = self._moment is None or self._since is not None
            if first:
                self._moment, self._since = image, None
            untouched = first and snapshot["journey/from"] == "input"
            return Flight(
                1.0,
                self._moment,
                self._moment if untouched else None,
                camera_motion(self._size, snapshot),
                SHARE,
            )
        if self._moment is None:
            return None
        if self._since is None:
            self._since, self._left = snapshot.time, 1.0
        before, seconds = self._left, snapshot["crossfade"]
        gone = 1.0 if seconds <= 0 else min(1.0, (snapshot.time - self._since) / seconds)
        self._left = 1 - float(smoothstep(np.float64(gone)))
        if gone >= 1:
            self._moment = self._since = None
            return None
        motion = camera_motion(self._size, snapshot)
        return Flight(self._left / before, None, None, motion, 1 - self._left * (1 - SHARE))

    def resize(self, size: Size) -> None:
        """Fly on at another size."""
        self._size = size
        if self._moment is not None:
            self._moment = cv2.resize(self._moment, size, interpolation=cv2.INTER_LINEAR)


def motion_of(
    image: np.ndarray, flight: Flight | None, tracker: MotionTracker, snapshot: Snapshot
) -> tuple[Motion | None, np.ndarray | None]:
    """From the prepared input of a generated image to that of the one before, and the flow that is
    followed of it. On a journey the camera's own: no input moves."""
    if flight is not None:
        return flight.motion, None if flight.motion is None else flight.motion.grid
    motion = tracker.result(tracker.ask(image, snapshot))
    return motion, None if motion is None else motion.scaled(snapshot["feedback/flow"])


def leading_flow(
    image: np.ndarray, flight: Flight | None, tracker: MotionTracker, snapshot: Snapshot
) -> np.ndarray | None:
    """The flow that the last generated image is moved along to the next input, which is prepared.
    On a journey the camera's moves are all there is."""
    if flight is not None:
        return None
    asked = tracker.ask(image, snapshot)
    motion = tracker.result(asked) if snapshot["feedback/amount"] > 0 else None
    return None if motion is None else motion.scaled(snapshot["feedback/flow"])


def camera_motion(size: Size, snapshot: Snapshot) -> Motion | None:
    """What the moves of `feedback/*` do to the last generated image, as a flow. None where they
    leave it alone."""
    matrix = turn_matrix(size, snapshot)
    if np.array_equal(matrix, STAY):
        return None
    width, height = size
    columns, rows = grid_size(size)
    across = (np.arange(columns, dtype=np.float32) + 0.5) * (width / columns) - 0.5
    down = (np.arange(rows, dtype=np.float32) + 0.5) * (height / rows) - 0.5
    column, row = np.meshgrid(across, down)
    x, y = places_seen(matrix, column, row, width, height)
    grid = np.empty((rows, columns, 3), np.float32)
    grid[..., 0], grid[..., 1] = x - column, y - row
    beyond = np.maximum(np.maximum(-x, x - (width - 1)), np.maximum(-y, y - (height - 1)))
    grid[..., 2] = np.clip(1 - beyond / EDGE, 0, 1)
    return Motion(grid, False)
