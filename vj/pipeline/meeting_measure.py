"""Measures how far two faces, or two silhouettes, are apart in a frame (`vj.core.input_features`).

Faces are found in the picture by the networks of `launch.py add person`, live beside the picture,
which waits for nothing, offline on the spot; a drawn source says where its faces are. Silhouettes
are the two largest parts of what the mask that plays has found.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from vj.core.errors import Fault, told
from vj.core.fetched import fetched, lacking
from vj.core.frame import Frame
from vj.core.input_features import InputFeatures
from vj.core.supervisor import Supervisor
from vj.core.worker import NewestWorker
from vj.parameters.store import Snapshot
from vj.pipeline.frame_context import FrameContext
from vj.pipeline.landmarks.connections import FACE_CLOSED, OVAL
from vj.pipeline.landmarks.face import FaceFinder
from vj.pipeline.landmarks.markers import FILES
from vj.pipeline.tflite import TfliteNetwork

NAME = "distance of faces"
"""Of the thread."""
LIPS = FACE_CLOSED[1]
"""The points around a mouth."""
NEAR = 0.15
"""Heights of the picture. One of two that were so near before it was lost is hidden by the other:
they touch. Whoever is lost farther off has gone."""
HIDDEN = 2.0
"""Seconds for which both may be lost in each other."""
SMALL = 96
"""Height, in pixels, at which silhouettes are looked at."""
LEAST = 0.004
"""Share of the picture that a silhouette takes at least; less is a speck of the mask."""


def outlines_apart(one: np.ndarray, two: np.ndarray) -> float:
    """Pixels between two closed outlines, (N, 2) float each; 0 where they overlap."""
    for outline, points in ((one, two), (two, one)):
        closed = outline.astype(np.float32).reshape(-1, 1, 2)
        if any(cv2.pointPolygonTest(closed, (float(x), float(y)), False) >= 0 for x, y in points):
            return 0.0
    far = one[:, None, :].astype(np.float64) - two[None, :, :]
    return float(np.sqrt((far**2).sum(axis=2)).min())


def faces_apart(faces: list[np.ndarray], height: int) -> dict[str, float]:
    """`faces` and `lips` of the first two, in heights of the picture; nothing where there are not
    two. faces: (468, 2) each, in pixels. height: of the picture, in pixels."""
    if len(faces) < 2:
        return {}
    one, two = faces[:2]
    return {
        name: outlines_apart(one[list(points)], two[list(points)]) / height
        for name, points in (("faces", OVAL), ("lips", LIPS))
    }


def silhouettes_apart(subject: np.ndarray) -> tuple[float | None, bool]:
    """How far the two largest parts are apart, in heights of the picture; None where there are not
    two. And whether there is any. subject: (H, W) uint8, 255 where somebody is."""
    height, width = subject.shape
    small = max(1, round(width * SMALL / height)), SMALL
    seen = (cv2.resize(subject, small, interpolation=cv2.INTER_AREA) > 127).astype(np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(seen)
    areas = stats[1:count, cv2.CC_STAT_AREA]
    order = [int(i) + 1 for i in np.argsort(-areas, kind="stable") if areas[i] >= LEAST * seen.size]
    if len(order) < 2:
        return None, bool(order)
    beside = (labels != order[0]).astype(np.uint8)
    far = cv2.distanceTransform(beside, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return max(0.0, float(far[labels == order[1]].min()) - 1) / SMALL, True


class Hiding:
    """One of two that come near hides the other, and a mask that has two runs into one: they
    touch."""

    def __init__(self) -> None:
        self._last: tuple[float, float] | None = None

    def of(self, distance: float | None, some: bool, time: float) -> float | None:
        """The distance; 0 while one hides the other, None where there are fewer than two. some:
        there is at least one."""
        if distance is not None:
            self._last = distance, time
            return distance
        last = self._last
        if last is not None and last[0] <= NEAR and (some or 0 <= time - last[1] < HIDDEN):
            return 0.0
        self._last = None
        return None


class Looked(NamedTuple):
    """A frame in which faces are to be found. time: seconds."""

    image: np.ndarray
    time: float


class MeetingMeasure:
    """Of one show. Belongs to the render thread."""

    def __init__(
        self,
        features: InputFeatures | None,
        on_message: Callable[[str], None],
        supervisor: Supervisor,
        live: bool,
    ) -> None:
        """features: where it is written; None measures nothing."""
        self._features, self._log, self._supervisor = features, on_message, supervisor
        self._live = live
        self._worker = NewestWorker(supervisor, NAME, self._find)
        self._finder: FaceFinder | None = None
        self._found: tuple[list[np.ndarray], float, int] | None = None
        """What was found last: the faces, the frame's time, the picture's height."""
        self._hiding = {name: Hiding() for name in ("faces", "lips", "silhouettes")}
        self._fails = False
        self._told: set[str] = set()

    def look(self, frame: Frame, context: FrameContext, snapshot: Snapshot) -> None:
        """A frame comes: what somebody asks for of it is measured."""
        wanted = frozenset() if self._features is None else self._features.distances_wanted()
        if self._features is None or not wanted:
            return
        if wanted & {"faces", "lips"}:
            self._look_for_faces(frame, context, snapshot)
        if "silhouettes" in wanted:
            self._tell_without_mask(snapshot)
            distance, some = None, False
            if context.mask is not None and not context.blank:
                shown = snapshot["mask/invert"] != (snapshot["mask/mode"] == "drawn")
                distance, some = silhouettes_apart(context.mask if shown else 255 - context.mask)
            self._write("silhouettes", distance, some, context.captured)

    def close(self) -> None:
        """End its thread. May be called twice."""
        self._worker.close()

    def _look_for_faces(self, frame: Frame, context: FrameContext, snapshot: Snapshot) -> None:
        if context.blank:
            self._found = None
        elif frame.faces is not None and _as_it_came(snapshot):
            self._found = list(frame.faces), context.captured, frame.size.height
        elif not self._fails:
            looked = Looked(context.image, context.captured)
            (self._worker.put if self._live else self._find)(looked)
        faces, time, height = self._found or ([], context.captured, 1)
        apart = faces_apart(faces, height)
        for name in ("faces", "lips"):
            self._write(name, apart.get(name), bool(faces), time)

    def _find(self, looked: Looked) -> None:
        try:
            if self._finder is None:
                self._finder = FaceFinder(*map(_network, FILES["face"]))
            found = self._finder.find(looked.image, looked.time)
        except Exception as error:  # foreign networks: the picture goes on, and nobody is there
            self._fails, self._found = True, None
            if not isinstance(error, Fault):
                self._supervisor.count(NAME)
            self._tell(f"faces: {told(error)}; what follows them rests")
            return
        self._found = found, looked.time, looked.image.shape[0]

    def _write(self, name: str, distance: float | None, some: bool, time: float) -> None:
        assert self._features is not None
        self._features.set_distance(name, self._hiding[name].of(distance, some, time))

    def _tell_without_mask(self, snapshot: Snapshot) -> None:
        if snapshot["mask/mode"] == "none":
            self._tell(
                "silhouettes: no mask plays that would find somebody; mask/mode person, plate or "
                "luma would be right"
            )

    def _tell(self, text: str) -> None:
        """The same words once."""
        if text not in self._told:
            self._told.add(text)
            self._log(text)


def _as_it_came(snapshot: Snapshot) -> bool:
    """Deck A alone is seen, and its faces are where they were drawn."""
    neutral = {"mirror": "none", "zoom": 1, "rotate": 0, "x": 0, "y": 0, "follow": "none"}
    seen = all(snapshot[f"input/{name}"] == value for name, value in neutral.items())
    return bool(seen and snapshot["deck/mix"] <= 0)


def _network(name: str) -> TfliteNetwork:
    path = fetched(name)
    if path is None:
        raise Fault(lacking("person", (name,)))
    return TfliteNetwork(path)
