"""A network that looks at every picture, on a thread beside it: a person model, a depth model."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from vj.core.clock import wait_for
from vj.core.errors import told
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.pipeline.flow_backends import Calculate, make_flow

PATIENCE = 0.025
"""Seconds that the render loop waits for the mask of its frame, if the last one took no longer. A
mask of the frame before leaves a rim of wall about whatever moves: 1.6 % of the subject's area, and
7 % at a quick gesture, against nothing."""
SHARE, LONGEST = 0.25, 0.1
"""Where frames come slowly, it waits for this share of the time between two, up to so many
seconds: the further apart they are, the more a late mask has wrong."""
MOVED_SIDE = 256
"""The longest side on which a late mask is moved."""


class NetworkWords(NamedTuple):
    """How a network is spoken of. thread: the name of its thread. setting: what asks for it.
    without: what is so while it has found nothing yet; last: while it does not find more."""

    thread: str
    setting: str
    without: str
    last: str


PERSON = NetworkWords(
    "the person model", "mask/mode person", "nobody is found", "the last mask stays"
)


class NetworkThread:
    """A network on a thread of its own. The render loop waits a little for the mask of its
    frame where the model is quick, and takes the mask before, moved along, where it is not."""

    def __init__(
        self,
        find: Callable[[np.ndarray], np.ndarray],
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
        patience: float = PATIENCE,
        words: NetworkWords = PERSON,
    ) -> None:
        """find: (H, W, 3) uint8 -> (h, w) float32, a mask below. patience: see `PATIENCE`."""
        self._supervisor = supervisor or Supervisor(on_message)
        self._find, self._log, self._patience = find, on_message, patience
        self._words = words
        self._worker = NewestWorker(self._supervisor, words.thread, self._look)
        self._failed = ""
        """How it failed last, in words."""
        self._changed = threading.Condition()
        self._done: np.ndarray | None = None
        """The picture that the model was given last."""
        self._newest: tuple[np.ndarray, np.ndarray] | None = None
        """The newest mask, and the picture it was found on."""
        self._took = math.inf
        """Seconds that the last mask took."""
        self._asked = time.perf_counter()
        """When the last picture came."""
        self._flow = make_flow()

    def __call__(self, image: np.ndarray) -> np.ndarray | None:
        """(H, W, 3) uint8, which is not written to any more -> the mask of it, or the newest one
        moved to where things are in it; None before the first."""
        now, asked = time.perf_counter(), self._asked
        self._asked = now
        patience = max(self._patience, min(LONGEST, SHARE * (now - asked)))
        self._worker.put(image)
        with self._changed:
            if self._took <= patience:
                wait_for(
                    self._changed, lambda: self._done is image or self._worker.closed, patience
                )
            newest = self._newest
        if newest is None:
            return None
        mask, seen = newest
        return mask if seen is image else moved(mask, seen, image, self._flow)

    def _look(self, image: np.ndarray) -> None:
        mask, began = None, time.perf_counter()
        try:
            mask = self._find(image)
        except Exception as error:  # a foreign model: the picture goes on with the mask it has
            words = self._words
            self._supervisor.count(words.thread)
            then = words.without if self._newest is None else words.last
            if self._failed != (message := f"{words.setting}: {told(error)}; {then}"):
                self._failed = message
                self._log(message)
        with self._changed:
            self._done, self._took = image, math.inf
            if mask is not None:
                self._newest, self._took = (mask, image), time.perf_counter() - began
            self._changed.notify_all()

    def close(self) -> None:
        """End, without waiting for a mask under way."""
        self._worker.close()
        with self._changed:
            self._changed.notify_all()


def moved(mask: np.ndarray, old: np.ndarray, new: np.ndarray, flow: Calculate) -> np.ndarray:
    """A mask of `old`, where its things are in `new`.

    mask: (h, w) float32. old, new: (H, W, 3) uint8. flow: from `vj.pipeline.flow_backends`. -> the
    same, of at most `MOVED_SIDE`. On performers who wave their hands half of what is wrong with a
    mask of the frame before is gone.
    """
    if old.shape != new.shape or old is new:
        return mask
    height, width = (min(max(side, 16), MOVED_SIDE) for side in mask.shape)  # DIS wants 12
    there, here = (
        cv2.cvtColor(
            cv2.resize(one, (width, height), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY
        )
        for one in (old, new)
    )
    way_x, way_y = cv2.split(flow(here, there))
    way_x = way_x + np.arange(width, dtype=np.float32)
    way_y = way_y + np.arange(height, dtype=np.float32)[:, None]
    small = cv2.resize(mask, (width, height), interpolation=cv2.INTER_AREA)
    out: np.ndarray = cv2.remap(
        small, way_x, way_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return out
