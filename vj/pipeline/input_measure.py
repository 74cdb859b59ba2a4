"""Measures the input for modulators (`vj.core.input_features`): its motion by the optical flow,
brightness and colour on a small copy."""

from __future__ import annotations

import math
from concurrent.futures import Future

import cv2
import numpy as np

from vj.core.input_features import InputFeatures
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.optical_flow import Motion, MotionTracker

FULL = 0.5
"""Heights a second that count as 1, see `vj.core.input_features.MOTION_FEATURES`."""
HOLD = 0.25
"""Seconds for which the same picture again says nothing: a clip of few frames a second, played at
more of them, does not stop between two. After it, it stands still."""
GAP = 0.5
"""Seconds between two pictures; of two farther apart nothing is known."""
PLACES = 64
"""Places of the flow that are looked at along the longer side: a mean needs no more, and all of
them take 4 ms a frame."""
GREY = 0.01
"""A mean colour (chroma, 0..1) less than this has no hue."""


def motion_of(motion: Motion, height: int, seconds: float) -> tuple[float, float, float, float]:
    """amount, x, y and zoom, see `MOTION_FEATURES`. height: the picture's, in pixels. seconds: from
    the picture before to this one. Nothing moves where two scenes meet."""
    apart = -(-max(motion.grid.shape[:2]) // PLACES)
    grid = motion.grid[apart // 2 :: apart, apart // 2 :: apart].astype(np.float64)
    sure = grid[..., 2]
    whole = float(sure.sum())
    if motion.cut or whole < 1e-6:
        return 0.0, 0.0, 0.0, 0.0
    per_second = -1 / (height * seconds)  # the flow says where things were
    x, y = grid[..., 0] * per_second, grid[..., 1] * per_second
    speed = np.hypot(x, y)
    moved = float((sure * speed**2).sum())
    amount = math.sqrt(moved / sure.size)
    moving = float((sure * speed).sum())
    if moving == 0:
        return 0.0, 0.0, 0.0, 0.0
    to_right, down = (float((sure * way).sum()) / moving for way in (x, y))
    rows, columns = sure.shape
    place_x = np.arange(columns)[None, :] / rows
    place_y = np.arange(rows)[:, None] / rows
    off_x, off_y = (place - float((sure * place).sum()) / whole for place in (place_x, place_y))
    # The least squares fit of a growth about any place: velocity = all along + growth * place.
    along = float((sure * (off_x * x + off_y * y)).sum())
    wide = float((sure * (off_x**2 + off_y**2)).sum())
    uneven = moved - float((sure * x).sum() ** 2 + (sure * y).sum() ** 2) / whole
    zoom = 0.0
    if wide > 0 and uneven > 0:
        # How much of the movement such a growth explains: of who walks in at an edge, little.
        zoom = along / wide * min(1.0, abs(along) / math.sqrt(wide * uneven))
    return amount / FULL, amount * to_right / FULL, amount * down / FULL, zoom / FULL


def picture_of(small: np.ndarray) -> dict[str, float]:
    """brightness, saturation, and hue where there is a colour, see `PICTURE_FEATURES`. small: (h,
    w, 3) uint8."""
    red, green, blue = (small[..., channel].astype(np.float64) / 255 for channel in range(3))
    found = {
        "brightness": float((0.299 * red + 0.587 * green + 0.114 * blue).mean()),
        "saturation": float((small.max(axis=2) - small.min(axis=2)).mean()) / 255,
    }
    # The mean of the colours as they lie on the wheel: red and cyan together are grey.
    across = float((red - (green + blue) / 2).mean())
    up = float((green - blue).mean()) * math.sqrt(3) / 2
    if math.hypot(across, up) > GREY:
        found["hue"] = math.atan2(up, across) / (2 * math.pi) % 1
    return found


class InputMeasure:
    """Measures each frame. Belongs to the render thread."""

    def __init__(self, features: InputFeatures | None, tracker: MotionTracker) -> None:
        """features: where it is written; None measures nothing."""
        self._features, self._tracker = features, tracker
        self._last: tuple[np.ndarray, np.ndarray, float] | None = None
        """The last picture that was another than the one before, its small copy, its time."""
        self._asked: tuple[Future[Motion], int, float] | None = None
        self._scene = 0

    def begin(self, context: FrameContext) -> None:
        """A frame begins: its flow is asked for, to be found beside the model."""
        self._asked = None
        if self._features is None:
            return
        if context.scene != self._scene:  # nothing has moved from one to another
            self._scene, self._last = context.scene, None
        motion, picture = self._features.wanted()
        if not (motion or picture) or context.blank:
            self._last = None
            self._features.set_motion(0.0, 0.0, 0.0, 0.0)
            return
        image, now = context.image, context.captured
        small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
        if picture:
            self._features.set_picture(**picture_of(small))
        if not motion:
            self._last = None
            return
        last = self._last
        if last is not None and last[0].shape == image.shape and np.array_equal(small, last[1]):
            if now - last[2] > HOLD:
                self._features.set_motion(0.0, 0.0, 0.0, 0.0)
            return
        self._last = image, small, now
        if last is None or last[0].shape != image.shape or not 0 < now - last[2] <= GAP:
            self._features.set_motion(0.0, 0.0, 0.0, 0.0)
            return
        self._asked = self._tracker.between(image, last[0]), len(image), now - last[2]

    def end(self) -> None:
        """The frame is done: its motion is written."""
        if self._asked is None or self._features is None:
            return
        asked, height, seconds = self._asked
        motion = self._tracker.result(asked)
        if motion is not None:
            self._features.set_motion(*motion_of(motion, height, seconds))
