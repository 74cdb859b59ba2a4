"""Pictures that are taken while a show plays, as prompts and styles (`image/from`): of the input,
of what is painted, or of another source of the show.

When one is taken follows from the number of the frame and from the trigger alone, so that the same
ones are taken offline and in a take. What a model makes of a picture, it makes beside the frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2
import numpy as np

from vj.core.errors import told
from vj.core.packed import Pixels, rgb_of
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.parameters.store import Snapshot
from vj.pipeline.preprocess import over_black

SIDE = 256
"""Of the shorter side of what is kept, in pixels: style networks look at 256, CLIP at 224."""
HELD = 0.5
"""Seconds for which a model that begins waits for its first picture, at most."""
T = TypeVar("T")


@dataclass(frozen=True, slots=True, eq=False)
class TakenPicture:
    """pixels: (h, w, 3) uint8, nobody writes into them. number: counts from 1. origin: what
    image/from said."""

    pixels: np.ndarray
    number: int
    origin: str


class LivePictures:
    """Takes them. Belongs to the render thread."""

    def __init__(self, on_message: Callable[[str], None]) -> None:
        self._log = on_message
        self.newest: Callable[[str], np.ndarray | None] = lambda name: None
        """What a source of the show, by its name, gives now: (H, W, 3 or 4) uint8; None while it
        gives nothing. Asked with every frame while image/from names it and no deck shows it; must
        not block."""
        self.on_decks: Callable[[], tuple[str, str]] = lambda: ("", "")
        """The sources on deck A and deck B, by name; empty for none."""
        self._taken: TakenPicture | None = None
        self._count = 0
        self._origin = ""
        self._since = 0
        """Frames since the last picture was due."""
        self._time = -1e9
        """Of the frame in which the last one was taken."""
        self._grabs: int | None = None
        """How often the trigger had been fired."""
        self._due = False
        self._painted: Pixels | None = None

    def of(
        self,
        snapshot: Snapshot,
        image: np.ndarray | None,
        decks: tuple[np.ndarray | None, np.ndarray | None] = (None, None),
    ) -> TakenPicture | None:
        """The picture that is in force in this frame; None where there is none: the show's own
        styles and image prompts play. To be called with every frame. image: the prepared input,
        (H, W, 3) uint8; None without any. decks: what the sources on the two decks gave for this
        frame, (H, W, 3 or 4) uint8."""
        origin, grabs = str(snapshot["image/from"]), int(snapshot["image/grab"])
        grabbed = grabs != (0 if self._grabs is None else self._grabs)
        self._grabs = grabs
        if not origin:
            if grabbed:
                self._log("image/grab: image/from is empty: name a source, or input, or output")
            self._taken, self._origin, self._due = None, "", False
            return None
        every = int(snapshot["image/every"])
        self._since += 1
        if origin != self._origin:
            self._origin, self._since = origin, 0
            self._due |= every > 0
        # One that comes by itself does not cut off the one before, which is still arriving.
        if 0 < every <= self._since and snapshot.time - self._time >= snapshot["prompt/travel"]:
            self._since, self._due = 0, True
        self._due |= grabbed
        there = self._newest(origin, image, decks)
        if self._due and there is not None:
            self._due, self._time = False, snapshot.time
            self._count += 1
            self._taken = TakenPicture(_small(there), self._count, origin)
        return self._taken

    def observe(self, picture: Pixels) -> None:
        """Tell what was shown, (H, W, 3) uint8, which nobody writes into."""
        self._painted = picture

    def _newest(
        self,
        origin: str,
        image: np.ndarray | None,
        decks: tuple[np.ndarray | None, np.ndarray | None],
    ) -> np.ndarray | None:
        if origin == "input":
            return image
        if origin == "output":
            return None if self._painted is None else rgb_of(self._painted)
        for name, pixels in zip(self.on_decks(), decks, strict=True):
            if name == origin and pixels is not None:
                return pixels
        return self.newest(origin)


def _small(picture: np.ndarray) -> np.ndarray:
    """A copy, (h, w, 3), whose shorter side has `SIDE` pixels at most."""
    height, width = picture.shape[:2]
    scale = SIDE / min(height, width)
    if scale < 1:
        size = max(1, round(width * scale)), max(1, round(height * scale))
        picture = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return over_black(picture) if picture.shape[2] == 4 else picture.copy()


@dataclass(frozen=True, slots=True, eq=False)
class Made(Generic[T]):
    """What was made of a picture, and of which."""

    value: T
    number: int


class MadeOfNewest(Generic[T]):
    """What a model makes of the newest picture. Live on a thread of its own, where the newest wins
    and the one before stands until then; offline on the spot."""

    def __init__(
        self,
        make: Callable[[np.ndarray], T],
        wait: bool,
        on_message: Callable[[str], None],
        supervisor: Supervisor | None = None,
        thread: str = "live pictures",
    ) -> None:
        """make: may take its time, and raise. wait: offline. supervisor: of the thread, which is
        called `thread`."""
        self._make, self._wait, self._log = make, wait, on_message
        self._supervisor = supervisor or Supervisor(on_message)
        self._name = thread
        self._worker = NewestWorker(self._supervisor, thread, self._look)
        self._asked = self._first = 0
        self._found: Made[T] | None = None
        self._done = 0
        """The number of the last picture that was looked at, whatever came of it."""
        self._begins, self._since = True, 0.0
        """The model begins, and since when it has waited; 0 is not yet."""

    def of(self, taken: TakenPicture | None) -> Made[T] | None:
        """The newest there is, perhaps of an earlier picture; None before the first, and where no
        picture is in force. To be called with every frame. Offline raises what `make` does."""
        if taken is None:
            self._asked, self._found = 0, None
            return None
        if taken.number != self._asked:
            if not self._asked:
                self._first = taken.number
            self._asked = taken.number
            if self._wait:
                self._found = Made(self._make(taken.pixels), taken.number)
                self._done = taken.number
            else:
                self._worker.put(taken)
        found = self._found
        return found if found is not None and found.number >= self._first else None

    @property
    def pending(self) -> bool:
        """Something is still to be made of the newest picture."""
        return self._asked > self._done

    def begin(self) -> None:
        """The model comes back from a rest."""
        self._begins, self._since = True, 0.0

    def holds(self, waits: bool, time: float) -> bool:
        """A model that begins shall not show its own look for a few frames first: what played
        before it stands. waits: the first picture is being looked at. time: seconds, of the
        frame."""
        if self._begins and waits:
            self._since = self._since or time
            if time - self._since < HELD:
                return True
        self._begins = False
        return False

    def _look(self, taken: TakenPicture) -> None:
        try:
            self._found = Made(self._make(taken.pixels), taken.number)
        except Exception as error:  # a foreign network: what plays goes on
            self._supervisor.count(self._name)
            self._log(f"image/from {taken.origin}: nothing is made of it ({told(error)})"[:300])
        self._done = taken.number

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._worker.close()
