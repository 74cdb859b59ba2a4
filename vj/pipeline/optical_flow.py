"""Where everything in the input was a moment ago: dense optical flow on a small copy, beside the
model, with a confidence.

A flow is (h, w, 3) float32 on a grid smaller than the picture: dx, dy in pixels of the picture,
from where a thing is to where it was in the picture before, and a confidence, 0..1. It is high
where going there and back ends near where it began (Sundaram et al. 2010), and what is found there
looks the same.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass

import cv2
import numpy as np

from vj.core.beside import Beside
from vj.core.frame import Size
from vj.core.metrics import Metrics
from vj.core.supervisor import Supervisor
from vj.parameters.store import Snapshot
from vj.pipeline.flow_backends import Calculate, make_flow, riding_flow

LEAST_SIDE, MOST_SIDE = 128, 256
"""Bounds of the longer side of the copy that flow is found on, otherwise a third of the picture's.
Of a performer at 256x256, there and back, beside a careful search at full size: 128 takes 2.0 ms
and is .25 pixels off, 192 takes 4.6 ms and is .20 off."""
CAREFUL_SIDE = 192
"""Of the longer side of the copy where it is found carefully, at least."""
ALIKE = 0.06
"""Difference of brightness (0..1) at which what is found counts for 1/e."""
STANDING = 1.7, 0.2
"""What stands still explains a place as well as movement does when it is off by no more than so
many times as much, and so many levels. A camera's noise on an even wall looks like movement: what
was fed back and smoothed crawled along it."""
BUSY = 3.0, 2.0
"""What changes by more than so many times the median of all places, and so many levels more, moves
in any case."""
PANNING = 0.4
"""Share of the picture that has to move for the camera to be what moves: then the wall does, too.
"""
CUT_CHANGE, CUT_SURE = 0.05, 0.3
"""A hard cut: the pictures differ by so much in the mean, and so little of the second is found in
the first."""
MANY_CORES = (os.cpu_count() or 1) > 2
"""On fewer, another thread comes too late for a quick flow."""
KEPT = 8
"""Pairs of pictures whose motion is kept: with several steps that of what goes into the model is
asked for again when it comes out."""


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """The flow from one prepared input to the one before. cut: they are different scenes."""

    grid: np.ndarray
    cut: bool

    @property
    def known(self) -> np.ndarray | None:
        """The grid as it was found; None where two scenes meet."""
        return None if self.cut else self.grid

    def scaled(self, amount: float) -> np.ndarray | None:
        """The grid, followed so far (0..1): less moves less and is more confident. None for not at
        all. After a cut the confidence is 0."""
        if self.cut:
            return np.zeros_like(self.grid)
        if amount <= 0:
            return None
        if amount >= 1:
            return self.grid
        grid = self.grid * np.float32(amount)
        grid[..., 2] += np.float32(1 - amount)
        return grid


_LIKELY = np.exp(-((np.arange(256) / (255 * ALIKE)) ** 2)).astype(np.float32)
"""Confidence by difference of brightness, 0..255."""


def grid_size(size: Size, least: int = LEAST_SIDE) -> Size:
    """Of the grid of a flow, for pictures of a size. least: of its longer side."""
    longer = max(size)
    scale = min(1.0, min(MOST_SIDE, max(least, longer / 3)) / longer)
    return Size(*(max(16, round(side * scale)) for side in size))


def _small(picture: np.ndarray, careful: bool) -> np.ndarray:
    """(H, W, 3) uint8 -> grey, (h, w) uint8."""
    least = CAREFUL_SIDE if careful else LEAST_SIDE
    size = grid_size(Size(picture.shape[1], picture.shape[0]), least)
    return cv2.resize(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)


class FlowFinder:
    """Flow both ways, and how far it can be trusted. Belongs to one thread."""

    def __init__(
        self,
        calculate: Calculate | None = None,
        on_message: Callable[[str], None] = print,
        beside: Beside | None = None,
    ) -> None:
        """calculate: from `vj.pipeline.flow_backends`, DIS without. Should it fail, that is logged,
        and DIS goes on. beside: where DIS finds the way back at the same time; the flow is the
        same. Another way may be none for two threads."""
        self._calculate = calculate or make_flow()
        self._careful = riding_flow() if calculate is None else self._calculate
        self._beside = beside if calculate is None else None
        self._of_beside = {False: make_flow(), True: riding_flow()} if self._beside else {}
        self._log = on_message
        self._last: tuple[np.ndarray, bool, np.ndarray] | None = None
        self._places = np.zeros((2, 0, 0), np.float32)

    def find(self, new: np.ndarray, old: np.ndarray, careful: bool = False) -> Motion:
        """new, old: (H, W, 3) uint8 of one size, which are not written to any more. careful: what
        rides on it for many frames adds up all that it is off. DIS then takes twice as long at
        512x512, four times as long at 256x256, and is a third as far off: .08 pixels of a turning
        picture at 256x256 and .17 of somebody who walks, where it is .20 and .48."""
        here, last = _small(new, careful), self._last
        known = last is not None and last[0] is old and last[1] == careful
        there = last[2] if last is not None and known else _small(old, careful)
        self._last = new, careful, here
        height, width = here.shape
        apart = cv2.absdiff(here, there)
        change = float(apart.mean()) / 255
        grid = np.zeros((height, width, 3), np.float32)
        size = grid_size(Size(new.shape[1], new.shape[0]))
        if change == 0:
            grid[..., 2] = 1
            return Motion(cv2.resize(grid, size), False)
        standing = cv2.blur(apart.astype(np.float32), (5, 5))
        back, forth = self._both(here, there, standing, careful)
        grid[..., 0] = back[..., 0] * (new.shape[1] / width)
        grid[..., 1] = back[..., 1] * (new.shape[0] / height)
        confidence = grid[..., 2] = self._confidence(here, there, back, forth)
        cut = change > CUT_CHANGE and float(confidence.mean()) < CUT_SURE
        return Motion(cv2.resize(grid, size, interpolation=cv2.INTER_LINEAR), cut)

    def _both(
        self, here: np.ndarray, there: np.ndarray, standing: np.ndarray, careful: bool
    ) -> tuple[np.ndarray, np.ndarray]:
        """The flows from one to the other, and back. standing: how far the pictures differ."""
        noise = float(np.median(standing))
        self._have_places(here.shape)

        def way(calculate: Calculate, one: np.ndarray, other: np.ndarray) -> np.ndarray:
            found = calculate(one, other)
            return self._without_noise(one, other, found, standing, noise)

        calculate = self._careful if careful else self._calculate
        if self._beside is not None and (careful or MANY_CORES):
            also = self._of_beside[careful]
            asked = self._beside.do(lambda: way(also, there, here))
            back = way(calculate, here, there)
            if asked.cancel():  # no core was free for it yet
                return back, way(calculate, there, here)
            return back, asked.result()
        try:
            return way(calculate, here, there), way(calculate, there, here)
        except Exception as error:  # a foreign way, a card that has gone
            self._log(f"flow: {type(error).__name__}: {error}; dis is used from here on"[:300])
            self._calculate, self._careful = make_flow(), riding_flow()
            return way(self._calculate, here, there), way(self._calculate, there, here)

    def _without_noise(
        self,
        here: np.ndarray,
        there: np.ndarray,
        way: np.ndarray,
        standing: np.ndarray,
        noise: float,
    ) -> np.ndarray:
        """A flow that stands still where that explains what is seen as well. noise: the median of
        what is off where all stands."""
        x, y = self._places_along(way)
        moving = cv2.blur(cv2.absdiff(here, _seen(there, x, y)).astype(np.float32), (5, 5))
        moves = (standing > STANDING[0] * moving + STANDING[1]) | (
            standing > BUSY[0] * noise + BUSY[1]
        )
        if moves.mean() > PANNING:
            return way
        kept = cv2.dilate(moves.astype(np.float32), np.ones((5, 5), np.uint8))
        return way * kept[..., None]

    def _have_places(self, shape: tuple[int, ...]) -> None:
        height, width = shape
        if self._places.shape[1:] != (height, width):
            self._places = np.stack(
                np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
            )

    def _places_along(self, way: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where a flow leads, in pixels of its grid: x and y, (h, w) float32 each."""
        return way[..., 0] + self._places[0], way[..., 1] + self._places[1]

    def _confidence(
        self, here: np.ndarray, there: np.ndarray, back: np.ndarray, forth: np.ndarray
    ) -> np.ndarray:
        height, width = here.shape
        way_x, way_y = cv2.split(back)
        x, y = self._places_along(back)
        again_x, again_y = cv2.split(_seen(forth, x, y))
        missed = (way_x + again_x) ** 2 + (way_y + again_y) ** 2
        allowed = 0.01 * (way_x**2 + way_y**2 + again_x**2 + again_y**2) + 0.5
        confidence = cv2.LUT(cv2.absdiff(_seen(there, x, y), here), _LIKELY)
        outside = (missed > allowed) | (x <= -1) | (x >= width) | (y <= -1) | (y >= height)
        confidence[outside] = 0
        blurred: np.ndarray = cv2.blur(confidence, (5, 5))
        return blurred


