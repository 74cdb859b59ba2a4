"""The portrait that stands in for the input (`portrait/*`): it is moved by the face that is in the
input, and painted as any input is.

Pictures are opened beside the picture, and until one is there the input stays. Where the face goes,
the portrait comes to rest; whoever comes then is learned anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from vj.core.errors import Fault, told
from vj.core.frame import Size
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.parameters.store import Snapshot
from vj.pipeline.landmarks.connections import OVAL
from vj.pipeline.landmarks.followed_faces import Faces, FacesSeen, FollowedFaces
from vj.pipeline.portraits.framing import StillFace, framed
from vj.pipeline.portraits.performance import NOTHING, FacePerformance
from vj.pipeline.portraits.portrait import MovedPortrait

NAME = "portraits"
"""Of the thread that opens them."""
ARRIVES, RESTS = 0.3, 0.9
"""Seconds in which a portrait begins to follow a face, and comes to rest when that is gone."""
HOLDS = 0.25
"""Seconds without a face for which it stays as it is: networks lose one for a frame."""


class _Named(NamedTuple):
    name: str
    size: Size


class PortraitLayer:
    """Belongs to the render thread."""

    def __init__(
        self,
        on_message: Callable[[str], None],
        supervisor: Supervisor,
        live: bool,
        faces: FollowedFaces | None = None,
    ) -> None:
        """live: pictures are opened, and faces found, beside the frames."""
        self._log, self._supervisor, self._live = on_message, supervisor, live
        self.open: Callable[[str, Size], StillFace] = _none
        """The portrait of a name, best at a size; may wait for the disk, and raises Fault."""
        self.faces = faces or FollowedFaces(on_message, supervisor, live)
        self._worker = NewestWorker(supervisor, NAME, self._open)
        self._wanted: _Named | None = None
        self._opened: tuple[_Named, MovedPortrait | None] | None = None
        self._performance = FacePerformance()
        self._doing = NOTHING
        self._told_of: FacesSeen | None = None
        self._neutral: int | None = None
        self._there = 0.0
        """How far it follows, 0..1."""
        self._time: float | None = None
        self._seen_at = -1e9
        self._shown: Faces = ()
        """The faces in what is shown."""

    def anew(self) -> None:
        """Open what is named once more: other pictures have these names now. From the render
        thread."""
        self._wanted = None

    def of(
        self, image: np.ndarray, time: float, known: Faces | None, snapshot: Snapshot
    ) -> np.ndarray | None:
        """What is painted in place of an image, (H, W, 3) uint8; None for the image itself. To be
        called with every frame. time: seconds, of the frame. known: the faces that came with it."""
        amount, masked = snapshot["portrait/amount"], snapshot["mask/mode"] == "face"
        wanted_by = "portrait/amount" if amount > 0 else "mask/mode face" if masked else ""
        seen = self.faces.of(image, time, known, wanted_by)
        self._shown = seen.faces if seen is not None else ()
        neutral = int(snapshot["portrait/neutral"])
        asked = neutral != (0 if self._neutral is None else self._neutral)
        self._neutral = neutral
        if amount <= 0:
            if self._time is not None:
                self._rest()
            return None
        if asked:
            self._performance.relearn()
        size = Size(image.shape[1], image.shape[0])
        portrait = self._portrait(_Named(snapshot["portrait/picture"], size))
        self._follow(seen, time)
        if portrait is None:
            return None
        there = self._there * self._there * (3 - 2 * self._there)
        out, points = portrait.moved(
            self._doing, there * snapshot["portrait/pose"], there * snapshot["portrait/expression"]
        )
        if amount > 0.5:
            self._shown = (points,)
        return out if amount >= 1 else cv2.addWeighted(image, 1 - amount, out, amount, 0)

    def oval(self, shape: tuple[int, ...]) -> np.ndarray:
        """(H, W) float32, 1 inside the faces of what `of` gave last; blank where there is none."""
        sheet = np.zeros(shape[:2], np.uint8)
        for points in self._shown:
            outline = np.rint((points[list(OVAL)] - 0.5) * 16).astype(np.int32)
            cv2.fillPoly(sheet, [outline], 255, cv2.LINE_AA, 4)
        return sheet.astype(np.float32) / np.float32(255)

    def _rest(self) -> None:
        self._performance = FacePerformance()
        self._doing, self._told_of, self._there, self._time = NOTHING, None, 0.0, None
        self._seen_at = -1e9

    def _follow(self, seen: FacesSeen | None, time: float) -> None:
        if seen is not None and seen is not self._told_of and seen.faces:
            self._doing = self._performance.of(seen.faces[0], seen.time)
            self._seen_at = time
        self._told_of = seen
        passed = 0.0 if self._time is None else min(0.5, max(0.0, time - self._time))
        self._time = time
        if seen is not None and seen.faces:
            self._there = min(1.0, self._there + passed / ARRIVES)
        elif not 0 <= time - self._seen_at <= HOLDS:
            self._there = max(0.0, self._there - passed / RESTS)

    def _portrait(self, wanted: _Named) -> MovedPortrait | None:
        if wanted != self._wanted:
            self._wanted = wanted
            (self._worker.put if self._live else self._open)(wanted)
        # The one before stays until another is there, unless the painted size is another.
        if self._opened is None or self._opened[0].size != wanted.size:
            return None
        return self._opened[1]

    def _open(self, wanted: _Named) -> None:
        try:
            still = framed(self.open(wanted.name, wanted.size), wanted.size)
            self._opened = wanted, MovedPortrait(still.picture, still.points)
        except Exception as error:  # a file, or whatever a library throws at it
            if not isinstance(error, Fault):
                self._supervisor.count(NAME)
            before = self._opened
            same = before is not None and before[0].size == wanted.size and before[1] is not None
            stays = "the one before stays" if same else "the input stays"
            self._log(f"{told(error)}; {stays}")
            if not same:
                self._opened = wanted, None

    def close(self) -> None:
        """End its threads. May be called twice."""
        self._worker.close()
        self.faces.close()


def _none(name: str, size: Size) -> StillFace:
    raise Fault(f"portrait/picture {name}: there are no portraits here")
