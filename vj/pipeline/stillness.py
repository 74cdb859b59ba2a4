"""Whether the input stands still, so that the model may rest (`similarity`)."""

from __future__ import annotations

import cv2
import numpy as np

from vj.parameters.store import Snapshot

STILL_FRAMES = 12
"""Frames that have to be alike before the model rests, so that feedback and smoothing have
settled."""
NEUTRAL_FEEDBACK = {
    "feedback/zoom": 1,
    **dict.fromkeys(
        (f"feedback/{name}" for name in ("rotate", "x", "y", "yaw", "pitch", "dolly")), 0
    ),
}
"""Feedback that does not move the picture by itself."""
AFTER_THE_MODEL = ("picture/", "output/", "mix/", "effects/", "record", "similarity")
"""Parameters that change nothing in what the model would make."""


class Stillness:
    """Compares each frame with a reference, on a small copy."""

    def __init__(self) -> None:
        self._reference: np.ndarray | None = None
        self._settings: tuple[object, ...] = ()
        self._count = 0

    def is_still(self, image: np.ndarray | None, snapshot: Snapshot, led_by: object = 0) -> bool:
        """True once the input and the settings have stood still for some frames. To be called with
        every frame. image: (H, W, 3) uint8; None when there is no input, which is never still: what
        is fed back moves on. led_by: changes when drawn lines or a picture that lead the model
        do."""
        amount = snapshot["similarity"]
        moves = any(snapshot[name] != neutral for name, neutral in NEUTRAL_FEEDBACK.items())
        if image is None or amount == 0 or (moves and snapshot["feedback/amount"] > 0):
            self._count = 0
            return False
        small = cv2.resize(image, (64, 64), interpolation=cv2.INTER_AREA)
        settings = (
            *(v for name, v in snapshot.values.items() if not name.startswith(AFTER_THE_MODEL)),
            led_by,
        )
        limit = 255 * (0.1 * (1 - amount) + 0.002)
        if (
            self._reference is not None
            and settings == self._settings
            and float(cv2.absdiff(small, self._reference).mean()) <= limit
        ):
            self._count += 1
            return self._count > STILL_FRAMES
        # The reference moves only when the picture has: slow movement adds up until it is seen.
        self._reference, self._settings, self._count = small, settings, 0
        return False