def _seen(picture: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A picture at places of its own coordinates."""
    out: np.ndarray = cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return out


class FlowThread:
    """Finds flows on threads of its own, while the caller goes on; each pair of pictures once."""

    def __init__(
        self, calculate: Calculate | None = None, on_message: Callable[[str], None] = print
    ) -> None:
        self._back, self._thread = Beside("flow back"), Beside("flow")
        self._finder = FlowFinder(calculate, on_message, self._back)
        self._closed = False
        self._known: deque[tuple[np.ndarray, np.ndarray, bool, Future[Motion]]]
        self._known = deque(maxlen=KEPT)

    def ask(self, new: np.ndarray, old: np.ndarray, careful: bool = False) -> Future[Motion]:
        """Begin to find it, see `FlowFinder.find`. The pictures must not be written to any more."""
        for one, other, carefully, found in self._known:
            if one is new and other is old and carefully >= careful:
                return found
        if self._closed:
            raise RuntimeError("the flow thread has ended")
        found = self._thread.do(lambda: self._find(new, old, careful))
        self._known.append((new, old, careful, found))
        return found

    def _find(self, new: np.ndarray, old: np.ndarray, careful: bool) -> Motion:
        if self._closed:
            raise CancelledError
        return self._finder.find(new, old, careful)

    def close(self) -> None:
        """End, whatever is still asked. A way that hangs is left to itself."""
        self._closed = True
        if self._thread.begun:  # it may be waiting for the way back
            self._thread.do(self._back.close)
        self._thread.close()


class MotionTracker:
    """The motion from each input to that of the last generated image. Asked for before the model
    runs and fetched when it is needed; a way of finding it that fails or hangs is replaced."""

    PATIENCE = 2.0
    """Seconds that a live frame waits for its flow."""

    def __init__(
        self,
        calculate: Calculate | None,
        on_message: Callable[[str], None],
        supervisor: Supervisor,
        metrics: Metrics,
        live: bool,
    ) -> None:
        """calculate: from `vj.pipeline.flow_backends`, DIS without. live: a flow that does not come
        is not waited for."""
        self._log, self._supervisor, self._metrics = on_message, supervisor, metrics
        self._patience = self.PATIENCE if live else None
        self._thread = FlowThread(calculate, on_message)
        self._closed = False
        self._careful = False
        """Noise rides on it, in the frame before."""
        self.reference: np.ndarray | None = None
        """The prepared input of the last generated image, (H, W, 3) uint8; None before the
        first."""

    def use(self, calculate: Calculate | None) -> None:
        """Find the motion another way, from the next frame on."""
        self._thread.close()
        self._thread = FlowThread(calculate, self._log)

    def ask(self, image: np.ndarray, snapshot: Snapshot) -> Future[Motion] | None:
        """Begin to find it, beside the model. None when no parameter needs it."""
        needless = (
            snapshot["feedback/amount"] == 0
            and snapshot["blend/smoothing"] == 0
            and snapshot["noise/ride"] == 0
            and not snapshot["output/interpolate"]
        )
        self._careful = bool(snapshot["noise/ride"] > 0)
        if self.reference is None or needless:
            return None
        return self._thread.ask(image, self.reference, self._careful)

    def between(self, new: np.ndarray, old: np.ndarray, careful: bool = False) -> Future[Motion]:
        """Begin to find the motion between two pictures, whatever the parameters say. careful: see
        `FlowFinder.find`."""
        return self._thread.ask(new, old, careful or self._careful)

    def result(self, asked: Future[Motion] | None) -> Motion | None:
        """What was asked for; None where it cannot be had, and the picture goes on without."""
        if asked is None:
            return None
        try:
            return asked.result(self._patience)
        except TimeoutError:
            error: Exception = TimeoutError(f"no answer within {self.PATIENCE:g} s")
        except Exception as raised:  # its thread has logged nothing of it
            error = raised
        if self._closed:  # the show ends before its last frame
            return None
        self._metrics.faults += 1
        self._supervisor.report("flow", error, "dis begins anew, and this frame goes without")
        self.use(None)
        return None

    def close(self) -> None:
        self._closed = True
        self._thread.close()
