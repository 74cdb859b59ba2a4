"""The faces in a show's frames: those that came with a frame, else what the networks find; live on
a thread of their own, offline on the spot, so that every frame has its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from vj.core.errors import Fault, told
from vj.core.fetched import fetched, lacking
from vj.core.frame import Size
from vj.core.mean_face import mirror_order
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.pipeline.input_view import PlacedView
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.preprocess import Fit, placed
from vj.pipeline.tflite import Engine, TfliteNetwork

FILES = ("face_detection_short_range.tflite", "face_landmark.tflite")
NAME = "face points"
"""Of the thread."""
Faces = tuple[np.ndarray, ...]
"""Points of faces, (468, 2) float32 each, pixels, the largest first."""


def missing() -> str:
    """Why faces cannot be found, with the command that brings what is missing; else nothing."""
    return lacking("person", FILES)


def face_finder(engine: Engine | None = None) -> FaceFinder:
    """With what `launch.py add person` has fetched. Raises Fault without it."""
    if why := missing():
        raise Fault(why)
    networks = (TfliteNetwork(path, engine=engine) for path in map(fetched, FILES) if path)
    return FaceFinder(*networks)


class FacesSeen(NamedTuple):
    """faces: in a picture; none where nobody is. time: of its frame, in seconds."""

    faces: Faces
    time: float


class FollowedFaces:
    """Those of one show. Belongs to the render thread."""

    def __init__(
        self,
        on_message: Callable[[str], None],
        supervisor: Supervisor,
        live: bool,
        make: Callable[[], FaceFinder] = face_finder,
    ) -> None:
        """live: beside the picture, which gets the newest there is and never waits. make: what
        finds them, on the thread that looks; may raise."""
        self._log, self._supervisor, self._live, self._make = on_message, supervisor, live, make
        self._finder: FaceFinder | None = None
        self._worker = NewestWorker(supervisor, NAME, self._look)
        self._newest: FacesSeen | None = None
        self._asked: tuple[np.ndarray, float] | None = None
        self._wanted = False
        self._there = False
        self._told: set[str] = set()

    def of(
        self, image: np.ndarray, time: float, known: Faces | None, wanted_by: str
    ) -> FacesSeen | None:
        """The newest faces; None before the first, and where none can be found, which is told once.
        To be called with every frame whose faces somebody wants.

        image: (H, W, 3) uint8, which is not written to any more. time: seconds, of the frame.
        known: those that came with it. wanted_by: the parameter that wants them, for the messages;
        empty for nobody.
        """
        if not wanted_by:
            if self._wanted:
                self._wanted, self._newest, self._asked = False, None, None
            return None
        if known is not None:
            self._wanted = True
            self._newest = FacesSeen(known, time)
            return self._newest
        if not self._wanted:
            self._wanted = True
            why = missing() if self._make is face_finder else ""
            self._there = not why
            if why:
                self._tell(f"{wanted_by}: {why}; until then nobody is seen")
        if not self._there:
            return None
        if self._asked is None or self._asked[0] is not image or self._asked[1] != time:
            self._asked = image, time
            (self._worker.put if self._live else self._look)(self._asked)
        return self._newest

    def _look(self, asked: tuple[np.ndarray, float]) -> None:
        image, time = asked
        try:
            if self._finder is None:
                self._finder = self._make()
            self._newest = FacesSeen(tuple(self._finder.find(image, time)), time)
        except Exception as error:  # foreign networks: the picture goes on
            self._supervisor.count(NAME)
            self._tell(f"{NAME}: {told(error)}; nobody is seen")
            self._newest = FacesSeen((), time)

    def _tell(self, message: str) -> None:
        if message not in self._told:  # the same words once
            self._told.add(message)
            self._log(message)

    def close(self) -> None:
        """End the thread. May be called twice."""
        self._worker.close()


def faces_painted(
    faces: Sequence[np.ndarray], came: Size, painted: Size, fit: Fit, view: PlacedView | None
) -> Faces | None:
    """Points in pixels of what a source gave, where they are painted; None where a view shows them
    more than once. view: how it is looked at; None where it is only cropped or padded."""
    if view is None:
        cut, inner = placed(came, painted, fit)
        scale = np.array([inner.width / cut.width, inner.height / cut.height])
        here = np.array([cut.left, cut.top])
        return tuple(
            ((points - here) * scale + (inner.left, inner.top)).astype(np.float32)
            for points in faces
        )
    matrix = view.to_input(came)
    if matrix is None:
        return None
    back = np.linalg.inv(matrix[:, :2]).T
    order = mirror_order() if np.linalg.det(matrix[:, :2]) < 0 else slice(None)
    return tuple(
        ((points[order] - 0.5 - matrix[:, 2]) @ back + 0.5).astype(np.float32) for points in faces
    )
